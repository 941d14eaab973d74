"""Starting a process: imports and the command line, compared with a bare interpreter."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.report import Row, Table, Target

_BARE = "bare interpreter"
_ROUNDS = 15
_TEMPLATE = "https://n.example/pb?clickid=(clickid)"


def run() -> Iterator[Table]:
    commands = {
        _BARE: ("-c", "pass"),
        "import macroengine": ("-c", "import macroengine"),
        "from macroengine import compile_template": ("-c", "from macroengine import compile_template"),
        "first render": (
            "-c",
            f"from macroengine import Event, render; render({_TEMPLATE!r}, Event())",
        ),
        "macroengine check": ("-m", "macroengine", "check", _TEMPLATE),
        "macroengine parse": ("-m", "macroengine", "parse", _TEMPLATE),
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    with TemporaryDirectory() as bytecode:
        # Installed packages have bytecode. A checkout should not be slower, even if writing bytecode is disabled.
        environment = os.environ | {"PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
        status = {name: _start(command, environment)[1] for name, command in commands.items()}
        for _ in range(_ROUNDS):
            for name, command in commands.items():
                taken[name].append(_start(command, environment)[0])
    notes = {name: f"exit status {status[name]}" if status[name] else "" for name in commands}
    rows = tuple(Row(name, min(times), median(times), notes[name]) for name, times in taken.items())
    over = {row.name: (row.best - rows[0].best) * 1e3 for row in rows}
    targets = [Target("P7", "import macroengine: ms over a bare interpreter", over["import macroengine"], 20)]
    if not status["macroengine check"]:
        targets.append(Target("P7", "macroengine check: ms over a bare interpreter", over["macroengine check"], 90))
    yield Table("start", "ms", rows, tuple(targets), _BARE)


def _start(command: tuple[str, ...], environment: Mapping[str, str]) -> tuple[float, int]:
    """Return the CPU time of a process, which other processes do not affect, and its exit status."""
    before = getrusage(RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        check=False,
    )
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.returncode
