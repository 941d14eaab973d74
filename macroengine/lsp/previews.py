"""Code lenses above templates that preview what a partner would receive."""

from lsprotocol import types

from macroengine.diagnostics import printable
from macroengine.errors import RenderError, TemplateError
from macroengine.lsp.documents import Document
from macroengine.lsp.markup import shortened
from macroengine.workspace.located import Located
from macroengine.workspace.preview import preview

COMMAND = "macroengine.preview"
_LONGEST = 200
# Editors request all lenses again after each edit.
_MAX_LENSES = 2_000


async def lenses(document: Document) -> list[types.CodeLens]:
    """Return a lens for each template, to be resolved when it is visible; none if there are too many.

    Raises:
        OutdatedError: the document was changed in the meantime.
    """
    if len(document.templates) > _MAX_LENSES:
        return []
    return [
        types.CodeLens(document.range(start, start), data=[document.uri, start])
        async for start in document.by_turns([one.offsets()[0] for one in document.templates])
    ]


def command(shown: str, uri: str, start: int) -> types.Command:
    """Return the command of a lens: its title, and the action that shows it in full."""
    return types.Command(shortened(shown, _LONGEST), COMMAND, arguments=[uri, start])


def preview_of(document: Document, located: Located) -> str:
    """Return the URL that a partner would receive for an example, or the reason why there is none."""
    settings = document.check(located).settings
    dialect = settings.dialect_of(located.template)
    try:
        shown = preview(located.template, dialect=dialect, policy=settings.policy)
    except TemplateError as error:
        count = len(error.diagnostics)
        return f"no preview: {count} error{'' if count == 1 else 's'}"
    except RenderError as error:
        return f"no preview: {printable(str(error))}"
    return f"→ {printable(shown.attributed)}"
