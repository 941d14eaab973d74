"""Find macros inside a text that was meant to be a macro itself: `(sha1-(idfa))`."""

import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from macroengine.catalogue import Dialect
from macroengine.catalogue.folding import fold
from macroengine.diagnostics import Span
from macroengine.language.syntax import Syntax
from macroengine.plan.resolve import Resolution, Resolved
from macroengine.rules.intended import own_macro
from macroengine.rules.tables import function_names, plain_delimiters

# A longer text before a macro is not the name of another one.
_LONGEST = 100


class Enclosed(NamedTuple):
    """A macro inside another one."""

    span: Span
    """Of both."""
    inner: str
    intended: str | None
    """The single macro that has the value meant by the two."""


class _Patterns:
    """The patterns of what surrounds an inner macro, for one syntax."""

    def __init__(self, syntax: Syntax) -> None:
        opener, also = _any_of(syntax.openers), _any_of([*syntax.openers, "("])
        closer = _any_of([*(form.closer for form in syntax.forms), ")"])
        self.joints = {text for form in syntax.forms for text in (form.separator, form.alternatives) if text}
        joint = _any_of([*self.joints, ":", "="])
        # Match runs without backtracking, since a template may consist of nothing else.
        self.before = re.compile(
            rf"(?P<opener>{opener})(?:\s|%20)*+(?P<name>[A-Za-z_][\w.~$+-]*+)?"
            rf"(?P<joint>{joint})?(?P<more>(?:\s|%20|{also})*+)\Z"
        )
        self.opening, self.opener = re.compile(opener), re.compile(also)
        self.rest = re.compile(rf"([\w.:-]*)(?:\s|%20)*(?:{closer})")


def _any_of(texts: Iterable[str]) -> str:
    """Return a pattern for any of these texts. Longer ones are tried first."""
    return "|".join(map(re.escape, sorted(dict.fromkeys(texts), key=len, reverse=True)))


_patterns = lru_cache(maxsize=8)(_Patterns)


def enclosed_macros(resolution: Resolution) -> list[Enclosed]:
    """Return the macros inside other macros of the dialect, in source order."""
    source, syntax = resolution.template.source, resolution.dialect.syntax
    # If opening and closing delimiters are equal, two adjacent macros look the same.
    if any(form.opener == form.closer for form in syntax.forms):
        return []
    resolved = resolution.macros
    last = resolved[-1].node.start if resolved else 0
    # Most templates have no opening delimiter before a macro and outside all of them.
    if not resolved or sum([source.count(opener, 0, last) for opener in syntax.openers]) == len(resolved) - 1:
        return []
    macros = {macro.node.start: macro for macro in resolved}
    starts = list(macros)
    opened = [match.start() for match in _patterns(syntax).opening.finditer(source) if match.start() not in macros]
    after = dict.fromkeys([bisect_left(starts, place) for place in opened])
    inner = [macros[starts[number]] for number in after if number < len(starts)]
    return [found for macro in inner if (found := _enclosed(macro, source, resolution.dialect))]


def _enclosed(macro: Resolved, source: str, dialect: Dialect) -> Enclosed | None:
    """Return a macro with what surrounds it; None if that was not meant to be a macro."""
    start, stop = macro.node.start, macro.node.span.stop
    first, patterns = max(0, start - _LONGEST), _patterns(dialect.syntax)
    before = patterns.before.search(source[first:start])
    if before is None:
        return None
    name, joint, more = before["name"] or "", before["joint"] or "", before["more"]
    after, closed = "", 0
    depth = 1 + len(patterns.opener.findall(more))
    while closed < depth and (rest := patterns.rest.match(source, stop)):
        after, stop, closed = after + rest[1], rest.end(), closed + 1
    is_closed = closed == depth
    # A function may also be written after a name.
    function = called_function(name) or (called_function(after) if is_closed and not name + joint + more else None)
    if function is None:
        is_named = bool(name) and not more and joint in ("", *patterns.joints)
        # Other text may have the delimiters of macros in parentheses, as in Mozilla/5.0 (x(model)).
        is_certain = is_closed and not joint and before["opener"] not in plain_delimiters()
        if not (is_named and (is_certain or own_macro(name, dialect))):
            return None
    is_whole = is_closed and bool(name) is not bool(after)
    intended = written_with(function, macro, dialect) if function and is_whole else None
    return Enclosed(Span(first + before.start(), stop), macro.node.text, intended)


def called_function(text: str) -> str | None:
    """Return the folded name of the function that a text is the name of; None if it is not."""
    folded = fold(text.strip(".:"))
    return folded if folded in function_names() else None


def written_with(called: str, macro: Resolved, dialect: Dialect) -> str | None:
    """Return a macro with the function of a folded name, as the dialect writes it; None if it does not have it."""
    for function, written in dialect.syntax.functions:
        if called in (function, fold(written.replace("NAME", "").strip(".:+"))):
            names = macro.spec.names_with(function) if macro.spec else ()
            return dialect.syntax.write(names[0], function) if names else None
    return None
