"""The outputs of the network, and the values that the losses judge."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix, Label
from ...ir.formula import formula_in
from ...ir.layer_graph import Layer, Loss, Output
from ...source import Span
from .. import ast
from .scope import End, Env, Fault, Flow
from .settings import LossWords, Settings
from .sharing import find_stage

UNNAMED = "y"
"""The name of an unnamed output."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Outputs and losses of a spec."""

    outputs: tuple[Output, ...]
    losses: tuple[Loss, ...]


def choose(settings: Settings, last: Flow | None, layers: list[Layer], env: Env) -> Chosen:
    """Return the declared or implied outputs, and every loss with the layer that it judges."""
    judged = [(words, _judged(words, env)) for words in settings.losses]
    if settings.outputs or "output" in settings.faulty:
        ends = _declared(settings.outputs, env)
    else:
        ends = _implied(last, [end for _, own in judged for end in own], layers)
    sound = [end for end in ends if end.layer is not None]
    complete = not env.state.broken and len(sound) == len(ends) and "output" not in settings.faulty
    outputs = _named(sound, env)
    losses = _losses(judged, outputs, layers, complete, env)
    return Chosen(outputs, losses)


def _judged(words: LossWords, env: Env) -> tuple[End, ...]:
    """Return the values after `on`; empty if the loss has no `on`."""
    return tuple(_named_end(word, env) for word in words.on)


def _named_end(word: ast.Word, env: Env) -> End:
    try:
        return find_stage(word, env).end
    except Fault:
        return End(None, word.id, word.span)


def _declared(names: list[ast.Word], env: Env) -> list[End]:
    ends: list[End] = []
    first: dict[str, Span] = {}
    for word in names:
        try:
            end = find_stage(word, env).end
            if word.id in first:
                raise env.fault(
                    codes.NAME_TAKEN,
                    word.span,
                    f"the output `{word.id}` is listed twice",
                    labels=[Label(first[word.id], "listed here first")],
                )
            ends.append(End(end.layer, word.id, word.span))
        except Fault:
            ends.append(End(None, word.id, word.span))
        first.setdefault(word.id, word.span)
    return ends


def _implied(last: Flow | None, judged: list[End], layers: list[Layer]) -> list[End]:
    """Return the end of the last chain with stages, and unconsumed ends that losses name."""
    if last is None:
        return []
    ends = list(last.ends)
    consumed = {i for layer in layers for i in layer.inputs}
    known = {end.layer for end in ends}
    for end in judged:
        if end.layer is not None and end.layer not in consumed and end.layer not in known:
            ends.append(end)
            known.add(end.layer)
    return sorted(ends, key=lambda end: -1 if end.layer is None else end.layer)


def _named(ends: list[End], env: Env) -> tuple[Output, ...]:
    outputs: list[Output] = []
    taken: dict[str, Span] = {}
    for end in ends:
        assert end.layer is not None
        name = end.name or UNNAMED
        if name in taken:
            env.fault(
                codes.NAME_TAKEN,
                end.span,
                f"two outputs are called `{name}`",
                labels=[Label(taken[name], "the other one")],
                help=f"an output without a name is called `{UNNAMED}`; name it with `as`",
            )
        taken.setdefault(name, end.span)
        outputs.append(Output(name, end.layer, end.span))
    return tuple(outputs)


def _losses(
    judged: list[tuple[LossWords, tuple[End, ...]]],
    outputs: tuple[Output, ...],
    layers: list[Layer],
    complete: bool,
    env: Env,
) -> tuple[Loss, ...]:
    found: list[tuple[LossWords, list[int], str]] = []
    for words, ends in judged:
        known = [end.layer for end in ends if end.layer is not None]
        if ends and len(known) == len(ends):
            if len(ends) == words.judged:
                found.append((words, known, ends[0].name or layers[known[0]].name))
            else:
                _other_count(words, len(ends), env)
        elif not ends and words.judged == len(outputs) == 1 and complete:
            found.append((words, [outputs[0].layer], outputs[0].name))
        elif not ends and complete and words.judged != 1:
            _other_count(words, 0, env)
        elif not ends and len(outputs) > 1 and complete:
            _missing_on(words, outputs, env)
    kinds = Counter(words.setting.kind for words, _, _ in found)
    used: Counter[str] = Counter()
    losses = []
    for words, (layer, *more), place in found:
        kind = words.setting.word
        name = _unique(kind if kinds[words.setting.kind] == 1 else f"{kind}_{place}", used)
        losses.append(Loss(name, words.setting, layer, words.weight, place, tuple(more)))
    return tuple(losses)


def _other_count(words: LossWords, given: int, env: Env) -> None:
    """Return the fault of a formula whose number of values differs from the names after `on`."""
    formula = formula_in(words.setting.args)
    stages = ", ".join(name.upper() for name in formula.judged)
    wanted = len(formula.judged)
    named = f"{given} {'is' if given == 1 else 'are'}" if given else "none is"
    message = f"`{formula.name}` judges {wanted} value{'s' * (wanted != 1)}, and {named} named"
    code = codes.MISSING_ARGUMENT if given < wanted else codes.EXTRA_ARGUMENT
    advice = f"write `loss {formula.name} on {stages}` with the names of stages"
    if not formula.judged:
        message = f"`{formula.name}` has no value to judge besides its target"
        advice = "give it one: `fn loss_of(y, t) = …`"
    env.fault(
        code if given else codes.LOSS_NEEDS_ON,
        words.setting.head,
        message,
        labels=[Label(formula.span, "defined here")],
        help=advice,
    )


def _unique(name: str, used: Counter[str]) -> str:
    """Return the name, with a number if it is taken; `used` counts the attempts for each name."""
    found = name
    while found in used:
        used[name] += 1
        found = f"{name}_{used[name]}"
    used[found] = 1
    return found


def _missing_on(words: LossWords, outputs: tuple[Output, ...], env: Env) -> None:
    head = words.setting.head
    at = Span(head.source, head.stop, head.stop)
    env.fault(
        codes.LOSS_NEEDS_ON,
        head,
        f"there are {len(outputs)} outputs, and this loss does not say which it judges",
        fixes=[
            Fix(f"write `{head.text} on {output.name}`", (Edit(at, f" on {output.name}"),))
            for output in outputs
            if output.name != UNNAMED
        ],
    )
