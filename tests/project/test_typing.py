"""What the documentation shows is what type checkers accept, and what they accept is not a mistake."""

import ast
import doctest
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import get_args

import pytest

import macroengine
from macroengine.kinds import HashCase, HashCaseWord, Postback, PostbackWord, Source, SourceWord
from macroengine.plan.segments import Missing, MissingWord

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# The modules whose docstrings are documentation: those of public names.
HOMES = {*macroengine._HOMES, "testing.assertions", "testing.reference"}
MODULES = [Path(importlib.util.find_spec(f"macroengine.{home}").origin) for home in sorted(HOMES)]


def examples(text: str) -> str:
    """Return the code that a text shows; not what it shows to fail."""
    found = doctest.DocTestParser().get_examples(text)
    return "".join(example.source for example in found if example.exc_msg is None)


def docstrings(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and not getattr(node, "name", "").startswith(
            "_"
        ):
            yield ast.get_docstring(node) or ""


@pytest.fixture(scope="module")
def documented(tmp_path_factory) -> list[str]:
    """Write what is documented to files: a page a file, and a module one, with a function for each docstring."""
    folder = tmp_path_factory.mktemp("documented")
    files = []
    for page in PAGES:
        if code := examples(page.read_text(encoding="utf-8")):
            files.append(folder / f"{page.stem.lower()}_page.py")
            files[-1].write_text(code, encoding="utf-8")
    for module in MODULES:
        codes = [code for text in docstrings(module) if (code := examples(text))]
        functions = [f"def example_{n}() -> None:\n{indent(code, '    ')}" for n, code in enumerate(codes)]
        home = ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        files.append(folder / f"{home.replace('.', '_')}_docstrings.py")
        files[-1].write_text(
            "\n\n".join(["from macroengine import *", f"from {home} import *", *functions]), encoding="utf-8"
        )
    return list(map(str, files))


def checked(*command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_something_to_check(documented):
    code = "".join(Path(file).read_text(encoding="utf-8") for file in documented)
    for call in ("Policy(", "Event(", "compile_template(", "render(", "PostbackSet(", "check(", "fix(", "parse("):
        assert call in code, call


@pytest.mark.slow
def test_mypy_accepts_what_is_documented(documented):
    checked("mypy", "--strict", "tests/project/typing_api.py", *documented)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("pyright") is None, reason="pyright brings Node along; it is not required")
def test_pyright_accepts_what_is_documented(documented, tmp_path):
    # Uses that are to be refused have a `type: ignore`, and one that is not needed is an error.
    settings = {
        "include": [str(ROOT / "tests/project/typing_api.py"), *documented],
        "extraPaths": [str(ROOT)],
        "reportUnnecessaryTypeIgnoreComment": "error",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    checked("pyright", "--project", str(tmp_path), "--pythonpath", sys.executable)


@pytest.mark.parametrize(
    ("words", "members"),
    [(PostbackWord, Postback), (SourceWord, Source), (HashCaseWord, HashCase), (MissingWord, Missing)],
)
def test_type_checkers_know_every_word(words, members):
    assert get_args(words) == tuple(member.value for member in members)
