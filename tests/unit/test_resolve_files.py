"""Includes: lets and blocks of other files."""

from __future__ import annotations

import pytest
from nnc.diagnostics.model import Report
from nnc.frontend.parser import parse
from nnc.frontend.resolve import resolve
from nnc.source import Source

from .resolving import error_codes, findings, graph

USE = "input 3 -> head(width)\n"


def test_lets_and_blocks_of_another_file():
    files = {"lib.nn": "let width = 4\nblock head(n) = dense n\ninput 9 -> dense 9\nloss mae"}
    found = graph(f'{USE}include "lib.nn"', files)
    assert [n.name for n in found.layers] == ["x", "head1.dense1"]
    assert found.losses == ()


def test_paths_are_relative_and_a_diamond_loads_once():
    files = {
        "lib/a.nn": 'include "deep/c.nn"\nblock head(n) = dense n',
        "lib/b.nn": 'include "./deep/c.nn"\nlet depth = width',
        "lib/deep/c.nn": "let width = 4",
    }
    text = f'include "lib/a.nn"\ninclude "lib/b.nn"\n{USE}'
    assert error_codes(text, files) == []


def test_unused_definitions_of_other_files_are_no_warning():
    assert findings('include "lib.nn"\ninput 3 -> dense 4', {"lib.nn": "let width = 3"}) == []


def test_a_collision_shows_both_places():
    (finding,) = findings(
        'include "lib.nn"\nlet width = 5\ninput 3 -> dense width', {"lib.nn": "let width = 4"}
    )
    assert finding.code.id == "NN114"
    assert {finding.span.source.name, finding.labels[0].span.source.name} == {"main.nn", "lib.nn"}


def test_a_cycle_shows_both_places():
    files = {"a.nn": 'include "b.nn"\nlet width = 3', "b.nn": 'include "a.nn"'}
    (finding,) = findings('include "a.nn"\ninput 3 -> dense width', files)
    assert finding.code.id == "NN503"
    assert (finding.span.source.name, finding.labels[0].span.source.name) == ("b.nn", "a.nn")


def test_a_file_that_includes_the_main_one_is_a_cycle():
    assert error_codes('include "a.nn"\ninput 3 -> dense 3', {"a.nn": 'include "main.nn"'}) == [
        "NN503"
    ]
    assert error_codes('include "main.nn"\ninput 3 -> dense 3') == ["NN503"]


def test_what_a_missing_file_would_define_is_no_second_fault():
    assert error_codes(f'include "nothing.nn"\n{USE}') == ["NN501"]


def test_faults_inside_an_included_file_are_found_there():
    found = findings(
        f'include "lib.nn"\n{USE}', {"lib.nn": "let width = 4\nblock head(n) = dence n"}
    )
    assert [(d.code.id, d.span.source.name) for d in found] == [("NN101", "lib.nn")]
    assert [label.span.source.name for label in found[0].labels] == ["main.nn"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FileNotFoundError(2, "No such file"), "NN501"),
        (PermissionError(13, "Permission denied"), "NN502"),
        (IsADirectoryError(21, "Is a directory"), "NN502"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "NN502"),
        (ValueError("embedded null byte"), "NN502"),
    ],
)
def test_loading_errors(error, code):
    def load(path: str, source: Source) -> Source:
        raise error

    report = Report()
    resolve(parse(Source("main.nn", 'include "lib.nn"\ninput 3 -> dense 3'), report), load, report)
    assert [d.code.id for d in report] == [code]


def test_a_folder_is_refused_without_asking_for_it():
    assert error_codes('include "lib/"\ninput 3 -> dense 3', {"lib": ""}) == ["NN502"]
