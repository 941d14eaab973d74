"""The table of rules, and the promises that every rule keeps."""

import re
from pathlib import Path

import pytest

from macroengine import RULES, Severity, check, parse
from macroengine.rules import codes
from macroengine.rules.file_faults import FILE_FAULTS
from macroengine.rules.pages import listed, markdown, page, sections
from macroengine.rules.request_faults import REQUEST_FAULTS
from tests.support.rule_examples import rule_example
from tests.support.trying import with_each

HEADINGS = ["", "What it does", "Why it matters", "Example", "Use instead"]


@with_each("code", RULES)
def test_rule_documents_itself(code):
    found = sections(code)
    assert [heading for heading in found if heading != "With"] == HEADINGS
    assert all(found.values())
    assert found[""].endswith(".")


@with_each("code", RULES)
def test_rule_finds_its_example_and_not_what_to_use_instead(code):
    example, instead = findings(code, "Example"), findings(code, "Use instead")
    assert code in {finding.code for finding in example}
    assert code not in {finding.code for finding in instead}


@with_each("code", RULES)
def test_rule_offers_the_fix_that_it_says(code):
    fixes = [finding.fix for finding in findings(code, "Example") if finding.code == code]
    best = {None: None, "safe": True, "unsafe": False}[RULES[code].fix]
    assert {fix and fix.safe for fix in fixes} == {best}


@with_each("code", RULES)
def test_what_to_use_instead_has_no_error_or_warning_of_another_rule(code):
    assert [finding for finding in findings(code, "Use instead") if finding.severity is not Severity.INFO] == []


def test_codes_are_in_order_and_names_are_unlike_each_other():
    assert list(RULES) == sorted(RULES)
    assert len({rule.name for rule in RULES.values()}) == len(RULES)
    assert all(re.fullmatch(r"ME[0-3]\d\d", code) for code in RULES)


def test_rules_page_is_fresh(golden):
    golden(Path(__file__).parents[2] / "docs" / "rules.md", markdown())


def test_all_that_check_finds_is_listed_with_what_it_can_fix():
    rows = listed()
    assert [row[0] for row in rows] == ["ME000", *RULES, *REQUEST_FAULTS, *FILE_FAULTS]
    assert ("ME604", "single-quotes", "error", "safe", "A string in single quotes") in rows
    assert {code for code, _, severity, *_ in rows if severity == "warning"} >= {"ME006", "ME606", "ME614"}


def test_page_fits_80_columns_and_has_all_sections():
    for code in RULES:
        text = page(code)
        assert max(map(len, text.splitlines())) <= 80
        assert [heading for heading in HEADINGS if heading and f"\n{heading}:\n" not in text] == []


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        pytest.param(None, (), list(RULES), id="all"),
        pytest.param(["ME306"], (), ["ME306"], id="one"),
        pytest.param("ME306", (), ["ME306"], id="a-string-is-one-code"),
        pytest.param(
            ["ME30"], ["ME302", "ME304"], ["ME301", "ME303", "ME305", "ME306", "ME307", "ME308"], id="family-but-two"
        ),
        pytest.param([], (), [], id="none"),
    ],
)
def test_codes(select, ignore, expected):
    assert list(codes(select, ignore)) == expected


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param("ME100", "unknown rule 'ME100'; did you mean 'ME010' or 'ME101' or 'ME102'?", id="near"),
        pytest.param("me101", "unknown rule 'me101'; did you mean 'ME101'?", id="case"),
        pytest.param("unknown", "unknown rule 'unknown' (known: ME001 to ME310)", id="far"),
        pytest.param("", "unknown rule '' (known: ME001 to ME310)", id="empty"),
    ],
)
def test_unknown_code_is_an_error_that_names_the_nearest(wrong, message):
    for options in ({"select": [wrong]}, {"ignore": [wrong]}):
        with pytest.raises(ValueError, match=re.escape(message)):
            check("", **options)


def test_findings_are_in_source_order_whatever_their_rule():
    found = check("http://n.example/pb?&id=(clickd)&x=é&&ip=(ip)#f")
    assert [finding.span for finding in found] == sorted(finding.span for finding in found)
    assert len(found) > 5


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param("https://n.example/?a={{\x1b[2J}}", r"{{\x1b[2J}} is not an AppsFlyer macro", id="foreign-macro"),
        pytest.param("https://n.example/?a=<b\nc>(ip)", r"HTML tag <b\nc>; remove it", id="tag"),
        pytest.param("https://n.example/?a={{\ud800}}", r"{{\ud800}} is not an AppsFlyer macro", id="lone-surrogate"),
    ],
)
def test_what_a_message_quotes_moves_no_cursor(source, message):
    assert any(finding.message.startswith(message) for finding in check(source))
    assert all(finding.message.isprintable() for finding in check(source))


def test_template_is_checked_in_the_dialect_that_it_was_parsed_in():
    assert check(parse("https://n.example/pb?id={click_id}", "appmetrica")) == []


def findings(code, heading):
    text, options = rule_example(code, heading)
    return check(text, **options)
