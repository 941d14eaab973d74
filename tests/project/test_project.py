"""What surrounds the code: one version, floors of dependencies, the files that a project has, and its workflows."""

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import macroengine

ROOT = Path(macroengine.__file__).parents[1]
DATA = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = DATA["project"]


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_is_said_once():
    assert re.fullmatch(r"\d+\.\d+\.\d+", macroengine.__version__)
    assert PROJECT["dynamic"] == ["version"]
    assert DATA["tool"]["setuptools"]["dynamic"] == {"version": {"attr": "macroengine.__version__"}}


def test_the_changelog_begins_with_this_version():
    newest = re.search(r"^## \[(.+?)\]", text_of("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert newest[1] in (macroengine.__version__, "Unreleased")


@pytest.mark.parametrize("name", ["action.yml", "docs/desk.md", "docs/embedded.md"])
def test_examples_of_the_action_and_the_hooks_name_the_tag_of_this_version(name):
    text = text_of(name)
    assert set(re.findall(r"(?:macroengine@|rev: )(\S+)", text)) == {f"v{macroengine.__version__}"}
    assert f"`{name}`" in text_of("CONTRIBUTING.md").partition("## Release")[2]
    assert "eplace OWNER" in text


def test_the_command_line_says_the_version(run):
    assert run("--version").out == f"macroengine, version {macroengine.__version__}\n"


def test_the_library_needs_lark_alone():
    assert [Requirement(one).name for one in PROJECT["dependencies"]] == ["lark"]


def test_every_dependency_has_a_first_version():
    extras = [one for extra in PROJECT["optional-dependencies"].values() for one in extra]
    required = [Requirement(one) for one in (*PROJECT["dependencies"], *extras)]
    assert [one.name for one in required if not one.specifier and one.name != "macroengine"] == []


def test_what_only_developers_need_is_no_extra():
    groups = {"bench", "browser", "chdb", "docs", "fuzz", "lint", "mutation", "workflows"}
    assert not groups & set(PROJECT["optional-dependencies"])
    assert groups == set(DATA["dependency-groups"])


@pytest.mark.skipif(not (ROOT / ".ci").exists(), reason="an unpacked sdist has none of the scripts")
def test_the_floors_are_those_of_the_project():
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "floors.py"], capture_output=True, encoding="utf-8", check=True
    )
    floors = dict(line.split("==") for line in done.stdout.splitlines())
    assert floors["lark"] == PROJECT["dependencies"][0].removeprefix("lark>=")
    assert {"click", "rich", "hypothesis", "duckdb", "openpyxl", "pytest"} <= floors.keys()


@pytest.mark.parametrize("group", sorted(DATA["dependency-groups"]))
def test_a_page_says_how_to_install_a_group(group):
    pages = [ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md", *(ROOT / "docs").rglob("*.md")]
    assert any(f"--group {group}" in page.read_text(encoding="utf-8") for page in pages)


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_pinned_actions_with_few_permissions(path):
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"uses: (?!\S+@[0-9a-f]{40} # v\d)\S+", text) == []
    assert "\npermissions:\n  contents: read\n" in text
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")


@pytest.mark.skipif(importlib.util.find_spec("zizmor") is None and not shutil.which("zizmor"), reason="needs zizmor")
def test_the_workflows_have_no_known_weakness():
    done = subprocess.run(["zizmor", "--offline", ROOT], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("actionlint"), reason="needs actionlint")
def test_the_workflows_are_well_formed():
    done = subprocess.run(["actionlint", *WORKFLOWS], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
