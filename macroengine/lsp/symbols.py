"""An outline of a document: its templates, and their parameters."""

from collections.abc import Iterator

from lsprotocol import types

from macroengine.catalogue import Dialect
from macroengine.diagnostics import printable
from macroengine.errors import TemplateError
from macroengine.language.nodes import Pair, Pieces
from macroengine.lsp.documents import Document
from macroengine.lsp.markup import shortened
from macroengine.template import Template, parse
from macroengine.workspace.located import Located

_LONGEST = 80
# In a longer list, parameters are omitted.
_MAX_WITH_PARAMETERS = 1_000


async def symbols(document: Document) -> list[types.DocumentSymbol]:
    """Return the templates of a document, named by their partner or host, with their parameters.

    Raises:
        OutdatedError: the document was changed in the meantime.
    """
    in_full = len(document.templates) <= _MAX_WITH_PARAMETERS
    return [_symbol(document, one, in_full=in_full) async for one in document.by_turns(document.templates)]


def _symbol(document: Document, located: Located, *, in_full: bool) -> types.DocumentSymbol:
    place = document.range(*located.extent(0, len(located.template)))
    template = _parsed(located.template, document.check(located).settings.dialect_of(located.template))
    partner = located.record.said.partner
    server = "" if template is None else _text(template.authority) + _text(template.path)
    parameters = [] if template is None or not in_full else list(_parameters(document, located, template))
    return types.DocumentSymbol(
        _shown(partner or server or located.template) or "empty",
        types.SymbolKind.String,
        place,
        place,
        detail=_shown(server) if partner else None,
        children=parameters,
    )


def _parsed(source: str, dialect: Dialect) -> Template | None:
    try:
        return parse(source, dialect)
    except TemplateError:  # it is too large to check
        return None


def _parameters(document: Document, located: Located, template: Template) -> Iterator[types.DocumentSymbol]:
    for pair in template.query:
        pieces = (*pair.name, *pair.value)
        if pieces:
            place = document.range(*located.extent(pieces[0].start, pieces[-1].span.stop))
            yield types.DocumentSymbol(_name(pair), types.SymbolKind.Property, place, place, detail=_value(pair))


def _name(pair: Pair) -> str:
    return _shown(_text(pair.name)) or "no name"


def _value(pair: Pair) -> str:
    return _shown(_text(pair.value))


def _text(pieces: Pieces) -> str:
    return "".join(piece.text for piece in pieces)


def _shown(text: str) -> str:
    return shortened(printable(text), _LONGEST).strip()
