"""Decide whether a template was clearly written for another platform."""

from collections.abc import Sequence

from macroengine.catalogue import Dialect, Spelling, dialect
from macroengine.detection.detect import Detected, detect, documented
from macroengine.diagnostics import Severity, Span
from macroengine.errors import LimitError
from macroengine.limits import Limits
from macroengine.plan.resolve import Resolution
from macroengine.rules.whole_finding import Whole
from macroengine.translation.translate import translate

# A single macro is reported at its place.
_MIN_MACROS = 2
_MIN_CONFIDENCE = 0.97
_MAX_SHOWN = 3


def foreign_template(resolution: Resolution) -> Whole | None:
    """Return the finding for a template that is clearly another platform's; None for any other text."""
    home, source = resolution.dialect, resolution.template.source
    names = [text.name for text in resolution.foreign]
    names += [macro.node.name for macro in resolution.macros if macro.spec is None]
    if len(set(names)) < _MIN_MACROS or len(source) > Limits().template:
        return None
    own = {name for name in set(names) if _is_own(name, home)}
    known = sum(macro.spec is not None for macro in resolution.macros) + sum(name in own for name in names)
    # Half of the names may also be names of this platform.
    if 2 * known > len(resolution.macros) + len(resolution.foreign):
        return None
    return _said(detect(source), home, source)


def _is_own(name: str, home: Dialect) -> bool:
    found = home.find(name)
    return found is not None and found[1] in (Spelling.DOCUMENTED, Spelling.LEGACY)


def _said(found: Sequence[Detected], home: Dialect, source: str) -> Whole | None:
    likeliest = [one for one in found if one.confidence == found[0].confidence]
    confidence = sum(one.confidence for one in likeliest)
    if confidence < _MIN_CONFIDENCE or any(one.dialect == home.name for one in found):
        return None
    other = dialect(likeliest[0].dialect)
    names, macros = documented(source, other.name)
    if 3 * len(names) < 2 * macros:
        return None
    titles = " or ".join(dialect(one.dialect).title for one in likeliest)
    # Some constructs belong to a single platform, and have no name.
    why = f"it has {', '.join(names[:_MAX_SHOWN])}" if names else likeliest[0].evidence[0]
    message = f"this is written for {titles}, not for {home.title}: {why}"
    hint = f"check it in the dialect {other.name}, or translate it to {home.name}"
    inner = _translated(source, other, home)
    return Whole("foreign_template", Span(0, len(source)), message, hint, inner, safe=False)


def _translated(source: str, other: Dialect, home: Dialect) -> str | None:
    """Return the translation of a template, or None if it is incomplete or nothing was translated."""
    try:
        translation = translate(source, dialect=other, to=home)
    except LimitError:
        return None
    is_whole = not any(loss.severity is Severity.ERROR for loss in translation.losses)
    return translation.source if is_whole and translation.source != source else None
