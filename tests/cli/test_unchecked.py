"""What cannot be read, or not rewritten, among other files and rows."""

import json
import os
import xml.etree.ElementTree as ET

import pytest

BAD = "https://n.example/pb?id=(clickd)"
FIXABLE = "https://n.example/pb?id=(click-id)"
FIXED = "https://n.example/pb?id=(clickid)"
TABLE = f"partner,template\na,{FIXABLE}\nb,{FIXABLE},more\nc,{FIXABLE}\n"
LINES = f'{{"template": "{FIXABLE}"}}\nno\n{{"partner": "x"}}\n"{FIXABLE}"\n'


@pytest.fixture
def broken(tmp_path):
    """Files with rows that cannot be read, between others."""
    (tmp_path / "d").mkdir()
    texts = {"a.txt": BAD, "b.csv": TABLE, "c.jsonl": LINES, "e.csv": f'template\n{FIXABLE}\n"x\n', "z.txt": BAD}
    for name, text in texts.items():
        (tmp_path / "d" / name).write_text(text + "\n" * (name[-3:] == "txt"))
    return tmp_path / "d"


REASONS = [
    "b.csv:3: expected 2 cells, as in the header, but found 3; put a cell that contains ',' in quotes",
    "c.jsonl:2:1: not JSON: expecting value",
    "c.jsonl:3: no key 'template' (known: 'partner'); say which has the templates with --column",
    'e.csv:3: has an unclosed quote; inside a value write ""; the rest of the file was not read',
]


@pytest.mark.parametrize(
    "arguments", [["d"], [f"d/{name}" for name in ("a.txt", "b.csv", "c.jsonl", "e.csv", "z.txt")]]
)
def test_rows_that_cannot_be_read_do_not_end_the_run(run, broken, arguments):
    result = run("check", *arguments)
    assert result.status == 2
    assert result.err == "".join(f"macroengine: d/{reason}\n" for reason in REASONS)
    assert [line.split(" ME")[0] for line in result.out.splitlines() if " ME10" in line] == [
        *("d/a.txt:1:25", "d/b.csv:2:25", "d/b.csv:4:25", "d/c.jsonl:1:25", "d/c.jsonl:4:25", "d/e.csv:2:25"),
        "d/z.txt:1:25",
    ]
    assert result.out.endswith(", 3 files not read completely\n")
    assert run("preview", "d").err.count("macroengine: d/") == 4


@pytest.mark.parametrize("form", ["json", "gitlab", "sarif", "junit", "github"])
def test_reports_are_complete_where_rows_cannot_be_read(run, broken, form):
    result = run("check", "d", "--format", form, "--report", "r.md")
    assert result.status == 2
    assert "report written to r.md" in result.err
    if form == "junit":
        assert [one.get("message") for one in ET.fromstring(result.out).iter("error")] == [
            f"d/{one}" for one in REASONS
        ]
    elif form == "github":
        assert result.out.count("\n::error::d/") == 4
    else:
        found = json.loads(result.out)
        if form == "sarif":
            [invocation] = found["runs"][0]["invocations"]
            assert not invocation["executionSuccessful"]
            notes = invocation["toolExecutionNotifications"]
            assert [note["message"]["text"] for note in notes] == [f"d/{reason}" for reason in REASONS]


def test_a_file_that_cannot_be_opened_or_has_no_templates_does_not_end_the_run(run, broken):
    (broken / "none.csv").write_text("partner,cost\n")
    result = run("check", "--file", "gone.txt", "--file", "d/none.csv", "d/z.txt", "--format", "json")
    assert (result.status, len(json.loads(result.out))) == (2, 1)
    assert "macroengine: gone.txt: no such file or directory\n" in result.err
    assert "macroengine: d/none.csv: no column 'template'" in result.err


def test_many_rows_that_cannot_be_read_are_counted(run, tmp_path):
    (tmp_path / "t.jsonl").write_text(f'"{FIXED}"\n' + "no\n" * 15)
    result = run("check", "t.jsonl")
    assert result.err.splitlines()[-1] == "macroengine: t.jsonl: 5 more rows cannot be read"
    assert result.err.count("\n") == 11
    (tmp_path / "log.jsonl").write_text('{"a": 1}\n' * 30)
    assert run("check", "log.jsonl").err.startswith("macroengine: log.jsonl:1: no key 'template'")
    assert run("diff", "t.jsonl", "t.jsonl").err == "macroengine: t.jsonl:2:1: not JSON: expecting value\n"
    assert run("explain", "--file", "t.jsonl").err == "macroengine: t.jsonl:2:1: not JSON: expecting value\n"


def test_what_is_fixed_is_what_the_file_has_afterwards(run, broken):
    result = run("check", "d", "--fix", "--report", "r.csv")
    assert result.status == 2
    assert (broken / "c.jsonl").read_text() == LINES.replace("(click-id)", "(clickid)")
    assert (broken / "b.csv").read_text().count("(clickid)") == 2
    assert (broken / "e.csv").read_text() == f'template\n{FIXABLE}\n"x\n'
    assert "4 fixed, 2 errors, 1 warning, 1 fixable with --fix" in result.out
    assert 'e.csv:3: has an unclosed quote; inside a value write ""; nothing in the file was fixed\n' in result.err
    assert result.err.count("e.csv") == 1
    rows = (broken.parent / "r.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len([row for row in rows if ",ME102," in row]) == 5
    assert len([row for row in rows if ",not checked," in row]) == 4
    assert run("check", "d", "--diff").err.count("e.csv:3: has an unclosed quote") == 1


@pytest.mark.skipif(not hasattr(os, "link"), reason="needs hard links")
def test_a_file_that_cannot_be_replaced_is_reported_as_it_stays(run, tmp_path):
    (tmp_path / "t.txt").write_text(f"{FIXABLE}\n")
    (tmp_path / "u.txt").write_text(f"{FIXABLE}\n")
    os.link(tmp_path / "t.txt", tmp_path / "v.txt")
    result = run("check", "t.txt", "u.txt", "--fix")
    assert (result.status, (tmp_path / "t.txt").read_text()) == (2, f"{FIXABLE}\n")
    assert (tmp_path / "u.txt").read_text() == f"{FIXED}\n"
    assert "t.txt:1:25 ME102" in result.out
    assert result.out.endswith("\n1 fixed, 1 warning, 1 fixable with --fix\n")
    assert result.err == (
        "macroengine: t.txt: has 2 hard links; replacing it would separate them; nothing in the file was fixed\n"
    )


@pytest.mark.parametrize("form", ["html", "md", "csv", "xlsx"])
def test_rows_that_are_skipped_are_in_the_report(run, tmp_path, form):
    (tmp_path / "t.csv").write_text(f"mmp,template\nAdjst,{FIXED}\n,{FIXED}\n")
    assert run("check", "t.csv", "--report", f"r.{form}").status == 2
    if form == "xlsx":
        openpyxl = pytest.importorskip("openpyxl")
        sheet = openpyxl.load_workbook(tmp_path / "r.xlsx")["Findings"]
        text = " ".join(str(cell.value) for cell in sheet[2])
    else:
        text = (tmp_path / f"r.{form}").read_text(encoding="utf-8")
    assert "not checked" in text.lower()
    assert "unknown dialect" in text


def test_settings_that_cannot_be_used_end_the_run_and_the_report_properly(run, tmp_path):
    for name in ("t.txt", "u.txt"):
        (tmp_path / name).write_text(f"{BAD}\n{FIXED}\n")
    (tmp_path / "macroengine.toml").write_text('[per_file."u.txt"]\ndeny = ["nope"]\n')
    for form in ("json", "sarif"):
        result = run("check", "t.txt", "u.txt", "--format", form)
        assert (result.status, "nope" in result.err) == (2, True)
        json.loads(result.out)
    (tmp_path / "t.txt").write_text(f"{FIXED}\n")
    result = run("preview", "t.txt", "u.txt", "--format", "json")
    assert (result.status, len(json.loads(result.out))) == (2, 1)
