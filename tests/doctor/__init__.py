"""Planted mistakes: handwritten networks and steps, with one mistake each.

`python -m tests.doctor` prints how often the doctor names them. Nothing here uses the doctor's
rewrites: every mistake is a line of NumPy, as people write it.
"""
