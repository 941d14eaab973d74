"""What `macroengine.testing` offers, and what it says where Hypothesis is not installed."""

import subprocess
import sys
from pathlib import Path

import pytest

import macroengine
from macroengine import testing

STRATEGIES = ("damaged_templates", "events", "options", "policies", "templates", "values")


@pytest.mark.parametrize("name", testing.__all__)
def test_a_public_name_is_there_and_documented(name):
    assert getattr(testing, name).__doc__


def test_another_name_is_an_error():
    with pytest.raises(AttributeError, match="no attribute 'template'"):
        _ = testing.template


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_without_hypothesis_names_the_extra(name, monkeypatch):
    for module in list(sys.modules):
        if module in ("macroengine.testing.strategies", "macroengine.testing.damage"):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.delitem(vars(testing), name, raising=False)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ImportError, match=rf"'{name}' .* needs Hypothesis; pip install 'macroengine\[testing\]'"):
        getattr(testing, name)


def test_the_reference_and_the_assertion_do_without_hypothesis():
    code = "import sys; sys.modules['hypothesis'] = None; from macroengine.testing import assert_postback, reference"
    subprocess.run([sys.executable, "-c", code], cwd=Path(macroengine.__file__).parents[1], check=True)
