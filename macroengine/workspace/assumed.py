"""The kind of postback that a template is for, where nobody says it."""

from collections import Counter
from functools import lru_cache

from macroengine.catalogue import Dialect
from macroengine.errors import TemplateError
from macroengine.kinds import Postback
from macroengine.template import Template, parse


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
    filled: Counter[Postback] = Counter()
    for macro in macros:
        found = dialect.find(macro.name)
        if found is not None and len(found[0].available) < len(Postback):
            filled.update(found[0].available)
    return max(Postback, key=lambda kind: filled[kind]) if filled else Postback.INSTALL
