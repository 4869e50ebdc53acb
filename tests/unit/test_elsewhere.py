"""Words of other libraries: the proposal for each is applied and checked.

Specs are resolved, not run: a proposal is right where the layers it leads to have the kinds and
arguments of the spec that was written by hand in the language's own words.
"""

from __future__ import annotations

import re

import pytest
from nnc.frontend import elsewhere
from nnc.frontend.elsewhere import Sort, arguments, bare, entries, layers, training
from nnc.frontend.resolve.settings import CLIP, METRICS, REGULARIZE, TRAIN
from nnc.frontend.resolve.vocabulary import Kinds
from nnc.kinds.arguments import Flag, Init, Int, Ints, Num, Numbers, Option, Ranges, SizeOf
from nnc.kinds.inits import INITS
from nnc.layers import LAYERS
from nnc.losses import LOSSES
from nnc.optimizers import OPTIMIZERS
from nnc.schedules import SCHEDULES

from .following import errors, followed, meaning, outcome

TABLES = {
    Sort.KIND: (layers.KINDS, layers.ABSENT, [k.word for k in LAYERS.values()]),
    Sort.LOSS: (training.LOSSES, training.ABSENT_LOSSES, LOSSES),
    Sort.OPTIMIZER: (training.OPTIMIZERS, training.ABSENT_OPTIMIZERS, OPTIMIZERS),
    Sort.SCHEDULE: (training.SCHEDULES, training.ABSENT_SCHEDULES, SCHEDULES),
    Sort.METRIC: (training.METRICS, training.ABSENT_METRICS, METRICS),
    Sort.INIT: (training.INITS, training.ABSENT_INITS, INITS),
}


# --- nothing is forgotten -----------------------------------------------------------------


@pytest.mark.parametrize("sort", TABLES)
def test_what_is_called_something_elsewhere_is_here(sort):
    written, _, names = TABLES[sort]
    begins = {found.name for _, found in entries(written, {})} - {""}
    assert begins <= {*names, *(k.word for k in LAYERS.values())}


CLASS = re.compile(
    r"\b(?:nn|optim(?:\.lr_scheduler)?|losses|optimizers(?:\.schedules)?)\.([A-Z]\w+)"
)
"""A class of PyTorch or Keras, as the entries of the registries name it."""


@pytest.mark.parametrize(
    ("sort", "name"),
    [(sort, name) for sort in (*elsewhere.KINDS,)[:4] for name in elsewhere.KINDS[sort]],
)
def test_the_class_that_a_kind_is_elsewhere_is_known(sort, name):
    kind = elsewhere.KINDS[sort][name]
    own = {bare(word) for word in (*elsewhere.KINDS[sort], *kind.aliases)}
    for word in CLASS.findall(f"{kind.torch} {kind.keras}"):
        assert bare(word) in own or elsewhere.meaning(word, sort), word


def test_arguments_of_kinds_known_elsewhere_are_called_something_there():
    """A kind without a word of another library has no arguments that anybody brings along."""
    known = set()
    for names, words in arguments.KEYS.items():
        assert words or names.rpartition(".")[2] in VALUED | {"normalize"}, names
        known |= set(names.split())
    named = {found.name for sort in TABLES for _, found in entries(TABLES[sort][0], {})}
    for kind, key in every_argument():
        if kind in named:
            assert key in known or f"{kind}.{key}" in known or key in VALUED, (kind, key)


VALUED = {"return", "approx", "decay", "ceil", "count"}
"""Arguments whose words elsewhere have other values, in `arguments.VALUES`."""


def every_argument():
    tables = [LAYERS, LOSSES, OPTIMIZERS, SCHEDULES, INITS]
    for kind in (kind for table in tables for kind in table.values()):
        for spec in kind.args:
            yield getattr(kind, "word", kind.name), spec.name
    for name, specs in {"regularize": REGULARIZE, "train": TRAIN, "clip": CLIP, **METRICS}.items():
        for spec in specs:
            yield name, spec.name


@pytest.mark.parametrize("sort", TABLES)
def test_no_word_means_two_things(sort):
    written, absent, _ = TABLES[sort]
    seen = {}
    for word, found in entries(written, absent):
        other = seen.setdefault(bare(word), found)
        assert (other.write, other.advice) == (found.write, found.advice), word


@pytest.mark.parametrize("sort", TABLES)
def test_a_word_of_the_language_keeps_its_meaning(sort):
    _, _, names = TABLES[sort]
    others = Kinds.current().others if sort is Sort.KIND else {}
    for word, found in elsewhere.words(sort):
        if word.lower() in others:
            assert found.write == others[word.lower()], word
        for name in names:
            if bare(word) == bare(name):
                assert found.write == name or not found.write, word


# --- every word is tried ------------------------------------------------------------------


def words(sort: Sort):
    """For everything that is written here, the words that must lead to it."""
    groups = {}
    for word, found in elsewhere.words(sort):
        if found.advice:
            continue
        for spelling in dict.fromkeys((word, word.lower())):
            if not known(sort, spelling):
                groups.setdefault(found.write, []).append((spelling, found))
    return [pytest.param(group, id=write) for write, group in groups.items()]


def known(sort: Sort, word: str) -> bool:
    if sort is Sort.KIND:
        return word in Kinds.current().others or word in LAYERS
    tables = {Sort.LOSS: LOSSES, Sort.OPTIMIZER: OPTIMIZERS, Sort.SCHEDULE: SCHEDULES}
    table = tables.get(sort, METRICS if sort is Sort.METRIC else INITS)
    aliases = getattr(table, "aliases", lambda: [i for k in INITS.values() for i in k.aliases])()
    return word in table or word in aliases or (sort is Sort.INIT and word.lower() in table)


IMAGES, VECTORS = "input 2x9x9 -> {} -> flatten -> dense 1; loss mse", "input 7x4 -> {}; loss mse"
PATTERNS = {
    "embedding … -> mean axis=0": ("input T int -> {}; loss mse", "50 8"),
    "depthwise {1} bias=false -> conv {0} 1": (IMAGES, "(5, 3)"),
    "conv … kernel=1": (IMAGES, "5"),
    "lstm … bidirectional=true": (VECTORS, "5"),
    "gru … bidirectional=true": (VECTORS, "5"),
    "rnn … bidirectional=true": (VECTORS, "5"),
}


@pytest.mark.parametrize("group", words(Sort.KIND))
def test_a_layer_of_another_library_leads_to_the_one_here(group):
    for word, found in group:
        kind = next((k for k in LAYERS.values() if k.word == found.write), None)
        if kind is None:
            wrong, right = several_stages(word, found.write)
        else:
            call = f"{word}(1)" if word in layers.ONLY else word
            wrong = re.sub(rf"\b{kind.word}\b", call, kind.example, count=1)
            right = kind.example
        assert meaning(followed(wrong)) == meaning(right), word


def several_stages(word: str, write: str) -> tuple[str, str]:
    """A spec with a word that is several stages here, or one with arguments, and the right one."""
    spec, args = PATTERNS.get(write, (VECTORS, ""))
    right = write.format(*re.findall(r"\d+", args)).replace("…", args)
    wrong = f"{word}{args}" if args.startswith("(") else f"{word} {args}".strip()
    return spec.format(wrong), spec.format(right)


@pytest.mark.parametrize("group", words(Sort.LOSS))
def test_a_loss_of_another_library_leads_to_the_one_here(group):
    for word, found in group:
        spec = LOSSES[found.name].example.partition("loss ")[0] + "loss {}"
        assert meaning(followed(spec.format(word))) == meaning(spec.format(found.write)), word


@pytest.mark.parametrize("group", words(Sort.OPTIMIZER))
def test_an_optimizer_of_another_library_leads_to_the_one_here(group):
    spec = "input 4 -> dense 1; loss mse; optimizer {}"
    for word, found in group:
        assert meaning(followed(spec.format(word))) == meaning(spec.format(found.write)), word
        if "=" in found.write and found.name == "sgd":
            right = meaning(spec.format(f"{found.write} lr=0.1"))
            assert meaning(followed(spec.format(f"{word}(lr=0.1)"))) == right, word
            assert meaning(followed(spec.format(f"{word} lr=0.1 momentum=0.9"))) == right, word


NEEDED = {
    "multistep": "milestones=[9]",
    "step": "every=5",
    "exponential": "gamma=0.9",
    "constant": "",
}
"""What a schedule needs; the others need steps."""


@pytest.mark.parametrize("group", words(Sort.SCHEDULE))
def test_a_schedule_of_another_library_leads_to_the_one_here(group):
    for word, found in group:
        needed = NEEDED.get(found.name, "steps=9")
        spec = f"input 4 -> dense 1; loss mse; optimizer sgd 0.1; schedule {{}} {needed}"
        assert meaning(followed(spec.format(word))) == meaning(spec.format(found.write)), word


@pytest.mark.parametrize("group", words(Sort.METRIC))
def test_a_metric_of_another_library_leads_to_the_one_here(group):
    spec = "input 4 -> dense 3 softmax; loss crossentropy; metric {}, recall"
    for word, found in group:
        assert meaning(followed(spec.format(word))) == meaning(spec.format(found.write)), word


@pytest.mark.parametrize("group", words(Sort.INIT))
def test_an_initialisation_of_another_library_leads_to_the_one_here(group):
    spec = "input 4 -> dense 3 init={} softmax; loss crossentropy"
    for word, found in group:
        given = "" if "(" in found.write or not INITS[found.name].args else "(0.5)"
        right = meaning(spec.format(f"{found.write}{given}"))
        assert meaning(followed(spec.format(f"{word}{given}"))) == right, word


ABSENT_SPECS = {
    Sort.KIND: "input 7x4 -> {} -> dense 1; loss mse",
    Sort.LOSS: "input 4 -> dense 1; loss {}",
    Sort.OPTIMIZER: "input 4 -> dense 1; loss mse; optimizer {}",
    Sort.SCHEDULE: "input 4 -> dense 1; loss mse; schedule {}",
    Sort.METRIC: "input 4 -> dense 1; loss mse; metric {}",
    Sort.INIT: "input 4 -> dense 1 init={}; loss mse",
}


@pytest.mark.parametrize("sort", TABLES)
def test_of_what_is_not_here_it_is_said_what_there_is(sort):
    for word, found in elsewhere.words(sort):
        if not found.advice:
            continue
        assert not known(sort, word), word
        (one,) = errors(ABSENT_SPECS[sort].format(word))
        assert (one.help, one.here, one.fixes) == (found.advice, "", ()), word


def test_kinds_named_in_advice_are_there():
    kinds = {k.word for k in LAYERS.values()} | {
        "input",
        "use",
        "as",
        "loss",
        "dtype",
        "regularize",
    }
    kinds |= {"argmax", "nnc"}
    for advice in layers.ABSENT:
        for word in re.findall(r"`(?:-> )?(\w+)", advice):
            assert word in kinds, (word, advice)


# --- arguments ----------------------------------------------------------------------------


def sample(spec) -> str:
    """Some value that an argument may have."""
    match spec.type:
        case Int(low=low):
            return str(max(low or 0, 2))
        case Num(high=high):
            return "0.5" if high is None or high <= 1 else "1.5"
        case Flag():
            return "false" if spec.default is True else "true"
        case Option(words=found):
            return found[-1]
        case SizeOf():
            return "1"
        case Numbers(single=single):
            return "0.5" if single else "[1, 2]"
        case Ints():
            return "0"
        case Ranges():
            return "0:2"
        case Init():
            return "ones"
    return "first"


def stage_of(kind, foreign: str, wanted: str) -> tuple[str, str]:
    """The example of a kind with all arguments by key, one by another word; and as it is right."""
    example = kind.example
    if kind.is_activation:
        example = f"input 8 -> {kind.name} -> dense 1; loss mse"
    graph, _ = outcome(example)
    one = next(layer for layer in graph.layers if layer.kind == kind.name)
    given = {key: span.text for key, span in one.given.items()}
    specs = {spec.name: spec for spec in kind.args}
    given = {key: text for key, text in given.items() if key in specs}
    if wanted in ("order", "ranges"):
        given[wanted] = {"order": "[2, 0, 1]", "ranges": "1:3"}[wanted]
    given[wanted] = given.get(wanted, sample(specs[wanted]))
    pairs = [(foreign if key == wanted else key, text) for key, text in given.items()]
    start, stop = one.span.start, one.span.stop
    before, after = example[:start], example[stop:]
    own = f" {one.activation.span.text}" if one.activation else ""

    def written(arguments):
        return before + " ".join([kind.word, *(f"{k}={v}" for k, v in arguments)]) + own + after

    return written(pairs), written(given.items())


def layer_words():
    """For every kind, the words that must lead to an argument of it."""
    seen, groups = set(), {}
    for names, words_ in arguments.KEYS.items():
        for name in names.split():
            owner, _, key = name.rpartition(".")
            for kind in LAYERS.values():
                specs = [spec.name for spec in kind.args]
                if key not in specs or owner not in ("", kind.word) or kind.name in ("input", "id"):
                    continue
                for word, found in entries({key: words_}, {}):
                    fresh = (kind.name, word) not in seen and word not in specs
                    seen.add((kind.name, word))
                    if fresh and not shadowed(kind.word, word, specs, key):
                        groups.setdefault(kind.name, []).append((word, key, found))
    return [pytest.param(LAYERS[name], group, id=name) for name, group in groups.items()]


def shadowed(kind: str, word: str, specs: list[str], key: str) -> bool:
    """Whether a kind's own meaning of a word goes before the general one."""
    shadows = False
    for names, words_ in arguments.KEYS.items():
        for name in names.split():
            owner, _, other = name.rpartition(".")
            if owner == kind and other != key and other in specs:
                found = map(bare, words_.replace("~", "").split())
                shadows = shadows or bare(word) in found
    return shadows


@pytest.mark.parametrize(("kind", "group"), layer_words())
def test_an_argument_of_a_layer_leads_to_the_one_here(kind, group):
    for word, key, found in group:
        if key == "tie":
            spec = "input 4 -> dense 3 as enc -> dense 4 {}=enc; loss mse"
            wrong, right = spec.format(word), spec.format("tie")
        elif key == "start":
            named = f"input 3 as m\ninput Tx4 -> {kind.name} 3 WORD=m -> dense 1; loss mse"
            wrong, right = named.replace("WORD", word), named.replace("WORD", key)
        else:
            wrong, right = stage_of(kind, word, key)
        first, *_ = errors(wrong)
        assert first.code.id == "NN106", (word, first.message)
        assert first.fixes[0].safe is found.sure, word
        assert meaning(followed(wrong)) == meaning(right), word


def setting_words():
    """For every setting, the words that must lead to an argument of it."""
    groups = {}
    tables = {"loss": LOSSES, "optimizer": OPTIMIZERS, "schedule": SCHEDULES}
    kinds = [(f"{what} {k.name}", k.name, k.args) for what, t in tables.items() for k in t.values()]
    statements_ = {"train": TRAIN, "clip": CLIP, "regularize": REGULARIZE}
    kinds += [(name, name, specs) for name, specs in statements_.items()]
    for text, name, specs in kinds:
        known_ = [spec.name for spec in specs]
        for spec in specs:
            for names, words_ in arguments.KEYS.items():
                if spec.name not in names.split() and f"{name}.{spec.name}" not in names.split():
                    continue
                for word, _ in entries({spec.name: words_}, {}):
                    if word not in known_ and not shadowed(name, word, known_, spec.name):
                        groups.setdefault(text, (specs, []))[1].append((spec, word))
    return [pytest.param(text, *group, id=text) for text, group in groups.items()]


@pytest.mark.parametrize(("text", "specs", "group"), setting_words())
def test_an_argument_of_a_setting_leads_to_the_one_here(text, specs, group):
    network = "input 4 -> dense 3; " + ("" if text.startswith("loss") else "loss mse; ")
    for spec, word in group:
        needed = [f" {s.name}={sample(s)}" for s in specs if s.required and s is not spec]
        value = "[1, 2, 3]" if spec.name == "weights" else sample(spec)
        statement = f"{network}{text}{''.join(needed)} {{}}={value}"
        right = meaning(statement.format(spec.name))
        assert meaning(followed(statement.format(word))) == right, word


def test_an_argument_that_is_not_here_gets_advice():
    for advice, names in arguments.ABSENT.items():
        for name in names.split():
            spec = spec_with(*name.rpartition(".")[::2])
            found = [d for d in errors(spec) if d.code.id == "NN106"]
            assert [(found[0].help, found[0].fixes)] == [(advice, ())], name


def spec_with(owner: str, word: str) -> str:
    """A spec with an argument of that kind, which does not have it."""
    settings = {"loss": LOSSES, "optimizer": OPTIMIZERS, "schedule": SCHEDULES}
    for what, table in settings.items():
        if owner in table:
            first = "" if what == "loss" else "loss mse; "
            return f"input 4 -> dense 3; {first}{what} {owner} {word}=7"
    if owner in INITS:
        return f"input 4 -> dense 3 init={owner}({word}=7); loss mse"
    if owner == "train":
        return f"input 4 -> dense 3; loss mse; train {word}=7"
    return f"input 7x4 -> {owner or 'dense'} {word}=7; loss mse"
