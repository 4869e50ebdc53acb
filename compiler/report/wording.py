"""Layers, arguments and sizes in the notation of a spec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ..ir.dims import Dim
from ..ir.formula import FORMULA, Formula
from ..ir.layer_graph import Activation, ArgValue, Call, InputLayer, Layer, Setting
from ..ir.lists import list_text, shape_text
from ..ir.reading import ranges
from ..kinds.arguments import ArgSpec, Num, Ranges, SizeOf, positional
from ..layers import LAYERS
from ..losses import LOSSES


def stage_text(layer: Layer) -> str:
    """Return a layer as a spec could write it, with lets and parameters replaced by values.

    Optional arguments are included only if they were written."""
    declared = layer.args.get("type")
    if isinstance(declared, InputLayer):
        return f"{LAYERS[layer.kind].word} {shape_text(str(declared.type))}"
    words = [LAYERS[layer.kind].word]
    for spec in _specs(LAYERS[layer.kind].args, layer.args):
        value = layer.args.get(spec.name)
        if spec.positional and (spec.required or spec.name in layer.given):
            words.append(value_text(spec, value))
        elif spec.name in layer.given:
            words.append(f"{spec.name}={value_text(spec, value)}")
    if layer.activation is not None:
        words.append(activation_text(layer.activation))
    return " ".join(words)


def activation_text(activation: Activation) -> str:
    """Return an activation with its non-default arguments: `leaky_relu(a=0.2)`."""
    kind = LAYERS[activation.kind]
    return _call_text(kind.word, activation.args, _specs(kind.args, activation.args))


def loss_text(setting: Setting) -> str:
    """Return a loss with its non-default arguments: `huber(delta=2)`."""
    specs = _specs(LOSSES[setting.kind].args, setting.args)
    return _call_text(setting.word, setting.args, specs)


def _specs(specs: tuple[ArgSpec, ...], args: Mapping[str, ArgValue]) -> tuple[ArgSpec, ...]:
    """Return the arguments of a kind; those of a formula include its numbers."""
    formula = args.get(FORMULA)
    if not isinstance(formula, Formula):
        return specs
    return (*specs, *(positional(name, Num(), "", value) for name, value in formula.numbers))


def value_text(spec: ArgSpec, value: ArgValue) -> str:
    """Return a checked argument in a spec's notation: `3x3`, `true`, `normal(0.01)`, `[1, 2]`."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case Call():
            inside = ", ".join(value_text(spec, v) for v in value.args.values())
            return f"{value.name}({inside})" if inside else value.name
        case tuple() if isinstance(spec.type, SizeOf):
            return (
                shape_text("x".join(map(_component, value))) if len(value) > 1 else _ends(value[0])
            )
        case tuple() if isinstance(spec.type, Ranges):
            return " ".join(f"{start}:{stop}" for start, stop in ranges(value))
        case tuple():
            return list_text([number_text(item) for item in value])
        case _:
            return number_text(value)


def _component(value: ArgValue) -> str:
    """Return a component of a size; two different ends of an axis as `(1:0)`."""
    return f"({_ends(value)})" if isinstance(value, tuple) else str(value)


def _ends(value: ArgValue) -> str:
    """Return a number, or the two ends of an axis as `1:0`."""
    return ":".join(map(str, value)) if isinstance(value, tuple) else str(value)


def number_text(value: object) -> str:
    """Return the shortest exact text of a number (or anything else): `0.01`, `2`, `1e-05`."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def grouped(number: object) -> str:
    """Return a count with commas between the thousands; a symbolic one unchanged."""
    return f"{number:,}" if isinstance(number, int) else str(number)


def size_text(bytes: object) -> str:
    """Format a number of bytes: `512 B`, `94.5 kB`, `3.2 MB`; a symbolic one unchanged."""
    if not isinstance(bytes, int) or bytes < 1000:
        return f"{bytes} B"
    size = float(bytes)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"


def polynomial(dim: Dim) -> str:
    """Format a count as a polynomial: `9,724`, `148 T² + 8,192 T`."""
    if isinstance(dim, int):
        return f"{dim:,}"
    terms = "".join(_term(Counter(monomial), factor) for monomial, factor in dim.terms)
    return terms.removeprefix(" + ")


def _term(powers: Counter[str], factor: int) -> str:
    letters = [name + _power(count) for name, count in sorted(powers.items())]
    number = [] if abs(factor) == 1 and letters else [f"{abs(factor):,}"]
    return (" − " if factor < 0 else " + ") + " ".join([*number, *letters])


def _power(count: int) -> str:
    return "" if count == 1 else str(count).translate(_RAISED)


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def amount_text(bytes: Dim) -> str:
    """Format a number of bytes that depends on sizes, as a polynomial of these."""
    return size_text(bytes) if isinstance(bytes, int) else f"{polynomial(bytes)} B"


def _call_text(name: str, args: Mapping[str, ArgValue], specs: tuple[ArgSpec, ...]) -> str:
    said = [
        f"{spec.name}={value_text(spec, args[spec.name])}"
        for spec in specs
        if spec.name in args and args[spec.name] != spec.default
    ]
    return f"{name}({', '.join(said)})" if said else name
