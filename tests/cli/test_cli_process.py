"""How a command begins and ends: closed streams, full disks, readers that leave, signals."""

import builtins
import os
import shlex
import signal
import subprocess
import sys
import time
from threading import Thread
from types import SimpleNamespace

import pytest

from macroengine.cli import main, output, process
from macroengine.cli.process import ending_on_signals
from macroengine.workspace.inputs import InputError
from tests.support.trying import slow_after

MACROENGINE = shlex.join([sys.executable, "-m", "macroengine"])
GOOD = "https://n.example/pb?id=(clickid)"
BAD = "https://n.example/pb?id=(clickd)&;ip=(ip)"
CLOSED = os.strerror(9).lower()
FULL = os.strerror(28).lower()
WRITING = [
    f"check '{BAD}'",
    "check --help",
    f"check '{BAD}' --format json",
    f"check '{BAD}' --format sarif",
    f"check '{BAD}' --diff",
    f"check '{BAD}' --fix",
    f"preview '{GOOD}'",
    f"preview '{GOOD}' --format json",
    f"diff '{GOOD}' '{BAD}'",
    f"check '{BAD}' --format junit",
    f"check '{BAD}' --statistics",
    f"render '{GOOD}' --event e.json",
    f"render '{GOOD}' --events e.json",
    f"parse '{GOOD}'",
    f"parse '{GOOD}' --format json",
    "macros",
    "macros ip",
    "rules",
    "explain ME222",
    f"explain '{GOOD}'",
    "intake appsflyer-s2s b.jsonl",
]
# Every command is another process.
EACH = pytest.mark.parametrize("command", slow_after(2, WRITING))


@pytest.fixture
def shell(tmp_path):
    """Run commands of the shell; `macroengine` is ours."""
    pytest.importorskip("fcntl", exc_type=ImportError, reason="needs a POSIX shell")
    (tmp_path / "e.json").write_text('{"click_id": "1"}')
    (tmp_path / "b.jsonl").write_text(
        '{"appsflyer_id": "1415211453000-6513894", "eventName": "af_purchase", "eventValue": ""}'
    )
    (tmp_path / "t.txt").write_text(BAD)

    def run(line):
        script = f'macroengine() {{ {MACROENGINE} "$@"; }}\n{line}'
        done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


@EACH
def test_a_full_disk_is_one_message(shell, command):
    expected = (2, "", f"macroengine: standard output: {FULL}\n")
    status, out, err = shell(f"macroengine {command} > /dev/full")
    assert (status, out, err.splitlines(keepends=True)[-1]) == expected


@EACH
def test_a_closed_output_is_one_message(shell, command):
    status, out, err = shell(f"macroengine {command} >&-")
    assert (status, out, err.splitlines()[-1]) == (2, "", f"macroengine: standard output: {CLOSED}")


@EACH
def test_a_reader_that_leaves_is_no_error(shell, command):
    # The reader is gone before anything is written.
    status, _, err = shell(f"{{ sleep 0.2; macroengine {command}; echo $? >&2; }} | :")
    # What is wrong with a template counts, whether or not somebody reads it.
    assert (status, err.splitlines()[-1]) == (0, "1" if "clickd" in command else "0")


READING = [
    "check --file -",
    f"render '{GOOD}' --event -",
    "check -",
    "check --file - --fix",
    f"render '{GOOD}' --events -",
    "render --file - --event e.json",
    "parse --file -",
    "intake appsflyer-s2s -",
    "intake appmetrica -",
]


@pytest.mark.parametrize("command", slow_after(2, READING))
def test_a_closed_input_is_one_message(shell, command):
    assert shell(f"macroengine {command} <&-") == (2, "", f"macroengine: standard input: {CLOSED}\n")


@pytest.mark.slow
def test_a_command_needs_no_standard_error(shell):
    assert shell("macroengine check t.txt --select ME2 2>&-")[::2] == (0, "")
    assert shell("macroengine check nope.txt 2>&-") == (2, "", "")
    assert shell("macroengine check nope.txt 2>/dev/full") == (2, "", "")
    assert shell("macroengine render '(x)' --event e.json 2>/dev/full") == (1, "", "")
    assert shell("macroengine nope 2>/dev/full") == (2, "", "")


def test_a_file_that_is_read_never_becomes_the_output(shell, tmp_path):
    assert shell("macroengine check --file t.txt --fix <&- >&-")[0] == 2
    assert (tmp_path / "t.txt").read_text() == BAD.replace("&;", "&")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="not on Windows")
@pytest.mark.parametrize("name", slow_after(1, ["SIGTERM", "SIGHUP", "SIGINT"]))
def test_a_command_that_is_told_to_end_leaves_nothing(tmp_path, name):
    path = tmp_path / "t.txt"
    path.write_text(f"{BAD}\n" * 50_000)
    before = path.read_bytes()
    command = [*shlex.split(MACROENGINE), "check", "--file", "t.txt", "--fix"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while len(list(tmp_path.iterdir())) == 1:
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(getattr(signal, name))
        _, err = process.communicate()
    assert process.returncode in (-getattr(signal, name), 130)
    assert b"Traceback" not in err
    assert [file.name for file in tmp_path.iterdir()] == ["t.txt"]
    assert path.read_bytes() == before


def test_a_signal_ends_a_command_with_its_number(run, monkeypatch):
    monkeypatch.setattr("macroengine.cli.render.read_event", lambda *_: signal.raise_signal(signal.SIGTERM))
    killed = []
    monkeypatch.setattr(os, "kill", lambda *arguments: killed.append(arguments))
    assert run("render", GOOD, "--event", "x").status == 130
    assert killed == [(os.getpid(), signal.SIGTERM)]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_reader_that_leaves_while_rich_is_printing_is_no_error(run, monkeypatch, tmp_path):
    def closed(*_):
        error = SystemExit(1)
        error.__context__ = BrokenPipeError()
        raise error

    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr("macroengine.cli.render.read_event", closed)
        monkeypatch.setattr(sys, "stdout", out)
        assert run("render", GOOD, "--event", "x").status == 0


def test_any_other_exit_keeps_its_status(run, monkeypatch):
    def leave(*_):
        raise SystemExit(3)

    monkeypatch.setattr("macroengine.cli.render.read_event", leave)
    with pytest.raises(SystemExit, match="3"):
        run("render", GOOD, "--event", "x")


def test_signals_are_left_alone_where_they_are_ignored_or_missing(monkeypatch):
    monkeypatch.delattr(signal, "SIGHUP", raising=False)
    ignored = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with ending_on_signals():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, ignored)


def test_signals_are_left_alone_in_other_threads():
    seen = []

    def body():
        with ending_on_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = Thread(target=body)
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_streams_that_are_missing_are_replaced(run, monkeypatch, stream):
    arguments = {"stdin": ["check", "-"], "stdout": ["check", BAD], "stderr": ["check", "nope.txt"]}[stream]
    if stream == "stdin":
        monkeypatch.setattr("io.TextIOWrapper", lambda *_: None)  # what the fixture makes of it
    else:
        monkeypatch.setattr(sys, stream, None)
    assert run(*arguments).status == 2
    getattr(sys, stream).close()


@pytest.mark.parametrize(
    ("error", "message"),
    [(MemoryError(), "not enough memory"), (RecursionError(), "the input is nested too deeply")],
)
def test_what_is_too_much_is_one_message(run, monkeypatch, error, message):
    def fail(*_):
        raise error

    monkeypatch.setattr("macroengine.cli.render.read_event", fail)
    assert run("render", GOOD, "--event", "x") == (2, "", f"macroengine: {message}\n")


def test_a_reader_that_leaves_does_not_keep_files_from_being_written(shell, tmp_path):
    status, _, err = shell("{ sleep 0.2; macroengine check t.txt --fix --report r.md; echo $? >&2; } | :")
    assert (status, err.splitlines()[-1]) == (0, "1")
    assert (tmp_path / "t.txt").read_text() != BAD
    assert (tmp_path / "r.md").exists()


def test_what_is_found_counts_though_the_reader_has_left_before_the_end(run, monkeypatch):
    def gone():
        raise BrokenPipeError

    discarded = []
    monkeypatch.setattr("macroengine.cli.app.sys", SimpleNamespace(stdout=SimpleNamespace(flush=gone)))
    monkeypatch.setattr(process, "discard_output", lambda: discarded.append(1))
    assert run("check", BAD).status == 1
    assert discarded


@pytest.mark.parametrize(
    ("lines", "strict", "status"),
    [
        (["https://n.example/pb?id=(clickd)", GOOD], "", 1),
        (["http://n.example/pb?id=(clickid)", GOOD, BAD], "", 1),
        (["http://n.example/pb?id=(clickid)", GOOD], "", 0),
        (["http://n.example/pb?id=(clickid)", GOOD], "--strict", 1),
    ],
)
def test_the_status_does_not_depend_on_how_much_is_read(shell, tmp_path, lines, strict, status):
    (tmp_path / "many.txt").write_text("".join(f"{line}\n" for line in [lines[0]] * 2_000 + lines))
    _, _, err = shell(f"{{ macroengine check many.txt {strict}; echo $? >&2; }} | head -n 1")
    assert err.splitlines()[-1] == str(status)


@pytest.mark.parametrize(
    ("command", "encoding", "missing"),
    [
        ("translate 'https://n.example/pb?c=(clickid)é' --to singular", "ascii", r"'\xe9'"),
        ("check --fix 'https://n.example/pb?c=(click-id)&d=€'", "latin-1", r"'\u20ac'"),
        ("check --fix --file u.txt", "utf-8", None),
    ],
)
def test_no_other_character_takes_the_place_of_one_of_a_template(shell, tmp_path, command, encoding, missing):
    (tmp_path / "u.txt").write_text("https://n.example/pb?c=(click-id)&d=€\n", encoding="utf-8")
    status, out, err = shell(f"PYTHONIOENCODING={encoding} macroengine {command}")
    if missing is None:
        assert status == 0
    else:
        assert (status, out) == (2, "")
        assert f", which cannot hold {missing}; set PYTHONIOENCODING" in err


@pytest.mark.parametrize(
    ("arguments", "status"),
    [([BAD], 1), (["http://n.example/pb?id=(clickid)"], 0), (["http://n.example/pb?id=(clickid)", "--strict"], 1)],
)
@pytest.mark.parametrize("is_found", [True, False])
def test_what_is_found_counts_though_nobody_reads_it(run, monkeypatch, arguments, status, is_found):
    def gone(report, found, tally, write):
        if is_found:
            tally.count(next(found)[2])
        raise BrokenPipeError

    monkeypatch.setattr("macroengine.cli.check.print_findings", gone)
    monkeypatch.setattr(process, "discard_output", lambda: None)
    assert run("check", *arguments).status == status


def test_what_is_printed_on_a_terminal_does_not_control_it(run, monkeypatch):
    damaged = "https://n.example/\x1b[2J(clickid)&amp;x"
    assert "\x1b[2J" in run("check", damaged, "--diff").out
    monkeypatch.setattr("macroengine.cli.output.sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True)))
    assert output.harmless("a\x1b[2J\nb") == "a\\x1b[2J\nb"
    assert output.harmless("a b") == "a b"


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        ("é", "ascii", r"ascii, which cannot hold '\\xe9'; set PYTHONIOENCODING=utf-8"),
        ("\udce9", "utf-8", r"utf-8, which cannot hold '\\udce9'$"),
    ],
)
def test_a_result_that_cannot_be_encoded_is_an_error(monkeypatch, text, encoding, said):
    written = []
    stdout = SimpleNamespace(encoding=encoding, write=written.append)
    monkeypatch.setattr("macroengine.cli.output.sys", SimpleNamespace(stdout=stdout))
    output.write_result("a")
    with pytest.raises(InputError, match=said):
        output.write_result(text)
    assert written == ["a"]


def test_an_interruption_while_the_command_line_loads_is_one_message(monkeypatch, capsys):
    def interrupted(name, *rest):
        if name == "macroengine.cli.app":
            raise KeyboardInterrupt
        return real(name, *rest)

    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", interrupted)
    assert main() == 130
    assert capsys.readouterr().err == "\nmacroengine: interrupted\n"


def test_what_goes_on_writes_nowhere_once_the_reader_is_gone(monkeypatch):
    def gone(text):
        raise BrokenPipeError(text)

    discarded = []
    monkeypatch.setattr(process, "discard_output", lambda: discarded.append(1))
    output.lasting(gone)("x")
    assert discarded == [1]
