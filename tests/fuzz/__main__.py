"""Hold the library to its promises with whatever libFuzzer comes up with.

python -m tests.fuzz TARGET [FOLDER] [-runs=N] [-max_total_time=SECONDS] [...]
    Go on until a promise is broken, or for as long as told. Options with one dash are libFuzzer's; -help=1 lists
    them. FOLDER keeps the inputs that led somewhere new, for the next time.

python -m tests.fuzz TARGET FILE...
    Try these inputs only. This and what follows needs no atheris.

python -m tests.fuzz TARGET --replay [FOLDER]
python -m tests.fuzz TARGET --coverage [FOLDER]
    Try what fuzzing starts with, and what FOLDER has kept; and say which lines and branches that reaches.
"""

import argparse
import re
import sys
from pathlib import Path

from macroengine.suggest import did_you_mean
from tests.fuzz.running import fuzz, measure, replay
from tests.fuzz.targets import TARGETS

_LIBFUZZER_OPTION = re.compile(r"-[a-z_]+=.*").fullmatch


def main() -> int:
    parser = argparse.ArgumentParser(
        "python -m tests.fuzz",
        argparse.SUPPRESS,
        __doc__,
        f"targets, and what they hold the library to:\n{_targets()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("target", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("paths", nargs="*", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--replay", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--coverage", action="store_true", help=argparse.SUPPRESS)
    given, options = parser.parse_known_intermixed_args()
    if given.target is None:
        parser.print_help()
        return 0
    if given.target not in TARGETS:
        known = f"{did_you_mean(given.target, TARGETS)} (known: {', '.join(TARGETS)})"
        parser.error(f"unknown target {given.target!r}{known}")
    for option in options:
        if not _LIBFUZZER_OPTION(option):
            parser.error(f"unknown option {option!r}; those of libFuzzer are written -name=value")
    is_replay = given.replay or given.coverage or any(path.is_file() for path in given.paths)
    for path in given.paths if is_replay else ():
        if not path.exists():
            parser.error(f"{path}: there is no such file or folder")
    if given.coverage:
        return measure(given.target, given.paths)
    if is_replay:
        return replay(given.target, given.paths)
    return fuzz(given.target, given.paths, options)


def _targets() -> str:
    return "\n".join(f"  {name:10} {target.promise}" for name, target in TARGETS.items())


if __name__ == "__main__":
    sys.exit(main())
