"""Directives: outputs, losses and training settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix, Label
from ...diagnostics.suggest import listing
from ...ir.layer_graph import ArgValue, Setting
from ...kinds.arguments import ArgSpec, Flag, Int, Num, Option, option, positional
from ...layers import LAYERS
from ...losses import LOSSES
from ...losses import aliases as loss_aliases
from ...optimizers import OPTIMIZERS
from ...optimizers import aliases as optimizer_aliases
from ...schedules import SCHEDULES
from ...schedules import aliases as schedule_aliases
from ...source import Span
from .. import ast
from ..elsewhere import Sort
from .arguments import bind
from .choices import ANY_NUMBER, choice, setting_of, take_on
from .hints import hint, said
from .misuse import without_source
from .schema import Schema
from .scope import Env, Fault
from .sharing import find_stage
from .vocabulary import DIRECTIVES, STATEMENTS

if TYPE_CHECKING:
    from ...ir.formula import Formula

_POSITIVE = Num(low=0.0, open_low=True)

REGULARIZE = (
    option("l1", Num(low=0.0), "weight of the sum of absolute weights", 0.0),
    option("l2", Num(low=0.0), "weight of half the sum of squared weights", 0.0),
)

TRAIN = (
    option("batch", Int(low=1), "rows in a step"),
    option("epochs", Int(low=0), "passes over the data"),
    option("seed", Int(low=0), "seed of every random number"),
    option("shuffle", Flag(), "whether rows are shuffled each epoch"),
    option("drop_last", Flag(), "whether a last, smaller batch is left out"),
    option(
        "weights", Option(("rows",)), "`rows`: the training functions take a weight of each row"
    ),
)

METRICS: dict[str, tuple[ArgSpec, ...]] = {
    "top_k": (positional("k", Int(low=1), "how many guesses count", 5),),
    **dict.fromkeys(
        ("accuracy", "mae", "rmse", "r2", "precision", "recall", "f1", "confusion"), ()
    ),
}

_METRIC_SCHEMAS = {name: Schema(name, args) for name, args in METRICS.items()}

CLIP = (
    option("norm", _POSITIVE, "largest norm of the whole gradient"),
    option("value", _POSITIVE, "largest size of one entry"),
)

DTYPES = ("float32", "float64")

REPEATABLE = ("output", "loss", "metric", "include")
"""Directives that may appear more than once."""


@dataclass(frozen=True, slots=True)
class LossWords:
    """A checked loss statement, before the layers that it judges are known.

    There are several names after `on` for a formula of several values; `judged` is the number of
    values to judge."""

    setting: Setting
    on: tuple[ast.Word, ...]
    weight: float
    judged: int = 1


@dataclass(slots=True)
class Settings:
    """The content of all directives of a file."""

    outputs: list[ast.Word] = field(default_factory=list)
    losses: list[LossWords] = field(default_factory=list)
    metrics: list[Setting] = field(default_factory=list)
    regularize: Setting | None = None
    optimizer: Setting | None = None
    schedule: Setting | None = None
    clip: Setting | None = None
    train: Mapping[str, ArgValue] = field(default_factory=dict)
    dtype: str = "float32"
    model: str | None = None
    faulty: set[str] = field(default_factory=set)


def read_settings(file: ast.File, env: Env) -> Settings:
    """Check every directive of a file; a faulty one is reported and left out."""
    settings = Settings()
    first: dict[str, Span] = {}
    for statement in file.statements:
        if not isinstance(statement, ast.Directive):
            continue
        word = statement.word
        try:
            _check_word(word, env)
            if word.id not in REPEATABLE and word.id in first:
                _repeated(statement, first[word.id], env)
                _read(statement, Settings(), env)
                raise Fault
            first[word.id] = statement.span
            _read(statement, settings, env)
        except Fault:
            settings.faulty.add(word.id)
    return settings


def _check_word(word: ast.Word, env: Env) -> None:
    if word.id in DIRECTIVES:
        return
    state = env.state
    if state.kinds.find(word.id) or word.id in state.blocks or word.id in state.fns:
        raise without_source(word, f"`input 784 -> {word.id} …`", env)
    if env.scope.find(word.id) is not None or state.defined(word.id) is not None:
        raise env.fault(
            codes.UNKNOWN_DIRECTIVE,
            word.span,
            f"`{word.id}` alone is no statement",
            help=f"go on from a stage with `{word.id} -> …`",
        )
    found = hint(word.id, Sort.STATEMENT, STATEMENTS) or hint(word.id, Sort.KIND, LAYERS)
    if state.broken and (found is None or not found.write):
        raise Fault
    known_words = f"a chain begins with `input` or a name; the others are {listing(STATEMENTS, 20)}"
    raise env.fault(
        codes.UNKNOWN_DIRECTIVE,
        word.span,
        f"there is no statement `{word.id}`",
        **said(found, word.span, known_words),
    )


def _repeated(statement: ast.Directive, first: Span, env: Env) -> Fault:
    return env.fault(
        codes.REPEATED_DIRECTIVE,
        statement.span,
        f"`{statement.word.id}` appears twice",
        labels=[Label(first, "the first one")],
        help="only `output`, `loss`, `metric` and `include` may be repeated",
    )


def _read(statement: ast.Directive, into: Settings, env: Env) -> None:
    match statement.word.id:
        case "output":
            into.outputs.extend(_output_names(statement, env))
        case "loss":
            into.losses.append(_loss(statement, env))
        case "metric":
            into.metrics.extend(_metrics(statement, env))
        case "regularize":
            into.regularize = _keys_only(statement, REGULARIZE, env)
        case "train":
            into.train = _given(_keys_only(statement, TRAIN, env))
        case "optimizer":
            schemas = {n: Schema(n, k.args, k.example) for n, k in OPTIMIZERS.items()}
            into.optimizer = choice(statement, schemas, optimizer_aliases(), env)[0]
        case "schedule":
            schemas = {n: Schema(n, k.args, k.example) for n, k in SCHEDULES.items()}
            into.schedule = choice(statement, schemas, schedule_aliases(), env)[0]
        case "clip":
            into.clip = _clip(statement, env)
        case "dtype":
            into.dtype = _dtype(statement, env)
        case "model":
            into.model = _model(statement, env)


def _output_names(statement: ast.Directive, env: Env) -> list[ast.Word]:
    if not statement.args:
        raise env.fault(
            codes.MISSING_ARGUMENT, statement.span, "`output` needs the names of stages"
        )
    names: list[ast.Word] = []
    failed = False
    for arg in statement.args:
        if arg.key is None and isinstance(arg.value, ast.Word):
            names.append(arg.value)
            continue
        failed = True
        env.fault(
            codes.WRONG_VALUE,
            arg.span,
            "an output is the name of a stage",
            help="name the stage with `as NAME`",
        )
    for word in names if failed else ():
        with suppress(Fault):
            find_stage(word, env)
    if failed:
        raise Fault
    return names


def _keys_only(statement: ast.Directive, args: tuple[ArgSpec, ...], env: Env) -> Setting:
    schema = Schema(statement.word.id, args)
    if not statement.args:
        raise env.fault(
            codes.MISSING_ARGUMENT,
            statement.span,
            f"`{schema.name}` says nothing",
            help=f"it takes {listing(f'{spec.name}=…' for spec in args)}",
        )
    bound = bind(schema, statement.word.span, statement.args, env, activations=False)
    return Setting(schema.name, bound.args, bound.given, statement.span, statement.word.span)


def _clip(statement: ast.Directive, env: Env) -> Setting:
    setting = _keys_only(statement, CLIP, env)
    if len(setting.given) > 1:
        first, second = setting.given.values()
        raise env.fault(
            codes.EXTRA_ARGUMENT,
            second,
            "`clip` takes a bound of the norm or of every entry, not both",
            labels=[Label(first, "the first one")],
            help="keep the one that is meant",
        )
    return setting


def _given(setting: Setting) -> Mapping[str, ArgValue]:
    return {key: setting.args[key] for key in setting.given}


def _loss(statement: ast.Directive, env: Env) -> LossWords:
    formula, failed = _formula_of(statement, env)
    args, on, wrong = take_on(statement, _most_judged(statement, formula), env)
    failed |= wrong
    rest = []
    schemas = {
        name: Schema(name, (*kind.args, LOSS_WEIGHT), kind.example) for name, kind in LOSSES.items()
    }
    if formula:
        from .fn_kinds import loss_schema

        common = (*LOSSES[formula.kind].args, LOSS_WEIGHT)
        schemas[formula.name] = loss_schema(formula, common, statement.args[0].span, env)
    else:  # for suggestions
        schemas |= {name: Schema(name, (), "") for name in env.state.fns}
    for arg in args:
        if arg.key and arg.key.id == "weight" and isinstance(arg.value, ast.ListValue):
            _weights_meant(arg.key, arg, env)
            failed = True
        else:
            rest.append(arg)
    bare = ast.Directive(statement.word, tuple(rest), statement.span)
    try:
        setting, _ = choice(bare, schemas, loss_aliases(), env)
    except Fault:
        failed = True
    if failed:
        for name in on:
            with suppress(Fault):
                find_stage(name, env)
        raise Fault
    own = {key: value for key, value in setting.args.items() if key != "weight"}
    kind, count = (formula.kind, len(formula.judged)) if formula else (setting.kind, 1)
    return LossWords(
        Setting(kind, own, setting.given, setting.span, setting.head),
        on,
        setting.real("weight"),
        count,
    )


def _most_judged(statement: ast.Directive, formula: Formula | None) -> int:
    """Return how many values a loss judges at most; any number if it is not known."""
    if formula:
        return len(formula.judged)
    word = statement.args[0].span.text.partition("(")[0] if statement.args else ""
    return 1 if loss_aliases().get(word, word) in LOSSES else ANY_NUMBER


def _formula_of(statement: ast.Directive, env: Env) -> tuple[Formula | None, bool]:
    """Return the formula that a loss names, if it is one of the spec's own, and whether it is faulty.

    A faulty formula has its parameters nevertheless, so that the arguments of the loss are checked.
    """
    head = statement.args[0].value if statement.args and statement.args[0].key is None else None
    word = head.name if isinstance(head, ast.CallValue) else head
    if not isinstance(word, ast.Word) or word.id not in env.state.fns:
        return None, False
    from .fns import formula, signature

    try:
        return formula(word.id, env), False
    except Fault:
        return signature(env.state.fns[word.id]), True


LOSS_WEIGHT = option("weight", Num(low=0.0), "factor of this loss in the total", 1.0)


def _weights_meant(key: ast.Word, arg: ast.Arg, env: Env) -> Fault:
    return env.fault(
        codes.WRONG_VALUE,
        arg.value.span,
        "`weight` is one number, the factor of the whole loss",
        fixes=[Fix("write `weights=` for a weight of each class", (Edit(key.span, "weights"),))],
    )


def _metrics(statement: ast.Directive, env: Env) -> list[Setting]:
    if not statement.args:
        raise env.fault(
            codes.MISSING_ARGUMENT,
            statement.span,
            "`metric` needs a metric",
            help=f"one of {listing(METRICS)}",
        )
    args, on, _ = take_on(statement, 1, env)
    found: list[Setting] = []
    for arg in args:
        with suppress(Fault):
            found.append(_on(_metric(arg, env), on, env))
    return found


def _on(metric: Setting, names: Sequence[ast.Word], env: Env) -> Setting:
    """Return a metric of the output that `on NAME` names."""
    for word in names:
        find_stage(word, env)
        args, given = {**metric.args, "on": word.id}, {**metric.given, "on": word.span}
        return Setting(metric.kind, args, given, metric.span, metric.head)
    return metric


def _metric(arg: ast.Arg, env: Env) -> Setting:
    if arg.key is not None:
        raise env.fault(
            codes.UNKNOWN_KEY,
            arg.span,
            "arguments of a metric stand in parentheses",
            help=f"write `top_k({arg.span.text})`",
        )
    return setting_of(arg, (), "metric", _METRIC_SCHEMAS, {}, env, arg.span)


def _dtype(statement: ast.Directive, env: Env) -> str:
    value = statement.args[0].value if len(statement.args) == 1 else None
    if isinstance(value, ast.Word | ast.DimName) and value.id.lower() in DTYPES:
        return value.id.lower()
    at = value.span if value is not None else statement.span
    word = value.id if isinstance(value, ast.Word | ast.DimName) else ""
    raise env.fault(
        codes.UNKNOWN_CHOICE,
        at,
        "the element type is `float32` or `float64`",
        **said(hint(word, Sort.CHOICE, DTYPES) if word else None, at),
    )


def _model(statement: ast.Directive, env: Env) -> str:
    value = statement.args[0].value if len(statement.args) == 1 else None
    match value:
        case ast.Text(text):
            return text
        case ast.Word(id) | ast.DimName(id):
            return id
    raise env.fault(
        codes.WRONG_VALUE,
        statement.span,
        "`model` takes one name",
        help='write it in quotes: `model "LeNet"`',
    )
