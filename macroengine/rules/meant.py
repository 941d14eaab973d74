"""Macros that are meant, though what is written is none."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from unicodedata import category

from macroengine.catalogue import Dialect, Spelling
from macroengine.catalogue.elsewhere import called_elsewhere
from macroengine.diagnostics import Span, overlapping
from macroengine.language.forms import Form
from macroengine.language.syntax import Syntax, syntaxes
from macroengine.rules.tables import foreign_syntaxes


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
    reading = syntax.read(syntax.write(name))
    found = dialect.find(reading.name if reading else name)
    if found is None or found[1] is Spelling.PARAMETER:
        return None
    spec, spelling = found
    if reading is not None and reading.function is not None:
        names = spec.names_with(reading.function)
        return syntax.write(names[0], reading.function) if names else None
    return syntax.write(name if spelling is Spelling.DOCUMENTED else spec.name)


@lru_cache(maxsize=64)
def foreign_macros(source: str, dialect: Dialect) -> tuple[Foreign, ...]:
    """Return what is written in the way of another platform, in source order."""
    pattern, rows = foreign_syntaxes()
    found = []
    for match in pattern.finditer(source):
        if dialect.syntax.read(match[0]) is not None:
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


def unclosed_macros(source: str, dialect: Dialect) -> Iterator[Meant]:
    """Yield macros of which one delimiter is missing, or is that of another syntax."""
    for match in outside_macros(_unclosed(dialect.syntax), source, dialect.syntax):
        macro = own_macro(match[match.lastindex or 0], dialect)
        if macro is not None:
            yield Meant(Span(*match.span()), macro)


@lru_cache(maxsize=8)
def _unclosed(syntax: Syntax) -> re.Pattern[str]:
    form = syntax.forms[0]
    name, opening, closing = form.name, re.escape(form.opener), re.escape(form.closer)
    openings = "|".join(re.escape(other.opener) for other in brackets() if other.opener != form.opener)
    closings = "|".join(re.escape(other.closer) for other in brackets() if other.closer != form.closer)
    return re.compile(
        rf"{opening}({name})(?:(?=[&#]|$)|(?:{closings}))"
        rf"|(?:{openings})({name}){closing}"
        rf"|(?<==)({name}){closing}"
    )


def outside_macros(pattern: re.Pattern[str], source: str, syntax: Syntax) -> Iterator[re.Match[str]]:
    """Yield what a pattern finds, without what has a part of a macro in it."""
    is_macro: Callable[[Span], bool] | None = None
    for match in pattern.finditer(source):
        if is_macro is None:  # most templates have nothing to find
            is_macro = overlapping(Span(*macro.span()) for macro in syntax.find.finditer(source))
        if not is_macro(Span(*match.span())):
            yield match


@cache
def brackets() -> tuple[Form, ...]:
    """Return the forms of a name in one pair of brackets, which people mix up."""
    forms: dict[tuple[str, str], Form] = {}
    for form in (form for syntax in syntaxes().values() for form in syntax.forms if not form.separator):
        if [len(form.opener), len(form.closer)] == [1, 1] and category(form.opener) == "Ps":
            forms.setdefault((form.opener, form.closer), form)
    return tuple(forms.values())


_GAP = re.compile(r"(?:\s|%20)+")


def split_macros(source: str, dialect: Dialect) -> Iterator[Meant]:
    """Yield macros with white space in their names."""
    for match in outside_macros(bracketed(dialect.syntax), source, dialect.syntax):
        if _GAP.search(match[1]):
            macro = own_macro(_GAP.sub("", match[1]), dialect)
            if macro is not None:
                yield Meant(Span(*match.span()), macro)


@lru_cache(maxsize=8)
def bracketed(syntax: Syntax) -> re.Pattern[str]:
    """Return the pattern of text between the delimiters of a syntax that is no name; its group is the text."""
    form = syntax.forms[0]
    opening, closing = re.escape(form.opener), re.escape(form.closer)
    return re.compile(rf"{opening}(?!{form.name}{closing})([^{opening}{closing}]*){closing}")
