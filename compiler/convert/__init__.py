"""Weights between a network and a PyTorch state_dict: names, layouts, orders of gates.

`layouts.py` says for each kind of layer how PyTorch keeps its weights, `matching.py` which layer
belongs to which module. Only arrays are handled here; files are read by the command.
"""
