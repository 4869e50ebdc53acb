"""The declaration of an `input` stage."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix
from ...diagnostics.suggest import closest
from ...ir.dims import Dim, Shape, symbol
from ...ir.types import DType, TensorType
from ...source import Span
from .. import ast
from ..elsewhere import Sort, bare
from .constants import as_whole, check_axes, evaluate, whole
from .fixes import own_stage
from .hints import hint, said
from .scope import End, Env, Fault
from .values import SizeConst, WordConst

_EXAMPLES = "for example `input 784`, `input 3x28x28` or `input T int`"


def input_type(stage: ast.Stage, env: Env) -> TensorType:
    """Return the type of an input's rows, without the batch axis."""
    if not stage.args:
        raise env.fault(
            codes.MISSING_ARGUMENT, stage.span, "an input needs a shape", help=_EXAMPLES
        )
    shape: Shape | None = None
    words: dict[str, Span] = {}
    sized = crowded = failed = False
    for arg in stage.args:
        try:
            word = _marked(arg, words, env)
            if word:
                words[word] = arg.span
            elif not sized:
                sized = True
                shape = _shape(arg.value, env)
            elif isinstance(arg.value, ast.Word) or not crowded:
                crowded |= not isinstance(arg.value, ast.Word)
                raise _extra(arg.value, env)
        except Fault:
            failed = True
    if failed:
        raise Fault
    if shape is None:
        raise env.fault(
            codes.MISSING_ARGUMENT, stage.span, "an input needs a shape", help=_EXAMPLES
        )
    return TensorType(shape, DType.INT if "int" in words else DType.FLOAT, "ragged" in words)


def _marked(arg: ast.Arg, words: Mapping[str, Span], env: Env) -> str | None:
    """Return `int` or `ragged` if an argument is one of them."""
    if arg.key is not None:
        raise _by_key(arg.key, arg, env)
    word = _mark(arg.value)
    if word in words:
        raise env.fault(codes.REPEATED_ARGUMENT, arg.span, f"`{word}` is given twice")
    return word


def _by_key(key: ast.Word, arg: ast.Arg, env: Env) -> Fault:
    """Return the fault of `input shape=784`, the notation of other libraries."""
    fixes: tuple[Fix, ...] = ()
    if bare(key.id) in ("shape", "inputshape", "dim", "size", "batchshape"):
        fixes = (
            Fix(f"write `{arg.value.span.text}`", (Edit(arg.span, arg.value.span.text),), True),
        )
    return env.fault(
        codes.UNKNOWN_KEY,
        key.span,
        f"`input` has no argument `{key.id}`",
        help="" if fixes else _EXAMPLES,
        fixes=fixes,
    )


def _mark(value: ast.Value) -> str | None:
    word = value.id.lower() if isinstance(value, ast.Word | ast.DimName) else ""
    return word if word in ("int", "ragged") else None


def _extra(value: ast.Value, env: Env) -> Fault:
    word = value.id if isinstance(value, ast.Word) else ""
    meant = hint(word, Sort.CHOICE, ("int", "ragged")) if word else None
    if isinstance(value, ast.Word) and env.state.kinds.activation(value.id):
        return env.fault(
            codes.REFUSED_ACTIVATION,
            value.span,
            "an input takes no activation",
            fixes=own_stage(value.span),
        )
    advice = f"axes are joined by `x` without spaces: `input {_joined(value)}`"
    if word:
        advice = "numbers are real unless `int` is given, and as precise as `dtype` says"
    return env.fault(
        codes.EXTRA_ARGUMENT,
        value.span,
        "an input takes one shape and the words `int` and `ragged`",
        **said(meant if meant and meant.write else None, value.span, advice),
    )


def _joined(value: ast.Value) -> str:
    """Return the size that a second number was probably meant to be part of."""
    before = re.search(r"(\d+)[\s,]*$", value.span.source.text[: value.span.start])
    return f"{before[1]}x{value.span.text}" if before and value.span.text.isdigit() else "3x28x28"


def _shape(value: ast.Value, env: Env) -> Shape:
    if isinstance(value, ast.Size):
        check_axes(value, env)
        _refuse_batch(value, env)
        return tuple(_dim(part, env) for part in value.parts)
    if isinstance(value, ast.DimName):
        return (_dim(value, env),)
    const = evaluate(value, env)
    if isinstance(const, SizeConst):
        return tuple(_positive(part, value, env) for part in const.parts)
    if isinstance(value, ast.ListValue):
        size = "x".join(item.span.text for item in value.items)
        raise env.fault(
            codes.WRONG_VALUE,
            value.span,
            "the shape of an input is a size, not a list",
            fixes=[Fix(f"write `{size}`", (Edit(value.span, size),))],
        )
    if isinstance(const, WordConst) and isinstance(value, ast.Word):
        _refuse_lower_case(value, env)
    what = "the shape of an input is a size such as `784` or `3x28x28`"
    return (_positive(as_whole(const, value, env, what), value, env),)


def _refuse_lower_case(word: ast.Word, env: Env) -> None:
    """Refuse lower-case sizes such as `tx8`, unless a let has a similar name."""
    upper = "x".join(part.upper() for part in word.id.split("x"))
    if not re.fullmatch("[a-z][0-9]*(x([a-z][0-9]*|[0-9]+))*", word.id):
        return
    if closest(word.id, env.constants()) is None and not env.state.unsure(word.id):
        raise env.fault(
            codes.UNKNOWN_NAME,
            word.span,
            f"`{word.id}` is not a let or a parameter",
            help="symbolic dimensions are written in upper case",
            fixes=[Fix(f"write `{upper}`", (Edit(word.span, upper),))],
        )


def _refuse_batch(size: ast.Size, env: Env) -> None:
    first = size.parts[0]
    if isinstance(first, ast.DimName) and first.id == "B":
        rest = Span(first.span.source, first.span.start, size.parts[1].span.start)
        raise env.fault(
            codes.NAME_RESERVED,
            first.span,
            "the batch axis `B` is implicit",
            fixes=[Fix("leave the batch axis out", (Edit(rest, ""),), safe=True)],
        )


def _dim(part: ast.Value, env: Env) -> Dim:
    if isinstance(part, ast.DimName):
        if part.id == "B":
            raise env.fault(
                codes.NAME_RESERVED,
                part.span,
                "`B` is the batch axis, which is implicit and comes first",
            )
        return symbol(part.id)
    return _positive(whole(part, env), part, env)


def _positive(size: int, value: ast.Value, env: Env) -> int:
    if size < 1:
        raise env.fault(
            codes.OUT_OF_BOUNDS, value.span, f"an axis must have at least 1 entry, not {size}"
        )
    return size


def note_sizes(type: TensorType, end: End, env: Env) -> End:
    """Store an input's symbolic sizes, with the input if rows have lengths along them."""
    for place, size in enumerate(type.shape):
        if isinstance(size, int):
            continue
        padded = end.layer if type.ragged and place == 0 else None
        if env.state.sizes.get(str(size)) is None:
            env.state.sizes[str(size)] = padded
    return end
