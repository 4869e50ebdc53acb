"""The command line interface of nnc."""
