"""What `macroengine.testing` offers, and what it says where Hypothesis is not installed."""

import subprocess
import sys
from pathlib import Path

import pytest

import macroengine
from macroengine import testing

STRATEGIES = (
    *("damaged_templates", "events", "options", "policies", "postbacks", "templates", "unsound_templates", "values"),
    *("check_receiver", "check_sender"),
)
# How the modules that do without Hypothesis begin.
WITHOUT = ("assertions", "drawn", "reference")


def test_names_are_listed_before_they_are_used():
    code = "from macroengine import testing; assert {*testing.__all__} < {*dir(testing)}"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", testing.__all__)
def test_a_public_name_is_there_and_documented(name):
    assert getattr(testing, name).__doc__


def test_another_name_is_an_error():
    with pytest.raises(AttributeError, match="no attribute 'template'"):
        _ = testing.template


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_without_hypothesis_names_the_extra(name, monkeypatch):
    for module in list(sys.modules):
        if module.startswith("macroengine.testing.") and not module.rpartition(".")[2].startswith(WITHOUT):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.delitem(vars(testing), name, raising=False)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ImportError, match=rf"'{name}' .* needs Hypothesis; pip install 'macroengine\[testing\]'"):
        getattr(testing, name)


def test_the_reference_and_the_assertion_do_without_hypothesis():
    names = "Drawn, assert_postback, reference"
    code = f"import sys; sys.modules['hypothesis'] = None; from macroengine.testing import {names}"
    subprocess.run([sys.executable, "-c", code], cwd=Path(macroengine.__file__).parents[1], check=True)
