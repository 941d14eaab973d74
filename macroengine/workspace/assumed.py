"""The kind of postback that a template is for, where nobody says it."""

from collections import Counter

from macroengine.catalogue import Dialect
from macroengine.errors import TemplateError
from macroengine.kinds import Postback
from macroengine.template import parse


def assumed_postback(source: str, dialect: Dialect) -> Postback:
    """Return the first kind of postback for which the platform fills most macros of a template.

    >>> from macroengine import dialect
    >>> str(assumed_postback("https://n.example/pb?c=(clickid)&e=(event_name)", dialect("appsflyer")))
    'in-app'
    """
    try:
        macros = list(parse(source, dialect).macros())
    except TemplateError:  # it is too large to look at
        return Postback.INSTALL
    filled: Counter[Postback] = Counter()
    for macro in macros:
        found = dialect.find(macro.name)
        if found is not None and len(found[0].available) < len(Postback):
            filled.update(found[0].available)
    return max(Postback, key=lambda kind: filled[kind]) if filled else Postback.INSTALL
