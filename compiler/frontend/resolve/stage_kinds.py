"""The layer kind that the word of a stage names."""

from __future__ import annotations

from ...kinds.layer import LayerKind
from .. import ast
from .scope import Env


def kind_named(word: ast.Word, env: Env) -> LayerKind | None:
    """Return the kind of a formula of the spec or of a registered layer; None if there is neither.

    Formulas are imported only if the spec has some. Raises Fault if a formula is no stage.
    """
    if word.id not in env.state.fns:
        return env.state.kinds.find(word.id)
    from .fn_kinds import layer_kind

    return layer_kind(word, env)
