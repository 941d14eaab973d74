"""Tables as people have them: their delimiters, encodings and headers, and what is written back."""

import codecs
import json
import os
import subprocess
import sys
import time
from threading import Thread

import pytest

from macroengine.cli.given import Arguments
from macroengine.workspace.columns import Layout
from macroengine.workspace.sources import open_source
from macroengine.workspace.text import guessed_encoding

BAD = "https://n.example/pb?id=(clickd)&;ip=(ip)"
MENDED = "https://n.example/pb?id=(clickd)&ip=(ip)"
EVENT = "https://n.example/pb?id=(clickid)&e=(event_name)"


def places(result):
    return [" ".join(line.split()[:2]) for line in result.out.splitlines() if " ME" in line]


ENCODINGS = [
    pytest.param(("utf-8", b""), id="utf-8"),
    pytest.param(("utf-8", codecs.BOM_UTF8), id="utf-8-bom"),
    pytest.param(("utf-16-le", codecs.BOM_UTF16_LE), id="utf-16-le-bom"),
    pytest.param(("utf-16-be", codecs.BOM_UTF16_BE), id="utf-16-be-bom"),
    pytest.param(("utf-16-le", b""), id="utf-16-le"),
    pytest.param(("utf-16-be", b""), id="utf-16-be"),
    pytest.param(("utf-32-le", codecs.BOM_UTF32_LE), id="utf-32"),
]


@pytest.mark.parametrize("encoded", ENCODINGS)
@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("t.csv", f'id;Postback URL;note\r\n"1";"{BAD}";"é, x"\r\n2;"{BAD}";\r\n'),
        ("t.csv", f'sep=;\r\nid;Template\r\n1;"{BAD}"\r\n'),
        ("t.csv", f"sep=|\nid|TEMPLATE\n1|{BAD}\n"),
        ("t.csv", f"partner\tpostback_url\né\t{BAD}\n"),
        ("t.tsv", f"partner,postback url\né,{BAD}\n"),
        ("t.txt", f"# é\r\n{BAD}\r\n"),
        ("t.txt", f"Partner\tPostback URL\r\né\t{BAD}\r\n"),
        ("t.txt", f"Postback URL\r\n{BAD}\r\n"),
        ("t.jsonl", f'{{"partner": "é", "Postback-URL": "{BAD}"}}\n'),
    ],
)
def test_only_the_templates_change(run, tmp_path, name, before, encoded):
    encoding, mark = encoded
    path = tmp_path / name
    path.write_bytes(mark + before.encode(encoding))
    assert "ME222" in run("check", name).out
    assert "fixed" in run("check", name, "--fix").out
    assert path.read_bytes() == mark + before.replace(BAD, MENDED).encode(encoding)
    assert "ME222" not in run("check", name).out


def test_text_in_another_encoding_asks_which(run, tmp_path):
    text = f"partner\ttemplate\nCafé\t{BAD}\n"
    (tmp_path / "t.csv").write_bytes(text.encode("cp1252"))
    result = run("check", "t.csv")
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        "macroengine: t.csv: not UTF-8 at byte 20; which encoding is it? say so with --encoding, as --encoding cp1252\n"
    )
    assert run("check", "t.csv", "--fix", "--encoding", "cp1252").status == 1
    assert (tmp_path / "t.csv").read_bytes() == text.replace(BAD, MENDED).encode("cp1252")


MAILED = "https://n.example/pb?c=3D(clickid)&x=3D=E2=82=AC="


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.txt", f"{MAILED}\n{BAD}\n"),
        ("t.csv", f"id,template\né,{MAILED}\né,{BAD}\n"),
        ("t.py", f'A = "{MAILED}"\nB = "{BAD}"\n'),
    ],
)
def test_a_fix_with_a_character_that_the_encoding_does_not_have_is_left_to_the_person(run, tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1"))
    options = ("--encoding", "latin-1", "--select", "ME026,ME222")
    line = text[: text.index(MAILED)].count("\n") + 1
    note = f"macroengine: {name}:{line}: not fixed, because '€' cannot be written in latin-1; fix it by hand\n"
    assert run("check", name, "--diff", *options).err == note
    fixed = run("check", name, "--fix", *options)
    assert (fixed.status, fixed.err) == (1, note)
    assert path.read_bytes() == text.replace(BAD, MENDED).encode("latin-1")
    # What is printed is not in the encoding of what was read.
    if name == "t.txt":
        printed = run("check", "--file", "-", "--fix", *options, stdin=path.read_bytes())
        assert printed.out == f"https://n.example/pb?c=(clickid)&x=€\n{MENDED}\n"


@pytest.mark.parametrize("name", ["utf8x", "base64", "rot13"])
def test_an_encoding_that_is_none_of_text_is_refused(run, name):
    result = run("check", EVENT, "--encoding", name)
    assert (result.status, result.err) == (
        2,
        f"macroengine: unknown encoding '{name}'; common ones are utf-8, utf-16, cp1252 and latin-1\n",
    )


def test_a_text_that_ends_within_a_character(run, tmp_path):
    (tmp_path / "t.txt").write_bytes(codecs.BOM_UTF16_LE + "ab".encode("utf-16-le") + b"x")
    assert "t.txt: not UTF-16 at byte 6" in run("check", "t.txt").err
    (tmp_path / "t.txt").write_bytes(b"x" * 65_535 + "é".encode()[:1])
    assert "t.txt: not UTF-8 at byte 65,535" in run("check", "t.txt").err


def test_what_a_pipe_gives_byte_by_byte_is_decoded(tmp_path, run):
    mkfifo = getattr(os, "mkfifo", None)
    if mkfifo is None:
        pytest.skip("needs named pipes")
    mkfifo(tmp_path / "t.csv")

    def write():
        with (tmp_path / "t.csv").open("wb", buffering=0) as pipe:
            for byte in codecs.BOM_UTF16_LE + f"template\n{BAD}\n".encode("utf-16-le"):
                pipe.write(bytes([byte]))
                time.sleep(0.0005)

    writer = Thread(target=write)
    writer.start()
    assert places(run("check", "t.csv")) == ["t.csv:2:25 ME101", "t.csv:2:33 ME222"]
    writer.join()


def test_zeros_alone_are_not_utf_16():
    assert [guessed_encoding(b"\0" * 10), guessed_encoding(b""), guessed_encoding(b"a")] == ["utf-8"] * 3


# Columns


def test_columns_are_recognised_in_any_case(run, tmp_path):
    (tmp_path / "t.csv").write_text(
        "Partner Name,MMP,EVENT,Postback_URL,Ignored Rules\n"
        f"Acme,AppsFlyer,install,{EVENT},\n"
        f"Acme,appsflyer,af_purchase,{EVENT},\n"
        "Zeta,Yandex AppMetrica,In-App Event,https://n.example/pb?c={click_id}&e={event_name},\n"
        f"Beta,iOS,,{EVENT},\n"
        "Gamma,,,http://n.example/pb?c=(clickid),plain-http\n"
    )
    result = run("check", "t.csv", "--ignore", "near-miss")
    assert places(result) == ["t.csv:2:37 ME301"]
    assert "hint: it is filled for: in-app, rejected-in-app; check the template for in-app postbacks\n" in result.out
    assert "postback assumed from the macros: install for 1 template, in-app for 1 template;" in result.out
    assert '"partner": "Acme"' in run("check", "t.csv", "--format", "json").out


def test_what_the_command_line_says_counts_before_what_rows_say(run, tmp_path):
    (tmp_path / "t.csv").write_text(f"kind,platform,template\nin-app,appmetrica,{EVENT}\n")
    assert places(run("check", "t.csv", "--postback", "install", "--dialect", "appsflyer")) == ["t.csv:2:37 ME301"]
    options = ["--postback", "install", "--postback-column", "kind", "--dialect-column", "platform"]
    assert "not for AppMetrica" in run("check", "t.csv", *options, "--dialect", "appsflyer").out


ADJUST = "https://n.example/pb?a={gps_adid}&t={tracker}&n={tracker_name}"


def test_a_row_may_leave_the_dialect_to_be_detected(run, tmp_path):
    (tmp_path / "t.csv").write_text(f"platform,template\nAuto,{ADJUST}\nAppMetrica,?c={{click_id}}\nmine,{ADJUST}\n")
    assert "t.csv:4:1 ME036" in places(run("check", "t.csv"))
    (tmp_path / "macroengine.toml").write_text('dialects = { mine = "auto" }')
    assert {place.split()[1] for place in places(run("check", "t.csv"))} == {"ME306", "ME204"}
    rows = [line.split("\t")[:3] for line in run("explain", "--file", "t.csv").out.splitlines()]
    assert rows[1] == ["t.csv:2", "{gps_adid}", "advertising_id"]
    assert run("render", "--file", "t.csv", "--event", "-", stdin=b'{"click_id": "1"}').out.splitlines()[1] == "?c=1"
    found = json.loads(run("translate", "t.csv", "--to", "adjust", "--format", "json").out)
    assert [row["dialect"] for row in found] == ["adjust", "appmetrica", "adjust"]
    (tmp_path / "t.csv").write_text(f"platform,template\nautoo,{ADJUST}\n")
    said = run("check", "t.csv", "--dialect-column", "platform").err
    assert said == "macroengine: t.csv:2: unknown dialect 'autoo'; did you mean 'auto'? (skipped)\n"
    (tmp_path / "t.csv").write_text(f"platform,template\nzzz,{ADJUST}\n")
    said = run("check", "t.csv", "--dialect-column", "platform").err
    assert said.startswith("macroengine: t.csv:2: unknown dialect 'zzz' (known: adcp, adjust, ")


def test_a_row_names_a_dialect_without_the_context(run, tmp_path):
    (tmp_path / "t.csv").write_text(f"platform,template\nAdjust,{ADJUST}\n")
    options = ["--dialect", "vast", "--context", "error", "--dialect-column", "platform"]
    result = run("check", "t.csv", *options)
    assert (result.status, result.out) == (2, "1 template skipped\n")
    assert result.err.startswith("macroengine: t.csv:2: unknown context 'error' (known: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--postback-column", "Kind"], "t.csv:2: unknown kind of postback 'instal'; did you mean 'install'?"),
        (["--postback-column", "Other"], "t.csv:2: unknown kind of postback 'x' (known: install, in-app, "),
        (["--dialect-column", "Platform"], "t.csv:2: unknown dialect 'apsflier'; did you mean 'appsflyer'?"),
        (["--partner-column", "Partnr"], "t.csv: no column 'Partnr'"),
        (["--column", "URL"], "t.csv: no column 'URL' (known: 'Kind', 'Other', 'Platform', 'Template', 'Ignore')"),
        ([], "t.csv:2: unknown kind of postback 'instal'; did you mean 'install'?"),
        (["--postback", "install"], "t.csv:2: ignore: unknown rule 'ME9'"),
    ],
)
def test_a_row_that_says_what_is_not_known(run, tmp_path, arguments, message):
    (tmp_path / "t.csv").write_text(f"Kind,Other,Platform,Template,Ignore\ninstal,x,apsflier,{EVENT},ME9\n")
    result = run("check", "t.csv", *arguments)
    assert (result.status, result.out) == (2, "" if "no column" in message else "1 template skipped\n")
    assert message in result.err


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_a_wrong_row_is_skipped_and_the_others_are_checked(run, tmp_path, form):
    (tmp_path / "t.csv").write_text(f"platform,template\n,{BAD}\nappmetrika,{BAD}\n,{BAD}\n")
    (tmp_path / "u.txt").write_text(BAD)
    result = run("check", "t.csv", "u.txt", "--format", form)
    assert result.status == 2
    assert result.err == "macroengine: t.csv:3: unknown dialect 'appmetrika'; did you mean 'appmetrica'? (skipped)\n"
    assert result.out.count("ME101") == (4 if form == "sarif" else 3)  # one is the page of the rule
    compared = run("diff", "t.csv", "t.csv")  # which would take a row that is skipped for one that was removed
    assert (compared.status, compared.out, compared.err[:39]) == (2, "", "macroengine: t.csv:3: unknown dialect '")
    if form == "text":
        assert "3 errors, " in result.out
        assert result.out.endswith(", 1 template skipped\n")
    else:
        json.loads(result.out)


def test_a_wrong_row_is_not_fixed_and_the_others_are(run, tmp_path):
    damaged = "https://n.example/pb?id=(click-id)"
    (tmp_path / "t.csv").write_text(f"platform,template\n,{damaged}\nappmetrika,{damaged}\n,{damaged}\n")
    assert run("check", "t.csv", "--diff").out.count("\n+,") == 2
    assert run("check", "t.csv", "--fix").status == 2
    assert [line.partition("=")[2] for line in (tmp_path / "t.csv").read_text().splitlines()[1:]] == [
        "(clickid)",
        "(click-id)",
        "(clickid)",
    ]


def test_a_report_ends_properly_before_an_error_in_the_file(run, tmp_path):
    text = f'{{"template": "{BAD}"}}\n{{"template": "https://n.example/pb?id=(click-id)"}}\nno\n'
    (tmp_path / "t.jsonl").write_text(text)
    for form in ("json", "sarif"):
        result = run("check", "t.jsonl", "--format", form)
        assert (result.status, len(result.err.splitlines())) == (2, 1)
        json.loads(result.out)
    (tmp_path / "t.jsonl").write_text("no\n")
    assert run("check", "t.jsonl", "--format", "json").out == "[\n]\n"


def test_one_column_is_not_two_things(run, tmp_path):
    (tmp_path / "t.csv").write_text(f"event\n{EVENT}\n")
    assert "nothing found" in run("check", "t.csv", "--column", "event").out


@pytest.mark.parametrize("option", [[], ["--fix"], ["--diff"]])
def test_a_row_with_more_cells_than_the_header_is_named(run, tmp_path, option):
    text = f"partner;template\nAcme;{EVENT}\nBeta\nGamma;{EVENT};;\nDelta;https://n.example/a;b=(clickid)\n"
    (tmp_path / "t.csv").write_text(text)
    result = run("check", "t.csv", *option)
    assert result.status == 2
    assert result.err == (
        "macroengine: t.csv:5: expected 2 cells, as in the header, but found 3; put a cell that contains ';' in "
        "quotes\n"
    )
    assert (tmp_path / "t.csv").read_text() == text


@pytest.mark.parametrize(
    "rows",
    [
        f'"a,{BAD}\nb,{BAD}\n',
        f'a,{BAD}\nb,"{BAD}\nc,{BAD}\n',
        f'a,{BAD}\n"b,2\nc,{BAD}\n',
        f'a,"{BAD}',
    ],
)
def test_an_unclosed_quote_is_named_and_swallows_no_row(run, tmp_path, rows):
    text = f"partner,template\n{rows}"
    (tmp_path / "t.csv").write_text(text)
    line = text[: text.rindex('"')].count("\n") + 1
    commands = ["check t.csv", "check t.csv --fix", "check t.csv --fix --unsafe-fixes", "check t.csv --diff"]
    for command in (*commands, "preview t.csv", "detect t.csv", "translate t.csv --to adjust", "diff t.csv t.csv"):
        result = run(*command.split())
        assert result.status == 2
        assert f't.csv:{line}: has an unclosed quote; inside a value write ""' in result.err
    assert (tmp_path / "t.csv").read_text() == text


@pytest.mark.parametrize("command", ["check d", "preview d", "detect d", "translate d --to singular", "diff d d"])
def test_a_file_in_a_folder_that_cannot_be_read_is_skipped_and_counts(run, tmp_path, command):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.txt").write_text("https://n.example/pb?c=(clickid)\n")
    assert run(*command.split()).status == 0
    (tmp_path / "d" / "b.txt").write_bytes(b"https://n.example/pb?c=\xe9(clickid)\n")
    (tmp_path / "d" / "c.xlsx").touch()
    result = run(*command.split())
    assert result.status == 2
    assert "skipped d/b.txt: not UTF-8" in result.err
    assert "skipped d/c.xlsx: not a workbook" in result.err


@pytest.mark.parametrize("command", ["preview", "detect", "translate --to adjust", "check"])
@pytest.mark.parametrize("before", ["http://n.example/pb?c=(clickid)\n", ""])
def test_json_ends_properly_before_a_file_that_cannot_be_read(run, tmp_path, command, before):
    (tmp_path / "a.txt").write_text(before)
    (tmp_path / "b.txt").write_bytes(b"https://n.example/pb?c=\xe9(clickid)\n")
    result = run(*command.split(), "a.txt", "b.txt", "--format", "json")
    assert result.status == 2
    assert (len(json.loads(result.out)) if result.out else 0) == bool(before)


def test_rows_may_end_early_or_in_empty_cells(run, tmp_path):
    (tmp_path / "t.csv").write_text(f"template,partner\n{BAD}\n{BAD},,,\n\n,Acme\n")
    assert places(run("check", "t.csv")) == [
        "t.csv:2:25 ME101",
        "t.csv:2:33 ME222",
        "t.csv:3:25 ME101",
        "t.csv:3:33 ME222",
    ]


def test_cells_that_are_copied_from_a_spreadsheet(run):
    cells = f"Partner\tPostback URL\r\nAcme\t{BAD}\r\n"
    result = run("check", "-", "--fix", stdin=cells.encode())
    assert result.out == cells.replace(BAD, MENDED)
    assert result.err.startswith("<stdin>:2:25 ME101")
    empty = run("check", "-", stdin=b"")
    assert empty == (0, "no templates found\n", "macroengine: <stdin>: no templates in it\n")


def test_a_header_that_is_too_long_is_named(run, tmp_path):
    (tmp_path / "t.csv").write_text(f"template,{'x' * 200_000}\n")
    assert "t.csv: line 1: field larger than field limit" in run("check", "t.csv").err


# Kinds


def test_the_kind_is_taken_from_the_macros_where_nothing_says_it(run, tmp_path):
    (tmp_path / "t.txt").write_text(
        "https://n.example/pb?c=(clickid)\n"
        f"{EVENT}\n"
        "https://n.example/pb?c=(clickid)&r=(blocked_reason)&e=(event_name)\n"
    )
    with (tmp_path / "t.txt").open("a") as file:
        file.write("x" * 20_000 + "\n")
    result = run("check", "t.txt", "--ignore", "ME2")
    assert places(result) == ["t.txt:4:16385 ME000"]
    assert result.out.splitlines()[-2] == (
        "postback assumed from the macros: install for 2 templates, in-app for 1 template, rejected-in-app for 1 "
        "template; set it with --postback"
    )


# Ignores


def test_comments_ignore_rules(run, tmp_path):
    text = (
        "# macroengine: ignore ME205\n"
        "http://n.example/pb?id=(clickid)\n"
        "http://n.example/pb?id=(clickid)\n"
        "# macroengine: ignore plain-http, ME222\n"
        "\n"
        "# a comment\n"
        "http://n.example/pb?id=(clickid)&;x=1\n"
        "http://n.example/pb?id=(clickid)&;x=1 # macroengine: ignore plain-http\n"
    )
    (tmp_path / "t.txt").write_text(text)
    assert places(run("check", "t.txt")) == ["t.txt:3:1 ME205", "t.txt:8:33 ME222"]
    run("check", "t.txt", "--fix")
    assert (tmp_path / "t.txt").read_text() == "&".join(text.rsplit("&;", 1))


def test_a_comment_that_ignores_no_rule_is_named(run, tmp_path):
    (tmp_path / "t.txt").write_text(f"# macroengine: ignore ME999\n{EVENT}\n")
    assert "t.txt:2: ignore: unknown rule 'ME999' (known: ME001 to" in run("check", "t.txt").err


# Sources


def test_a_source_says_what_it_is(tmp_path):
    assert (open_source("-").name, open_source("-").path, open_source("t.txt").name) == ("<stdin>", None, "t.txt")
    assert Arguments(("x",)).notes == open_source("t.txt", Layout()).notes == ()


@pytest.mark.parametrize("name", ["t.xls", "t.ODS", "t.numbers"])
def test_what_another_program_must_save_first(run, tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    result = run("check", name)
    assert (result.status, result.out) == (2, "")
    assert result.err.endswith(f"{name}: .{name[2:].lower()} files cannot be read; save it as .xlsx or .csv\n")


def test_a_file_that_is_open_elsewhere_is_not_written(run, tmp_path):
    (tmp_path / "t.csv").write_text(f"template\n{BAD}\n")
    (tmp_path / ".~lock.t.csv#").write_text("")
    result = run("check", "t.csv", "--fix")
    assert "t.csv: open in another program, as .~lock.t.csv# says; close it there and run this again" in result.err
    assert (tmp_path / "t.csv").read_text() == f"template\n{BAD}\n"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="needs wait4")
def test_many_rows_take_no_more_memory_than_few(tmp_path):
    def peak(rows):
        with (tmp_path / "t.csv").open("w") as file:
            file.write("partner,template\n")
            for number in range(rows):
                file.write(f"Partner {number},https://n{number}.example/pb?id=(clickid)&;ip=(ip)\n")
        command = [sys.executable, "-m", "macroengine", "check", "t.csv", "--select", "ME222"]
        with (tmp_path / "out").open("w") as out:
            process = subprocess.Popen(command, cwd=tmp_path, stdout=out)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = status
        assert (tmp_path / "out").read_text().endswith(f"\n{rows:,} warnings, {rows:,} fixable with --fix\n")
        return used.ru_maxrss

    small = peak(1_000)
    assert peak(30_000) < small + 10_000  # kilobytes


def test_a_dash_for_the_event_says_nothing(run, tmp_path):
    (tmp_path / "t.csv").write_text("template,event\nhttps://n.example/pb?c=(clickid),-\n")
    assert "t.csv:2  install, AppsFlyer" in run("preview", "t.csv").out
    asked = run("preview", "t.csv", "--postback-column", "event")
    assert (asked.status, asked.err[:46]) == (2, "macroengine: t.csv:2: unknown kind of postback")


def test_a_column_that_is_asked_for_by_marks_alone_is_not_the_one_without_a_name(run, tmp_path):
    (tmp_path / "t.csv").write_text(f",template\nnote,{BAD}\n")
    result = run("check", "t.csv", "--column", "-")
    assert (result.status, result.err) == (2, "macroengine: t.csv: no column '-' (known: 'template')\n")


def test_a_table_whose_lines_end_in_carriage_returns_says_how_to_save_it(run, tmp_path):
    (tmp_path / "t.csv").write_bytes(f"partner,template\rA,{BAD}\r".encode())
    result = run("check", "t.csv")
    reason = "a carriage return outside quotes; save the file with line feeds at the ends of its lines"
    assert (result.status, result.err) == (2, f"macroengine: t.csv: line 1: {reason}\n")


@pytest.mark.parametrize("word", ["appmetrika", "App-Metrca"])
def test_a_misspelt_dialect_is_not_taken_for_the_default(run, tmp_path, word):
    (tmp_path / "t.csv").write_text(f"template,platform\nhttps://n.example/pb?c={{click_id}},{word}\n")
    result = run("check", "t.csv")
    message = f"macroengine: t.csv:2: unknown dialect {word!r}; did you mean 'appmetrica'? (skipped)\n"
    assert (result.status, result.err) == (2, message)
