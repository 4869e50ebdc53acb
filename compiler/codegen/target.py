"""A target: a template folder with a macro per op and a table of how its operators bind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined

from ..ir.dims import Dim, Shape, symbols
from ..ir.lists import cut_lists
from ..ir.op_graph import Node
from ..kinds.loss import TARGET_KINDS
from ..ops import OPS
from .windows import pool_window, suits_loops, suits_winograd, window_array

PROSE = r'\{#.*?#\}|\{%.*?%\}|""".*?"""|#[^\n]*'
"""What is no code in a template: comments, docstrings, template statements."""

COMPOSED = tuple(f"as_{kind}" for kind in TARGET_KINDS)
"""Names that templates put together from pieces."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of source and how tightly its outermost operator binds (100: an atom)."""

    code: str
    binding: int = 100

    def within(self, binding: int) -> str:
        """The text as an operand of an operator that binds so tightly."""
        return self.code if self.binding >= binding else f"({self.code})"


@dataclass(frozen=True, slots=True)
class OpView:
    """What a macro sees of an op: operands as text, attributes, shapes."""

    op: str
    x: tuple[str, ...]
    attrs: dict[str, Any]
    shape: Shape
    shapes: tuple[Shape, ...]
    rank: int


@dataclass(frozen=True, slots=True)
class TargetKind:
    """What a target is: the one whose templates it falls back on, and whether it compiles kernels.

    A target that compiles has scalars.jinja: the ops that it can fuse in loops, and those on whole
    arrays that may stand between them; a kernel with any other op is left as it is.
    """

    base: str | None = None
    jits: bool = False


TARGETS = {"numpy": TargetKind(), "numba": TargetKind(base="numpy", jits=True)}
"""Every target by name, which is also that of its template folder."""


class Target:
    """One template folder, loaded."""

    def __init__(self, name: str) -> None:
        self.name, self.kind = name, TARGETS[name]
        self.environment = Environment(
            loader=_loader(name, self.kind.base),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
        )
        self.environment.filters.update(
            number=number,
            dim=dim_text,
            attr=attr_text,
            sizes=sizes,
            pyrepr=repr,
            kind=kind,
            docline=docline,
            cut_lists=cut_lists,
            tuple=tuple_text,
            chomp=str.rstrip,
            dict=dict_text,
            window_array=window_array,
            pool_window=pool_window,
            suits_loops=suits_loops,
            suits_winograd=suits_winograd,
        )
        self.expressions: Any = self.environment.get_template("expressions.jinja").module
        self.buffered: Any = self.environment.get_template("buffered.jinja").module
        self.scalars: Any = None
        if self.kind.jits:
            self.scalars = self.environment.get_template("scalars.jinja").module

    @property
    def helper_files(self) -> list[str]:
        """The templates of helper functions, the general ones first."""
        return sorted(n for n in self.environment.list_templates() if n.startswith("helpers"))

    @property
    def words(self) -> set[str]:
        """Every identifier that occurs in the templates: none may be given to a value."""
        return _words(self.name) | (_words(self.kind.base) if self.kind.base else set())

    def expression(self, node: Node, operands: Sequence[Text], shapes: Sequence[Shape]) -> Text:
        """The op as an expression of its operands."""
        return _expression(self.expressions, node, operands, shapes)

    def has_scalar(self, op: str) -> bool:
        """Whether an op has a form for one entry of each operand."""
        return hasattr(self.scalars, f"{op}_op")

    def scalar(self, node: Node, operands: Sequence[Text], shapes: Sequence[Shape]) -> Text:
        """The op on one entry of each of its operands."""
        return _expression(self.scalars, node, operands, shapes)

    def whole_call(
        self, node: Node, operands: Sequence[Text], shapes: Sequence[Shape], out: str
    ) -> str | None:
        """Statements for an op on whole arrays inside a compiled kernel; None if there are none."""
        if not self.has_whole(node.op):
            return None
        texts = [t.within(100) for t in operands]
        return self.whole_form(node.op, node, texts, shapes, out).strip() or None

    def whole_form(
        self, form: str, node: Node, operands: Sequence[str], shapes: Sequence[Shape], out: str
    ) -> str:
        """The same by a form's own name: of ops that have several."""
        return str(getattr(self.scalars, f"{form}_whole")(_view(node, operands, shapes), out))

    def takes_any_order(self, op: str) -> bool:
        """Whether an op on whole arrays may read them in any order, also with gaps."""
        return op in self.scalars.ANY_ORDER

    def has_whole(self, op: str) -> bool:
        """Whether an op on whole arrays can stand inside a compiled kernel."""
        return hasattr(self.scalars, f"{op}_whole")

    def whole_view(self, node: Node, operand: str, shapes: Sequence[Shape]) -> str:
        """A part of a value that lies in an order of its own in compiled kernels."""
        return str(getattr(self.scalars, f"{node.op}_view")(_view(node, [operand], shapes))).strip()

    @property
    def indices(self) -> list[str]:
        """What loops count with, the outermost first."""
        counts: list[str] = self.scalars.INDICES
        return counts

    def buffered_call(
        self, node: Node, operands: Sequence[Text], shapes: Sequence[Shape], out: str
    ) -> tuple[str, str]:
        """The op writing into an array: ("call", an expression), ("fill", statements) or an operator."""
        view = _view(node, [t.within(100) for t in operands], shapes)
        for form in ("call", "fill"):
            macro = getattr(self.buffered, f"{node.op}_{form}", None)
            if macro is not None:
                return form, str(macro(view, out)).strip()
        return "call", str(self.buffered.function(view, out)).strip()

    def making(self, node: Node, operands: Sequence[Text], shapes: Sequence[Shape]) -> Text:
        """The op as -O1 writes it where no array is planned for its value."""
        macro = getattr(self.buffered, f"{node.op}_new", None)
        if macro is None:
            return self.expression(node, operands, shapes)
        return Text(str(macro(_view(node, [t.within(100) for t in operands], shapes))).strip())

    def makes(self, node: Node) -> bool:
        """Whether the op without a planned array always makes one, and never gives a mere view."""
        return node.op in self.buffered.MAKES or OPS[node.op].elementwise

    def in_place(self, op: str) -> str | None:
        """The augmented operator for an op whose value replaces its first operand."""
        found: str | None = self.buffered.AUGMENTED.get(op)
        return found

    def may_overwrite(self, node: Node, operand: int) -> bool:
        """Whether the op's macro allows its value to be written over this operand."""
        allowed = self.buffered.OVERWRITES.get(node.op)
        return allowed is None or operand in allowed

    def render(self, template: str, **views: object) -> str:
        """A whole template."""
        return self.environment.get_template(template).render(**views)


def _loader(name: str, base: str | None) -> ChoiceLoader:
    """A template is looked for in the target's folder, then in its base's; `BASE/FILE` is the base's."""
    own = PackageLoader(f"nnc.templates.{name}", "")
    if base is None:
        return ChoiceLoader([own])
    theirs = PackageLoader(f"nnc.templates.{base}", "")
    return ChoiceLoader([own, theirs, PrefixLoader({base: theirs})])


def _expression(macros: Any, node: Node, operands: Sequence[Text], shapes: Sequence[Shape]) -> Text:
    """An op by its macro, with parentheses around operands that bind less tightly than it needs."""
    own, *needs = macros.BINDING.get(node.op, (100, 0))
    needs += [needs[-1]] * (len(operands) - len(needs))
    view = _view(node, [t.within(n) for t, n in zip(operands, needs, strict=False)], shapes)
    macro = getattr(macros, f"{node.op}_op", None) or macros.function
    return Text(str(macro(view)).strip(), own)


@cache
def load_target(name: str) -> Target:
    """A target by name, loaded once."""
    return Target(name)


@cache
def _words(name: str) -> set[str]:
    folder = files(f"nnc.templates.{name}")
    texts = [f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".jinja")]
    code = re.sub(PROSE, " ", "\n".join(texts), flags=re.DOTALL)
    return {*re.findall(r"[A-Za-z_]\w*", code, flags=re.ASCII), *COMPOSED}


def _view(node: Node, operands: Sequence[str], shapes: Sequence[Shape]) -> OpView:
    attrs = dict(node.attrs)
    return OpView(node.op, tuple(operands), attrs, node.type.shape, tuple(shapes), node.type.rank)


def number(value: float) -> str:
    """A number as a person writes it: whole ones without a point."""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return repr(float(value))


def dim_text(dim: Dim) -> str:
    """A dimension as a Python expression that binds like an atom."""
    text = str(dim)
    return text if text.isalnum() else f"({text})"


def attr_text(value: object) -> str:
    """An op's attribute as a function's argument."""
    if isinstance(value, tuple):
        return tuple_text(attr_text(item) for item in value)
    if isinstance(value, bool | str) or value is None:
        return repr(value)
    return number(value) if isinstance(value, float) else str(value)


def sizes(shape: Shape) -> str:
    """A shape as arguments of reshape; one lone symbolic size is left for NumPy to work out."""
    symbolic = [i for i, n in enumerate(shape) if not isinstance(n, int)]
    if len(symbolic) == 1 and symbols(shape[symbolic[0]]):
        return ", ".join("-1" if i == symbolic[0] else str(n) for i, n in enumerate(shape))
    return ", ".join(str(n) for n in shape)


def transposed(code: str) -> str:
    """The transpose of a matrix that binds like an atom: `W` and `W.T` of each other."""
    return code.removesuffix(".T") if code.endswith(".T") else f"{code}.T"


def tuple_text(items: Iterable[object]) -> str:
    """Pieces of source as a tuple: `(784,)`, `(B, 10)`, `()`."""
    pieces = [str(item) for item in items]
    return f"({pieces[0]},)" if len(pieces) == 1 else f"({', '.join(pieces)})"


def dict_text(pairs: Iterable[tuple[str, object]]) -> str:
    """Names and pieces of source as a dict: `{"a": x, "b": y}`."""
    return "{" + ", ".join(f"{name!r}: {text}" for name, text in pairs) + "}"


def kind(statement: object) -> str:
    """The class of a statement, by which templates choose how to write it."""
    return type(statement).__name__


def docline(text: str) -> str:
    """A line of the spec as a docstring may quote it: printable, nothing that ends the string."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.replace("\\", "\\\\").replace('"', "'").rstrip()
