"""Shorten the findings of a template that is wrong throughout, and leave out advice for programs."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from macroengine.diagnostics import Diagnostic
from macroengine.errors import LIMIT_EXCEEDED

# Reports repeat the template with each finding. Only a long template with errors throughout exceeds this.
_MAX_TEXT_PER_RULE = 500_000
_MIN_FINDINGS_PER_RULE = 10


def abridged(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the findings of one template. If a rule has too many, its last finding says how many more there are."""
    counts: Counter[str] = Counter()
    omitted: dict[str, tuple[Diagnostic, int]] = {}
    for diagnostic in found:
        code = diagnostic.code
        counts[code] += 1
        most = max(_MIN_FINDINGS_PER_RULE, _MAX_TEXT_PER_RULE // max(1, len(diagnostic.source)))
        if counts[code] <= most:
            # Only a program can raise a limit.
            yield replace(diagnostic, hint="shorten the template") if code == LIMIT_EXCEEDED else diagnostic
        else:
            omitted.setdefault(code, (diagnostic, most))
    for code, (first, most) in omitted.items():
        rest = counts[code] - most
        message = f"{rest:,} more finding{'s' if rest > 1 else ''} of this rule in this template from here on"
        yield replace(first, message=message, hint=None, fix=None)
