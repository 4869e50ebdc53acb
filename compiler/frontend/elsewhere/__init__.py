"""Words of Keras, PyTorch, Caffe and ONNX, and what they are here.

The tables are read when a word is unknown, and never for a spec without faults.

>>> meaning("BatchNormalization", Sort.KIND)
Meaning(write='batchnorm', advice='', sure=False)
>>> meaning("Conv3D", Sort.KIND).advice.partition(";")[0]
'nnc has no three-dimensional layers'
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache

from ...kinds.inits import INITS
from ...layers import LAYERS
from ...losses import LOSSES
from ...optimizers import OPTIMIZERS
from ...registry import Named
from ...schedules import SCHEDULES


class Sort(Enum):
    """What a word names; other names here are the user's own and called nothing elsewhere."""

    KIND = "layer"
    LOSS = "loss"
    OPTIMIZER = "optimizer"
    SCHEDULE = "schedule"
    METRIC = "metric"
    INIT = "initialisation"
    CHOICE = "value"
    STATEMENT = "statement"
    OWN = "name of one's own"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What to write in place of a word, or the advice where nothing here is surely meant.

    `sure` tells that it means the same. What is written may be a pattern, see `layers.py`.
    """

    write: str = ""
    advice: str = ""
    sure: bool = False

    @property
    def name(self) -> str:
        """The kind that a pattern begins with; empty where it is a fork."""
        found = re.match(r"\w+", self.write)
        return found.group() if found else ""


def bare(word: str) -> str:
    """A word as it is compared: without capitals, underscores and British endings."""
    plain = word.replace("_", "").lower()
    return plain.replace("isation", "ization").replace("normalise", "normalize")


def meaning(word: str, sort: Sort) -> Meaning | None:
    """What a word of that sort means elsewhere, or None if no library is known to have it."""
    return _table(sort).get(bare(word))


def argument(word: str, kind: str, names: list[str]) -> Meaning | None:
    """What an argument of a kind is called here, if that is among `names`; no values yet."""
    own, general = _arguments()
    found = [*own.get((kind, bare(word)), ()), *general.get(bare(word), ())]
    here = next((one for one in found if one.write in names), None)
    return here or next((one for one in found if one.advice), None)


def by_value(word: str, value: str) -> Meaning | None:
    """What to write for an argument with its value; empty where it is to be left out."""
    from .arguments import ALWAYS_SO, VALUES

    if bare(word) in map(bare, ALWAYS_SO.split()):
        return Meaning(sure=True)
    for words, values in VALUES.items():
        if bare(word) in map(bare, words.split()) and value.lower() in values:
            return Meaning(values[value.lower()], sure=True)
    return None


KINDS: Mapping[Sort, Mapping[str, Named]] = {
    Sort.KIND: LAYERS,
    Sort.LOSS: LOSSES,
    Sort.OPTIMIZER: OPTIMIZERS,
    Sort.SCHEDULE: SCHEDULES,
    Sort.INIT: INITS,
}
"""Where the names of a sort are entered."""


@cache
def _table(sort: Sort) -> Mapping[str, Meaning]:
    """All words of a sort."""
    return {bare(word): found for word, found in words(sort)}


def words(sort: Sort) -> Iterator[tuple[str, Meaning]]:
    """Every word of a sort with its meaning; what was made a name here no longer needs one."""
    kinds = KINDS.get(sort, {}).values()
    names = {bare(name): kind.name for kind in kinds for name in (kind.name, *kind.aliases)}
    for word, found in entries(*_written(sort)):
        if names.get(bare(word), found.name) == found.name:
            yield word, found


def _written(sort: Sort) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The tables of a sort: what is written here in place of words, and advice for others."""
    from . import layers, statements, training

    match sort:
        case Sort.KIND:
            return layers.KINDS, layers.ABSENT
        case Sort.LOSS:
            return training.LOSSES, training.ABSENT_LOSSES
        case Sort.OPTIMIZER:
            return training.OPTIMIZERS, training.ABSENT_OPTIMIZERS
        case Sort.SCHEDULE:
            return training.SCHEDULES, training.ABSENT_SCHEDULES
        case Sort.METRIC:
            return training.METRICS, training.ABSENT_METRICS
        case Sort.INIT:
            return training.INITS, training.ABSENT_INITS
        case Sort.CHOICE:
            return training.CHOICES, training.ABSENT_CHOICES
        case Sort.STATEMENT:
            known = {f"that is written `{s}`": words for s, words in statements.PARTS.items()}
            return {}, {**statements.ABSENT_STATEMENTS, **known}
        case Sort.OWN:
            return {}, {}


def entries(written: Mapping[str, str], absent: Mapping[str, str]) -> Iterator[tuple[str, Meaning]]:
    """Every word of a table as its library writes it, with its meaning."""
    for pattern, words in written.items():
        for word in words.split():
            sure = not (pattern.startswith("~") or word.startswith("~"))
            yield word.lstrip("~"), Meaning(pattern.lstrip("~"), sure=sure)
    for advice, words in absent.items():
        for word in words.split():
            yield word, Meaning(advice=advice)


_Known = dict[str, list[Meaning]]


@cache
def _arguments() -> tuple[dict[tuple[str, str], list[Meaning]], _Known]:
    """The arguments by kind and word, and those of every kind by word."""
    from .arguments import ABSENT, KEYS

    own: dict[tuple[str, str], list[Meaning]] = {}
    general: _Known = {}
    for names, words in KEYS.items():
        for name in names.split():
            kind, _, key = name.rpartition(".")
            for word, found in entries({key: words}, {}):
                if kind:
                    own.setdefault((kind, bare(word)), []).append(found)
                else:
                    general.setdefault(bare(word), []).append(found)
    for advice, words in ABSENT.items():
        for name in words.split():
            kind, _, word = name.rpartition(".")
            if kind:
                own.setdefault((kind, bare(word)), []).append(Meaning(advice=advice))
            else:
                general.setdefault(bare(word), []).append(Meaning(advice=advice))
    return own, general
