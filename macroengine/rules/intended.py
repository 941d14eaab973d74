"""Find the macros that damaged or foreign texts were meant to be."""

import re
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import NamedTuple

from macroengine.caching import late_pattern, short_cache
from macroengine.catalogue import Dialect, MacroSpec, Spelling
from macroengine.catalogue.aliases import documented_by, named_by_others
from macroengine.catalogue.folding import fold
from macroengine.catalogue.foreign import ForeignText
from macroengine.diagnostics import Span
from macroengine.rules.tables import is_program_hole

# A name this short is similar to too many others.
_SHORT = 3
GAP = late_pattern(r"(?:\s|%20)+")


class Intended(NamedTuple):
    """A text that is not a macro, and the macro that was intended."""

    span: Span
    macro: str


class Foreign(NamedTuple):
    """A macro of another platform."""

    span: Span
    whose: str
    intended: tuple[str, ...]
    """The macros of the dialect with the same value. Several, if platforms use the name for different values, or if
    the text sends the first available of several values."""
    documented: bool
    """Whether the platform documents the name, so that it is certainly meant as a macro."""
    encloses: bool = False
    """Whether it contains a macro of the dialect, which therefore is not one."""
    values: int = 1
    """The number of values of which the first available one is sent."""
    what: str | None = None
    """If it is another construct of a template language rather than a macro: its name."""
    instead: str | None = None
    """What to write instead of such a construct."""
    for_program: bool = False
    """Whether it is rather a placeholder for a program to fill in."""


@short_cache(maxsize=4096)
def own_macro(name: str, dialect: Dialect) -> str | None:
    """Return the macro of a dialect with this name, in any spelling, as it is written in a template.

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


@lru_cache(maxsize=8)
def documented_names(dialect: Dialect) -> dict[str, MacroSpec]:
    """Return the macro for each name that the platform documents, including older documents."""
    names = (name for spec in dialect.macros.values() for name in (spec.name, *spec.spellings, *spec.legacy))
    found = ((name, dialect.find(name)) for name in names)
    return {name: row[0] for name, row in found if row is not None}


def foreign_macros(texts: Iterable[ForeignText], source: str, dialect: Dialect) -> tuple[Foreign, ...]:
    """Return the macros of other platforms among texts in their syntax, with the macros that were intended."""
    found: list[Foreign] = []
    alike: dict[tuple[int, str], Foreign | None] = {}  # by row and text, since templates repeat macros
    for text in texts:
        written = source[text.span.start : text.span.stop]
        key = id(text.syntax), written
        if key not in alike:
            alike[key] = _foreign(text, written, dialect)
        macro = alike[key]
        if macro is not None:
            found.append(_at((text.span, *macro[1:])))
    return tuple(found)


# Does what the constructor does, without a call to a Python function.
_at = partial(tuple.__new__, Foreign)


def _foreign(text: ForeignText, written: str, dialect: Dialect) -> Foreign | None:
    row = text.syntax
    platform = _read_as_theirs(text.name, row.platforms, dialect).platform
    if row.known and platform is None:
        return None
    names = re.findall(r"[A-Za-z][\w.]*", written) if row.alternatives and row.alternatives in written else [text.name]
    each = [_read_as_theirs(name, row.platforms, dialect) for name in names]
    is_named = any(reading.platform is not None or reading.is_own for reading in each)
    documented = row.certain or text.encloses or is_named
    return Foreign(
        text.span,
        row.whose if platform in (None, dialect.title) else platform,
        tuple(dict.fromkeys(macro for reading in each for macro in reading.intended)),
        documented,
        text.encloses,
        len(names),
        row.what,
        row.instead,
        not documented and is_program_hole(written, text.name),
    )


class _Reading(NamedTuple):
    intended: tuple[str, ...]
    platform: str | None
    """The platform that documents the name."""
    is_own: bool = False
    """Whether it is a name of the dialect, but for case, `-` and `_`."""


@short_cache(maxsize=4096)
def _read_as_theirs(name: str, platforms: tuple[str, ...], dialect: Dialect) -> _Reading:
    """Return the macros of a dialect that correspond to a name in the delimiters of these platforms.

    The dialect counts as one of them: people write its names in the delimiters of other platforms.
    """
    specs = [spec for spec, _ in named_by_others(name, dialect, platforms)]
    platform = documented_by(name, platforms)
    own, found = own_macro(GAP.sub("", name), dialect), _find(name, dialect)
    if own is not None and len(name) > 1 and found is not None and found[1] in (Spelling.DOCUMENTED, Spelling.LEGACY):
        others = (dialect.syntax.write(spec.name) for spec in specs if spec.field != found[0].field)
        return _Reading((own, *others), platform or dialect.title)
    if own is not None and platform is None and len(fold(name)) > _SHORT:
        return _Reading((own,), None, is_own=own_macro(name, dialect) is not None)
    return _Reading(tuple(dialect.syntax.write(spec.name) for spec in specs), platform)


def _find(name: str, dialect: Dialect) -> tuple[MacroSpec, Spelling] | None:
    """Return the row of a macro; for the name of a hash, the row of the hashed macro."""
    reading = dialect.syntax.read(dialect.syntax.write(name))
    return dialect.find(reading.name if reading else name)


def beginnings(begun: str, dialect: Dialect) -> tuple[str, ...]:
    """Return the macros whose names begin like this; none for an empty text."""
    names = [name for name in dialect.names() if name.startswith(begun)] if begun else []
    return tuple(map(dialect.syntax.write, names))
