"""Files and environment (NN5xx)."""

from __future__ import annotations

from .registry import error

INCLUDE_MISSING = error("NN501", "include-missing", "an included file is not there")
INCLUDE_UNREADABLE = error("NN502", "include-unreadable", "an included file cannot be read")
INCLUDE_CYCLE = error("NN503", "include-cycle", "files include each other")
SPEC_UNREADABLE = error("NN510", "spec-unreadable", "a spec cannot be read")
SPEC_NOT_UTF8 = error("NN511", "spec-not-utf8", "a spec is not UTF-8 text")
SPEC_TOO_LARGE = error("NN512", "spec-too-large", "a spec is larger than any spec should be")
