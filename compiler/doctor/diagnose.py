"""From given arrays to a diagnosis: mutants of the right program are run on the same numbers.

The mutant whose values equal the given ones is the diagnosis. Where intermediate gradients are
given, only what the first wrong one depends on is suspected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Unpack

import numpy as np

from ..ir.layer_graph import TypedGraph
from ..ir.op_graph import Graph
from ..lower.losses import target_layers, target_name
from .anatomy import Anatomy
from .comparison import Measure, Relation, compare, relation
from .conventions import conventions
from .diagnosis import Diagnosis, Tensor
from .evidence import sentences
from .interpreter import Array, Leaves
from .reference import Besides, Reference
from .search import Search
from .stepping import AFTER, Step, starting_memory, with_step


def diagnose(
    reference: Reference,
    given: Mapping[str, Array],
    *,
    rate: float | None = None,
    after: Mapping[str, Array] | None = None,
    count: int = 1,
    memory: Mapping[str, Array] | None = None,
    **more: Unpack[Besides],
) -> Diagnosis:
    """Say what is wrong with arrays, given by the names of the reference's tensors.

    `given` has the parameters, the inputs and the targets (`target`, or NAME_target for each of
    several), and what is to be judged: activations, the loss, gradients. `rate` is the learning
    rate, that of the spec where it is None.

    `after` are parameters after one step of the optimizer, by name, `count` is 1 where that is the
    first step, and `memory` what the optimizer keeps, before the step, by the names of modules
    (`dense1.W.velocity`), at its start where it is left out. They are judged as `after_NAME`, beside the size of the step. `more` is what
    Reference.leaves takes besides, such as running statistics.

    Raises KeyError where a parameter, an input or a target is missing or a name is not known, and
    ValueError where `after` is given but the rate is not known.
    """
    arrays = {name: np.asarray(array) for name, array in given.items()}
    rate = rate_of(reference.typed) if rate is None else rate
    step = None
    if after:
        if rate is None:
            raise ValueError("parameters after a step say nothing without the learning rate")
        reference, step = with_step(reference, rate, count)
        arrays |= {f"{AFTER}{name}": np.asarray(array) for name, array in after.items()}
        more["state"] = _state(reference, step, memory or {}, more.get("state") or {})
    unknown = [n for n in arrays if n not in reference.tensors and n not in _outside(reference)]
    if unknown:
        raise KeyError(f"no tensor is called {', '.join(map(repr, unknown))}")
    leaves = _leaves(reference, arrays, **more)
    judged = {n: _as_exact_as(leaves, a) for n, a in arrays.items() if n not in _outside(reference)}
    base = Anatomy(reference, reference.evaluate(leaves), rate, step)
    return _best(base, judged)


def _as_exact_as(leaves: Leaves, array: Array) -> Array:
    """An array no more exact than what it is computed from: float32 stored as float64 stays float32."""
    sources = [*leaves.params.values(), *(a for a in leaves.inputs.values() if a.dtype.kind == "f")]
    exact = max((np.asarray(a).dtype.itemsize for a in sources), default=8)
    return (
        array.astype(f"f{exact}") if array.dtype.kind == "f" and exact < array.itemsize else array
    )


def _best(base: Anatomy, judged: Mapping[str, Array]) -> Diagnosis:
    """The diagnosis by the convention that fits best: first that which has the fewest wrong."""
    taken = [base if g is base.graph else _by(base, g) for g in conventions(base)]
    tables = [(_judge(anatomy, judged), anatomy) for anatomy in taken]
    tables.sort(key=lambda pair: sum(not tensor.right for tensor in pair[0].values()))
    tried: list[Diagnosis] = []
    for tensors, anatomy in tables:
        if not tried or (_doubtful(tried[0]) and _differ(tensors, tried[0].tensors)):
            tried.append(_diagnosed(anatomy, tensors, late=anatomy is not base))
    return min(tried, key=_left_and_made)


def _left_and_made(diagnosis: Diagnosis) -> tuple[int, int]:
    """How many arrays are left open, and by how many mistakes the others are explained."""
    made = diagnosis.findings[0].mistakes if diagnosis.findings else ()
    return len(diagnosis.unexplained), len(made)


def _doubtful(diagnosis: Diagnosis) -> bool:
    """Whether another convention may explain it better."""
    return _left_and_made(diagnosis) > (0, 1)


def _differ(tensors: Mapping[str, Tensor], others: Mapping[str, Tensor]) -> bool:
    """Whether another convention makes a difference to the given arrays."""
    return any(
        tensor.comparison.error != others[name].comparison.error for name, tensor in tensors.items()
    )


def _by(base: Anatomy, graph: Graph) -> Anatomy:
    """The same network by another convention."""
    return replace(base, values=base.values.of(graph))


def _diagnosed(anatomy: Anatomy, tensors: dict[str, Tensor], *, late: bool) -> Diagnosis:
    """The diagnosis where one convention is taken for right."""
    wrong = any(not tensor.right for tensor in tensors.values())
    search = Search(anatomy, tensors)
    findings = search.findings() if wrong else []
    own = tuple(n for n in tensors if n in anatomy.reference.gradients().values())
    left = findings[0].unexplained if findings else ()
    diagnosis = Diagnosis(tensors, (), anatomy.rows, own, left, late, search.complete)
    told = tuple(replace(f, evidence=sentences(diagnosis, f)) for f in findings if f.mistakes)
    return replace(diagnosis, findings=told)


def _judge(anatomy: Anatomy, judged: Mapping[str, Array]) -> dict[str, Tensor]:
    """Compare every given array with the right one, in the order in which they are computed."""
    values, ids = anatomy.values, anatomy.reference.tensors
    place = {node.id: at for at, node in enumerate(anatomy.graph)}
    beside = Measure(beside=anatomy.scale)
    found = {}
    for name in sorted(judged, key=lambda n: place[ids[n]]):
        want, array = values[ids[name]], judged[name]
        before = _before(anatomy, name)
        by = beside if before is None else _of_step(before, want, array)
        result = compare(array, want, by)
        simple = None if result.right else _relation(array, want, before)
        found[name] = Tensor(name, array, result, simple, by)
    return found


def _before(anatomy: Anatomy, name: str) -> Array | None:
    """The parameter before the step, where a tensor is one after it."""
    own = name.removeprefix(AFTER)
    if name == own or own not in anatomy.after:
        return None
    return anatomy.values[anatomy.reference.tensors[own]]


def _of_step(before: Array, want: Array, given: Array) -> Measure:
    """An error of a parameter counts beside the size of the step, but not its own rounding."""
    kind = given.dtype if given.dtype.kind == "f" else np.dtype(np.float64)
    rounding = 4 * float(np.finfo(kind).eps) * float(np.abs(before).max(initial=0.0))
    return Measure(own=float(np.abs(want - before).max(initial=0.0)), rounding=rounding)


def _relation(given: Array, want: Array, before: Array | None) -> Relation | None:
    """A simple relation of the arrays, or of the steps that lead to them."""
    if before is None or given.shape != want.shape:
        return relation(given, want)
    found = relation(given - before, want - before)
    return replace(found, of_step=True) if found else None


def _outside(reference: Reference) -> set[str]:
    """What the leaves of the graph are called."""
    inputs = {n.name for n in reference.typed.graph.layers if n.kind == "input"}
    return {*_targets(reference), *inputs, *(p.name for p in reference.typed.params)}


def _targets(reference: Reference) -> dict[str, str]:
    """The targets by the names of their tensors: one is called `target`, of several NAME_target."""
    typed = reference.typed
    names = [target_name(typed, layer) for layer in target_layers(typed)]
    return {n if n == "target" else f"{n}_target": n for n in names}


def _leaves(reference: Reference, arrays: Mapping[str, Array], **more: Unpack[Besides]) -> Leaves:
    typed = reference.typed
    inputs = [n.name for n in typed.graph.layers if n.kind == "input"]
    return reference.leaves(
        {p.name: arrays[p.name] for p in typed.params},
        {name: arrays[name] for name in inputs},
        {name: arrays[tensor] for tensor, name in _targets(reference).items()},
        **more,
    )


def _state(
    reference: Reference, step: Step, memory: Mapping[str, Array], state: Mapping[str, Array]
) -> dict[str, Array]:
    """What the optimizer keeps and the running statistics before the step."""
    start = starting_memory(reference, step)
    unknown = [name for name in memory if name not in start]
    if unknown:
        raise KeyError(f"{step.kind.name} keeps nothing called {', '.join(map(repr, unknown))}")
    return {**start, **{name: np.asarray(array) for name, array in memory.items()}, **state}


def rate_of(typed: TypedGraph) -> float | None:
    """The learning rate of the spec."""
    optimizer = typed.graph.training.optimizer
    rate = optimizer.args.get("lr") if optimizer else None
    return float(rate) if isinstance(rate, int | float) else None
