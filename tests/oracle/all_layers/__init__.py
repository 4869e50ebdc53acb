"""Random programs over all layer kinds, and what PyTorch says of them.

Written from the language reference and PyTorch's documentation, sharing nothing with the compiler
but the list of its layer kinds, so that a kind without a generator is noticed.
"""
