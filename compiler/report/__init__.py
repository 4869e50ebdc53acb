"""What can be told of a typed layer graph without building it: summary, pictures, reference."""
