"""Specs of 64 KiB that are as slow as possible, one for each possible superlinear cost."""

from __future__ import annotations

from collections.abc import Callable

SIZE = 64 * 1024

PATHOLOGICAL: dict[str, Callable[[int], str]] = {}
"""By name, what makes a spec of about so many characters."""


def pathological(make: Callable[[int], str]) -> Callable[[int], str]:
    """Enter a maker under its own name."""
    PATHOLOGICAL[make.__name__.replace("_", " ")] = make
    return make


def fill(piece: str, size: int, begin: str = "", end: str = "") -> str:
    """Repeat a piece, in which {i} counts, until the text has that size."""
    length = len(begin) + len(end)
    parts = []
    while length < size:
        parts.append(piece.replace("{i}", str(len(parts))).replace("{j}", str(len(parts) + 1)))
        length += len(parts[-1])
    return begin + "".join(parts) + end


def simple(name: str, piece: str, begin: str = "", end: str = "") -> None:
    """Enter a spec that is one piece over and over."""
    PATHOLOGICAL[name] = lambda size: fill(piece, size, begin, end)


LOSS = "\nloss mse\noptimizer sgd lr=0.1\n"

# --- characters, tokens, brackets ---------------------------------------------------------

simple("open brackets", "(", "input 3 -> ")
simple("closing brackets", ")", "input 3 -> ")
simple("mixed brackets", "([", "input 3 -> ")
simple("bracket pairs", "()", "input 3 -> dense ")
simple("open brackets, a line each", "(\n", "input 3 -> ")
simple("dense tokens", "->1", "input 3")
simple("operators", "+1", "let a = 1", "\ninput 1 -> dense a")
simple("minus signs", "-", "let a = ", "1")
simple("powers", "**1", "let a = 1")
simple("semicolons", ";")
simple("blank lines", "\n")
simple("spaces", " ")
simple("trailing spaces after a fault", " ", "inptu 3 ->", "x")
simple("stray characters", "$")
simple("stray characters, a line each", "$\n")
simple("look-alikes", "→", "input 3 ")
simple("look-alikes, a statement each", "input 3 → dense 4;")
simple("control characters", "\x1b", "input 3 -> ")
simple("wide characters", "漢")
simple("combining characters", "\u0301", "input 3 -> dense e")
simple("quotes", '"')
simple("unterminated strings", '"a\n')
simple("one long name", "a", "input 3 -> ")
simple("one long number", "9", "input ")
simple("one long fraction", "9", "let a = 0.")
simple("one long exponent", "9", "let a = 1e")
simple("one long size", "3x", "input ", "3")
simple("one long comment", "#", "input 3 -> dense 2 ")
simple("comments", "#\n")
simple("words", "a ", "input 3 -> ")
simple("capitals", "A ", "input 3 -> ")
simple("as", "as a ", "input 3 ")
simple("numbers", "1 ", "input 3 -> dense ")
simple("keys", "a=1 ", "input 3 -> dense ")
simple("equal signs", "=", "let a ")
simple("commas", ",", "output a")
simple("colons", "1:", "input 3 -> crop ", "2")
simple("signed numbers", "+1 ", "input 3 -> permute ")
simple("list items", "1,", "input 3 -> scale [", "1]")
simple("nested lists", "[", "let a = ", "]")
simple("carriage returns", "\r", "input 3 -> dnse 4")
simple("broken statements on one line", "let;")
simple("broken statements, a line each", "let\n")
simple("spaced sizes", " x 3", "input 3")

# --- names --------------------------------------------------------------------------------

simple("misspelt layers", " -> dnese {i}", "input 3")
simple("misspelt layers, a line each", "\n -> dnese {i} reul", "input 3")
simple("misspelt layers of different names", "\n -> d{i}nse {i}", "input 3")
simple("misspelt layers, a chain each", "\ninput 3 -> dnese {i}")
simple("misspelt keys", " dnese{i}=3", "input 3 -> dense 4")
simple("misspelt statements", "\nlos{i} mse", "input 3 -> dense 3")
simple("misspelt losses", "\nloss mes{i}", "input 3 -> dense 3")
simple("misspelt lets", "\nlet width{i} = hieght{j}", "", "\ninput 3 -> dense 3")
simple("unknown names of layers", "\n -> use a{i}b", "input 3 -> dense 4 as ab")
simple("unknown outputs", ", q{i}w", "input 3 -> dense 4 as ab\noutput ab")
simple("names and misspelt names", "\na{i} -> dense 3 as b{j}", "input 3 as a0")
simple("names never used", "\ninput 3 -> dense 3 as unused{i}")
simple("lets never used", "\nlet unused{i} = {i}", "input 3 -> dense 3")
simple("blocks never used", "\nblock unused{i} = dense 3", "input 3 -> dense 3")
simple("one let over and over", "\nlet a = 1")
simple("one name over and over", " -> dense 1 as a", "input 3")
simple("one output over and over", ", a", "input 3 -> dense 3 as a\noutput a")
simple("reserved words", "\nlet lambda = 1")
simple("capital lets", "\nlet WIDTH{i} = 1")
simple("bad block parameters", "p,", "block b(", "p) = dense 3\ninput 3 -> b")
simple("block parameters", "p{i}=1,", "block b(", "q=2) = dense q\ninput 3 -> b()")
simple(
    "block parameters that depend", "p{j}=p{i},", "block b(p0=1,", "q=2) = dense q\ninput 3 -> b()"
)
simple("unknown arguments of a block", "q{i}=1,", "block b(p=1) = dense p\ninput 3 -> b(", "p=2)")
simple("private names", "\n -> use inner{i}", "block b = dense 3 as inner\ninput 3 -> b")
simple("later names", "\nb{i} -> dense 3 as a{i}", "", "\ninput 3 as b0")


@pathological
def one_long_misspelt_name(size: int) -> str:
    """Two long names that are nearly equal."""
    name = "a" * (size // 2 - 20)
    return f"let {name} = 3\ninput 3 -> dense {name}b"


@pathological
def long_misspelt_names(size: int) -> str:
    """Names of some hundred characters, all nearly equal."""
    name = "ab" * 100
    return fill(f"\nlet {name}{{i}} = 3", size // 2) + fill(
        f"\n -> dense {name}x{{i}}", size // 2, "\ninput 3"
    )


# --- constants ----------------------------------------------------------------------------

simple(
    "lets that build on the one before", "\nlet a{j} = a{i} + 1", "input 3 -> dense 3\nlet a0 = 1"
)
simple("lets that build on the next", "\nlet a{i} = a{j} + 1", "input 3 -> dense 3")
simple("lets that double", "\nlet a{j} = a{i} + a{i}", "input 3 -> dense 3\nlet a0 = 1")
simple("lets that square", "\nlet a{j} = a{i} * a{i}", "input 3 -> dense 3\nlet a0 = 3")
simple("lists that double", "\nlet a{j} = [a{i}, a{i}]", "input 3 -> scale a18\nlet a0 = 1")
simple("lists within lists", "\nlet a{j} = [a{i}]", "input 3 -> scale a999\nlet a0 = 1")
simple(
    "sums of lists that double", "\nlet a{j} = [a{i}, a{i}] + 1", "input 3 -> dense 3\nlet a0 = 1"
)
simple("great powers", "\nlet a{i} = 9**9**9", "input 3 -> dense 3")
simple("just possible powers", "\nlet a{i} = 2**4000", "input 3 -> dense 3")
simple("great fractions", "\nlet a{i} = (1/3)**2000", "input 3 -> dense a0")
simple("great sizes", " -> dense (2**4000)", "input 3")
simple("great products", "x(2**4000)", "input 3", " -> flatten -> dense 3")
simple("great numbers as sizes", " -> dense 99999999999999999999", "input 3")
simple("divisions by zero", "\nlet a{i} = 1/0")
simple("fractions as sizes", " -> dense (7/3)", "input 3")
simple("negative sizes", " -> dense -1", "input 3")
simple("divisions by zero, one expression", "+1/0", "let a = 1")
simple("long products", "*99999999999", "let a = 1")
simple("long fractions", "/7+1", "let a = 1")

LISTED = "input 784 -> dense 3000 softmax\nloss crossentropy weights=["
simple("one long list", "0.5, ", LISTED, "1]")
simple("a long list on many lines", "0.5,  # half\n", LISTED, "1]")
simple("nested lists that go on", "[1, [2, (3 + 1)]], ", "input 3 -> dense 2\nlet a = [", "1]")
simple("brackets in arithmetic", " + (a + [1, 2])", "let a = (1)", "\ninput 1 -> dense a")
simple("signed numbers, a statement each", "\nlet a{i} = [-1, -2]", "input 3 -> dense 3")

# --- stages -------------------------------------------------------------------------------

simple("a chain", " -> dense 1", "input 3", LOSS)
simple("a chain, a line each", "\n-> dense 1 relu", "input 3", LOSS)
simple("activations", "->relu", "input 3", LOSS)
simple("softmax after softmax", "->softmax", "input 3", "\nloss crossentropy")
simple("chains", "\ninput 3 -> dense 1")
simple("chains on one line", ";input 3 -> dense 1")
simple("sources", "\na")
simple("no source", "\ndense 1 -> relu")
simple("inputs", "\ninput 3 as i{i}", "", "\ni0 -> dense 3")
simple("inputs in the middle", "->input 3", "input 3")
simple("unnamed inputs", "\ninput 3 -> dense 1 as o{i}")
simple("forks", " -> [id, id] -> add", "input 3", LOSS)
simple("forks without merges", " -> [id, id]", "input 3", LOSS)
simple("forks in one name each", "\n[a{i}, a{i}] -> add as a{j}", "input 3 as a0", LOSS)
simple("concat that doubles", " -> [id, id] -> concat", "input 3", LOSS)
simple("branches", ", id", "input 3 -> [id", "] -> concat" + LOSS)
simple("branches of layers", ", dense 1", "input 3 -> [id", "] -> concat" + LOSS)
simple("branches of different shapes", ", dense {j}", "input 3 -> [id", "] -> add" + LOSS)
simple("forks in forks", "[id, ", "input 3 -> ", "]")
simple("groups", " -> (id)", "input 3", LOSS)
simple("groups with names", "\n-> (dense 1) as a{i}", "input 3", LOSS)
simple("groups in groups", "(", "input 3 -> ", "dense 1")
simple("repeats", " -> (dense 1)*9", "input 3", LOSS)
simple("repeats of nothing", " -> (id)*9999", "input 3", LOSS)
simple("repeats of repeats", " -> ((id)*99)*99", "input 3", LOSS)
simple("endless repeats", " -> (id)*99999999", "input 3", LOSS)
simple("uses", "\n-> use a", "input 3 -> dense 3 as a", LOSS)
simple("uses of uses", "\n-> use a{i} as a{j}", "input 3 -> dense 3 as a0", LOSS)
simple("uses of a group", "\n-> use a", "input 3 -> (dense 3 -> dense 3) * 9 as a", LOSS)
simple("ties", "\n-> dense 3 tie=a", "input 3 -> dense 3 as a", LOSS)
simple("mismatched uses", "\n-> dense {j} -> use a", "input 3 -> dense 3 as a", LOSS)
simple("wrong in", "\n-> dense 3 in=4", "input 3", LOSS)
simple("shape faults", "\n-> reshape 7", "input 3", LOSS)
simple("shape faults, a chain each", "\ninput 3 -> reshape 7")
simple(
    "shape faults at the end of a chain",
    "\nt -> reshape 7",
    "input 3" + " -> relu" * 3000 + " as t",
)
simple("dropout of nothing", " -> dropout 0", "input 3", LOSS)
simple(
    "linear layers after a long chain",
    "\nt -> dense 3 as t{i}",
    "input 3" + " -> id" * 3000 + " as t",
)
simple("poly of poly", " -> poly 9", "input 3", LOSS)
simple("repeat of repeat", " -> repeat 9", "input 3", LOSS)
simple("prelu", " -> prelu", "input 3", LOSS)
simple("symbolic sizes", "x(2)", "input T", " -> dense 3")
simple("concat of symbolic sizes", " -> [id, id] -> concat", "input T", LOSS)
simple("dense on symbolic sizes", "\ninput T{i} -> dense 3")
simple("blocks", "\n-> b", "block b = dense 3\ninput 3", LOSS)
simple("blocks with arguments", "\n-> b(3, relu)", "block b(n, a) = dense n a\ninput 3", LOSS)
simple("blocks with faults", "\n-> b(3, {i})", "block b(n, a) = dense n a\ninput 3", LOSS)
simple(
    "blocks that call the one before", "\nblock b{j} = b{i}", "block b0 = id", "\ninput 3 -> b60"
)
simple("recursive blocks", "\nblock b{i} = b{j}", "", "\ninput 3 -> b0")
simple("stages as arguments", "b(", "block b(s) = s\ninput 3 -> ")


def doubling(name: str, body: str, calls: int = 60) -> None:
    """Enter blocks that each call the one before twice; the rest is filled with chains."""

    def make(size: int) -> str:
        blocks = "block b0 = dense 3" + "".join(
            f"\nblock b{i + 1} = {body.replace('{i}', str(i))}" for i in range(calls)
        )
        return fill(f"\ninput 3 -> b{calls}", size, blocks)

    PATHOLOGICAL[name] = make


doubling("blocks that double", "b{i} -> b{i}")
doubling("blocks that double with faults", "b{i} -> dnse -> b{i}")
doubling("forks of blocks that double", "[b{i}, b{i}] -> add")
doubling("forks of blocks that double without merge", "[b{i}, b{i}]")
doubling("repeated blocks", "b{i} * 2")
doubling("unused blocks that double", "b{i} -> b{i}", 61)
doubling("blocks that double, ten deep", "b{i} -> b{i}", 10)
doubling("forks that double, ten deep", "[b{i}, b{i}] -> add", 10)
doubling("faults that double, ten deep", "b{i} -> dnse 3 -> b{i}", 10)
doubling("merge faults that double, ten deep", "[b{i} -> dense 4, b{i}] -> add", 10)

# --- settings -----------------------------------------------------------------------------

simple("losses", "\nloss mse on a", "input 3 -> dense 3 as a")
simple("losses on many", "\ninput 3 -> dense 3 sigmoid as a{i}\nloss crossentropy on a{i}")
simple(
    "losses on one softmax", "\nloss mse on a", "input 3 -> dense 3 softmax -> dense 3 softmax as a"
)
simple("losses without on", "\nloss mse", "input 3 -> dense 3 as a\na -> dense 3 as b\noutput a, b")
simple("losses at the end of a chain", "\nloss bce on t", "input 3" + " -> relu" * 3000 + " as t")
simple(
    "squared losses at the end of a chain",
    "\nloss mse on t",
    "input 3" + " -> dropout 0" * 3000 + " as t",
)
simple("optimizers", "\noptimizer sgd 0.1", "input 3 -> dense 3")
simple("metrics", "\nmetric accuracy", "input 3 -> dense 3")
simple("metrics, a line each", "\nmetric top_k({j})", "input 3 -> dense 3000\nloss mse")
simple("metrics on one line", " top_k({j}),", "input 3 -> dense 3000\nloss mse\nmetric", " mae")
simple("statements on one line", "; let a{i} = {i}", "input 3 -> dense 3")
simple("options", " batch=1", "input 3 -> dense 3\ntrain")
simple("includes", '\ninclude "blocks.nn"', "input 3 -> dense 3")
simple("missing includes", '\ninclude "none{i}.nn"', "input 3 -> dense 3")
simple("includes of broken files", '\ninclude "bad.nn"', "input 3 -> dense 3")
simple("cyclic includes", '\ninclude "back.nn"', "input 3 -> dense 3")
simple("models", "\nmodel a", "input 3 -> dense 3")

# --- ignores ------------------------------------------------------------------------------

simple("ignores", "\n# nnc: ignore[NN141]", "input 3 -> dense 3")
simple("ignores that work", "\nlet a{i} = 1 # nnc: ignore[NN140]", "input 3 -> dense 3")
simple("ignores of many codes", "NN141, ", "input 3 -> dense 3 # nnc: ignore[", "]")
simple("ignores of unknown codes", "NN{i}, ", "input 3 -> dense 3 # nnc: ignore[", "]")
simple("ignores of unknown codes, a line each", "\n# nnc: ignore[NM{i}]", "input 3 -> dense 3")
simple("broken ignores", "\n# nnc: ignore[", "input 3 -> dense 3")
simple("marks", "nnc:", "input 3 -> dense 3 #")
