"""Parse a string into the parts of a template. Only this module and `json_parser` import lark."""

import sys
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from macroengine.language.grammar import grammar
from macroengine.language.nodes import Delimiter, Literal, Macro, Pair, Piece, Pieces
from macroengine.language.plain import PlainReader
from macroengine.language.semicolons import split_at_semicolons
from macroengine.language.syntax import Syntax


class _Token(Protocol):
    """The part of `lark.Token` that is used here. Importing the class would load lark."""

    start_pos: int

    def __str__(self) -> str: ...


def parse_parts(source: str, syntax: Syntax) -> dict[str, Any]:
    """Return the parts of `source`, as keyword arguments of Template. Every string can be parsed."""
    plain = _reader(syntax).parse(source)
    return parse_with_lark(source, syntax) if plain is None else plain


def parse_with_lark(source: str, syntax: Syntax) -> dict[str, Any]:
    """Return the same as `parse_parts`, always using Lark."""
    parts: dict[str, Any] = _parser(syntax).parse(source)
    if ";" in source and "query" in parts:
        parts["query"] = split_at_semicolons(parts["query"], syntax)
    return parts


_reader = lru_cache(maxsize=64)(PlainReader)


@lru_cache(maxsize=64)
def _parser(syntax: Syntax) -> Any:
    # Imported here, since it takes most of the time of `import macroengine`.
    from lark import Lark, Transformer

    from macroengine.language.lark_tables import kept_tables

    class ToNodes(_ToNodes, Transformer[Any, Any]):
        """Lark calls these methods while it parses, so there is no parse tree."""

    with kept_tables(_tables(syntax.key)) as cache:
        return Lark(
            grammar(syntax),
            parser="lalr",
            start="template",
            keep_all_tokens=True,
            transformer=ToNodes(syntax),
            cache=cache,
        )


def _tables(key: str) -> Path | None:
    """Return the cache file for Lark's parser tables; None if they are not cached.

    The file is next to the bytecode of this module, if Python writes bytecode: whoever can change one could also change
    the other. Lark creates the tables again if they are from another version. Tables of custom syntaxes are not cached.
    """
    bytecode = None if sys.dont_write_bytecode else __spec__.cached
    return None if bytecode is None or not key else Path(bytecode).with_suffix(f".{key}.tables")


class _ToNodes:
    """One method per rule and per terminal of `grammar/url.lark`, with the same name."""

    def __init__(self, syntax: Syntax) -> None:
        super().__init__()
        self._macro = _reader(syntax).macro

    def template(self, children: list[Any]) -> dict[str, Any]:
        parts: dict[str, Any] = {}
        for part in children:
            parts.update({"hash": part} if isinstance(part, Delimiter) else part)
        return parts

    def scheme(self, pieces: list[Piece]) -> dict[str, Any]:
        return {"scheme": tuple(pieces)}

    def authority(self, pieces: list[Piece]) -> dict[str, Any]:
        return {"authority": tuple(pieces)}

    def path(self, pieces: list[Piece]) -> dict[str, Any]:
        return {"path": tuple(pieces)}

    rooted_path = path

    def query(self, pairs: list[Pair]) -> dict[str, Any]:
        return {"query": tuple(pairs)}

    tail = query

    def fragment(self, pieces: list[Piece]) -> dict[str, Any]:
        return {"fragment": tuple(pieces)}

    def first_pair(self, children: list[Any]) -> Pair:
        return _pair(None, children)

    def pair(self, children: list[Any]) -> Pair:
        return _pair(children[0], children[1:])

    question_pair = pair

    def name(self, pieces: list[Piece]) -> Pieces:
        return tuple(pieces)

    value = name

    def SLASHES(self, token: _Token) -> dict[str, Any]:
        return {"slashes": self.HASH(token)}

    DOUBLE_SLASH = SLASHES

    def HASH(self, token: _Token) -> Delimiter:
        return Delimiter(str(token), token.start_pos)

    QUESTION = AMPERSAND = EQUALS = HASH

    def VALUE_TEXT(self, token: _Token) -> Literal:
        return Literal(str(token), token.start_pos)

    SCHEME_TEXT = SCHEME_REST = AUTHORITY_TEXT = ROOTED_TEXT = PATH_TEXT = NAME_TEXT = FRAGMENT_TEXT = VALUE_TEXT

    def FIRST_NAME(self, token: _Token) -> Pieces:
        return (self.VALUE_TEXT(token),)

    def MACRO(self, token: _Token) -> Macro:
        return self._macro(str(token), token.start_pos)

    SCHEME_MACRO = MACRO

    def SIMPLE_PAIR(self, token: _Token) -> Pair:
        text, start = str(token), token.start_pos
        equals = text.index("=")
        return Pair(
            Delimiter(text[0], start),
            (Literal(text[1:equals], start + 1),),
            Delimiter("=", start + equals),
            (self._macro(text[equals + 1 :], start + equals + 1),),
        )


def _pair(opening: Delimiter | None, children: Iterable[Any]) -> Pair:
    name: Pieces = ()
    equals = None
    value: Pieces = ()
    for child in children:
        if isinstance(child, Delimiter):
            equals = child
        elif equals is None:
            name = child
        else:
            value = child
    return Pair(opening, name, equals, value)
