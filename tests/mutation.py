"""Break the core in a thousand ways, one at a time, and list what no test notices: docs/mutation.md.

`python -m tests.mutation` takes all of it; patterns like `macroengine.plan.planner.*` choose some.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MUTANTS = ROOT / "mutants"
MUTMUT = Path(sys.executable).with_name("mutmut")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
# The same cases are drawn for every mutant, and values are encoded in Python: what is in C is not mutated.
ENVIRONMENT = os.environ | {"CI": "1", "MACROENGINE_PURE": "1"}
PATIENCE = 300
"""Seconds for the tests of one mutant. One that never ends is noticed."""


def mutmut(*arguments: str) -> str:
    done = subprocess.run(
        [MUTMUT, *arguments], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"mutmut {arguments[0]} failed:\n{done.stdout[-2_000:]}")
    return done.stdout


def is_noticed(mutant: str) -> bool:
    """Run all tests that mutmut chooses from.

    It runs those that it saw call the function, and what is kept from one test to the next keeps others from calling.
    """
    command = [sys.executable, "-m", "pytest", "-x", "-q", *SETTINGS["pytest_add_cli_args"]]
    command += SETTINGS["pytest_add_cli_args_test_selection"]
    environment = ENVIRONMENT | {"MUTANT_UNDER_TEST": mutant}
    try:
        done = subprocess.run(
            command, cwd=MUTANTS, env=environment, stdout=subprocess.DEVNULL, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def main(chosen: list[str]) -> None:
    shutil.rmtree(MUTANTS, ignore_errors=True)
    mutmut("run", "--max-children", "1", *chosen)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for module, mutant, status in re.findall(r"macroengine\.(\w+)\.(\S+): (.+)", mutmut("results", "--all", "true")):
        if status == "not checked":  # not chosen
            continue
        name = f"macroengine.{module}.{mutant}"
        survives = status in ("survived", "no tests") and not is_noticed(name)
        counts[module]["survived" if survives else "killed"] += 1
        if survives:
            print(mutmut("show", name), flush=True)
    print("| module | mutants | killed | survived |\n|---|---:|---:|---:|")
    for module, count in counts.items():
        print(f"| `{module}` | {count.total()} | {count['killed']} | {count['survived']} |")


if __name__ == "__main__":
    main(sys.argv[1:])
