"""The kind of postback that a template is for, where nobody says it."""

from collections import Counter

from macroengine.kinds import Postback
from macroengine.template import Template


def assumed_postback(template: Template) -> Postback:
    """Return the first kind of postback for which the platform fills most macros of a template.

    >>> from macroengine import parse
    >>> str(assumed_postback(parse("https://n.example/pb?c=(clickid)&e=(event_name)")))
    'in-app'
    """
    filled: Counter[Postback] = Counter()
    for macro in template.macros():
        found = template.dialect.find(macro.name)
        if found is not None and len(found[0].available) < len(Postback):
            filled.update(found[0].available)
    return max(Postback, key=lambda kind: filled[kind]) if filled else Postback.INSTALL
