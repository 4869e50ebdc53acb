"""The value of a let, asked for outside of a resolution."""

from __future__ import annotations

from ...diagnostics.model import Report
from .. import ast
from .constants import let_value
from .files import Collector, Load
from .scope import Env, Fault, Naming, Scope, SpecState, TooLarge
from .values import ListConst, Number, RangeConst, SizeConst, number_text
from .vocabulary import Kinds


def let_text(name: str, file: ast.File, load: Load) -> str:
    """Return the value of a let as text, or an empty string if it has none."""
    env = Env(SpecState(Report(), file, Kinds.current()), Scope(Naming()))
    try:
        Collector(env, load).collect(file)
        return _text(let_value(name, env, used=False)) if name in env.state.lets else ""
    except (Fault, TooLarge):
        return ""


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case SizeConst(parts):
            return "x".join(map(str, parts))
        case RangeConst(start, stop):
            return f"{start}:{stop}"
        case ListConst(items):
            return f"[{', '.join(map(_text, items))}]"
        case _ if isinstance(value, Number):
            return number_text(value)
    return ""
