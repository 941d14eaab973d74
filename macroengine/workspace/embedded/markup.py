"""Texts in an HTML or XML document: attributes, text between tags, and strings in scripts."""

import re
from collections.abc import Generator, Iterator

from macroengine.workspace.embedded.languages import Language, language, notation
from macroengine.workspace.embedded.literal import Literal, Part
from macroengine.workspace.embedded.strings import joined, tokens

_MARKUP = re.compile(
    r"<!--[\s\S]*?(?:-->|\Z)|<!\[CDATA\[(?P<verbatim>[\s\S]*?)(?:\]\]>|\Z)|<[!?][^>]*>?"
    r"|<(?P<raw>(?i:script|style))\b|</?[A-Za-z][^\s/>]*|(?P<text>[^<]+)"
)
_ATTRIBUTE = re.compile(
    r"""\s*(?:(?P<end>/?>)|(?P<other>/)|(?P<name>[^\s=>/"'][^\s=>/]*)(?:\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'<>`][^\s<>]*))?)?|(?P<junk>[^\s<]))"""
)
_RAW_END = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style")}
_QUOTES = {"double": '"', "single": "'"}


def literals(text: str, language: Language, start: int = 0, stop: int | None = None) -> Iterator[Literal]:  # noqa: ARG001 - the signature of all readers
    """Yield the attributes and the texts of `text[start:stop]`."""
    at, stop = start, len(text) if stop is None else stop
    while at < stop:
        found = _MARKUP.match(text, at, stop)
        if found is None:  # a lone <
            at += 1
            continue
        at = found.end()
        if found["text"] is not None:
            yield _literal(text, found.start(), at, "html", "")
        elif found["verbatim"] is not None:
            yield _literal(text, *found.span("verbatim"), "verbatim", "")
        elif found[0][1:2] not in ("!", "?"):
            at = yield from attributes(text, at, stop)
            if found["raw"]:
                name = found["raw"].lower()
                end = _RAW_END[name].search(text, at, stop)
                last = stop if end is None else end.start()
                if name == "script":
                    yield from _script(text, at, last)
                at = last


def attributes(text: str, at: int, stop: int) -> Generator[Literal, None, int]:
    """Yield the values of a tag's attributes, and return where the tag ends."""
    while (found := _ATTRIBUTE.match(text, at, stop)) and found.end() > at:
        at = found.end()
        if found["end"]:
            break
        for group, quote in _QUOTES.items():
            if found[group]:
                yield _literal(text, *found.span(group), "html", quote)
        if found["bare"]:
            yield _literal(text, *found.span("bare"), "html-unquoted", "")
    return at


def _script(text: str, start: int, stop: int) -> Iterator[Literal]:
    of = language("javascript")
    return joined(text, of, tokens(text, of, start, stop))


def _literal(text: str, start: int, end: int, name: str, quote: str) -> Literal:
    of = notation(name)
    return Literal(text, (Part(start, end, of, quote, re.compile(of.valid) if of.valid else None),))
