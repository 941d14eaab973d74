"""The fast path: templates of the usual shape are parsed with a few patterns. Lark parses all others.

The shape is `https://host/path?name=value&name=value#fragment`, with macros only after the path. Names and values may
be missing, since a template may be thousands of ampersands, which Lark takes long to parse. The patterns are made of
the grammar's terminals, so that both parsers agree. Tests and a fuzz target compare them.
"""

import re
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

from macroengine.caching import SHORT
from macroengine.language.grammar import terminals
from macroengine.language.nodes import (
    Delimiter,
    Literal,
    Macro,
    Pair,
    Piece,
    Pieces,
    new_delimiter,
    new_literal,
    new_macro,
    new_pair,
)
from macroengine.language.semicolons import split_at_semicolons
from macroengine.language.syntax import Syntax

_Match = Callable[[str, int], re.Match[str] | None]


class PlainReader:
    """Parses the plain templates of one syntax."""

    def __init__(self, syntax: Syntax) -> None:
        text = terminals(syntax)
        self._head = re.compile(
            rf"(https?)://(?![/\\])({text['AUTHORITY_TEXT']})({text['ROOTED_TEXT']})?(?=\?|{text['HASH']}|\Z)"
        ).match
        filled = rf"(=)({text['VALUE_TEXT']})?(?:({text['MACRO']})({text['VALUE_TEXT']})?)?"
        self._pair = re.compile(rf"[?&]({text['NAME_TEXT']})?(?:{filled})?(?=&|{text['HASH']}|\Z)").match
        self._syntax = syntax
        # A template repeats its macros, and other templates use the same ones.
        self._read_again = lru_cache(maxsize=1024)(syntax.read)

    # A pair with any number of macros, which is rare, and the pieces of its name and its value.

    @cached_property
    def _long_pair(self) -> _Match:
        text = terminals(self._syntax)
        name, value = (f"(?:{text[part]}|{text['MACRO']})*+" for part in ("NAME_TEXT", "VALUE_TEXT"))
        return re.compile(rf"[?&]{name}(=?){value}(?=&|{text['HASH']}|\Z)").match

    @cached_property
    def _in_name(self) -> _Match:
        text = terminals(self._syntax)
        return re.compile(f"({text['NAME_TEXT']})|({text['MACRO']})").match

    @cached_property
    def _in_value(self) -> _Match:
        text = terminals(self._syntax)
        return re.compile(f"({text['VALUE_TEXT']})|({text['MACRO']})").match

    @cached_property
    def _in_fragment(self) -> _Match:
        text = terminals(self._syntax)
        return re.compile(f"({text['FRAGMENT_TEXT']})|({text['MACRO']})").match

    def parse(self, source: str) -> dict[str, Any] | None:
        """Return the parts of a plain template, like the parser; None for any other template."""
        head = self._head(source)
        if head is None:
            return None
        query, end = self._query(source, head.end())
        if query is None:  # pragma: no cover - no known text reaches this
            return None
        slashes = head.end(1)
        parts: dict[str, Any] = {
            "scheme": (Literal(head[1], 0),),
            "slashes": Delimiter("://", slashes),
            "authority": (Literal(head[2], slashes + 3),),
        }
        if head[3] is not None:
            parts["path"] = (Literal(head[3], head.start(3)),)
        if query:
            parts["query"] = split_at_semicolons(query, self._syntax) if ";" in source else query
        if end < len(source):
            parts["hash"] = Delimiter("#", end)
            if fragment := self._pieces(self._in_fragment, source, end + 1, len(source)):
                parts["fragment"] = fragment
        return parts

    def macro(self, text: str, start: int) -> Macro:
        """Return the macro with this text."""
        read: Callable[[str], Any] = self._read_again if len(text) <= SHORT else self._syntax.read
        return new_macro((text, start, *read(text)))

    def _query(self, source: str, at: int) -> tuple[tuple[Pair, ...] | None, int]:
        """Return the query that begins here, or None if it is not plain, and where it ends."""
        pairs: list[Pair] = []
        end = len(source)
        while at < end and source[at] != "#":
            match = self._pair(source, at)
            opening = new_delimiter((source[at], at))
            if match is None:
                match = self._long_pair(source, at)
                if match is None:  # pragma: no cover - as above
                    return None, at
                pairs.append(self._long_pair_of(opening, match))
            elif match.lastindex is None:
                pairs.append(new_pair((opening, (), None, ())))
            elif match.lastindex == 1:
                pairs.append(new_pair((opening, (new_literal((match[1], at + 1)),), None, ())))
            else:
                pairs.append(self._pair_of(opening, match))
            at = match.end()
        return tuple(pairs), at

    def _pair_of(self, opening: Delimiter, match: re.Match[str]) -> Pair:
        name, _, before, macro, after = match.groups()
        at = opening[1] + 1
        named: Pieces = ()
        if name is not None:
            named = (new_literal((name, at)),)
            at += len(name)
        middle, at = new_delimiter(("=", at)), at + 1
        value: list[Piece] = []
        if before is not None:
            value.append(new_literal((before, at)))
            at += len(before)
        if macro is not None:
            value.append(self.macro(macro, at))
            at += len(macro)
        if after is not None:
            value.append(new_literal((after, at)))
        return new_pair((opening, named, middle, tuple(value)))

    def _long_pair_of(self, opening: Delimiter, match: re.Match[str]) -> Pair:
        source, (equals, after_equals) = match.string, match.span(1)
        name = self._pieces(self._in_name, source, opening.start + 1, equals)
        value = self._pieces(self._in_value, source, after_equals, match.end())
        return Pair(opening, name, Delimiter("=", equals) if match[1] else None, value)

    def _pieces(self, piece: _Match, source: str, at: int, end: int) -> Pieces:
        """Return the literals and macros of a text that consists only of those."""
        pieces: list[Piece] = []
        while at < end and (match := piece(source, at)):
            literal, macro = match.groups()
            pieces.append(Literal(literal, at) if macro is None else self.macro(macro, at))
            at = match.end()
        return tuple(pieces)
