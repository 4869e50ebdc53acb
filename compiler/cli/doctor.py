"""`nnc doctor`: which line of a hand-written gradient is wrong, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click
from click.exceptions import Exit

from .app import Argument, Usage, app
from .memory_option import memory_option
from .output import check_output, deliver
from .report_format import format_option
from .spec import Spec, read_spec, spec_text
from .terminal import FAILED, OK, USAGE, ReportFormat
from .values import File, Real, Text, Whole

if TYPE_CHECKING:
    from ..diagnostics.model import SpecError
    from ..doctor.answer.answer import Answer
    from ..doctor.interpreter import Array


@app.command()
@click.argument(
    "files",
    cls=Argument,
    nargs=-1,
    metavar="SPEC FILE",
    type=File("the name of a file"),
    help="The network as a .nn file, and your arrays (.npz) or your program (.py).",
)
@spec_text
@click.option(
    "--map",
    "mapping",
    metavar="NAME=TENSOR,...",
    type=Text("names of arrays and tensors, such as W1=dense1.W"),
    help="Which array is which tensor, where the names do not say so.",
)
@click.option(
    "--layout",
    metavar="WORDS",
    type=Text("words such as columns,out-in"),
    help="How arrays are laid out, where shapes leave it open: rows or columns (samples), "
    "in-out or out-in (weights), nchw or nhwc.",
)
@click.option(
    "--lr",
    "rate",
    metavar="RATE",
    type=Real(0),
    help="Learning rate of the step, if the spec does not say it.",
)
@click.option(
    "--data",
    metavar="FILE",
    type=File("the name of an .npz file"),
    help="For a program: an .npz file with X, Y and weights W1, b1, ...; default: made up.",
)
@click.option(
    "--rows",
    metavar="N",
    type=Whole(1, 100_000),
    default=8,
    show_default=True,
    help="For a program: samples that are made up.",
)
@click.option(
    "--seed",
    metavar="N",
    type=Whole(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="For a program: seed of what is made up.",
)
@click.option(
    "--seconds",
    metavar="N",
    type=Real(0, 86_400),
    default=30,
    show_default=True,
    help="For a program: how long it may take.",
)
@click.option(
    "--log",
    metavar="FILE",
    type=File("the name of a .csv file"),
    help="Judge the curves in a table with a column `loss`, and perhaps `accuracy`, instead.",
)
@click.option(
    "--infer",
    metavar="FILE",
    type=File("the name of an .npz file"),
    help="Propose a spec that fits the arrays of a file, instead.",
)
@format_option
@click.option(
    "--report",
    metavar="FILE",
    type=File("the name of an .html file"),
    help="Write the answer to a page as well, with the network and its derivation.",
)
@memory_option
def doctor(
    files: tuple[str, ...],
    code: str | None,
    log: str | None,
    infer: str | None,
    format_: ReportFormat,
    **asked: Any,
) -> None:
    """Say which line of a hand-written gradient is wrong, and why.

    Give the network as a spec, and what your program computed: an .npz file with the input, the
    target, the weights, and any of gradients, activations and the loss. Names such as X, y, W1,
    b1, dW1, db1, z1, a1, delta1, loss are understood, samples may be rows or columns.

    Or give the program itself: a .py file with functions or a class (forward, backward or
    gradients), or with a function doctor(params, x, target) that gives a dict of arrays. It is
    run, in a process of its own, on numbers that are made up.

    Exit codes: 0 all is right, 1 mistakes were found, 2 wrong use or arrays that do not fit.

    Examples:

      nnc doctor digits.nn mine.npz

      nnc doctor digits.nn mine.py

      nnc doctor --log losses.csv

      nnc doctor --infer mine.npz

      nnc doctor -c 'input 12 -> dense 5 softmax; loss crossentropy' mine.npz

      nnc doctor digits.nn mine.npz --map v=dense1.W,gv=d_dense1.W --format json

      nnc doctor digits.nn mine.npz --report mine.html
    """
    if log is None and infer is None:
        raise Exit(_judged(*_places(files, code), code, format_, **asked))
    if files or code is not None or (log is not None and infer is not None):
        raise Usage("--log and --infer are given alone, without SPEC and FILE")
    raise Exit(_judged_log(log, format_) if log else _inferred(str(infer), asked["max_memory"]))


def _judged(
    spec: str | None, given: str, code: str | None, format_: ReportFormat, **asked: Any
) -> int:
    """Judge the arrays of a file, or of a program; print the answer and return the exit code."""
    found, data, most = _read(spec, code), asked["data"], asked["max_memory"]
    report = Path(asked["report"]) if asked["report"] else None
    check_output(report, found.files)
    if given.lower().endswith(".py"):
        made_up = MadeUp(asked["rows"], asked["seed"], _arrays(data, most) if data else {})
        arrays = _program(found, given, made_up, asked["seconds"], most, asked["rate"])
    elif data is not None:
        raise Usage(f"--data: {given} holds all arrays itself; --data is for a program")
    else:
        arrays = _arrays(given, most)
    answer = _examined(found, arrays, asked["mapping"], asked["layout"], asked["rate"])
    if report is not None:
        deliver(_page(answer, found, Path(given).name), report, found.files)
    if format_ is ReportFormat.JSON:
        click.echo(json.dumps(answer.to_json(), indent=2, ensure_ascii=False))
    else:
        from ..doctor.answer.text import text

        click.echo(text(answer, found.source.name, Path(given).name), nl=False)
    return OK if answer.ok else FAILED


def _page(answer: Answer, found: Spec, file: str) -> str:
    """The report of the network with the answer in it."""
    from ..doctor.answer.section import section
    from ..ir.sizes import batch_size
    from ..report.page import Contents, page
    from ..source import printable

    typed, name = answer.network.typed, printable(found.source.name)
    title = typed.graph.model or f"{file} beside {name}"
    text, batch = found.source.text.rstrip(), batch_size(typed.graph)
    return page(Contents(typed, title, name, text, batch, judged=section(answer, file)))


def _places(files: tuple[str, ...], code: str | None) -> tuple[str | None, str]:
    """The spec's file, unless its text is given, and the file to judge."""
    wanted = ["FILE"] if code is not None else ["SPEC", "FILE"]
    if len(files) != len(wanted):
        raise Usage(f"`nnc doctor` needs {' and '.join(wanted)}: a spec and an .npz file of arrays")
    return (None, files[0]) if code is not None else (files[0], files[1])


def _judged_log(log: str, format_: ReportFormat) -> int:
    from .losses import judge_log

    return judge_log(Path(log), format_)


def _inferred(path: str, max_memory: int) -> int:
    """Print the spec that fits the arrays of a file."""
    from ..doctor.inferring import infer

    try:
        found = infer(_arrays(path, max_memory))
    except ValueError as error:
        refuse(str(error))
    click.echo("".join(f"# {reason}\n" for reason in found.reasons) + found.spec, nl=False)
    return OK


def _read(path: str | None, code: str | None) -> Spec:
    """The spec; one that cannot be read is bad input, not a mistake that was found."""
    try:
        return read_spec(path, code)
    except Exit:
        raise Exit(USAGE) from None


def _arrays(path: str, most: int) -> dict[str, Array]:
    from nnc.runtime.dataset import DataError
    from nnc.runtime.files.npz import named_arrays

    try:
        return named_arrays(Path(path), most)
    except DataError as error:
        refuse(str(error))


class MadeUp(NamedTuple):
    """What a program is called with: rows from a seed, and arrays in place of them."""

    rows: int
    seed: int
    data: dict[str, Array]


def _program(
    spec: Spec, path: str, made_up: MadeUp, seconds: float, most: int, rate: float | None
) -> dict[str, Array]:
    """The arrays that a program computes."""
    from ..diagnostics.model import SpecError
    from ..doctor.examine import computed

    if not Path(path).is_file():
        refuse(f"{path}: no such file")
    try:
        return computed(
            spec.source,
            Path(path),
            data=made_up.data,
            rows=made_up.rows,
            seed=made_up.seed,
            seconds=seconds,
            most=most,
            rate=rate,
            load=spec.files.load,
        )
    except SpecError as error:
        refuse_spec(spec, error)
    except ValueError as error:
        refuse(str(error))


def _examined(
    spec: Spec,
    arrays: dict[str, Array],
    mapping: str | None,
    layout: str | None,
    rate: float | None,
) -> Answer:
    from ..diagnostics.model import SpecError
    from ..doctor.examine import examine

    try:
        return examine(
            spec.source,
            arrays,
            mapping=pairs(mapping),
            layout=tuple(word.strip() for word in (layout or "").split(",") if word.strip()),
            rate=rate,
            load=spec.files.load,
        )
    except SpecError as error:
        refuse_spec(spec, error)
    except ValueError as error:
        refuse(str(error))


def refuse_spec(spec: Spec, error: SpecError) -> NoReturn:
    """Show what is wrong with a spec, and exit as for wrong use."""
    from . import terminal

    if not error.report.has_errors:
        refuse(f"{spec.source.name}: a library of lets and blocks; there is no chain")
    terminal.show_on_stderr(error.report)
    raise Exit(USAGE)


def pairs(mapping: str | None) -> dict[str, str]:
    """`W1=dense1.W,b1=dense1.b` as a dict."""
    found = {}
    for part in (mapping or "").split(","):
        name, sign, tensor = part.strip().partition("=")
        if part.strip() and not (name and sign and tensor):
            raise Usage(f"--map takes NAME=TENSOR, with commas between, not {part.strip()!r}")
        if part.strip():
            found[name] = tensor
    return found


def refuse(message: str) -> NoReturn:
    """Say in one line what does not fit, and exit as for wrong use."""
    click.echo(f"error: {message}", err=True)
    raise Exit(USAGE)
