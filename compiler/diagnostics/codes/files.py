"""Files and environment (NN5xx)."""

from __future__ import annotations

from .registry import error

SPEC_UNREADABLE = error("NN510", "spec-unreadable", "a spec cannot be read")
SPEC_NOT_UTF8 = error("NN511", "spec-not-utf8", "a spec is not UTF-8 text")
SPEC_TOO_LARGE = error("NN512", "spec-too-large", "a spec is larger than any spec should be")
