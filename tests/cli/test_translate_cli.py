"""`macroengine detect`, `macroengine translate`, and `--dialect auto`."""

import json

import openpyxl
import pytest
from click.shell_completion import ShellComplete

from macroengine.cli.app import app

ADJUST = "https://n.example/pb?a={gps_adid}&t={tracker}&n={tracker_name}"
APPSFLYER = "https://n.example/pb?c=(clickid)"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "t.txt").write_text(f"# two platforms\n{ADJUST}\n\n{APPSFLYER}\n")
    (tmp_path / "none.txt").write_text(f"{APPSFLYER}\nhttps://n.example/pb\n{'a' * 20_000}\n")
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (tmp_path / "t.csv").write_text(f"name,url\nx,{APPSFLYER}\ny,\n")
    return tmp_path


# detect


def test_detect_prints_a_table(run):
    status, out, err = run("detect", ADJUST)
    assert (status, err) == (0, "")
    assert out == (
        "dialect\tconfidence\tevidence\n"
        "adjust\t0.979\t3 macros written {NAME}; documents gps_adid, tracker, tracker_name\n"
    )


def test_detect_says_of_which_template_it_speaks(run, files):
    status, out, _ = run("detect", "t.txt", APPSFLYER)
    assert status == 0
    assert [line.split("\t")[:2] for line in out.splitlines()] == [
        ["template", "dialect"],
        ["<argument>:1", "appsflyer"],
        ["t.txt:2", "adjust"],
        ["t.txt:4", "appsflyer"],
    ]
    assert run("detect", "--file", "t.csv", "--column", "url").out.splitlines()[1].startswith("t.csv:2\tappsflyer\t")


def test_detect_exits_with_1_where_there_is_nothing_to_tell_by(run, files):
    status, out, err = run("detect", "none.txt")
    assert (status, out.count("\n")) == (1, 2)
    assert "macroengine: none.txt:2: nothing in it tells which dialect it is\n" in err
    assert "ME000" in err


def test_detect_prints_json(run, files):
    status, out, _ = run("detect", "--file", "-", "--format", "json", stdin=f"{APPSFLYER}\nx\n".encode())
    assert status == 1
    first, second = json.loads(out)
    assert first == {
        "file": "<stdin>",
        "line": 1,
        "template": APPSFLYER,
        "detected": [
            {
                "dialect": "appsflyer",
                "confidence": 0.909,
                "evidence": ["1 macro written (NAME)", "documents clickid"],
            }
        ],
    }
    assert (second["line"], second["detected"]) == (2, [])
    assert run("detect", "empty.txt", "--format", "json")[:2] == (0, "[]\n")


@pytest.mark.parametrize("command", [["detect"], ["translate", "--to", "adjust"]])
def test_a_template_must_be_given(run, command):
    status, _, err = run(*command)
    assert (status, "no templates given; give templates or files" in err) == (2, True)
    assert run(*command, "missing.txt").status == 2


# translate


def test_translate_prints_templates_and_what_is_lost_apart(run, files):
    status, out, err = run("translate", f"{APPSFLYER}&i=(IDFA)", APPSFLYER, "--to", "appmetrica")
    assert status == 0
    assert out == "https://n.example/pb?c={click_id}&i={ios_ifa}\nhttps://n.example/pb?c={click_id}\n"
    assert err.splitlines() == [
        "<argument>:1:36 MT007 warning (IDFA) becomes {ios_ifa}: in upper case on AppsFlyer, as received on AppMetrica",
        "  https://n.example/pb?c=(clickid)&i=(IDFA)",
        "                                     ^^^^^^",
    ]


@pytest.mark.parametrize(
    ("options", "status", "written"),
    [
        ([APPSFLYER, "--to", "singular"], 0, "https://n.example/pb?c={cl}"),
        ([APPSFLYER, "--to", "singular", "--strict"], 0, "https://n.example/pb?c={cl}"),
        (["(IDFA)", "--to", "singular"], 0, "{IDFA}"),
        (["(IDFA)", "--to", "singular", "--strict"], 1, "{IDFA}"),
        ([APPSFLYER, "--to", "adjust"], 1, "https://n.example/pb?c=UNTRANSLATED-clickid"),
        (["(ip)", "--to", "adjust", "--deny", "ip"], 1, "UNTRANSLATED-ip"),
        (["(ip)", "--to", "adjust", "--source", "link"], 1, "UNTRANSLATED-ip"),
        (["(event_name)", "--to", "singular", "--postback", "in-app"], 0, "{EVTNAME}"),
        (["(event_name)", "--to", "singular", "--postback", "install"], 1, "{EVTNAME}"),
        (["(clickid)", "--to", "singular", "--send-all"], 0, "{cl}"),
        (["(clickid)", "--to", "singular", "--send-all", "--strict"], 1, "{cl}"),
        ([ADJUST, "--to", "adjust", "--dialect", "auto"], 0, ADJUST),
        (["abc", "--to", "adjust", "--dialect", "auto"], 0, "abc"),
    ],
)
def test_options_of_translate(run, options, status, written):
    result = run("translate", *options)
    assert (result.status, result.out) == (status, f"{written}\n")


def test_translate_of_files_tells_the_dialect_of_each_template(run, files):
    status, out, _ = run("translate", "t.txt", "--dialect", "auto", "--to", "tune", "--format", "json")
    rows = json.loads(out)
    assert (status, [row["dialect"] for row in rows]) == (1, ["adjust", "appsflyer"])
    assert rows[1] == {
        "file": "t.txt",
        "line": 4,
        "template": APPSFLYER,
        "dialect": "appsflyer",
        "to": "tune",
        "source": "https://n.example/pb?c={transaction_id}",
        "exact": True,
        "losses": [],
    }
    assert rows[0]["losses"][0] == {
        "code": "MT001",
        "name": "untranslated",
        "severity": "error",
        "message": "TUNE has no macro for {tracker}; UNTRANSLATED-tracker replaces it",
        "span": [36, 45],
        "hint": "write a macro or a value of your own, or remove the parameter",
    }
    assert run("translate", "empty.txt", "--to", "tune", "--format", "json").out == "[]\n"


@pytest.mark.parametrize("name", ["auto", "appsflyer"])
def test_translate_goes_on_after_a_template_that_is_too_large(run, files, name):
    status, out, err = run("translate", "none.txt", "--dialect", name, "--to", "appmetrica")
    assert (status, out) == (1, "https://n.example/pb?c={click_id}\nhttps://n.example/pb\n")
    assert "ME000" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "missing option '--to'"),
        (["--to", "nope"], "unknown dialect 'nope'"),
        (["--to", "auto"], "unknown dialect 'auto'"),
        (["--to", "adjust", "--dialect", "nope"], "unknown dialect 'nope'"),
        (["--to", "adjust", "--deny", "idfax"], "policy denies 'idfax'"),
    ],
)
def test_wrong_usage_of_translate(run, options, message):
    status, _, err = run("translate", APPSFLYER, *options)
    assert (status, message in err) == (2, True)


# Files


def test_workbooks_are_read_as_check_reads_them(run, files):
    book = openpyxl.Workbook()
    book.active.title = "Partners"
    book.active.append(["platform", "event", "Postback URL"])
    book.active.append(["AppMetrica", "install", "https://n.example/pb?i={ios_ifa}&e={event_name}"])
    book.create_sheet("Old").append(["template"])
    book["Old"].sheet_state = "hidden"
    book.save(files / "t.xlsx")
    hidden = "macroengine: t.xlsx: sheet 'Old' is hidden and was skipped; read it with --sheet"
    (row,) = json.loads(run("detect", "t.xlsx", "--format", "json").out)
    assert (row["file"], row["line"], row["sheet"], row["cell"]) == ("t.xlsx", 2, "Partners", "C2")
    status, out, err = run("detect", "t.xlsx")
    assert (status, out.splitlines()[1].split("\t")[0], err) == (0, "t.xlsx:Partners!C2", f"{hidden}\n")
    status, out, err = run("translate", "t.xlsx", "--to", "appsflyer")
    assert (status, out) == (1, "https://n.example/pb?i=(IDFA)&e=(event_name)\n")
    assert "t.xlsx:Partners!C2:36 MT004 error " in err
    assert err.endswith(f"{hidden}\n")
    (row,) = json.loads(run("translate", "t.xlsx", "--to", "appsflyer", "--format", "json").out)
    assert (row["dialect"], row["sheet"], row["cell"]) == ("appmetrica", "Partners", "C2")


def test_the_settings_of_a_folder_say_what_is_read(run, files):
    (files / "macroengine.toml").write_text('dialect = "adjust"\ncolumns = { template = "name" }')
    (files / "t.csv").write_text("name,template\n{country},-\n")
    assert run("detect", "t.csv", "--format", "json").out.count("{country}") == 1
    assert run("translate", "t.csv", "--to", "appsflyer").out == "(country_code)\n"


# --dialect auto


def test_check_tells_the_dialect_of_each_template(run, files):
    assert run("check", "t.txt").status == 1
    status, out, _ = run("check", "t.txt", "--dialect", "auto")
    assert (status, out.splitlines()[-1]) == (0, "1 info")
    status, out, _ = run("check", "none.txt", "--dialect", "auto")
    assert (status, "ME000" in out) == (1, True)


def test_check_fixes_in_the_dialect_of_each_template(run, files):
    (files / "bad.txt").write_text("?a={gps_adid}&n={Tracker_Name}\n?c=(click-id)\n")
    assert "-?c=(click-id)\n+?c=(clickid)\n" in run("check", "bad.txt", "--dialect", "auto", "--diff").out


def test_a_configuration_may_say_auto(run, files):
    (files / "macroengine.toml").write_text('dialect = "auto"')
    assert run("check", "t.txt").status == 0
    assert run("check", "t.txt", "--dialect", "appsflyer").status == 1


def test_auto_is_completed():
    completion = ShellComplete(app, {}, "macroengine", "")
    for begun, expected in (("a", ["auto", "adcp"]), ("ti", ["tiktok"])):
        found = completion.get_completions(["translate", "--dialect"], begun)
        assert [item.value for item in found][:2] == expected


def test_losses_are_explained(run):
    status, out, _ = run("explain", "mt006")
    assert (status, out.splitlines()[0]) == (0, "MT006 converted (warning)")
    assert "did you mean" in run("explain", "MT009").err


@pytest.mark.parametrize("fault", ["\x1b[2J", "\n", "\r", "\u2028", "\udce9"])
def test_a_template_that_cannot_be_printed_in_a_line_is_not(run, fault):
    template = f"https://n.example/{fault}(clickid)"
    result = run("translate", template, "https://n.example/pb?c=(clickid)", "--to", "singular")
    assert (result.status, result.out) == (1, "https://n.example/pb?c={cl}\n")
    assert "cannot be printed in a line; fix the template, or use --format json" in result.err
    in_json = run("translate", template, "--to", "singular", "--format", "json")
    assert json.loads(in_json.out)[0]["source"] == f"https://n.example/{fault}{{cl}}"
