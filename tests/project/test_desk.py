"""What the page about the partner team's desk shows, and the steps of the action, run as they stand."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.trying import slow_after

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "desk.md").read_text(encoding="utf-8")


def test_the_commands_of_the_page_run(run, tmp_path):
    for name in ("partners.xlsx", "old.xlsx"):
        shutil.copy(ROOT / "examples" / "partners.xlsx", tmp_path / name)
    shutil.copy(ROOT / "examples" / "partners.xlsx", tmp_path / "partners.xlsm")
    commands = re.findall(r"^\$ macroengine (.*?)(?:  +#.*)?$", PAGE, re.MULTILINE)
    assert len(commands) == 8
    for command in commands:
        result = run(*shlex.split(command))
        assert result.status in (0, 1), (command, result.err)
        shown = re.search(rf"^\$ macroengine {re.escape(command)}\n([^$`]+)```", PAGE, re.MULTILINE)
        assert shown is None or result.out == shown[1]
    assert (tmp_path / "report.html").exists()
    assert (tmp_path / "fixed.xlsx").exists()


def test_the_commands_of_the_readme_run(run, tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [copied] = re.findall(r"^\$ cp (.+) \.\n", readme, re.MULTILINE)
    shutil.copy(ROOT / copied, tmp_path)
    reported, fixed = re.findall(r"^\$ \.venv/bin/macroengine (check .*?)  +#.*\n", readme, re.MULTILINE)
    assert run(*shlex.split(reported)).status == 1
    assert {path.name for path in tmp_path.iterdir()} == {"partners.xlsx", "report.html"}
    result = run(*shlex.split(fixed))
    assert (result.status, f"{result.out}```" in readme) == (0, True)
    assert run("check", "partners.xlsx").out == "nothing found in 15 templates\n"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only git knows what it ignores")
@pytest.mark.parametrize("name", ["partners.xlsx", "report.html"])
def test_git_ignores_what_the_commands_of_the_readme_leave(name):
    assert f"/{name}" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        pytest.param("gitlab", '"check_name": "ME101 unknown-macro"', id="gitlab"),
        pytest.param("junit", 't.txt:1:24 ME101 unknown-macro"', id="junit"),
    ],
)
def test_the_jobs_of_other_servers_write_their_format(run, tmp_path, form, shown):
    [command] = re.findall(rf"macroengine (check .* --format {form}) > ", PAGE)
    shutil.copy(ROOT / "examples" / "partners.xlsx", tmp_path)
    (tmp_path / "postbacks").mkdir()
    (tmp_path / "postbacks" / "t.txt").write_text("https://n.example/pb?c=(clickd)\n")
    result = run(*shlex.split(command))
    assert (result.status, result.err) == (1, "")
    assert "postbacks/t.txt" in result.out
    assert shown in result.out


def test_the_settings_of_the_page_are_right(run, tmp_path):
    text = PAGE.partition("```toml\n")[2].partition("```")[0]
    assert tomllib.loads(text)["columns"]
    (tmp_path / "macroengine.toml").write_text(text)
    (tmp_path / "tracker.toml").write_text(
        'name = "t"\ntitle = "T"\nsyntax = "paren"\n[macros]\nmine = { field = "mine", source = "Link" }\n'
    )
    (tmp_path / "t.csv").write_text("platform,Link for the MMP\nOUR TRACKER,https://n.example/pb?c=(mine)\n")
    assert run("check", "t.csv").out == "nothing found in 1 template\n"


def test_the_comments_of_the_page_ignore(run, tmp_path):
    (tmp_path / "t.txt").write_text(PAGE.partition("```text\n")[2].partition("```")[0])
    assert run("check", "t.txt").out == "nothing found in 2 templates\n"


def steps() -> list[str]:
    """Return the scripts of the action."""
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    blocks = re.findall(r"^      run: \|\n((?:        .*\n|\n)+)", text, re.MULTILINE)
    return [re.sub("^ {8}", "", block, flags=re.MULTILINE) for block in blocks]


@pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="needs bash")
@pytest.mark.parametrize(
    ("inputs", "status", "out"),
    slow_after(
        2,
        [
            ({"PATHS": "good.txt"}, 0, ""),
            ({"PATHS": "good.txt\nmore templates\n"}, 1, "::error file=more templates/bad.txt,line=1"),
            ({"PATHS": "good.txt", "REPORT": "r.md"}, 0, ""),
            ({"PATHS": "more templates", "OPTIONS": "--select\nME222\n"}, 0, "::warning file="),
            ({"PATHS": "more templates", "OPTIONS": "--select=ME222\n--strict"}, 1, "::warning file="),
            ({"PATHS": "$(touch hacked)"}, 2, ""),
        ],
    ),
)
def test_the_action_checks_what_it_is_given(tmp_path, inputs, status, out):
    _, script = steps()
    (tmp_path / "good.txt").write_text("https://n.example/pb?id=(clickid)\n")
    (tmp_path / "more templates").mkdir()
    (tmp_path / "more templates" / "bad.txt").write_text("https://n.example/pb?id=(clickd)&;ip=(ip)\n")
    folder = str(Path(sys.executable).parent)
    defaults = {"OPTIONS": "", "REPORT": "", "RUNNER_TEMP": str(tmp_path)}
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", **defaults, **inputs}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.startswith(out)) == (status, True), done.stderr
    assert (tmp_path / "r.md").exists() == ("REPORT" in inputs)
    assert not (tmp_path / "hacked").exists()


def test_no_input_is_part_of_a_script():
    assert all("${{" not in script for script in steps())
    assert len(steps()) == 2
