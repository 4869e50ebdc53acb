"""A network as an ONNX model for prediction: its op graph, node by node, and its weights.

`rules/` has one function for each op; `patterns/` finds what ONNX has an op of its own for, such
as an LSTM or a layer norm. Everything here needs the package onnx, which is an extra.
"""
