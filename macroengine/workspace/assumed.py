"""Choose the dialect and the kind of postback of a template, if they are not given."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect
from macroengine.errors import TemplateError
from macroengine.kinds import Postback
from macroengine.language.nodes import Macro
from macroengine.template import Template, parse

AUTO: Final = "auto"
"""The setting that chooses the likeliest dialect for each template."""


def dialect_for(given: Dialect | Literal["auto"], template: str) -> Dialect:
    """Return the given dialect; for "auto", the likeliest one, or the default dialect if nothing indicates one."""
    if isinstance(given, Dialect):
        return given
    from macroengine.detection.detect import detect  # noqa: PLC0415 - most calls name the dialect

    try:
        found = detect(template)
    except TemplateError:  # it is too large to check
        found = []
    return dialect(found[0].dialect if found else DEFAULT_DIALECT)


@lru_cache(maxsize=1)
def parsed(source: str, dialect: Dialect) -> Template:
    """Return the syntax tree of a template. The last result is cached.

    Raises:
        LimitError: the template is too large.
    """
    return parse(source, dialect)


def assumed_postback(source: str, dialect: Dialect) -> Postback:
    """Return the first kind of postback for which the platform fills most macros of a template.

    >>> from macroengine import dialect
    >>> str(assumed_postback("https://n.example/pb?c=(clickid)&e=(event_name)", dialect("appsflyer")))
    'in-app'
    """
    try:
        macros = list(parsed(source, dialect).macros())
    except TemplateError:  # it is too large to check
        return Postback.INSTALL
    return kind_for(macros, dialect)


def kind_for(macros: Iterable[Macro], dialect: Dialect) -> Postback:
    """Return the first kind of postback for which the platform fills most of these macros."""
    filled: Counter[Postback] = Counter()
    for macro in macros:
        found = dialect.find(macro.name)
        if found is not None and len(found[0].available) < len(Postback):
            filled.update(found[0].available)
    return max(Postback, key=lambda kind: filled[kind]) if filled else Postback.INSTALL
