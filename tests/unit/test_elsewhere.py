"""Words of other libraries: every one is tried, and what is proposed for it is done.

Specs are resolved, not run: a proposal is right where the layers it leads to have the kinds and
arguments of the spec that was written by hand in the language's own words.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from nnc.diagnostics.fixing import edited
from nnc.diagnostics.model import Diagnostic, Severity
from nnc.driver import check
from nnc.frontend.elsewhere import Sort, arguments, bare, entries, layers, statements, training
from nnc.frontend.elsewhere import meaning as meaning_of
from nnc.frontend.resolve.settings import CLIP, METRICS, REGULARIZE, TRAIN
from nnc.frontend.resolve.vocabulary import Kinds
from nnc.ir.inits import INITS
from nnc.layers import LAYERS
from nnc.layers.registry import Flag, Init, Int, Ints, Num, Numbers, Option, Ranges, SizeOf
from nnc.losses import LOSSES
from nnc.optimizers import OPTIMIZERS
from nnc.schedules import SCHEDULES
from nnc.source import Source

from .resolving import outcome

TABLES = {
    Sort.KIND: (layers.KINDS, layers.ABSENT, [k.word for k in LAYERS.values()]),
    Sort.LOSS: (training.LOSSES, training.ABSENT_LOSSES, LOSSES),
    Sort.OPTIMIZER: (training.OPTIMIZERS, training.ABSENT_OPTIMIZERS, OPTIMIZERS),
    Sort.SCHEDULE: (training.SCHEDULES, training.ABSENT_SCHEDULES, SCHEDULES),
    Sort.METRIC: (training.METRICS, training.ABSENT_METRICS, METRICS),
    Sort.INIT: (training.INITS, training.ABSENT_INITS, INITS),
}
NOTHING_ELSEWHERE = {"weightedpool", "in", "tie", "k", "weights"}
"""Kinds that no library has, which are not mentioned in any advice either."""


def errors(text: str) -> list[Diagnostic]:
    return [d for d in outcome(text)[1] if d.severity is Severity.ERROR]


def followed(text: str, rounds: int = 8) -> str:
    """The spec after doing what the first finding proposes, again and again."""
    for _ in range(rounds):
        found = errors(text)
        if not found:
            return text
        assert found[0].fixes, (text, found[0].message, found[0].help)
        text = edited(text, found[0].fixes[0].edits)
    raise AssertionError(f"still wrong: {text}: {errors(text)[0].message}")


def meaning(text: str) -> object:
    """Kinds, arguments and wiring of a spec, without names and places."""
    graph, report = outcome(text)
    assert graph is not None and not report.has_errors, (text, [d.message for d in report])
    wired = [
        (one.kind, plain(one.args), one.inputs, one.activation and one.activation.kind)
        for one in graph.layers
    ]
    told = graph.training
    settings = [told.optimizer, told.schedule, told.clip, graph.regularize, *told.metrics]
    settings += [loss.setting for loss in graph.losses]
    said = [(s.kind, plain(s.args)) for s in settings if s]
    weights = [loss.weight for loss in graph.losses]
    return wired, said, weights, dict(told.train), graph.dtype


def plain(args):
    """Arguments without the places that initialisations carry."""
    return {
        key: (value.name, dict(value.args)) if hasattr(value, "args") else value
        for key, value in args.items()
    }


# --- nothing is forgotten -----------------------------------------------------------------


@pytest.mark.parametrize("sort", TABLES)
def test_every_name_is_called_something_elsewhere(sort):
    written, absent, names = TABLES[sort]
    told = {found.name for _, found in entries(written, absent)}
    mentioned = {word for advice in absent for word in re.findall(r"`(\w+)", advice)}
    missing = set(names) - told - mentioned - NOTHING_ELSEWHERE
    assert not missing


def test_every_argument_is_called_something_elsewhere():
    known = set()
    for names, words in arguments.KEYS.items():
        assert words or names.rpartition(".")[2] in VALUED | {"normalize"}, names
        known |= set(names.split())
    for kind, key in every_argument():
        assert key in known or f"{kind}.{key}" in known or key in VALUED, (kind, key)


VALUED = {"return", "approx"}
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
    written, absent, names = TABLES[sort]
    others = Kinds.current().others if sort is Sort.KIND else {}
    for word, found in entries(written, absent):
        if word.lower() in others:
            assert found.write == others[word.lower()], word
        for name in names:
            if bare(word) == bare(name):
                assert found.write == name or not found.write, word


# --- every word is tried ------------------------------------------------------------------


def words(sort: Sort):
    written, absent, _ = TABLES[sort]
    for word, found in entries(written, {}):
        for spelling in dict.fromkeys((word, word.lower(), word.upper() if len(word) > 4 else word)):
            if not known(sort, spelling):
                yield pytest.param(spelling, found, id=spelling)


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


@pytest.mark.parametrize(("word", "found"), words(Sort.KIND))
def test_a_layer_of_another_library_leads_to_the_one_here(word, found):
    kind = next((k for k in LAYERS.values() if k.word == found.write), None)
    if kind is None:
        spec, args = PATTERNS.get(found.write, (VECTORS, ""))
        numbers = re.findall(r"\d+", args)
        right = found.write.format(*numbers).replace("…", args)
        wrong = f"{word}{args}" if args.startswith("(") else f"{word} {args}".strip()
        assert meaning(followed(spec.format(wrong))) == meaning(spec.format(right))
        return
    spec = re.sub(rf"\b{kind.word}\b", word, kind.example, count=1)
    if word in layers.ONLY:
        spec = spec.replace(word, f"{word}(1)", 1)
    assert meaning(followed(spec)) == meaning(kind.example)


@pytest.mark.parametrize(("word", "found"), words(Sort.LOSS))
def test_a_loss_of_another_library_leads_to_the_one_here(word, found):
    spec = LOSSES[found.name].example.partition("loss ")[0] + "loss {}"
    assert meaning(followed(spec.format(word))) == meaning(spec.format(found.write))


@pytest.mark.parametrize(("word", "found"), words(Sort.OPTIMIZER))
def test_an_optimizer_of_another_library_leads_to_the_one_here(word, found):
    spec = "input 4 -> dense 1; loss mse; optimizer {}"
    assert meaning(followed(spec.format(word))) == meaning(spec.format(found.write))
    if "=" in found.write:
        right = spec.format(f"{found.write} lr=0.1")
        assert meaning(followed(spec.format(f"{word}(lr=0.1)"))) == meaning(right)
        assert meaning(followed(spec.format(f"{word} lr=0.1"))) == meaning(right)


NEEDED = {"step": "every=5", "exponential": "gamma=0.9"}
"""What a schedule needs; the others need steps, or nothing."""


@pytest.mark.parametrize(("word", "found"), words(Sort.SCHEDULE))
def test_a_schedule_of_another_library_leads_to_the_one_here(word, found):
    needed = NEEDED.get(found.name, "" if found.name == "constant" else "steps=9")
    spec = f"input 4 -> dense 1; loss mse; optimizer sgd 0.1; schedule {{}} {needed}"
    assert meaning(followed(spec.format(word))) == meaning(spec.format(found.write))


@pytest.mark.parametrize(("word", "found"), words(Sort.METRIC))
def test_a_metric_of_another_library_leads_to_the_one_here(word, found):
    spec = "input 4 -> dense 3 softmax; loss crossentropy; metric {}, recall"
    assert meaning(followed(spec.format(word))) == meaning(spec.format(found.write))


@pytest.mark.parametrize(("word", "found"), words(Sort.INIT))
def test_an_initialisation_of_another_library_leads_to_the_one_here(word, found):
    spec = "input 4 -> dense 3 init={} softmax; loss crossentropy"
    given = "" if "(" in found.write or not INITS[found.name].args else "(0.5)"
    right = spec.format(f"{found.write}{given}")
    assert meaning(followed(spec.format(f"{word}{given}"))) == meaning(right)


ABSENT_SPECS = {
    Sort.KIND: "input 7x4 -> {} -> dense 1; loss mse",
    Sort.LOSS: "input 4 -> dense 1; loss {}",
    Sort.OPTIMIZER: "input 4 -> dense 1; loss mse; optimizer {}",
    Sort.SCHEDULE: "input 4 -> dense 1; loss mse; schedule {}",
    Sort.METRIC: "input 4 -> dense 1; loss mse; metric {}",
    Sort.INIT: "input 4 -> dense 1 init={}; loss mse",
}


@pytest.mark.parametrize(
    ("sort", "word", "found"),
    [
        pytest.param(sort, word, found, id=f"{sort.value}-{word}")
        for sort in TABLES
        for word, found in entries({}, TABLES[sort][1])
    ],
)
def test_of_what_is_not_here_it_is_said_what_there_is(sort, word, found):
    if known(sort, word):
        return
    (one,) = errors(ABSENT_SPECS[sort].format(word))
    assert (one.help, one.here, one.fixes) == (found.advice, "", ())


def test_kinds_named_in_advice_are_there():
    kinds = {k.word for k in LAYERS.values()} | {"input", "use", "as", "loss", "dtype", "regularize"}
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
    seen = set()
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
                        yield pytest.param(kind, word, key, found, id=f"{kind.name}-{word}")


def shadowed(kind: str, word: str, specs: list[str], key: str) -> bool:
    """Whether a kind's own meaning of a word goes before the general one."""
    for names, words_ in arguments.KEYS.items():
        for name in names.split():
            owner, _, other = name.rpartition(".")
            if owner == kind and other != key and other in specs:
                if bare(word) in map(bare, words_.replace("~", "").split()):
                    return True
    return False


@pytest.mark.parametrize(("kind", "word", "key", "found"), layer_words())
def test_an_argument_of_a_layer_leads_to_the_one_here(kind, word, key, found):
    if key == "tie":
        spec = "input 4 -> dense 3 as enc -> dense 4 {}=enc; loss mse"
        wrong, right = spec.format(word), spec.format("tie")
    else:
        wrong, right = stage_of(kind, word, key)
    (first, *_) = errors(wrong)
    assert first.code.id == "NN106", first.message
    assert first.fixes[0].safe is found.sure
    assert meaning(followed(wrong)) == meaning(right)


def setting_words():
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
                        yield pytest.param(text, specs, spec, word, id=f"{text}-{word}")


@pytest.mark.parametrize(("text", "specs", "spec", "word"), setting_words())
def test_an_argument_of_a_setting_leads_to_the_one_here(text, specs, spec, word):
    needed = [f" {s.name}={sample(s)}" for s in specs if s.required and s is not spec]
    value = "[1, 2, 3]" if spec.name == "weights" else sample(spec)
    network = "input 4 -> dense 3; " + ("" if text.startswith("loss") else "loss mse; ")
    statement = f"{network}{text}{''.join(needed)} {{}}={value}"
    assert meaning(followed(statement.format(word))) == meaning(statement.format(spec.name))


def test_an_argument_that_is_not_here_gets_advice():
    for advice, names in arguments.ABSENT.items():
        for name in names.split():
            owner, _, word = name.rpartition(".")
            what = next(
                (w for w, t in SETTINGS.items() if owner in t),
                None,
            )
            kind = next((k for k in LAYERS.values() if k.word == owner), LAYERS["dense"])
            spec = f"input 4 -> dense 3; loss mse; {what} {owner} {word}=7x"
            if owner in INITS:
                spec = f"input 4 -> dense 3 init={owner}({word}=7); loss mse"
            elif what is None:
                spec = f"input 7x4 -> {kind.word} {word}=7; loss mse"
            found = [d for d in errors(spec.replace("=7x", "=7")) if d.code.id == "NN106"]
            assert found and found[0].help == advice and not found[0].fixes, (name, found)


SETTINGS = {"loss": LOSSES, "optimizer": OPTIMIZERS, "schedule": SCHEDULES}


# --- the cases people ran into --------------------------------------------------------------

CONV = "input 1x28x28 -> {} -> flatten -> dense 10 softmax; loss crossentropy"
SEQUENCE = "input 10x4 -> {} -> flatten -> dense 2; loss mse"
DENSE = "input 784 -> {} -> dense 2; loss mse"


@pytest.mark.parametrize(
    ("spec", "wrong", "right"),
    [
        (CONV, "conv 32 3x3 padding=same", "conv 32 3x3 pad=same"),
        (CONV, "conv 32 3x3 padding='SAME'", "conv 32 3x3 pad=same"),
        (CONV, 'conv 32 3x3 padding="valid"', "conv 32 3x3 pad=valid"),
        (CONV, "conv 32 3x3 padding=1", "conv 32 3x3 pad=1"),
        (CONV, "conv 32 3x3 pads=[1, 1, 1, 1]", "conv 32 3x3 pad=1"),
        (CONV, "conv 32 3x3 auto_pad=SAME_UPPER", "conv 32 3x3 pad=same"),
        (CONV, "conv 32 kernel_size=3", "conv 32 kernel=3"),
        (CONV, "conv 32 kernel_size=(3, 3)", "conv 32 kernel=3x3"),
        (CONV, "conv 32 3 strides=2", "conv 32 3 stride=2"),
        (CONV, "conv 32 3 strides=(2, 2)", "conv 32 3 stride=2x2"),
        (
            CONV,
            'Conv2D(32, (3,3), activation="relu", padding="same")',
            "conv(32, 3x3, pad=same) relu",
        ),
        (CONV, "nn.Conv2d(1, 16, 3, padding=1)", "conv(16, 3, pad=1)"),
        (CONV, "torch.nn.Conv2d(1, 16, kernel_size=3)", "conv(16, kernel=3)"),
        (CONV, "conv 32 3 bias_term=false", "conv 32 3 bias=false"),
        (CONV, "MaxPooling2D(pool_size=(2, 2))", "maxpool(2x2)"),
        (CONV, "nn.MaxPool2d(2, 2)", "maxpool(2, stride=2)"),
        (CONV, "conv 32 3x3 data_format='channels_first'", "conv 32 3x3"),
        (SEQUENCE, "lstm 5 return_sequences=true", "lstm 5 return=all"),
        (SEQUENCE, "LSTM(5, return_sequences=False)", "lstm(5, return=last)"),
        (SEQUENCE, "nn.LSTM(4, 20, 2)", "lstm(20, layers=2)"),
        (SEQUENCE, "bilstm 4", "lstm 4 bidirectional=true"),
        (SEQUENCE, "lstm 5 direction=reverse", "lstm 5 reverse=true"),
        (SEQUENCE, "MultiHeadAttention(num_heads=2)", "attention(2)"),
        (DENSE, "nn.Linear(784, 30)", "dense(30)"),
        (DENSE, "nn.Linear(784, 30, bias=False)", "dense(30, bias=False)"),
        (DENSE, "Dense(units=30)", "dense(units=30)"),
        (DENSE, 'dense 30 activation="relu"', "dense 30 relu"),
        (DENSE, "dense 30 activation='linear'", "dense 30"),
        (DENSE, "dense 30 linear", "dense 30"),
        (DENSE, 'Dense(30, activation="relu", name="first")', "dense(30) relu as first"),
        (DENSE, "dense 30 use_bias=false", "dense 30 bias=false"),
        (DENSE, "dense 30 no_bias=true", "dense 30 bias=false"),
        (DENSE, "dense 30 input_shape=784", "dense 30 in=784"),
        (DENSE, "dense 30 input_shape=(784,)", "dense 30 in=784"),
        (DENSE, 'dense 30 kernel_initializer="glorot_uniform"', "dense 30 init=xavier"),
        (DENSE, "dropout rate=0.5", "dropout 0.5"),
        (DENSE, "dropout 50%", "dropout 0.5"),
        (DENSE, "dropout(12.5%)", "dropout(0.125)"),
        (DENSE, "Dropout(keep_prob=0.8)", "dropout(0.2)"),
        (DENSE, "BatchNormalization", "batchnorm"),
        (DENSE, "BatchNormalization()", "batchnorm"),
        (DENSE, "nn.BatchNorm1d(784)", "batchnorm"),
        (DENSE, "LeakyReLU(alpha=0.2)", "leaky_relu(0.2)"),
        (DENSE, "LeakyReLU", "leaky_relu"),
        (DENSE, "dense 30 LeakyReLU(0.2)", "dense 30 leaky_relu(0.2)"),
        (DENSE, "nn.ReLU(inplace=True)", "relu"),
        (DENSE, "nn.Softmax(dim=-1)", "softmax"),
        (DENSE, "gelu approximate=true", "gelu approx=tanh"),
        (DENSE, "prelu(0.25)", "prelu"),
        (DENSE, "dense 30 prelu(0.25)", "dense 30 prelu"),
        (DENSE, "relu(6)", "shift -3 -> hard_sigmoid -> scale 6"),
        (DENSE, "dense 30 relu(6)", "dense 30 -> shift -3 -> hard_sigmoid -> scale 6"),
        (DENSE, "relu(3)", "scale 2 -> shift -3 -> hard_sigmoid -> scale 3"),
        (DENSE, "dense 30 relu6", "dense 30 -> shift -3 -> hard_sigmoid -> scale 6"),
        ("input 4 -> dense 1; loss {}", "'MSELoss'", "mse"),
        ("input 4 -> dense 3 softmax; loss {}", "'categorical_crossentropy'", "categorical_crossentropy"),
        ("input 4 -> dense 1; loss{}", '="mse"', " mse"),
        ("input 4 -> dense 1; loss mse; optimizer {}", "adm", "adam"),
        ("input 4 -> dense 1; loss mse; optimizer {}", "Adam(learning_rate=0.1)", "adam(lr=0.1)"),
        (
            "input 4 -> dense 1; loss mse; optimizer adam {}",
            "betas=(0.9, 0.99)",
            "beta1=0.9 beta2=0.99",
        ),
        (
            "input 4 -> dense 1; loss mse; schedule {}",
            "CosineAnnealingLR T_max=100 eta_min=0.1",
            "cosine steps=100 min=0.1",
        ),
        ("input 4 -> dense 1; loss mse; dtype {}", "double", "float64"),
        ("input 4 -> dense 3; loss crossentropy; metric {}", "top_1", "top_k(1)"),
    ],
)
def test_named_cases(spec, wrong, right):
    after = followed(spec.format(wrong))
    assert meaning(after) == meaning(spec.format(right))
    assert re.sub(r"\s+", " ", after) == spec.format(right)
    assert not [d for d in check(Source("a.nn", after)).report if d.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("spec", "word", "said"),
    [
        (SEQUENCE, "gan", "an adversarial pair is two programs"),
        (SEQUENCE, "gax", "`nnc layers` lists the layers"),
        (SEQUENCE, "dpe", "`nnc layers` lists the layers"),
        (CONV, "conv3d 8 3", "no three-dimensional layers"),
        (SEQUENCE, "l2_normalize", "divides by the Euclidean norm"),
        (SEQUENCE, "cross_attention 2", "`attention HEADS` is self-attention"),
        (CONV, "lrn", "no local response normalisation"),
        (CONV, "AdaptiveAvgPool2d(7)", "`global_avgpool`"),
        (DENSE, "prelu(0.1)", "`leaky_relu(0.1)`"),
        (DENSE, "dense(30, relu(6))", "`shift -3 -> hard_sigmoid -> scale 6`"),
        ("input 4 -> dense 1; loss mse; optimizer {}", "sgd lr=0.1 decay=1e-4", "a schedule"),
        ("input 4 -> dense 1; loss mse; schedule {}", "multistep every=3", "no list of steps"),
        ("input 4 -> dense 1; loss mse; schedule {}", "MultiStepLR", "no list of steps"),
        ("input 4 -> dense 1; loss mse; dtype {}", "float16", "float32 and float64"),
        ("input 4 -> dense 1; loss mse; {}", "early_stopping 5", "no callbacks"),
        (DENSE, "dense 3 kernel_regularizer=l2", "`regularize l2=…`"),
        (CONV, "conv 3 3 data_format=channels_last", "channels come first"),
    ],
)
def test_what_changes_the_meaning_is_no_fix(spec, word, said):
    (found,) = errors(spec.format(word))
    assert said in found.help and not found.fixes and not found.here


def test_embedding_bag_is_a_mean_of_an_embedding():
    spec = "input T int -> embedding_bag 100 8 -> dense 2; loss mse"
    right = "input T int -> embedding 100 8 -> mean axis=0 -> dense 2; loss mse"
    assert followed(spec) == right


def test_words_that_mean_the_same_are_safe_and_others_are_not():
    safe = ["padding=same", "kernel_size=3", "use_bias=false"]
    for text in safe:
        (found,) = errors(CONV.format(f"conv 3 {'' if 'kernel' in text else '3'} {text}"))
        assert found.fixes[0].safe
    for text in ("BatchNormalization", "LeakyReLU", "Linear(3, 4)", "Permute(2, 1)"):
        (found,) = errors(DENSE.format(text))
        assert not found.fixes or not found.fixes[0].safe, text


def test_own_blocks_go_before_words_of_other_libraries():
    spec = "block cnn(n) = dense n\ninput 4 -> cnn(3); loss mse"
    assert not errors(spec)
    assert followed("block my_cnn(n) = dense n\ninput 4 -> MyCNN(3); loss mse").endswith(
        "input 4 -> my_cnn(3); loss mse"
    )


def test_statements_that_are_called_otherwise_get_advice():
    for word, statement in statements.STATEMENTS.items():
        (found,) = errors(f"input 4 -> dense 1; loss mse; {word} 3")
        assert found.code.id == "NN104" and statement in found.help, word


def test_a_spec_without_faults_reads_no_tables():
    program = (
        "import sys; from nnc.driver import check; from nnc.source import Source;"
        "r = check(Source('a.nn', 'input 4 -> dense 3 relu -> dense 1; loss mse')).report;"
        "tables = [m for m in sys.modules if m.startswith('nnc.frontend.elsewhere.')];"
        "print(len(list(r)), sorted(tables))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[0] == "0 ['nnc.frontend.elsewhere.syntax']"


def test_british_spellings_are_known():
    assert meaning_of("BatchNormalisation", Sort.KIND) == meaning_of("BatchNormalization", Sort.KIND)
