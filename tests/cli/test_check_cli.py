"""`macroengine check`, `explain` and `rules`: what they print, what they write, and how they end."""

import json
import re
import shlex
import stat
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from macroengine import RULES, check
from macroengine.diagnostics import columns as columns_of
from macroengine.rules.request_faults import REQUEST_FAULTS
from tests.support.terminal import terminal

CASES = Path(__file__).parents[1] / "cases" / "widths"
GOOD = "https://n.example/pb?id=(clickid)"
BAD = "https://n.example/pb?id=(clickd)&;ip=(ip)"
MENDED = "https://n.example/pb?id=(clickd)&ip=(ip)"
SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))


# Text


def test_text_shows_place_code_excerpt_and_summary(run):
    result = run("check", GOOD, BAD)
    assert result.out == (
        "<argument>:2:25 ME101 error unknown macro 'clickd'; did you mean 'clickid'?\n"
        "  https://n.example/pb?id=(clickd)&;ip=(ip)\n"
        "                          ^^^^^^^^\n"
        "<argument>:2:33 ME222 warning '&;' is '&' damaged by HTML; write &\n"
        "  https://n.example/pb?id=(clickd)&;ip=(ip)\n"
        "                                  ^^\n"
        "1 error, 1 warning, 1 fixable with --fix, 1 more with --fix --unsafe-fixes\n"
    )
    assert (result.status, result.err) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "status", "summary"),
    [
        pytest.param([GOOD], 0, "nothing found in 1 template", id="clean"),
        pytest.param([GOOD, GOOD], 0, "nothing found in 2 templates", id="two-clean"),
        pytest.param([GOOD + "&&"], 0, "2 warnings, 2 fixable with --fix", id="warnings"),
        pytest.param([GOOD + "&&", "--strict"], 1, "2 warnings, 2 fixable with --fix", id="warnings-under-strict"),
        pytest.param(["&x=(clickid)", "--strict"], 0, "1 info", id="infos-under-strict"),
        pytest.param(
            [BAD], 1, "1 error, 1 warning, 1 fixable with --fix, 1 more with --fix --unsafe-fixes", id="errors"
        ),
        pytest.param([BAD, "--select", "ME2"], 0, "1 warning, 1 fixable with --fix", id="selected"),
        pytest.param([BAD, "--ignore", "ME1,ME222"], 0, "nothing found in 1 template", id="ignored"),
        pytest.param([f"GET {GOOD}", "--ignore", "ME020"], 1, "1 error", id="ignored-of-a-whole"),
        pytest.param([GOOD, "--send-all"], 0, "1 warning", id="send-all"),
        pytest.param(["https://n.example/pb?a=(IDFV)", "--consent"], 0, "1 info", id="consent"),
        pytest.param(["{click_id}", "--dialect", "appmetrica"], 0, "1 info", id="dialect"),
        pytest.param(
            [GOOD + "&e=(event_name)", "--postback", "in-app"], 0, "nothing found in 1 template", id="postback"
        ),
        pytest.param(["x" * 20_000], 1, "1 error", id="too-large"),
    ],
)
def test_status_and_summary(run, arguments, status, summary):
    result = run("check", *arguments)
    assert result.out.splitlines()[-1] == summary
    assert result.status == status


def test_nothing_is_cut_or_broken_where_there_is_no_terminal(run, monkeypatch):
    source = f"https://n.example/pb?id=({'ab' * 150})&y={'é' * 300}"
    monkeypatch.setenv("COLUMNS", "40")
    lines = run("check", source).out.splitlines()
    assert lines[0] == f"<argument>:1:25 ME101 error unknown macro '{'ab' * 150}'"
    assert lines[1] == f"  {source}"
    assert lines[2] == " " * 26 + "^" * 302


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
def test_a_terminal_is_as_wide_as_it_is(run, monkeypatch, golden, columns):
    source = f"https://n.example/pb?id=(clickd)&;ip=(ip)&{'ab' * 50}=(events_name)"
    monkeypatch.setenv("COLUMNS", str(columns))
    with terminal(monkeypatch, "stdout", columns=columns) as shown:
        run("check", source, "--postback", "install")
        text = re.sub(r"\x1b\[[\d;]*m", "", shown.text)
    # The place is not broken, nor what it belongs to.
    assert all(len(line) <= columns or line.startswith("<argument>") for line in text.splitlines())
    golden(CASES / f"{columns}.txt", text)


def test_long_words_are_cut_on_a_terminal(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with terminal(monkeypatch, "stdout") as shown:
        run("check", f"https://n.example/pb?id=({'ab' * 150})&y={'标' * 300}")
        text = shown.text
    assert f"'{'ab' * 29}…\n" in text
    assert max(map(columns_of, re.sub(r"\x1b\[[\d;]*m", "", text).splitlines())) <= 80


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
def test_a_long_path_does_not_break_a_header(run, monkeypatch, tmp_path, columns):
    name = f"{'a' * 100}.txt"
    monkeypatch.setenv("COLUMNS", str(columns))
    (tmp_path / name).write_text(BAD)
    with terminal(monkeypatch, "stdout", columns=columns) as shown:
        run("check", name)
        text = re.sub(r"\x1b\[[\d;]*m", "", shown.text)
    assert [line.split()[:3] for line in text.splitlines() if line.startswith(name)] == [
        [f"{name}:1:25", "ME101", "error"],
        [f"{name}:1:33", "ME222", "warning"],
    ]
    assert text.count("ME101") == 1


def test_colour_is_for_terminals_and_never_where_no_color_is_set(run, monkeypatch):
    assert "\033[" not in run("check", BAD).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\033[31m\033[1mME101 error\033[0m unknown" in run("check", BAD).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033[" not in run("check", BAD).out


def test_text_fits_a_narrow_terminal(run, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "50")
    assert max(map(len, run("check", BAD).out.splitlines())) <= 50


# Other formats


def test_json_is_an_array_of_findings(run):
    result = run("check", GOOD, BAD, "--format", "json")
    expected = [
        {
            "file": "<argument>",
            "line": 2,
            "template": BAD,
            "code": found.code,
            "name": found.name,
            "severity": found.severity,
            "message": found.message,
            "span": [found.span.start, found.span.stop],
            "hint": found.hint,
            "fix": {
                "replacement": found.fix.replacement,
                "span": [found.fix.span.start, found.fix.span.stop],
                "safe": found.fix.safe,
            },
        }
        for found in check(BAD)
    ]
    assert json.loads(result.out) == expected
    assert result.status == 1


def test_json_of_no_findings_is_an_empty_array(run):
    assert json.loads(run("check", GOOD, "--format", "json").out) == []


def test_json_says_where_there_is_no_fix(run):
    (found,) = json.loads(run("check", GOOD + "&id=1", "--format", "json").out)
    assert (found["fix"], found["hint"]) == (None, "give it another name")


def test_github_annotations_are_escaped(run, tmp_path):
    name = "a,b:50%.txt"
    (tmp_path / name).write_text(f"\n{BAD}%zz\n")
    lines = run("check", "--file", name, "--format", "github", "--ignore", "ME222").out.splitlines()
    assert lines[0].startswith(
        "::error file=a%2Cb%3A50%25.txt,line=2,col=25,endColumn=33,title=ME101 unknown-macro::unknown macro 'clickd'; "
        "did you mean 'clickid'?%0A  https://n.example/pb?id=(clickd)&;ip=(ip)%25zz%0A"
    )
    assert "::%25 does not start an escape; write %2525%0A" in lines[1]
    assert len(lines) == 2


def test_github_annotations_of_columns_have_no_place_in_the_line(run, tmp_path):
    (tmp_path / "t.csv").write_text(f"template\n{GOOD}&id=1\n")
    assert run("check", "--file", "t.csv", "--format", "github").out.startswith(
        "::warning file=t.csv,line=2,title=ME211 duplicate-parameter::duplicate parameter 'id'%0A"
    )


@pytest.mark.parametrize("templates", [[GOOD], [BAD, "x" * 20_000, GOOD + "&;"]], ids=["clean", "findings"])
def test_sarif_is_valid(run, tmp_path, templates):
    (tmp_path / "t é.txt").write_text("\n".join(templates), encoding="utf-8")
    (tmp_path / "t.csv").write_text("\n".join(["template", *templates]))
    files = ["--file", "t é.txt", "--file", "t.csv", "--file", str(tmp_path / "t.csv"), "--file", "-"]
    result = run("check", *templates, *files, "--format", "sarif", stdin="\n".join(templates).encode())
    log = json.loads(result.out)
    Draft4Validator(SCHEMA).validate(log)
    (sarif,) = log["runs"]
    assert [rule["id"] for rule in sarif["tool"]["driver"]["rules"]] == ["ME000", *RULES, *REQUEST_FAULTS, "ME651"]
    assert len(sarif["results"]) == 5 * sum(len(check(t)) if len(t) < 1000 else 1 for t in templates)


def test_sarif_says_where_and_how_to_fix(run, tmp_path):
    (tmp_path / "t.txt").write_text(f"# ours\n{GOOD}&;ip=(ip)&\n")
    entity, trailing = json.loads(run("check", "--file", "t.txt", "--format", "sarif").out)["runs"][0]["results"]
    region = {"startLine": 2, "startColumn": 34, "endColumn": 36}
    location = {"artifactLocation": {"uri": "t.txt"}, "region": {**region, "snippet": {"text": "&;"}}}
    assert entity["locations"] == [{"physicalLocation": location}]
    assert entity["fixes"] == [
        {
            "description": {"text": "safe fix"},
            "artifactChanges": [
                {
                    "artifactLocation": {"uri": "t.txt"},
                    "replacements": [{"deletedRegion": region, "insertedContent": {"text": "&"}}],
                }
            ],
        }
    ]
    (replacement,) = trailing["fixes"][0]["artifactChanges"][0]["replacements"]
    assert "insertedContent" not in replacement


# Files


@pytest.mark.parametrize(
    ("name", "content", "arguments"),
    [
        pytest.param("t.txt", f"# c\n\n  \n{GOOD}\n{BAD}\n", [], id="lines"),
        pytest.param("t.list", f"\ufeff# c\n\n\n\r\n{BAD}", [], id="no-last-line-break"),
        pytest.param("t.csv", f"id,template\n1,{GOOD}\n,\n\n2,{BAD}\n", [], id="csv"),
        pytest.param(
            "t.csv", f'\ufeffurl,"no\nte"\n"{BAD}",x\n', ["--column", "url"], id="csv-with-a-head-of-two-lines"
        ),
        pytest.param("t.tsv", f'id\tpb\n"a\nb"\tx\n1\n2\t{BAD}\n', ["--column", "pb", "--ignore", "ME203"], id="tsv"),
        pytest.param("t.jsonl", f'\n"{GOOD}"\n\n\n{{"template": "{BAD}"}}\n', [], id="jsonl"),
        pytest.param("t.NDJSON", f'\ufeff{{"u":"{GOOD}"}}\n\n\n\n{{"u":"{BAD}"}}\n', ["--column", "u"], id="key"),
    ],
)
def test_templates_are_read_from_files(run, tmp_path, name, content, arguments):
    (tmp_path / name).write_bytes(content.encode())
    result = run("check", "--file", name, *arguments)
    line = next(number for number, text in enumerate(content.splitlines(), 1) if BAD in text)
    assert [text.split()[0] for text in result.out.splitlines() if " ME" in text] == [
        f"{name}:{line}:25",
        f"{name}:{line}:33",
    ]


def test_standard_input_is_lines(run):
    assert run("check", "--file", "-", stdin=f"\n{BAD}\n".encode()).out.startswith("<stdin>:2:25 ME101")


def test_files_may_be_arguments(run, tmp_path):
    (tmp_path / "a.txt").write_text(GOOD)
    (tmp_path / "b.txt").write_text(GOOD)
    assert run("check", "--files", "a.txt", "b.txt").out == "nothing found in 2 templates\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("t.csv", b"id,name\n", "t.csv: no column 'template' (known: 'id', 'name')", id="no-column"),
        pytest.param(
            "t.csv", b"id,Templte\n", "no column 'template'; did you mean 'Templte'? (known: 'id',", id="near"
        ),
        pytest.param(
            "t.csv", b"", "t.csv: the file is empty; expected a header with the column 'template'", id="empty-csv"
        ),
        pytest.param(
            "t.csv", b"template\n" + b"x" * 200_000 + b"\n", "t.csv: line 2: field larger than", id="large-cell"
        ),
        pytest.param("t.txt", b"ab\n\xff\n", "t.txt: not UTF-8 at byte 3", id="not-utf-8"),
        pytest.param("t.txt", b"x" * 1_048_577, "t.txt: line 1 is longer than 1,048,576 bytes", id="long-line"),
        pytest.param("t.jsonl", b'"x"\n{"a":}\n', "t.jsonl:2:6: not JSON: expecting value", id="not-json"),
        pytest.param("t.jsonl", b"[" * 100_000 + b"\n", "t.jsonl:1: nested too deeply", id="nested"),
        pytest.param("t.jsonl", b"[]\n", "t.jsonl:1: expected a string or an object", id="list"),
        pytest.param(
            "t.jsonl", b'{"tmplate":""}\n', "t.jsonl:1: no key 'template'; did you mean 'tmplate'?", id="no-key"
        ),
        pytest.param("t.jsonl", b'{"template":1}\n', "t.jsonl:1: the value of 'template' is not a string", id="number"),
    ],
)
def test_files_that_cannot_be_read_say_why(run, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    result = run("check", "--file", name)
    assert message in result.err
    assert result.status == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([], "no templates given; give templates or files", id="nothing"),
        pytest.param(["--file", "nope.txt"], "nope.txt: no such file or directory", id="no-file"),
        pytest.param([GOOD, "--select", "ME199"], "--select: unknown rule 'ME199'; did you mean", id="select"),
        pytest.param([GOOD, "--ignore", "XX"], "--ignore: unknown rule 'XX'", id="ignore"),
        pytest.param([GOOD, "--fix", "--diff"], "give one of them", id="fix-and-diff"),
        pytest.param([GOOD, "--diff", "--format", "json"], "give it without --format", id="diff-and-format"),
        pytest.param(["--file", "-", "--column", "x"], "standard input: only .csv", id="column-of-lines"),
        pytest.param([GOOD, "--dialect", "appsflier"], "unknown dialect 'appsflier'; did you mean", id="dialect"),
        pytest.param([GOOD, "--config", "nope.toml"], "'nope.toml' does not exist", id="config"),
    ],
)
def test_wrong_usage_says_what_is_wrong(run, arguments, message):
    result = run("check", *arguments)
    assert message in result.err
    assert (result.status, result.out) == (2, "")


# Fixing


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param("t.txt", f"\ufeff{BAD}\r\n# c\n\n{GOOD}", f"\ufeff{MENDED}\r\n# c\n\n{GOOD}", id="lines"),
        pytest.param("t.txt", f"{GOOD}\n{BAD}", f"{GOOD}\n{MENDED}", id="no-last-line-break"),
        pytest.param("t.txt", f"{GOOD}\r", GOOD, id="a-last-carriage-return"),
        pytest.param(
            "t.csv",
            f'\ufeff"id",template\r\n"1",{GOOD}\r\n"2",{BAD}\r\n3,"{BAD}"\n',
            f'\ufeff"id",template\r\n"1",{GOOD}\r\n"2",{MENDED}\r\n3,"{MENDED}"\n',
            id="csv-keeps-quotes",
        ),
        pytest.param(
            "t.csv", f'a,template\n"{BAD}",{BAD}\n', f'a,template\n"{BAD}",{MENDED}\n', id="csv-of-equal-cells"
        ),
        pytest.param(
            "t.csv", f'template,a\n{BAD},"{BAD},"\n', f'template,a\n{MENDED},"{BAD},"\n', id="csv-in-another-cell"
        ),
        pytest.param(
            "t.csv", f'a,template\n"x","{BAD}"&amp;c=1\n', f"a,template\nx,{MENDED}&c=1\n", id="csv-half-quoted"
        ),
        pytest.param("t.csv", f'template,a\n"{GOOD}\n&&x=1",\n', f'template,a\n"{GOOD}&x=1",\n', id="csv-of-two-lines"),
        pytest.param("t.tsv", f"template\ta\n{BAD}\t1", f"template\ta\n{MENDED}\t1", id="tsv"),
        pytest.param(
            "t.jsonl",
            f'"{BAD}"\r\n{{"b":1,  "template":"{BAD}"}}',
            f'"{MENDED}"\r\n{{"b":1,  "template":"{MENDED}"}}',
            id="jsonl",
        ),
        pytest.param(
            "t.jsonl", r'"https://n.example?x=1&;a=\u00e9"', r'"https://n.example?x=1&a=\u00e9"', id="ascii-jsonl"
        ),
        pytest.param(
            "t.jsonl", r'"https:\/\/n.example?x=1&;a=\u00e9"', r'"https://n.example?x=1&a=\u00e9"', id="other-escapes"
        ),
        pytest.param(
            "t.jsonl",
            f'{{"a":"{BAD}","template":"{BAD}"}}\n',
            f'{{"a":"{BAD}","template":"{MENDED}"}}\n',
            id="jsonl-of-equal-values",
        ),
        pytest.param(
            "t.jsonl",
            r'{"template":"https:\/\/n.example?x=1&;a=1", "p":1.10 ,"q":1E400,"r":"\/"}',
            r'{"template":"https://n.example?x=1&a=1", "p":1.10 ,"q":1E400,"r":"\/"}',
            id="jsonl-keeps-numbers",
        ),
        pytest.param(
            "t.jsonl",
            rf'{{"a":{{"template":"{BAD}"}},"template":"https:\/\/n.example?x=1&;a=1"}}',
            rf'{{"a":{{"template":"{BAD}"}},"template":"https://n.example?x=1&a=1"}}',
            id="jsonl-of-a-key-that-is-also-inside",
        ),
        pytest.param(
            "t.jsonl",
            r'"https://n.example?é=\ud800&;a=1"',
            r'"https://n.example?\u00e9=\ud800&a=1"',
            id="jsonl-of-half-a-character",
        ),
    ],
)
def test_files_are_fixed_and_the_rest_stays(run, tmp_path, name, before, after):
    path = tmp_path / name
    path.write_bytes(before.encode())
    path.chmod(0o640)
    first = run("check", "--file", name, "--fix")
    assert path.read_bytes().decode() == after
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert "1 fixed" in first.out or "2 fixed" in first.out or "3 fixed" in first.out
    assert " fixed" not in run("check", "--file", name, "--fix").out
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_file_without_anything_to_fix_is_not_written(run, tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(GOOD)
    before = path.stat()
    assert run("check", "--file", "t.txt", "--fix").status == 0
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_link_stays_a_link(run, tmp_path):
    (tmp_path / "t.txt").write_text(BAD)
    (tmp_path / "link.txt").symlink_to("t.txt")
    run("check", "--file", "link.txt", "--fix")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "t.txt").read_text() == MENDED


def test_an_edit_of_the_same_length_is_written(run, tmp_path):
    (tmp_path / "t.txt").write_text("https://n.example/pb?id=(CLICKID)")
    run("check", "--file", "t.txt", "--fix")
    assert (tmp_path / "t.txt").read_text() == GOOD


def test_standard_input_is_fixed_to_standard_output(run):
    result = run("check", "--file", "-", "--fix", stdin=f"# c\r\n{BAD}\r\n".encode())
    assert result.out == f"# c\r\n{MENDED}\r\n"
    assert result.err.startswith("<stdin>:2:25 ME101 error")
    assert result.err.endswith("1 fixed, 1 error, 1 fixable with --fix --unsafe-fixes\n")
    assert result.status == 1


def test_arguments_are_fixed_to_standard_output(run):
    result = run("check", BAD, GOOD, "--fix", "--unsafe-fixes")
    assert (result.status, result.out) == (0, f"{MENDED.replace('clickd', 'clickid')}\n{GOOD}\n")
    assert result.err == "2 fixed, nothing found in 2 templates\n"


def test_a_template_that_is_too_large_to_fix_is_reported(run):
    result = run("check", "x" * 20_000, "--fix")
    assert (result.status, result.out) == (1, "x" * 20_000 + "\n")
    assert "ME000 error template has 20,000 characters" in result.err


def test_a_read_only_file_is_not_fixed(run, tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(BAD)
    path.chmod(0o444)
    result = run("check", "--file", "t.txt", "--fix")
    assert "t.txt: the file is read-only; it cannot be fixed" in result.err
    assert (result.status, path.read_text()) == (2, BAD)


def test_a_file_that_ends_in_an_error_is_not_touched(run, tmp_path):
    path = tmp_path / "t.txt"
    path.write_bytes(BAD.encode() + b"\n\xff")
    assert run("check", "--file", "t.txt", "--fix").status == 2
    assert path.read_bytes() == BAD.encode() + b"\n\xff"
    assert [file.name for file in tmp_path.iterdir()] == ["t.txt"]


def test_diff_shows_what_fixing_would_change(run, tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(f"{GOOD}\n{BAD}\n{GOOD}\n{BAD}")
    result = run("check", "--file", "t.txt", "--diff")
    assert result.out == (
        f"--- t.txt\n+++ t.txt\n@@ -2,1 +2,1 @@\n-{BAD}\n+{MENDED}\n"
        f"@@ -4,1 +4,1 @@\n-{BAD}\n\\ No newline at end of file\n+{MENDED}\n\\ No newline at end of file\n"
    )
    assert (result.status, path.read_text()) == (1, f"{GOOD}\n{BAD}\n{GOOD}\n{BAD}")
    assert run("check", GOOD, "--diff").status == 0


def test_a_diff_can_be_applied(run, tmp_path):
    text = f'template\n"{GOOD}\n&&x=1"\n{GOOD}\n{BAD}\n'
    for name in ("old.csv", "new.csv"):
        (tmp_path / name).write_text(text)
    patch = run("check", "--file", "old.csv", "--diff").out
    assert re.findall("^@@.*", patch, re.MULTILINE) == ["@@ -2,2 +2,1 @@", "@@ -5,1 +4,1 @@"]
    run("check", "--file", "new.csv", "--fix")
    subprocess.run(["patch", "-s", "old.csv"], input=patch, text=True, check=True, cwd=tmp_path)
    assert (tmp_path / "old.csv").read_text() == (tmp_path / "new.csv").read_text() != text


# explain and rules


@pytest.mark.parametrize("what", ["ME222", "me222", "html-entity"])
def test_explain_prints_the_page_of_a_rule(run, what):
    assert run("explain", what).out.startswith("ME222 html-entity (warning, safe fix)\n\nAmpersand that was read")


def test_explain_shows_every_macro_of_a_template(run):
    source = "https://n.example/pb?u=https%3A%2F%2Fm.example%3Fid%3D(clickid)&h=(sha1-idfa)&x=(clickd)&e=(event)"
    result = run("explain", source)
    assert [line.split("\t") for line in result.out.splitlines()] == [
        ["macro", "field", "source", "send all", "available", "encoded", "example"],
        ["(clickid)", "click_id", "Link", "no", "all", "2", "8594845"],
        ["(sha1-idfa)", "idfa", "SDK", "yes", "all", "1", "30255BCE-4CDA-4F62-91DC-475B1D7E60A2"],
        ["(clickd)", "unknown", "", "", "", "", ""],
        ["(event)", "event_name", "SDK", "yes", "in-app, rejected-in-app", "1", "af_purchase"],
    ]


def test_explain_says_how_often_a_value_is_encoded_where_the_name_or_the_platform_decides(run):
    for platform, template, times in (
        ("openrtb2", "https://n.example/?p=${AUCTION_PRICE}", "0"),
        ("gam", "https://n.example/?u=%%CLICK_URL_ESC_ESC%%", "2"),
        ("vast", "https://n.example/?u=https%3A%2F%2Fx%3Fi%3D[IFA]", "2"),
    ):
        _, row = run("explain", "--dialect", platform, template).out.splitlines()
        assert row.split("\t")[5] == times


def test_a_member_of_a_family_of_names_is_shown(run):
    assert "field       dcp_season\n" in run("macros", "--dialect", "adjust", "{dcp_season}").out


def test_explain_says_what_is_withheld_where_users_do_not_share_it(run):
    result = run("explain", "https://n.example/pb?a=(clickid)&h=(sha1-idfa)&x=(clickd)", "--consent")
    header, *rows = [line.split("\t") for line in result.out.splitlines()]
    assert {len(row) for row in rows} == {len(header)}
    assert [header[-1], *(row[-1] for row in rows)] == ["needs consent", "no", "yes", ""]


def test_explain_of_nothing_says_so(run):
    assert "unknown rule 'ME999'" in run("explain", "ME999").err
    assert run("explain", "ME999").status == 1
    result = run("explain", "html-entitty")
    known = "(`macroengine rules` lists those of check)"
    assert result.err == f"macroengine: unknown rule 'html-entitty'; did you mean 'html-entity'? {known}\n"
    assert (result.status, result.out) == (1, "")
    assert run("explain", "missing-field").out.endswith("Found in payloads, by intake.\n")
    assert run("explain", "limit-exceeded").out.startswith(
        "ME000 limit-exceeded (error)\n\nA template or request that is"
    )
    assert run("explain", "Html_Entity").out.startswith("ME222 ")
    assert run("explain", "ME2222").err == f"macroengine: unknown rule 'ME2222'; did you mean 'ME222'? {known}\n"
    assert run("explain", "click_id").err == (
        "macroengine: unknown rule 'click_id'; for the macro, see `macroengine macros click_id`\n"
    )
    assert run("explain", "clickid").status == 1
    assert run("explain").err == run("explain", "x", "--file", "y").err
    assert "give a rule or a template, or a file with --file" in run("explain").err


def test_explain_shows_the_macros_of_a_file(run, tmp_path):
    (tmp_path / "t.csv").write_text(f"partner,platform,template\nAcme,,{GOOD}\nBeta,AppMetrica,{{click_id}}\n,,\n")
    rows = [line.split("\t")[:3] for line in run("explain", "--file", "t.csv").out.splitlines()]
    assert rows == [
        ["place", "macro", "field"],
        ["t.csv:2", "(clickid)", "click_id"],
        ["t.csv:3", "{click_id}", "click_id"],
    ]
    result = run("explain", "https://n.example")
    assert result == (0, "", "no AppsFlyer macros in 'https://n.example'\n")


def test_rules_lists_all(run):
    lines = run("rules").out.splitlines()
    assert lines[0].split("\t") == ["code", "name", "severity", "fix", "finds"]
    assert [line.split("\t")[0] for line in lines[1:]] == ["ME000", *RULES, *REQUEST_FAULTS, "ME651"]
    assert "ME222\thtml-entity\twarning\tsafe\tAmpersand that was read" in "\n".join(lines)


# The documentation


def test_the_tour_shows_what_is_printed(run):
    page = (Path(__file__).parents[2] / "docs" / "tour.md").read_text(encoding="utf-8")
    shown = 0
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for command, output in re.findall(r"^\$ macroengine ([^|\n#]+).*\n((?:(?!\$ ).+\n)+)", block, re.MULTILINE):
            result = run(*shlex.split(command))
            # Tables are drawn on a terminal, and tab-separated here.
            assert [line.split() for line in result.out.splitlines()] == [line.split() for line in output.splitlines()]
            shown += 1
    assert shown == 2


def test_a_file_of_a_folder_that_cannot_be_read_does_not_stop_the_others(run, tmp_path):
    for name in ("a.txt", "z.txt"):
        (tmp_path / name).write_text(BAD)
    (tmp_path / "m.csv").write_bytes(b"partner;template\nM\xfcller;https://n.example/pb\n")
    result = run("check", ".", "--fix")
    assert (result.status, "skipped ./m.csv: not UTF-8 at byte 18" in result.err) == (2, True)
    assert (tmp_path / "a.txt").read_text() == (tmp_path / "z.txt").read_text() != BAD
