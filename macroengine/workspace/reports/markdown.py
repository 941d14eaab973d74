"""The report as Markdown, for an issue or a message."""

import re
from collections.abc import Iterable, Iterator, Sequence

from macroengine.diagnostics import Diagnostic, Severity, excerpt, printable
from macroengine.workspace.reports.entry import (
    NOBODY,
    Entry,
    Group,
    by_partner,
    by_rule,
    counted,
    instead,
    kind_of_advice,
    total,
)

_SPECIAL = re.compile(r"[\\`*_{}\[\]()<>#+\-.!|~&$@:]")


def markdown_report(entries: Sequence[Entry], unchecked: Sequence[str] = ()) -> str:
    """Return the report as Markdown."""
    everything = total(entries)
    lines = ["# Postback templates", "", f"{everything.templates:,} templates: {counted(everything)}", ""]
    lines += _table("partner", by_partner(entries))
    rules = by_rule(entries)
    lines += _table("rule", rules) if rules else []
    if unchecked:
        lines += ["## Not checked", "", *(f"- {plain(reason)}" for reason in unchecked), ""]
    for entry in entries:
        lines += _entry(entry)
    return "\n".join(lines)


def plain(text: str) -> str:
    r"""Return a text escaped for Markdown.

    >>> print(plain("a|b <i>"))
    a\|b \<i\>
    """
    return _SPECIAL.sub(r"\\\g<0>", printable(text))


def _table(head: str, groups: Iterable[Group]) -> Iterator[str]:
    yield f"| {head} | templates | errors | warnings | infos | fixable |"
    yield "|---|--:|--:|--:|--:|--:|"
    for group in groups:
        counts = (group.templates, *(group.found[severity] for severity in Severity), group.fixable)
        yield f"| {plain(group.name)} | {' | '.join(f'{count:,}' for count in counts)} |"
    yield ""


def _entry(entry: Entry) -> Iterator[str]:
    yield f"## {plain(entry.partner or NOBODY)}: {entry.worst or 'clean'}"
    yield ""
    yield f"{plain(entry.place)}, {plain(entry.dialect.title)}, {entry.policy.postback} postback"
    yield ""
    yield from _code([entry.shown(entry.template)])
    for diagnostic in entry.found:
        yield from _finding(diagnostic)
    if entry.fixed is not None:
        yield from ("After the safe fixes:", "", *_code([entry.shown(entry.fixed)]))
    if entry.preview is not None:
        yield from ("What the partner would receive:", "", *_code([entry.shown(entry.preview.attributed)]))


def _finding(diagnostic: Diagnostic) -> Iterator[str]:
    head = f"**{diagnostic.severity}** {diagnostic.code} {plain(diagnostic.name)}"
    advice = instead(diagnostic)
    yield f"{head}: {plain(diagnostic.message)}"
    yield ""
    yield from _code(excerpt(diagnostic.source, diagnostic.span))
    if advice:
        yield f"{kind_of_advice(diagnostic)}: {plain(advice)}"
        yield ""


def _code(lines: Sequence[str]) -> Iterator[str]:
    """Yield a code block whose fence is longer than any in its lines."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}text", *lines, fence, "")
