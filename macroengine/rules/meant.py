"""Macros that are meant, though what is written is none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from macroengine.catalogue import Dialect, Spelling
from macroengine.catalogue.elsewhere import called_elsewhere
from macroengine.diagnostics import Span
from macroengine.rules.tables import foreign_syntaxes
from macroengine.syntax import Syntax, syntaxes


@dataclass(frozen=True, slots=True)
class Meant:
    """A text that is no macro, and the macro that is meant."""

    span: Span
    macro: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """A macro of another platform, and the macro of the dialect with the same value, if there is one."""

    span: Span
    macro: str | None
    platform: str


@lru_cache(maxsize=4096)
def own_macro(name: str, dialect: Dialect) -> str | None:
    """Return the macro of a dialect that has this name, in any spelling, as a template writes it.

    >>> from macroengine import dialect
    >>> own_macro("advertising-id", dialect("appsflyer")), own_macro("sha1-IDFA", dialect("appsflyer"))
    ('(advertising_id)', '(sha1-idfa)')
    """
    syntax = dialect.syntax
    hashed = syntax.hashed_name(syntax.write(name))
    found = dialect.find(hashed or name)
    if found is None or found[1] is Spelling.PARAMETER:
        return None
    spec, spelling = found
    if hashed is not None:
        return syntax.write_sha1(spec.sha1[0]) if spec.sha1 else None
    return syntax.write(name if spelling is Spelling.DOCUMENTED else spec.name)


@lru_cache(maxsize=64)
def foreign_macros(source: str, dialect: Dialect) -> tuple[Foreign, ...]:
    """Return what is written in the way of another platform, in source order."""
    pattern, rows = foreign_syntaxes()
    own = _macro(dialect.syntax)
    found = []
    for match in pattern.finditer(source):
        if own.fullmatch(match[0]):
            continue
        group = match.lastindex or 1  # every alternative has one group
        row, name = rows[group - 1], match[group].strip()
        macro = own_macro(name, dialect)
        if macro is None:
            elsewhere = called_elsewhere(name, dialect)
            macro = dialect.syntax.write(elsewhere[0][0].name) if elsewhere else None
        if macro is not None or not row.known:
            found.append(Foreign(Span(*match.span()), macro, row.platform))
    return tuple(found)


@lru_cache(maxsize=8)
def _macro(syntax: Syntax) -> re.Pattern[str]:
    opening, closing = map(re.escape, syntax.affixes)
    return re.compile(f"{opening}{syntax.name}{closing}")


def unclosed_macros(source: str, dialect: Dialect) -> Iterator[Meant]:
    """Yield macros of which one delimiter is missing, or is that of another syntax."""
    for match in _unclosed(dialect.syntax).finditer(source):
        macro = own_macro(match[match.lastindex or 0], dialect)
        if macro is not None:
            yield Meant(Span(*match.span()), macro)


@lru_cache(maxsize=8)
def _unclosed(syntax: Syntax) -> re.Pattern[str]:
    opening, closing = map(re.escape, syntax.affixes)
    others = [map(re.escape, other.affixes) for other in syntaxes().values() if other != syntax]
    openings, closings = map("|".join, zip(*others, strict=True))
    return re.compile(
        rf"{opening}({syntax.name})(?:(?=[&#]|$)|(?:{closings}))"
        rf"|(?:{openings})({syntax.name}){closing}"
        rf"|(?<==)({syntax.name}){closing}"
    )


_GAP = re.compile(r"(?:\s|%20)+")


def split_macros(source: str, dialect: Dialect) -> Iterator[Meant]:
    """Yield macros with white space in their names."""
    for match in bracketed(dialect.syntax).finditer(source):
        if _GAP.search(match[1]):
            macro = own_macro(_GAP.sub("", match[1]), dialect)
            if macro is not None:
                yield Meant(Span(*match.span()), macro)


@lru_cache(maxsize=8)
def bracketed(syntax: Syntax) -> re.Pattern[str]:
    """Return the pattern of text between the delimiters of a syntax that is no name; its group is the text."""
    opening, closing = map(re.escape, syntax.affixes)
    return re.compile(rf"{opening}(?!{syntax.name}{closing})([^{opening}{closing}]*){closing}")
