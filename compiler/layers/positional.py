"""positional: adds a different vector to each position."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.dims import Dim, fixed
from ..ir.types import TensorType
from ..kinds.arguments import IN_ARG, INIT_ARG, Flag, Int, option
from ..kinds.layer import Family, LayerKind, ParamSpec
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.rules import check_in, per_entry, require_positions
from ..kinds.stepping.context import StepContext, Stepped, step_rule
from ..kinds.stepping.memory import Memory
from ..kinds.stepping.rules import require_first
from ..ops.attention import positions
from ..ops.build import Value
from ..ops.shape import narrow
from ..ops.stepping import position_code, row_at
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    size = require_positions(c)
    check_in(c, size, c.input)
    length, most = c.input.shape[0], c.arg("max")
    if not c.arg("learned"):
        return c.input
    if most is None and not isinstance(length, int) and isinstance(size, int):
        raise ShapeFault(
            codes.SYMBOLIC_PARAMETER,
            f"the number of learned positions would depend on {length}",
            here="parameters are made before it is known",
            at="max",
            help=f"say how long rows may be: `{c.kind} learned=true max=512`",
            replace="512",
            result=c.input,
        )
    if most is not None and isinstance(length, int) and most < length:
        raise ShapeFault(
            codes.TOO_MANY_POSITIONS,
            f"{most} positions are learned, but {length} come in",
            at="max",
            here=f"less than {length}",
            help=f"write `max={length}` or more",
            replace=str(length),
            result=c.input,
        )
    return c.input


def _most(c: ShapeContext) -> Dim:
    most: int | None = c.arg("max")
    return c.input.shape[0] if most is None else most


def _conditions(c: ShapeContext) -> tuple[Dim, ...]:
    """Require that no row is longer than the table."""
    return (_most(c) + 1 - c.input.shape[0],) if c.arg("learned") else ()


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    if not c.arg("learned"):
        return ()
    most, size = _most(c), c.input.shape[1]
    return (ParamSpec("W", (most, size), "table", c.arg("init"), most, size),)


def _lower(c: LowerContext) -> Value:
    if not c.arg("learned"):
        table = c.build.describe(
            positions(c.x), hint=f"{c.name}_table", formula="sin and cos of t / 10000^(2i/D)"
        )
        return c.note(c.x + table, "y = x + p, p the sines and cosines of each position")
    rows, length = c.param("W"), c.x.type.shape[1]
    if rows.type.shape[0] != length:
        rows = narrow(rows, 0, 0, length)
    return c.note(c.x + rows, "y = x + the first T rows of W")


@step_rule("adds the vector of the position that is read")
def _step(c: StepContext) -> Stepped:
    require_first(c)
    if not c.arg("learned"):
        return Stepped(0, lower=_lower_step)
    rows, length = c.arg("max"), c.input.shape[0]
    most = fixed(length) if rows is None else rows
    return Stepped(0, lower=_lower_step, most=most)


def _lower_step(c: LowerContext, memory: Memory) -> Value:
    t = memory.position()
    if not c.arg("learned"):
        code = c.build.describe(
            position_code(c.x, t), hint=f"{c.name}_code", formula="sin and cos of t / 10000^(2i/D)"
        )
        return c.note(c.x + code, "y = x + p, p the sines and cosines of position t")
    return c.note(c.x + row_at(c.param("W"), t), "y = x + row t of W")


layer(
    LayerKind(
        name="positional",
        family=Family.FIXED,
        summary="adds a different vector to every position, for layers that do not depend on the order "
        "of positions",
        formula="y = x + p; p[t, 2i] = sin(t / 10000^(2i/D)), p[t, 2i+1] = cos(t / 10000^(2i/D))",
        example="input Tx64 -> positional -> attention 4 -> dense 3; loss mse",
        args=(
            option("learned", Flag(), "learn the vectors instead", False),
            option("max", Int(low=1), "number of learned positions, the length of the longest row"),
            IN_ARG,
            INIT_ARG,
        ),
        shape=_shape,
        params=_params,
        conditions=_conditions,
        lower=_lower,
        step=_step,
        flops=per_entry(1),
        aliases=("positional_encoding", "positional_embedding"),
        torch="x + nn.Embedding(max, D).weight[:T] where learned",
        keras="SinePositionEncoding() or PositionEmbedding(max) of keras_hub",
        notes="TxD gives TxD (Vaswani et al. 2017, section 3.5). With `learned=true max=L` the "
        "vectors are the rows of `positional1.W`, (L, D), and longer rows are refused.",
    )
)
