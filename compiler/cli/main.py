"""The entry point of `nnc`: all commands, and what happens when nnc itself is at fault."""

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
    """Run the command line; faults of nnc itself end with exit code 101 and a request."""
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
    """Hand the words to click, or do without it where there are only specs to check.

    Importing click takes 0.04 s, which editors that lint at every save would wait for.
    """
    if words[:1] == ["lint"] and words[1:] and all(map(_is_file, words[1:])):
        from .check import lint_files

        sys.exit(lint_files(words[1:]))
    from .names import COMMANDS

    if words and words[0] in COMMANDS:  # the others would only take time
        from importlib import import_module

        from .app import app

        import_module(f".{words[0]}", __package__)
    else:
        from .commands import app
    app()


def _is_file(word: str) -> bool:
    """Whether a word can only be the name of a file, or stands for standard input."""
    return word == "-" or bool(word.strip() and word[0] != "-" and not os.path.isdir(word))


def _speak_utf8() -> None:
    """Results are UTF-8 in every locale; a terminal gets what it can show."""
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, TextIOWrapper):
            continue
        if stream.isatty():
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8")


def _close_stdout() -> None:
    """Whoever read our output has enough; do not complain about it at exit either."""
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
