"""Rules about single characters."""

import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import groupby

from macroengine.caching import late_pattern, short_cache
from macroengine.diagnostics import Finding, Fix, Span, new_finding, overlapping
from macroengine.encodings.encoder import percent_encode
from macroengine.rules.checked import Checked
from macroengine.rules.structure import origin_end
from macroengine.rules.tables import lookalikes, typographic

# RFC 3986 appendix A: ASCII that no part of a URL may contain. Spaces and control characters have their own rules.
_BEYOND_ASCII = late_pattern(r"[^\x00-\x7f]+")
_ILLEGAL = late_pattern(r'["<>\\^`{|}]+')

# Windows writes advertising IDs and other GUIDs in braces, which are part of the GUID.
_GUID = late_pattern(r"\{[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}\}")
# For longer texts the message omits the encoded form, which is at least three times as long.
_SHORT = 4


def invisible_character(checked: Checked) -> Iterator[Finding]:
    r"""Zero-width or bidirectional character.

    What it does:
        Finds characters that have no width or change the direction of text: joiners, marks, soft hyphens.

    Why it matters:
        They are invisible, and a name or host that contains one is a different name or host.

    Example:
        https://n.example/pb?id=(click\u200bid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    source = checked.source
    end = len(source)
    for span in _hidden(checked, "Cf"):
        start, stop = span.start, span.stop
        # Between non-ASCII letters a joiner may be intended.
        safe = start == 0 or stop == end or source[start - 1].isascii() or source[stop].isascii()
        message = f"invisible character ({_names_of(source[start:stop])}); remove it"
        yield new_finding((span, message, None, Fix("", span, safe=safe)))


def lone_surrogate(checked: Checked) -> Iterator[Finding]:
    r"""Half of a character.

    What it does:
        Finds code points that are half of a UTF-16 pair and not a character.

    Why it matters:
        They cannot be written in UTF-8, so the URL cannot be sent. Software that cuts text by length leaves them
        behind.

    Example:
        https://n.example/pb?id=(clickid)&x=\ud83d

    Use instead:
        https://n.example/pb?id=(clickid)&x=%F0%9F%98%80
    """
    for span in _hidden(checked, "Cs"):
        yield Finding(span, "half of a character (lone surrogate), which cannot be sent; remove it")


def typographic_character(checked: Checked) -> Iterator[Finding]:
    """Typographic dash, quote or full-width character.

    What it does:
        Finds characters that word processors and input methods insert instead of ASCII ones, and macros with letters
        of another alphabet that look like Latin ones, such as a Cyrillic c.

    Why it matters:
        They are not the intended characters: a macro in full-width parentheses is not a macro.

    Example:
        https://n.example/pb?id=（clickid）

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for span in _runs(checked, lambda char: _ascii_for(char) is not None):
        text = checked.text(span)
        meant = "".join(_ascii_for(char) or "" for char in text)
        yield Finding(span, f"typographic {text!r}; write {meant!r}", None, Fix(meant, span, safe=False))
    for span, macro in checked.near_macros.with_lookalikes:
        letters = _names_of("".join(char for char in checked.text(span) if ord(char) in lookalikes()))
        message = f"{checked.text(span)} is not a macro, because of {letters}; write {macro}"
        yield Finding(span, message, None, Fix(macro, span, safe=False))


def non_ascii_literal(checked: Checked) -> Iterator[Finding]:
    """Letter or sign outside ASCII.

    What it does:
        Finds literal text that is not ASCII.

    Why it matters:
        A URL is ASCII. Clients encode other characters, and not all use UTF-8.

    Example:
        https://n.example/pb?id=(clickid)&city=Köln

    Use instead:
        https://n.example/pb?id=(clickid)&city=K%C3%B6ln
    """
    if checked.source.isascii():
        return
    for span in _runs(checked, _is_plain):
        if not checked.in_broken_text(span):
            text = checked.text(span)
            yield _encode(span, checked, f"{text!r} is not ASCII", text)


def illegal_character(checked: Checked) -> Iterator[Finding]:
    """ASCII character that is not allowed in a URL.

    What it does:
        Finds double quotes, angle brackets, backslashes, carets, backticks, vertical bars, and braces that do not
        belong to a macro.

    Why it matters:
        Some clients encode them, others reject the URL. At the end of a template they often come from the text around
        it.

    Example:
        https://n.example/pb?data={"id":"(clickid)"}

    Use instead:
        https://n.example/pb?data=%7B%22id%22:%22(clickid)%22%7D
    """
    if not _ILLEGAL.search(checked.literal_text):
        return
    found = [(literal.start, match) for literal in checked.literals for match in _ILLEGAL.finditer(literal.text)]
    guids = (Span(*match.span()) for match in _GUID.finditer(checked.source))
    is_explained = overlapping([*checked.literal_delimiters, *guids])
    for start, match in found:
        span = Span(start + match.start(), start + match.end())
        if not checked.in_broken_text(span) and not is_explained(span):
            yield _encode(span, checked, f"{match[0]!r} is not allowed in a URL", match[0])


def _encode(span: Span, checked: Checked, message: str, text: str) -> Finding:
    if span.start < origin_end(checked.template):
        return Finding(span, message, "host names use letters, digits, - and dots; write others in Punycode (xn--)")
    encoded = percent_encode(text)
    advice = f"write {encoded}" if len(text) <= _SHORT else "percent-encode it"
    return Finding(span, f"{message}; {advice}", None, Fix(encoded, span, safe=False))


def _hidden(checked: Checked, category: str) -> Iterator[Span]:
    """Yield the runs of non-printing characters in a Unicode category."""
    if not checked.source.isprintable():
        yield from _runs(checked, lambda char: unicodedata.category(char) == category)


def _runs(checked: Checked, belongs: Callable[[str], bool]) -> Iterator[Span]:
    """Yield the longest runs of non-ASCII characters for which `belongs` is true."""
    source = checked.source
    if source.isascii():
        return
    for match in _BEYOND_ASCII.finditer(source):
        position, stop = match.span()
        if stop - position == 1:
            if belongs(match[0]):
                yield Span(position, stop)
            continue
        for is_one, chars in groupby(match[0], belongs):
            start, position = position, position + sum(1 for _ in chars)
            if is_one:
                yield Span(start, position)


@short_cache(maxsize=1024)
def _names_of(text: str) -> str:
    return ", ".join(unicodedata.name(char, "format").lower() for char in dict.fromkeys(text))


@lru_cache(maxsize=1024)
def _is_plain(char: str) -> bool:
    """Say whether no other rule reports this non-ASCII character."""
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs") and not char.isspace() and _ascii_for(char) is None


@lru_cache(maxsize=1024)
def _ascii_for(char: str) -> str | None:
    # Full-width forms have the decomposition tag <wide> (Unicode annex 44).
    wide = unicodedata.decomposition(char).startswith("<wide>")
    return unicodedata.normalize("NFKC", char) if wide and not char.isspace() else typographic().get(char)
