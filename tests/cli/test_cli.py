"""The commands `render`, `parse` and `macros`, and what all commands share: help, usage errors, interruption."""

import builtins
import csv
import gc
import io
import json
import runpy
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from macroengine import Postback, dialect
from macroengine.cli.app import COMMANDS, app

ROOT = Path(__file__).parents[2]
IN_APP = ROOT / "examples" / "in_app.json"
TEMPLATE = "https://n.example/pb?c=(clickid)"


@pytest.fixture
def write(tmp_path):
    def write(content, name="event.json"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_example_of_the_readme_renders(run):
    status, out, err = run("render", "--file", ROOT / "examples" / "in_app.txt", "--event", IN_APP)
    assert (status, err) == (0, "")
    assert out.startswith("http://YourCompanyDomain.com?clickid=8594845&site_id=click123&device_ip=38.166.144.142&")
    assert out.endswith("%22default_type%22%7D\n")


def test_event_value_sample_of_the_seed_renders(run, write):
    value = '{"af_quantity":1,"af_revenue":"12000"}\n'
    event = write(json.dumps({"postback": "in-app", "event_name": "af_purchase", "event_value": value}))
    assert run("render", "&event=(event)&json=(encode)", "--event", event) == (
        0,
        "&event=af_purchase&json=%7B%22af_quantity%22%3A1%2C%22af_revenue%22%3A%2212000%22%7D%0A\n",
        "",
    )


def test_event_is_read_from_standard_input(run):
    assert run("render", TEMPLATE, "--event", "-", stdin=b'{"click_id": "1"}')[1].endswith("?c=1\n")


@pytest.mark.parametrize(
    ("options", "url"),
    [
        (["--missing", "drop"], "?c=1"),
        (["--default", "n/a"], "?c=1&i=n%2Fa"),
        (["--deny", "IDFA", "--source", "link", "--source", "sdk"], "?c=1&i="),
    ],
)
def test_options_of_render(run, options, url):
    status, out, _ = run("render", "?c=(clickid)&i=(ip)", "--event", "-", *options, stdin=b'{"click_id": 1}')
    assert (status, out) == (0, url + "\n")


def test_postback_that_is_not_sent_fails(run):
    status, out, err = run("render", TEMPLATE, "--event", "-", "--postback", "in-app", stdin=b'{"click_id": 1}')
    assert (status, out) == (1, "")
    assert err == "macroengine: template is for in-app postbacks, event is for install\n"


def test_many_events_are_rendered_one_a_line(run, write):
    events = write(
        '{"click_id": "1"}\n\n{"click_id": "2", "attributed": false}\n{"click_id": {}}\n{"click_id": "4"}\n', "e.jsonl"
    )
    status, out, err = run("render", TEMPLATE, "--events", events)
    assert status == 1
    assert out == "https://n.example/pb?c=1\nhttps://n.example/pb?c=4\n"
    assert f"{events}:4: cannot send a value of type dict for macro 'clickid'\n" in err
    assert "2 URLs, 1 events not sent, 1 failed\n" in err


def test_template_that_cannot_be_used_for_some_events_is_reported_once_a_kind(run, write):
    events = write('{"ip": "1"}\n{"ip": "2"}\n{"ip": "3", "postback": "in-app"}\n', "e.jsonl")
    status, out, err = run("render", "?e=(event_name)", "--events", events)
    assert (status, out) == (1, "?e=\n")
    assert err.count("error[ME301]") == 1


def test_template_errors_are_all_shown(run):
    status, out, err = run("render", "https://(ip)/?a=(clickd)", "--event", IN_APP)
    assert (status, out) == (1, "")
    assert "error[ME101]: unknown macro 'clickd'" in err
    assert "is in the scheme" in err
    assert "\x1b" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["render", TEMPLATE, "--event", "nofile.json"], "nofile.json: no such file or directory"),
        (["render", TEMPLATE, "--event", ROOT], "is a directory"),
        (["render", TEMPLATE], "no events given; use --event, --events or --set"),
        (["render", TEMPLATE, "--event", "-", "--events", "-"], "give --event or --events, not both"),
        (["render", "--event", IN_APP], "give one template: as an argument, or with --file"),
        (["render", TEMPLATE, "--event", IN_APP, "--dialect", "appsflier"], "did you mean 'appsflyer'"),
        (["render", TEMPLATE, "--event", IN_APP, "--dialect", "none.toml"], "none.toml: no such file"),
        (["render", TEMPLATE, "--event", IN_APP, "--ignore", "ME9"], "unknown rule 'ME9'"),
        (["render", TEMPLATE, "--event", IN_APP, "--deny", "x"], "policy denies 'x'"),
        (["render", TEMPLATE, "--event", IN_APP, "--missing", "x"], "'x' is not one of"),
        (["nonsense"], "macroengine: no such command 'nonsense' (known: check, preview, "),
        (["chek"], "macroengine: no such command 'chek'; did you mean 'check'? (see "),
        (["parse"], "give one template"),
        (["parse", "--file", ROOT / "nofile"], "no such file"),
    ],
)
def test_wrong_usage_exits_with_2_and_one_clear_message(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["contry_code"],
            "unknown macro 'contry_code' of AppsFlyer; did you mean 'country_code'? (`macroengine macros` lists all)",
        ),
        (
            ["xyz", "--dialect", "appmetrica"],
            "unknown macro 'xyz' of AppMetrica (`macroengine macros --dialect appmetrica` lists all)",
        ),
    ],
)
def test_a_macro_that_is_not_known_is_a_finding(run, arguments, message):
    assert run("macros", *arguments) == (1, "", f"macroengine: {message}\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"click_id":\n  }', "event.json:2:3: not JSON: expecting value"),
        (b'{"click_id": "\xff"}', "not UTF-8 at byte 14"),
        (b'{"click_id": NaN}', "NaN is not JSON"),
        (b'{"click_id": 1, "click_id": 2}', "key 'click_id' is repeated in one object"),
        (b'{"clickid": 1}', "unknown field 'clickid'; did you mean 'click_id'?"),
        (b"[]", "an event is a JSON object, not a list"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"click_id": ' + b"9" * 5000 + b"}", "event.json: an integer has 5,000 digits; the limit is 4,300"),
    ],
)
def test_malformed_event_files_are_named(run, write, content, message):
    status, out, err = run("render", TEMPLATE, "--event", write(content))
    assert (status, out) == (2, "")
    assert message in err


def test_malformed_line_is_named_with_its_column(run, write):
    status, _, err = run("render", TEMPLATE, "--events", write('{}\n{"click_id" 1}\n', "e.jsonl"))
    assert status == 2
    assert "e.jsonl:2:13: not JSON" in err


def test_template_file_that_is_not_utf_8_is_named(run, write):
    status, _, err = run("parse", "--file", write(b"ab\xff", "t.txt"))
    assert status == 2
    assert "t.txt: not UTF-8 at byte 2" in err


def test_template_past_the_limit_is_one_message(run):
    status, _, err = run("render", "(ip)" * 513, "--event", IN_APP)
    assert status == 1
    assert "513 macros; at most 512" in err


def test_parse_as_json(run):
    status, out, _ = run("parse", "https://n.example/pb?i=(sha1-idfa)&j=(encode)#(ip)", "--format", "json")
    data = json.loads(out)
    assert status == 0
    assert set(data) == {"source", "dialect", "leaves"}
    assert "".join(leaf["text"] for leaf in data["leaves"]) == data["source"]
    plain = {"kind": "macro", "function": None, "argument": None, "alternatives": []}
    assert [leaf for leaf in data["leaves"] if leaf["name"]] == [
        plain | {"text": "(sha1-idfa)", "name": "idfa", "function": "sha1", "part": "value", "span": [23, 34]},
        plain | {"text": "(encode)", "name": "encode", "part": "value", "span": [37, 45]},
        plain | {"text": "(ip)", "name": "ip", "part": "fragment", "span": [46, 50]},
    ]


def test_parse_as_json_without_a_leaf(run):
    status, out, _ = run("parse", "", "--format", "json")
    assert (status, json.loads(out)) == (0, {"source": "", "dialect": "appsflyer", "leaves": []})


def test_parse_as_a_tree(run):
    status, out, _ = run("parse", "http://h/{click_id}\n", "--dialect", "appmetrica")
    assert status == 0
    assert "macro     {click_id}  9:19" in out
    assert r"literal   \n" in out


def test_macros_are_listed(run):
    status, out, _ = run("macros")
    rows = list(csv.DictReader(io.StringIO(out), dialect="excel-tab"))
    assert status == 0
    assert [row["macro"] for row in rows] == list(dialect("appsflyer").macros)
    by_name = {row["macro"]: row for row in rows}
    assert by_name["country_code"]["source"] == "AF"
    assert by_name["clickid"]["send all"] == "no"
    assert by_name["blocked_reason"]["available"] == "rejected-install, rejected-in-app"


def test_macros_are_filtered(run):
    _, out, _ = run("macros", "--postback", "install", "--send-all", "--source", "af")
    names = [line.split("\t")[0] for line in out.splitlines()[1:]]
    assert names == [
        spec.name
        for spec in dialect("appsflyer").macros.values()
        if spec.source == "Platform" and spec.send_all and Postback.INSTALL in spec.available
    ]
    assert 0 < len(names) < 10


def test_macros_are_filtered_by_consent(run):
    _, out, _ = run("macros", "--consent", "--dialect", "adjust")
    names = [line.split("\t")[0] for line in out.splitlines()[1:]]
    assert names == [spec.name for spec in dialect("adjust").macros.values() if spec.identifier is None]
    assert "idfa" in dialect("adjust").macros


def test_identifiers_are_rendered_for_users_who_share_them(run, write):
    template = "https://n.example/pb?i=(idfa)"
    for said, more, sent in (("denied", [], "a"), ("denied", ["--consent"], ""), ("authorized", ["--consent"], "a")):
        event = write(json.dumps({"sdk": {"idfa": "a", "att_status": said}}))
        assert run("render", template, "--event", event, *more)[1] == f"https://n.example/pb?i={sent}\n"


@pytest.mark.parametrize("name", ["advertising_id", "gaid", "(advertiserId)", "(sha1-advertiserId)"])
def test_one_macro_is_shown_in_full(run, name):
    status, out, _ = run("macros", name)
    assert status == 0
    assert "macro       (advertising_id)\n" in out
    assert "sha1        (sha1-advertiserId)\n" in out
    assert "case        lower  (inferred)\n" in out
    assert "https://support.appsflyer.com" in out


def test_macros_are_printed_for_programs(run):
    status, out, _ = run("macros", "--format", "json")
    assert status == 0
    rows = json.loads(out)
    assert [row["name"] for row in rows] == list(dialect("appsflyer").macros)
    assert {row["source"] for row in rows} == {"Link", "SDK", "Platform"}
    [idfa] = json.loads(run("macros", "sha1-idfa", "--format", "json").out)
    assert idfa.items() >= {"macro": "(IDFA)", "spellings": ["(idfa)"], "send_all": True, "personal": True}.items()
    assert (idfa["functions"], idfa["inferred"]) == ({"sha1": ["(sha1-idfa)"]}, ["case", "missing"])
    filled = json.loads(run("macros", "--format", "json", "--dialect", "vast", "--context", "click").out)
    assert all("click" in row["contexts"] or not row["contexts"] for row in filled)
    assert run("macros", "nope", "--format", "json").status == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check"], "no templates given; give templates or files (see "),
        (["check", "--nonsense"], "no such option"),  # how the option is quoted is click's
        (["check", "t.csv"], "t.csv: no such file; to check it as a template, pipe it to --file -"),
        (["bulk", TEMPLATE], "missing option '--input' (see "),
        (["macros", "--postback", "instal"], "invalid value for '--postback': 'instal' is not one of"),
    ],
)
def test_all_errors_look_alike(run, arguments, words):
    status, out, err = run(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"macroengine: {words}")


def test_several_templates_of_a_file_are_rendered(run, write, tmp_path):
    write(f"# ours\n{TEMPLATE}\n\n?geo=(country_code)\n?x=(clickd)\n", "t.txt")
    event = write('{"click_id": "1"}')
    status, out, err = run("render", "--file", "t.txt", "--event", event, "--set", "country_code=DE")
    assert (status, out) == (1, "https://n.example/pb?c=1\n?geo=DE\n")
    assert err.startswith("t.txt:5: cannot be rendered\nerror[ME101]: unknown macro 'clickd'")
    events = write('{"click_id": "1"}\n{"click_id": {}}\n', "e.jsonl")
    status, out, err = run("render", "--file", "t.txt", "--events", events)
    assert (status, out) == (1, "https://n.example/pb?c=1\n?geo=\n?geo=\n")
    assert err.count("t.txt:5: cannot be rendered") == 1
    assert "e.jsonl:2: cannot send" in err
    assert "3 URLs, 0 events not sent, 3 failed" in err


def test_rows_of_a_table_are_rendered_as_what_they_say(run, write):
    write("platform,event,template\nAppMetrica,,?c={click_id}\n,purchase,?e=(event_name)\n", "t.csv")
    event = write('{"postback": "in-app"}')
    options = ["--event", event, "--set", "click_id=1", "--set", "event_name=buy"]
    assert run("render", "--file", "t.csv", *options) == (0, "?c=1\n?e=buy\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "x"], "write FIELD=VALUE, not 'x'"),
        (["--set", "contry_code=DE"], "--set: unknown field 'contry_code' of AppsFlyer; did you mean 'country_code'"),
    ],
)
def test_values_that_cannot_be_set(run, arguments, message):
    status, out, err = run("render", TEMPLATE, *arguments)
    assert (status, out) == (2, "")
    assert message in err


def test_a_value_is_enough_to_render(run):
    assert run("render", TEMPLATE, "--set", "clickid=a b").out == "https://n.example/pb?c=a%20b\n"
    assert run("render", "?e=(event_name)", "--set", "event=x", "--postback", "in-app").out == "?e=x\n"


@pytest.mark.parametrize(
    ("name", "template", "pair", "sent"),
    [
        ("google-ads", "?a={_mine}", "_mine=1", "?a=1"),
        ("google-ads", "?a={_mine}", "google_custom_mine=1", "?a=1"),
        ("branch", "?a=${(last_attributed_touch_timestamp)!}", "click_unix_ts=1451899560", "?a=1451899560000"),
        ("adjust", "?a={gps_adid}", "att_0_1=0", "?a="),
    ],
)
def test_a_value_is_set_by_any_field_that_the_template_reads(run, name, template, pair, sent):
    call = ["render", template, "--dialect", name, "--consent", "--set", pair]
    assert run(*call, "--set", "advertising_id=1" if name == "adjust" else pair).out == f"{sent}\n"


def test_a_file_without_templates_renders_nothing(run, write):
    write("# none\n", "t.txt")
    assert run("render", "--file", "t.txt", "--set", "ip=1").err == "macroengine: t.txt: has no templates\n"


def test_help_has_every_command(run):
    help_ = run("--help")
    assert (help_.status, help_.err) == (0, "")
    for command in COMMANDS:
        assert f" {command} " in help_.out


@pytest.mark.parametrize("command", ["", *COMMANDS, "intake appmetrica", "intake appsflyer-s2s"])
def test_help_fits_80_columns(run, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    shown = run(*command.split(), "--help").out
    assert [line for line in shown.splitlines() if len(line) > 80] == []


def test_help_says_that_only_errors_count(run):
    shown = {command: " ".join(run(*command.split(), "--help").out.split()) for command in ("", "check")}
    assert "Exit status: 0 no errors, 1 errors or a failed render, 2 wrong usage" in shown[""]
    assert (
        "Exit status: 0 no errors, 1 errors (with --strict also warnings, with --diff only changes)" in shown["check"]
    )


def test_an_unknown_source_is_refused(run):
    assert run("macros", "--source", "platform").out == run("macros", "--source", "AF").out != ""
    status, _, err = run("macros", "--source", "network")
    assert (status, "'network' is not one of" in " ".join(err.split())) == (2, True)


def test_dialects_are_completed():
    found = ShellComplete(app, {}, "macroengine", "").get_completions(["render", "--dialect"], "apps")
    assert [item.value for item in found] == ["appsflyer", "appsflyer-link"]


def test_module_runs_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["macroengine", "macros", "ip"])
    threshold = gc.get_threshold()
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("macroengine", run_name="__main__")
    gc.unfreeze()  # this process goes on
    gc.set_threshold(*threshold)
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("macro       (ip)\n")


def test_streams_of_other_kinds_are_left_alone(run, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert run("macros", "ip")[0] == 0


def test_help_has_examples(run):
    for command in ("render", "parse", "macros"):
        status, out, _ = run(command, "--help")
        assert status == 0
        assert "Examples:" in out


def test_interruption_is_one_message(run, monkeypatch):
    monkeypatch.setattr("macroengine.cli.render.read_event", interrupted)
    assert run("render", TEMPLATE, "--event", "x") == (130, "", "\nmacroengine: interrupted\n")


def interrupted(*arguments):
    raise KeyboardInterrupt


def test_reader_that_has_seen_enough_is_no_error(run, monkeypatch, tmp_path):
    def closed(*arguments):
        raise BrokenPipeError

    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr("macroengine.cli.render.read_event", closed)
        monkeypatch.setattr(sys, "stdout", out)
        assert run("render", TEMPLATE, "--event", "x")[0] == 0


def without(monkeypatch, missing):
    """Import the application as where a module is not installed."""
    real = builtins.__import__

    def imported(name, *rest):
        if name == "macroengine.cli.app":
            raise ModuleNotFoundError(name=missing)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", imported)


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_command_line_without_its_extra_says_how_to_get_it(run, monkeypatch, missing):
    without(monkeypatch, missing)
    assert run("--help") == (
        2,
        "",
        (
            "macroengine: the command line needs the extra 'cli': pip install 'macroengine[cli]', "
            "or without installing: uvx --from 'macroengine[cli]' macroengine\n"
        ),
    )


def test_other_missing_modules_are_not_hidden(run, monkeypatch):
    without(monkeypatch, "macroengine.cli.parse")
    with pytest.raises(ModuleNotFoundError):
        run("--help")
