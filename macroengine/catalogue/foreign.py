"""How other platforms write their macros, and where a template contains such macros."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from macroengine.diagnostics import Span, overlapping
from macroengine.language.syntax import Syntax

_TABLE = Path(__file__).resolve().parent / "foreign.toml"


class ForeignSyntax(NamedTuple):
    """One way in which other platforms write macros. The only group of `pattern` and of `next` is the name."""

    whose: str
    first: str
    """The text that a macro begins with."""
    pattern: str
    platforms: tuple[str, ...] = ()
    """The platforms whose names are looked up."""
    syntax: str | None = None
    """The key of the same syntax in the library, if any."""
    next: str | None = None
    """The pattern of another macro directly after one, if `pattern` would match it differently."""
    outer: bool = False
    """Whether a macro of the dialect inside it is part of it."""
    certain: bool = False
    """Whether nothing else is written like this, whatever the name."""
    known: bool = False
    """Whether it is a macro only if the dialect has one with exactly this name."""
    what: str | None = None
    """If it is another construct of a template language rather than a macro: its name."""
    instead: str | None = None
    """What to write instead of such a construct."""
    alternatives: str | None = None
    """The separator of names of which the first with a value is sent."""


class ForeignText(NamedTuple):
    """A text that is written like a macro of another platform."""

    span: Span
    name: str
    syntax: ForeignSyntax
    encloses: bool
    """Whether it contains a macro of the dialect, which therefore is not one."""


def foreign_texts(source: str, syntax: Syntax) -> tuple[ForeignText, ...]:
    """Return the texts in the syntax of another platform, in source order.

    >>> from macroengine.language.syntax import syntax
    >>> [(text.name, text.encloses) for text in foreign_texts("?a={{b}}&c={d}", syntax("brace"))]
    [('b', True)]
    """
    own = syntax.find
    found = []
    for match, row in _matches(source, syntax):
        name = match[match.lastindex or 1].strip()
        encloses = own.search(match[0]) is not None
        # {ip:(ip)} may be a JavaScript object, not a macro that contains another one.
        if row.outer or not encloses:
            found.append(ForeignText(Span(*match.span()), name, row, encloses))
    return tuple(found)


def inside_foreign(source: str, texts: Iterable[ForeignText]) -> Callable[[Span], bool] | None:
    """Return a function that says whether a macro is only part of another text; None if none is, as in most templates.

    `texts` are those that `foreign_texts` finds in the source.
    """
    spans = [text.span for text in texts if text.encloses]
    spans += [Span(*match.span()) for match in notes().finditer(source)] if "://" in source else []
    return overlapping(spans) if spans else None


@cache
def notes() -> re.Pattern[str]:
    """Return the pattern of text that looks like a macro but is a shorthand for two alternatives."""
    return re.compile("|".join(_read()["notes"]))


@cache
def encoded_macros() -> re.Pattern[str]:
    """Return the pattern of names between percent-encoded delimiters, which may be encoded repeatedly (%25...)."""
    forms = []
    for form in _read()["encoded"]:
        opening, closing = (re.sub(".", _encoded, affix) for affix in form.split("NAME"))
        forms.append(f"{opening}[A-Za-z_][A-Za-z0-9_.-]*{closing}")
    return re.compile("|".join(forms), re.IGNORECASE)


@cache
def certain_texts() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return patterns, without groups, of texts that only some platforms write, with the platforms' titles."""
    rows = [row for row in _read()["macro"] if row.get("certain") and row.get("platforms")]
    return tuple((re.sub(r"(?<!\\)\((?!\?)", "(?:", row["pattern"]), tuple(row["platforms"])) for row in rows)


@cache
def nameless() -> frozenset[str]:
    """Return the delimiters of macros with nothing between them."""
    return frozenset(_read()["nameless"])


def _encoded(match: re.Match[str]) -> str:
    return f"%(?:25)*{ord(match[0]):02X}"


def _matches(source: str, syntax: Syntax) -> Iterator[tuple[re.Match[str], ForeignSyntax]]:
    first, rows_of = _table(syntax)
    own = syntax.find
    position = 0
    while sign := first.search(source, position):
        position = sign.start()
        macro = own.match(source, position)
        if macro:
            position = macro.end()
            continue
        rows = rows_of[source[position]]
        match = rows.pattern.match(source, position)
        position += 1
        row = rows[(match.lastindex or 1) - 1] if match else None  # each alternative has one group
        while match and row:
            yield match, row
            position = match.end()
            match = re.compile(row.next).match(source, position) if row.next else None


class _Rows(list[ForeignSyntax]):
    """The rows of macros that begin with the same character."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """A pattern whose n-th group is that of the n-th row."""
        return re.compile("|".join(f"(?:{row.pattern})" for row in self))


@lru_cache(maxsize=8)
def _table(syntax: Syntax) -> tuple[re.Pattern[str], dict[str, _Rows]]:
    """Return a pattern for the beginning of foreign macros, and the rows of the table by first character."""
    by_first: dict[str, _Rows] = {}
    for row in _read()["macro"]:
        read = ForeignSyntax(**{**row, "platforms": tuple(row.get("platforms", ()))})
        if read.syntax not in syntax.key.split("+"):
            by_first.setdefault(read.first[0], _Rows()).append(read)
    begins = dict.fromkeys(row.first for rows in by_first.values() for row in rows)
    return re.compile("|".join(map(re.escape, begins))), by_first


@cache
def _read() -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - the reader of dialects also imports late

    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))
