"""What macroengine promises as a whole: its names, its exceptions, what an import costs, and that facts are data."""

import ast
import pickle
import re
import subprocess
import sys
from functools import cache
from importlib import resources
from inspect import getmembers, isclass
from pathlib import Path

import pytest

import macroengine
from macroengine import errors
from macroengine.catalogue import dialect, dialect_names
from macroengine.diagnostics import Diagnostic, Fix, Severity, Span
from macroengine.errors import MacroEngineError, RenderError, TemplateError
from tests.support.trying import try_all

PACKAGE = Path(macroengine.__file__).parent
EXCEPTIONS = [error for _, error in getmembers(errors, isclass) if issubclass(error, MacroEngineError)]

# A line of the tree in the docstring of `errors`: branches, the class, and in parentheses its base outside the tree.
TREE_LINE = re.compile(r"(?P<branches>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: \((?P<builtin>\w+)\))?(?: .*)?")
BRANCH = len("├── ")


def documented_bases():
    """Return the names of the bases of each exception, as the docstring of `errors` draws them."""
    bases, path = {}, ["Exception"]
    for line in filter(None, map(TREE_LINE.fullmatch, errors.__doc__.splitlines()[1:])):
        depth = len(line["branches"]) // BRANCH
        del path[depth + 1 :]
        bases[line["name"]] = [path[-1], line["builtin"]] if line["builtin"] else [path[-1]]
        path.append(line["name"])
    return bases


def an_error(kind):
    """Return an exception with all that one of its kind can carry."""
    if issubclass(kind, TemplateError):
        source, span = "https://n.example/pb?c=(x)", Span(23, 26)
        fix = Fix("(y)", span, safe=True)
        return kind(source, [Diagnostic("ME101", "unknown-macro", Severity.ERROR, "no macro", span, source, "y", fix)])
    return kind("no value", "x") if issubclass(kind, RenderError) else kind("no file")


@cache
def modules():
    """Return the parsed modules of the package, by path."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {path.relative_to(PACKAGE.parent).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


@cache
def names_in_catalogues():
    """Return every name of a macro that cannot be taken for an English word."""
    specs = [spec for name in dialect_names() for spec in dialect(name).macros.values()]
    names = {name for spec in specs for name in (spec.name, *spec.spellings, *spec.legacy)}
    return {name for name in names if len(name) > 4 and re.search(r"[-_\d]", name)}


def strings(tree):
    """Yield the string constants of a module that do something: docstrings do not."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def test_the_tree_of_exceptions_is_the_documented_one():
    assert {error.__name__: [base.__name__ for base in error.__bases__] for error in EXCEPTIONS} == documented_bases()


def test_every_exception_is_public():
    assert {error.__name__ for error in EXCEPTIONS} <= set(macroengine.__all__)


@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_an_exception_survives_pickling(kind):
    error = an_error(kind)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (copy.args, str(copy), vars(copy)) == (error.args, str(error), vars(error))
    assert str(copy)


def test_the_import_of_macroengine_brings_in_no_dependency():
    code = "import sys, macroengine; print({'lark', 'click', 'rich', 'hypothesis'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "set()"


def test_the_package_says_that_it_is_typed():
    assert (resources.files("macroengine") / "py.typed").is_file()


@pytest.mark.slow
def test_a_module_names_no_macro():
    def attempt(module):
        words = {word for text in strings(module) for word in re.findall(r"[\w-]+", text)}
        assert words & names_in_catalogues() == set()

    try_all(modules(), attempt)


def test_a_module_says_what_it_is_for():
    assert [name for name, module in modules().items() if not ast.get_docstring(module)] == []
