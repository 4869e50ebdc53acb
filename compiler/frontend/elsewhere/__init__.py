"""Words of Keras, PyTorch, Caffe and ONNX, and their equivalents in nnc.

The tables are read only when a word is unknown, so never for a spec without errors.

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
    """What a word names; other names in a spec are the user's own, with no equivalents."""

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
    """The replacement of a word, or advice where nothing is certainly equivalent.

    `sure`: the replacement is equivalent. It may be a pattern, see `layers.py`."""

    write: str = ""
    advice: str = ""
    sure: bool = False

    @property
    def name(self) -> str:
        """The kind that a pattern begins with; empty for a fork."""
        found = re.match(r"\w+", self.write)
        return found.group() if found else ""


def bare(word: str) -> str:
    """Normalise a word for comparison: without capitals, underscores and British endings."""
    plain = word.replace("_", "").lower()
    return plain.replace("isation", "ization").replace("normalise", "normalize")


def meaning(word: str, sort: Sort) -> Meaning | None:
    """Return the meaning of a word of that sort in other libraries, or None if it is unknown."""
    return _table(sort).get(bare(word))


def argument(word: str, kind: str, names: list[str]) -> Meaning | None:
    """Return the equivalent of an argument of a kind, if it is among `names`, without values."""
    own, general = _arguments()
    found = [*own.get((kind, bare(word)), ()), *general.get(bare(word), ())]
    here = next((one for one in found if one.write in names), None)
    return here or next((one for one in found if one.advice), None)


def by_value(word: str, value: str) -> Meaning | None:
    """Return the replacement of an argument with its value; empty if it is to be left out."""
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
"""The module that lists the names of a sort."""


@cache
def _table(sort: Sort) -> Mapping[str, Meaning]:
    """Return all words of a sort."""
    return {bare(word): found for word, found in words(sort)}


def words(sort: Sort) -> Iterator[tuple[str, Meaning]]:
    """Yield every word of a sort with its meaning, except words of nnc itself."""
    kinds = KINDS.get(sort, {}).values()
    names = {bare(name): kind.name for kind in kinds for name in (kind.name, *kind.aliases)}
    for word, found in entries(*_written(sort)):
        if names.get(bare(word), found.name) == found.name:
            yield word, found


def _written(sort: Sort) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the tables of a sort: replacements of words, and advice for others."""
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
    """Yield every word of a table, as its library spells it, with its meaning."""
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
    """Return the arguments by kind and word, and those of every kind by word."""
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
