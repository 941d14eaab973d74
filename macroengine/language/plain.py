"""The plain path: templates of the shape that nearly all have, read with two patterns. Lark reads all others.

The shape is `https://host/path?name=value&name=value`, with macros in the values alone, at most one in each. Names and
values may be missing: a template may be thousands of ampersands, and Lark takes long for as many tokens. The
patterns are made of the terminals of the grammar, so that both readings agree; tests and a fuzz target compare them.
"""

import re
from functools import lru_cache, partial
from typing import Any, cast

from macroengine.language.grammar import terminals
from macroengine.language.nodes import Delimiter, Literal, Macro, Pair, Piece, Pieces
from macroengine.language.syntax import Reading, Syntax


class PlainReader:
    """Reads the plain templates of one syntax."""

    def __init__(self, syntax: Syntax) -> None:
        text = terminals(syntax)
        self._head = re.compile(
            rf"(https?)://(?![/\\])({text['AUTHORITY_TEXT']})({text['ROOTED_TEXT']})?(?=\?|\Z)"
        ).match
        value = text["VALUE_TEXT"]
        filled = rf"(=)({value})?(?:({text['MACRO']})({value})?)?"
        self._pair = re.compile(rf"[?&]({text['NAME_TEXT']})?(?:{filled})?(?=&|\Z)").match
        self._syntax = syntax
        # A template repeats its macros, and templates repeat each other's.
        self._read_again = lru_cache(maxsize=4096)(syntax.read)

    def parse(self, source: str) -> dict[str, Any] | None:
        """Return the parts of a plain template, as the parser does; None for any other template."""
        head = self._head(source)
        if head is None or ";" in source:
            return None
        query = self._query(source, head.end())
        if query is None:
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
            parts["query"] = query
        return parts

    def macro(self, text: str, start: int) -> Macro:
        """Return the macro that is written `text`."""
        read = self._read_again if len(text) <= _MAX_KEPT else self._syntax.read
        return _macro((text, start, *cast("Reading", read(text))))

    def _query(self, source: str, at: int) -> tuple[Pair, ...] | None:
        pairs: list[Pair] = []
        end = len(source)
        opening = "?"
        while at < end:
            match = self._pair(source, at)
            # After the first pair a `?` is text, and only Lark knows of what.
            if match is None or source[at] != opening:
                return None
            name, equals, before, macro, after = match.groups()
            delimiter, at = _delimiter((opening, at)), at + 1
            named: Pieces = ()
            if name is not None:
                named = (_literal((name, at)),)
                at += len(name)
            value: list[Piece] = []
            if equals is None:
                pairs.append(_pair((delimiter, named, None, ())))
            else:
                middle, at = _delimiter(("=", at)), at + 1
                if before is not None:
                    value.append(_literal((before, at)))
                    at += len(before)
                if macro is not None:
                    value.append(self.macro(macro, at))
                    at += len(macro)
                if after is not None:
                    value.append(_literal((after, at)))
                pairs.append(_pair((delimiter, named, middle, tuple(value))))
            at = match.end()
            opening = "&"
        return tuple(pairs)


# Longer macros are rare, and keeping them would take much memory.
_MAX_KEPT = 64
# Half of the time goes into making nodes; this is what their constructors do, without a call of Python.
_literal, _delimiter = partial(tuple.__new__, Literal), partial(tuple.__new__, Delimiter)
_macro, _pair = partial(tuple.__new__, Macro), partial(tuple.__new__, Pair)
