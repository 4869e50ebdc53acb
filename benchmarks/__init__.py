"""What the compiler and its modules cost, measured on this machine: `python -m benchmarks`."""
