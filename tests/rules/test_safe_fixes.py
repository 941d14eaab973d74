"""No safe fix makes another template of a template, whatever surrounds it."""

import json
import re
from functools import cache
from pathlib import Path
from random import Random

import pytest

from macroengine import RULES, check, fix, parse
from macroengine.rules import foreign_template
from tests.support.surroundings import AROUND, OTHER

DATA = Path(__file__).parents[1] / "data"
TEMPLATES = list(
    dict.fromkeys(
        json.loads(line)["template"]
        for name in ("corpus.jsonl", "samples.jsonl")
        for line in (DATA / name).read_text(encoding="utf-8").splitlines()
    )
)
# The quick tests take a few of the templates, the slow ones all others.
FEW = set(Random(19).sample(TEMPLATES, 12))
BY_SHARE = pytest.mark.parametrize("is_few", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["few", "others"])
DIALECTS = ["appsflyer", "appmetrica"]
WHOLE = {"ME030", "ME031", "ME032", "ME033", "ME034", "ME035"}
SURROUNDED = {"ME020", "ME021", "ME022", "ME023", "ME024", "ME025", "ME026"}
JUDGED = [code for code, rule in RULES.items() if rule.fix == "safe" or rule.whole]
# What a rule says that it fixes, of what a template is made of.
FIXES = {
    "ME006": {"macros"},
    "ME007": {"macros", "names"},
    "ME010": {"macros"},
    "ME102": {"macros"},
    "ME103": {"macros"},
    "ME212": {"names"},
    "ME222": {"names", "macros"},
    "ME223": {"scheme", "host", "names", "macros"},
}


def is_url(template):
    """Say whether a template is a URL in one piece, of which nobody doubts where it ends."""
    is_whole = re.fullmatch(r"https?://[A-Za-z][\w.-]*[/?][!-~]*[)}\]\w]", template) and not re.search(
        r"[<>\"`]", template
    )
    return bool(is_whole) and not {finding.code for finding in check(template)} & (WHOLE | SURROUNDED)


@cache
def urls():
    return [template for template in TEMPLATES if is_url(template)]


@cache
def fixed_url(url):
    return fix(url, select=JUDGED).source


def share(templates, is_few):
    return [template for template in templates if (template in FEW) is is_few]


@cache
def made_of(source, dialect):
    template = parse(source, dialect)
    return {
        "scheme": "".join(piece.text for piece in template.scheme).strip(),
        "host": "".join(piece.text for piece in template.authority).strip(),
        "names": ["".join(piece.text for piece in pair.name).strip() for pair in template.query],
        "macros": [macro.name for macro in template.macros()],
    }


@pytest.fixture(scope="module", autouse=True)
def detected_once():
    """Remember whose template a text is: each template comes back from every surrounding."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("detect", "translate"):
            patch.setattr(foreign_template, name, cache(getattr(foreign_template, name)))
        yield


def test_there_are_templates():
    assert len(TEMPLATES) > 300
    assert len(urls()) > 150
    assert len(share(urls(), is_few=True)) > 3


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_safe_fix_changes_what_it_says_and_nothing_else(dialect):
    seen = {finding.code for template in TEMPLATES for finding in judged(template, dialect) if finding.fix}
    assert seen >= {"ME002", "ME003", "ME212", "ME222", "ME223"}


@BY_SHARE
@pytest.mark.parametrize("around", AROUND)
def test_what_surrounds_a_template_is_taken_off_and_nothing_else(around, is_few):
    for template in share(TEMPLATES, is_few):
        surrounded = AROUND[around](template)
        fixable = [finding for finding in judged(surrounded, "appsflyer") if finding.fix and finding.fix.safe]
        fixed = fix(surrounded, select=JUDGED).source if fixable else surrounded
        if template in urls():
            assert fixed == fixed_url(template)
        else:
            assert scheme(fixed).strip('"') in ("", scheme(template), scheme(surrounded).strip('"')), surrounded


@BY_SHARE
@pytest.mark.parametrize("other", OTHER)
def test_a_safe_fix_makes_no_other_text_of_what_is_not_a_template(other, is_few):
    for template in share(TEMPLATES, is_few):
        judged(OTHER[other](template), "appsflyer")


@BY_SHARE
@pytest.mark.parametrize("other", OTHER)
def test_what_is_not_a_template_is_called_so_and_left_alone(other, is_few):
    for url in share(urls(), is_few):
        source = OTHER[other](url)
        assert len(check(source, select=JUDGED)) == 1, source
        for unsafe in (False, True):
            assert fix(source, unsafe=unsafe, select=JUDGED).source == source


def scheme(source):
    return made_of(source, "appsflyer")["scheme"]


def judged(source, dialect):
    """Return what is found in a text, after a look at what each of the safe fixes does."""
    found = check(source, dialect=dialect, select=JUDGED)
    for finding in found:
        if finding.fix and finding.fix.safe and finding.code not in SURROUNDED:
            before, after = made_of(source, dialect), made_of(applied(finding.fix, source), dialect)
            changed = {part for part in before if before[part] != after[part]}
            assert changed <= FIXES.get(finding.code, set()), (finding.code, source)
            assert finding.code not in ("ME002", "ME003") or parts_no_words(finding.fix, source), source
    return found


def applied(fix, source):
    return source[: fix.span.start] + fix.replacement + source[fix.span.stop :]


def parts_no_words(fix, source):
    """Say whether what is taken out stands between no two words, or where a long line was wrapped."""
    before, after = source[: fix.span.start], source[fix.span.stop :]
    is_wrapped = len(before.rpartition("\n")[2]) >= 60
    return fix.replacement or is_wrapped or not (before[-1:].isalnum() and after[:1].isalnum())
