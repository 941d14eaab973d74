"""The ways to run a target: under libFuzzer, on given inputs, and on given inputs with coverage."""

import os
import shlex
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.corpus import dictionary
from tests.fuzz.inputs import Input
from tests.fuzz.targets import CASES, TARGETS

_BROKEN, _USAGE = 1, 2
# An input that takes more is a finding. Options of the command line come behind, and so may say otherwise.
_LIMITS = ("-timeout=25", "-rss_limit_mb=2048")


def fuzz(name: str, folders: Sequence[Path], options: Sequence[str]) -> int:
    """Run a target under libFuzzer, in another process; what breaks it is printed, and kept outside the checkout."""
    if find_spec("atheris") is None:
        print("fuzzing needs atheris: pip install --editable '.[test]' --group fuzz", file=sys.stderr)
        return _USAGE
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    broken = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    with tempfile.TemporaryDirectory() as scratch:
        words, found, seeds = (Path(scratch) / part for part in ("words", "found", "seeds"))
        words.write_text(dictionary(TARGETS[name].words()), encoding="utf-8")
        found.mkdir()
        seeds.mkdir()
        for number, seed in enumerate(TARGETS[name].seeds()):
            (seeds / f"{number:04}").write_bytes(seed)
        arguments = [f"-dict={words}", f"-artifact_prefix={broken}/", *_LIMITS, *options, *(folders or [found]), seeds]
        status = _python("-m", "tests.fuzz.fuzzing", name, *map(str, arguments), TMPDIR=scratch)
    for path in sorted(broken.iterdir()):
        print(_finding(name, path), file=sys.stderr)
    if not any(broken.iterdir()):
        broken.rmdir()
    return _BROKEN if status else 0


def _finding(name: str, path: Path) -> str:
    again = shlex.join(["python", "-m", "tests.fuzz", name, str(path)])
    case = CASES.relative_to(Path.cwd()) if CASES.is_relative_to(Path.cwd()) else CASES
    return (
        f"\n{path.name}: {path.read_bytes()!r}"
        f"\n  again: {again}"
        f"\n  once it is fixed: mv {shlex.quote(str(path))} {case / name}/WHAT-IT-IS"
    )


def replay(name: str, paths: Sequence[Path]) -> int:
    """Run a target on files, or on what fuzzing starts with and folders have kept, and tell what breaks it."""
    count = broken = 0
    for where, data in _inputs(name, paths):
        count += 1
        try:
            TARGETS[name].run(Input(data))
        except Exception:  # noqa: BLE001 - any exception is a failure
            broken += 1
            print(f"{where}: {data!r}\n{traceback.format_exc()}", file=sys.stderr)
    print(f"{name}: {broken} of {count} inputs break the promise")
    return _BROKEN if broken else 0


def _inputs(name: str, paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    if not any(path.is_file() for path in paths):
        yield from ((f"seed {number}", seed) for number, seed in enumerate(TARGETS[name].seeds()))
    for path in paths:
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        yield from ((str(file), file.read_bytes()) for file in files)


def measure(name: str, paths: Sequence[Path]) -> int:
    """Replay inputs, and print the coverage of the files that the promise is about."""
    about = ",".join(f"macroengine/{file}.py" for file in TARGETS[name].about)
    replayed = ["-m", "tests.fuzz", name, "--replay", *map(str, paths)]
    with tempfile.TemporaryDirectory() as scratch:
        data = f"--data-file={scratch}/data"
        status = _python("-m", "coverage", "run", data, *replayed)
        _python("-m", "coverage", "report", data, f"--include={about}", "--fail-under=0")
    return status


def _python(*arguments: str, **environment: str) -> int:
    """Run Python elsewhere, with the same order of sets every time, and wait for it whatever the keyboard says."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", **environment}
    with subprocess.Popen([sys.executable, *arguments], env=environment) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # it got one, too, and ends by itself
                continue
