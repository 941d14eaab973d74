"""CONTRIBUTING.md, followed word by word in a copy of the checkout: each file and line is written, each command run."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import macroengine

ROOT = Path(macroengine.__file__).parents[1]
PAGE = ROOT / "CONTRIBUTING.md"
# What is done with a block of code, as the end of the sentence before it says, and what a sentence without one changes.
STEP = re.compile(
    r"(?:Create `(?P<create>[^`]+)`|Append to `(?P<append>[^`]+)`"
    r"|In `(?P<file>[^`]+)`, (?P<how>after|replace) `(?P<line>[^\n]+)`):\n\n```\w+\n(?P<code>.*?)\n```\n"
    r"|In `(?P<within>[^`]+)`, change `(?P<old>[^`]+)` to `(?P<new>[^`]+)`"
    r"|```console\n(?P<console>.*?)```\n",
    re.DOTALL,
)
PROGRAMS = {
    "python": "tests",
    "pytest": "pytest",
    "macroengine": "macroengine",
    "ruff": "ruff",
    "mypy": "mypy",
    "lint-imports": "importlinter",
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only git knows what belongs to the checkout"),
]


def sections() -> dict[str, str]:
    text = PAGE.read_text(encoding="utf-8")
    heads = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(heads[1::2], heads[2::2], strict=True))


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of the checkout that imports itself."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    built = [path.relative_to(ROOT).as_posix() for path in (ROOT / "macroengine").glob("_speedups.*")]
    for name in {*listed.stdout.split("\0"), *built} - {""}:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


def written(folder: Path, step: re.Match[str]) -> None:
    """Do what a sentence says with the code after it."""
    path = folder / (step["create"] or step["append"] or step["file"] or step["within"])
    code = f"{step['code']}\n"
    if step["create"]:
        assert not path.exists(), path
        path.write_text(code, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    if step["within"]:
        changed, count = re.subn(rf"(?<!\w){re.escape(step['old'])}(?!\w)", step["new"], text)
        assert count == 1, step["old"]
        path.write_text(changed, encoding="utf-8")
        return
    if step["append"]:
        path.write_text(f"{text}{code}", encoding="utf-8")
        return
    lines = text.splitlines(keepends=True)
    [at] = [number for number, line in enumerate(lines) if line.strip() == step["line"]]
    lines[at] = code if step["how"] == "replace" else lines[at] + code
    path.write_text("".join(lines), encoding="utf-8")


def commands(console: str) -> list[tuple[list[str], str]]:
    """Return each command of a block, and what it prints; nothing where the page does not show it."""
    found = re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", console, re.MULTILINE)
    return [(shlex.split(command), shown) for command, shown in found]


def done(folder: Path, command: list[str], shown: str) -> None:
    program, *arguments = command
    if importlib.util.find_spec(PROGRAMS[program]) is None:
        return
    call = [sys.executable, "-m", PROGRAMS[program], *arguments]
    if program == "python":
        call = [sys.executable, *arguments]
    if program == "pytest":
        call += ["-q", "-p", "no:cacheprovider"]
    if program == "lint-imports":
        call = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    found = subprocess.run(call, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    said = found.stdout + found.stderr
    if program == "macroengine":
        assert found.returncode in (0, 1), said
        assert found.stdout == shown
    elif "--update-cases" not in command:  # which fails where it wrote something
        assert found.returncode == 0, f"{shlex.join(command)}\n{said[-6000:]}"


@pytest.mark.parametrize("section", ["Add a platform", "Add a rule", "Add an engine", "Add an encoder", "Send it"])
def test_what_the_page_says_works(copy, section):
    steps = list(STEP.finditer(sections()[section]))
    assert steps
    for step in steps:
        if step["console"] is None:
            written(copy, step)
        else:
            for command, shown in commands(step["console"]):
                done(copy, command, shown)


def test_every_block_of_code_is_a_step():
    for name, text in sections().items():
        if name.startswith("Add "):
            steps = [step for step in STEP.finditer(text) if not step["within"]]
            assert text.count("```\n\n") + text.endswith("```\n") == len(steps), name
