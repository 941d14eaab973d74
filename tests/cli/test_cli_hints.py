"""What messages tell people to run, and where they find what there is: right for the dialect that is in use."""

import re
import shlex

import pytest

OWN = """
name = "mine"
syntax = "paren"
[macros]
sub = { field = "sub", source = "Link" }
"""


@pytest.fixture(autouse=True)
def own(tmp_path):
    (tmp_path / "my own.toml").write_text(OWN)


@pytest.mark.parametrize(
    ("command", "advised"),
    [
        (["check", "?a=(zzz)"], "macroengine macros"),
        (["check", "?a=__zzz__", "--dialect", "tiktok"], None),
        (["check", "?a=[ZZZ]", "--dialect", "vast"], "macroengine macros --dialect vast"),
        (["check", "?a=(zzz)", "--dialect", "my own.toml"], "macroengine macros --dialect 'my own.toml'"),
        (["render", "?a=(zzz)", "--set", "sub=1", "--dialect", "my own.toml"], "macroengine macros --dialect 'my own."),
        (["macros", "zzz"], "macroengine macros"),
        (["macros", "clickd"], "macroengine macros"),
        (["macros", "zzz", "--dialect", "vast"], "macroengine macros --dialect vast"),
        (["explain", "zzz"], "macroengine rules"),
        (["explain", "unknwn-macro"], "macroengine rules"),
        (["explain", "ME999"], "macroengine rules"),
        (["explain", "clickid"], "macroengine macros clickid"),
        (["explain", "tracker", "--dialect", "adjust"], "macroengine macros tracker --dialect adjust"),
        (["explain", "sub", "--dialect", "my own.toml"], "macroengine macros sub --dialect 'my own.toml'"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_the_command_that_a_message_names_can_be_copied(run, command, advised):
    status, out, err = run(*command)
    assert status == (0 if advised is None else 1)
    named = re.findall("`(macroengine [^`]+)`", out + err)
    assert [one.startswith(advised or "") for one in named] == [True] * (advised is not None)
    for one in named:
        assert run(*shlex.split(one)[1:]).status == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["macros", "clickd"], "unknown macro 'clickd' of AppsFlyer; did you mean 'clickid'? ("),
        (["macros", "zzz", "--dialect", "adjust"], "unknown macro 'zzz' of Adjust (`"),
        (["macros", "gps_adid"], "unknown macro 'gps_adid' of AppsFlyer; it is Adjust's name: add --dialect adjust (`"),
        (["macros", "{clickid}"], "unknown macro '{clickid}' of AppsFlyer; did you mean 'clickid'? (`"),
        (["macros", "{gps_adid}"], "unknown macro '{gps_adid}' of AppsFlyer; it is Adjust's name: add --dialect adj"),
        (
            ["macros", "idfa", "--dialect", "vast"],
            (
                "unknown macro 'idfa' of VAST; it is a name of Adjust, AppMetrica, AppsFlyer and 3 others: use "
                "--dialect adjust or --dialect appmetrica or --dialect appsflyer; did you mean 'IFA'? (`"
            ),
        ),
        (["explain", "unknwn-macro"], "unknown rule 'unknwn-macro'; did you mean 'unknown-macro'? ("),
        (["explain", "zzz"], "unknown rule 'zzz' (`"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_an_unknown_name_is_told_one_like_it(run, command, said):
    assert run(*command).err.startswith(f"macroengine: {said}")


@pytest.mark.parametrize(
    "command",
    [
        ["check", "x"],
        ["preview", "x"],
        ["diff", "x", "y"],
        ["render", "x", "--set", "a=1"],
        ["parse", "x"],
        ["translate", "x", "--to", "vast"],
        ["match", "x", "y"],
        ["macros"],
        ["explain", "x"],
        ["sample", "x"],
    ],
    ids=lambda command: command[0],
)
def test_an_unknown_dialect_is_told_one_like_it_and_which_there_are(run, command):
    said = "macroengine: unknown dialect 'appsflier'; did you mean 'appsflyer'? (known: adcp, adjust, "
    assert run(*command, "--dialect", "appsflier").err.startswith(said)
    status, out, err = run(*command, "--dialect", "my-own.toml")
    assert (status, out, err) == (2, "", "macroengine: my-own.toml: no such file; did you mean 'my own.toml'?\n")
    assert run(*command, "--dialect", "zz.toml").err == "macroengine: zz.toml: no such file\n"
    said = "macroengine: unknown dialect 'my own'; did you mean 'my own.toml'?\n"
    assert run(*command, "--dialect", "my own") == (2, "", said)


@pytest.mark.parametrize("command", [[], ["intake"]], ids=["bare", "intake"])
def test_a_command_without_anything_prints_its_help(run, command):
    helped = run(*command, "--help")
    assert helped.out.startswith("Usage: ")
    assert run(*command) == (2, "", helped.out)


def test_bulk_names_the_option_for_columns_with_other_names(run, tmp_path):
    (tmp_path / "e.csv").write_text("cid,geo\n1,DE\n")
    call = ["bulk", "https://n.example/?c=(clickid)&g=(country_code)", "--input", "e.csv", "--output", "o.txt"]
    status, out, err = run(*call)
    assert (status, out) == (2, "")
    assert err.startswith(
        "macroengine: there is no column 'click_id' (known: cid, geo); map it with --columns click_id=COLUMN, or to "
        "none with --columns click_id= (see "
    )
    assert run(*call, "--columns", "click_id=cid", "--columns", "country_code=").status == 0
    assert (tmp_path / "o.txt").read_text() == "https://n.example/?c=1&g=\n"


def test_bulk_names_the_option_for_patterns(run):
    call = ["bulk", "https://n.example/?c=(clickid)", "--input", "*.csv", "--output", "o.txt"]
    said = "macroengine: *.csv: no such file or directory; read the files that match a pattern with --glob\n"
    assert run(*call) == (2, "", said)


@pytest.mark.parametrize(
    "command", [["check"], ["check", "--format", "json"], ["render", "--set", "click_id=1"], ["preview"], ["parse"]]
)
def test_no_option_raises_a_limit(run, command):
    status, out, err = run(*command, "https://n.example/?c=(clickid)" + "x" * 20_000)
    assert (status, "ME000" in out + err, "Limits" in out + err) == (1, True, False)
    assert "shorten the template" in out + err
