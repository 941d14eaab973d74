"""Find quotes and brackets around a template."""

import re

from macroengine.diagnostics import Span
from macroengine.rules.beginnings import BEGINNING, SCHEME, STRIPPED, URL
from macroengine.rules.pasted import pasted
from macroengine.rules.whole_finding import Whole, short, span_of


def paired(core: str) -> Whole | None:
    """Find a template in quotes or brackets."""
    inner, start, only_quotes = core, 0, True
    while found := _pair(inner):
        inner, opening, is_quote = found
        start += opening
        only_quotes = only_quotes and is_quote
    if not start or not (BEGINNING if only_quotes else URL).match(inner):
        return None
    plain = _string_value(core, inner)
    offset = None if plain != inner else start
    ends = short(core[:start].strip()), short(core[start + len(inner) :].strip())
    message = f"template is between {ends[0]} and {ends[1]}; remove both"
    return Whole("quoted_template", span_of(core), message, None, plain, offset)


def _pair(text: str) -> tuple[str, int, bool] | None:
    """Return a text without the quotes or brackets around it, where it begins, and whether they may enclose a piece."""
    closed = text.rstrip(",;.")
    for opening, closing, is_quote in pasted.pairs:
        around = len(opening) + len(closing)
        if closed.startswith(opening) and closed.endswith(closing) and len(closed) > around:
            inner = closed[len(opening) : len(closed) - len(closing)]
            core = inner.strip(STRIPPED)
            if _belong(opening, closing, inner):
                return core, len(opening) + len(inner) - len(inner.lstrip(STRIPPED)), is_quote
    return None


def _belong(opening: str, closing: str, inner: str) -> bool:
    """Say whether the first and last mark form a pair, rather than each belonging to something inside the text."""
    if opening == "_":
        return not inner.endswith("_")
    if opening != closing:
        return _is_balanced(opening, closing, inner)
    if len(opening) > 1:
        return inner.count(opening) % 2 == 0
    return closing not in inner or not re.search(r"\s", inner)


def _is_balanced(opening: str, closing: str, inner: str) -> bool:
    if opening == closing:
        return opening not in inner
    depth = 0
    for mark in re.finditer(f"{re.escape(opening)}|{re.escape(closing)}", inner):
        depth += 1 if mark[0] == opening else -1
        if depth < 0:
            return False
    return depth == 0


def _string_value(core: str, inner: str) -> str:
    """Return the value of a quoted text in JSON or in a spreadsheet, which doubles the quotes inside."""
    text = core.rstrip(",;.")
    if text[0] != '"':
        return inner
    if "\\" in inner:
        import json  # noqa: PLC0415 - for the few texts that are strings of JSON

        try:
            value = json.loads(text)
        except ValueError:
            return inner
        return str(value).strip(STRIPPED)
    return inner.replace('""', '"') if '"' not in inner.replace('""', "") else inner


def half_paired(core: str) -> Whole | None:
    """Find a quote or bracket at one end of a template, with the other one missing."""
    opening = core[0]
    inner = core[1:].lstrip(STRIPPED)
    closings = [pair[1] for pair in pasted.pairs if pair[0] == opening]
    if not closings or not re.match(SCHEME, inner):
        return None
    if not all(_is_balanced(opening, closing, inner) for closing in closings):
        message = f"template begins with {opening!r}, and it is not clear where it ends; write only the URL"
        return Whole("quoted_template", Span(0, 1), message)
    message = f"template begins with {opening!r}, and does not end with it; remove it"
    return Whole("quoted_template", Span(0, 1), message, None, inner, len(core) - len(inner))
