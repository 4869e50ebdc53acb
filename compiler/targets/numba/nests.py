"""Loop nests: the order of loops, the statements before them, and the steps in each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...ir.op_graph import Node
from ...ops import OPS
from ...program.kernels import Kernel
from ...program.loops import Nest, by_row, by_rows, operand_indices, summed, value_indices
from ..numpy.frame import comment
from .choices import Assignment, How, Loop, LoopNest, Start, Var
from .reads import Readers, is_stored
from .scalars import Scalars, hint
from .steps import Steps
from .views import Views


@dataclass(frozen=True, slots=True)
class Nests:
    """Generates the loops of a kernel's nests."""

    kernel: Kernel
    readers: Readers
    views: Views
    scalars: Scalars

    def loops(self, nest: Nest) -> LoopNest:
        """Return the loops over the rows of a shape, and in each row over its entries."""
        viewed: dict[int, Var] = {}
        before = [*self._hoisted(nest, viewed), *self._started(nest)]
        order = self.loop_order(nest)
        loops = [Loop(axis, nest.shape[axis]) for axis in order]
        steps = Steps(self.kernel, self.readers, self.scalars, nest, loops[-1], viewed)
        done = tuple(steps.step(step) for step in nest.steps)
        return LoopNest(tuple(before), tuple(loops[:-1]), done)

    def loop_order(self, nest: Nest) -> Sequence[int]:
        """Return the axes of a nest, outermost first, so that matrices are read in memory order."""
        axes = range(len(nest.shape))
        rows = len(nest.steps) > 1 or any(by_row(self.kernel.graph, n) for n in nest.nodes)
        if len(axes) != 2 or rows or not nest.steps[0].entries:
            return axes
        close = Counter(self._close_axes(nest))
        return (1, 0) if close[0] > close[1] else axes

    def _close_axes(self, nest: Nest) -> Iterator[int | None]:
        """Yield, for every access to a matrix, the axis along which its entries are contiguous."""
        graph, at_hand = self.kernel.graph, {node.id for node in nest.nodes}
        for node in nest.nodes:
            read = [operand_indices(graph, node, i, nest.shape) for i in summed(node)]
            used = [(i, at) for i, at in read if i not in at_hand]
            if is_stored(self.kernel, self.readers, nest, nest.steps[0], node):
                used.append((node.id, value_indices(graph, node, nest.shape)))
            for i, at in used:
                if len(at) == 2:
                    yield at[0 if self.views.arrays.by_columns(i) else 1].axis

    def _hoisted(self, nest: Nest, viewed: dict[int, Var]) -> Iterator[Assignment]:
        """Yield variables for scalars that a nest reads, and for views that no index expresses."""
        for node in nest.nodes:
            for i in summed(node):
                root, _ = operand_indices(self.kernel.graph, node, i, nest.shape)
                value = self.kernel.graph[root]
                if value.type.rank == 0 and value.op != "const":
                    line = self.scalars.hoisted(root)
                    if line is not None:
                        yield line
                elif OPS[value.op].view and root not in viewed:
                    name = Var(self.views.arrays.namer.fresh(f"{hint(value)}_view"))
                    viewed[root] = name
                    yield Assignment(name, self.views.whole(root).array)

    def _started(self, nest: Nest) -> Iterator[Assignment]:
        """Yield the initial values of sums over rows."""
        for node in nest.nodes:
            if by_rows(self.kernel.graph, node):
                yield self._start(node)

    def _start(self, node: Node) -> Assignment:
        lowest, note = node.op == "max", node.origin.formula
        if node.type.rank:
            start = Start.LOWEST if lowest else Start.ZERO
            array = self.views.arrays.array(node.id)
            return Assignment(array, start, comment(node, note), How.FILL)
        name = self.scalars.sums[node.id] = Var(self.views.arrays.namer.fresh(hint(node)))
        return Assignment(name, Start.LOWEST if lowest else Start.REAL_ZERO, note)
