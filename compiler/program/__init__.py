"""From the op graph to a program: which function computes what, under which name, in which array."""
