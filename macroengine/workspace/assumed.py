"""The dialect of a template, and the kind of postback that it is for, where they are not given."""

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
"""The word for the likeliest dialect of each template."""


def dialect_for(given: Dialect | Literal["auto"], template: str) -> Dialect:
    """Return the dialect that is given; for auto, the likeliest one, and the default with nothing to tell it by."""
    if isinstance(given, Dialect):
        return given
    from macroengine.detection.detect import detect  # noqa: PLC0415 - most calls name the dialect

    try:
        found = detect(template)
    except TemplateError:  # it is too large to look at
        found = []
    return dialect(found[0].dialect if found else DEFAULT_DIALECT)


@lru_cache(maxsize=1)
def parsed(source: str, dialect: Dialect) -> Template:
    """Return the syntax tree of a template; of one that was the last already, the same.

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
    except TemplateError:  # it is too large to look at
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
