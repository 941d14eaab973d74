"""The handlers of the editor's messages."""

import logging
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcException
from pygls.uris import to_fs_path

from macroengine.lsp import actions, completion, previews, symbols
from macroengine.lsp.configuration import Configuration
from macroengine.lsp.documents import Document, OutdatedError
from macroengine.lsp.hover import about_macro, hover
from macroengine.lsp.markup import plain
from macroengine.lsp.positions import UTF_16
from macroengine.lsp.reports import NAME
from macroengine.lsp.server import Server
from macroengine.workspace.embedded.languages import language, quoted_language

_log = logging.getLogger("macroengine.lsp")
Result = TypeVar("Result")


def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Store the folder and the settings of the editor."""
    folders = [folder.uri for folder in params.workspace_folders or ()]
    roots = [_path(uri) for uri in (*folders, params.root_uri or "")]
    ls.configuration = Configuration(next((root for root in roots if root is not None), Path.cwd()))
    if params.initialization_options:
        ls.give(params.initialization_options)


async def initialized(ls: Server, params: types.InitializedParams) -> None:  # noqa: ARG001 - pygls passes it
    """Request the settings of the editor, and notifications about changed configuration files."""
    workspace = ls.client_capabilities.workspace
    watching = workspace and workspace.did_change_watched_files
    changing = workspace and workspace.did_change_configuration
    wanted = []
    if watching and watching.dynamic_registration:
        watchers = [types.FileSystemWatcher("**/*.toml")]
        options: Any = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        wanted.append(types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options))
    if changing and changing.dynamic_registration:
        options = types.DidChangeConfigurationRegistrationOptions(NAME)
        wanted.append(types.Registration("settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, options))
    try:
        if wanted:
            await ls.client_register_capability_async(types.RegistrationParams(wanted))
        await _ask_for_settings(ls)
    except JsonRpcException as error:  # it announced this ability, but continue without it
        _log.warning("the editor refuses: %s", error)


async def _ask_for_settings(ls: Server) -> None:
    workspace = ls.client_capabilities.workspace
    if workspace and workspace.configuration:
        item = types.ConfigurationItem(section=NAME)
        [data] = await ls.workspace_configuration_async(types.ConfigurationParams([item]))
        ls.give(data or {})
        ls.check_again()


async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    """Use the changed settings of the editor, or request them."""
    if isinstance(params.settings, dict) and NAME in params.settings:
        ls.give(params.settings[NAME] or {})
        ls.check_again()
    else:
        await _ask_for_settings(ls)


def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:  # noqa: ARG001
    """Read the configuration files again."""
    ls.check_again()


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Check a document that was opened."""
    item = params.text_document
    path = _path(item.uri)
    encoding = str(ls.protocol.server_capabilities.position_encoding or UTF_16)
    name = _name_of(item.uri, path, item.language_id)
    path = path or ls.configuration.root / name
    settings = ls.configuration.settings_for(path)
    workspace = ls.client_capabilities.workspace
    versioned = bool(workspace and workspace.workspace_edit and workspace.workspace_edit.document_changes)
    document = Document(item.uri, path, name, item.text, item.version, encoding, settings, versioned)
    ls.documents[item.uri] = document
    ls.schedule(document)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Check the changed parts of a document."""
    document = ls.documents.get(params.text_document.uri)
    if document is not None:
        document.change(params.content_changes, params.text_document.version)
        ls.schedule(document)


def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    """Read the configuration files again when one of them, or a custom dialect, is saved."""
    if params.text_document.uri.endswith(".toml"):
        ls.check_again()


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Forget a document and its findings."""
    document = ls.documents.pop(params.text_document.uri, None)
    if document is not None:
        ls.tasks.pop(document.uri).cancel()
        document.state += 1
        ls.publish(document.uri, [])


def on_hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    """Return what is known about a place."""
    document = ls.document(params.text_document.uri)
    found = None if document is None else hover(document, params.position)
    if found is None:
        return None
    text = ls.client_capabilities.text_document
    formats = text and text.hover and text.hover.content_format
    return types.Hover(ls.markup(found[0], formats), found[1])


def on_completion(ls: Server, params: types.CompletionParams) -> list[types.CompletionItem] | None:
    """Return the completions at a place."""
    document = ls.document(params.text_document.uri)
    return None if document is None else completion.completions(document, params.position)


def on_completion_resolve(ls: Server, item: types.CompletionItem) -> types.CompletionItem:
    """Return the completion with the catalogue's facts about it."""
    document = ls.document(item.data[0]) if isinstance(item.data, list) and item.data else None
    found = None if document is None else completion.offered(document, item.data)
    if found is not None:
        text = ls.client_capabilities.text_document
        options = text.completion.completion_item if text and text.completion else None
        formats = options.documentation_format if options else None
        blocks = list(about_macro(*found))
        item.documentation = ls.markup(blocks, formats) if formats else plain(blocks)
    return item


async def on_code_action(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    """Return the fixes for a range, and for the whole document."""
    document = ls.document(params.text_document.uri)
    if document is None:
        return None
    only = params.context.only
    found = list(actions.quick_fixes(document, params.range, only))
    if only is None:
        found += [actions.unresolved_fix_all(document)] if _resolves_actions(ls) and document.has_safe_fixes else []
    elif actions.is_wanted(actions.FIX_ALL, only):
        edits = await _unless_outdated(actions.all_edits(document))
        found += [actions.fix_all(document, edits)] if edits else []
    return found


def _resolves_actions(ls: Server) -> bool:
    text = ls.client_capabilities.text_document
    action = text.code_action if text else None
    support = action.resolve_support if action else None
    return support is not None and "edit" in support.properties


async def on_code_action_resolve(ls: Server, action: types.CodeAction) -> types.CodeAction:
    """Return the action with its edits."""
    document = ls.document(action.data) if isinstance(action.data, str) else None
    if document is not None:
        action.edit = actions.changes(document, await _unless_outdated(actions.all_edits(document)))
    return action


async def on_code_lens(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens] | None:
    """Return a lens for each template."""
    document = ls.document(params.text_document.uri)
    return None if document is None else await _unless_outdated(previews.lenses(document))


def on_code_lens_resolve(ls: Server, lens: types.CodeLens) -> types.CodeLens:
    """Return the lens with its text."""
    match lens.data:
        case [str(uri), int(start)]:
            shown = _preview(ls, uri, start)
            if shown is not None:
                lens.command = previews.command(shown, uri, start)
                return lens
    raise JsonRpcContentModified("the document has changed")


def _preview(ls: Server, uri: str, start: int) -> str | None:
    document = ls.document(uri)
    located = None if document is None else document.template_at(start)
    return None if document is None or located is None else previews.preview_of(document, located)


def show_preview(ls: Server, uri: str, start: int) -> str | None:
    """Show the whole URL of a lens."""
    shown = _preview(ls, uri, start)
    if shown is not None:
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, shown))
    return shown


async def on_document_symbol(ls: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol] | None:
    """Return an outline of a document."""
    document = ls.document(params.text_document.uri)
    return None if document is None else await _unless_outdated(symbols.symbols(document))


def _path(uri: str) -> Path | None:
    found = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(found) if found else None


def _name_of(uri: str, path: Path | None, language_id: str) -> str:
    """Return the name from which a document's format is inferred. One that is not saved has no name."""
    if path is not None:
        return path.name
    name = uri.rpartition("/")[2].rpartition(":")[2]
    if "." in name:
        return name
    searched = quoted_language(language_id)
    if searched is not None:
        return name + language(searched).suffixes[0]
    return f"{name}.txt" if language_id in ("plaintext", "text") else f"{name}.{language_id}"


async def _unless_outdated(work: Awaitable[Result]) -> Result:
    """Return the result of `work`. If the document has changed in the meantime, tell the editor to ask again.

    Raises:
        JsonRpcContentModified: the document has changed.
    """
    try:
        return await work
    except OutdatedError:
        raise JsonRpcContentModified("the document has changed") from None


_ACTIONS = types.CodeActionOptions(
    code_action_kinds=[types.CodeActionKind.QuickFix, actions.FIX_ALL], resolve_provider=True
)
_COMPLETION = types.CompletionOptions(trigger_characters=completion.trigger_characters(), resolve_provider=True)
_HANDLERS: tuple[tuple[str, Any, Any], ...] = (
    (types.INITIALIZE, initialize, None),
    (types.INITIALIZED, initialized, None),
    (types.WORKSPACE_DID_CHANGE_CONFIGURATION, did_change_configuration, None),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, did_change_watched_files, None),
    (types.TEXT_DOCUMENT_DID_OPEN, did_open, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, did_change, None),
    (types.TEXT_DOCUMENT_DID_SAVE, did_save, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, did_close, None),
    (types.TEXT_DOCUMENT_HOVER, on_hover, None),
    (types.TEXT_DOCUMENT_COMPLETION, on_completion, _COMPLETION),
    (types.COMPLETION_ITEM_RESOLVE, on_completion_resolve, None),
    (types.TEXT_DOCUMENT_CODE_ACTION, on_code_action, _ACTIONS),
    (types.CODE_ACTION_RESOLVE, on_code_action_resolve, None),
    (types.TEXT_DOCUMENT_CODE_LENS, on_code_lens, None),
    (types.CODE_LENS_RESOLVE, on_code_lens_resolve, None),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, on_document_symbol, None),
)


def server() -> Server:
    """Return a server with all handlers."""
    made = Server()
    for method, handler, options in _HANDLERS:
        made.feature(method, options)(handler)
    made.command(previews.COMMAND)(show_preview)
    return made
