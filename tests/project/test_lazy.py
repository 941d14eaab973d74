"""The public names are loaded at their first use, and are what type checkers are told."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import macroengine
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
