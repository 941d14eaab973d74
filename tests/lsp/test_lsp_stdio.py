"""The language server as editors run it: a process, spoken to on its standard input and output."""

import asyncio
import subprocess
import sys

import pytest

pytest.importorskip("pytest_lsp", reason="pytest-lsp is not installed: pip install 'macroengine[test]'")

from lsprotocol import types
from pytest_lsp import client_capabilities, make_test_lsp_client

from macroengine.cli.lsp import lsp

COMMAND = [sys.executable, "-m", "macroengine", "lsp"]
TEXT = "https://n.example/😀?c=(clickd)&;ip=(ip)\nhttps://n.example/pb?c=(clickid)\n"


def session(folder, client="visual_studio_code", *arguments):
    """Run a test with a client that has what an editor has."""

    def decorated(test):
        async def run():
            ls = make_test_lsp_client()
            await ls.start_io(*COMMAND, *arguments)
            capabilities = client_capabilities(client)
            params = types.InitializeParams(capabilities, root_uri=folder.as_uri())
            await ls.initialize_session(params)
            uri = (folder / "t.txt").as_uri()
            ls.text_document_did_open(
                types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "plaintext", 1, TEXT))
            )
            await ls.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
            await test(ls, uri, types.TextDocumentIdentifier(uri))
            await ls.shutdown_session()
            assert await asyncio.wait_for(ls._server.wait(), 20) == 0
            await ls.stop()

        asyncio.run(run())

    return decorated


@pytest.mark.parametrize(
    "client",
    [
        "visual_studio_code",
        pytest.param("neovim", marks=pytest.mark.slow),
        pytest.param("emacs", marks=pytest.mark.slow),
    ],
)
def test_editors_get_all_features(tmp_path, client):
    @session(tmp_path, client, "--stdio")
    async def _(ls, uri, document):
        assert {one.code for one in ls.diagnostics[uri]} == {"ME101", "ME222", "ME226"}
        first = next(one for one in ls.diagnostics[uri] if one.code == "ME101")
        shown = await ls.text_document_hover_async(types.HoverParams(document, first.range.start))
        assert shown.range == first.range
        place = types.Range(types.Position(0, 0), types.Position(0, 50))
        context = types.CodeActionContext([])
        actions = await ls.text_document_code_action_async(types.CodeActionParams(document, place, context))
        assert {"ME101", "ME222"} <= {one.diagnostics[0].code for one in actions if one.diagnostics}
        context = types.CodeActionContext([], only=[types.CodeActionKind.SourceFixAll])
        [everything] = await ls.text_document_code_action_async(types.CodeActionParams(document, place, context))
        changed = everything.edit.document_changes
        if changed is None:  # the editor knows edits of the newest version only
            assert len(everything.edit.changes[uri]) == 1
        else:
            assert [(one.text_document.version, len(one.edits)) for one in changed] == [(1, 1)]
        items = await ls.text_document_completion_async(types.CompletionParams(document, types.Position(1, 24)))
        item = next(one for one in items if one.label == "clickid")
        documentation = (await ls.completion_item_resolve_async(item)).documentation
        assert "click" in getattr(documentation, "value", documentation)
        lenses = await ls.text_document_code_lens_async(types.CodeLensParams(document))
        lens = await ls.code_lens_resolve_async(lenses[1])
        assert lens.command.title == "→ https://n.example/pb?c=8594845"
        symbols = await ls.text_document_document_symbol_async(types.DocumentSymbolParams(document))
        assert [one.name for one in symbols] == ["n.example/😀", "n.example/pb"]
        (tmp_path / "macroengine.toml").write_text('ignore = ["ME"]')
        ls.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([]))
        while ls.diagnostics[uri]:
            await ls.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)


def test_bad_input_is_answered_and_the_server_goes_on(tmp_path):
    @session(tmp_path)
    async def _(ls, uri, document):
        for body in (b"{x", b"[]", b'{"jsonrpc": "2.0", "id": "x", "method": "textDocument/hover", "params": {}}'):
            ls.protocol.writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        hover = types.HoverParams(document, types.Position(9_999, 9_999))
        assert await ls.text_document_hover_async(hover) is None


@pytest.mark.slow
def test_two_servers_serve_two_editors(tmp_path):
    @session(tmp_path)
    async def _(one, uri, document):
        async def other():
            ls = make_test_lsp_client()
            await ls.start_io(*COMMAND)
            await ls.initialize_session(types.InitializeParams(client_capabilities("neovim")))
            await ls.shutdown_session()
            await ls.stop()

        await asyncio.gather(other(), other())
        assert one.diagnostics[uri]


def test_a_closed_input_ends_it():
    done = subprocess.run(COMMAND, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_without_its_extra_it_says_how_to_get_it(run, monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("macroengine.lsp", "pygls"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pygls", None)
    status, out, err = run("lsp")
    assert (status, out) == (2, "")
    assert err == ("macroengine: the language server needs its extra: pip install 'macroengine[lsp]'\n")


def test_another_module_that_is_missing_is_an_error_of_ours(monkeypatch):
    monkeypatch.setitem(sys.modules, "macroengine.lsp.running", None)
    with pytest.raises(ModuleNotFoundError, match="macroengine"):
        lsp.callback(stdio=True)
