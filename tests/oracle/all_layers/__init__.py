"""Random programs over all layer kinds, with PyTorch's results.

Written from the language reference and PyTorch's documentation, sharing nothing with the compiler
but the list of its layer kinds, so that a kind without a generator is noticed.
"""
