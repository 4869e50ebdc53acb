"""The intermediate representations: dimensions, types, the layer graph, the op graph."""
