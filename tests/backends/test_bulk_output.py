"""What `macroengine bulk` leaves behind: a whole output or nothing, and only where it was told to."""

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from macroengine import compile_template
from macroengine.backends.duckdb import render_table
from macroengine.backends.duckdb import scratch as scratches
from macroengine.backends.duckdb.scratch import scratch
from tests.support.trying import slow_after

CLICK = compile_template("https://n.example/pb?c=(clickid)")
CONTENT = "url\nhttps://n.example/pb?c=1\n"


@pytest.fixture
def relation():
    with duckdb.connect() as connection:
        yield connection.sql("SELECT 1 AS click_id")


def left_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_groups_of_rows_are_small_enough_to_be_held(tmp_path):
    path = tmp_path / "out.parquet"
    with duckdb.connect() as connection:
        render_table(CLICK, connection.sql("SELECT i AS click_id FROM range(70_000) t(i)"), path)
        groups = connection.sql(f"SELECT DISTINCT row_group_num_rows FROM parquet_metadata('{path}')").fetchall()
    assert max(groups) == (30_720,)


# What is there already


def test_a_replaced_output_keeps_its_mode_and_owner(tmp_path, relation, monkeypatch):
    target = tmp_path / "out.csv"
    target.write_text("old")
    target.chmod(0o640)
    owners = []
    monkeypatch.setattr(os, "chown", lambda _, *owner: owners.append(owner))
    render_table(CLICK, relation, target, force=True)
    assert target.read_text() == CONTENT
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert owners == [(os.getuid(), os.getgid())]


def test_an_owner_that_cannot_be_kept_is_no_reason_to_fail(tmp_path, relation, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "chown", refuse)
    (tmp_path / "out.csv").write_text("old")
    render_table(CLICK, relation, tmp_path / "out.csv", force=True)
    assert (tmp_path / "out.csv").read_text() == CONTENT


def test_a_new_output_has_the_mode_of_any_new_file(tmp_path, relation):
    (tmp_path / "other").touch()
    render_table(CLICK, relation, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").stat().st_mode == (tmp_path / "other").stat().st_mode
    assert left_in(tmp_path) == ["other", "out.csv"]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path, relation, there: bool):
    target, link = tmp_path / "real.csv", tmp_path / "out.csv"
    if there:
        target.write_text("old")
    link.symlink_to(target)
    with pytest.raises(FileExistsError, match=r"already exists"):
        render_table(CLICK, relation, link)
    render_table(CLICK, relation, link, force=True)
    assert link.is_symlink()
    assert target.read_text() == CONTENT


def test_what_is_not_a_file_is_not_replaced(tmp_path, relation, monkeypatch):
    os.mkfifo(tmp_path / "fifo.csv")
    (tmp_path / "full.csv").symlink_to("/dev/full")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "directory.csv").mkdir()
    for name in ("fifo.csv", "full.csv", "directory.csv", "loop.csv"):
        with pytest.raises(OSError, match=r"not a regular file|symbolic links"):
            render_table(CLICK, relation, tmp_path / name, force=True)
    (tmp_path / "mine.csv").write_text("old")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write to all
    with pytest.raises(PermissionError, match=r"is read-only"):
        render_table(CLICK, relation, tmp_path / "mine.csv", force=True)


@pytest.mark.parametrize("links", [True, False])
def test_an_output_that_comes_meanwhile_is_not_replaced(tmp_path, relation, monkeypatch, links: bool):
    def no_link(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links")

    if not links:
        monkeypatch.setattr(os, "link", no_link)
    render_table(CLICK, relation, tmp_path / "first.csv")
    assert (tmp_path / "first.csv").read_text() == CONTENT
    target = tmp_path / "out.csv"
    exists, seen = os.path.lexists, []

    def not_yet(path: object) -> bool:
        seen.append(path)
        if len(seen) == 1:  # between the first look and the end
            target.write_text("theirs")
            return False
        return exists(path)

    monkeypatch.setattr(os.path, "lexists", not_yet)
    with pytest.raises(FileExistsError, match=r"already exists"):
        render_table(CLICK, relation, target)
    assert target.read_text() == "theirs"
    assert left_in(tmp_path) == ["first.csv", "out.csv"]


# Scratch directories


def test_a_name_that_others_know_is_not_used(tmp_path, relation):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".out.csv.part").symlink_to(victim)
    render_table(CLICK, relation, tmp_path / "out.csv")
    assert victim.read_text() == "precious"


def test_only_this_user_can_enter_a_scratch_directory(tmp_path):
    with scratch(tmp_path) as one, scratch(tmp_path) as other:
        assert one != other
        assert stat.S_IMODE(one.stat().st_mode) == 0o700
        (one / "part").touch()
    assert left_in(tmp_path) == []


def test_only_what_is_certainly_ours_and_left_is_removed(tmp_path, monkeypatch):
    def made(name: str, mode: int = 0o700, lock: str = "macroengine.lock") -> Path:
        directory = tmp_path / name
        directory.mkdir()
        (directory / lock).touch()
        directory.chmod(mode)
        return directory

    made(".macroengine-stale")
    (tmp_path / ".macroengine-stale" / "part").symlink_to(tmp_path / "kept")
    made("kept")
    made(".macroengine-open", mode=0o755)
    made(".macroengine-other", lock="else")
    (tmp_path / ".macroengine-file").touch()
    (tmp_path / ".macroengine-link").symlink_to(tmp_path / "kept")
    with scratch(tmp_path) as running, scratch(tmp_path):
        assert running.is_dir()
    left = [".macroengine-file", ".macroengine-link", ".macroengine-open", ".macroengine-other", "kept"]
    assert left_in(tmp_path) == left
    made(".macroengine-theirs")
    monkeypatch.setattr(os, "getuid", lambda: -1)
    with scratch(tmp_path):
        pass
    assert left_in(tmp_path) == sorted([*left, ".macroengine-theirs"])


def test_a_directory_that_is_taken_for_a_stale_one_is_made_again(tmp_path, monkeypatch):
    lock, calls = scratches.atomic.lock, []

    def taken(file) -> None:
        calls.append(Path(file.name).parent)
        if len(calls) == 1:
            raise BlockingIOError
        if len(calls) == 2:
            scratches.shutil.rmtree(calls[1])
        if len(calls) == 4:
            raise OSError(errno.ENOLCK, "no locks")
        lock(file)

    monkeypatch.setattr(scratches.atomic, "lock", taken)
    with scratch(tmp_path) as directory:
        assert directory == calls[2]
    (tmp_path / "none").mkdir()
    with scratch(tmp_path / "none") as directory:
        assert directory == calls[3]


# Signals


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("large") / "in.parquet"
    duckdb.sql("SELECT uuid()::VARCHAR || '?&=' AS click_id FROM range(1500000)").write_parquet(str(path))
    return path


@pytest.mark.parametrize("number", slow_after(1, [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]))
def test_a_run_that_is_told_to_end_leaves_nothing(tmp_path, large, number: int):
    template = "https://n.example/?" + "&".join(f"{i}=(clickid)" for i in range(40))
    command = [sys.executable, "-m", "macroengine", "bulk", template, "--input", large, "--output", tmp_path / "o.csv"]
    run = subprocess.Popen(
        [*command, "--threads", "1"], stderr=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(tmp_path)}
    )
    while not any(part.stat().st_size for part in tmp_path.glob(".macroengine-*/part")):
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.01)
    run.send_signal(number)
    _, errors = run.communicate()
    assert run.returncode == (130 if number == signal.SIGINT else -number)
    assert "Traceback" not in errors
    assert left_in(tmp_path) == []
