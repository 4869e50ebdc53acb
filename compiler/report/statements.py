"""The statements beside the chains of a network, in the notation of a spec, with lets as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..ir.layer_graph import ArgValue, Loss, Setting, TypedGraph
from ..kinds.arguments import Num, positional
from ..kinds.optimizer import OptimizerKind
from ..kinds.schedule import ScheduleKind
from ..optimizers import OPTIMIZERS
from ..schedules import SCHEDULES
from .wording import loss_text, value_text

DEFAULT_DTYPE = "float32"


def statements(typed: TypedGraph, names: Mapping[str, str]) -> list[str]:
    """Return outputs, losses and settings, a line each; `names` replaces those of layers."""
    graph = typed.graph
    called = {layer.id: names.get(layer.name, layer.name) for layer in graph.layers}
    lines = [f"output {_output(called[o.layer], o.name)}" for o in graph.outputs]
    lines += [_loss(loss, called) for loss in graph.losses]
    training = graph.training
    settings = {
        "regularize": graph.regularize,
        "optimizer": training.optimizer,
        "schedule": training.schedule,
        "clip": training.clip,
    }
    lines += [_setting(word, setting) for word, setting in settings.items() if setting]
    lines += [_setting("metric", metric) for metric in training.metrics]
    if training.train:
        lines.append(" ".join(("train", *_arguments(training.train, {}))))
    if graph.dtype != DEFAULT_DTYPE:
        lines.append(f"dtype {graph.dtype}")
    return lines


def _output(layer: str, name: str) -> str:
    return name if name == layer else f"{layer} as {name}"


def _loss(loss: Loss, names: Mapping[int, str]) -> str:
    on = ", ".join(names[layer] for layer in loss.layers)
    weight = "" if loss.weight == 1 else f" weight={loss.weight:g}"
    return f"loss {loss_text(loss.setting)} on {on}{weight}"


def _setting(word: str, setting: Setting) -> str:
    """Return a directive without the arguments that have their default value."""
    kind = () if setting.kind == word else (setting.kind,)
    entry = _registered(word, setting.kind)
    defaults = {spec.name: spec.default for spec in (entry.args if entry else ())}
    return " ".join((word, *kind, *_arguments(setting.args, defaults)))


def _registered(word: str, kind: str) -> OptimizerKind | ScheduleKind | None:
    match word:
        case "optimizer":
            return OPTIMIZERS[kind]
        case "schedule":
            return SCHEDULES[kind]
    return None


def _arguments(args: Mapping[str, ArgValue], defaults: Mapping[str, object]) -> Iterator[str]:
    for name, value in args.items():
        if value is not None and (name not in defaults or defaults[name] != value):
            yield f"{name}={value_text(positional(name, Num(), ''), value)}"
