"""What other systems do otherwise, simulated here: the paths and streams of Windows, and modules that are not there."""

import io
import os
import select
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

import macroengine
from macroengine import check
from macroengine.cli import main, process, reports, sarif
from macroengine.cli.ci import gitlab_report
from macroengine.cli.inputs import looks_like_path
from macroengine.workspace import inputs
from macroengine.workspace.record import Record

BAD = "https://n.example/pb?id=(clickid)&;note=回传"
GOOD = BAD.replace("&;", "&")
# What only POSIX has, of all that Python's library has.
ONLY_POSIX = ("fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")


@pytest.fixture
def printed(monkeypatch, tmp_path):
    """Run a command whose standard output is a file on Windows, and return the bytes that it prints."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, stdin: bytes = b"", encoding: str = "utf-8") -> bytes:
        out = io.BytesIO()
        # What the newline of a text stream is there by default.
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=encoding, newline="\r\n"))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        monkeypatch.setattr(sys, "argv", ["macroengine", *arguments])
        main()
        sys.stdout.flush()
        return out.getvalue()

    return call


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_fixed_template_keeps_its_line_ending(printed, ending):
    assert printed("check", "--file", "-", "--fix", stdin=f"{BAD}{ending}".encode()) == f"{GOOD}{ending}".encode()


def test_a_diff_has_the_line_endings_of_the_file(printed, tmp_path):
    (tmp_path / "t.txt").write_bytes(f"{BAD}\r\n".encode())
    shown = printed("check", "--file", "t.txt", "--diff")
    assert shown == f"--- t.txt\n+++ t.txt\n@@ -1,1 +1,1 @@\n-{BAD}\r\n+{GOOD}\r\n".encode()


def test_a_file_keeps_its_line_endings(printed, tmp_path):
    (tmp_path / "t.txt").write_bytes(f"{BAD}\r\n{GOOD}\n".encode())
    printed("check", "--file", "t.txt", "--fix")
    assert (tmp_path / "t.txt").read_bytes() == f"{GOOD}\r\n{GOOD}\n".encode()


def test_what_a_code_page_lacks_is_printed_all_the_same(printed, monkeypatch):
    monkeypatch.setattr(process, "_IN_CODE_PAGE", True)
    shown = printed("check", "--file", "-", "--fix", stdin=f"{BAD}\n".encode(), encoding="cp1252")
    assert shown == f"{GOOD}\n".encode()


def test_an_encoding_that_was_asked_for_stays(printed, monkeypatch):
    monkeypatch.setattr(process, "_IN_CODE_PAGE", False)
    damaged = "https://n.example/pb?id=(click-id)&city=Köln\n"
    shown = printed("check", "--file", "-", "--fix", stdin=damaged.encode(), encoding="cp1252")
    assert shown == damaged.replace("-", "").encode("cp1252")


def a_finding():
    [found] = check(BAD, select=["ME222"])
    return Record(f"{BAD}\n", 1, BAD, in_line=True), found


def test_annotations_have_the_slashes_of_repositories(monkeypatch):
    monkeypatch.setattr(reports, "PurePath", PureWindowsPath)
    record, found = a_finding()
    assert reports.GITHUB_REPORT.show("postbacks\\t.txt", record, found).startswith("::warning file=postbacks/t.txt,")
    assert '"path": "postbacks/t.txt"' in gitlab_report().show("postbacks\\t.txt", record, found)


@pytest.mark.parametrize(
    ("file", "uri"),
    [("postbacks\\t (1).txt", "postbacks/t%20%281%29.txt"), ("C:\\post backs\\t.txt", "file:///C:/post%20backs/t.txt")],
)
def test_sarif_has_uris_for_paths(monkeypatch, file, uri):
    monkeypatch.setattr(sarif, "Path", PureWindowsPath)
    record, found = a_finding()
    assert f'"uri": "{uri}"' in sarif.sarif_report().show(file, record, found)


@pytest.mark.parametrize("path", ["C:\\postbacks\\list", ".\\list", "..\\list", "postbacks\\list.txt"])
def test_a_path_that_does_not_exist_is_not_taken_for_a_template(path):
    assert looks_like_path(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
def test_a_pipe_is_read_where_it_cannot_be_waited_for(monkeypatch, tmp_path):
    monkeypatch.delattr(select, "poll")
    os.mkfifo(tmp_path / "pipe")
    assert inputs.read_whole(tmp_path / "pipe") == b""


def test_everything_runs_without_what_only_posix_has(tmp_path):
    # Python's own modules may use it, and are imported before.
    code = f"""
import asyncio, multiprocessing, pkgutil, subprocess, sys
sys.modules.update(dict.fromkeys({ONLY_POSIX!r}))
import macroengine
from macroengine.cli import main
for module in pkgutil.walk_packages(macroengine.__path__, "macroengine."):
    if module.name != "macroengine.__main__":
        __import__(module.name)
sys.argv = ["macroengine", "check", "t.txt", "--fix"]
sys.exit(main())
"""
    (tmp_path / "t.txt").write_text(f"{BAD}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "t.txt").read_text(encoding="utf-8") == f"{GOOD}\n"


def test_no_text_file_is_read_in_the_encoding_of_the_system():
    """Python says so itself, in a mode that it has for this."""
    root = Path(macroengine.__file__).parents[1]
    code = "import macroengine; from macroengine.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-W", "error::EncodingWarning", "-c", code, "check", BAD],
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "EncodingWarning" not in done.stderr
    assert done.stdout != ""
