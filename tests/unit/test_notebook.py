"""`%%nnc` and the picture of a network, in a real kernel and without one."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser

import nnc
import pytest
from nnc.report.notebook import _line

from ..generated import EXAMPLES, ROOT, spec_text

nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed: nnc[notebook]")
nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
pytest.importorskip("ipykernel", reason="ipykernel is not installed: nnc[notebook]")

SPEC = "input 4 -> dense 3 relu -> dense 2 softmax\nloss crossentropy\noptimizer sgd lr=0.1\n"
FAULTY = "input 4 -> dens 3\nloss mse\n"
NOTEBOOK = EXAMPLES / "notebook.ipynb"


def executed(*cells: str, allow_errors: bool = False, folder=ROOT):
    """The outputs of each cell, as a kernel gives them."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(
        book, timeout=300, allow_errors=allow_errors, resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return [cell.outputs for cell in book.cells]


class Tags(HTMLParser):
    """Refuses tags that are not closed in order; keeps what it saw."""

    EMPTY = ("path", "rect", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def outputs():
    """A session: what each of its cells put out."""
    return executed(
        "%load_ext nnc",
        f"%%nnc digits\n{SPEC}",
        "print(digits.NUM_PARAMS)\nx = [[1, 2, 3]]\ndigits.predict(digits.init_params(), x)",
        f"%%nnc --quiet -O0 --emit jacobian plain\n{SPEC}",
        "print(plain.jacobian.__name__, plain.SPEC == digits.SPEC)",
        f"%%nnc broken\n{FAULTY}",
        f"%%nnc 2fast\n{SPEC}",
        f"%%nnc --emit everything digits\n{SPEC}",
        "broken",
        "digits.NUM_PARAMS",
        "%%nnc\ninput 3 -> dense 1\nloss mse",
        "print(get_ipython().find_cell_magic('nnc').__doc__)",
        allow_errors=True,
    )


def text_of(found) -> str:
    lines = "\n".join("\n".join(out.get("traceback", [])) or out.get("text", "") for out in found)
    return re.sub(r"\x1b\[[0-9;]*m", "", lines)


def test_the_cell_becomes_a_module_and_shows_its_network(outputs):
    (shown,) = outputs[1]
    assert shown.output_type == "execute_result"
    html = shown.data["text/html"]
    assert html == nnc.loads(SPEC, name="digits.nn")._repr_html_()
    assert "dense 3 relu" in Tags(html).text
    assert shown.data["text/plain"].startswith("<module 'digits'")


def test_tracebacks_show_the_generated_source(outputs):
    printed, error = outputs[2]
    assert printed.text == "23\n"
    assert error.evalue == "x: expected shape (B, 4), found (1, 3)"
    assert "raise ValueError(f" in text_of([error])
    assert "digits.nn (generated)" in text_of([error])


def test_options(outputs):
    assert outputs[3] == []
    assert text_of(outputs[4]) == "jacobian True\n"
    assert "text/html" in outputs[10][0].data
    assert outputs[10][0].data["text/plain"].startswith("<module 'model'")


def test_a_faulty_spec_shows_its_findings_and_nothing_else(outputs):
    (error,) = outputs[5]
    assert error.output_type == "error"
    assert text_of([error]) == str(nnc.lint(FAULTY, name="broken.nn"))
    assert "NameError" in text_of(outputs[8]), "no module was made"
    assert outputs[9][0].data["text/plain"] == "23"


def test_wrong_words_are_said_in_one_line(outputs):
    assert text_of(outputs[6]).strip() == "UsageError: %%nnc: '2fast' is no name for a variable"
    wrong = text_of(outputs[7]).strip()
    assert wrong.startswith("UsageError: %%nnc: argument --emit: invalid choice: 'everything'")
    assert "\n" not in wrong


def test_help(outputs):
    assert text_of(outputs[11]).startswith("usage: %%nnc [-O {0,1}]")


def test_the_html_is_whole_and_has_every_layer():
    for name in ("residual_mlp", "siamese", "lstm", "systems/S07"):
        module = nnc.loads(spec_text(name))
        tags = Tags(module._repr_html_())
        assert {"svg", "table"} <= set(tags.seen)
        assert not {"script", "link", "img", "iframe"} & set(tags.seen)
        for layer in nnc.graph(spec_text(name)):
            assert layer in tags.text
        assert f"{module.NUM_PARAMS:,}" in tags.text


def test_what_comes_from_the_spec_is_escaped():
    text = '# <script>alert(1)</script>\nmodel "<b>&"\ninput 4 -> dense 2\nloss mse\n'
    html = nnc.loads(text, name="<i>.nn")._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;" in html
    for repeat in (1, 300):  # drawn, and counted
        chain = f"input 4 -> (dense 4 tanh) * {repeat}"
        assert "<i>" not in nnc.loads(chain, name="<i>.nn")._repr_html_()
    assert "<b>" not in _line(("<b>",) * 5, "td")


def test_large_networks_are_counted_not_drawn():
    html = nnc.loads("input 4 -> (dense 4 tanh) * 300; loss mse")._repr_html_()
    assert "301 layers" in Tags(html).text
    assert len(html) < 1000


def test_the_example_notebook_runs_and_its_outputs_are_stored(request):
    """Where a picture or a text has changed, `pytest --update-golden` stores what is new."""
    book = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    stored = [[_plain(out) for out in cell.outputs] for cell in code]
    about = dict(book.metadata)
    client = nbclient.NotebookClient(
        book, timeout=300, record_timing=False, resources={"metadata": {"path": str(EXAMPLES)}}
    )
    client.execute()
    if request.config.getoption("--update-golden"):
        book.metadata = about
        NOTEBOOK.write_text(f"{nbformat.writes(book)}\n", encoding="utf-8")
        return
    assert any(stored), "outputs are stored"
    assert [[_plain(out) for out in cell.outputs] for cell in code] == stored


def _plain(output) -> object:
    """An output without what differs from run to run."""
    data = output.get("data", {})
    said = re.sub(r"9[3-9]% of", "most of", data.get("text/plain", ""))
    return output.output_type, output.get("text"), data.get("text/html"), said


def test_the_magic_is_not_imported_by_nnc():
    program = "import sys, nnc.api; print('IPython' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
