"""How other platforms write their macros, and where a template has such macros."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from macroengine.diagnostics import Span, overlapping
from macroengine.syntax import Syntax

_TABLE = Path(__file__).resolve().parent / "foreign.toml"


@dataclass(frozen=True, slots=True)
class ForeignSyntax:
    """One way in which other platforms write macros; the only group of `pattern` and of `next` is the name."""

    whose: str
    pattern: str
    platforms: tuple[str, ...] = ()
    """Whose names are looked up."""
    next: str | None = None
    """What another macro directly behind one is, where `pattern` would take it for something else."""
    outer: bool = False
    """Whether a macro of the dialect inside is part of it."""
    certain: bool = False
    """Whether nothing else is written so, whatever the name."""
    known: bool = False
    """Whether it is a macro only where the dialect has one of that very name."""
    alternatives: str | None = None
    """What joins names of which the first that has a value is sent."""


@dataclass(frozen=True, slots=True)
class ForeignText:
    """A text that is written as a macro of another platform."""

    span: Span
    name: str
    syntax: ForeignSyntax
    encloses: bool
    """Whether a macro of the dialect is inside, and no macro because of that."""


@lru_cache(maxsize=64)
def foreign_texts(source: str, syntax: Syntax) -> tuple[ForeignText, ...]:
    """Return what is written in the way of another platform than one with this syntax, in source order.

    >>> from macroengine.syntax import syntax
    >>> [(text.name, text.encloses) for text in foreign_texts("?a={{b}}&c={d}", syntax("brace"))]
    [('b', True)]
    """
    signs, pattern, rows = _table()
    if not signs.search(source):
        return ()
    own = _macro(syntax)
    found = []
    for match, row in _matches(source, pattern, rows):
        if not own.fullmatch(match[0]):
            name = match[match.lastindex or 1].strip()
            encloses = row.outer and own.search(match[0]) is not None
            found.append(ForeignText(Span(*match.span()), name, row, encloses))
    return tuple(found)


def inside_foreign(source: str, syntax: Syntax) -> Callable[[Span], bool] | None:
    """Return what says whether a macro is only a part of another text; None where none is, in nearly every template."""
    spans = [text.span for text in foreign_texts(source, syntax) if text.encloses]
    spans += [Span(*match.span()) for match in notes().finditer(source)] if "://" in source else []
    return overlapping(spans) if spans else None


@cache
def notes() -> re.Pattern[str]:
    """Return the pattern of text that looks like a macro and is a way to say two things at once."""
    return re.compile("|".join(_read()["notes"]))


@cache
def encoded_macros() -> re.Pattern[str]:
    """Return the pattern of names between percent-encoded delimiters; behind further 25s these are encoded again."""
    forms = []
    for form in _read()["encoded"]:
        opening, closing = (re.sub(".", _encoded, affix) for affix in form.split("NAME"))
        forms.append(f"{opening}[A-Za-z_][A-Za-z0-9_.-]*{closing}")
    return re.compile("|".join(forms), re.IGNORECASE)


def _encoded(match: re.Match[str]) -> str:
    return f"%(?:25)*{ord(match[0]):02X}"


def _matches(
    source: str, pattern: re.Pattern[str], rows: tuple[ForeignSyntax, ...]
) -> Iterator[tuple[re.Match[str], ForeignSyntax]]:
    position = 0
    while match := pattern.search(source, position):
        row = rows[(match.lastindex or 1) - 1]  # every alternative has one group
        another: re.Match[str] | None = match
        while another:
            yield another, row
            position = another.end()
            another = re.compile(row.next).match(source, position) if row.next else None


@lru_cache(maxsize=8)
def _macro(syntax: Syntax) -> re.Pattern[str]:
    opening, closing = map(re.escape, syntax.affixes)
    return re.compile(f"{opening}{syntax.name}{closing}")


@cache
def _table() -> tuple[re.Pattern[str], re.Pattern[str], tuple[ForeignSyntax, ...]]:
    """Return what some foreign macro begins with, and a pattern whose n-th group belongs to the n-th syntax."""
    table = _read()
    rows = tuple(ForeignSyntax(**{**row, "platforms": tuple(row.get("platforms", ()))}) for row in table["macro"])
    return re.compile(table["signs"]), re.compile("|".join(f"(?:{row.pattern})" for row in rows)), rows


@cache
def _read() -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - as in the reader of dialects

    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))
