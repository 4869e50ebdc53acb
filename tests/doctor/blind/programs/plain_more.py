"""Pairs of mistakes in the plain program, and right variants of it."""

from __future__ import annotations

from ..dense import correct, pair
from . import plain

__all__ = ["plain"]

pair("plain", "dz2_not_averaged", "dz1_prime_of_z")
pair("plain", "dz1_no_prime", "loss_mean_all")
pair("plain", "dW2_z1", "db2_mean", size=([6, 5, 3], 8))
pair("plain", "softmax_axis", "dz1_one_plus", size=([6, 5, 3], 8))
pair("plain", "dz2_sign", "da1_not_transposed", size=([3, 4, 4], 7))
pair("plain", "bias2_forgotten", "dW1_da1")
correct("plain")
correct("plain", size=([4, 4, 4], 4))
correct(
    "plain",
    "dz2 = (a2 - y) / N",
    "dz2 = (a2 - y) / N  # same",
    size=([5, 3, 2], 1),
    dtype="float32",
)
correct(
    "plain",
    "dz2 = (a2 - y) / N",
    ("da2 = -y / a2 / N\ndz2 = a2 * (da2 - np.sum(da2 * a2, axis=1, " "keepdims=True))"),
    note="the softmax Jacobian written out as a vector product",
)
correct(
    "plain",
    "da1 * a1 * (1 - a1)",
    "da1 * np.exp(-z1) / (1 + np.exp(-z1)) ** 2",
    note="sigmoid derivative from z",
)
correct("plain", "dW1 = X.T @ dz1", "dW1 = sum(np.outer(X[i], dz1[i]) for i in range(N))")
correct(
    "plain",
    "loss = -np.sum(y * np.log(a2)) / N",
    "loss = -np.mean(np.log(a2[y == 1]))",
    size=([6, 5, 3], 8),
)
correct("plain", "dW2 = a1.T @ dz2", "dW2 = (dz2.T @ a1).T", size=([3, 4, 4], 4))
