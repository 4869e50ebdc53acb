"""The arguments of a block call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix, Label
from ...diagnostics.suggest import listing
from ...kinds.arguments import FROZEN_ARG, Option
from ...kinds.inits import INITS
from ...layers import LAYERS
from ...source import Span
from .. import ast
from ..elsewhere import Sort
from ..stages import value_as_chain
from .arguments import activation
from .constants import evaluate, lookup
from .keys import of_names, unknown_key
from .schema import Schema
from .scope import Env, Fault
from .values import Const, ListConst, StagesConst, WordConst
from .vocabulary import is_kind

_OPTION_WORDS = frozenset(
    ("same", "valid", "causal", "last", "all", "none", "mean", "sum", "batchmean")
)


def split_arguments(
    stage: ast.Stage, block: ast.Block, env: Env
) -> tuple[tuple[ast.Arg, ...], tuple[ast.Arg, ...]]:
    """Split arguments into the block's own (in parentheses) and those that any call may have.

    The latter are `frozen=`, unless a parameter of the block has that name, and an activation."""
    if stage.called:
        inside, after = stage.args[: stage.inside], stage.args[stage.inside :]
        freezing = tuple(arg for arg in inside if _freezes(arg, block))
        return tuple(arg for arg in inside if arg not in freezing), (*freezing, *after)
    others = [arg for arg in stage.args if not _freezes(arg, block)]
    own = [arg for arg in others if arg.key or activation(arg.value, env) is None]
    if own:
        name = block.name.id
        first, last = own[0].span, own[-1].span
        gap = Span(stage.span.source, stage.kind.span.stop, first.start)
        close = Edit(Span(first.source, last.stop, last.stop), ")")
        written = f"write `{name}({', '.join(arg.span.text for arg in own)})`"
        fix = Fix(written, (Edit(gap, "("), close))
        raise env.fault(
            codes.EXTRA_ARGUMENT,
            own[0].span,
            f"arguments of the block `{name}` stand in parentheses",
            help="" if len(own) == 1 else written,
            fixes=[fix] if len(own) == 1 else (),
        )
    return (), stage.args


def _freezes(arg: ast.Arg, block: ast.Block) -> bool:
    """Return whether an argument is `frozen=` of the call, and not a parameter's."""
    names = {param.name.id for param in block.params}
    return arg.key is not None and arg.key.id == FROZEN_ARG.name and FROZEN_ARG.name not in names


class _Values:
    """Values of parameters in order; each default sees those before it, without copying them."""

    def __init__(self) -> None:
        self.known: dict[str, Const | None] = {}
        self.place: dict[str, int] = {}

    def add(self, name: str, value: Const | None) -> None:
        self.place.setdefault(name, len(self.place))
        self.known[name] = value

    def so_far(self) -> Mapping[str, Const | None]:
        return _Earlier(self.known, self.place, len(self.place))


class _Earlier(Mapping[str, "Const | None"]):
    """The first values of a dict that grows."""

    def __init__(self, known: dict[str, Const | None], place: dict[str, int], count: int) -> None:
        self._known, self._place, self._count = known, place, count

    def __getitem__(self, name: str) -> Const | None:
        if self._place.get(name, self._count) >= self._count:
            raise KeyError(name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return islice(self._known, self._count)

    def __len__(self) -> int:
        return self._count


def bind_params(
    block: ast.Block, args: Sequence[ast.Arg], head: Span, env: Env
) -> Mapping[str, Const | None]:
    """Return the values of a block's parameters; defaults can use the parameters before them.

    Errors are reported, and the parameters concerned are unknown (None)."""
    given, failed = _given(block, args, env)
    if not failed:
        failed = _refuse_missing(block, given, head, env)
    values, calls = _Values(), (*env.calls, head)
    for param in block.params:
        name = param.name.id
        values.add(name, None)
        with suppress(Fault):
            if name in given:
                values.add(name, _argument(given[name].value, env))
            elif param.default is not None and not failed:
                inside = replace(env, params=values.so_far(), calls=calls)
                values.add(name, _argument(param.default, inside))
    return values.so_far()


def _given(block: ast.Block, args: Sequence[ast.Arg], env: Env) -> tuple[dict[str, ast.Arg], bool]:
    """Match arguments to parameters; return them, and whether some match none.

    A parameter that is given twice has an unknown value."""
    names = dict.fromkeys(param.name.id for param in block.params)
    given: dict[str, ast.Arg] = {}
    places = iter(names)
    crowded = failed = False
    doubtful: set[str] = set()
    for arg in args:
        name = arg.key.id if arg.key is not None else next(places, None)
        if name in names and name not in given:
            given[name] = arg
            continue
        failed = True
        if arg.key is not None and name not in names:
            _unknown_param(block, arg.key, arg, env)
        elif name is not None:
            _twice(name, given[name], arg, env)
            doubtful.add(name)
        elif not crowded:
            crowded = True
            _too_many(block, arg, env)
    return {name: arg for name, arg in given.items() if name not in doubtful}, failed


def _twice(name: str, first: ast.Arg, arg: ast.Arg, env: Env) -> Fault:
    return env.fault(
        codes.REPEATED_ARGUMENT,
        arg.span,
        f"`{name}` is given twice",
        labels=[Label(first.span, "given here first")],
    )


def default_params(block: ast.Block, env: Env) -> Mapping[str, Const | None]:
    """Return the parameters of an uncalled block: those without a default are unknown."""
    values = _Values()
    for param in block.params:
        values.add(param.name.id, None)
        if param.default is not None:
            with suppress(Fault):
                inside = replace(env, params=values.so_far())
                values.add(param.name.id, _argument(param.default, inside))
    return values.so_far()


def _refuse_missing(block: ast.Block, given: Mapping[str, ast.Arg], head: Span, env: Env) -> bool:
    """Report parameters without a value or default; return whether there are any."""
    missing = [p.name.id for p in block.params if p.default is None and p.name.id not in given]
    if missing:
        env.fault(
            codes.MISSING_ARGUMENT,
            head,
            f"the block `{block.name.id}` needs {listing(missing)}",
            labels=[Label(block.name.span, "defined here")],
        )
    return bool(missing)


def _unknown_param(block: ast.Block, key: ast.Word, arg: ast.Arg, env: Env) -> Fault:
    specs = of_names([param.name.id for param in block.params])
    return unknown_key(Schema(block.name.id, specs), key, arg, env)


def _too_many(block: ast.Block, arg: ast.Arg, env: Env) -> Fault:
    count = len(block.params)
    return env.fault(
        codes.EXTRA_ARGUMENT,
        arg.span,
        f"the block `{block.name.id}` takes {count} argument{'s' * (count != 1)}, this is one too many",
        labels=[Label(block.name.span, "defined here")],
    )


def _argument(value: ast.Value, env: Env) -> Const:
    """Evaluate an argument; words, calls and stages are kept, and an unknown word is an error."""
    if isinstance(value, ast.ListValue):
        return ListConst(tuple(_argument(item, env) for item in value.items))
    if isinstance(value, ast.Binary) and _begins_with_stage(value, env):
        chain = value_as_chain(value)
        if chain is not None:
            return StagesConst(chain, env)
    if isinstance(value, ast.DimName) and _is_option(value.id):
        return WordConst(value.id.lower())
    const = evaluate(value, env)
    if isinstance(const, WordConst) and isinstance(value, ast.Word):
        _check_word(const.id, value, env)
    return const


def _begins_with_stage(value: ast.Binary, env: Env) -> bool:
    """Return whether apparent arithmetic is a stage: `f(2) * 3`, `shift -1`."""
    left: ast.Value = value
    while isinstance(left, ast.Binary):
        left = left.left
    if isinstance(left, ast.Word):
        return lookup(left.id, env) is None and is_kind(env.state.kinds.proper(left.id))
    return isinstance(left, ast.CallValue | ast.ListValue)


def _check_word(word: str, place: ast.Word, env: Env) -> None:
    known = env.state.kinds
    if known.find(word) or is_kind(known.proper(word)) or word in env.state.blocks:
        return
    if word in env.state.fns:
        return
    if _is_option(word):
        return
    stage = env.scope.find(word)
    if stage is not None and stage.end.layer is not None:
        raise env.fault(
            codes.WRONG_VALUE,
            place.span,
            f"`{word}` is the value of a stage, which no block can be given",
            labels=[Label(stage.span, "named here")],
            help=f"a block works on what comes in; join other values outside: `[…, {word}] -> add`",
        )
    candidates = [*env.constants(), *known.activations(), *LAYERS, *env.state.blocks, *_options()]
    what = "a let, a parameter, an option or a layer kind"
    raise env.unknown(place, what, candidates, sort=Sort.KIND)


def _is_option(word: str) -> bool:
    """Return whether the word is an option of any argument, in any case."""
    return word.lower() in _options()


def _options() -> set[str]:
    """Return the option words of all arguments."""
    specs = [spec for kind in LAYERS.values() for spec in kind.args]
    words = {word for spec in specs if isinstance(spec.type, Option) for word in spec.type.words}
    return words | _OPTION_WORDS | INITS.keys()
