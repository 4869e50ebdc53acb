"""Every word of a spec has one meaning: definitions, references, renaming, completion, colours."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from nnc.driver import check
from nnc.editor.colours import Colour, coloured
from nnc.editor.completion import complete
from nnc.editor.edits import applied
from nnc.editor.names import Role
from nnc.editor.relations import Refused, definition_at, references_at, rename
from nnc.source import Source

from ..generated import ROOT
from .editing import BROKEN, EXAMPLES, example, marked, seen

OWN = (Role.STAGE, Role.LET, Role.BLOCK, Role.FN, Role.PARAMETER, Role.DIMENSION)
BY_PATH = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


@BY_PATH
def test_every_word_of_an_example_has_a_meaning(path):
    judge_meanings(example(path))


def test_every_word_of_other_specs_has_a_meaning():
    for path in sorted((ROOT / "tests/corpus").rglob("*.nn")):
        study = example(path)
        if not study.errors:
            judge_meanings(study)


def judge_meanings(study):
    for mention in study.names.of(study.source):
        word = mention.span.text
        if mention.role in OWN:
            assert mention.definition is not None, word
            assert mention.definition.name == word
        elif mention.role in (Role.KIND, Role.CHOICE, Role.ACTIVATION, Role.WORD):
            assert mention.entry is not None, word
        elif mention.role is Role.KEY:
            assert mention.spec is not None, word


@BY_PATH
def test_every_word_of_an_example_is_coloured_once(path):
    study = example(path)
    words = coloured(study)
    assert all(a.stop <= b.start for a, b in pairwise(words))
    text = study.source.text
    bare = "".join(text[a.stop : b.start] for a, b in pairwise(words))
    assert not bare.strip("() \n,x"), bare


def network(study):
    """The layers of a spec with what they are fed, but not their names."""
    own = {d.name for d in study.names.definitions if d.role is Role.FN}
    return [
        (la.kind.partition(" fn")[0] in own or la.kind, la.inputs, len(la.args))
        for la in (study.graph.graph.layers if study.graph else ())
    ]


@BY_PATH
def test_renaming_everything_changes_no_network(path):
    """Each name gets a fresh one; the layers, their inputs and shapes stay what they are."""
    study = example(path)
    text = study.source.text
    for definition in study.names.definitions:
        if definition.role is Role.PARAMETER and definition.name == "t":
            continue  # the target of a loss
        new = "ZZ9" if definition.role is Role.DIMENSION else "zz_new"
        edits = rename([study], definition.span.start, new).edits
        after = seen(applied(text, edits[study.source.name]))
        assert not after.errors
        assert (
            definition.name
            not in {
                d.name for d in after.names.definitions if d.whole.start == definition.whole.start
            }
            or definition.role is Role.PARAMETER
        )
        assert network(after) == network(study)


LIB = "let width = 4\nblock twice(n) = dense n relu -> dense n\nfn mine(a, q=1) = a * q\n"
MAIN = 'include "lib.nn"\ninput 4 -> twice(width) -> dense 3 mine(q=2) as end\nloss mse on end\n'


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("let a| = 3\ninput 4 -> dense a -> dense (2*a)", 3),
        ("let a = 3\nblock b(a|, k=a) = dense a -> dense k\ninput 4 -> b(a=a)", 4),
        ("block b|(n) = dense n\ninput 4 -> b(3) -> (b(4) -> relu) * 2", 3),
        ("fn f|(z) = z * 2\nfn g(z) = f(z)\ninput 4 -> dense 3 f -> g", 3),
        ("fn f(z|, q=1) = z * q + z", 3),
        ("fn f(z, q|=1) = z * q\ninput 4 -> dense 3 f(q=2)", 3),
        ("input 4 as a| -> dense 3 as b\n[a, b -> dense 4] -> add\nloss mse", 2),
        ("input 4 -> dense 3 as e| -> use e -> dense 4 tie=e\nloss mse on e\nmetric mae on e", 5),
        ("input T|x4 as a -> lstm 3\ninput Tx8 -> lstm 3\noutput a", 2),
        ("input T| int as s -> embedding 9 4 -> gru 4 as m\ninput L int -> embedding 9 4\n", 1),
        ("input 4 -> (dense 3 as i| -> use i) * 2 -> dense 4 as j", 2),
        ("input 4 -> (dense 4 as i| -> use i) * 2 -> dense 4 as i -> use i", 2),
        ("input 4 -> (dense 4 as i -> use i) as g -> dense 4 as i| -> use i", 2),
        ("input 4 -> (dense 4 as i| -> use i) -> dense 4 -> use i", 3),
        ("block b = dense 3 as h| -> use h\ninput 4 as h -> b -> dense 2", 2),
        ("input 4 -> dense| 3", 0),
        ("input 4 -> nothing|", 0),
    ],
)
def test_references(text, places):
    study, offset = marked(text)
    assert len(references_at([study], offset)) == places
    for mention in references_at([study], offset):
        assert definition_at(study, mention.span.start) == mention.definition.span


def test_definitions_and_renames_cross_files():
    main, offset = marked(MAIN.replace("twice(", "tw|ice("), lib=LIB)
    span = definition_at(main, offset)
    assert (span.source.name, span.text) == ("lib.nn", "twice")
    lib = seen(LIB)
    assert len(references_at([main, lib], offset)) == 2
    edits = rename([main], offset, "pair").edits
    assert {n: [e.start for e in own] for n, own in edits.items()} == {
        "main.nn": [MAIN.index("twice")],
        "lib.nn": [LIB.index("twice")],
    }


def test_an_include_leads_to_its_file():
    main, offset = marked(MAIN.replace('"lib', '"l|ib'), lib=LIB)
    span = definition_at(main, offset)
    assert (span.source.name, span.start) == ("lib.nn", 0)
    missing, offset = marked('include "li|b.nn"')
    assert definition_at(missing, offset) is None


@pytest.mark.parametrize(
    ("text", "new", "why"),
    [
        ("let a| = 3\ninput a -> dense a", "B", "is not a name"),
        ("let a| = 3\ninput 4 -> dense a", "loss", "a word of the language"),
        ("let a| = 3\ninput 4 -> dense a", "relu", "cannot be used"),
        ("let a| = 3\nlet b = 4\ninput 4 -> dense a -> dense b", "b", "defined twice"),
        (
            "let w = 3\nblock b(n|) = dense n -> dense w\ninput 4 -> b(2)",
            "w",
            "means something else",
        ),
        ("input 4 as a| -> dense 3 as h", "h", "defined twice"),
        ("input T|x4 -> lstm 3", "t", "is not a name"),
        ("input 4 -> dense| 3", "zz", "nnc's own word"),
        ("input 4 -> densee| 3", "zz", "is not defined"),
        ("fn f(y, t|) = y - t", "zz", "the target of a loss"),
        ("fn f(y|, q=1) = y * q", "t", "the target of a loss"),
        ("loss mse on x|", "zz", "is not defined"),
        ("input 4 as a|a -> dense 3\nloss $ mse on ] aa", "zz", "cannot be read"),
        ("|", "zz", "no name"),
    ],
)
def test_a_rename_that_would_be_wrong_is_refused(text, new, why):
    study, offset = marked(text)
    with pytest.raises(Refused, match=why):
        rename([study], offset, new)


def test_a_rename_that_captures_another_name_is_refused():
    """The let `w` would be hidden by the parameter, without any error."""
    study, offset = marked("let w = 3\nblock b(n) = dense w -> dense n|\ninput 4 -> b(2)")
    with pytest.raises(Refused, match="means something else"):
        rename([study], offset, "w")


# --- completion ---------------------------------------------------------------------------


@BY_PATH
def test_what_stands_in_an_example_is_offered_there(path):
    study = example(path)
    for mention in study.names.of(study.source):
        if not mention.defines and mention.role not in (Role.FILE, Role.DIMENSION):
            labels = {item.label for item in complete(study, mention.span.start + 1)}
            word = mention.span.text
            assert labels & {word, f"{word}="}, (word, mention.span.line)


UNKNOWN = {"NN101", "NN102", "NN105", "NN106"}


@BY_PATH
def test_what_is_offered_may_stand_there(path):
    """Some of what is offered at each word of an example is written there, and known to be legal."""
    study, random = example(path), Random(path.stem)
    text = study.source.text
    for mention in study.names.of(study.source):
        roles = (Role.FILE, Role.DIMENSION, Role.KEY, Role.WORD)
        if mention.defines or mention.role in roles:
            continue
        items = [i for i in complete(study, mention.span.start + 1) if i.label[-1] != "="]
        for item in random.sample(items, min(1, len(items))):
            report = check(Source("a.nn", f"{text[: item.start]}{item.insert}\n")).report
            wrong = [
                d.message for d in report if d.code.id in UNKNOWN and d.span.start == item.start
            ]
            assert not wrong, (item.label, mention.span.line)


@pytest.mark.parametrize(
    ("text", "offered", "not_offered"),
    [
        ("input 784 -> |", "dense relu dropout use", "conv maxpool add lstm loss"),
        ("input 3x28x28 -> |", "conv maxpool flatten", "dense add lstm embedding"),
        ("input T int -> |", "embedding", "dense conv lstm"),
        ("input 4 as a -> dense 4 as b\n[a, b] -> |", "add concat mean", "dense relu a"),
        ("input 4 as a\n[|", "a input", "dense"),
        ("input 4 as a -> [|", "a id dense", "add"),
        ("block b(n) = dense n\ninput 4 -> |", "b", "n"),
        ("block b(n) = |", "dense", "input b"),
        ("block b(n) = dense |", "n units=", "nothing"),
        ("input 4 -> dense 3 |", "relu as in= bias=", "units dense add"),
        ("input 4 -> dense 3 bias=false |", "init=", "bias="),
        ("let w = 3\ninput 4 -> dense |", "w units=", "same"),
        ("input 3x8x8 -> conv 8 3x3 pad=|", "same valid", "relu"),
        ("input 4 -> lstm 3 return=|", "all last", "same"),
        ("input 4 -> dense 3 as e -> dense 4 tie=|", "e", "relu"),
        ("input 4 -> dense 3 init=|", "he normal", "relu"),
        ("input 4 -> dense 3 bias=|", "true false", "relu"),
        ("input 4 -> lstm 3 |", "return= as", "relu"),
        ("optimizer |", "adam sgd", "cosine mse"),
        ("optimizer adam |", "lr= beta1=", "momentum="),
        ("schedule |", "cosine", "adam"),
        ("loss |", "mse crossentropy", "adam"),
        ("fn mine(y, t) = y - t\nloss |", "mine", "adam"),
        ("input 4 -> dense 3 as h\nloss mse on |", "h", "mse"),
        ("input 4 -> dense 3 as h\noutput |", "h", "dense"),
        ("metric accuracy, |", "f1 top_k", "accuracyy"),
        ("dtype |", "float32 float64", "relu"),
        ("train |", "batch= epochs=", "lr="),
        ("fn f(a, q=1) = |", "a q exp where", "dense"),
        ("|", "input let loss", "relu as"),
        ("input 4 -> (dense 3 -> dense 2) |", "frozen= relu as", "units="),
        ("input T|", "", "relu"),
        ("input 4 -> dense 3  # nnc: ignore[|", "NN141 NN301", "relu"),
        ("input 4 -> dens $ 3 -> dense 4 in|it=he", "init=", "relu"),
    ],
)
def test_offered(text, offered, not_offered):
    study, offset = marked(text)
    labels = {item.label for item in complete(study, offset)}
    assert set(offered.split()) <= labels
    assert not labels & set(not_offered.split())


def test_files_are_offered_in_an_include():
    study, offset = marked('include "l|"')
    assert [i.label for i in complete(study, offset, lambda: ["lib.nn"])] == ["lib.nn"]


def test_a_broken_spec_has_meanings_too():
    study = seen(BROKEN)
    text = study.source.text
    colours = {text[c.start : c.stop]: c.colour for c in coloured(study)}
    assert colours["width"] is Colour.LET
    assert colours["side"] is Colour.STAGE
    assert colours["optimizer"] is Colour.KEYWORD
    assert len(references_at([study], text.index("width"))) == 2
    assert definition_at(study, text.rindex("side")).start == text.index("side")
    assert "lr=" in {i.label for i in complete(study, text.index("lr="))}
