"""The public names are loaded at their first use, and are what type checkers are told."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import macroengine
from macroengine.caching import late_pattern
from tests.support.trying import with_each


def test_every_public_name_has_the_home_that_type_checkers_see():
    tree = ast.parse(Path(macroengine.__file__).read_text(encoding="utf-8"))
    seen = {
        name.asname: node.module.removeprefix("macroengine.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("macroengine.")
        for name in node.names
    }
    assert seen == macroengine._HOME_OF


def test_a_public_name_has_one_home():
    names = [name for names in macroengine._HOMES.values() for name in names]
    assert sorted(names) == macroengine.__all__


@with_each("name", macroengine.__all__)
def test_a_public_name_is_there(name):
    assert getattr(macroengine, name) is getattr(sys.modules[f"macroengine.{macroengine._HOME_OF[name]}"], name)
    assert name in dir(macroengine)


def test_another_name_is_an_error():
    with pytest.raises(AttributeError, match="no attribute 'rendr'"):
        _ = macroengine.rendr


def test_importing_loads_what_is_used_and_no_more():
    code = """
import sys, macroengine
assert not {"lark", "re", "dataclasses"} & set(sys.modules), sys.modules
from macroengine import Event, compile_template
assert not {"lark", "json", "click", "rich", "difflib"} & set(sys.modules), sys.modules
"""
    # -S: site-packages may hold .pth files that import things.
    root = str(Path(macroengine.__file__).parents[1])
    subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {root!r}){code}"], check=True)


_TEMPLATE = "https://n.example/pb?c=(clickid)"
# What takes longer to load than a template to check, each with a command that must not load it.
_NOT_LOADED = {
    ("check", _TEMPLATE): {
        *("base64", "concurrent.futures", "difflib", "hashlib", "hmac", "json", "lark", "rich", "select"),
        "macroengine.cli.request_job",
        "macroengine.detection",
        "macroengine.plan.segments",
        "macroengine.plan.steps",
        "macroengine.request",
        "macroengine.request_template",
        "macroengine.rules.fixing",
        "macroengine.rules.layers",
        "macroengine.rules.pairs",
        "macroengine.rules.requests",
        "macroengine.workspace.embedded",
        "macroengine.workspace.json_lines",
        "macroengine.workspace.requests",
        "macroengine.workspace.tables",
        "macroengine.workspace.workbooks",
    },
    ("macros",): {"json", "lark", "rich", "macroengine.plan", "macroengine.rules"},
    ("macros", "ip"): {"lark", "rich.progress", "macroengine.plan", "macroengine.rules"},
    ("explain", "ME101"): {"lark", "rich"},
    ("render", _TEMPLATE, "--set", "clickid=1"): {"lark", "rich.progress", "macroengine.detection"},
    ("--version",): {"json", "lark", "rich", "macroengine.catalogue", "macroengine.kinds"},
}


@pytest.mark.parametrize("arguments", _NOT_LOADED, ids=" ".join)
def test_a_command_loads_what_it_uses_and_no_more(arguments):
    code = "import sys; from macroengine.cli import main; main(); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout
    assert not _NOT_LOADED[arguments] & set(done.stderr.splitlines()[-1].split())


def test_a_pattern_is_compiled_at_its_first_use():
    pattern = late_pattern("(")
    with pytest.raises(re.error, match="missing"):
        pattern.search("a")
