"""How other platforms write their macros, and where a template has such macros."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from macroengine.diagnostics import Span, overlapping
from macroengine.language.syntax import Syntax

_TABLE = Path(__file__).resolve().parent / "foreign.toml"


class ForeignSyntax(NamedTuple):
    """One way in which other platforms write macros; the only group of `pattern` and of `next` is the name."""

    whose: str
    first: str
    """The text that a macro begins with."""
    pattern: str
    platforms: tuple[str, ...] = ()
    """Whose names are looked up."""
    syntax: str | None = None
    """The key of the syntax that this is."""
    next: str | None = None
    """What another macro directly after one is, where `pattern` would take it for something else."""
    outer: bool = False
    """Whether a macro of the dialect inside is part of it."""
    certain: bool = False
    """Whether nothing else is written so, whatever the name."""
    known: bool = False
    """Whether it is a macro only where the dialect has one of that very name."""
    what: str | None = None
    """What it is where it is not a macro but another construct of a template language."""
    instead: str | None = None
    """What to write instead of such a construct."""
    alternatives: str | None = None
    """What joins names of which the first that has a value is sent."""


class ForeignText(NamedTuple):
    """A text that is written as a macro of another platform."""

    span: Span
    name: str
    syntax: ForeignSyntax
    encloses: bool
    """Whether a macro of the dialect is inside, and no macro because of that."""


def foreign_texts(source: str, syntax: Syntax) -> tuple[ForeignText, ...]:
    """Return what is written in the syntax of another platform, in source order.

    >>> from macroengine.language.syntax import syntax
    >>> [(text.name, text.encloses) for text in foreign_texts("?a={{b}}&c={d}", syntax("brace"))]
    [('b', True)]
    """
    own = syntax.find
    found = []
    for match, row in _matches(source, syntax):
        name = match[match.lastindex or 1].strip()
        encloses = own.search(match[0]) is not None
        # {ip:(ip)} is an object of JavaScript, perhaps, and no macro that holds another.
        if row.outer or not encloses:
            found.append(ForeignText(Span(*match.span()), name, row, encloses))
    return tuple(found)


def inside_foreign(source: str, texts: Iterable[ForeignText]) -> Callable[[Span], bool] | None:
    """Return what says whether a macro is only a part of another text; None where none is, in nearly every template.

    `texts` are those that `foreign_texts` finds in the source.
    """
    spans = [text.span for text in texts if text.encloses]
    spans += [Span(*match.span()) for match in notes().finditer(source)] if "://" in source else []
    return overlapping(spans) if spans else None


@cache
def notes() -> re.Pattern[str]:
    """Return the pattern of text that looks like a macro and is a way to say two things at once."""
    return re.compile("|".join(_read()["notes"]))


@cache
def encoded_macros() -> re.Pattern[str]:
    """Return the pattern of names between percent-encoded delimiters; after further 25s they are encoded again."""
    forms = []
    for form in _read()["encoded"]:
        opening, closing = (re.sub(".", _encoded, affix) for affix in form.split("NAME"))
        forms.append(f"{opening}[A-Za-z_][A-Za-z0-9_.-]*{closing}")
    return re.compile("|".join(forms), re.IGNORECASE)


@cache
def certain_texts() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the patterns, without groups, of what only some platforms write, whatever the name, with their titles."""
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
        row = rows[(match.lastindex or 1) - 1] if match else None  # every alternative has one group
        while match and row:
            yield match, row
            position = match.end()
            match = re.compile(row.next).match(source, position) if row.next else None


class _Rows(list[ForeignSyntax]):
    """The rows of macros that begin with one character."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """A pattern of which the n-th group is that of the n-th row."""
        return re.compile("|".join(f"(?:{row.pattern})" for row in self))


@lru_cache(maxsize=8)
def _table(syntax: Syntax) -> tuple[re.Pattern[str], dict[str, _Rows]]:
    """Return a pattern of what foreign macros begin with, and the rows of the table by their first character."""
    by_first: dict[str, _Rows] = {}
    for row in _read()["macro"]:
        read = ForeignSyntax(**{**row, "platforms": tuple(row.get("platforms", ()))})
        if read.syntax not in syntax.key.split("+"):
            by_first.setdefault(read.first[0], _Rows()).append(read)
    begins = dict.fromkeys(row.first for rows in by_first.values() for row in rows)
    return re.compile("|".join(map(re.escape, begins))), by_first


@cache
def _read() -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - as in the reader of dialects

    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))
