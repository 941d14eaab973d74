"""Findings as text, JSON, GitHub annotations: each report is a function that prints them as they come."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from macroengine.cli.files import Record
from macroengine.cli.output import COLOURS, abridged, errors, is_plain, results, style
from macroengine.diagnostics import Diagnostic, Severity, columns, excerpt, printable

WIDTH = 80
_LONGEST_WORD = 60


@dataclass(frozen=True, slots=True)
class Report:
    """One way to print findings: what comes before them, each of them, and what comes after."""

    begin: Callable[[], str]
    show: Callable[[str, Record, Diagnostic], str]
    end: Callable[["Tally"], str]
    between: str = ""


@dataclass(slots=True)
class Tally:
    """How many templates were looked at, what was found in them, and how much of that was fixed."""

    templates: int = 0
    found: Counter[Severity] = field(default_factory=Counter)
    fixable: int = 0
    fixed: int = 0

    def count(self, diagnostic: Diagnostic) -> None:
        """Count a finding."""
        self.found[diagnostic.severity] += 1
        self.fixable += diagnostic.fix is not None and diagnostic.fix.safe

    def __str__(self) -> str:
        parts = [f"{self.fixed:,} fixed"] if self.fixed else []
        counts = [(number, word) for word in Severity if (number := self.found[word])]
        parts += [f"{number:,} {word}{'s' if number > 1 else ''}" for number, word in counts]
        parts += [f"{self.fixable:,} fixable"] if self.fixable else []
        if not counts:
            parts.append(f"nothing found in {self.templates:,} template{'s' if self.templates != 1 else ''}")
        return ", ".join(parts)


def print_findings(
    report: Report,
    findings: Iterator[tuple[str, Record, Diagnostic]],
    tally: Tally,
    write: Callable[[str], object],
) -> None:
    """Print findings as they come, abridged for each template; `tally` counts all of them."""

    def counted(group: Iterable[tuple[str, Record, Diagnostic]]) -> Iterator[Diagnostic]:
        for _, _, diagnostic in group:
            tally.count(diagnostic)
            yield diagnostic

    write(report.begin())
    between = ""
    for (file, record), group in groupby(findings, key=lambda finding: finding[:2]):
        for diagnostic in abridged(counted(group)):
            write(between + report.show(file, record, diagnostic))
            between = report.between
    write(report.end(tally))


def text_report_on(*, aside: bool) -> Report:
    """Return the report for people on standard output, or `aside` on standard error."""
    if is_plain(sys.stderr if aside else sys.stdout):
        return text_report(WIDTH, colour=False)
    to = errors() if aside else results()
    width = min(WIDTH, to.width) if to.is_terminal else WIDTH
    return text_report(width, colour=to.color_system is not None and not to.no_color)


def text_report(width: int, *, colour: bool) -> Report:
    """Return the report for people: at most `width` columns wide where words and file names allow."""

    def show(file: str, record: Record, diagnostic: Diagnostic) -> str:
        place = f"{printable(file)}:{record.line}:{diagnostic.span.start + 1}"
        severity = diagnostic.severity
        kind = f"{diagnostic.code} {severity}"
        # The place stays whole, however long: editors and terminals make a link of it.
        start, *lines = _wrap(f"{kind} {diagnostic.message}", width, columns(place) + 1)
        lines.insert(0, f"{place} {style(kind, COLOURS[severity], colour=colour)}{start.removeprefix(kind)}")
        line, carets = excerpt(diagnostic.source, diagnostic.span, width - 2)
        lines += [line, style(carets, COLOURS[severity], colour=colour)]
        if diagnostic.hint is not None:
            lines += _wrap(f"  hint: {diagnostic.hint}", width, 0)
        return "\n".join(lines) + "\n"

    return Report(str, show, lambda tally: f"{tally}\n")


def _wrap(text: str, width: int, taken: int) -> list[str]:
    """Break a text between words, so that it is at most `width` columns wide; long words are cut short.

    Of the first line so many columns are `taken`.
    """
    if taken + len(text) <= width and text.isascii() and text.isprintable():
        return [text]
    first, *words = map(_shown, text.split(" "))
    lines, used = [first], taken + columns(first)
    for word in words:
        needed = 1 + columns(word)
        if used + needed <= width:
            lines[-1] += f" {word}"
            used += needed
        else:
            lines.append(f"    {word}")
            used = 3 + needed
    return lines


def _shown(word: str) -> str:
    if len(word) <= _LONGEST_WORD and word.isascii() and word.isprintable():
        return word
    shown = printable(word)
    while columns(shown) > _LONGEST_WORD:
        shown = f"{shown[: min(len(shown) - 2, _LONGEST_WORD)]}…"
    return shown


def _as_json(file: str, record: Record, diagnostic: Diagnostic) -> str:
    fix = diagnostic.fix
    row = {
        "file": file,
        "line": record.line,
        "template": diagnostic.source,
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "span": [diagnostic.span.start, diagnostic.span.stop],
        "hint": diagnostic.hint,
        "fix": fix and {"replacement": fix.replacement, "span": [fix.span.start, fix.span.stop], "safe": fix.safe},
    }
    return json.dumps(row)


JSON_REPORT = Report(lambda: "[\n", _as_json, lambda tally: "\n]\n" if tally.found else "]\n", between=",\n")

_GITHUB_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def _as_annotation(file: str, record: Record, diagnostic: Diagnostic) -> str:
    # https://docs.github.com/actions/reference/workflow-commands-for-github-actions, "Setting an error message"
    where = {"file": file, "line": record.line}
    if record.in_line:
        where |= {"col": diagnostic.span.start + 1, "endColumn": diagnostic.span.stop + 1}
    properties = {**where, "title": f"{diagnostic.code} {diagnostic.name}"}
    head = ",".join(f"{key}={_escape_property(str(value))}" for key, value in properties.items())
    message = "\n".join([diagnostic.message, *excerpt(diagnostic.source, diagnostic.span), *_hint(diagnostic)])
    return f"::{_GITHUB_WORDS[diagnostic.severity]} {head}::{_escape_data(message)}\n"


def _hint(diagnostic: Diagnostic) -> list[str]:
    return [] if diagnostic.hint is None else [f"hint: {diagnostic.hint}"]


def _escape_data(text: str) -> str:
    # The escapes of the runner's own toolkit (actions/toolkit, command.ts); the percent sign comes first.
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")


GITHUB_REPORT = Report(str, _as_annotation, lambda _: "")
