"""`python -m benchmarks [--json FILE] [NAME...]`, and `python -m benchmarks chart`."""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module, metadata
from pathlib import Path

from benchmarks.report import Table, as_json, from_json

# Each is a module of `benchmarks.suites`, run in its own process. Marked ones run again without the C extension.
SUITES = {
    "render": True,
    "events": False,
    "encoding": False,
    "fanout": True,
    "compiling": False,
    "checking": False,
    "starting": False,
    "loading": False,
    "memory": False,
    "tables": False,
    "editing": False,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(SUITES)}, or chart; default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the tables to a file")
    parser.add_argument("--suite", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.suite:
        run = import_module(f"benchmarks.suites.{options.suite}").run
        json.dump([as_json(table) for table in run()], sys.stdout)
        return 0
    if options.names == ["chart"]:
        from benchmarks.chart import draw

        print(draw(list(_tables("render", pure=False))))
        return 0
    unknown = [name for name in options.names if name not in SUITES]
    if unknown:
        parser.error(f"unknown benchmark {unknown[0]!r} (known: {', '.join(SUITES)})")
    return _report(options.names or list(SUITES), options.json)


def _report(names: list[str], file: Path | None) -> int:
    about = _about()
    print("\n".join(f"{key}: {value}" for key, value in about.items()), flush=True)
    tables = []
    for name in names:
        for pure in (False, True) if SUITES[name] else (False,):
            for table in _tables(name, pure=pure):
                tables.append(table)
                print("\n" + "\n".join(table.lines()), flush=True)
    targets = [target for table in tables for target in table.targets]
    missed = [target for target in targets if not target.kept]
    print(f"\n{len(targets) - len(missed)} of {len(targets)} targets ok")
    print("\n".join(map(str, missed)))
    if file is not None:
        file.write_text(json.dumps({**about, "tables": list(map(as_json, tables))}, indent=1) + "\n", encoding="utf-8")
    return 0


def _tables(name: str, *, pure: bool) -> Iterator[Table]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--suite", name],
        env={**os.environ, "MACROENGINE_PURE": "1" if pure else ""},
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        sys.exit(f"benchmark {name!r} failed; see its output above")
    for data in json.loads(done.stdout):
        yield from_json({**data, "pure": pure})


def _about() -> dict[str, str]:
    from macroengine import SPEEDUPS

    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {_processor()}, {platform.system()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "macroengine": f"{metadata.version('macroengine')}, encoder in {'C' if SPEEDUPS else 'Python'}",
        "lark": metadata.version("lark"),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
