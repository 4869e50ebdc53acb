"""The step of convolutions over CxL, with a ring buffer of the inputs that the kernel needs again."""

from __future__ import annotations

from ...ir.dims import fixed
from ...ops.build import Value
from ...ops.conv import conv
from ...ops.shape import reshape, transpose
from ...ops.stepping import recent
from ..lower.context import LowerContext
from ..lower.windows import with_bias
from ..shapes.windows import Window, window_of
from .context import LooksAhead, StepContext, Stepped, step_rule
from .memory import Memory


@step_rule(
    "with `pad=causal` and no stride; it remembers the positions that its kernel touches again"
)
def steps_causally(c: StepContext) -> Stepped:
    """Return the step of a kernel that ends at its own position, without a stride."""
    if c.time != 1 or c.input.rank != 2:
        raise LooksAhead(
            f"{c.kind} takes in all positions along axis {c.time}",
            help="bring the sequence to CxL, with the positions last, and write `pad=causal`",
            misread=True,
        )
    window = window_of(c.args, c.input.shape[1:])
    if window.stride != (1,):
        raise LooksAhead(
            f"with a stride of {window.stride[0]} there is no output at every position",
            help="leave out the stride",
            at="stride",
            replace="1",
        )
    if window.pad != ((window.reach[0] - 1, 0),):
        raise _sees_later(c, window)
    return Stepped(1, lower=_lower)


def _sees_later(c: StepContext, window: Window) -> LooksAhead:
    if window.reach[0] == 1:
        return LooksAhead(
            "padding adds positions at both ends",
            help="leave out `pad`: a kernel of 1 needs none",
            at="pad",
            replace="valid",
        )
    return LooksAhead(
        f"a kernel that touches {window.reach[0]} positions sees later ones",
        help="write `pad=causal`: all zeros in front, so that no position sees a later one",
        at="pad",
        replace="causal",
    )


def _lower(c: LowerContext, memory: Memory) -> Value:
    """Apply the kernel to this position and the earlier ones that it covers."""
    shape = window_of(c.args, (1,))
    window = _window(c, memory, shape.kernel[0], shape.dilation[0])
    groups = c.x.type.shape[1] if c.args.get("groups") is None else c.arg("groups")
    if groups == 1:
        z = _product(window, c.param("W"))
    else:
        z = conv(window, c.param("W"), stride=(1,), pad=((0, 0),), dilation=(1,), groups=groups)
        z = reshape(z, z.type.shape[:2])
    return with_bias(c, z, "z = Σ x[u] W[u]")


def _window(c: LowerContext, memory: Memory, kernel: int, dilation: int) -> Value:
    batch, channels = c.x.type.shape
    if kernel == 1:
        return reshape(c.x, (batch, channels, 1))
    count = (kernel - 1) * dilation
    when = "position" if count == 1 else f"{count} positions"
    what = f"what came into {c.name} at the {when} before, a ring"
    past = memory.before("past", (fixed(channels), count), what)
    window = recent(c.x, past, memory.position(), dilation=dilation)
    places = [_place(dilation * n) for n in range(kernel - 1, 0, -1)]
    listed = [places[0], "…", places[-1]] if kernel > 4 else places
    formula = f"x at {', '.join(listed)}, t"
    return c.build.describe(window, hint=f"{c.name}_window", formula=formula)


def _place(back: int) -> str:
    return f"t − {back}"


def _product(window: Value, w: Value) -> Value:
    """Return the sum over channels and kernel entries as one matrix product: (B, C·k) by (C·k, F)."""
    batch, channels, kernel = window.type.shape
    rows = reshape(window, (batch, channels * kernel))
    return rows @ transpose(reshape(w, (w.type.shape[0], channels * kernel)))
