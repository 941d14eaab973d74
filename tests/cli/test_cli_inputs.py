"""Inputs of the command line that are not what they should be: too long, too deep, endless, missing, oddly named."""

import json
import os
import re
import threading
from pathlib import Path

import pytest

from macroengine import check
from macroengine.workspace.abridging import abridged
from tests.support.trying import slow_after

GOOD = "https://n.example/pb?id=(clickid)"
BAD = "https://n.example/pb?id=(clickd)&;ip=(ip)"
DIGITS = "9" * 5_000
LINKS = os.strerror(40).lower()


@pytest.fixture
def write(tmp_path):
    def write(content, name):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


def message(run, *arguments):
    """Return what a command says that ends with status 2 and prints no result."""
    result = run(*arguments)
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    return result.err.removeprefix("macroengine: ").removesuffix("\n")


# Too long and too deep


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"x = {DIGITS}", "c.toml: an integer has more than 4,300 digits"),
        ("x = " + "[" * 5_000, "c.toml: nested too deeply"),
        ("a." * 60_000 + "a = 1", "c.toml: a key has more than 100 parts"),
        ('"a".' * 100 + "a = 1", "c.toml: a key has more than 100 parts"),
        ("#" * 1_048_577, "c.toml: larger than 1,048,576 bytes"),
    ],
)
def test_toml_that_is_too_much(run, write, content, expected):
    write(content, "c.toml")
    write("click_id\n1\n", "in.csv")
    assert message(run, "check", GOOD, "--config", "c.toml") == expected
    if "larger" not in expected:
        table = ("bulk", "--templates", "c.toml", "--input", "in.csv", "--output", "out.csv")
        assert message(run, *table) == expected


def test_toml_as_long_as_it_may_be_is_read(run, write):
    write(f"{'a.' * 99}a = 1", "c.toml")
    assert "unknown key 'a'" in message(run, "check", GOOD, "--config", "c.toml")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"x = {DIGITS}", "d.toml: an integer has too many digits"),
        ("x = " + "[" * 5_000, "d.toml: nested too deeply"),
    ],
)
def test_a_dialect_that_is_too_much(run, write, content, expected):
    write(content, "d.toml")
    for command in (["check", GOOD], ["macros"], ["parse", GOOD], ["explain", GOOD]):
        assert message(run, *command, "--dialect", "d.toml") == expected


@pytest.mark.parametrize("text", ["tool = 1", "[tool]\nmacroengine = 1"])
def test_a_project_file_whose_tables_are_no_tables(run, write, text):
    write(text, "pyproject.toml")
    if "[tool]" in text:
        assert message(run, "check", GOOD) == "pyproject.toml: [tool.macroengine] must be a table, not 1".join(
            [str(os.path.realpath("")) + os.sep, ""]
        )
    else:
        assert run("check", GOOD).status == 0


def test_a_dialect_with_a_name_that_no_file_can_have(run, write):
    write('dialect = "\\u0000.toml"', "c.toml")
    assert r"\x00.toml: cannot be read: embedded null byte" in message(run, "check", GOOD, "--config", "c.toml")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("t.jsonl", f'{{"n": {DIGITS}}}', "t.jsonl:1: an integer has 5,000 digits; the limit is 4,300"),
        ("t.csv", f'template\n"{"x" * 140_000}"\n', "t.csv: line 2: field larger than field limit (131072)"),
        (
            "t.csv",
            "template\n" + '"x\n",' * 400_000,
            "t.csv: the row at line 2 is longer than 1,048,576 characters",
        ),
    ],
)
def test_templates_in_files_that_are_too_much(run, write, name, content, expected):
    write(content, name)
    for options in ([], ["--diff"], ["--fix"]):
        assert message(run, "check", "--file", name, *options) == expected


def test_rows_of_several_lines_may_follow_each_other(run, write):
    write("template,x\n" + f',"{"x" * 50}\n"\n' * 30_000 + GOOD, "t.csv")
    assert run("check", "--file", "t.csv").out == "nothing found in 1 template\n"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["check", "/dev/zero"], "line 1 is longer than 1,048,576 bytes"),
        (["check", GOOD, "--config", "/dev/zero"], "larger than 1,048,576 bytes"),
        (["render", GOOD, "--event", "/dev/zero"], "larger than 1,048,576 bytes"),
        (["render", GOOD, "--events", "/dev/zero"], "line 1 is longer than 1,048,576 bytes"),
        (["render", "--file", "/dev/zero", "--event", "-"], "line 1 is longer than 1,048,576 bytes"),
        (["parse", "--file", "/dev/zero"], "larger than 1,048,576 bytes"),
        (["match", GOOD, "/dev/zero"], "line 1 is longer than 1,048,576 bytes"),
        (["match", GOOD, GOOD, "--event", "/dev/zero"], "larger than 1,048,576 bytes"),
        (["intake", "appsflyer-s2s", "/dev/zero"], "line 1 is longer than 1,048,576 bytes"),
        (["intake", "appmetrica", "/dev/zero"], "line 1 is longer than 1,048,576 bytes"),
    ],
)
def test_endless_inputs_are_refused(run, command, expected):
    assert message(run, *command) == f"/dev/zero: {expected}"


@pytest.mark.parametrize(
    "command",
    [
        ["check", "loop"],
        ["check", "--file", "loop"],
        ["check", "--file", "loop.txt", "--fix"],
        ["render", GOOD, "--event", "loop"],
        ["render", GOOD, "--events", "loop"],
        ["parse", "--file", "loop"],
        ["match", GOOD, "loop"],
        ["match", GOOD, "--events", "loop.txt"],
        ["intake", "appsflyer-s2s", "loop"],
    ],
)
def test_links_that_form_a_loop(run, tmp_path, command):
    for name in ("loop", "loop.txt"):
        (tmp_path / name).symlink_to(name)
    assert message(run, *command).endswith(f": {LINKS}")


def test_a_pipe_is_read(run, tmp_path):
    mkfifo = getattr(os, "mkfifo", None)
    if mkfifo is None:
        pytest.skip("needs named pipes")
    pipe = tmp_path / "pipe"
    mkfifo(pipe)
    for command in (["check", "pipe"], ["parse", "--file", "pipe"]):
        writer = threading.Thread(target=pipe.write_text, args=(GOOD,))
        writer.start()
        assert run(*command).status == 0
        writer.join()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(
    "command", [["check", "pipe"], ["check", "--fix", "pipe.txt"], ["check", "--config", "pipe", GOOD]]
)
def test_a_pipe_to_which_nothing_is_written(run, tmp_path, monkeypatch, command):
    monkeypatch.setattr("macroengine.opening._PATIENCE_MS", 50)
    for name in ("pipe", "pipe.txt"):
        os.mkfifo(tmp_path / name)
    assert message(run, *command).endswith(
        (": nothing is written to this pipe", ": not a regular file; it cannot be fixed")
    )


def test_a_template_file_may_begin_with_a_byte_order_mark(run, write):
    write(f"\ufeff{GOOD}\r\n", "t.txt")
    assert json.loads(run("parse", "--file", "t.txt", "--format", "json").out)["source"] == GOOD


# Names


def test_an_argument_that_names_a_file_is_read(run, write):
    write(f"{GOOD}\n{BAD}\n", "templates.txt")
    write(f"u\n{BAD}\n", "t.csv")
    assert run("check", "templates.txt").out == run("check", "--file", "templates.txt").out
    both = run("check", GOOD, "t.csv", "--column", "u", "--format", "json").out
    assert {found["file"] for found in json.loads(both)} == {"t.csv"}
    assert run("check", "-", stdin=BAD.encode()).out == run("check", "--file", "-", stdin=BAD.encode()).out


def test_an_argument_that_names_a_directory_is_its_files(run, tmp_path):
    below = tmp_path / "templates" / "b"
    below.mkdir(parents=True)
    kinds = ".txt, .csv, .tsv, .jsonl, .ndjson, .xlsx, .xlsm"
    expected = f"templates: no files of templates in this folder ({kinds}, or code)"
    assert message(run, "check", "templates") == expected
    (below / "t.txt").write_text(BAD)
    (below / ".hidden.txt").write_text(BAD)
    (below / "notes.md").write_text("a note")
    (below.parent / "t.csv").write_text(f"template\n{BAD}\n")
    (below.parent / ".git").mkdir()
    (below.parent / ".git" / "t.txt").write_text(BAD)
    places = [line.split()[0] for line in run("check", "templates").out.splitlines() if " ME" in line]
    assert [place.rsplit(":", 2)[0] for place in places[::2]] == ["templates/t.csv", "templates/b/t.txt"]


def test_tables_in_a_directory_without_templates_are_skipped(run, tmp_path):
    folder = tmp_path / "templates"
    folder.mkdir()
    others = {"costs.csv": "sep=;\npartner;cost\nAcme;1\n", "empty.csv": "", "log.jsonl": '\n{"a": 1}\n'}
    for name, text in others.items():
        (folder / name).write_text(text)
    assert message(run, "check", "templates") == (
        "templates: no file in this folder has a column of templates; say which one it is with --column"
    )
    (folder / "t.csv").write_text(f"template\n{BAD}\n")
    for options in ([], ["--diff"], ["--fix"]):
        result = run("check", "templates", *options)
        assert result.status == 1
        assert [line.split(": ")[1] for line in result.err.splitlines() if "skipped" in line] == [
            "skipped templates/costs.csv",
            "skipped templates/empty.csv",
            "skipped templates/log.jsonl:2",
        ]
    assert {name: (folder / name).read_text() for name in others} == others
    assert message(run, "check", "templates/costs.csv").startswith("templates/costs.csv: no column 'template'")
    lacking = run("check", "templates", "--partner-column", "who")
    assert (lacking.status, "skipped templates/t.csv: no column 'who'" in lacking.err) == (2, True)


def test_a_directory_that_cannot_be_read_says_so(run, tmp_path, monkeypatch):
    def unreadable(*_):
        raise PermissionError(13, "Permission denied", "templates")

    (tmp_path / "templates").mkdir()
    monkeypatch.setattr(os, "scandir", unreadable)
    assert message(run, "check", "templates") == "templates: permission denied"


@pytest.mark.parametrize(
    "name",
    [
        "templates.txt",
        "T.CSV",
        "a/b.jsonl",
        "./t",
        "../t",
        "~/t",
        "partners/acme",
        "/tmp/none/t",
        "t (1).txt",
        "C:\\t",
        "a.py",
        "A.TS",
    ],
)
def test_a_path_that_does_not_exist_says_so(run, name):
    expected = f"{name}: no such file; to check it as a template, pipe it to --file -"
    assert message(run, "check", name) == message(run, "check", GOOD, name) == expected


@pytest.mark.parametrize(
    "template",
    [
        GOOD,
        "",
        "x" * 20_000,
        "/" * 20_000,
        "clickid",
        "n.example/pb",
        "n.example:80/pb",
        "//n.example/pb",
        "/pb/(clickid)",
        "localhost/{click_id}/x",
        "https://n.example/t.txt",
        "?file=t.txt",
        "myapp://open/t.csv",
    ],
)
def test_a_template_is_not_taken_for_a_path(run, template):
    result = run("check", template)
    assert result.status < 2
    assert "1 template" in result.out or "<argument>:1:" in result.out


ODD = "a\x1b[31m\u202e\u0085b.txt"
SHOWN = r"a\x1b[31m\u202e\x85b.txt"


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_control_characters_in_names_do_not_reach_the_terminal(run, write, form):
    write(BAD, ODD)
    result = run("check", ODD, "--format", form)
    assert result.status == 1
    assert all(line.isprintable() for line in result.out.split("\n"))
    if form == "text":
        assert result.out.startswith(f"{SHOWN}:1:25 ME101")
    if form == "json":
        assert json.loads(result.out)[0]["file"] == ODD


@pytest.mark.parametrize("odd", [ODD, "a\nb\rc.txt"], ids=["escape", "line-break"])
def test_control_characters_in_names_are_escaped_in_every_message(run, write, odd):
    write(BAD, odd)
    commands = [
        ["check", odd, "--diff"],
        ["check", f"{odd}.log", "--fix"],
        ["check", f"{odd}.csv"],
        ["check", "--file", f"{odd}-"],
        ["check", GOOD, "--config", odd],
        ["check", GOOD, "--config", f"{odd}-"],
        ["check", GOOD, "--dialect", f"{odd}.toml"],
        ["render", GOOD, "--event", odd],
        ["render", GOOD, "--events", odd],
        ["render", GOOD, "--event", f"{odd}-"],
        ["parse", "--file", f"{odd}-"],
        ["parse", GOOD, odd],
        ["intake", "appsflyer-s2s", odd],
        ["intake", "appsflyer-s2s", f"{odd}-"],
        ["match", GOOD, odd],
        ["match", GOOD, "--events", f"{odd}-"],
        ["match", GOOD, f"https://n.example/{odd}"],
    ]
    write(BAD, f"{odd}.log")
    write("x\n", f"{odd}.csv")
    for command in commands:
        result = run(*command)
        text = result.out + result.err
        assert result.status > 0
        assert not {"\x1b", "\r", "\u202e", "\u0085"} & set(text)
        assert "\nb" not in text or "parse" in command  # click's own message of too many arguments
    assert run("check", odd, "--diff").out.startswith("--- a\\")


def test_events_that_fail_are_named_by_their_file(run, write):
    write('{"click_id": {}}\n', ODD)
    result = run("render", GOOD, "--events", ODD)
    assert result.err.startswith(f"{SHOWN}:1: cannot send")


def test_a_name_that_is_not_utf_8_has_a_uri(run, tmp_path):
    name = os.fsdecode(b"\xff.txt")
    try:
        (tmp_path / name).write_text(BAD)
    except OSError:
        pytest.skip("the file system wants UTF-8")
    log = json.loads(run("check", name, "--format", "sarif").out)
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "%FF.txt"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_in_angle_brackets_has_a_uri_and_standard_input_has_none(run, tmp_path):
    (tmp_path / "<t>.txt").write_text(BAD)
    for arguments, uris in ((["<t>.txt"], {"%3Ct%3E.txt"}), (["-"], set()), ([BAD], set())):
        found = run("check", *arguments, "--format", "sarif", stdin=BAD.encode())
        assert {*re.findall('"uri": "([^"]*)"', found.out)} == uris
        assert ('"logicalLocations"' in found.out) is (not uris)


# Large reports


@pytest.mark.parametrize("form", slow_after(2, ["text", "json", "github", "sarif"]))
@pytest.mark.parametrize("character", slow_after(1, ["%", "\u200b%", "“", "%\U0001f600"]))
def test_reports_of_long_templates_stay_small(run, write, form, character):
    write(character * (16_000 // len(character)), "t.txt")
    result = run("check", "t.txt", "--format", form)
    assert len(result.out) < 30_000_000
    if character == "%" and form == "json":
        found = [row for row in json.loads(result.out) if row["code"] == "ME221"]
        assert (len(found), found[-1]["message"]) == (
            32,
            "15,969 more findings of this rule in this template from here on",
        )
        assert (found[-1]["span"], found[-1]["hint"], found[-1]["fix"]) == ([31, 32], None, None)
    if character == "%" and form == "text":
        assert result.out.endswith("\n16,000 errors, 1 warning, 16,000 fixable with --fix --unsafe-fixes\n")


@pytest.mark.parametrize("option", ["--event", "--events"])
def test_errors_of_long_templates_stay_small(run, write, option):
    write("%" * 16_000, "t.txt")
    result = run("render", "--file", "t.txt", option, "-", stdin=b"{}")
    assert (result.status, result.out) == (1, "")
    assert len(result.err.splitlines()) < 150
    assert "15,969 more findings of this rule" in result.err


def test_reports_of_ordinary_templates_are_whole(run):
    source = GOOD + "&x=(clickd)" * 200
    found = json.loads(run("check", source, "--format", "json", "--select", "ME101").out)
    assert len(found) == 200


def test_one_finding_that_is_left_out_is_counted():
    source = "%" * 16_000
    found = check(source, select=["ME221"])
    assert list(abridged(found[:31])) == found[:31]
    *shown, rest = abridged(found[:32])
    assert (shown, rest.message) == (found[:31], "1 more finding of this rule in this template from here on")


@pytest.mark.parametrize(
    "command",
    [
        ("check", "--file", ""),
        ("check", "--request", ""),
        ("render", GOOD, "--event", ""),
        ("match", GOOD, "--events", ""),
        ("intake", "appmetrica", ""),
    ],
)
def test_an_empty_name_of_a_file_is_said_to_be_empty(run, command):
    message = "macroengine: the name of a file is empty; a variable of the shell may not be set\n"
    assert run(*command) == (2, "", message)


def test_an_empty_path_of_a_table_is_not_the_working_folder(run, tmp_path):
    (tmp_path / "events.csv").write_text("click_id\n1\n")
    result = run("bulk", GOOD, "--input", "", "--output", "urls.txt")
    message = "macroengine: '': the path of the input is empty; a variable of the shell may not be set\n"
    assert (result.status, result.err) == (2, message)
    assert not (tmp_path / "urls.txt").exists()


@pytest.mark.parametrize("command", [(), ("intake",)])
def test_a_call_without_a_command_prints_the_help_in_lines(run, command):
    result = run(*command)
    assert (result.status, result.out) == (2, "")
    usage, *lines = result.err.splitlines()
    assert usage.endswith(" ".join(["macroengine", *command, "[OPTIONS] COMMAND [ARGS]..."]))
    assert {"Options:", "Commands:"} < {*lines}
