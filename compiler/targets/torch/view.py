"""The template view of a PyTorch module: that of a module, and what only PyTorch needs."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from ...ir.op_graph import Graph
from ...program.program import Program
from ..numpy.arrays import ArrayView
from ..numpy.view import ModuleView
from .optimizers import library_call

VALUES = ("probabilities", "unit", "counts")
"""Kinds of targets that are numbers in the shape of the output; their range is not checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchView(ModuleView):
    """All parts of a generated PyTorch module.

    `unreached` are parameters that no loss depends on, so that autograd leaves them without a
    gradient; `reads_lengths` says that a recurrent layer of PyTorch's own reads padded rows;
    `library` is the optimizer of torch.optim as a call, empty where there is none that
    computes the same."""

    unreached: tuple[str, ...]
    library: str
    reads_lengths: bool

    @property
    def language(self) -> str:
        """The library, for the module's docstring."""
        return "PyTorch"

    @staticmethod
    def reads_size(array: ArrayView, axis: int) -> str:
        """Return the expression that reads a size of an input, as torch.export traces it."""
        return f"{array.var}.shape[{axis}]"

    @property
    def trains(self) -> bool:
        """Whether there is a loss, and a parameter that it changes."""
        return self.loss is not None and len(self.frozen) < len(self.params)

    @property
    def optimizer_class(self) -> str:
        """The name of an optimizer that is written as a class of its own."""
        return self.optimizer.kind.capitalize() if self.optimizer else ""

    @property
    def class_ids(self) -> bool:
        """Whether a target of classes is passed on to F.cross_entropy as it is."""
        return any(a.kind == "class_ids" for a in self.targets)

    @property
    def only_output(self) -> str:
        """The condition under which `forward` gives the output instead of the loss."""
        return "target is None" if self.targets else "not loss"

    @property
    def loss_argument(self) -> str:
        """The parameter of `forward` that asks for the loss, as source."""
        if self.loss is None:
            return ""
        return ", target: Any = None" if self.targets else ", loss: bool = False"

    @property
    def rests(self) -> list[str]:
        """The keyword arguments of `forward` besides the target."""
        return ["lengths"] * bool(self.ragged) + (self.loss_words if self.loss else [])

    @property
    def late_dims(self) -> tuple[tuple[str, str], ...]:
        """The sizes that only the loss needs."""
        known = {name for name, _ in self.forward.dims}
        by_input = dict(self.cache.dims)
        late = self.loss.dims if self.loss else ()
        return tuple((name, by_input.get(name, text)) for name, text in late if name not in known)


def torch_view(view: ModuleView, program: Program) -> TorchView:
    """Return the view of a module whose graph has PyTorch's own layers and losses."""
    graph, typed = program.training.kernels.graph, program.typed
    shared: dict[str, Any] = {f.name: getattr(view, f.name) for f in fields(ModuleView)}
    shared["targets"] = tuple(_target(a, graph) for a in view.targets)
    trained = [p.name for p in typed.trained]
    reached = _reached(graph)
    optimizer = typed.graph.training.optimizer
    return TorchView(
        **shared,
        reads_lengths=any(dict(n.attrs).get("lengths") is True for n in graph),
        unreached=tuple(name for name in trained if name not in reached) if view.loss else (),
        library=library_call(optimizer) if optimizer else "torch.optim.SGD(groups, lr=rate)",
    )


def _target(a: ArrayView, graph: Graph) -> ArrayView:
    """Return a target as PyTorch takes it: class ids stay such where nothing else reads them."""
    if a.kind in VALUES:
        return replace(a, kind="values")
    leaf = next(n for n in graph if n.op == "target" and n.attr("name") == a.name)
    readers = {graph[i].op for i in graph.users[leaf.id]}
    return replace(a, kind="class_ids") if readers == {"F_cross_entropy"} else a


def _reached(graph: Graph) -> set[str]:
    """Return the parameters that the losses depend on."""
    wanted = set(graph.outputs_for("loss").values())
    for node in reversed(graph.nodes):
        if node.id in wanted and node.op != "stop":
            wanted.update(node.inputs)
    return {n.word("name") for n in graph if n.op == "param" and n.id in wanted}
