"""The entry point of `nnc`: dispatch to the commands, and the handling of internal errors."""

from __future__ import annotations

import gc
import os
import sys
from io import TextIOWrapper

from .terminal import FAILED, INTERNAL

YOUNG = 200_000
"""New objects before the collector looks for cycles. A tree of a million nodes has none, and by
Python's threshold of 700 the search took 0.4 of the time of checking a large spec."""

TRACEBACK_VARIABLE = "NNC_TRACEBACK"


def run() -> None:
    """Run the command line; internal errors end with exit code 101 and a request to report them."""
    _speak_utf8()
    gc.set_threshold(YOUNG, 20, 20)
    try:
        try:
            _dispatch(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _close_stdout()
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        _apologise(error)
        sys.exit(INTERNAL)


def _dispatch(words: list[str]) -> None:
    """Pass the arguments to click, or bypass it where there are only specs to check.

    Importing click takes 0.04 s, which would delay editors that lint on every save."""
    if words[:1] == ["lint"] and words[1:] and all(map(_is_file, words[1:])):
        from .check import lint_files

        sys.exit(lint_files(words[1:]))
    from .names import COMMANDS, module_of

    if words and words[0] in COMMANDS:  # importing the other commands would only take time
        from importlib import import_module

        from .app import app

        import_module(f".{module_of(words[0])}", __package__)
    else:
        from .commands import app
    app()


def _is_file(word: str) -> bool:
    """Return whether an argument can only be a file name, or denotes standard input."""
    return word == "-" or bool(word.strip() and word[0] != "-" and not os.path.isdir(word))


def _speak_utf8() -> None:
    """Write results as UTF-8 in every locale; on a terminal, replace what it cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, TextIOWrapper):
            continue
        if stream.isatty():
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8")


def _close_stdout() -> None:
    """Redirect standard output, whose reader is gone, so that the flush at exit does not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _apologise(error: Exception) -> None:
    if os.environ.get(TRACEBACK_VARIABLE) == "1":
        import traceback

        traceback.print_exc()
    sys.stderr.write(
        f"internal error: {type(error).__name__}: {error}\n"
        "This is a fault of nnc, not of your spec. Please report it with the spec, the command\n"
        f"and the traceback that {TRACEBACK_VARIABLE}=1 shows.\n"
    )


if __name__ == "__main__":
    run()
