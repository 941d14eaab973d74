"""Fix a damaged request."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from macroengine.catalogue import Dialect
from macroengine.diagnostics import Diagnostic, Fix, Span
from macroengine.policy import Policy
from macroengine.request import Request
from macroengine.request_template import parse_request
from macroengine.rules.fixing import MAX_ROUNDS, apart, changes, fix, is_allowed
from macroengine.rules.registry import RULES, prefixes
from macroengine.rules.request_codes import ignored_rules, request_codes
from macroengine.rules.requests import findings_beside_url

InPart = tuple[str, Diagnostic]
"""The name of a part, and a finding in it."""


@dataclass(frozen=True, slots=True)
class FixedRequest:
    """A fixed request, the fixes that were applied, and what is still wrong."""

    request: Request
    applied: tuple[InPart, ...]
    """The diagnostics that were fixed, first those of the URL. Each span refers to the text at that time."""
    remaining: tuple[InPart, ...]
    edits: tuple[tuple[str, Fix], ...]
    """The edits of each part, in order. Each refers to the text after the edits before it."""


def fix_request(
    request: Request,
    *,
    dialect: Dialect,
    policy: Policy,
    unsafe: bool = False,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] = (),
) -> FixedRequest:
    """Apply the safe fixes to all parts of a request until there are none left; with `unsafe`, apply all fixes.

    Raises:
        LimitError: a part is too large, or would become too large.
        ValueError: a code is unknown.
    """
    ignored = prefixes("ignore", ignore)
    wanted = request_codes(select, ignored)
    about_url = [code for code in wanted if code in RULES]
    silent = ignored_rules(ignored)
    url = fix(request.url, dialect=dialect, policy=policy, unsafe=unsafe, select=about_url, ignore=silent)
    edits = [("url", _edit(request.url, url.source))] if url.source != request.url else []
    applied = [("url", finding) for finding in url.applied]
    fixed, seen = replace(request, url=url.source), set[Request]()
    while True:
        found = list(findings_beside_url(parse_request(fixed, dialect), policy, wanted))
        chosen = list(_chosen(fixed, found, unsafe=unsafe))
        # Stop if a state repeats, since some fixes undo each other.
        if not chosen or fixed in seen or len(seen) == MAX_ROUNDS:
            break
        seen.add(fixed)
        applied += chosen
        # Edit each part from its end to its beginning, so that no edit moves the span of another.
        this_round = [(part, finding.fix) for part, finding in reversed(chosen) if finding.fix is not None]
        edits += this_round
        for part, one in this_round:
            fixed = _with(fixed, part, one)
    remaining = (*(("url", finding) for finding in url.remaining), *found)
    return FixedRequest(fixed, tuple(applied), remaining, tuple(edits))


def _chosen(request: Request, found: Iterable[InPart], *, unsafe: bool) -> Iterator[InPart]:
    """Yield the findings to fix in one round, in the order of each part."""
    by_part: dict[str, list[Diagnostic]] = {}
    names = [name.lower() for name in request.headers]
    for part, finding in found:
        if names.count(part.removeprefix("headers.").lower()) > 1:
            continue  # two headers with this name: unclear which one to fix
        if changes(finding, _text(request, part)) and is_allowed(finding, unsafe):
            by_part.setdefault(part, []).append(finding)
    for part, findings in by_part.items():
        yield from ((part, finding) for finding in apart(findings))


def _text(request: Request, part: str) -> str:
    """Return the text of a part that has fixes; for a header, its value."""
    name = part.removeprefix("headers.")
    text = request.headers.get(name) if part != name else getattr(request, part)
    return text or ""


def _with(request: Request, part: str, edit: Fix) -> Request:
    text = _text(request, part)
    text = text[: edit.span.start] + edit.replacement + text[edit.span.stop :]
    name = part.removeprefix("headers.")
    if part != name:
        return replace(request, headers={**request.headers, name: text})
    changed: dict[str, Any] = {part: text}
    return replace(request, **changed)


def _common(one: str, other: str) -> int:
    """Return the length of the common prefix of two texts."""
    return next(
        (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _edit(before: str, after: str) -> Fix:
    """Return the shortest edit that turns one text into the other."""
    start = _common(before, after)
    same = _common(before[start:][::-1], after[start:][::-1])
    stop = len(before) - same
    return Fix(after[start : len(after) - same], Span(start, stop), safe=True)
