"""The formats of check: what servers read, statistics, names of rules, and one summary for all."""

import json
import xml.etree.ElementTree as ET

import pytest

from macroengine import check, compile_template, fix
from macroengine.rules import codes
from tests.support.terminal import terminal

GOOD = "https://n.example/pb?id=(clickid)"
BAD = "https://n.example/pb?id=(clickd)&;ip=(ip)"


@pytest.fixture(autouse=True)
def templates(tmp_path):
    (tmp_path / "t.txt").write_text(f"{GOOD}\n{BAD}\n{BAD}\n{GOOD}&id=1\n")


@pytest.mark.parametrize("form", ["text", "json", "github", "gitlab", "junit", "sarif"])
def test_each_format_is_as_in_its_golden_file(run, golden, request, form):
    result = run("check", "t.txt", "--format", form, "--select", "ME1,ME2")
    assert (result.status, result.err) == (1, "")
    text = result.out
    if form == "sarif":  # the pages of all rules are in it
        text = json.dumps(json.loads(text)["runs"][0]["results"], indent=1) + "\n"
    golden(request.path.parents[1] / "cases" / "reports" / f"format.{form}", text)


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
@pytest.mark.parametrize("form", ["json", "github", "gitlab", "junit", "sarif"])
def test_formats_for_programs_are_the_same_on_any_terminal(run, monkeypatch, form, columns):
    piped = run("check", "t.txt", "--format", form).out
    monkeypatch.setenv("COLUMNS", str(columns))
    with terminal(monkeypatch, "stdout", columns=columns) as shown:
        run("check", "t.txt", "--format", form)
        assert shown.text == piped


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
def test_statistics_and_diffs_fit_or_are_whole(run, monkeypatch, golden, request, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    texts = []
    for command in (["check", "t.txt", "--statistics"], ["diff", GOOD, BAD], ["check", "t.txt", "--diff"]):
        with terminal(monkeypatch, "stdout", columns=columns) as shown:
            run(*command)
            texts.append(f"$ macroengine {' '.join(command)}\n{shown.text}")
    golden(request.path.parents[1] / "cases" / "widths" / f"others-{columns}.txt", "\n".join(texts))


def test_gitlab_tells_findings_apart(run):
    found = json.loads(run("check", "t.txt", "--format", "gitlab").out)
    assert len({one["fingerprint"] for one in found}) == len(found) == 5
    assert found[0]["location"] == {"path": "t.txt", "lines": {"begin": 2}}
    assert {one["severity"] for one in found} == {"major", "minor"}
    assert json.loads(run("check", GOOD, "--format", "gitlab").out) == []


def test_junit_fails_for_errors_and_under_strict_for_warnings(run):
    for options, failures in ((["--strict"], 5), ([], 2)):
        suite = ET.fromstring(run("check", "t.txt", "--format", "junit", *options).out)
        assert (len(list(suite.iter("failure"))), len(list(suite.iter("testcase")))) == (failures, 6)
    suite = ET.fromstring(run("check", GOOD, "--format", "junit").out)
    assert [case.get("name") for case in suite.iter("testcase")] == ["1 template: nothing found in 1 template"]


def test_junit_is_xml_whatever_the_template(run, tmp_path):
    (tmp_path / "t.txt").write_text("\x01\ufffe]]>&<(clickd)\"'\x1b[2J\n")
    text = run("check", "t.txt", "--format", "junit").out
    assert "(clickd)" in "".join(ET.fromstring(text).itertext())


def test_statistics_count_by_rule(run):
    result = run("check", "t.txt", "--statistics")
    assert result.out == (
        "2 ME101 error unknown-macro\n"
        "2 ME222 warning html-entity\n"
        "1 ME211 warning duplicate-parameter\n"
        "2 errors, 3 warnings, 2 fixable with --fix, 2 more with --fix --unsafe-fixes\n"
    )
    assert run("check", GOOD, "--statistics").out == "nothing found in 1 template\n"
    assert "--statistics is text" in run("check", GOOD, "--statistics", "--format", "json").err


# Names of rules


def test_names_are_accepted_where_codes_are(run, tmp_path):
    assert codes(["html-entity"], ()) == ("ME222",)
    assert codes(["ME22"], ["html-entity"]) == tuple(code for code in codes(["ME22"], ()) if code != "ME222")
    assert [found.code for found in check(BAD, select=["html-entity"])] == ["ME222"]
    assert [found.code for found in check(BAD, ignore="unknown-macro")] == ["ME222"]
    assert fix(BAD, ignore=["html-entity"]).source == BAD
    assert compile_template("https://n.example/pb?a=%zz", ignore=["bad-percent-escape"]).source
    with pytest.raises(ValueError, match="unknown rule 'html-entitty'; did you mean 'html-entity'"):
        check(BAD, select=["html-entitty"])
    assert "ME222" not in run("check", BAD, "--ignore", "html-entity").out
    assert "ME101" not in run("check", BAD, "--select", "html-entity").out
    (tmp_path / "macroengine.toml").write_text('ignore = ["html-entity"]')
    assert "ME222" not in run("check", BAD).out


# Settings of folders


def test_each_folder_has_its_settings(run, tmp_path):
    event = "https://n.example/pb?e=(event_name)"
    for name, settings in {
        "a": 'postback = "install"',
        "b": 'ignore = ["ME3"]\npostback = "install"',
        "c": None,
    }.items():
        (tmp_path / name / "below").mkdir(parents=True)
        (tmp_path / name / "below" / "t.txt").write_text(f"{event}\n")
        if settings is not None:
            (tmp_path / name / "macroengine.toml").write_text(settings)
    (tmp_path / "b" / "below" / "u.txt").write_text(event)
    places = [line.split()[0] for line in run("check", "a", "b", "c").out.splitlines() if " ME" in line]
    assert places == ["a/below/t.txt:1:24"]
    assert run("check", "a", "--config", "b/macroengine.toml").status == 0


def test_columns_and_dialects_are_settings(run, tmp_path):
    (tmp_path / "own.toml").write_text(
        'name = "own"\ntitle = "Own"\nsyntax = "paren"\n[macros]\nmine = { field = "mine", source = "Link" }\n'
    )
    (tmp_path / "macroengine.toml").write_text(
        'encoding = "cp1252"\nsheet = "x"\n'
        '[columns]\ntemplate = "link"\ndialect = "who"\n[dialects]\n"Our Own" = "own.toml"\n'
    )
    (tmp_path / "t.csv").write_bytes("who,link,é\nour own,https://n.example/pb?c=(mine),\n".encode("cp1252"))
    assert run("check", "t.csv").out == "nothing found in 1 template\n"
    assert "no column 'other'" in run("check", "t.csv", "--column", "other").err


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('columns = "x"', "'columns' must be a table, not 'x'"),
        ('[columns]\ntemplte = "x"', "'columns': unknown column 'templte'; did you mean 'template'? (known: template,"),
        ("[columns]\ntemplate = 1", "'columns': 'template' must be a string, not 1"),
        ("sheet = 1", "'sheet' must be a string, not 1"),
        ('encoding = "x"', "'encoding': unknown encoding 'x'"),
        ("dialects = 1", "'dialects' must be a table, not 1"),
        ('[dialects]\nx = "appsflier"', "'dialects': 'x': unknown dialect 'appsflier'"),
    ],
)
def test_settings_that_are_wrong(run, tmp_path, settings, message):
    (tmp_path / "macroengine.toml").write_text(settings)
    result = run("check", GOOD)
    assert (result.status, message in result.err) == (2, True)
