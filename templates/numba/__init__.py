"""Templates of modules whose kernels Numba compiles; what is not here is as in the NumPy target."""
