"""Planning: from op graphs to a program of kernels, with named values and arrays."""
