"""Lowering of the typed layer graph to forward ops: layers, then losses and penalties."""
