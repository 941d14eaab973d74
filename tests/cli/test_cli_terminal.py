"""What a terminal shows, and what goes to a file or a pipe next to it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from macroengine import dialect
from macroengine.diagnostics import columns as columns_of
from tests.support.terminal import Terminal, terminal

CASES = Path(__file__).parents[1] / "cases" / "widths"
GOOD = "https://n.example/pb?id=(clickid)"
BAD = "https://n.example/pb?id=(clickd)&;ip=(ip)"
BODY = '{"appsflyer_id": "1415211453000-6513894", "eventName": "af_purchase", "eventValue": ""}'
COMMANDS = [
    ["check", "--file", "t.txt"],
    ["check", "--file", "t.txt", "--format", "json"],
    ["check", "--file", "t.txt", "--format", "github"],
    ["check", "--file", "t.txt", "--format", "sarif"],
    ["check", "--file", "t.txt", "--diff"],
    ["check", "--file", "-"],
    ["check", "--file", "t.txt", "--file", "-", "--fix"],
    ["check", BAD],
    ["check", "--file", "t.txt", "--format", "gitlab"],
    ["check", "--file", "t.txt", "--format", "junit"],
    ["check", "--file", "t.txt", "--statistics"],
    ["preview", GOOD],
    ["diff", GOOD, BAD],
    ["explain", "--file", "t.txt"],
    ["render", GOOD, "--set", "click_id=1"],
    ["render", GOOD, "--event", "e.json"],
    ["render", GOOD, "--events", "e.jsonl"],
    ["parse", GOOD],
    ["parse", GOOD, "--format", "json"],
    ["match", GOOD, GOOD.replace("(clickid)", "1")],
    ["match", GOOD, GOOD.replace("(clickid)", "1"), "--format", "json"],
    ["match", GOOD, "--events", "u.txt"],
    ["macros"],
    ["macros", "ip"],
    ["explain", "ME222"],
    ["explain", GOOD],
    ["rules"],
    ["intake", "appsflyer-s2s", "b.jsonl"],
]


@pytest.fixture
def files(tmp_path):
    def write() -> None:
        (tmp_path / "t.txt").write_text(f"{BAD}\n" * 3)
        (tmp_path / "e.json").write_text('{"click_id": "1"}')
        (tmp_path / "e.jsonl").write_text('{"click_id": "1"}\n' * 1000)
        (tmp_path / "u.txt").write_text(f"{BAD}\n" * 1000)
        (tmp_path / "b.jsonl").write_text(f"{BODY}\n")

    write()
    return write


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_terminal_on_standard_error_changes_nothing_on_standard_output(run, monkeypatch, files, command):
    plain = run(*command, stdin=BAD.encode())
    files()
    with terminal(monkeypatch, "stderr"):
        assert run(*command, stdin=BAD.encode()).out == plain.out != ""
    files()
    monkeypatch.setenv("FORCE_COLOR", "1")
    forced = run(*command, stdin=BAD.encode())
    assert re.sub(r"\x1b\[[\d;]*m", "", forced.out) == plain.out
    assert "\x1b[?25l" not in forced.err  # no progress bar in a log


def started(folder, *arguments, **streams):
    command = [sys.executable, "-m", "macroengine", *arguments]
    # readline sets COLUMNS, where pytest loads it.
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")}
    environment["TERM"] = "xterm"
    return subprocess.run(command, stdin=subprocess.DEVNULL, cwd=folder, check=False, env=environment, **streams)


@pytest.mark.parametrize("columns", [60, 200])
def test_a_report_on_a_terminal_has_colour_and_its_width(tmp_path, files, columns):
    shown = Terminal(columns)
    started(tmp_path, "check", "--file", "t.txt", stdout=shown.stream, stderr=shown.stream)
    text = shown.text
    assert "\x1b[31m\x1b[1mME101 error\x1b[0m unknown macro" in text
    assert "checking" not in text
    assert max(len(line) for line in re.sub(r"\x1b\[[\d;]*m", "", text).splitlines()) <= columns
    shown.close()


def test_a_report_in_a_real_file_is_whole_next_to_a_real_terminal(tmp_path, files):
    shown = Terminal(80)
    with (tmp_path / "report").open("w") as report:
        done = started(tmp_path, "check", "--file", "t.txt", stdout=report, stderr=shown.stream)
    assert "checking" in shown.text
    assert (
        (tmp_path / "report")
        .read_text()
        .endswith("\n3 errors, 3 warnings, 3 fixable with --fix, 3 more with --fix --unsafe-fixes\n")
    )
    assert done.returncode == 1
    shown.close()


@pytest.mark.parametrize(
    ("command", "bar"),
    [
        (["check", "--file", "t.txt"], "checking"),
        (["check", "--file", "t.txt", "--fix"], "checking"),
        (["render", GOOD, "--events", "e.jsonl"], "1,000 events"),
    ],
)
def test_progress_is_shown_where_results_go_elsewhere(run, monkeypatch, files, command, bar):
    with terminal(monkeypatch, "stderr") as shown:
        run(*command)
        assert bar in shown.text
    with terminal(monkeypatch, "stdout", "stderr") as shown:
        run(*command)
        assert bar not in shown.text
    with terminal(monkeypatch, "stderr") as shown:
        monkeypatch.setenv("TERM", "dumb")
        run(*command)
        assert bar not in shown.text


def test_tables_are_drawn_on_a_terminal(run, monkeypatch):
    with terminal(monkeypatch, "stdout", columns=60) as shown:
        assert run("macros", "--source", "AF").status == 0
        text = shown.text
    assert "\t" not in text
    assert "\x1b[1m" in text


def test_a_narrow_table_shows_names_whole(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    with terminal(monkeypatch, "stdout") as shown:
        run("rules")
        text = shown.text
    assert "…" not in text
    assert "ME101" in text


@pytest.mark.parametrize("columns", [60, 70, 80, 90, 200])
def test_no_word_of_a_table_is_broken_or_cut(run, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    words = {word for spec in dialect("appsflyer").macros.values() for word in (spec.name, *spec.description.split())}
    with terminal(monkeypatch, "stdout", columns=columns) as shown:
        run("macros")
        found = set(re.sub(r"\x1b\[[\d;]*m", "", shown.text).split())
    assert {word for word in words if len(word) <= 16} <= found


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
def test_tables_are_readable_on_any_terminal(run, monkeypatch, tmp_path, golden, columns):
    template = "https://n.example/pb?id=(clickid)&geo=(country_code)&long=(af_siteid)"
    url = f"https://n.example/pb?id=1&geo=DE&long={'ab' * 40}"
    (tmp_path / "own.toml").write_text(
        'name = "own"\nsyntax = "paren"\n[macros]\n'
        'country_code = { field = "geo", source = "Platform", description = "Country of the device 国, ISO 3166" }\n'
        'cid = { field = "click_id", source = "Link", send_all = true }\n'
    )
    (tmp_path / "t.txt").write_text(f"{template}\n")
    (tmp_path / "u.txt").write_text(f"{url}\nhttps://n.example/pb?id=1&id=2\n")
    monkeypatch.setenv("COLUMNS", str(columns))
    texts = []
    for command in (
        ["macros", "--dialect", "own.toml"],
        ["match", template, url],
        ["match", "t.txt", "u.txt"],
        ["explain", template],
        ["explain", "--consent", "t.txt"],
        ["detect", template],
        ["detect", "t.txt"],
    ):
        with terminal(monkeypatch, "stdout", columns=columns) as shown:
            run(*command)
            text = re.sub(r"\x1b\[[\d;]*m", "", shown.text)
        assert max(map(columns_of, text.splitlines())) <= columns
        assert "country_code" in text or columns == 20
        texts.append(f"$ macroengine {' '.join(command)}\n{text}")
    golden(CASES / f"tables-{columns}.txt", "\n".join(texts))


@pytest.mark.parametrize(
    "command",
    [
        ["match", GOOD, "https://n.example/pb?id=1&unexpected_parameter=1&another_parameter_of_theirs=2"],
        ["render", "https://n.example/pb?revenue=(event_revenue)&country=(contry_code)", "--set", "ip=1"],
        ["macros", "clickid"],
    ],
    ids=lambda command: command[0],
)
def test_findings_and_facts_are_broken_between_words(run, monkeypatch, command):
    words = {word for word in f"{run(*command).out} {run(*command).err}".split() if len(word) < 40}
    monkeypatch.setenv("COLUMNS", "60")
    with terminal(monkeypatch, "stdout", "stderr", columns=60) as shown:
        run(*command)
        text = re.sub(r"\x1b\[[\d;]*m", "", shown.text)
    assert max(map(len, text.splitlines())) <= 60
    assert words - {"^" * len(word) for word in words} <= set(text.split())


@pytest.mark.parametrize("names", [(), ("stderr",), ("stdout", "stderr")])
def test_a_tree_is_whole_on_any_terminal(run, monkeypatch, names):
    source = f"https://n.example/{'long/' * 100}pb?{'x' * 200}=(clickid)"
    monkeypatch.setenv("COLUMNS", "60")
    with terminal(monkeypatch, *names) as shown:
        result = run("parse", source)
        text = shown.text if "stdout" in names else result.out
    assert text.startswith(f"{source}\n")
    assert "literal" in text
    assert f"{'x' * 200}  " in re.sub(r"\x1b\[[\d;]*m", "", text)
    assert max(map(len, text.splitlines())) < 800


def test_a_drawn_table_sends_nothing_to_the_terminal(run, monkeypatch, tmp_path):
    (tmp_path / "own.toml").write_text(
        'name = "own"\nsyntax = "paren"\n[macros]\n'
        'mine = { field = "mine", source = "Link", description = "\\u001b[2J\\u202e" }\n'
    )
    with terminal(monkeypatch, "stdout") as shown:
        assert run("macros", "--dialect", "own.toml").status == 0
        assert r"\x1b[2J\u202e" in shown.text
