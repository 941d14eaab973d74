"""Rules about single characters."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from urllib.parse import quote

from macroengine.diagnostics import Finding, Fix, Span, overlapping
from macroengine.rules.beginnings import MACRO_ENDS, begins_as_template, begins_url, is_remark
from macroengine.rules.checked import Checked
from macroengine.rules.tables import typographic
from macroengine.template import Template

_WHITE_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
# RFC 3986 appendix A: ASCII that stands in no part of a URL; spaces and controls have rules of their own.
_ILLEGAL = re.compile(r'["<>\\^`{|}]+')

# Braces belong to it, where Windows writes it, as in the ids of advertising.
_GUID = re.compile(r"\{[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}\}")

# A line of at least so many characters may have been wrapped by the width of a mail or a page.
_WRAPPED = 60
# What is longer reads better without its encoded form, three times as long or more.
_SHORT = 4


def control_character(checked: Checked) -> Iterator[Finding]:
    r"""Control character or line break.

    What it does:
        Finds control characters, line breaks among them, with the white space around them.

    Why it matters:
        No URL may hold one. Templates that were copied from a page come with the page's line breaks. There is a fix
        where nothing but a URL that goes on can have been meant: beside a delimiter, and where a long line was wrapped.

    Example:
        https://n.example/pb?id=(clickid)&\nip=(ip)

    Use instead:
        https://n.example/pb?id=(clickid)&ip=(ip)
    """
    for span, text in _white_space(checked):
        controls = [char for char in text if unicodedata.category(char) == "Cc"]
        if controls:
            is_break = bool(set(text) & set("\r\n"))
            what = "line break" if is_break else f"control character {controls[0]!a}"
            if _joins(span, text, checked):
                yield Finding(span, f"{what} in a URL", "remove it if what follows belongs to the URL")
            else:
                yield Finding(span, f"{what} in a URL; remove it", None, Fix("", span, safe=True))


def raw_space(checked: Checked) -> Iterator[Finding]:
    """Space.

    What it does:
        Finds spaces, the non-breaking and other wide or narrow ones included.

    Why it matters:
        No URL may hold one, and clients do not agree on what to make of it. Beside a delimiter a space is a typo and is
        removed, elsewhere it is encoded. The fix is not safe where a remark may begin, and there is none in a host.

    Example:
        https://n.example/pb?id= (clickid)&name=first deposit

    Use instead:
        https://n.example/pb?id=(clickid)&name=first%20deposit
    """
    spaces = [(span, text) for span, text in _white_space(checked) if not set(map(unicodedata.category, text)) & {"Cc"}]
    aliens = checked.alien_text if spaces else []
    is_alien, starts, last = overlapping(aliens), sorted(alien.start for alien in aliens), -1
    for span, text in spaces:
        if is_alien(span):
            # Once for each such text, however many spaces it has.
            which = bisect_right(starts, span.start)
            if which != last:
                yield Finding(span, "space in a URL, in text that has to go")
            last = which
            continue
        yield _about_space(span, text, checked)


def invisible_character(checked: Checked) -> Iterator[Finding]:
    r"""Zero-width or bidirectional character.

    What it does:
        Finds characters that have no width or change the direction of text: joiners, marks, soft hyphens.

    Why it matters:
        Nobody sees them, and a name or a host that holds one is another name or host.

    Example:
        https://n.example/pb?id=(click\u200bid)

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for span in _hidden(checked, "Cf"):
        source = checked.source
        names = ", ".join(dict.fromkeys(unicodedata.name(char, "format").lower() for char in _in(span, source)))
        # Between letters of other scripts a joiner can be meant.
        around = source[max(0, span.start - 1) : span.start] + source[span.stop : span.stop + 1]
        safe = len(around) < 2 or any(map(str.isascii, around))
        yield Finding(span, f"invisible character ({names}); remove it", None, Fix("", span, safe=safe))


def lone_surrogate(checked: Checked) -> Iterator[Finding]:
    r"""Half of a character.

    What it does:
        Finds code points that are half of a pair in UTF-16 and no character.

    Why it matters:
        They have no form in UTF-8, so the URL cannot be sent. Software that cuts text by length leaves them.

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
        Finds characters that word processors and input methods put in place of ASCII ones.

    Why it matters:
        They are not the ones that were meant: a macro in full-width parentheses is no macro.

    Example:
        https://n.example/pb?id=（clickid）

    Use instead:
        https://n.example/pb?id=(clickid)
    """
    for span in _runs(checked, lambda char: _ascii_for(char) is not None):
        text = _in(span, checked.source)
        meant = "".join(_ascii_for(char) or "" for char in text)
        yield Finding(span, f"typographic {text!r}; write {meant!r}", None, Fix(meant, span, safe=False))


def non_ascii_literal(checked: Checked) -> Iterator[Finding]:
    """Letter or sign outside ASCII.

    What it does:
        Finds literal text that is not ASCII.

    Why it matters:
        A URL is ASCII. Clients encode the rest, and not all of them as UTF-8.

    Example:
        https://n.example/pb?id=(clickid)&city=Köln

    Use instead:
        https://n.example/pb?id=(clickid)&city=K%C3%B6ln
    """
    if checked.source.isascii():
        return
    for span in _runs(checked, _is_plain):
        if not checked.in_broken_text(span):
            text = _in(span, checked.source)
            yield _encode(span, checked, f"{text!r} is not ASCII", text)


def illegal_character(checked: Checked) -> Iterator[Finding]:
    """ASCII character that no URL may hold.

    What it does:
        Finds double quotes, angle brackets, backslashes, carets, backticks, vertical bars, and braces that belong to
        no macro.

    Why it matters:
        Some clients encode them, some refuse the URL. At an end they are often left from the text around.

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
            yield _encode(span, checked, f"{match[0]!r} may not stand in a URL", match[0])


def _encode(span: Span, checked: Checked, message: str, text: str) -> Finding:
    if span.start < _origin_end(checked.template):
        return Finding(span, message, "a host has letters, digits, - and dots; others are written in Punycode, xn--")
    encoded = quote(text, safe="")
    advice = f"write {encoded}" if len(text) <= _SHORT else "percent-encode it"
    return Finding(span, f"{message}; {advice}", None, Fix(encoded, span, safe=False))


def _white_space(checked: Checked) -> Iterator[tuple[Span, str]]:
    """Yield the runs of white space and controls that are not inside the name of a macro."""
    source = checked.source
    # This is how nearly every template is passed over: both tests are single scans in C.
    if source.isprintable() and " " not in source:
        return
    in_name = overlapping(meant.span for meant in checked.split_macros)
    for match in _WHITE_SPACE.finditer(source):
        span = Span(*match.span())
        if not in_name(span):
            yield span, match[0]


def _about_space(span: Span, text: str, checked: Checked) -> Finding:
    if _is_stray(checked, span):
        return Finding(span, "space in a URL; remove it", None, Fix("", span, safe=True))
    if span.start < _origin_end(checked.template):
        return Finding(span, "space before the path of a URL", "begin with the scheme and the server, without spaces")
    encoded = "%20" * len(text)
    return Finding(span, f"space in a URL; write {encoded}", None, Fix(encoded, span, safe=_is_inside(checked, span)))


def _is_stray(checked: Checked, span: Span) -> bool:
    """Say whether a space is a typo: it is at an end, or beside a delimiter, and parts no words."""
    before, after = _beside(checked, span)
    if not before or not after:
        return True
    if begins_url(checked.source, span.stop):
        return before == "=" or checked.source.endswith("://", 0, span.start)
    beside = "?&=#/" if span.start < _origin_end(checked.template) else "?&=#"
    return before in beside or after in beside


def _beside(checked: Checked, span: Span) -> tuple[str, str]:
    return checked.source[max(0, span.start - 1) : span.start], checked.source[span.stop : span.stop + 1]


def _is_inside(checked: Checked, span: Span) -> bool:
    """Say whether a space can only be meant as part of the URL: it is in a value or a path, before any remark."""
    source = checked.source
    if not begins_as_template(source):
        return False
    start, stop = span.start, span.stop
    equals, delimiter = source.rfind("=", 0, start), max(source.rfind("?", 0, start), source.rfind("&", 0, start))
    if equals < delimiter:
        return False
    if source.find("&", stop) >= 0:
        return True
    if equals < 0:
        return source.find("=", stop) >= 0 or source.find("?", stop) >= 0
    return start < checked.remark_start and not source.endswith(MACRO_ENDS, 0, start)


def _joins(span: Span, text: str, checked: Checked) -> bool:
    """Say whether to remove a control character could join what does not belong together."""
    before, after = _beside(checked, span)
    source = checked.source
    if not before or not after:
        return False
    if not any(char.isspace() for char in text):
        return begins_url(source, span.stop)
    if begins_url(source, span.stop):
        return before != "="
    end = source.find("\n", span.stop)
    following = source[span.stop : end if end >= 0 else len(source)].strip()
    if following.startswith(("?", "&", "=")):
        return False
    if is_remark(following) or not begins_as_template(source):
        return True
    line = span.start - source.rfind("\n", 0, span.start) - 1
    return before not in "?&=" and (line < _WRAPPED or not _goes_on(following))


def _goes_on(line: str) -> bool:
    """Say whether a line can be the rest of a URL: one word, and more than letters."""
    return not re.search(r"\s", line) and re.search(r"[=&%/(){}\[\];]", line) is not None


def _origin_end(template: Template) -> int:
    """Return where the scheme and the server of a template end."""
    origin = template.authority or template.scheme
    return origin[-1].span.stop if origin else 0


def _hidden(checked: Checked, category: str) -> Iterator[Span]:
    """Yield the runs of characters of a category of those that do not print."""
    if not checked.source.isprintable():
        yield from _runs(checked, lambda char: unicodedata.category(char) == category)


def _runs(checked: Checked, belongs: Callable[[str], bool]) -> Iterator[Span]:
    """Yield the maximal runs of characters outside ASCII of which `belongs` is true."""
    source = checked.source
    if source.isascii():
        return
    start = None
    for position, char in enumerate(source + "\0"):
        if not char.isascii() and belongs(char):
            start = position if start is None else start
        elif start is not None:
            yield Span(start, position)
            start = None


def _is_plain(char: str) -> bool:
    """Say whether no other rule speaks of a character outside ASCII."""
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs") and not char.isspace() and _ascii_for(char) is None


def _ascii_for(char: str) -> str | None:
    # Full-width forms: Unicode annex 44, the decomposition tag <wide>.
    wide = unicodedata.decomposition(char).startswith("<wide>")
    return unicodedata.normalize("NFKC", char) if wide and not char.isspace() else typographic().get(char)


def _in(span: Span, source: str) -> str:
    return source[span.start : span.stop]
