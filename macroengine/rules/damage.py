"""Rules about what other software makes of a URL that it takes for its own text."""

import re
from collections.abc import Iterator

from macroengine.diagnostics import Finding, Fix, Span, overlapping
from macroengine.rules.context import Context
from macroengine.rules.foreign import program_texts
from macroengine.rules.meant import cut_off, doubled_macros, foreign_macros, unclosed_macros
from macroengine.rules.tables import (
    bracketed_placeholders,
    escapes,
    html_elements,
    lost_references,
    placeholder_patterns,
)

# An ampersand in any of the forms of HTML; & without a letter between it and ; is &amp; that lost them.
_AMPERSAND = re.compile(r"&(?:(?:amp|#0*38|#x0*26);)+|&;", re.IGNORECASE)
_REFERENCE = re.compile(r"&(#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});([A-Za-z0-9_-]*=)?")
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>|\s*/>")


def html_entity(context: Context) -> Iterator[Finding]:
    """Ampersand that was taken for the beginning of an HTML entity, or was made one.

    What it does:
        Finds `¤cy=` where `&currency=` was, likewise `®ion=`, `×tamp=`, `§ion=`, `¶m=` and all others that HTML
        reads without a semicolon; and `&amp;`, `&;` (it lost its letters), `&#38;` and other entities.

    Why it matters:
        The parameter is gone: its text becomes part of the value before it, or it is called `amp;...`.

    Example:
        https://n.example/pb?id=(clickid)¤cy=EUR&amp;ip=(ip)

    Use instead:
        https://n.example/pb?id=(clickid)&currency=EUR&ip=(ip)
    """
    for span, replacement in _entities(context.source):
        text = context.source[span.start : span.stop]
        # Of a sign that no URL holds, nobody can say that it was meant.
        safe = replacement.isascii() or replacement.isspace()
        message = f"{text!r} is {replacement!r} damaged by HTML; write {replacement}"
        yield Finding(span, message, None, Fix(replacement, span, safe=safe))


def backslash_escape(context: Context) -> Iterator[Finding]:
    r"""Backslash that JSON, JavaScript or Markdown needs, and a URL does not.

    What it does:
        Finds backslashes before the delimiters of a URL, and ampersands written in JSON's way, as backslash and u0026.

    Why it matters:
        What was copied is the source of a program or a page, not the URL.

    Example:
        https:\/\/n.example\/pb?click\_id=(clickid)

    Use instead:
        https://n.example/pb?click_id=(clickid)
    """
    for span, replacement in _escapes(context.source):
        text = context.source[span.start : span.stop]
        yield Finding(span, f"escaped {text}; write {replacement}", None, Fix(replacement, span, safe=True))


def html_tag(context: Context) -> Iterator[Finding]:
    """HTML tag.

    What it does:
        Finds tags, and the ends of tags, in the text of a template.

    Why it matters:
        They were copied with the text, and would be sent.

    Example:
        https://n.example/pb?id=<b>(clickid)</b>

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for span in _tags(context):
        text = context.source[span.start : span.stop]
        yield Finding(span, f"HTML tag {text.strip()}; remove it", None, Fix("", span, safe=False))


def broken_text(context: Context) -> list[Span]:
    """Return the spans that rules speak of as a whole, so that none need speak of their characters."""
    source = context.source
    cut = cut_off(source, context.dialect)
    return [
        *([cut[0]] if cut else []),
        *(span for span, _ in doubled_macros(source, context.dialect)),
        *(span for span, _ in _entities(source)),
        *(span for span, _ in _escapes(source)),
        *alien_text(context),
        *(meant.span for meant in unclosed_macros(source, context.dialect)),
    ]


def alien_text(context: Context) -> list[Span]:
    """Return the spans of what belongs to another language: macros of others, tags, what a person is to replace."""
    source = context.source
    return [
        *(foreign.span for foreign in foreign_macros(source, context.dialect)),
        *_tags(context),
        *(Span(*match.span(1)) for match in bracketed_placeholders().finditer(source)),
        *program_texts(context),
    ]


def _entities(source: str) -> Iterator[tuple[Span, str]]:
    lost, names = lost_references()
    for match in lost.finditer(source):
        yield Span(*match.span()), f"&{names[match[1]]}{match[2]}"
    if ";" not in source:
        return
    for match in _AMPERSAND.finditer(source):
        yield Span(*match.span()), "&"
    from html import unescape  # noqa: PLC0415 - its table is needed where there are references only

    for match in _REFERENCE.finditer(source):
        reference, rest = match.groups()
        char = unescape(f"&{reference};")
        if rest and reference in names.values():
            yield Span(*match.span()), f"&{reference}{rest}"
        elif char != "&" and not char.startswith("&"):
            yield Span(match.start(), match.end(1) + 1), char


def _escapes(source: str) -> Iterator[tuple[Span, str]]:
    if "\\" not in source:
        return
    pattern, meanings = escapes()
    for match in pattern.finditer(source):
        found = ((escape.fullmatch(match["escaped"]), meant) for escape, meant in meanings)
        yield Span(*match.span()), next(exact.expand(meant) for exact, meant in found if exact)


def _tags(context: Context) -> Iterator[Span]:
    if ">" not in context.source:
        return
    is_foreign = overlapping(foreign.span for foreign in foreign_macros(context.source, context.dialect))
    for match in _TAG.finditer(context.source):
        span = Span(*match.span())
        is_element = match[1] is None or match[1].lower() in html_elements()
        if is_element and not is_foreign(span) and not placeholder_patterns().fullmatch(match[0]):
            yield span
