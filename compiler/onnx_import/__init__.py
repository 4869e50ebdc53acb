"""An ONNX model as a spec and its weights.

`reading.py` opens the file, `network.py` folds constants and knows all shapes, `rules/` has one
function for each ONNX operator, `writing.py` makes the spec's text. Everything here needs the
package onnx, which is an extra.
"""
