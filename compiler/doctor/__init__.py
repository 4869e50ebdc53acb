"""The backprop doctor: which line of a gradient is wrong, and why.

`diagnose` gives a structured answer, `assert_gradients` is for tests:

    nnc.doctor.diagnose(spec, {"X": X, "y": y, "W1": W1, "b1": b1, "dW1": dW1, "db1": db1})

The file diagnose.py has the engine under the same name. Importing it here first lets
`nnc.doctor.diagnose` be the function whatever is imported later.
"""

from .python import Answer, BadArrays, assert_gradients, diagnose

__all__ = ["Answer", "BadArrays", "assert_gradients", "diagnose"]
