"""Whole training steps beside PyTorch, JAX and NumPy by hand: `python -m benchmarks.frameworks`."""
