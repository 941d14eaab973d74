"""Texts in a Markdown document: code in its stated language, links, and bare URLs."""

import re
from collections.abc import Iterator

from macroengine.workspace.embedded import markup
from macroengine.workspace.embedded.languages import Language, language, notation, quoted_language
from macroengine.workspace.embedded.literal import Literal, Part
from macroengine.workspace.embedded.strings import joined, tokens

_FENCE = re.compile(
    r"^[ \t>]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\s`]*)[^\n]*(?:\n|\Z)",
    re.MULTILINE,
)
# Brackets in it are balanced or escaped.
_TARGET = r"(?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.|\([^\s()]*\))*\))+"
# The valid content of each kind of place.
_VALID = {
    "code": re.compile(r"[^`]*"),
    "angled": re.compile(r"[^<>\n]*"),
    "target": re.compile(_TARGET),
    "automatic": re.compile(r"[^\s<>]*"),
    "bare": re.compile(r"[^\s<`]*"),
}
# Code, the target of a link or reference, a tag, and any other URL.
_INLINE = re.compile(
    r"(?P<ticks>`+)"
    rf"|\]\(\s*(?:<(?P<angled>[^<>\n]*)>|(?P<target>{_TARGET}))"
    r"|(?P<comment><!--[\s\S]*?(?:-->|\Z))"
    r"|<(?P<automatic>[A-Za-z][A-Za-z0-9+.-]*:[^\s<>]*)>"
    r"|(?P<tag></?[A-Za-z][^\s/>]*)"
    r"|(?P<bare>(?<![\w/])[A-Za-z][A-Za-z0-9+.-]*://[^\s<`]+)"
)


_PARAGRAPH = re.compile(r"\n[ \t>]*\r?\n")


def literals(text: str, language: Language) -> Iterator[Literal]:  # noqa: ARG001 - the signature of all readers
    """Yield the code and the links of a text."""
    at = 0
    while fence := _FENCE.search(text, at):
        yield from _inline(text, at, fence.start())
        end = re.compile(rf"^[ \t>]*{fence['fence']}[`~]*[ \t]*\r?$", re.MULTILINE).search(text, fence.end())
        last = len(text) if end is None else end.start()
        yield from _block(text, fence["info"], fence.end(), last)
        at = last if end is None else end.end()
    yield from _inline(text, at, len(text))


def _block(text: str, info: str, start: int, stop: int) -> Iterator[Literal]:
    """Yield the content of a code block: its strings if its language is known, otherwise all of it."""
    name = quoted_language(info.strip("{}.").partition(",")[0])
    of = None if name is None else language(name)
    if of is not None and of.strings:
        yield from joined(text, of, tokens(text, of, start, stop))
    elif of is not None and of.reader == "markup":
        yield from markup.literals(text, of, start, stop)
    else:
        yield Literal(text, (Part(start, stop, notation("verbatim")),), shown=True)


def _inline(text: str, start: int, stop: int) -> Iterator[Literal]:
    at = start
    unclosed: set[str] = set()
    while found := _INLINE.search(text, at, stop):
        at = found.end()
        ticks = found["ticks"]
        if ticks:
            end = None if ticks in unclosed else re.compile(rf"(?<!`){ticks}(?!`)").search(text, at, stop)
            if end is None:
                unclosed.add(ticks)
            elif not _PARAGRAPH.search(text, at, end.start()):
                yield _literal(text, at, end.start(), "verbatim", "code")
                at = end.end()
        elif found["tag"]:
            at = yield from markup.attributes(text, at, stop)
        elif not found["comment"]:
            group = found.lastgroup or ""
            yield _literal(text, *found.span(group), "markdown", group)


def _literal(text: str, start: int, end: int, name: str, place: str) -> Literal:
    return Literal(text, (Part(start, end, notation(name), "", _VALID[place]),), prose=place == "bare")
