"""Specs that estimators are tested with."""

from __future__ import annotations

SIZED = """\
let features = 2
let classes = 2
let width = 8
input features -> dense width tanh -> dense classes softmax
loss crossentropy
optimizer adam lr=0.02
train batch=16 epochs=40 seed=3
"""
UNIT = "let features = 2\ninput features -> dense 8 tanh -> dense 1{}\nloss {}\noptimizer adam lr=0.02\n"
LINE = "let features = 1\nlet outputs = 1\ninput features -> dense outputs\nloss mse\n"
