"""Files that are replaced: whole or not at all, and with all that belonged to the old one."""

import os
import stat
import subprocess
import sys
import types

import pytest

from macroengine import atomic
from macroengine.cli.app import COMMANDS
from macroengine.rules import fixing
from macroengine.workspace.writing import named, replacing

BAD = "https://n.example/pb?id=(clickid)&;ip=(ip)"
GOOD = "https://n.example/pb?id=(clickid)&ip=(ip)"
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
superuser = pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="only the superuser can")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text(BAD)
    return path


def names(folder):
    return sorted(file.name for file in folder.iterdir())


# replacing


def test_a_new_file_takes_the_place_of_the_old(path, tmp_path):
    with atomic.replacing(path) as new:
        assert new.parent == path.parent
        assert new.name.startswith(".")
        new.write_text("new")
        assert path.read_text() == BAD
    assert (path.read_text(), names(tmp_path)) == ("new", ["t.txt"])


def test_a_failure_leaves_the_old_file(path, tmp_path):
    with pytest.raises(ZeroDivisionError), atomic.replacing(path) as new:
        new.write_text(str(1 / 0))
    assert (path.read_text(), names(tmp_path)) == (BAD, ["t.txt"])


@posix
def test_a_file_that_is_not_there_yet_has_the_mode_of_new_files(tmp_path):
    with atomic.replacing(tmp_path / "new") as new:
        pass
    (tmp_path / "other").touch()
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode
    assert not new.exists()


@posix
def test_a_private_file_is_private_while_it_is_written(path):
    path.chmod(0o640)
    with atomic.replacing(path) as new:
        assert stat.S_IMODE(new.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_names_cannot_be_guessed(path):
    with atomic.beside(path) as one, atomic.beside(path) as other:
        assert one != other


@posix
def test_a_link_is_followed_even_if_its_target_is_missing(tmp_path):
    (tmp_path / "link").symlink_to("target")
    with atomic.replacing(tmp_path / "link") as new:
        new.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


@posix
def test_what_is_not_a_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PermissionError, match="not a regular file"), atomic.replacing(tmp_path / "pipe"):
        pass
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="loop"), atomic.replacing(tmp_path / "loop"):
        pass
    assert names(tmp_path) == ["loop", "pipe"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_directory_that_is_missing_is_named_by_the_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere.*t\.txt"), atomic.replacing(tmp_path / "nowhere" / "t.txt"):
        pass


# check --fix


@posix
def test_hard_links_are_not_separated(run, path, tmp_path):
    (tmp_path / "other.txt").hardlink_to(path)
    result = run("check", "t.txt", "--fix")
    assert result.status == 2
    assert result.out.endswith("1 warning, 1 fixable with --fix\n")
    assert "has 2 hard links; replacing it would separate them" in result.err
    assert path.samefile(tmp_path / "other.txt")
    assert (path.read_text(), names(tmp_path)) == (BAD, ["other.txt", "t.txt"])


@superuser
def test_the_owner_and_group_are_kept(run, path):
    os.chown(path, 12_345, 54_321)
    path.chmod(0o664)
    assert run("check", "t.txt", "--fix").status == 0
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12_345, 54_321, 0o664)
    assert path.read_text() == GOOD


@posix
def test_an_owner_that_cannot_be_kept_is_no_reason_to_change_it(run, path, tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(os, "chown", refuse)
    result = run("check", "t.txt", "--fix")
    assert "its owner or group cannot be kept; it is not replaced" in result.err
    assert (result.status, path.read_text(), names(tmp_path)) == (2, BAD, ["t.txt"])


def test_the_time_of_a_file_that_is_fixed_is_new(run, path):
    os.utime(path, (0, 0))
    run("check", "t.txt", "--fix")
    assert path.stat().st_mtime > 0


@posix
def test_a_pipe_does_not_become_a_file(run, tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    result = run("check", "pipe.txt", "--fix")
    assert (result.status, result.err) == (2, "macroengine: pipe.txt: not a regular file; it cannot be fixed\n")
    assert stat.S_ISFIFO((tmp_path / "pipe.txt").stat().st_mode)


@pytest.mark.parametrize("text", ["saved by someone else", BAD], ids=["changed", "written-again"])
def test_what_another_process_saves_is_not_overwritten(run, path, tmp_path, monkeypatch, text):
    def save(*arguments, **options):
        (tmp_path / "copy").write_text(text)
        (tmp_path / "copy").replace(path)
        return fix(*arguments, **options)

    fix = fixing.fix
    monkeypatch.setattr(fixing, "fix", save)
    result = run("check", "t.txt", "--fix")
    message = "t.txt: changed while it was being fixed; nothing was written, run the command again"
    assert (result.status, result.err) == (2, f"macroengine: {message}\n")
    assert (path.read_text(), names(tmp_path)) == (text, ["t.txt"])


@posix
def test_a_disk_that_is_full_is_named_by_the_file(path, tmp_path):
    code = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
from macroengine.cli import main
sys.argv = ["macroengine", "check", "t.txt", "--fix"]
sys.exit(main())
"""
    command = [sys.executable, "-B", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    reason = os.strerror(27).lower()
    assert (done.returncode, done.stderr) == (2, f"macroengine: t.txt: {reason}; nothing in the file was fixed\n")
    assert (path.read_text(), names(tmp_path)) == (BAD, ["t.txt"])


def test_an_error_of_writing_has_the_name_of_the_file():
    def full(_):
        raise OSError(28, "full")

    with pytest.raises(OSError, match=r"full: 't\.txt'"):
        named(full, "t.txt")("x")


def test_an_error_about_another_file_keeps_its_name(path):
    with pytest.raises(OSError, match=r"full: 'other'"), replacing(path):
        raise OSError(28, "full", "other")
    assert path.read_text() == BAD


@pytest.mark.parametrize(
    "name",
    [
        "a.sh",
        "a.log",
        "Makefile",
        ".env",
    ],
)
@pytest.mark.parametrize("option", ["--fix", "--diff"])
def test_only_lists_of_templates_and_code_are_fixed(run, tmp_path, name, option):
    (tmp_path / name).write_text(BAD)
    (tmp_path / "t.txt").write_text(BAD)
    kinds = "only .txt, .csv, .tsv, .jsonl, .ndjson, .xlsx and .xlsm files and code can be fixed"
    message = f"macroengine: {name}: {kinds}; in other files, a line may not be a template\n"
    for arguments in (["t.txt", name], ["--file", name]):
        assert run("check", *arguments, option) == (2, "", message)
    assert (tmp_path / name).read_text() == (tmp_path / "t.txt").read_text() == BAD


# Other systems

HIDDEN = ("fcntl", "grp", "pwd", "resource", "termios", "tty", "pty", "syslog", "readline", "_posixsubprocess")
WINDOWS = f"""
import os, signal, subprocess, sys  # what the standard library itself imports differs on Windows

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in {HIDDEN}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

for name in {HIDDEN}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Hidden())
for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "chown", "fchmod", "fork", "geteuid", "getuid", "mkfifo"):
    delattr(os, name)
for name in ("SIGHUP", "SIGPIPE", "SIGKILL", "SIGALRM", "SIGXFSZ", "SIGUSR1"):
    delattr(signal, name)
"""


@posix
@pytest.mark.parametrize(
    "commands",
    [
        pytest.param([["--help"], *([name, "--help"] for name in COMMANDS)], id="help"),
        pytest.param([["check", "t.txt", "--fix"]], id="check"),
        pytest.param([["bulk", GOOD, "--input", "in.csv", "--output", "out.csv"]], id="bulk"),
    ],
)
def test_nothing_that_only_posix_has_is_needed(path, tmp_path, commands):
    (tmp_path / "in.csv").write_text("click_id,ip\n1,2\n")
    code = f"""{WINDOWS}
import types
from macroengine.cli import main
sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=2, locking=lambda *_: None)
for arguments in {commands}:
    sys.argv = ["macroengine", *arguments]
    if main():
        sys.exit(f"{{arguments}} failed")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert path.read_text() == (GOOD if "--fix" in commands[0] else BAD)


@pytest.mark.slow
@posix
def test_every_module_is_imported_without_what_only_posix_has():
    code = f"""{WINDOWS}
import importlib, pkgutil, macroengine
for module in pkgutil.walk_packages(macroengine.__path__, "macroengine."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_file_is_locked_for_others(tmp_path):
    with (tmp_path / "lock").open("ab") as one, (tmp_path / "lock").open("ab") as other:
        atomic.lock(one)
        with pytest.raises(BlockingIOError):
            atomic.lock(other)
    with (tmp_path / "lock").open("ab") as again:
        atomic.lock(again)


def test_a_file_is_locked_on_windows(tmp_path, monkeypatch):
    held = set()

    def locking(descriptor, mode, size):
        assert (mode, size) == (2, 1)
        if held:
            raise PermissionError
        held.add(descriptor)

    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(LK_NBLCK=2, locking=locking))
    with (tmp_path / "lock").open("ab") as one, (tmp_path / "lock").open("ab") as other:
        atomic.lock(one)
        with pytest.raises(BlockingIOError):
            atomic.lock(other)


def test_the_mode_is_kept_where_there_are_no_owners(run, path, monkeypatch):
    monkeypatch.delattr(os, "chown", raising=False)
    path.chmod(0o640)
    assert run("check", "t.txt", "--fix").status == 0
    assert (stat.S_IMODE(path.stat().st_mode), path.read_text()) == (0o640, GOOD)
