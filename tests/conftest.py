"""Shared by all tests: golden files, and running the command line in this process."""

import gc
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings

from macroengine.cli import main

# No test should fail because a case takes long on a slow machine. CI draws the same cases every time, so that only a
# change of the code can make a test fail there, and coverage does not vary.
settings.register_profile("macroengine", settings.get_profile("ci" if "CI" in os.environ else "default"), deadline=None)
settings.load_profile("macroengine")


def pytest_configure() -> None:
    # A shell ignores SIGINT for background processes, and nohup ignores SIGHUP. Processes that tests start would
    # inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Collect without looking for garbage, which takes a fourth of the time, and never look at what was collected."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def pytest_addoption(parser):
    parser.addoption("--update-cases", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request) -> Callable[[Path, str], None]:
    """Compare a text with a golden file; with --update-cases, write it."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-cases"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path.name} is stale; pytest --update-cases"

    return compare


class Result(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch, capsys, tmp_path) -> Callable[..., Result]:
    """Run a command in an empty folder, with `stdin` as its input."""
    monkeypatch.chdir(tmp_path)
    for variable in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(variable, raising=False)

    def call(*arguments: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "argv", ["macroengine", *map(os.fspath, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = main()
        return Result(status, *capsys.readouterr())

    return call
