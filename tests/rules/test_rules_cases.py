"""Templates as they come by mail and from help pages: the output for each, and what it is fixed to."""

import json
from pathlib import Path

import pytest

from macroengine import check, fix
from macroengine.diagnostics import columns
from macroengine.policy import Policy
from tests.support.trying import slow_after, try_all

HERE = Path(__file__).parents[1]
DATA = HERE / "data"


def read(name):
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


CORPUS = {row["id"]: row["template"] for row in read("corpus.jsonl")}
ROWS = [row | {"template": CORPUS[row["id"]]} for row in read("rule_cases.jsonl")]


@pytest.fixture
def terminal(run, monkeypatch):
    """Let a report be as wide as on a terminal, without its colours."""
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_real_template_is_reported_as_in_its_golden_file_on_80_columns(row, run, terminal, golden):
    result = run("check", row["template"], "--dialect", row["dialect"], "--postback", row["postback"])
    fixed = fix(row["template"], dialect=row["dialect"], policy=Policy(row["postback"])).source
    head = f"# {row['about']} ({row['dialect']}, {row['postback']})"
    golden(HERE / "cases" / f"{row['id']}.txt", f"{head}\n\n{result.out}\n# fixed\n{fixed}\n")
    assert result.err == ""
    assert result.status == ("error" in {finding.severity for finding in findings(row)})
    assert [line for line in result.out.splitlines() if columns(line) > 80] == []


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("dialect", slow_after(1, ["appsflyer", "appmetrica"]))
def test_what_is_fixed_stays_fixed(dialect, unsafe):
    def stays_fixed(template):
        once = fix(template, dialect=dialect, unsafe=unsafe)
        again = fix(once.source, dialect=dialect, unsafe=unsafe)
        assert (again.source, again.applied) == (once.source, ())

    try_all(CORPUS, stays_fixed)


def test_there_is_a_golden_file_for_each_row_and_no_other():
    assert {path.stem for path in (HERE / "cases").glob("*.txt")} == {row["id"] for row in ROWS}


def findings(row):
    return check(row["template"], dialect=row["dialect"], policy=Policy(row["postback"]))


# The rows of the corpus that nothing has damaged, with the postback that they were written for.
CLEAN = {
    "af-005": "in-app",
    "af-006": "install",
    "af-007": "install",
    "af-060": "install",
    "af-061": "install",
    "af-062": "install",
    "af-070": "in-app",
    "am-003": "install",
    "am-004": "install",
    "am-015": "install",
}


@pytest.mark.parametrize(("name", "postback"), CLEAN.items())
def test_clean_template_raises_no_alarm(name, postback):
    dialect = {"af": "appsflyer", "am": "appmetrica"}[name[:2]]
    found = check(CORPUS[name], dialect=dialect, policy=Policy(postback))
    assert [finding for finding in found if finding.severity != "info"] == []
