"""What all tests share, golden files, and the command line in this process."""

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

# How long a case takes is a matter of the machine; no test is to fail for it. Where CI runs, the same cases are drawn
# every time: what they find is found by who changed the code, and the coverage does not depend on chance.
settings.register_profile("macroengine", settings.get_profile("ci" if "CI" in os.environ else "default"), deadline=None)
settings.load_profile("macroengine")


def pytest_configure() -> None:
    # A shell starts what runs in the background with SIGINT ignored, nohup with SIGHUP; what the tests start would too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


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
