"""Find where HTML, JSON and Markdown have mangled a text, and what the text was before."""

import re
from collections.abc import Iterator

from macroengine.caching import late_pattern
from macroengine.diagnostics import Span
from macroengine.rules.tables import escapes, html_elements, is_placeholder, lost_references

# An ampersand in any HTML form. `&;` is `&amp;` without its letters.
_AMPERSAND = late_pattern(r"&(?:(?:amp|#0*38|#x0*26);)+|&;", re.IGNORECASE)
_REFERENCE = late_pattern(r"&(#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});([A-Za-z0-9_-]*=)?")
# The ASCII characters that HTML reads `&name` as; the full table has two thousand names.
_LOST_IN_ASCII = '<>"'
_TAG = late_pattern(r"</?([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>|\s*/>")


def entities(source: str) -> Iterator[tuple[Span, str]]:
    """Yield the span of each HTML entity, or text that was read as one, and the intended text."""
    if not source.isascii() or any(sign in source for sign in _LOST_IN_ASCII):
        lost, names = lost_references()
        for match in lost.finditer(source):
            yield Span(*match.span()), f"&{names[match[1]]}{match[2]}"
    if ";" not in source:
        return
    for match in _AMPERSAND.finditer(source):
        yield Span(*match.span()), "&"
    from html import unescape  # noqa: PLC0415 - its table is only needed for references

    for match in _REFERENCE.finditer(source):
        reference, rest = match.groups()
        names = lost_references()[1]
        char = unescape(f"&{reference};")
        if rest and reference in names.values():
            yield Span(*match.span()), f"&{reference}{rest}"
        elif char != "&" and not char.startswith("&"):
            yield Span(match.start(), match.end(1) + 1), char


def backslashes(source: str) -> Iterator[tuple[Span, str]]:
    """Yield the span of each backslash escape, and the escaped text."""
    if "\\" not in source:
        return
    pattern, meanings = escapes()
    known: dict[str, str] = {}  # most texts repeat the same escapes
    for match in pattern.finditer(source):
        escaped = match["escaped"]
        if escaped not in known:
            found = ((escape.fullmatch(escaped), meant) for escape, meant in meanings)
            known[escaped] = next(exact.expand(meant) for exact, meant in found if exact)
        yield Span(*match.span()), known[escaped]


def tags(source: str) -> Iterator[Span]:
    """Yield the spans of HTML tags and of incomplete tags."""
    if ">" not in source:
        return
    for match in _TAG.finditer(source):
        is_element = match[1] is None or match[1].lower() in html_elements()
        if is_element and not is_placeholder(match[0]):
            yield Span(*match.span())
