"""Rules about white space and control characters."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice

from macroengine.caching import short_cache
from macroengine.diagnostics import Finding, Fix, Span, new_finding, overlapping
from macroengine.rules.beginnings import MACRO_ENDS, begins_url, is_remark
from macroengine.rules.checked import Checked
from macroengine.rules.structure import origin_end

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SPACE = re.compile(r"\s")
_SPACES = re.compile(r"\s+")
_BREAK = re.compile(r"[\r\n]")
_PLAIN_SPACE = re.compile(r"[^\S\x00-\x1f\x7f-\x9f]")
_DELIMITERS = "?&="
# A line of at least this length may have been wrapped by a mail program or a page.
_WRAPPED = 60


def control_character(checked: Checked) -> Iterator[Finding]:
    r"""Control character or line break.

    What it does:
        Finds control characters, including line breaks, with the white space around them.

    Why it matters:
        They are not allowed in a URL. Templates copied from a page contain the page's line breaks. There is a fix if
        the URL clearly continues: next to a delimiter, or after a long line that was wrapped.

    Example:
        https://n.example/pb?id=(clickid)&\nip=(ip)

    Use instead:
        https://n.example/pb?id=(clickid)&ip=(ip)
    """
    if not checked.has_white_space:
        return
    yield from _in_names(checked, _control_in)
    for span in checked.white_space:
        text = checked.text(span)
        what = _control_in(text)
        if what:
            where = checked.what
            if _joins(span, text, checked):
                hint = f"remove it if what follows belongs to the {where[2:]}"
                yield new_finding((span, f"{what} in {where}", hint, None))
            else:
                yield new_finding((span, f"{what} in {where}; remove it", None, Fix("", span, safe=True)))


def _in_names(checked: Checked, kind: Callable[[str], str | None]) -> Iterator[Finding]:
    """Yield the first white space of a kind in each name of a macro. Another rule writes the name without it."""
    for spans in checked.white_space_in_names:
        found = ((span, what) for span in spans if (what := kind(checked.text(span))))
        for span, what in islice(found, 1):
            yield Finding(span, f"{what} in {checked.what}, in the name of a macro; remove it")


# Most runs of white space in a template are the same.
@short_cache(maxsize=256)
def _control_in(text: str) -> str | None:
    """Return what to call the control characters in a text; None if it has none."""
    if _BREAK.search(text):
        return "line break"
    control = _CONTROL.search(text)
    return f"control character {control[0]!a}" if control else None


def _space_in(text: str) -> str | None:
    """Return what to call a space; None for one with control characters."""
    return None if _CONTROL.search(text) else "space"


def raw_space(checked: Checked) -> Iterator[Finding]:
    """Space.

    What it does:
        Finds spaces, including non-breaking and other Unicode ones.

    Why it matters:
        They are not allowed in a URL, and clients treat them differently. A space next to a delimiter is a typo and is
        removed; any other is encoded. The fix is not safe where a remark may begin, and there is none in a host.

    Example:
        https://n.example/pb?id= (clickid)&name=first deposit

    Use instead:
        https://n.example/pb?id=(clickid)&name=first%20deposit
    """
    if not checked.has_white_space or not _PLAIN_SPACE.search(checked.source):
        return
    yield from _in_names(checked, _space_in)
    spaces = [span for span in checked.white_space if _space_in(checked.text(span))]
    if not spaces:
        return
    aliens = checked.alien_text
    is_alien, starts, last = overlapping(aliens), sorted(alien.start for alien in aliens), -1
    for span in spaces:
        if is_alien(span):
            # Report each such text once, however many spaces it has.
            which = bisect_right(starts, span.start)
            if which != last:
                yield Finding(span, f"space in {checked.what}, in text that must be removed")
            last = which
            continue
        yield _about_space(span, checked)


def _about_space(span: Span, checked: Checked) -> Finding:
    if _is_stray(checked, span):
        return Finding(span, f"space in {checked.what}; remove it", None, Fix("", span, safe=True))
    if span.start < origin_end(checked.template):
        return Finding(span, "space before the path of a URL", "begin with the scheme and the server, without spaces")
    encoded = "%20" * (span.stop - span.start)
    return Finding(
        span, f"space in {checked.what}; write {encoded}", None, Fix(encoded, span, safe=_is_inside(checked, span))
    )


def _is_stray(checked: Checked, span: Span) -> bool:
    """Say whether a space is a typo: it is at an end or next to a delimiter, and does not separate words."""
    before, after = _beside(checked, span)
    if not before or not after:
        return True
    if begins_url(checked.source, span.stop):
        return before == "=" or checked.source.endswith("://", 0, span.start)
    beside = "?&=#/" if span.start < origin_end(checked.template) else "?&=#"
    return before in beside or after in beside


def _beside(checked: Checked, span: Span) -> tuple[str, str]:
    return checked.source[max(0, span.start - 1) : span.start], checked.source[span.stop : span.stop + 1]


def _is_inside(checked: Checked, span: Span) -> bool:
    """Say whether a space must be part of the URL: it is in a value or a path, before any remark."""
    source = checked.source
    if not checked.begins_as_template:
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
    """Say whether removing a control character could join texts that do not belong together."""
    source, start, stop = checked.source, span.start, span.stop
    before, after = source[max(0, start - 1) : start], source[stop : stop + 1]
    if not before or not after or after in _DELIMITERS:
        return False
    has_space = text.isspace() or _SPACE.search(text) is not None
    if begins_url(source, stop):
        return before != "=" or not has_space
    if not has_space:
        return False
    if before not in _DELIMITERS:
        if not _BREAK.search(text):
            return True
        line = start - max(source.rfind("\n", 0, start), source.rfind("\r", 0, start)) - 1
        if line < _WRAPPED or stop not in _wrapped(source):
            return True
    end = _BREAK.search(source, stop)
    following = source[stop : end.start() if end else len(source)].strip()
    return is_remark(following) or not checked.begins_as_template


@lru_cache(maxsize=1)
def _wrapped(source: str) -> range:
    """Return where a line may go on in the next one, as far as the rest of the text can tell.

    What follows must be a single word but for places where it was wrapped, and must have more than letters.
    """
    text = source.rstrip()
    first = line = 0
    for run in _SPACES.finditer(text):
        start, stop = run.span()
        is_break = _BREAK.search(run[0]) is not None
        is_stray = text[start - 1 : start] in _DELIMITERS or text[stop] in _DELIMITERS
        if not is_stray and not (is_break and start - line >= _WRAPPED):
            first = stop
        if is_break:
            line = stop
    return range(first, max(map(text.rfind, "=&%/(){}[];")) + 1)
