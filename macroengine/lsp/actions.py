"""Fixes that an editor offers: for each finding, and for a whole document."""

from collections.abc import Iterable, Iterator, Sequence

from lsprotocol import types

from macroengine.diagnostics import Diagnostic, Fix, printable
from macroengine.lsp.documents import Checked, Document, text_edits
from macroengine.lsp.markup import shortened
from macroengine.lsp.reports import report
from macroengine.workspace.checking import fixed_template
from macroengine.workspace.embedded import Edit
from macroengine.workspace.located import Located

FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.macroengine"
_QUICK_FIX = types.CodeActionKind.QuickFix.value
# How much of a text is shown in a title.
_SHOWN = 40


def is_wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Say whether a client wants actions of a kind. It may name kinds, or prefixes of kinds.

    >>> is_wanted("source.fixAll.macroengine", ["source.fixAll"]), is_wanted("source.fixAll", ["source.fix"])
    (True, False)
    """
    return only is None or any(kind == wanted or kind.startswith(f"{wanted}.") or not wanted for wanted in only)


def quick_fixes(document: Document, place: types.Range, only: Sequence[str] | None) -> Iterator[types.CodeAction]:
    """Yield the fixes for findings in a range."""
    if not is_wanted(_QUICK_FIX, only):
        return
    start, stop = document.span(place)
    for located in document.templates_within(start, stop):
        for diagnostic in document.check(located).found:
            first, last = located.extent(diagnostic.span.start, diagnostic.span.stop)
            if diagnostic.fix is not None and first <= stop and start <= last:
                yield from _quick_fix(document, located, diagnostic, diagnostic.fix, (first, last))


def _quick_fix(
    document: Document, located: Located, diagnostic: Diagnostic, fix: Fix, place: tuple[int, int]
) -> Iterator[types.CodeAction]:
    template = located.template
    edits = located.rewritten(template[: fix.span.start] + fix.replacement + template[fix.span.stop :])
    if not edits:
        return
    shown = report(diagnostic)
    marked = types.Diagnostic(
        document.range(*place),
        shown["message"],
        types.DiagnosticSeverity(shown["severity"]),
        diagnostic.code,
        source=shown["source"],
    )
    yield types.CodeAction(
        _title(template[fix.span.start : fix.span.stop], fix, diagnostic.code),
        kind=_QUICK_FIX,
        diagnostics=[marked],
        is_preferred=fix.safe,
        edit=changes(document, edits),
    )


def _title(old: str, fix: Fix, code: str) -> str:
    """Return the title of a fix in the editor.

    >>> from macroengine.diagnostics import Span
    >>> _title("(clickd)", Fix("(clickid)", Span(0, 8), safe=False), "ME101")
    'Replace (clickd) with (clickid) (ME101, unsafe)'
    """
    before, after = (shortened(printable(text), _SHOWN) for text in (old, fix.replacement))
    what = f"Insert {after}" if not old else f"Remove {before}" if not after else f"Replace {before} with {after}"
    return f"{what} ({code}{'' if fix.safe else ', unsafe'})"


def fix_all(document: Document, edits: Iterable[Edit]) -> types.CodeAction:
    """Return the action that applies all safe fixes."""
    return types.CodeAction("Apply all safe fixes", kind=FIX_ALL, edit=changes(document, edits))


def unresolved_fix_all(document: Document) -> types.CodeAction:
    """Return the same action without edits, for a client that requests them when it needs them."""
    return types.CodeAction("Apply all safe fixes", kind=FIX_ALL, data=document.uri)


async def all_edits(document: Document) -> list[Edit]:
    """Return the edits that apply all safe fixes, like `check --fix`.

    Raises:
        OutdatedError: the document was changed in the meantime.
    """
    edits: list[Edit] = []
    async for located in document.by_turns(document.templates):
        checked = document.check(located)
        if any(one.fix is not None and one.fix.safe for one in checked.found):
            edits += located.rewritten(_fixed(located, checked))
    return edits


def _fixed(located: Located, checked: Checked) -> str:
    return fixed_template(located.template, checked.settings).source


def changes(document: Document, edits: Iterable[Edit]) -> types.WorkspaceEdit:
    """Return edits of a document. A client rejects them if the document has changed in the meantime."""
    written = text_edits(document, edits)
    if not document.versioned:
        return types.WorkspaceEdit(changes={document.uri: written})
    versioned = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(versioned, written)])
