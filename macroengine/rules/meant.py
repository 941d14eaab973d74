"""Macros that are meant, though what is written is none."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple
from unicodedata import category

from macroengine.catalogue import Dialect, MacroSpec, Spelling
from macroengine.catalogue.elsewhere import called_elsewhere, documented_by
from macroengine.catalogue.folding import fold
from macroengine.catalogue.foreign import ForeignText, foreign_texts
from macroengine.diagnostics import Span, overlapping
from macroengine.language.forms import Form
from macroengine.language.syntax import Syntax, syntaxes

# A name of so few letters is like too many others.
_SHORT = 3
_LONGEST = 100
_GAP = re.compile(r"(?:\s|%20)+")


@dataclass(frozen=True, slots=True)
class Meant:
    """A text that is no macro, and the macro that is meant."""

    span: Span
    macro: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """A macro of another platform."""

    span: Span
    whose: str
    meant: tuple[str, ...]
    """The macros of the dialect with the same value; several where platforms mean different ones by the name, or where
    the first of several values is sent."""
    documented: bool
    """Whether the platform documents the name, so that there is no doubt that a macro is meant."""
    encloses: bool = False
    """Whether a macro of the dialect stands inside, and is none because of that."""
    values: int = 1
    """Of how many values the first that is there is sent."""


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
    texts = foreign_texts(source, dialect.syntax)
    return tuple(filter(None, (_foreign(text, source, dialect) for text in texts)))


def _foreign(text: ForeignText, source: str, dialect: Dialect) -> Foreign | None:
    row = text.syntax
    platform = _read_elsewhere(text.name, row.platforms, dialect).platform
    if row.known and platform is None:
        return None
    written = source[text.span.start : text.span.stop]
    names = re.findall(r"[A-Za-z][\w.]*", written) if row.alternatives and row.alternatives in written else [text.name]
    each = [_read_elsewhere(name, row.platforms, dialect).meant for name in names]
    return Foreign(
        text.span,
        row.whose if platform in (None, dialect.title) else platform,
        tuple(dict.fromkeys(macro for meant in each for macro in meant)),
        row.certain or text.encloses or platform is not None,
        text.encloses,
        len(names),
    )


class _Reading(NamedTuple):
    meant: tuple[str, ...]
    platform: str | None
    """Who documents the name."""


def _read_elsewhere(name: str, platforms: tuple[str, ...], dialect: Dialect) -> _Reading:
    """Return the macros of a dialect that a name in the delimiters of these platforms stands for.

    The dialect is one of the platforms: people write its names in the delimiters of others.
    """
    specs = [spec for spec, _ in called_elsewhere(name, dialect, platforms)]
    platform = documented_by(name, platforms)
    own, found = own_macro(_GAP.sub("", name), dialect), _find(name, dialect)
    if own is not None and len(name) > 1 and found is not None and found[1] in (Spelling.DOCUMENTED, Spelling.LEGACY):
        others = (dialect.syntax.write(spec.name) for spec in specs if spec.field != found[0].field)
        return _Reading((own, *others), platform or dialect.title)
    if own is not None and platform is None and len(fold(name)) > _SHORT:
        return _Reading((own,), None)
    return _Reading(tuple(dialect.syntax.write(spec.name) for spec in specs), platform)


def _find(name: str, dialect: Dialect) -> tuple[MacroSpec, Spelling] | None:
    """Return the row of the macro `name`, that of what is hashed for the name of a hash."""
    reading = dialect.syntax.read(dialect.syntax.write(name))
    return dialect.find(reading.name if reading else name)


def unclosed_macros(source: str, dialect: Dialect) -> Iterator[Meant]:
    """Yield macros of which one delimiter is missing, or is that of another syntax."""
    is_foreign = _in_outer(source, dialect)
    for match in outside_macros(_unclosed(dialect.syntax), source, dialect.syntax):
        macro, span = own_macro(match[match.lastindex or 0], dialect), Span(*match.span())
        if macro is not None and not is_foreign(span):
            yield Meant(span, macro)


@lru_cache(maxsize=8)
def _unclosed(syntax: Syntax) -> re.Pattern[str]:
    opening, closing = map(re.escape, syntax.delimiters)
    openings = "|".join(re.escape(other.opener) for other in brackets() if other.opener != syntax.delimiters[0])
    closings = "|".join(re.escape(other.closer) for other in brackets() if other.closer != syntax.delimiters[1])
    return re.compile(
        rf"{opening}({syntax.name})(?:(?=[&#]|$)|(?:{closings}))"
        rf"|(?:{openings})({syntax.name}){closing}"
        rf"|(?<==)({syntax.name}){closing}"
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


def split_macros(source: str, dialect: Dialect) -> Iterator[Meant]:
    """Yield macros with white space in their names."""
    found = outside_macros(bracketed(dialect.syntax), source, dialect.syntax)
    gaps = [match for match in found if _GAP.search(match[1])]
    is_foreign = _in_outer(source, dialect)
    for match in gaps:
        macro, span = own_macro(_GAP.sub("", match[1]), dialect), Span(*match.span())
        if macro is not None and not is_foreign(span):
            yield Meant(span, macro)


def _in_outer(source: str, dialect: Dialect) -> Callable[[Span], bool]:
    """Return what says whether a text is in a macro of another platform that may hold delimiters of the dialect."""
    return overlapping(text.span for text in foreign_texts(source, dialect.syntax) if text.syntax.outer)


def doubled_macros(source: str, dialect: Dialect) -> Iterator[tuple[Span, str]]:
    """Yield macros with more delimiters around them than they have, each as it should be written."""
    opening, closing = dialect.syntax.delimiters
    if 2 * opening not in source and 2 * closing not in source:
        return
    is_foreign = _in_outer(source, dialect)
    for match in _doubled(dialect.syntax).finditer(source):
        opened, closed = match[1] != opening, match[3] != closing
        around = source[match.start() - 1 : match.start()], source[match.end() : match.end() + 1]
        is_value = around[0] == "=" and around[1] in ("", "&", "#")
        span = Span(*match.span())
        if ((opened and closed) or ((opened or closed) and is_value)) and not is_foreign(span):
            yield span, dialect.syntax.write(match[2])


@lru_cache(maxsize=8)
def _doubled(syntax: Syntax) -> re.Pattern[str]:
    opening, closing = map(re.escape, syntax.delimiters)
    # From the first of a run of delimiters to its last, without going back: a template may be nothing else.
    return re.compile(rf"(?<!{opening})((?:{opening})++)({syntax.name})((?:{closing})++)")


def cut_off(source: str, dialect: Dialect) -> tuple[Span, tuple[str, ...]] | None:
    """Return where a template ends in the name of a macro, and the macros that the name can be the beginning of."""
    opening, _ = dialect.syntax.delimiters
    match = re.search(rf"{re.escape(opening)}([A-Za-z0-9_-]*)\Z", source[-_LONGEST:])
    if match is None or own_macro(match[1], dialect):
        return None
    names = [name for name in dialect.names() if name.startswith(match[1])] if match[1] else []
    start = len(source) - len(match[0])
    return Span(start, len(source)), tuple(map(dialect.syntax.write, names))


@lru_cache(maxsize=8)
def bracketed(syntax: Syntax) -> re.Pattern[str]:
    """Return the pattern of text between the delimiters of a syntax that is no name; its group is the text."""
    opening, closing = map(re.escape, syntax.delimiters)
    return re.compile(rf"{opening}(?!{syntax.name}{closing})([^{opening}{closing}]*){closing}")
