"""Diagnostics as values: where a problem is, what it is, and how to fix it."""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Literal, NamedTuple

_WIDTH = 78


@dataclass(frozen=True, slots=True, order=True, init=False)
class Span:
    """`source[start:stop]`, in code points, half-open."""

    start: int
    """The first code point, counted from 0."""
    stop: int
    """The code point after the last one."""

    # Written by hand: the `__init__` of a frozen dataclass takes 50 % longer, and a check creates many spans.
    def __init__(self, start: int, stop: int) -> None:
        _set_start(self, start)
        _set_stop(self, stop)


_set_start, _set_stop = vars(Span)["start"].__set__, vars(Span)["stop"].__set__


# No text is this long.
PLACE_BITS = 32


def place_of(span: Span) -> int:
    """Return a number that sorts like the span, but compares faster: integers compare in C.

    >>> place_of(Span(1, 9)) < place_of(Span(2, 3)) < place_of(Span(2, 4))
    True
    """
    return span.start << PLACE_BITS | span.stop


class Severity(StrEnum):
    """How bad a finding is. Only an error keeps a template from being compiled."""

    ERROR = "error"
    """The template cannot be compiled."""
    WARNING = "warning"
    """Probably a mistake; `--strict` makes the check fail."""
    INFO = "info"
    """Worth knowing."""


@dataclass(frozen=True, slots=True, init=False)
class Fix:
    """An edit that fixes a finding: write `replacement` in place of `span`.

    A `safe` fix cannot change anything the author intended.
    """

    replacement: str
    """The text to write."""
    span: Span
    """The text to replace; empty to insert."""
    safe: bool
    """Whether the author cannot have intended the old text."""

    # Written by hand for speed, like that of Span.
    def __init__(self, replacement: str, span: Span, safe: bool) -> None:
        _set_replacement(self, replacement)
        _set_fix_span(self, span)
        _set_safe(self, safe)


_set_replacement, _set_fix_span, _set_safe = (vars(Fix)[name].__set__ for name in Fix.__dataclass_fields__)


class Finding(NamedTuple):
    """What a rule found, before it becomes a diagnostic with the rule's code."""

    span: Span
    message: str
    hint: str | None = None
    fix: Fix | None = None


# What the constructor does, without a call of Python: for rules that may find something at every character.
new_finding = partial(tuple.__new__, Finding)


@dataclass(frozen=True, slots=True, init=False)
class Diagnostic:
    """A reported problem. `str()` shows it under the template, with carets.

    >>> print(Diagnostic("ME101", "unknown-macro", Severity.ERROR, "unknown macro 'x'", Span(2, 5), "a=(x)"))
    error[ME101]: unknown macro 'x'
      a=(x)
        ^^^
    """

    code: str
    """The code of the rule, such as `ME101`. Its meaning never changes."""
    name: str
    """The name of the rule, such as `unknown-macro`."""
    severity: Severity
    message: str
    """What was found, in one line without control characters."""
    span: Span
    """The place in `source`."""
    source: str = field(repr=False)
    """The text that was checked: a template or a URL."""
    hint: str | None = None
    """What to do about it, if the message does not say so."""
    fix: Fix | None = None
    """An edit that fixes it."""

    # Written by hand for speed, like that of Span.
    def __init__(  # noqa: PLR0917 - in the order of the attributes
        self,
        code: str,
        name: str,
        severity: Severity,
        message: str,
        span: Span,
        source: str,
        hint: str | None = None,
        fix: Fix | None = None,
    ) -> None:
        _set_code(self, code)
        _set_name(self, name)
        _set_severity(self, severity)
        _set_message(self, message)
        _set_span(self, span)
        _set_source(self, source)
        _set_hint(self, hint)
        _set_fix(self, fix)

    def __str__(self) -> str:
        lines = [f"{self.severity}[{self.code}]: {self.message}", *excerpt(self.source, self.span)]
        if self.hint is not None:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


_set_code, _set_name, _set_severity, _set_message, _set_span, _set_source, _set_hint, _set_fix = (
    vars(Diagnostic)[name].__set__ for name in Diagnostic.__dataclass_fields__
)


def overlapping(spans: Iterable[Span]) -> Callable[[Span], bool]:
    """Return a function that says whether a span shares a code point with one of these.

    >>> list(map(overlapping([Span(0, 2), Span(1, 4)]), [Span(3, 9), Span(4, 9)]))
    [True, False]
    """
    return overlapping_places([(span.start, span.stop) for span in spans])


def overlapping_places(places: Iterable[tuple[int, int]]) -> Callable[[Span], bool]:
    """Do the same for pairs of start and stop, since creating many spans would take longer than the rest."""
    starts: list[int] = []
    stops: list[int] = []
    for start, stop in sorted(places):
        if stops and start <= stops[-1]:
            stops[-1] = max(stops[-1], stop)
        else:
            starts.append(start)
            stops.append(stop)
    if not starts:
        return lambda _: False

    def overlaps(span: Span) -> bool:
        nearest = bisect_right(stops, span.start)
        return nearest < len(starts) and starts[nearest] < span.stop

    return overlaps


@dataclass(frozen=True, slots=True)
class PayloadDiagnostic:
    """A reported problem in a JSON payload. `pointer` says where it is (RFC 6901); `""` is the whole payload.

    >>> print(PayloadDiagnostic("ME511", "missing-field", Severity.ERROR, "'eventName' is missing", "/eventName"))
    error[ME511]: 'eventName' is missing
      at /eventName
    """

    code: str
    name: str
    severity: Severity
    message: str
    pointer: str
    """Where it is: a JSON pointer."""
    hint: str | None = None

    def __str__(self) -> str:
        lines = [f"{self.severity}[{self.code}]: {self.message}"]
        if self.pointer:
            lines.append(f"  at {''.join(_fitting(_cells(self.pointer), _WIDTH))}")
        if self.hint is not None:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class Fault(NamedTuple):
    """A kind of problem, before it is found anywhere."""

    code: str
    name: str
    severity: Severity
    meaning: str
    fix: Literal["safe", "unsafe"] | None = None
    """The best fix that it offers. Not every finding has one."""

    def at(self, pointer: str, message: str, hint: str | None = None) -> PayloadDiagnostic:
        """Report it at a place in a JSON payload."""
        return PayloadDiagnostic(self.code, self.name, self.severity, message, pointer, hint)

    def on(self, source: str, span: Span, message: str, hint: str | None = None, fix: Fix | None = None) -> Diagnostic:
        """Report it at a place in a text."""
        return Diagnostic(self.code, self.name, self.severity, message, span, source, hint, fix)


def excerpt(source: str, span: Span, width: int | None = _WIDTH) -> list[str]:
    r"""Return two lines of at most `width` columns: the text around `span`, and carets under it.

    Without a width, the whole text is shown. Characters that do not print are shown as escapes. Wide characters count
    as two columns, combining ones as none.

    >>> print(*excerpt("a=(x)\n&b=", Span(5, 6)), sep="\n")
      a=(x)\n&b=
           ^^
    """
    # The longest escape that a character can become.
    room = len(r"\U0001f600") * (len(source) + 1) if width is None else max(width - 4, 1)
    start = span.start
    marked = _cells(source[start : min(span.stop, start + room)])
    before, after = _cells(source[max(0, start - room) : start]), _cells(source[span.stop : span.stop + room])
    right = _fitting(after, max(room - _columns(before) - _columns(marked), room // 3))
    left = _fitting(before[::-1], room - _columns(marked[: room - len(right)]) - _columns(right))[::-1]
    marked = _fitting(marked, room - _columns(left) - _columns(right))
    is_cut = len(marked) < span.stop - start
    if is_cut and right:
        marked = [*_fitting(marked, _columns(marked) - 1), "…"]
    cut_left = "…" if len(left) < start else ""
    cut_right = "…" if span.stop + len(right) < len(source) or (is_cut and not right) else ""
    indent = " " * (2 + len(cut_left) + _columns(left))
    text = "".join([*left, *marked, *right])
    return [f"  {cut_left}{text}{cut_right}", f"{indent}{'^' * max(1, _columns(marked))}"]


def printable(text: str) -> str:
    r"""Return a text with escapes for all characters that do not print.

    >>> printable("{{\x1b[2J}}")
    '{{\\x1b[2J}}'
    """
    return text if text.isprintable() else "".join(_cells(text))


def columns(text: str) -> int:
    """Return how many terminal columns a text takes.

    >>> columns("a标")
    3
    """
    return _columns(_cells(text))


def _cells(text: str) -> Sequence[str]:
    """Return what is shown for each character. If each takes one column, that is the string itself."""
    if text.isascii() and text.isprintable():
        return text
    return [char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text]


def _columns(cells: Sequence[str]) -> int:
    return len(cells) if isinstance(cells, str) else sum(map(_width, cells))


def _width(cell: str) -> int:
    if cell.isascii():
        return len(cell)
    # Terminals that follow Unicode annex 11 show the carets in the right place.
    return 0 if unicodedata.category(cell) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(cell) in "WF" else 1


def _fitting(cells: Sequence[str], room: int) -> Sequence[str]:
    """Return as many leading cells as fit into `room` columns."""
    if isinstance(cells, str):
        return cells[: max(0, room)]
    taken = 0
    for index, cell in enumerate(cells):
        taken += _width(cell)
        if taken > room:
            return cells[:index]
    return cells
