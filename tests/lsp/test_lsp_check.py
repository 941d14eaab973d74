"""The language server finds and fixes what `check` finds and fixes in the same file."""

import json
from pathlib import Path

import pytest

from tests.support.editor import MARKDOWN, Editor, edited

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BAD = "https://n.example/pb?c=(clickd)&;ip=(ip)&e=(event_name)"
URLS = "https://n.example/pb?id=(click-id)&;gaid=(advertising_id)&i=(idfa)&x=(clickd)"
FILES = {
    "t.txt": f"# macroengine: ignore ME222\n{BAD}\n{URLS}  # macroengine: ignore ME101\n\n  {BAD}\nGET {BAD}\n",
    "crlf.txt": f"{BAD}\r\n{URLS}\r\n",
    "bom.txt": f"\ufeff{BAD}\n{URLS}\n",
    "excel.txt": f"partner\ttemplate\nAcme\t{BAD}\n",
    "t.csv": f'partner,postback url,platform,event,ignore\nAcme,"{BAD}",AppsFlyer,install,\n'
    "B,{click_id},appmetrica,,ME204\n",
    "s.csv": f'sep=;\ntemplate;event\n"{URLS}&q=""x""";purchase\n',
    "t.tsv": f"template\tpartner\n{URLS}\tA\n",
    "t.jsonl": f"{json.dumps(BAD)}\n{json.dumps({'template': URLS + 'é', 'partner': 'Ä'})}\n",
    "t.py": f'A = "{URLS}"\nB = (\n    "https://n.example/pb?id=(click-id)&;"\n'
    f'    "gaid=(advertising_id)&i=(idfa)"\n)\nC = f"{URLS}{{A}}"\n',
    "t.json": json.dumps({"a": URLS, "b": [URLS + '&q="']}, indent=1),
    "t.yaml": f"a: {URLS}\nb: '{URLS}'\n",
    "t.toml": f'a = "{URLS}"\n',
    "t.js": f"const a = '{URLS}';\n",
    "t.html": f'<a href="{URLS.replace("&", "&amp;")}">x</a>\n',
    "t.md": f"[x](<{URLS}>)\n\n```\n{URLS}\n```\n",
}
SETTINGS = [
    "",
    'dialect = "auto"',
    'postback = "install"\nignore = ["ME3"]',
    'dialect = "appsflyer"\nselect = ["ME1", "ME222"]',
]
_SEVERITIES = {1: "error", 2: "warning", 3: "info"}


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    ls = Editor(tmp_path_factory.mktemp("project"), MARKDOWN)
    yield ls
    ls.close()


def cases():
    for name in FILES:
        for settings in SETTINGS:
            marks = [] if settings in SETTINGS[:2] else [pytest.mark.slow]
            yield pytest.param(name, settings, marks=marks, id=f"{name}-{SETTINGS.index(settings)}")


@pytest.mark.parametrize(("name", "settings"), list(cases()))
def test_the_server_finds_what_check_finds(editor, run, name, settings):
    folder = editor.folder
    (folder / "macroengine.toml").write_text(settings, encoding="utf-8")
    editor.tell("workspace/didChangeWatchedFiles", {"changes": []})
    text = FILES[name]
    (folder / name).write_text(text, encoding="utf-8", newline="")
    uri = editor.open(name, text, Path(name).suffix[1:])
    shown = editor.found(uri)
    said = json.loads(run("check", folder / name, "--format", "json").out)
    expected = [
        (one["code"], one["severity"], one["message"] + (f"\nhint: {one['hint']}" if one.get("hint") else ""))
        for one in said
    ]
    assert [(one["code"], _SEVERITIES[one["severity"]], one["message"]) for one in shown] == expected
    edits = [
        edit
        for action in editor.actions(uri, (0, 0), ["source.fixAll"])
        for edit in action["edit"]["documentChanges"][0]["edits"]
    ]
    run("check", "--fix", folder / name)
    assert edited(text, edits) == (folder / name).read_bytes().decode()
    editor.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    assert editor.found(uri) == []


def test_an_example_of_the_library_is_read_alike(editor, run):
    (editor.folder / "macroengine.toml").write_text("", encoding="utf-8")
    text = (EXAMPLES / "partners.csv").read_text(encoding="utf-8")
    uri = editor.open("partners.csv", text, "csv")
    said = json.loads(run("check", EXAMPLES / "partners.csv", "--format", "json").out)
    assert [one["code"] for one in editor.found(uri)] == [one["code"] for one in said]
