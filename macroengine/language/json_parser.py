"""Parse a JSON text with macros, by `grammar/json.lark`."""

import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from macroengine.diagnostics import Span
from macroengine.language.grammar import json_grammar
from macroengine.language.json_nodes import Container, Element, JsonFault, JsonText, Run, String, Word, depth_of
from macroengine.language.nodes import Literal, Macro, Piece
from macroengine.language.syntax import Syntax


class _Token(Protocol):
    """The part of `lark.Token` that is used here. Importing the class would load lark."""

    type: str
    start_pos: int

    def __str__(self) -> str: ...


def parse_json(source: str, syntax: Syntax) -> JsonText:
    """Return the parts of a JSON text, and a fault if it is invalid."""
    from lark import UnexpectedToken  # the terminals match every character

    try:
        return JsonText(_parser(syntax).parse(source))
    except UnexpectedToken as error:
        if error.token.type == "$END":
            return JsonText((), JsonFault(Span(len(source), len(source)), ""))
        start, text = error.token.start_pos, str(error.token)
        is_macro = error.token.type == "MACRO" or _ends_in_macro(source[:start].rstrip(), syntax)
        return JsonText((), JsonFault(Span(start, start + len(text)), text, is_macro))


def _ends_in_macro(text: str, syntax: Syntax) -> bool:
    return any(match.end() == len(text) for match in syntax.find.finditer(text))


@lru_cache(maxsize=64)
def _parser(syntax: Syntax) -> Any:
    from lark import Lark, Transformer

    from macroengine.language.lark_tables import kept_tables

    class ToNodes(_ToNodes, Transformer[Any, Any]):
        """Lark calls these methods while it parses, so there is no parse tree."""

    bytecode = None if sys.dont_write_bytecode else __spec__.cached
    path = None if bytecode is None or not syntax.key else Path(bytecode).with_suffix(f".{syntax.key}.tables")
    with kept_tables(path) as cache:
        return Lark(
            json_grammar(syntax),
            parser="lalr",
            start="text",
            keep_all_tokens=True,
            transformer=ToNodes(syntax),
            cache=cache,
        )


class _ToNodes:
    """One method per rule of `grammar/json.lark`, and one per terminal whose text is needed."""

    def __init__(self, syntax: Syntax) -> None:
        super().__init__()
        self._read = syntax.read

    def text(self, children: list[Any]) -> Run:
        return next((child for child in children if isinstance(child, tuple)), ())

    def run(self, parts: list[Any]) -> Run:
        return tuple(parts)

    def member(self, children: list[Any]) -> Element:
        return Element(children[0], children[2])

    def element(self, children: list[Any]) -> Element:
        return Element((), children[0])

    def mapping(self, children: list[Any]) -> Container:
        elements = tuple(child for child in children if isinstance(child, Element))
        opening, *others = (child for child in children if not isinstance(child, Element))
        span = Span(opening.start_pos, others.pop().start_pos + 1)
        deepest = max((depth_of(run) for element in elements for run in (element.name, element.value)), default=0)
        return Container(str(opening), span, elements, tuple(comma.start_pos for comma in others), deepest + 1)

    array = mapping

    def string(self, children: list[Any]) -> String:
        opening, *pieces, closing = children
        return String(str(opening), Span(opening.start_pos, closing.start_pos + 1), _pieces(pieces))

    single_quoted = string

    def MACRO(self, token: _Token) -> Macro:
        text = str(token)
        reading = self._read(text)
        assert reading is not None  # noqa: S101 - the terminal uses the same patterns
        return Macro(text, token.start_pos, *reading)

    def WORD(self, token: _Token) -> Word:
        return Word(str(token), token.start_pos)

    def STRING_TEXT(self, token: _Token) -> Literal:
        return Literal(str(token), token.start_pos)

    SINGLE_TEXT = STRING_TEXT


def _pieces(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    return tuple(pieces)
