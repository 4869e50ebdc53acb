"""The values that travel between the stages: dimensions, types, the layer graph, the op graph."""
