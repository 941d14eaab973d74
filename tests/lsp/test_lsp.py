"""The language server: what editors are told about templates, and what they are offered."""

import csv
import gc
import io
import json
import re
import sys
from importlib import import_module
from threading import Event
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine.catalogue import dialect
from macroengine.workspace.columns import Layout
from macroengine.workspace.located import Located, templates_in
from tests.support.editor import MARKDOWN, Editor, between, edited
from tests.support.floors import reached, reaching

# The package of the server is there where pygls is.
from macroengine.lsp import server as lsp_server  # isort: skip
from macroengine.lsp.markup import Code, Facts, Heading, Prose, markdown, plain  # isort: skip
from macroengine.lsp.positions import UTF_8, UTF_16, UTF_32, Lines  # isort: skip
from macroengine.lsp import running  # isort: skip

BAD = "https://n.example/pb?c=(clickd)&;ip=(ip)"
GOOD = "https://n.example/pb?id=(clickid)"
EVENT = f"{GOOD}&e=(event_name)"


@pytest.fixture
def editor(tmp_path):
    made = []

    def start(capabilities=MARKDOWN, **options):
        made.append(Editor(tmp_path, capabilities, **options))
        return made[-1]

    yield start
    for one in made:
        one.close()


def codes_of(found):
    return [one.get("code") for one in found]


def test_findings_are_shown_as_one_types(editor):
    ls = editor()
    uri = ls.open("t.txt", f"# list\n{GOOD}\n")
    assert ls.found(uri) == []
    ls.change(uri, 2, (1, 30, 1, 31, ""))  # (clickd)
    [found] = ls.found(uri)
    assert found == {
        "range": between(1, 24, 1, 32),
        "severity": 1,
        "source": "macroengine",
        "code": "ME101",
        "message": "unknown macro 'clickd'; did you mean 'clickid'?",
    }
    ls.change(uri, 3, (1, 30, 1, 30, "i"))
    assert ls.found(uri) == []
    ls.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert ls.found(uri) == []


@pytest.mark.parametrize(
    ("encoding", "start"),
    [
        pytest.param("utf-16", 21, id="utf-16"),
        pytest.param("utf-8", 23, id="utf-8"),
        pytest.param("utf-32", 20, id="utf-32"),
    ],
)
def test_positions_are_counted_as_the_editor_counts(editor, encoding, start):
    ls = editor({**MARKDOWN, "general": {"positionEncodings": [encoding]}})
    assert ls.capabilities["positionEncoding"] == encoding
    uri = ls.open("t.txt", "https://n.ex/?e=😀&c=(clickd)")
    place = next(one["range"] for one in ls.found(uri) if one["code"] == "ME101")
    assert place == between(0, start, 0, start + 8)
    assert ls.at("hover", uri, 0, start)["range"] == place
    ls.change(uri, 2, (0, start + 6, 0, start + 6, "i"))
    assert "ME101" not in codes_of(ls.found(uri))


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_end_as_editors_end_them(editor, ending):
    # Python would also end one at a form feed, and at U+2028.
    ls = editor()
    uri = ls.open("t.txt", f"{GOOD}&x=\x0c\u2028{ending}")
    ls.found(uri)
    ls.change(uri, 2, (1, 0, 1, 0, BAD))
    if ending != "\r":  # which is one of the characters of a template
        assert {one["range"]["start"]["line"] for one in ls.found(uri) if one["code"] == "ME101"} == {1}


def test_a_template_in_a_table_is_marked_where_it_is(editor):
    ls = editor()
    rows = f'partner,template,event\r\nAcme,"{BAD}&q=""(clickd)""",install\r\n"B, Inc.",{GOOD},\r\n'
    uri = ls.open("t.csv", rows)
    found = [one["range"] for one in ls.found(uri) if one["code"] == "ME101"]
    lines = rows.split("\r\n")
    assert [lines[1][one["start"]["character"] : one["end"]["character"]] for one in found] == ["(clickd)"] * 2
    actions = ls.actions(uri, (1, 0, 1, 80), ["source.fixAll"])
    edits = actions[0]["edit"]["documentChanges"][0]["edits"]
    assert edited(rows, edits) == rows.replace("&;ip", "&ip")


def test_a_template_in_json_lines_is_marked_where_it_is(editor):
    ls = editor()
    first = json.dumps({"n": 1, "template": "https://n.ex/?é=1&😀=(clickd)"})
    text = f'{first}\n{{"template": 1}}\n[]\nx\n{json.dumps(BAD)}\n'
    uri = ls.open("t.jsonl", text)
    found = ls.found(uri)
    marked = [one["range"] for one in found if one.get("code") == "ME101"]
    lines = text.split("\n")
    assert [lines[one["start"]["line"]][one["start"]["character"] : one["end"]["character"]] for one in marked] == [
        "(clickd)"
    ] * 2
    emoji = next(one["range"] for one in found if one.get("code") == "ME226" and "😀" in one["message"])
    assert lines[0][emoji["start"]["character"] : emoji["end"]["character"]] == r"\ud83d\ude00"
    troubles = [(one["range"]["start"]["line"], one["message"]) for one in found if "code" not in one]
    assert troubles == [
        (1, "the value of 'template' is not a string"),
        (2, "expected a string or an object"),
        (3, "not JSON: expecting value"),
    ]


def test_a_row_that_cannot_be_read_is_marked(editor, tmp_path):
    ls = editor()
    uri = ls.open("t.csv", f"template,n\n{BAD},1\n{GOOD},1,2\n{BAD},1\n")
    found = ls.found(uri)
    [trouble] = [one for one in found if "code" not in one]
    assert trouble["range"] == between(2, 0, 2, len(GOOD) + 4)
    assert trouble["message"].startswith("expected 2 cells, as in the header, but found 3")
    assert {one["range"]["start"]["line"] for one in found if "code" in one} == {1, 3}
    (tmp_path / "macroengine.toml").write_text('columns = { dialect = "d" }')
    uri = ls.open("u.csv", f"template,d\n{GOOD},acme\n{GOOD},appsflyer\n")
    [trouble] = ls.found(uri)
    assert trouble["range"]["start"]["line"] == 1
    assert trouble["message"].startswith("unknown dialect 'acme'")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("LICENSE.txt", "Apache License\nVersion 2.0\nhttps://a.example/licence\n", id="prose"),
        pytest.param("r.txt", "flask>=3\nlark==1.2\n", id="requirements"),
        pytest.param("t.csv", "a,b\n1,2\n", id="another-table"),
        pytest.param("mail.csv", "template\nDear Sir\n", id="templates-of-mails"),
        pytest.param("log.jsonl", '{"level": "info"}\nx\n', id="log"),
        pytest.param("t.txt", "", id="empty"),
        pytest.param("x.bin", f"{BAD}\n", id="unknown-kind"),
        pytest.param("untitled:Untitled-1", "Dear Sir", id="not-saved"),
    ],
)
def test_nothing_is_wrong_with_what_is_not_a_list_of_templates(editor, name, text):
    ls = editor()
    assert ls.found(ls.open(name, text)) == []


@pytest.mark.parametrize(
    ("uri", "language"),
    [
        ("untitled:Untitled-1", "plaintext"),
        ("untitled:u.txt", "x"),
        ("file:t.txt", "plaintext"),
        ("buffer:x", "python"),
    ],
)
def test_a_document_need_not_be_a_file(editor, tmp_path, uri, language):
    (tmp_path / "macroengine.toml").write_text('dialect = "appsflyer"')
    ls = editor()
    text = f'URL = "{BAD}&i=(idfa)&d=(click-id)"\n' if language == "python" else BAD
    assert "ME101" in codes_of(ls.found(ls.open(uri, text, language)))


def test_templates_in_programs_are_found_and_fixed(editor, tmp_path):
    (tmp_path / "macroengine.toml").write_text('dialect = "appsflyer"')
    ls = editor()
    text = (
        'URL = "https://n.example/pb?q=1\\u0026c=(clickd)&i=(idfa)&d=(advertising_id)"\n'
        'OTHER = f"https://n.example/?c=(clickd)&i=(idfa)&d=(advertising_id)&x={1}"\n'
    )
    uri = ls.open("t.py", text, "python")
    found = ls.found(uri)
    marked = [one["range"] for one in found if one["code"] == "ME101"]
    assert [text[one["start"]["character"] : one["end"]["character"]] for one in marked] == ["(clickd)"]
    [unchecked] = [one for one in found if one["message"].startswith("template that is not checked")]
    assert (unchecked["range"]["start"]["line"], unchecked["severity"]) == (1, 3)
    [fix] = [one for one in ls.actions(uri, (0, 0, 0, 60)) if "ME101" in one["title"]]
    edits = fix["edit"]["documentChanges"][0]["edits"]
    assert edited(text, edits) == text.replace("(clickd)", "(clickid)", 1)
    assert "clickd" in ls.at("hover", uri, 0, 42)["contents"]["value"]
    assert ls.at("hover", uri, 1, 47) is None
    assert len(ls.about("documentSymbol", uri)) == 1


def test_a_fix_that_the_language_cannot_write_is_not_offered(editor, monkeypatch, tmp_path):
    (tmp_path / "macroengine.toml").write_text('dialect = "appsflyer"')
    ls = editor()
    uri = ls.open("t.py", "A = r'https://n.example/pb?c=(clickid)&i=(idfa)&&x=1'\n", "python")
    ls.found(uri)
    assert ls.actions(uri, (0, 0, 0, 60)) != []
    monkeypatch.setattr(Located, "rewritten", lambda *_: [])
    assert ls.actions(uri, (0, 0, 0, 60)) == []
    monkeypatch.undo()
    shown = templates_in("A = r'https://n.example/pb?c=(clickid)'\n", "t.py", Layout(embedded=dialect("appsflyer")))
    assert shown[0][0].rewritten("https://n.example/'\"\n") == []


def test_fixes_honour_what_the_editor_wants(editor):
    ls = editor()
    uri = ls.open("t.txt", f"{BAD}\n{BAD}\n")
    ls.found(uri)
    everything = (0, 0, 0, 60)
    quick = [one["title"] for one in ls.actions(uri, everything)]
    assert quick == ["Replace (clickd) with (clickid) (ME101, unsafe)", "Replace &; with & (ME222)"]
    for only in (["source"], ["source.fixAll"], ["source.fixAll.macroengine"]):
        [action] = ls.actions(uri, everything, only)
        assert action["kind"] == "source.fixAll.macroengine"
        edits = action["edit"]["documentChanges"][0]
        assert edits["textDocument"] == {"uri": uri, "version": 1}
        assert edited(f"{BAD}\n{BAD}\n", edits["edits"]) == f"{BAD}\n{BAD}\n".replace("&;ip", "&ip")
    assert {one["kind"] for one in ls.actions(uri, everything, ["quickfix"])} == {"quickfix"}
    assert ls.actions(uri, everything, ["refactor"]) == []
    assert ls.actions(uri, (1, 0, 1, 3), ["quickfix"]) == []
    ls.change(uri, 2, GOOD)
    assert ls.actions(uri, everything, ["source.fixAll"]) == []


def test_fixing_all_can_wait_until_it_is_wanted(editor):
    resolving = {"textDocument": {"codeAction": {"resolveSupport": {"properties": ["edit"]}}}}
    ls = editor(resolving)
    uri = ls.open("t.txt", f"{BAD}\n")
    [action] = [one for one in ls.actions(uri, (0, 0)) if one["kind"] != "quickfix"]
    assert "edit" not in action
    [edit] = ls.ask("codeAction/resolve", action)["edit"]["changes"][uri]
    assert edit == {"range": between(0, 32, 0, 33), "newText": ""}
    assert ls.ask("codeAction/resolve", {**action, "data": None})["title"] == action["title"]
    assert ls.actions(ls.open("u.txt", ""), (0, 0)) == []
    assert ls.actions(ls.uri("other.txt"), (0, 0)) is None


def test_a_macro_is_explained(editor):
    ls = editor()
    uri = ls.open("t.txt", f"{GOOD}\n")
    shown = ls.at("hover", uri, 0, 26)
    assert shown["range"] == between(0, 24, 0, 33)
    assert shown["contents"]["kind"] == "markdown"
    text = shown["contents"]["value"]
    assert text.startswith("**(clickid) of AppsFlyer**\n\nID that the network gave the click\n\n- field: `click_id`\n")
    assert "- source: `Link`\n" in text
    assert "- type: `text`\n" in text
    assert "<https://support.appsflyer.com/" in text
    assert ls.at("hover", uri, 0, 3) is None
    assert ls.at("hover", uri, 1, 0) is None
    assert ls.at("hover", ls.uri("other.txt"), 0, 0) is None


def test_a_finding_is_explained_by_the_page_of_its_rule(editor):
    ls = editor({})
    uri = ls.open("t.txt", f"{BAD}\n")
    shown = ls.at("hover", uri, 0, 26)["contents"]
    assert shown["kind"] == "plaintext"
    assert shown["value"].startswith("error ME101 unknown-macro\n\n    unknown macro 'clickd'; did you mean")
    assert "What it does: Finds macros" in shown["value"]
    assert "Use instead:\n\n    https://" in shown["value"]


def test_text_of_a_template_stays_text_where_it_is_shown(editor):
    ls = editor()
    hostile = "https://n.ex/?a={{x\u202e`<b>](javascript:alert)}}&b=\x1b[31m&c=(clickd`)<img src=x>"
    uri = ls.open("t.txt", hostile)
    for one in ls.found(uri):
        assert one["message"].replace("\n", "").isprintable()
    for character in range(0, len(hostile), 3):
        shown = ls.at("hover", uri, 0, character)
        if shown is not None:
            outside = shown["contents"]["value"].split("```")[::2]
            assert not any("<img" in text or "](" in text for text in outside)
            assert shown["contents"]["value"].replace("\n", "").isprintable()
    for action in ls.actions(uri, (0, 0, 0, 100)):
        assert action["title"].isprintable()
    [symbol] = ls.about("documentSymbol", uri)
    assert symbol["name"].isprintable()


def labels(items):
    return [item["label"] for item in items]


@pytest.mark.parametrize(
    ("template", "character", "label", "expected"),
    [
        pytest.param("https://n.ex/?c=(", 17, "clickid", "https://n.ex/?c=(clickid)", id="opener"),
        pytest.param("https://n.ex/?c=(cli", 20, "clickid", "https://n.ex/?c=(clickid)", id="name-so-far"),
        pytest.param(
            "https://n.ex/?c=(x)&d=(cli&e=1", 26, "clickid", "https://n.ex/?c=(x)&d=(clickid)&e=1", id="within"
        ),
        pytest.param("https://n.ex/?c=(clkid)", 18, "clickid", "https://n.ex/?c=(clickid)", id="another-name"),
        pytest.param("https://n.ex/?c=(", 17, "sha1-idfa", "https://n.ex/?c=(sha1-idfa)", id="function"),
        pytest.param("https://n.ex/?", 14, "ip=(ip)", "https://n.ex/?ip=(ip)", id="parameter"),
        pytest.param("https://n.ex/?a=1&", 18, "ip=(ip)", "https://n.ex/?a=1&ip=(ip)", id="second-parameter"),
        pytest.param("https://n.ex/?ip=&b=1", 17, "(ip)", "https://n.ex/?ip=(ip)&b=1", id="value"),
        pytest.param("https://n.ex/?😀=&b=(", 21, "ip", "https://n.ex/?😀=&b=(ip)", id="after-an-emoji"),
    ],
)
def test_macros_and_parameters_are_completed(editor, template, character, label, expected):
    ls = editor()
    uri = ls.open("t.txt", template)
    items = ls.at("completion", uri, 0, character)
    [item] = [item for item in items if item["label"] == label]
    ls.change(uri, 2, (*ends(item["textEdit"]["range"]), item["textEdit"]["newText"]))
    ls.tell("textDocument/didSave", {"textDocument": {"uri": uri}})
    [symbol] = ls.about("documentSymbol", uri)
    # The range of the whole is that of what is expected, and completing finds nothing more to write.
    assert symbol["range"]["end"]["character"] == len(expected.encode("utf-16-le")) // 2
    assert "documentation" not in item
    shown = ls.ask("completionItem/resolve", item)["documentation"]
    assert shown["kind"] == "markdown"
    assert "- field: " in shown["value"]


def ends(place):
    return (*place["start"].values(), *place["end"].values())


@pytest.mark.parametrize(
    ("template", "character"),
    [
        pytest.param("https://n.ex/?c=1", 5, id="server"),
        pytest.param("https://n.ex/?c=(ip)x", 21, id="after-a-macro"),
        pytest.param("https://n.ex/?c=(a b", 20, id="not-a-name"),
        pytest.param("https://n.ex/?c=1&d=2", 16, id="value-that-is-there"),
        pytest.param("https://n.ex/?" + "x" * 20_000, 20_000, id="too-long"),
        pytest.param("# https://n.ex/?", 16, id="comment"),
    ],
)
def test_nothing_is_completed_where_no_macro_begins(editor, template, character):
    ls = editor()
    uri = ls.open("t.txt", f"{template}\n{GOOD}")
    assert ls.at("completion", uri, 0, character) == []


def test_what_is_completed_is_what_the_policy_permits(editor, tmp_path):
    ls = editor()
    uri = ls.open("t.txt", "https://n.ex/?event_name=")
    assumed = ls.at("completion", uri, 0, 25)
    [event] = [item for item in assumed if item["label"] == "(event_name)"]
    assert event["preselect"]
    assert "; in-app" in event["detail"]
    (tmp_path / "macroengine.toml").write_text('postback = "install"')
    assert "(event_name)" not in labels(ls.at("completion", uri, 0, 25))
    (tmp_path / "macroengine.toml").write_text('dialect = "vast"\ncontext = "click"\n')
    assert "[CACHEBUSTING]" in labels(ls.at("completion", uri, 0, 25))
    (tmp_path / "own.toml").write_text(
        'name = "own"\ntitle = "Own"\nsyntax = "paren"\n[macros]\nmine = { field = "mine", source = "Link" }\n'
    )
    (tmp_path / "macroengine.toml").write_text('dialect = "own.toml"')
    [item] = ls.at("completion", uri, 0, 25)
    assert ls.ask("completionItem/resolve", item)["documentation"]["value"].startswith("**(mine) of Own**")
    for data in (None, [], ["x"], [uri], [uri, "own", "other"], [uri, "unknown", "x"], [1, 2, 3], {"a": 1}):
        assert "documentation" not in ls.ask("completionItem/resolve", {"label": "x", "data": data})


def test_a_name_that_is_denied_and_not_known_is_shown(editor, tmp_path):
    ls = editor()
    (tmp_path / "macroengine.toml").write_text('deny = ["nonsense"]', encoding="utf-8")
    uri = ls.open("t.txt", f"{GOOD}\nhttps://n.ex/?x=\n")
    found = ls.found(uri)
    assert [one["range"]["start"]["line"] for one in found] == [0, 1]
    assert found[0]["message"].startswith("policy denies 'nonsense', which is not a macro of AppsFlyer")
    assert "(clickid)" in labels(ls.at("completion", uri, 1, 16))
    assert "(clickid)" in ls.at("hover", uri, 0, 27)["contents"]["value"]
    (tmp_path / "macroengine.toml").write_text('deny = ["IDFA"]', encoding="utf-8")
    ls.at("hover", uri, 0, 27)
    assert ls.found(uri) == []


def test_a_place_far_along_a_long_line_is_counted():
    text = "é😀" * 500_000
    lines = Lines(text, UTF_16)
    assert [lines.offset(0, 3 * 499_000 + more) for more in range(4)] == [998_000, 998_001, 998_001, 998_002]


def test_many_places_in_a_long_line_are_counted():
    lines = Lines("é\n" + "é😀" * 500_000, UTF_16)
    for at in range(0, 1_000_000, 500):
        assert lines.range(at + 2, at + 3) == ((1, at // 2 * 3), (1, at // 2 * 3 + 1))
    assert lines.position(4) == (1, 3)
    assert lines.position(1) == (0, 1)


@pytest.mark.parametrize("name", ["t.txt", "t.py", "t.yaml", "t.json", "t.md"])
def test_binary_and_stale_and_reversed_changes_leave_the_server_as_it_was(editor, name):
    ls = editor()
    junk = bytes(range(256)).decode("latin-1") * 4
    uri = ls.open(name, f"{junk}\r\n'{BAD}&i=(idfa)'\r\n")
    ls.found(uri)
    ls.change(uri, 9, (99, 99, 0, 0, "\0"), (0, 5, 0, 2, "😀"), (0, 0, 0, 1, "\ud83d"))
    ls.change(uri, 2, f"'{GOOD}&i=(idfa)'\n")  # an older number: it came later all the same
    while (told := ls.wait_for("textDocument/publishDiagnostics", uri))["version"] != 2:
        pass
    assert "ME101" not in codes_of(told["diagnostics"])


OFFERED = {
    "sources": ('sources = ["Link"]', "(IDFA)", "(clickid)"),
    "deny": ('deny = ["idfa"]', "(IDFA)", "(clickid)"),
    "deny-hash": ('deny = ["IDFA"]', "(sha1-idfa)", "(clickid)"),
    "consent": ("consent = true", "(IDFA)", "(clickid)"),
    "consent-hash": ("consent = true", "(sha1-idfa)", "(clickid)"),
    "send-all": ("send_all = true", "(clickid)", "(IDFA)"),
    "kind": ('postback = "install"', "(event_name)", "(clickid)"),
}


@pytest.mark.parametrize("case", OFFERED)
def test_nothing_is_offered_that_check_refuses(editor, run, tmp_path, case):
    settings, refused, permitted = OFFERED[case]
    ls = editor()
    (tmp_path / "macroengine.toml").write_text(settings, encoding="utf-8")
    uri = ls.open("t.txt", "https://n.ex/?x=")
    for character in (16, 14):
        offered = {label.rpartition("=")[2] for label in labels(ls.at("completion", uri, 0, character))}
        assert permitted in offered
        assert refused not in offered
        (tmp_path / "all.txt").write_text("".join(f"https://n.ex/?x={one}\n" for one in sorted(offered)))
        found = run("check", tmp_path / "all.txt", "--select", "ME1,ME301,ME302,ME303,ME304,ME308,ME310")
        assert (found.status, found.err) == (0, ""), found.out


def test_a_row_decides_for_which_postback_macros_are_offered(editor):
    ls = editor()
    uri = ls.open("t.csv", "template,event\nhttps://n.ex/?x=,install\nhttps://n.ex/?x=,\n")
    assert "(event_name)" not in labels(ls.at("completion", uri, 1, 16))
    assert "(event_name)" in labels(ls.at("completion", uri, 2, 16))


def test_what_check_is_told_to_ignore_is_offered(editor, tmp_path):
    ls = editor()
    (tmp_path / "macroengine.toml").write_text('consent = true\nignore = ["ME308"]', encoding="utf-8")
    assert "(IDFA)" in labels(ls.at("completion", ls.open("t.txt", "https://n.ex/?x="), 0, 16))
    (tmp_path / "macroengine.toml").write_text('consent = true\nselect = ["ME1"]', encoding="utf-8")
    assert "(IDFA)" in labels(ls.at("completion", ls.open("u.txt", "https://n.ex/?x="), 0, 16))


def test_a_lens_shows_what_a_partner_would_receive(editor, tmp_path):
    ls = editor()
    uri = ls.open("t.txt", f"# list\n{GOOD}\n{BAD}\nhttps://n.ex/?a={{NONE\n")
    lenses = ls.about("codeLens", uri)
    assert [lens["range"] for lens in lenses] == [between(line, 0) for line in (1, 2, 3)]
    shown = [ls.ask("codeLens/resolve", lens)["command"] for lens in lenses[:2]]
    assert [one["title"] for one in shown] == ["→ https://n.example/pb?id=8594845", "no preview: 1 error"]
    command = {"command": shown[0]["command"], "arguments": shown[0]["arguments"]}
    assert ls.ask("workspace/executeCommand", command) == shown[0]["title"]
    assert ls.wait_for("window/showMessage")["message"] == shown[0]["title"]
    assert ls.ask("workspace/executeCommand", {**command, "arguments": [uri, 1]}) is None
    ls.change(uri, 2, "")
    assert ls.ask("codeLens/resolve", lenses[0])["code"] == -32801
    assert ls.ask("codeLens/resolve", {**lenses[0], "data": None})["code"] == -32801
    assert ls.about("codeLens", uri) == []
    assert ls.about("codeLens", ls.uri("other.txt")) is None
    (tmp_path / "macroengine.toml").write_text('dialect = "xandr"')  # which sends some values as they are
    ls.change(uri, 3, "https://n.ex/?a=${USER_AGENT}")
    [lens] = ls.about("codeLens", uri)
    assert ls.ask("codeLens/resolve", lens)["command"]["title"].startswith(
        "no preview: cannot send text without encoding"
    )


def test_an_outline_has_templates_and_parameters(editor):
    ls = editor()
    uri = ls.open("t.csv", f"partner,template\nAcme,{GOOD}&&(ip)&=1\n,{BAD}\n")
    acme, other = ls.about("documentSymbol", uri)
    assert (acme["name"], acme["detail"], other["name"]) == ("Acme", "n.example/pb", "n.example/pb")
    assert acme["range"] == between(1, 5, 1, 5 + len(GOOD) + 9)
    assert [(one["name"], one["detail"]) for one in acme["children"]] == [
        ("id", "(clickid)"),
        ("(ip)", ""),
        ("no name", "1"),
    ]
    assert ls.about("documentSymbol", ls.uri("other.txt")) is None
    long = ls.open("l.txt", "https://n.ex/?" + "x" * 20_000)
    assert "ME000" in ls.at("hover", long, 0, 16_384)["contents"]["value"]
    [long] = ls.about("documentSymbol", long)
    assert long["children"] == []


def test_settings_count_as_they_change(editor, tmp_path):
    ls = editor()
    uri = ls.open("t.txt", f"{EVENT}&(clickd)")
    assert "ME301" not in codes_of(ls.found(uri))
    (tmp_path / "macroengine.toml").write_text('postback = "install"')
    ls.tell("workspace/didChangeWatchedFiles", {"changes": []})
    assert "ME301" in codes_of(ls.found(uri))
    (tmp_path / "macroengine.toml").unlink()
    (tmp_path / "pyproject.toml").write_text("[tool.macroengine]\nselect = ['ME101']")
    ls.tell("textDocument/didSave", {"textDocument": {"uri": ls.uri("pyproject.toml")}})
    assert codes_of(ls.found(uri)) == ["ME101"]
    # Without a word of the editor, at the next change.
    (tmp_path / "macroengine.toml").write_text('postback = "install"')
    ls.change(uri, 2, EVENT)
    assert "ME301" in codes_of(ls.found(uri))


def test_a_broken_file_of_settings_is_shown_and_the_last_good_one_counts(editor, tmp_path):
    (tmp_path / "macroengine.toml").write_text('postback = "install"')
    ls = editor()
    uri = ls.open("t.txt", EVENT)
    assert "ME301" in codes_of(ls.found(uri))
    config = ls.uri("macroengine.toml")
    for text, line, message in (
        ("send_all = true\npostback = ", 0, "not TOML: invalid value (at end of document)"),
        ("send_all = true\npostback = x\n", 1, "not TOML: invalid value (at line 2, column 12)"),
        ("# x\npostbck = 'install'", 1, "unknown key 'postbck'; did you mean 'postback'?"),
        ("\n\nsend_all = 1", 2, "'send_all' must be true or false, not 1"),
        ("a = {", 0, "not TOML: "),
    ):
        (tmp_path / "macroengine.toml").write_text(text)
        ls.change(uri, 2, f"{EVENT}&x=1")
        assert "ME301" in codes_of(ls.found(uri))
        [problem] = ls.found(config)
        assert problem["message"].startswith(message)
        assert problem["range"]["start"]["line"] == line
        assert message in ls.wait_for("window/showMessage")["message"]
        ls.change(uri, 2, f"{EVENT}&x=2")
        assert "ME301" in codes_of(ls.found(uri))
    (tmp_path / "macroengine.toml").write_text('context = "click"')
    ls.change(uri, 3, EVENT)
    assert "ME301" not in codes_of(ls.found(uri))
    assert ls.found(config)[0]["message"].startswith("unknown context 'click'")
    (tmp_path / "macroengine.toml").write_text('postback = "install"')
    ls.change(uri, 4, EVENT)
    assert "ME301" in codes_of(ls.found(uri))
    assert ls.found(config) == []


@pytest.mark.parametrize("name", ["macroengine.toml", "pyproject.toml"])
def test_settings_that_cannot_be_read_are_shown_where_they_are(editor, tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "pyproject.toml").write_text("[tool.other]\n")  # is nearer, and has none
    ls = editor()
    ls.open("sub/t.txt", EVENT)
    assert [problem["message"] for problem in ls.found(ls.uri(name))] == ["is a directory"]
    assert ls.wait_for("window/showMessage")["message"].startswith(f"{name}: is a directory; the settings before")
    (tmp_path / name).rmdir()
    ls.change(ls.uri("sub/t.txt"), 2, f"{EVENT}&x=1")
    assert ls.found(ls.uri(name)) == []


def test_settings_of_the_editor_are_over_those_of_files(editor, tmp_path):
    (tmp_path / "macroengine.toml").write_text('postback = "in-app"')
    ls = editor(initializationOptions={"postback": "install", "select": [], "dialect": None})
    uri = ls.open("t.txt", EVENT)
    assert "ME301" in codes_of(ls.found(uri))
    ls.tell("workspace/didChangeConfiguration", {"settings": {"macroengine": {}}})
    assert "ME301" not in codes_of(ls.found(uri))
    for wrong in ({"x": 1}, {"dialect": "none"}, {"dialect": "none.toml"}, [1]):
        ls.tell("workspace/didChangeConfiguration", {"settings": {"macroengine": wrong}})
        assert "the settings of the editor" in ls.wait_for("window/showMessage")["message"]
    ls.tell("workspace/didChangeConfiguration", {"settings": None})
    ls.change(uri, 2, f"{EVENT}&(clickd)")
    while "ME101" not in codes_of(ls.found(uri)):  # it was checked again with the settings before, too
        pass


def test_the_editor_is_asked_for_its_settings(editor):
    workspace = {
        "configuration": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
    }
    ls = editor({"workspace": workspace})
    ls.answers["workspace/configuration"] = [{"postback": "install"}]
    registered = ls.wait_for("client/registerCapability")["registrations"]
    assert [one["method"] for one in registered] == [
        "workspace/didChangeWatchedFiles",
        "workspace/didChangeConfiguration",
    ]
    assert ls.wait_for("workspace/configuration")["items"] == [{"section": "macroengine"}]
    uri = ls.open("t.txt", EVENT)
    while "ME301" not in codes_of(ls.found(uri)):  # it is also checked before the answer is there
        pass
    ls.answers["workspace/configuration"] = [{"postback": "in-app"}]
    ls.tell("workspace/didChangeConfiguration", {"settings": None})
    assert "ME301" not in codes_of(ls.found(uri))
    ls.answers["workspace/configuration"] = [None]
    ls.tell("workspace/didChangeConfiguration", {"settings": None})
    ls.change(uri, 2, GOOD)
    assert ls.found(uri) == []


def test_a_later_text_is_checked_instead(editor):
    ls = editor()
    uri = ls.open("t.txt", f"{BAD}\n" * 300)
    for version in range(2, 30):
        ls.change(uri, version, (0, 0, 0, 0, f"https://n{version}.example/pb?c=(clickd)\n"))
    ls.change(uri, 30, GOOD)
    found = ls.wait_for("textDocument/publishDiagnostics", uri)
    while found["version"] < 30:
        found = ls.wait_for("textDocument/publishDiagnostics", uri)
    assert found["diagnostics"] == []


EXIT = b'\r\nContent-Length: 33\r\n\r\n{"jsonrpc":"2.0","method":"exit"}'


def different(count):
    return "".join(f"https://n{number}.example/pb?c=(clickd)&;ip=(ip)\n" for number in range(count))


def test_a_request_is_cancelled_or_outdated_by_an_edit(editor):
    ls = editor()
    uri = ls.open("t.txt", different(3_000))
    context = {"textDocument": {"uri": uri}, "range": between(0, 0), "context": {"diagnostics": [], "only": ["source"]}}
    cancelled = ls.begin("textDocument/codeAction", context)
    ls.tell("$/cancelRequest", {"id": cancelled})
    assert ls.answer(cancelled)["error"]["code"] == -32800
    outdated = ls.begin("textDocument/codeAction", context)
    ls.at("hover", uri, 0, 0)  # answered in between
    ls.change(uri, 2, GOOD)
    assert ls.answer(outdated)["error"]["code"] == -32801
    ls.tell("$/cancelRequest", {"id": 77})
    assert ls.found(uri) == []


@pytest.mark.slow
def test_a_file_of_ten_thousand_lines_leaves_the_editor_responsive(editor):
    ls = editor()
    uri = ls.open("t.txt", different(10_000))
    assert ls.at("hover", uri, 9_999, 32)["range"]["start"]["line"] == 9_999
    found = ls.found(uri)
    assert len(found) == 2_001
    assert found[-1]["message"] == "18,000 more findings from here on are not shown; macroengine check lists them"
    assert ls.about("codeLens", uri) == []
    symbols = ls.about("documentSymbol", uri)
    assert (len(symbols), symbols[0]["children"]) == (10_000, [])
    ls.change(uri, 2, (5_000, 0, 5_001, 0, ""))
    assert len(ls.found(uri)) == 2_001


def test_messages_that_are_wrong_are_answered(editor, tmp_path):
    ls = editor(start=False)
    ls.send_raw(b"Content-Length: 3\r\n\r\n{x}")
    assert ls.read()["error"]["code"] == -32700
    ls.send(b"[" * 100_000)
    assert ls.read()["error"]["code"] == -32700
    for body in (b"[]", b"1", b"{}", b'{"jsonrpc": "1.0", "id": 1}'):
        ls.send(body)
        assert ls.read()["error"]["code"] == -32600
    assert ls.ask("textDocument/hover", {})["code"] == -32002
    ls.tell("textDocument/didOpen", {})
    ls.send_raw(b"content-length:2\r\nx: y\r\n\r\n{}")
    assert ls.read()["error"]["code"] == -32600
    ls.ask("initialize", {"capabilities": {}, "processId": None, "rootUri": None, "rootPath": str(tmp_path)})
    ls.tell("initialized", {})
    for params in (None, {}, {"textDocument": 1}, {"textDocument": {"uri": 1}, "position": {"line": "x"}}):
        assert ls.ask("textDocument/hover", params)["code"] == -32602
    assert ls.ask("textDocument/nothing", {})["code"] == -32601
    assert ls.ask("workspace/executeCommand", {"command": "nothing"})["code"] == -32602
    ls.tell("textDocument/didOpen", {})
    ls.tell("textDocument/nothing", {})
    ls.change(ls.uri("not-open.txt"), 2, "x")
    ls.tell("textDocument/didClose", {"textDocument": {"uri": ls.uri("not-open.txt")}})
    uri = ls.open("t.txt", BAD)
    for place in ((0, 10**6), (10**6, 0), (0, 0, 10**6, 10**6), (5, 0, 0, 0)):
        assert isinstance(ls.actions(uri, place), list)
        ls.at("hover", uri, *place[:2])
        ls.at("completion", uri, *place[:2])
    ls.change(uri, 2, (10**6, 3, 10**6, 9, "&x=1"), (3, 0, 0, 2, ""))
    assert "ME101" in codes_of(ls.found(uri))
    assert ls.ask("shutdown", None) is None
    assert ls.ask("textDocument/hover", {})["code"] == -32600
    ls.tell("initialized", {})


@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(lambda ls: ls.send_raw(EXIT * 2), id="exit-and-more"),
        pytest.param(lambda ls: ls.tell("exit", None), id="exit-without-shutdown"),
        pytest.param(lambda _: None, id="closed"),
        pytest.param(lambda ls: ls.send_raw(b"Content-Length: 100\r\n\r\n{"), id="closed-within-a-message"),
        pytest.param(lambda ls: ls.send_raw(b"Content-Length: 999999999999\r\n\r\n"), id="endless-message"),
        pytest.param(lambda ls: ls.send_raw(b"Content-Length: 1"), id="closed-within-a-header"),
    ],
)
def test_an_editor_that_leaves_without_a_word_ends_the_server(tmp_path, leave):
    ls = Editor(tmp_path)
    leave(ls)
    ls.end()
    assert ls.status == 1


def test_an_editor_that_reads_no_more_ends_the_server(tmp_path):
    ls = Editor(tmp_path)
    ls.stop_reading()
    ls.open("t.txt", BAD)
    ls.end()
    assert ls.status == 1


def test_leaving_as_one_should_is_success(tmp_path):
    ls = Editor(tmp_path)
    ls.close()
    assert ls.status == 0


def test_two_servers_know_nothing_of_each_other(editor, tmp_path):
    one, other = editor(), editor(initializationOptions={"postback": "install"})
    uri = one.uri("t.txt")
    one.open("t.txt", EVENT)
    other.open("t.txt", EVENT)
    assert "ME301" not in codes_of(one.found(uri))
    assert "ME301" in codes_of(other.found(uri))


@pytest.mark.parametrize(
    "text", ["\x00\x1b[2J", "(" * 16_000, "{{${" * 4_000, "%" * 16_000, "\ud800", "😀" * 9_000, "\u202e<script>"]
)
def test_hostile_templates_are_checked_like_others(editor, text):
    ls = editor()
    uri = ls.open("t.txt", f"https://n.example/?a={text}\n{BAD}\n")
    found = ls.found(uri)
    assert "ME101" in codes_of(found) or len(found) == 2_001
    for character in (0, 30, 10_000):
        for method in ("hover", "completion"):
            ls.at(method, uri, 0, character)
    ls.actions(uri, (0, 0, 0, 40))
    assert len(ls.about("documentSymbol", uri)) == 2
    lens = ls.about("codeLens", uri)[0]
    assert ls.ask("codeLens/resolve", lens)["command"]["title"].isprintable()


def test_the_process_serves_its_standard_streams(monkeypatch, tmp_path):
    threshold = gc.get_threshold()
    said = b'Content-Length: 17\r\n\r\n{"jsonrpc":"2.0"}'
    (tmp_path / "in").write_bytes(said)
    with (tmp_path / "in").open() as stdin, (tmp_path / "out").open("w") as stdout:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", stdout)
        assert running.run() == 1
        print("by accident")
    gc.set_threshold(*threshold)
    gc.unfreeze()
    assert b"by accident" not in (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("encoding", [UTF_8, UTF_16, UTF_32])
@reaching(beyond=20)
@given(text=st.text(st.sampled_from("ab\r\n\x0c\u2028é😀\ud800"), max_size=20), data=st.data())
def test_offsets_and_positions_are_inverse(encoding, text, data):
    lines = Lines(text, encoding)
    offset = data.draw(st.integers(0, len(text)))
    line, character = lines.position(offset)
    within_break = text[offset - 1 : offset + 1] == "\r\n"
    assert lines.offset(line, character) == (offset - 1 if within_break else offset)
    stop = data.draw(st.integers(offset, len(text)))
    assert lines.range(offset, stop) == ((line, character), lines.position(stop))
    assert lines.offset(-1, 3) == 0
    assert lines.offset(line, -1) == lines.offset(line, 0)
    assert lines.offset(1_000, 0) == len(text)
    reached(*["beyond"] * (not text.isascii()))


@reaching(markup=40)
@given(st.text(st.sampled_from("`~*_[]<>&;#-+.:/ w1\n\x1b\u202e"), max_size=30))
def test_markup_is_escaped(text):
    blocks = [Heading(text), Prose(text), Code(text), Facts((("a", text), ("b", f"{text}https://n.example/x")))]
    shown = markdown(blocks)
    assert shown.replace("\n", "").isprintable()
    assert plain(blocks).replace("\n", "").isprintable()
    heading, *_ = shown.partition("\n\n")
    assert not re.search(r"(?<!\\)(?:\\\\)*[<`\[]", heading)
    reached(*["markup"] * bool(re.search(r"[<`\[]", text)))


CELLS = st.text(st.sampled_from('ab",;~! é😀\\'), min_size=1, max_size=12)


@reaching(awkward=30)
@given(CELLS, CELLS, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.booleans())
def test_characters_of_templates_are_where_they_are(template, other, quoting, as_json):
    url = f"https://n.ex/?a={template}"
    if as_json:
        name = "t.jsonl"
        text = json.dumps({"x": other, "template": url}, ensure_ascii=quoting == csv.QUOTE_ALL) + "\n"
    else:
        name, out = "t.csv", io.StringIO()
        csv.writer(out, quoting=quoting).writerows([["x", "template"], [other, url]])
        text = out.getvalue()
    [located], troubles = templates_in(text, name, Layout())
    assert troubles == []
    offsets = located.offsets()
    assert len(offsets) == len(url) + 1
    assert text[offsets[0] : offsets[16]] == "https://n.ex/?a="
    for index, character in enumerate(url):
        written = text[offsets[index] : offsets[index + 1]]
        assert written in (character, json.dumps(character)[1:-1], character * 2)
    changed = text
    for edit in located.rewritten(f"{url}&b=1"):
        changed = changed[: edit.start] + edit.replacement + changed[edit.end :]
    assert templates_in(changed, name, Layout())[0][0].template == f"{url}&b=1"
    assert located.rewritten(url) == []
    reached(*["awkward"] * (not template.isalnum()))


def test_a_place_that_cannot_be_told_is_the_whole_row():
    odd = 'template\n"https://n.ex/?a="b"c"\n'
    [located], _ = templates_in(odd, "t.csv", Layout())
    assert located.extent(0, 3)[0] >= len("template\n")


def test_a_line_with_a_repeated_key_is_reported():
    text = '{"template": "https://n.ex/?a=1"}\n{"template": "https://n.ex/?a=1", "template": "https://n.ex/?a=2"}\n'
    [located], [trouble] = templates_in(text, "t.jsonl", Layout())
    assert located.template == "https://n.ex/?a=1"
    assert trouble.message == "key 'template' is repeated in one object"


def test_what_fails_in_one_document_is_logged_and_the_others_are_checked(editor, monkeypatch, caplog):
    ls = editor()
    whole, failed = lsp_server.reports, Event()

    def failing(document, checked):
        if document.name == "bad.txt":
            failed.set()
            raise AssertionError("a fault of the server")
        return whole(document, checked)

    monkeypatch.setattr(lsp_server, "reports", failing)
    ls.open("bad.txt", BAD)
    # On a busy machine the other document would be ready first.
    assert failed.wait(60)
    assert "ME101" in codes_of(ls.found(ls.open("t.txt", BAD)))
    assert "a fault of the server" in caplog.text


def test_an_editor_may_refuse_what_it_said_it_can(editor, caplog):
    workspace = {"didChangeWatchedFiles": {"dynamicRegistration": True}}
    ls = editor({"workspace": workspace}, refusing=True)
    assert "ME101" in codes_of(ls.found(ls.open("t.txt", BAD)))
    for _ in range(3):  # until it has been told
        assert ls.at("hover", ls.uri("t.txt"), 0, 26) is not None
    assert "the editor refuses" in caplog.text


def test_a_fault_of_the_server_is_an_answer_and_in_the_log(editor, monkeypatch, caplog):
    ls = editor()
    uri = ls.open("t.txt", BAD)
    ls.found(uri)
    monkeypatch.setattr(Lines, "offset", None)
    assert ls.at("hover", uri, 0, 0)["code"] == -32603
    monkeypatch.undo()
    assert ls.at("hover", uri, 0, 26) is not None
    assert "'NoneType' object is not callable" in caplog.text


@pytest.mark.parametrize("terminal", [False, True])
def test_the_command_runs_the_server(run, monkeypatch, terminal):
    monkeypatch.setattr("macroengine.lsp.running.run", lambda: 7)
    stdin = SimpleNamespace(isatty=lambda: terminal)
    monkeypatch.setattr(import_module("macroengine.cli.lsp"), "sys", SimpleNamespace(stdin=stdin))
    status, out, err = run("lsp", "--stdio")
    assert (status, out) == (7, "")
    expected = "macroengine: waiting for an editor to speak the Language Server Protocol; Ctrl-C ends it\n"
    assert err == (expected if terminal else "")
