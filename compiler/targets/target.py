"""The base class of targets: a folder of templates, with a macro per op, and its properties."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from importlib.resources import files
from typing import Any, ClassVar

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined

from ..contents import Contents, Weights
from ..diagnostics.model import Diagnostic
from ..ir.dims import Dim, Shape
from ..ir.layer_graph import TypedGraph
from ..ir.lists import cut_lists
from ..ir.op_graph import Node
from ..kinds.loss import TARGET_KINDS
from ..ops import OPS
from ..program.functions import Functions
from ..program.program import Program
from . import target_names
from .text import (
    OpView,
    Text,
    attr_text,
    dict_text,
    dim_text,
    docline,
    doctext,
    kind,
    number,
    op_view,
    sizes,
    tuple_text,
)
from .uses import Operands, atoms, recording, uses

PROSE = r'\{#.*?#\}|\{%.*?%\}|""".*?"""|#[^\n]*'
"""The parts of a template that are not code: comments, docstrings, template statements."""

COMPOSED = tuple(f"as_{kind}" for kind in TARGET_KINDS)
"""Names that templates compose from parts."""

READABLE = "numpy"
"""The target of -O0 for all that have levels: readable code is plain NumPy."""


ARRAY_DICTS = {"param": "params", "state": "state", "stream": "stream"}
"""Leaves that are looked up by name, and the dict of NumPy modules that has them; all others have
their own variables."""


@dataclass(frozen=True, slots=True)
class Buffered:
    """An op that writes into an array; `form`: "call" (an expression) or "fill" (statements)."""

    form: str
    text: str
    uses: frozenset[str]


class Target(ABC):
    """A target: its templates, loaded, and the properties that planning needs.

    A subclass in its own folder, compiler/targets/NAME, says how a module is written;
    templates/NAME has the text. `base` names the target whose templates replace missing ones.
    `borrows` names targets whose templates its own may include, as `NAME/FILE`. `fuses` says that
    the target also writes predict as one fused function; `derives` that its library differentiates,
    so that graphs end at the loss, and there is one level, the readable one; `decides` names the
    optimisations that do not apply to it, `requires` the packages that its modules import, `told`
    the numbers that Python passes to templates."""

    base: str | None = None
    borrows: tuple[str, ...] = ()
    fuses: bool = False
    derives: bool = False
    decides: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    told: ClassVar[Mapping[str, float]] = {}

    def __init__(self, name: str) -> None:
        self.name = name
        self.environment = Environment(
            loader=_loader(name, self.base, self.borrows),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,
            extensions=["jinja2.ext.do"],
        )
        self.environment.filters.update(
            number=number,
            dim=dim_text,
            attr=attr_text,
            sizes=sizes,
            pyrepr=repr,
            kind=kind,
            docline=docline,
            doctext=doctext,
            cut_lists=cut_lists,
            tuple=tuple_text,
            chomp=str.rstrip,
            dict=dict_text,
        )
        self.environment.globals.update(self.told, uses=uses)
        self.expressions: Any = self.environment.get_template("expressions.jinja").module

    @cached_property
    def buffered(self) -> Any:
        """The macros that write into arrays; a target of one level has none."""
        return self.environment.get_template("buffered.jinja").module

    def level(self, requested: int) -> int:
        """Return the level at which programs are planned."""
        return 0 if self.derives else requested

    def fault(self, typed: TypedGraph) -> Diagnostic | None:
        """Return what a network has that the target cannot write, if anything."""
        return None

    def patterns(self, functions: Functions) -> Functions:
        """Return the functions with what the target has a call of its own for as one op."""
        return functions

    def stored(self, op: str, name: str) -> str:
        """Return the reference to a parameter (op `param`), or to another array kept by name."""
        return f"{ARRAY_DICTS[op]}[{name!r}]"

    def variable(self, op: str, name: str) -> str:
        """Return the reference to another leaf, whose variable has that name."""
        return name

    def constant(self, name: str) -> str:
        """Return the reference to an array constant."""
        return name

    def size(self, array: str, axis: int) -> str:
        """Return the size of an array along an axis, as source."""
        return f"{array}.shape[{axis}]" if axis else f"len({array})"

    @abstractmethod
    def write(
        self,
        program: Program,
        spec: str,
        file: str,
        contents: Contents = Contents.MODULE,
        *,
        carries: bool = False,
    ) -> str:
        """Return the module's source, unformatted; `spec` is its text, `file` its name.

        `carries` says that embedded weights follow."""

    @abstractmethod
    def write_weights(self, weights: Weights, typed: TypedGraph) -> str:
        """Return weights as data, for the end of a module that embeds them, already formatted."""

    @abstractmethod
    def scratch(self, node: Node, shapes: Sequence[Shape], wide: int) -> Dim:
        """Return the bytes of large temporary arrays that an op allocates and frees.

        `shapes` are those of its operands, `wide` the bytes of a number."""

    @property
    def helper_files(self) -> list[str]:
        """The templates of helper functions, the general ones first."""
        return sorted(n for n in self.environment.list_templates() if n.startswith("helpers"))

    @property
    def words(self) -> set[str]:
        """Every identifier in the templates: none may be given to a value."""
        return _words(self.name) | (_words(self.base) if self.base else set())

    def expression(self, node: Node, operands: Sequence[Text], shapes: Sequence[Shape]) -> Text:
        """Return the op as an expression of its operands."""
        return expression(self.expressions, node, operands, shapes)

    def buffered_call(
        self, node: Node, operands: Sequence[Text], shapes: Sequence[Shape], out: str
    ) -> Buffered:
        """Return the op written into an array."""
        with recording() as used:
            form, text = buffered_call(self.buffered, op_view(node, atoms(operands), shapes), out)
        return Buffered(form, text, frozenset(used))

    def making(self, node: Node, operands: Sequence[Text], shapes: Sequence[Shape]) -> Text:
        """Return the op at -O1 where no array is planned for its value."""
        macro = getattr(self.buffered, f"{node.op}_new", None)
        if macro is None:
            return self.expression(node, operands, shapes)
        with recording() as used:
            code = str(macro(op_view(node, atoms(operands), shapes))).strip()
        return Text(code, uses=frozenset(used))

    def makes(self, node: Node) -> bool:
        """Return whether the op, without a planned array, always allocates one, never a view."""
        return node.op in self.buffered.MAKES or OPS[node.op].elementwise

    def in_place(self, op: str) -> str | None:
        """Return the augmented operator for an op whose value replaces its first operand."""
        found: str | None = self.buffered.AUGMENTED.get(op)
        return found

    def may_overwrite(self, node: Node, operand: int) -> bool:
        """Return whether the op's macro allows its value to overwrite this operand."""
        allowed = self.buffered.OVERWRITES.get(node.op)
        return allowed is None or operand in allowed

    def render(self, template: str, **views: object) -> str:
        """Render a whole template."""
        return self.environment.get_template(template).render(**views)


@cache
def load_target(name: str) -> Target:
    """Load a target by name, once; raises ValueError if it does not exist."""
    if name not in target_names():
        raise ValueError(f"no target '{name}': there are {', '.join(target_names())}")
    target: Target = import_module(f"{__package__}.{name}").TARGET(name)
    return target


def expression(macros: Any, node: Node, operands: Sequence[Text], shapes: Sequence[Shape]) -> Text:
    """Return an op by its macro, with parentheses around operands that bind less tightly."""
    own, needs = bindings(macros, node.op, len(operands))
    with recording() as used:
        code = op_text(macros, op_view(node, Operands(operands, needs), shapes))
    return Text(code, own, frozenset(used))


def bindings(macros: Any, op: str, count: int) -> tuple[int, list[int]]:
    """Return the binding of an op's expression, and the binding that each operand needs."""
    own, *needs = macros.BINDING.get(op, (100, 0))
    return own, [*needs, *[needs[-1]] * (count - len(needs))][:count]


def op_text(macros: Any, view: OpView) -> str:
    """Return an op's expression by its macro."""
    macro = getattr(macros, f"{view.op}_op", None) or macros.function
    return str(macro(view)).strip()


def buffered_call(macros: Any, view: OpView, out: str) -> tuple[str, str]:
    """Return an op written into an array by its macro, and its form; see Target.buffered_call."""
    for form in ("call", "fill"):
        macro = getattr(macros, f"{view.op}_{form}", None)
        if macro is not None:
            return form, str(macro(view, out)).strip()
    return "call", str(macros.function(view, out)).strip()


def _loader(name: str, base: str | None, borrows: Sequence[str]) -> ChoiceLoader:
    """Return the loader: the target's folder, then its base's; `NAME/FILE` is a file of another."""
    own = PackageLoader(f"nnc.templates.{name}", "")
    others = {n: PackageLoader(f"nnc.templates.{n}", "") for n in (*borrows, *filter(None, [base]))}
    return ChoiceLoader([own, *(others[n] for n in others if n == base), PrefixLoader(others)])


@cache
def _words(name: str) -> set[str]:
    folder = files(f"nnc.templates.{name}")
    texts = [f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".jinja")]
    code = re.sub(PROSE, " ", "\n".join(texts), flags=re.DOTALL)
    return {*re.findall(r"[A-Za-z_]\w*", code, flags=re.ASCII), *COMPOSED}
