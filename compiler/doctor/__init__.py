"""The backprop doctor, which finds the wrong line of a gradient computation, and the reason.

`diagnose` returns a structured answer, `assert_gradients` is for tests:

    nnc.doctor.diagnose(spec, {"X": X, "y": y, "W1": W1, "b1": b1, "dW1": dW1, "db1": db1})

The module diagnose.py, with the engine, has the same name. It is imported here first, so that
`nnc.doctor.diagnose` is the function whatever is imported later.
"""

from .python import Answer, BadArrays, assert_gradients, diagnose

__all__ = ["Answer", "BadArrays", "assert_gradients", "diagnose"]
