"""Weights between a network and PyTorch or Keras: names, layouts, orders of gates.

`layouts.py` says what a layout is, `torch_layouts.py` and `keras_layouts.py` how these libraries
keep the weights of each kind of layer, `matching.py` which layer belongs to which module,
`keras_modules.py` what the layers of a Keras file are. Only arrays are handled here; files are read
by the command.
"""
