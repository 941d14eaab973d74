"""`macroengine check` on files of other languages: places, fixes, ignored rules, folders and encodings."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from macroengine.workspace.embedded import language_of
from macroengine.workspace.embedded.source import records
from macroengine.workspace.inputs import InputError
from macroengine.workspace.sources import open_source
from tests.support.floors import reached, reaching

GOOD = "https://n.example/pb?id=(clickid)"
SCHEMA = json.loads((Path(__file__).parents[1] / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))

PYTHON = """\
URL = "https://n.example/pb?c=(click-id)&;i=(clickid)"
A, B = "http://n.example/pb?c=(clickid)", r"https://n.example/pb?c=(click-id)"  # both
\tC = (
    "😀", "https://n.example/pb?c=(click-id)&"
    'x=\\x28clickid)&;'
    "y=1",
)
"""
PYTHON_FIXED = """\
URL = "https://n.example/pb?c=(clickid)&i=(clickid)"
A, B = "http://n.example/pb?c=(clickid)", r"https://n.example/pb?c=(clickid)"  # both
\tC = (
    "😀", "https://n.example/pb?c=(clickid)&"
    'x=\\x28clickid)&'
    "y=1",
)
"""
YAML = """\
# postbacks
install: &x https://n.example/pb?c=(click-id)   # one
event: >-
  https://n.example/pb?c=(clickid)
  &e=(click-id)
other: 'it''s'
"""
YAML_FIXED = """\
# postbacks
install: &x https://n.example/pb?c=(clickid)   # one
event: >-
  https://n.example/pb?c=(clickid)&e=(clickid)
other: 'it''s'
"""
HTML = """\
<a href="https://n.example/pb?c=(click-id)&amp;x=1" title='a&b'>x</a> <b title='https://n.example/pb?c=(click-id)&amp;&amp;x=1'>
<p>a &amp; b
"""
HTML_FIXED = """\
<a href="https://n.example/pb?c=(clickid)&amp;x=1" title='a&b'>x</a> <b title='https://n.example/pb?c=(clickid)&amp;x=1'>
<p>a &amp; b
"""
FILES = {"a.py": (PYTHON, PYTHON_FIXED), "a.yaml": (YAML, YAML_FIXED), "a.html": (HTML, HTML_FIXED)}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_fix_changes_only_the_templates(run, tmp_path, name, ending, encoding):
    before, after = (text.replace("\n", ending).encode(encoding) for text in FILES[name])
    (tmp_path / name).write_bytes(before)
    shown = run("check", name, "--diff")
    assert shown.status == 1
    assert (tmp_path / name).read_bytes() == before
    first = run("check", name, "--fix")
    assert (tmp_path / name).read_bytes() == after
    assert first.out.splitlines()[-1].startswith(("4 fixed", "3 fixed", "5 fixed"))
    again = run("check", name, "--fix")
    assert (tmp_path / name).read_bytes() == after
    assert "fixed" not in again.out
    assert run("check", name, "--diff") == (0, "", "")


def test_findings_have_the_place_in_the_file(run, tmp_path):
    (tmp_path / "a.py").write_text(PYTHON, encoding="utf-8")
    places = [line.split()[:2] for line in run("check", "a.py").out.splitlines() if line.startswith("a.py")]
    assert places == [
        ["a.py:1:31", "ME102"],
        ["a.py:1:41", "ME222"],
        ["a.py:2:9", "ME205"],
        ["a.py:2:68", "ME102"],
        ["a.py:4:34", "ME102"],
        ["a.py:5:20", "ME222"],
    ]
    row = json.loads(run("check", "a.py", "--format", "json").out)[-1]
    assert (row["line"], row["column"], row["end_line"], row["end_column"], row["span"]) == (5, 20, 5, 22, [45, 47])
    assert (
        "::warning file=a.py,line=5,col=20,endColumn=22,title=ME222" in run("check", "a.py", "--format", "github").out
    )
    assert json.loads(run("check", "a.py", "--format", "gitlab").out)[-1]["location"]["lines"] == {"begin": 5}
    assert 'name="a.py:5:20 ME222 html-entity"' in run("check", "a.py", "--format", "junit").out
    sarif = json.loads(run("check", "a.py", "--format", "sarif").out)
    Draft4Validator(SCHEMA).validate(sarif)
    last = sarif["runs"][0]["results"][-1]
    region = last["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"], region["endColumn"]) == (5, 20, 22)
    [replacement] = last["fixes"][0]["artifactChanges"][0]["replacements"]
    assert replacement == {"deletedRegion": {"startLine": 5, "startColumn": 21, "endColumn": 22}}


def test_a_place_over_several_lines(run, tmp_path):
    (tmp_path / "a.yaml").write_text(YAML.replace("(click-id)", "(clickid)"), encoding="utf-8")
    row = json.loads(run("check", "a.yaml", "--format", "json").out)[0]
    assert (row["code"], row["line"], row["column"], row["end_line"], row["end_column"]) == ("ME003", 4, 35, 5, 3)
    assert "line=4,col=35,endLine=5,title=ME003" in run("check", "a.yaml", "--format", "github").out
    result = json.loads(run("check", "a.yaml", "--format", "sarif").out)["runs"][0]["results"][0]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["endLine"], region["endColumn"]) == (4, 5, 3)


def test_a_byte_order_mark_is_no_column(run, tmp_path):
    (tmp_path / "a.yaml").write_text("\ufeffa: http://n.example/pb?c=(clickid)\n", encoding="utf-8")
    assert run("check", "a.yaml").out.startswith("a.yaml:1:4 ME205")


def test_several_templates_in_a_line_are_one_change_of_a_diff(run, tmp_path):
    (tmp_path / "a.html").write_text(HTML, encoding="utf-8")
    before, after = HTML.splitlines()[0], HTML_FIXED.splitlines()[0]
    assert run("check", "a.html", "--diff").out == f"--- a.html\n+++ a.html\n@@ -1,1 +1,1 @@\n-{before}\n+{after}\n"
    (tmp_path / "b.py").write_text("x = 'https://n.example/pb?c=(click-id)', 1", encoding="utf-8")
    assert run("check", "b.py", "--diff").out.endswith(
        "+x = 'https://n.example/pb?c=(clickid)', 1\n\\ No newline at end of file\n"
    )


IGNORED = [
    ("a.py", "x = 'http://n.example/pb?c=(clickid)'  # macroengine: ignore ME205\n"),
    ("a.py", "x = 'http://n.example/pb?c=(clickid)', 'http://n.example/q?c=(clickid)'  # macroengine: ignore ME205\n"),
    ("a.py", "# macroengine: ignore plain-http\nx = 'http://n.example/pb?c=(clickid)'\n"),
    ("a.py", "x = ('http://n.example/pb'\n  '?c=(clickid)'  # macroengine:ignore ME003, ME205\n)"),
    ("a.js", "x = 'http://n.example/pb?c=(clickid)'; // macroengine: ignore ME205"),
    ("a.js", "/* macroengine: ignore ME205 */\nx = 'http://n.example/pb?c=(clickid)';"),
    ("a.yaml", "a: http://n.example/pb?c=(clickid)  # macroengine: ignore ME205\n"),
    ("a.html", "<b title='http://n.example/pb?c=(clickid)'> <!-- macroengine: ignore ME205 -->\n"),
    ("a.md", "<!-- macroengine: ignore ME205 -->\n`http://n.example/pb?c=(clickid)`\n"),
    ("a.py", "x = f'http://{h}/pb?c=(clickid)'  # macroengine: ignore ME651\n"),
]


@pytest.mark.parametrize(("name", "text"), IGNORED)
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_comment_ignores_rules(run, tmp_path, name, text, ending):
    (tmp_path / name).write_bytes(text.replace("\n", ending).encode())
    assert run("check", name, "--strict").out.startswith(("nothing found in ", "no templates found"))
    other = text.replace("ME205", "ME206").replace("plain-http", "fragment").replace("ME651", "ME206")
    (tmp_path / name).write_bytes(other.replace("\n", ending).encode())
    assert "ME205" in run("check", name).out or "ME651" in run("check", name).out


def test_a_comment_that_ignores_no_rule(run, tmp_path):
    (tmp_path / "a.py").write_text(
        "x = 'http://n.example/pb?c=(clickid)'  # macroengine: ignore ME2O5\n", encoding="utf-8"
    )
    result = run("check", "a.py")
    assert (result.status, result.err) == (
        2,
        "macroengine: a.py:1: ignore: unknown rule 'ME2O5'; did you mean 'ME205' or 'ME215' or 'ME225'? (skipped)\n",
    )
    (tmp_path / "a.py").write_text(
        "a\n\n# macroengine: ignore ME2O5\n\nx = 'http://n.example/pb?c=(clickid)'\n", encoding="utf-8"
    )
    assert run("check", "a.py").status == 0


def test_what_a_program_fills_in_is_an_info(run, tmp_path):
    text = "x = f'https://{h}/pb?c=(clickid)'\ny = 'https://n.example/pb?c=(click-id)'\n"
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    result = run("check", "a.py")
    assert result.status == 0
    assert result.out.startswith(
        "a.py:1:7 ME651 info template that is not checked: it is in an f-string with holes\n  https://…/pb?c=(clickid)\n"
    )
    fixed = run("check", "a.py", "--fix")
    assert "ME651" in fixed.out
    assert fixed.out.endswith("1 fixed, 1 info\n")
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == text.replace("click-id", "clickid")
    assert run("check", "a.py", "--ignore", "ME651").out == "nothing found in 1 template\n"
    assert run("check", "a.py", "--select", "ME205").out == "nothing found in 1 template\n"
    assert "ME651" in run("check", "a.py", "--select", "ME65").out
    assert run("explain", "unchecked-template").out == (
        "ME651 unchecked-template (info)\n\n"
        "A template that the code around it changes, so it cannot be checked.\n\nFound in files, by check.\n"
    )
    assert "ME651" in json.loads(run("check", "a.py", "--format", "sarif").out)["runs"][0]["results"][0]["ruleId"]


DIALECT = """
name = "own"
title = "Own"
syntax = { forms = ["~NAME~"], name = "[a-z'_]+" }

[macros]
"click's_id" = { field = "click", source = "Link" }
"site" = { field = "site", source = "Link" }
"""


def test_what_cannot_be_written_is_said_and_left(run, tmp_path):
    (tmp_path / "own.toml").write_text(DIALECT, encoding="utf-8")
    text = "x = r'https://n.example/pb?c=~clicks_id~&s=~site~'\n"
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    options = ("--dialect", "own.toml", "--unsafe-fixes")
    result = run("check", "a.py", *options, "--fix")
    assert result.err == (
        'macroengine: a.py:1: not fixed, because a literal of this kind cannot have the character "\'"; '
        "fix it by hand\n"
    )
    assert "ME101" in result.out
    assert "fixed" not in result.out
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == text
    assert run("check", "a.py", *options, "--diff").out == ""
    sarif = json.loads(run("check", "a.py", *options, "--format", "sarif").out)
    assert "fixes" not in sarif["runs"][0]["results"][0]
    (tmp_path / "a.py").write_text(text.replace("r'", "'"), encoding="utf-8")
    assert run("check", "a.py", *options, "--fix").out.startswith("1 fixed")
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == "x = 'https://n.example/pb?c=~click\\'s_id~&s=~site~'\n"


def test_a_record_that_cannot_have_a_template_stays_as_it_is():
    [record] = records(f"x = r'{GOOD}'", "python")
    assert record.with_template(GOOD + "'") == record.raw
    assert record.refusal(GOOD + "'").startswith("a literal of this kind cannot have")


def test_a_file_that_changes_in_the_meantime_is_left(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(f"x = '{GOOD}'", encoding="utf-8")
    source = open_source(str(path))
    with pytest.raises(InputError, match="changed while it was being fixed"), source.rewriting() as write:  # noqa: PT012
        for record in source.records():
            write(record, "https://n.example/")
        path.write_text("y", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "y"


def test_the_dialect_is_told_from_each_template_or_said(run, tmp_path):
    text = "a: https://n.example/pb?c={tracker}&g={tracker_name}\nb: https://n.example/pb?c=(clickid)\n"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert run("check", "a.yaml", "--select", "ME0,ME1").out == "nothing found in 2 templates\n"
    assert "a.yaml:1:27 ME040 error" in run("check", "a.yaml", "--dialect", "appsflyer").out
    (tmp_path / "macroengine.toml").write_text('dialect = "appsflyer"\n', encoding="utf-8")
    assert "a.yaml:1:27 ME040 error" in run("check", "a.yaml").out
    (tmp_path / "a.yaml").write_text("b: https://n.example/pb?c=(country_code)\n", encoding="utf-8")
    assert run("check", "a.yaml").out == "nothing found in 1 template\n"


def test_a_folder_is_searched(run, tmp_path):
    folder = tmp_path / "src"
    for name in ("node_modules", "__pycache__", ".git", "b"):
        (folder / name).mkdir(parents=True)
        (folder / name / "x.js").write_text("x = 'http://n.example/pb?c=(clickid)'", encoding="utf-8")
    (folder / "t.txt").write_text("http://n.example/pb?c=(clickid)\n", encoding="utf-8")
    (folder / "junk.py").write_bytes(b"\x80\x81\x82 = '")
    (folder / "long.js").write_text("x" * 2_000_000, encoding="utf-8")
    result = run("check", "src")
    assert [line.split()[0] for line in result.out.splitlines() if "ME205" in line] == [
        "src/t.txt:1:1",
        "src/b/x.js:1:6",
    ]
    assert result.err == (
        "macroengine: skipped src/junk.py: not UTF-8 at byte 0; which encoding is it? say so with --encoding, as"
        " --encoding cp1252\nmacroengine: skipped src/long.js: line 1 is longer than 1,048,576 bytes\n"
    )
    assert run("check", "src/junk.py").status == 2
    hook = run("check", "--files", "src/junk.py", "src/b/x.js")
    assert (hook.status, hook.err.count("skipped")) == (0, 1)
    fixed = run("check", "src", "--fix", "--unsafe-fixes")
    assert fixed.out.startswith("2 fixed")
    assert (folder / "junk.py").read_bytes() == b"\x80\x81\x82 = '"


def test_a_file_that_is_too_long(run, tmp_path, monkeypatch):
    monkeypatch.setattr("macroengine.workspace.embedded.source._MAX_LENGTH", 10)
    (tmp_path / "a.py").write_text("x = 1\n" * 3, encoding="utf-8")
    result = run("check", "a.py")
    assert (result.status, result.err) == (2, "macroengine: a.py: longer than 10 characters\n")


def test_other_commands_read_code_too(run, tmp_path):
    (tmp_path / "a.py").write_text("x = 'https://n.example/pb?c=(clickid)'\n", encoding="utf-8")
    assert "\na.py:1\tappsflyer\t" in run("detect", "--file", "a.py").out
    assert "a.py:1\t(clickid)" in run("explain", "--file", "a.py").out


def test_many_processes_find_the_same(run, tmp_path):
    lines = [f"x{n} = f'https://{{h}}/pb?c=(clickid)'\ny = 'http://n.example/pb?c=(clickid)'\n" for n in range(150)]
    (tmp_path / "a.py").write_text("".join(lines), encoding="utf-8")
    assert run("check", "a.py", "--jobs", "2").out == run("check", "a.py").out


TEXTS = st.lists(
    st.sampled_from(
        ["x = 'https://n.example/pb?c=(clickid)' ", "\n", "\r\n", "'''", "\ufeff", "#", "\\", "é", " ", "'"]
    ),
    max_size=12,
).map("".join)


@reaching(template=10)
@given(TEXTS, st.sampled_from(["a.py", "a.js", "a.yaml", "a.md", "a.html"]))
def test_the_records_are_the_file(text, name):
    found = list(records(text, language_of(name)))
    assert "".join(record.raw for record in found) == text
    line = 1
    for record in found:
        assert record.line == line
        assert record.raw
        line += record.raw.count("\n")
        if record.template is not None:
            assert record.with_template(record.template) == record.raw
            assert record.refusal(record.template) is None
    reached(*["template"] * any(record.template is not None for record in found))


def test_a_source_has_its_name_and_place(tmp_path):
    source = open_source(str(tmp_path / "a.py"))
    assert (source.name, source.path, source.notes) == (str(tmp_path / "a.py"), tmp_path / "a.py", ())
    assert source.check_fixable() is None
