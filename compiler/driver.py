"""The order of the stages, and nothing else: the only place that knows it.

Nothing here touches files or the terminal. Included specs are asked for through `load`, which
takes a path (relative to the including file) with the including source and gives a `Source`,
or raises OSError or UnicodeDecodeError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .collecting import collecting_later
from .contents import Contents, ReadWeights, check_contents
from .diagnostics.codes import limits
from .diagnostics.model import MAX_ERRORS, Diagnostic, Report, SpecError, TooManyErrors
from .emitted import check_emit
from .ir.bounds import DEFAULT_MEMORY
from .ir.layer_graph import Layer, LayerGraph, TypedGraph
from .ir.op_graph import Graph
from .source import Source

if TYPE_CHECKING:
    from .frontend import ast
    from .frontend.resolve import Passed
    from .passes.pipeline import Function
    from .shapes.infer import Inference

Load = Callable[[str, Source], Source]


@dataclass(frozen=True, slots=True)
class Checked:
    """What the front half gives: the findings, and the typed graph unless there were errors.

    `graph` is None also for a library (a file without chains), where nothing is to be built.
    """

    report: Report
    graph: TypedGraph | None


@dataclass(slots=True)
class Traced:
    """What an editor asks of a check besides its result, as far as the check came.

    `file` is the syntax tree, `passed` the expanded stages with the layers of `graph` that they
    became; `inferred` has all that is known of their shapes, also behind faults, and `typed` is
    the graph with those that are certain."""

    file: ast.File | None = None
    passed: list[Passed] = field(default_factory=list)
    graph: LayerGraph | None = None
    inferred: Inference | None = None
    typed: TypedGraph | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What `nnc compile` can be told.

    `level` is 0 or 1, `target` a template folder, `emit` extra functions to generate
    (`input-gradient`), `dump_after` a pass whose graph is wanted as text, `dump_program` whether
    the planned program is, `format` whether Black runs on the result, `max_memory` the bytes that
    the network may need, `without` what -O1 leaves out (passes.pipeline.OPTIONAL), `contents` what
    the module is to contain, `weights` reads those that it is to carry as data, `frozen` names
    layers and parameters that are frozen though the spec does not say so.
    """

    level: int = 1
    target: str = "numpy"
    emit: tuple[str, ...] = ()
    dump_after: str | None = None
    format: bool = True
    max_memory: int = DEFAULT_MEMORY
    without: tuple[str, ...] = ()
    dump_program: bool = False
    contents: Contents = Contents.MODULE
    weights: ReadWeights | None = None
    frozen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """A generated module's text, the findings and the network behind it, and the dumps asked for."""

    code: str
    report: Report
    graph: TypedGraph
    dump: str | None = None


def no_includes(path: str, source: Source) -> Source:
    """The loader of a spec that stands alone: every include is a file that is not there."""
    raise FileNotFoundError(path)


def check(
    source: Source,
    load: Load = no_includes,
    max_memory: int = DEFAULT_MEMORY,
    traced: Traced | None = None,
) -> Checked:
    """Everything `nnc lint` does: all that can be said of a spec, less what its comments silence.

    A network that needs more than `max_memory` bytes is refused before anything is allocated.
    `traced` is filled with what the stages found out on the way.
    """
    with collecting_later():
        return _check(source, load, max_memory, traced)


def _check(source: Source, load: Load, max_memory: int, traced: Traced | None) -> Checked:
    report = Report()
    try:
        checked = _checked(source, load, max_memory, report, traced or Traced())
    except TooManyErrors:
        report.add(_more_errors(report))
        checked = Checked(report, None)
    sources = {source, *(d.span.source for d in checked.report.found)}
    if any("nnc:" in s.text for s in sources):
        from .diagnostics.ignores import apply

        apply(checked.report, source, complete=checked.graph is not None)
    return checked


def _more_errors(report: Report) -> Diagnostic:
    """What is said after the last finding when there is no room for more."""
    *_, last = report
    source = last.span.source
    return limits.TOO_MANY_ERRORS.at(
        source.span(len(source.text), len(source.text)),
        f"there are more than {MAX_ERRORS} errors; the rest is not shown",
        help="repair some of these first",
    )


def _checked(
    source: Source, load: Load, max_memory: int, report: Report, traced: Traced
) -> Checked:
    """Parse, resolve, infer shapes, count the memory, look for modelling mistakes."""
    from .frontend.parser import parse
    from .frontend.resolve import resolve
    from .limits.check import check_memory
    from .lints import run as run_lints
    from .shapes.infer import inferred, judge_apart, typed_graph

    traced.file = file = parse(source, report)
    aside: list[tuple[Layer, ...]] = []
    traced.graph = graph = resolve(file, load, report, aside, traced.passed)
    for layers in aside:
        judge_apart(layers, report)
    if graph is None:
        return Checked(report, None)
    traced.inferred = inferred(graph, report)
    traced.typed = typed = typed_graph(graph, traced.inferred)
    if not report.has_errors:
        check_memory(typed, report, max_memory)
    report.found += run_lints(typed, whole=not report.has_errors)
    return Checked(report, None if report.has_errors else typed)


def compile_source(
    source: Source, options: Options = Options(), load: Load = no_includes
) -> Compiled:
    """The whole way from text to module.

    Raises SpecError if the spec has errors or nothing to compile, and ValueError if an option
    names a level, target, function, pass or layer that does not exist.
    """
    from .passes.pipeline import check_options
    from .targets.requests import check_request, level_of

    carries = options.weights is not None
    check_options(level_of(options.target, options.level), options.dump_after, options.without)
    check_emit(options.emit)
    check_request(
        *(options.target, options.level, options.emit, options.contents, options.without),
        carries=carries,
    )
    check_contents(options.contents, options.level, options.target, options.emit, carries=carries)
    return compile_checked(source, check(source, load, options.max_memory), options, load)


def compile_checked(source: Source, checked: Checked, options: Options, load: Load) -> Compiled:
    """The second half of the way, for a spec that was checked and options that exist."""
    from .freezing import freeze

    if checked.report.has_errors or checked.graph is None:
        raise SpecError(checked.report)
    graph = freeze(checked.graph, options.frozen)
    return _generate(source, checked, graph, options, load)


def _generate(
    source: Source, checked: Checked, graph: TypedGraph, options: Options, load: Load
) -> Compiled:
    """Build, optimise, plan, write."""
    from .frontend.inline import inline_includes
    from .ir.printer import graph_text
    from .passes.pipeline import is_named
    from .program.functions import build_functions, forward_functions, optimise_functions
    from .program.printer import program_text
    from .program.program import plan_program
    from .stepping.network import CannotStep
    from .targets.formatted import black_format, page_format
    from .targets.target import READABLE, load_target

    dumps: list[str] = []

    def watch(function: Function, name: str, ops: Graph) -> None:
        if is_named(options.dump_after, function, name):
            dumps.append(graph_text(ops))

    target = load_target(options.target if options.level else READABLE)
    level = target.level(options.level)
    without = (*options.without, *target.decides)
    fault = target.fault(graph)
    if fault is not None:
        checked.report.add(fault)
        raise SpecError(checked.report)
    try:
        if target.derives:
            functions = forward_functions(graph)
        else:
            fused = bool(level and target.fuses)
            functions = build_functions(graph, options.emit, fused_predict=fused)
    except CannotStep as error:
        checked.report.add(error.diagnostic)
        raise SpecError(checked.report) from None
    functions = target.patterns(optimise_functions(functions, level, watch, without))
    program = plan_program(functions, level, target, without)
    if options.dump_program:
        dumps.append(program_text(program))
    weights = options.weights(graph) if options.weights else None
    text = inline_includes(source, load)
    code = target.write(program, text, source.name, options.contents, carries=weights is not None)
    if options.format:
        code = (page_format if options.contents is Contents.BARE else black_format)(code)
    code += target.write_weights(weights, graph) if weights else ""
    return Compiled(code, checked.report, graph, "\n".join(dumps) or None)
