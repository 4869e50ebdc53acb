"""Syntax (NN0xx): what cannot be read."""

from __future__ import annotations

from .registry import error

UNEXPECTED_CHARACTER = error("NN001", "unexpected-character", "unexpected character")
UNEXPECTED_TOKEN = error("NN002", "unexpected-token", "something else is expected here")
UNCLOSED_BRACKET = error("NN003", "unclosed-bracket", "bracket is never closed")
UNMATCHED_BRACKET = error("NN004", "unmatched-bracket", "bracket closes nothing")
MALFORMED_NUMBER = error("NN005", "malformed-number", "number cannot be read")
UNTERMINATED_STRING = error("NN006", "unterminated-string", "string is never closed")
MISSING_STAGE = error("NN007", "missing-stage", "a stage is missing")
EMPTY_ITEM = error("NN008", "empty-item", "nothing between commas or brackets")
MISSING_VALUE = error("NN009", "missing-value", "a value or name is missing")
SPACED_SIZE = error("NN010", "spaced-size", "size written with spaces")
REPEAT_AS_SIZE = error("NN011", "repeat-written-x", "repeat written with x")
SPACED_CALL = error("NN012", "spaced-call", "space before the parenthesis of a call")
MISSING_ARROW = error("NN013", "missing-arrow", "arrow is missing between stages")
LOOK_ALIKE = error("NN014", "look-alike-character", "character that only looks right")
MISSING_KEYWORD = error("NN015", "missing-let", "definition without let or block")
BARE_ARITHMETIC = error("NN016", "bare-arithmetic", "arithmetic outside parentheses")
INVALID_NAME = error("NN017", "invalid-name", "not a name")
