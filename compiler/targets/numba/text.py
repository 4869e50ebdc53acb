"""The text of generated kernels: values from the inside out, statements by kernels.jinja."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from ..target import bindings, buffered_call, op_text
from ..text import OpView, Text, number, op_view
from ..uses import recording
from .arrays import Declared
from .choices import (
    Applied,
    Empty,
    Entry,
    Form,
    HelperCall,
    Number,
    Real,
    Room,
    Start,
    Statement,
    Times,
    Value,
    Var,
    View,
    WholeOp,
)
from .forms import KernelForms
from .uses import KernelOperands, Recorder, Uses


class PartText:
    """Writes a part of a kernel, and records the names that its text uses."""

    def __init__(self, forms: KernelForms) -> None:
        self.forms = forms
        self.recorder = Recorder()

    def _macros(self, template: str, **known: Callable[..., object]) -> Any:
        return self.forms.macros(template, self.recorder, **known)

    @cached_property
    def _kernels(self) -> Any:
        return self._macros("kernels.jinja", code=self.code, lines_of=self._lines)

    @cached_property
    def _views(self) -> Any:
        return self._macros("views.jinja")

    @cached_property
    def _scalars(self) -> Any:
        return self._macros("scalars.jinja")

    def statements(self, statements: Sequence[Statement]) -> str:
        """Return statements as a function's body."""
        return str(self._kernels.statements(statements)).rstrip()

    def declared(self, arrays: Sequence[Declared]) -> tuple[tuple[str, str], ...]:
        """Return the arrays that the text uses: their names and the views that declare them."""
        used = [(a.name, a.view) for a in arrays if a.view and a.name in self.recorder.uses.names]
        return tuple((name, self.view(view)) for name, view in used)

    def view(self, view: Room | Empty) -> str:
        """Return the declaration of an array."""
        return str(self._views.declared(view)).strip()

    def code(self, value: Value) -> str:
        """Return the source of a value."""
        return self.text(value).code

    def text(self, value: Value) -> Text:
        """Return the source of a value, with the binding of its outermost operator."""
        match value:
            case Applied():
                return self._applied(value)
            case View(form, of, args):
                return _atom(getattr(self._views, f"{form}_view")(self.code(of), *args))
            case Entry(array, at):
                return _atom(self._kernels.entry(self.code(array), at))
            case Real(inner):
                return _atom(self._kernels.cast(self.code(inner)))
            case Times(factors):
                return _atom(self._kernels.times([self.text(f).within(70) for f in factors]))
            case Number(constant):
                return Text(number(constant))
            case Start():
                return Text(self._kernels.START[value.value])
            case Var(name):
                return Text(self.recorder.name(name))

    def _applied(self, value: Applied) -> Text:
        match value.form:
            case Form.ENTRY:
                return self._expression(self._scalars, value)
            case Form.NUMPY:
                return self._expression(self._macros("expressions.jinja"), value)
            case Form.VIEW:
                return _atom(getattr(self._scalars, f"{value.node.op}_view")(self._seen(value)))

    def _expression(self, macros: Any, value: Applied) -> Text:
        own, needs = bindings(macros, value.node.op, len(value.operands))
        return Text(op_text(macros, self._seen(value, needs)), own)

    def _seen(self, value: Applied, needs: Sequence[int] | None = None) -> OpView:
        """Return an op's view for its macro; operands are atoms unless `needs` has bindings."""
        operands = [self._operand(operand) for operand in value.operands]
        texts, mentions = [text for text, _ in operands], [uses for _, uses in operands]
        bindings = needs or [100] * len(operands)
        seen = KernelOperands(texts, bindings, self.recorder, mentions)
        return op_view(value.node, seen, value.shapes)

    def _operand(self, value: Value) -> tuple[Text, Uses]:
        """Return an operand's text, which the macro may omit, and the names that it uses."""
        with self.recorder.apart() as mentions, recording() as used:
            text = self.text(value)
        return replace(text, uses=frozenset(used)), mentions

    def _lines(self, statement: WholeOp | HelperCall) -> list[str]:
        """Return the lines of an op on whole arrays."""
        view, out = self._seen(statement.call), self.code(statement.out)
        if isinstance(statement, WholeOp):
            text = str(getattr(self._scalars, f"{statement.form}_whole")(view, out))
        else:
            text = buffered_call(self._macros("buffered.jinja"), view, out)[1]
        return [line.strip() for line in text.splitlines() if line.strip()]


def _atom(text: object) -> Text:
    return Text(str(text).strip())
