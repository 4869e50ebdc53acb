"""A network as an ONNX model for prediction: its op graph, node by node, and its weights.

`rules/` has one function for each op; `patterns/` finds groups of ops that are a single op of ONNX,
such as an LSTM or a layer norm. Everything here needs the package onnx, which is an extra.
"""
