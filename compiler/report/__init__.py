"""Reports on a typed layer graph without compilation: summary, pictures, reference."""
