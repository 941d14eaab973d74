"""From a string to a Template. The only module that imports lark."""

import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Protocol

from macroengine.arguments import check_type
from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.diagnostics import Span
from macroengine.errors import LimitError
from macroengine.limits import Limits
from macroengine.nodes import AnyMacro, Delimiter, Encode, Literal, Macro, Pair, Piece, Pieces, Sha1, Template
from macroengine.syntax import GRAMMAR, Syntax


class _Token(Protocol):
    """The part of `lark.Token` that is used here; importing it would load lark."""

    start_pos: int

    def __str__(self) -> str: ...


def parse(source: str, dialect: str | Dialect = DEFAULT_DIALECT, *, limits: Limits | None = None) -> Template:
    """Return the syntax tree of `source`. Every string within the limits has one.

    >>> [macro.name for macro in parse("https://n.example/pb?c=(clickid)&i=(sha1-idfa)").macros()]
    ['clickid', 'idfa']

    Raises:
        LimitError: `source` is too long, or has too many macros.
    """
    check_type("source", str, "a string", source)
    check_type("limits", Limits | None, "a Limits", limits)
    chosen = dialect_of(dialect)
    bounds = limits or Limits()
    if len(source) > bounds.template:
        over = Span(bounds.template, len(source))
        raise LimitError.at(source, over, f"template has {len(source):,} characters; at most {bounds.template:,} fit")
    parts = _parser(chosen.syntax).parse(source)
    if ";" in source:
        parts["query"] = _split_at_semicolons(parts.get("query", ()))
    template = Template(source, chosen, **parts)
    if source.count(chosen.syntax.affixes[0]) > bounds.macros:
        _check_macro_count(template, bounds.macros)
    return template


def _check_macro_count(template: Template, most: int) -> None:
    macros = list(template.macros())
    if len(macros) > most:
        message = f"template has {len(macros):,} macros; at most {most:,} fit"
        raise LimitError.at(template.source, macros[most].span, message)


@cache
def _parser(syntax: Syntax) -> Any:
    # Imported here because it takes most of the time of `import macroengine`.
    from lark import Lark, Transformer

    from macroengine.lark_tables import kept_tables

    class ToNodes(_ToNodes, Transformer[Any, Any]):
        """Lark calls the methods while it parses: there is no parse tree."""

    with kept_tables(_tables(syntax)) as cache:
        return Lark.open(
            str(GRAMMAR / f"{syntax.key}.lark"),
            parser="lalr",
            start="template",
            keep_all_tokens=True,
            transformer=ToNodes(syntax),
            cache=cache,
        )


def _tables(syntax: Syntax) -> Path | None:
    """Return the file for the tables that Lark makes of a grammar; None where Python keeps no bytecode.

    They are kept beside the bytecode of this module: only those who could change that can change them. Lark makes them
    again when they are of another version.
    """
    bytecode = None if sys.dont_write_bytecode else __spec__.cached
    return None if bytecode is None else Path(bytecode).with_suffix(f".{syntax.key}.tables")


class _ToNodes:
    """One method per rule and per terminal of `grammar/url.lark`, under the same name."""

    def __init__(self, syntax: Syntax) -> None:
        super().__init__()
        self._open, self._close = (len(affix) for affix in syntax.affixes)
        # A template repeats its names, and templates repeat each other's.
        self._hashed_name = lru_cache(maxsize=4096)(syntax.hashed_name)
        self._encode = syntax.encode

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

    def MACRO(self, token: _Token) -> AnyMacro:
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

    def _macro(self, text: str, start: int) -> AnyMacro:
        if text == self._encode:
            return Encode(text, start, text[self._open : -self._close])
        hashed = self._hashed_name(text)
        if hashed is not None:
            return Sha1(text, start, hashed)
        return Macro(text, start, text[self._open : -self._close])


# A semicolon, a literal name, and an equals sign.
_SEMICOLON_PAIR = re.compile(r";[^/:;?#&=]+=")
_SEPARATORS = re.compile(r"([;=])")


def _split_at_semicolons(query: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Return the pairs of a query that `;` separates: it has `;name=`, and no `&`."""
    if len(query) != 1 or (query[0].opening is not None and query[0].opening.text == "&"):
        return query
    [pair] = query
    texts = [piece.text if isinstance(piece, Literal) else "/" for piece in pair.name]
    texts += [pair.equals.text] if pair.equals else []
    texts += [piece.text if isinstance(piece, Literal) else "/" for piece in pair.value]
    if not _SEMICOLON_PAIR.search("".join(texts)):
        return query
    opening = pair.opening
    children: list[Piece] = []
    pairs: list[Pair] = []
    equals = (Literal("=", pair.equals.start),) if pair.equals else ()
    for leaf in (*pair.name, *equals, *pair.value):
        if not isinstance(leaf, Literal):
            children.append(leaf)
            continue
        for text, start in _cut(leaf):
            if text == ";":
                pairs.append(_pair_of(opening, children))
                opening, children = Delimiter(text, start), []
            else:
                children.append(Literal(text, start))
    return (*pairs, _pair_of(opening, children))


def _cut(literal: Literal) -> Iterator[tuple[str, int]]:
    """Yield a literal cut at its `;` and before and behind its `=`."""
    start = literal.start
    for text in _SEPARATORS.split(literal.text):
        if text:
            yield text, start
        start += len(text)


def _pair_of(opening: Delimiter | None, leaves: list[Piece]) -> Pair:
    """Return the pair of these leaves; literals that were cut in too many pieces are joined again."""
    name: list[Piece] = []
    equals: Delimiter | None = None
    value: list[Piece] = []
    for leaf in leaves:
        if equals is None and leaf.text == "=" and not isinstance(leaf, AnyMacro):
            equals = Delimiter("=", leaf.start)
            continue
        pieces = name if equals is None else value
        if pieces and isinstance(leaf, Literal) and isinstance(pieces[-1], Literal):
            before = pieces.pop()
            pieces.append(Literal(before.text + leaf.text, before.start))
        else:
            pieces.append(leaf)
    return Pair(opening, tuple(name), equals, tuple(value))


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
