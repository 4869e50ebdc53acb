"""A fast driver of Lark's parse tables without its error handling, for text without errors.

A list of a hundred thousand numbers is a statement, and Lark performs for each of them six
reductions that change nothing (`?atom`, `?power`, …), each found by the hash of a rule. Here the
action of a state on a terminal is looked up once, and chains of reductions that only pass on a
value are followed once for each pair of states. A text that does not fit is left to Lark, whose
errors name the expected tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from lark import Lark
from lark.parsers.lalr_analysis import Shift

END = "$END"

Reduce = tuple[int, str, Callable[[list[Any]], Any] | None]
"""The number of values of a rule, its name, and the function of them (None: passed on)."""


class Tables:
    """The states of a parser: integers shift, tuples reduce."""

    def __init__(self, lark: Lark, rules: Iterable[str], builder: object) -> None:
        confs = {rule: lark.parse_interactive(start=rule).parser_state.parse_conf for rule in rules}
        self._ends = {rule: (conf.start_state, conf.end_state) for rule, conf in confs.items()}
        conf = next(iter(confs.values()))
        reduces = {id(rule): _reduce(rule, builder) for rule in lark.rules}
        self._states: dict[int, dict[str, int | Reduce]] = {
            state: {
                name: (
                    target
                    if action is Shift
                    else reduces.get(id(target)) or _reduce(target, builder)
                )
                for name, (action, target) in actions.items()
            }
            for state, actions in conf.states.items()
        }
        self._passed: dict[tuple[int, int, str], int] = {}

    def parse(self, rule: str, tokens: Iterable[tuple[str, Any]]) -> tuple[bool, Any]:
        """Return whether terminals with their values match the rule, and the result."""
        start, end = self._ends[rule]
        states, values, table, passed = [start], list[Any](), self._states, self._passed
        for kind, value in tokens:
            while True:
                step = table[states[-1]].get(kind)
                if step.__class__ is int:
                    break
                if step is None:
                    return False, None
                size, name, make = step  # type: ignore[misc]  # an int has left the loop above
                if make is None:
                    passing = states[-2], states[-1], kind
                    states[-1] = passed.get(passing) or self._pass_on(*passing)
                elif make is _one_more:
                    values[-size].children.append(values[-1])
                    del states[1 - size :], values[1 - size :]
                else:
                    made = values[-size:]
                    del states[-size:], values[-size:]
                    states.append(table[states[-1]][name])
                    values.append(make(made))
                    if kind == END and states[-1] == end:
                        return True, values[-1]
            states.append(step)
            values.append(value)
        return False, None

    def _pass_on(self, below: int, state: int, kind: str) -> int:
        """Return the state after all reductions that pass on the last value."""
        found, go_on = state, self._states[below]
        while isinstance(step := self._states[found].get(kind), tuple) and step[2] is None:
            found = go_on[step[1]]  # type: ignore[assignment]  # a rule's entry is a state
        self._passed[below, state, kind] = found
        return found


@dataclass(slots=True)
class _Inlined:
    """The values of a rule that begins with `_`, until the rule around it takes them."""

    children: list[Any]


def _one_more(values: list[Any]) -> _Inlined:
    """Append to a list in progress, which is the first value of such a rule."""
    values[0].children.append(values[-1])
    return cast(_Inlined, values[0])


def _reduce(rule: Any, builder: object) -> Reduce:
    """Return the reduction of a rule; a rule that just passes on one symbol makes nothing."""
    size, name = len(rule.expansion), str(rule.origin.name)
    kept = _kept(rule)
    if rule.options.expand1 and not rule.alias and size == len(kept) == 1:
        return size, name, None
    inlined = [(i, _is_inlined(rule.expansion[i])) for i in kept if i is not None]
    if not name.startswith("_"):
        return size, name, _made(getattr(builder, rule.alias or name), size, kept, dict(inlined))
    goes_on = rule.expansion[0] == rule.origin and inlined == [(0, True), (size - 1, False)]
    return size, name, _one_more if goes_on and size > 1 else partial(_gathered, inlined)


def _kept(rule: Any) -> list[int | None]:
    """Return the symbols that a rule passes on; None for parts in brackets that were left out."""
    kept: list[int | None] = []
    symbols = enumerate(rule.expansion)
    for empty in rule.options.empty_indices or (False,) * len(rule.expansion):
        if empty:
            kept.append(None)
            continue
        i, symbol = next(symbols)
        if not (symbol.is_term and symbol.filter_out):
            kept.append(i)
    return kept


def _made(
    make: Callable[[list[Any]], Any], size: int, kept: list[int | None], inlined: dict[int, bool]
) -> Callable[[list[Any]], Any]:
    """Return a function that calls a builder method with the values that it takes."""
    if not any(inlined.values()):
        if kept == list(range(size)):
            return make
        return lambda values: make([None if i is None else values[i] for i in kept])

    def spread(values: list[Any]) -> Any:
        parts: list[Any] = []
        for i in kept:
            if i is None:
                parts.append(None)
            elif inlined[i]:
                parts += values[i].children
            else:
                parts.append(values[i])
        return make(parts)

    return spread


def _is_inlined(symbol: Any) -> bool:
    return not symbol.is_term and symbol.name.startswith("_")


def _gathered(kept: list[tuple[int, bool]], values: list[Any]) -> _Inlined:
    """Return the values of an inlined rule; a list in progress is extended in place."""
    found: _Inlined | None = None
    for i, inlined in kept:
        if not inlined:
            found = found or _Inlined([])
            found.children.append(values[i])
        elif found is None:
            found = values[i]
        else:
            found.children += values[i].children
    return found or _Inlined([])
