"""Print findings as text, JSON or GitHub annotations, as they are found."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import PurePath
from typing import NamedTuple

from macroengine.cli.output import COLOURS, style
from macroengine.diagnostics import Diagnostic, Severity, columns, excerpt, printable
from macroengine.kinds import Postback
from macroengine.workspace.abridging import abridged
from macroengine.workspace.inputs import InputError
from macroengine.workspace.record import Record

# A message that quotes a template should not fill the terminal.
_LONGEST_WORD = 60
_NARROWEST = 20
_INDENT = "    "


class Report(NamedTuple):
    """One way to print findings: functions for the beginning, each finding, and the end."""

    begin: Callable[[], str]
    show: Callable[[str, Record, Diagnostic], str]
    end: Callable[["Tally"], str]
    between: str = ""


@dataclass(slots=True)
class Tally:
    """The number of templates that were checked, their findings, and how many were fixed."""

    templates: int = 0
    skipped: int = 0
    """The number of templates in rows that name something that does not exist."""
    found: Counter[Severity] = field(default_factory=Counter)
    fixable: int = 0
    unsafe: int = 0
    """The number of findings whose fix may not be what was intended."""
    fixed: int = 0
    rules: Counter[tuple[str, str, Severity]] = field(default_factory=Counter)
    """The number of findings of each rule, by code, name and severity."""
    assumed: Counter[Postback] = field(default_factory=Counter)
    """The number of templates for each kind of postback that was inferred from their macros."""
    incomplete: int = 0
    """The number of files that could not be read completely."""
    unchecked: list[str] = field(default_factory=list)
    """What was not checked, and why."""

    def add(self, other: "Tally") -> None:
        """Add what was counted in one file, except its findings."""
        self.templates += other.templates
        self.skipped += other.skipped
        self.fixed += other.fixed
        self.incomplete += other.incomplete
        self.assumed += other.assumed
        self.unchecked += other.unchecked

    def count(self, diagnostic: Diagnostic) -> None:
        """Count a finding."""
        self.found[diagnostic.severity] += 1
        self.rules[diagnostic.code, diagnostic.name, diagnostic.severity] += 1
        if diagnostic.fix is not None:
            self.fixable += diagnostic.fix.safe
            self.unsafe += not diagnostic.fix.safe

    def lines(self) -> list[str]:
        """Return the summary, after the assumed kinds of postback if any of them is not the default."""
        if self.incomplete and not self.templates and not self.skipped and not self.found:
            return []  # the notes say why nothing was checked
        if not self.assumed.keys() - {Postback.INSTALL}:
            return [str(self)]
        counts = [f"{kind} for {_counted(number, 'template')}" for kind in Postback if (number := self.assumed[kind])]
        return [f"postback assumed from the macros: {', '.join(counts)}; set it with --postback", str(self)]

    def __str__(self) -> str:
        parts = [f"{self.fixed:,} fixed"] if self.fixed else []
        counts = [(number, word) for word in Severity if (number := self.found[word])]
        parts += [_counted(number, word) for number, word in counts]
        parts += [f"{self.fixable:,} fixable with --fix"] if self.fixable else []
        if self.unsafe:
            parts.append(f"{self.unsafe:,} {'more' if self.fixable else 'fixable'} with --fix --unsafe-fixes")
        if not counts and self.templates:
            parts.append(f"nothing found in {_counted(self.templates, 'template')}")
        if self.skipped:
            parts.append(f"{_counted(self.skipped, 'template')} skipped")
        if self.incomplete:
            parts.append(f"{_counted(self.incomplete, 'file')} not read completely")
        return ", ".join(parts) or "no templates found"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' if number != 1 else ''}"


def print_findings(
    report: Report,
    findings: Iterator[tuple[str, Record, Diagnostic]],
    tally: Tally,
    write: Callable[[str], object],
) -> None:
    """Print findings as they are found, shortened for each template. `tally` counts all of them.

    If a file turns out to be unreadable, what has been printed is ended properly before the error is raised.
    """

    def counted(group: Iterable[tuple[str, Record, Diagnostic]]) -> Iterator[Diagnostic]:
        for _, _, diagnostic in group:
            tally.count(diagnostic)
            yield diagnostic

    before = report.begin()
    try:
        for (file, record), group in groupby(findings, key=lambda finding: finding[:2]):
            for diagnostic in abridged(counted(group)):
                write(before + report.show(file, record, diagnostic))
                before = report.between
    except InputError:
        if tally.found:
            write(report.end(tally))
        raise
    write(("" if tally.found else before) + report.end(tally))


def text_report(width: int | None, *, colour: bool) -> Report:
    """Return the report for people, wrapped to `width` columns except for places; without a width, nothing is cut."""
    columns_ = None if width is None else max(width, _NARROWEST)

    def show(file: str, record: Record, diagnostic: Diagnostic) -> str:
        place = f"{printable(file)}:{record.place_of(diagnostic.span.start)}"
        severity = diagnostic.severity
        kind = f"{diagnostic.code} {severity}"
        # The place is never cut, since editors and terminals turn it into a link.
        start, *lines = wrapped(diagnostic.message, columns_, columns(place) + len(kind) + 2)
        head = f"{place} {style(kind, COLOURS[severity], colour=colour)}"
        lines.insert(0, f"{head} {start}" if start else head)
        line, carets = excerpt(diagnostic.source, diagnostic.span, columns_ and columns_ - 2)
        lines += [line, style(carets, COLOURS[severity], colour=colour)]
        if diagnostic.hint is not None:
            first, *rest = wrapped(diagnostic.hint, columns_, len("  hint: "))
            lines += [f"  hint: {first}".rstrip(), *rest]
        return "\n".join(lines) + "\n"

    def end(tally: Tally) -> str:
        lines = [line for text in tally.lines() for line in wrapped(text, columns_, 0)]
        return "".join(f"{line}\n" for line in lines)

    return Report(str, show, end)


def statistics_report() -> Report:
    """Return the report that only counts how often each rule found something, most frequent first."""

    def end(tally: Tally) -> str:
        rows = sorted(tally.rules.items(), key=lambda row: (-row[1], row[0]))
        width = max((len(f"{count:,}") for _, count in rows), default=0)
        lines = [f"{count:>{width},} {code} {severity} {name}\n" for (code, name, severity), count in rows]
        return "".join([*lines, *(f"{line}\n" for line in tally.lines())])

    return Report(str, lambda *_: "", end)


def wrapped(text: str, width: int | None, taken: int) -> list[str]:
    """Break a text between words to fit `width` columns, and indent further lines.

    `taken` columns of the first line are already used. If no word fits into the rest, the first line stays empty.
    """
    if width is None:
        return [printable(text)]
    if taken + len(text) <= width and text.isascii() and text.isprintable():
        return [text]
    lines, used = [""], taken
    for word in _pieces(text, width - len(_INDENT)):
        gap = 0 if lines[-1] in ("", _INDENT) else 1
        if used + gap + columns(word) > width:
            lines.append(_INDENT)
            used, gap = len(_INDENT), 0
        lines[-1] += " " * gap + word
        used += gap + columns(word)
    return lines


def _pieces(text: str, room: int) -> Iterator[str]:
    """Yield the words of a text. A word that is too wide is split into pieces."""
    for word in map(_shown, text.split(" ")):
        rest = word
        while columns(rest) > room:
            length = max(1, next(n for n in range(len(rest), 0, -1) if columns(rest[:n]) <= room or n == 1))
            yield rest[:length]
            rest = rest[length:]
        yield rest


def _shown(word: str) -> str:
    if len(word) <= _LONGEST_WORD and word.isascii() and word.isprintable():
        return word
    shown = printable(word)
    while columns(shown) > _LONGEST_WORD:
        shown = f"{shown[: min(len(shown) - 2, _LONGEST_WORD)]}…"
    return shown


def _as_json(file: str, record: Record, diagnostic: Diagnostic) -> str:
    import json  # noqa: PLC0415 - most reports are text

    fix = diagnostic.fix
    row: dict[str, object] = {
        "file": file,
        "line": record.position(diagnostic.span.start)[0],
        "template": diagnostic.source,
        "code": diagnostic.code,
        "name": diagnostic.name,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "span": [diagnostic.span.start, diagnostic.span.stop],
        "hint": diagnostic.hint,
        "fix": fix and {"replacement": fix.replacement, "span": [fix.span.start, fix.span.stop], "safe": fix.safe},
    }
    if record.places is not None:  # the span refers to the template
        region = record.places.region(diagnostic.span)
        row |= {"column": region.column, "end_line": region.end_line, "end_column": region.end_column}
    # Only tables have these.
    row |= {"sheet": record.sheet, "cell": record.cell} if record.sheet is not None else {}
    row |= {"partner": record.said.partner} if record.said.partner else {}
    return json.dumps(row)


JSON_REPORT = Report(lambda: "[\n", _as_json, lambda tally: "\n]\n" if tally.found else "]\n", between=",\n")

_GITHUB_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def _as_annotation(file: str, record: Record, diagnostic: Diagnostic) -> str:
    # https://docs.github.com/actions/reference/workflow-commands-for-github-actions, "Setting an error message"
    region = record.region(diagnostic.span)
    where = {"file": with_slashes(file), "line": record.line}
    if region is not None:
        where |= {"line": region.line, "col": region.column}
        is_one = region.line == region.end_line  # columns must be on the same line
        where |= {"endColumn": region.end_column} if is_one else {"endLine": region.end_line}
    properties = {**where, "title": f"{diagnostic.code} {diagnostic.name}"}
    head = ",".join(f"{key}={_escape_property(str(value))}" for key, value in properties.items())
    message = "\n".join([diagnostic.message, *excerpt(diagnostic.source, diagnostic.span), *_hint(diagnostic)])
    return f"::{_GITHUB_WORDS[diagnostic.severity]} {head}::{_escape_data(message)}\n"


def with_slashes(file: str) -> str:
    """Return the path of a file with forward slashes, also on Windows."""
    return PurePath(file).as_posix()


def _hint(diagnostic: Diagnostic) -> list[str]:
    return [] if diagnostic.hint is None else [f"hint: {diagnostic.hint}"]


def _escape_data(text: str) -> str:
    # The same escapes as in the runner's toolkit (actions/toolkit, command.ts). The percent sign comes first.
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")


def _unchecked(tally: Tally) -> str:
    return "".join(f"::error::{_escape_data(reason)}\n" for reason in tally.unchecked)


GITHUB_REPORT = Report(str, _as_annotation, _unchecked)
