"""The commands that the guides and the tour show run, and print what the pages say."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

import macroengine
from macroengine.cli.app import COMMANDS

ROOT = Path(macroengine.__file__).parents[1]
PAGES = [*sorted((ROOT / "docs" / "guides").glob("*.md")), ROOT / "docs" / "tour.md"]
OWN_DIALECT = """
name = "mynetwork"
title = "My Network"
syntax = { forms = ["[NAME]"], name = "[a-z]+" }

[macros]
clickid = { field = "click_id", source = "Link" }
"""


def commands(page):
    """Return each command of a page that is ours, with what the page shows of its output."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    found = [one for block in blocks for one in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)]
    return [(command, shown) for command, shown in found if command.startswith("macroengine ")]


SHOWN = [
    pytest.param(command, shown, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, (command, shown) in enumerate(commands(page), 1)
]


@pytest.mark.parametrize(("command", "shown"), SHOWN)
def test_a_command_of_a_page_runs(run, tmp_path, command, shown):
    shutil.copy(ROOT / "examples" / "partners.xlsx", tmp_path)
    (tmp_path / "partners.csv").write_text("postback_url\nhttps://n.example/pb?c=(clickid)\n")
    (tmp_path / "templates.txt").write_text("https://n.example/pb?c=(clickid)\n")
    (tmp_path / "mynetwork.toml").write_text(OWN_DIALECT)
    result = run(*shlex.split(command, comments=True)[1:])
    assert result.status in (0, 1), result.err
    # A terminal would show a table in columns, as the pages do.
    assert not shown or result.out.split() == shown.split()


def test_there_is_a_guide_for_each_kind_of_user():
    assert {page.stem for page in PAGES} == {"attribution-services", "partner-teams", "test-authors", "tour"}


def test_the_page_of_commands_has_all_of_them():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [command for command in COMMANDS if f"`{command}`" not in page] == []
