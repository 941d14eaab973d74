"""Settings in `macroengine.toml` and `pyproject.toml`."""

import tomllib
from pathlib import Path

import pytest

GOOD = "https://n.example/pb?id=(clickid)"
EVENT = f"{GOOD}&e=(event_name)"


def codes_of(result):
    return [line.split()[1] for line in result.out.splitlines() if " ME" in line]


@pytest.mark.parametrize(
    ("settings", "template", "expected"),
    [
        pytest.param("", EVENT, [], id="none"),
        pytest.param('postback = "install"', EVENT, ["ME301"], id="install"),
        pytest.param('postback = "in-app"', EVENT, [], id="postback"),
        pytest.param("send_all = true", GOOD, ["ME302"], id="send-all"),
        pytest.param("consent = true", "https://n.example/pb?a=(IDFV)", ["ME308"], id="consent"),
        pytest.param('dialect = "appmetrica"', "{clickid}", ["ME204", "ME104"], id="dialect"),
        pytest.param('dialect = "own.toml"', "https://n.example/pb?id=(mine)", [], id="dialect-of-ones-own"),
        pytest.param('select = ["ME2"]', EVENT + "&&", ["ME212", "ME212"], id="select"),
        pytest.param('ignore = ["ME30", "ME212"]', EVENT + "&&", [], id="ignore"),
    ],
)
def test_settings_are_found(run, tmp_path, settings, template, expected):
    (tmp_path / "own.toml").write_text(
        'name = "own"\ntitle = "Own"\nsyntax = "paren"\n[macros]\nmine = { field = "mine", source = "Link" }\n'
    )
    (tmp_path / "pyproject.toml").write_text(f"[tool.macroengine]\n{settings}")
    assert codes_of(run("check", template)) == expected
    (tmp_path / "pyproject.toml").write_text("[tool.macroengine]\nx = 1")
    (tmp_path / "macroengine.toml").write_text(settings)
    assert codes_of(run("check", template)) == expected


def test_the_nearest_configuration_counts(run, tmp_path, monkeypatch):
    (tmp_path / "macroengine.toml").write_text('postback = "in-app"')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\nx = 1")
    monkeypatch.chdir(below)
    assert codes_of(run("check", EVENT)) == []
    (tmp_path / "a" / "macroengine.toml").write_text('postback = "install"')
    assert codes_of(run("check", EVENT)) == ["ME301"]


def test_the_command_line_is_over_the_configuration(run, tmp_path):
    settings = 'postback = "in-app"\nsend_all = true\nignore = ["ME3"]\nselect = ["ME1"]\ndialect = "appmetrica"'
    (tmp_path / "macroengine.toml").write_text(settings)
    given = ["--postback", "install", "--no-send-all", "--ignore", "ME2", "--select", "ME3", "--dialect", "appsflyer"]
    assert codes_of(run("check", EVENT, *given)) == ["ME301"]


def test_a_configuration_can_be_named(run, tmp_path):
    (tmp_path / "other.toml").write_text('postback = "in-app"')
    (tmp_path / "macroengine.toml").write_text('postback = "install"')
    assert codes_of(run("check", EVENT, "--config", "other.toml")) == []


def test_settings_of_single_files(run, tmp_path):
    (tmp_path / "macroengine.toml").write_text(
        'postback = "install"\nignore = ["ME2"]\n'
        '[per_file."events/*"]\npostback = "in-app"\n[per_file."*.tsv"]\nignore = ["ME3"]'
    )
    (tmp_path / "events").mkdir()
    for name in ("events/a.txt", "a.txt"):
        (tmp_path / name).write_text(EVENT)
    (tmp_path / "a.tsv").write_text(f"template\n{EVENT}")
    result = run(
        "check", "--file", "events/a.txt", "--file", "a.txt", "--file", "a.tsv", "--file", "-", stdin=EVENT.encode()
    )
    assert [line.split()[0] for line in result.out.splitlines() if " ME" in line] == ["a.txt:1:37", "<stdin>:1:37"]


def test_the_command_line_is_over_the_settings_of_a_file(run, tmp_path):
    (tmp_path / "macroengine.toml").write_text('[per_file."*.txt"]\npostback = "in-app"')
    (tmp_path / "a.txt").write_text(EVENT)
    assert codes_of(run("check", "--file", "a.txt", "--postback", "install")) == ["ME301"]


def test_files_elsewhere_match_by_name(run, tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text(EVENT)
    below = tmp_path / "below"
    below.mkdir()
    (below / "macroengine.toml").write_text('[per_file."a.txt"]\npostback = "in-app"')
    monkeypatch.setattr(Path, "cwd", lambda: below)
    assert codes_of(run("check", "--file", str(tmp_path / "a.txt"))) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(
            "send-all = true", "macroengine.toml: unknown key 'send-all'; did you mean 'send_all'?", id="near"
        ),
        pytest.param(
            "x = 1",
            "unknown key 'x' (known: dialect, postback, send_all, consent, context, sources, deny, select, ignore, "
            "columns, sheet, encoding, dialects, per_file)",
            id="far",
        ),
        pytest.param('postback = "instal"', "'postback' must be one of install, in-app", id="postback"),
        pytest.param("postback = []", "'postback' must be one of install, in-app", id="no-postback"),
        pytest.param("send_all = 1", "'send_all' must be true or false, not 1", id="flag"),
        pytest.param('consent = "true"', "'consent' must be true or false, not 'true'", id="consent"),
        pytest.param('select = "ME1"', "'select' must be a list of codes, not 'ME1'", id="list"),
        pytest.param("select = [1]", "'select' must be a list of codes, not 1", id="list-of-codes"),
        pytest.param('ignore = ["ME199"]', "'ignore': unknown rule 'ME199'; did you mean", id="code"),
        pytest.param('dialect = "appsflier"', "'dialect': unknown dialect 'appsflier'; did you mean", id="dialect"),
        pytest.param('dialect = "no.toml"', "no.toml: cannot be read", id="dialect-file"),
        pytest.param("dialect = 1", "'dialect' must be the name of a dialect or a file, not 1", id="dialect-number"),
        pytest.param("per_file = 1", "'per_file' must be a table, not 1", id="per-file"),
        pytest.param('[per_file]\n"a" = 1', "per_file.'a' must be a table, not 1", id="per-file-table"),
        pytest.param('[per_file."a"]\nper_file = {}', "per_file.'a': unknown key 'per_file'", id="per-file-in-itself"),
        pytest.param("x", "macroengine.toml: not TOML: expected '='", id="not-toml"),
    ],
)
def test_wrong_settings_say_what_is_wrong(run, tmp_path, settings, message):
    (tmp_path / "macroengine.toml").write_text(settings)
    result = run("check", GOOD)
    assert message in result.err
    assert (result.status, result.out) == (2, "")


def test_a_configuration_that_is_not_utf8(run, tmp_path):
    (tmp_path / "macroengine.toml").write_bytes(b"x = '\xff'")
    assert "macroengine.toml: not UTF-8 at byte 5" in run("check", GOOD).err


def test_the_configuration_of_the_documentation_is_right(run, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "tour.md").read_text(encoding="utf-8")
    text = page.partition("```toml\n")[2].partition("```")[0]
    assert tomllib.loads(text)["tool"]["macroengine"]["per_file"]
    (tmp_path / "pyproject.toml").write_text(text)
    assert run("check", GOOD).status == 0


def test_what_a_network_may_be_told_is_said_on_the_command_line_or_in_settings(run, tmp_path):
    template = "https://n.example/pb?c=(clickid)&h=(sha1-idfa)"
    assert "ME303" in run("check", template, "--source", "link").out
    assert "ME304" in run("check", template, "--deny", "ios_ifa").out
    result = run("check", template, "--deny", "idfaa")
    assert (result.status, result.err) == (
        2,
        "macroengine: policy denies 'idfaa', which is not a macro of AppsFlyer; did you mean 'IDFA'?\n",
    )
    assert run("check", template, "--fix", "--deny", "idfaa").status == 2
    settings = tmp_path / "macroengine.toml"
    settings.write_text('sources = ["Link", "AF"]\ndeny = ["click_id"]\n')
    assert {"ME303", "ME304"} <= set(codes_of(run("check", template)))
    assert run("check", template, "--source", "SDK", "--deny", "city", "--select", "ME304").status == 0
    settings.write_text('sources = ["Lnk"]\n')
    result = run("check", template)
    assert (result.status, "'sources' must be a list of Link, SDK, Platform, not ['Lnk']" in result.err) == (2, True)
