"""The findings in a document, in the protocol's form."""

from collections.abc import Iterable
from typing import Any

from macroengine.diagnostics import Diagnostic, Severity, printable
from macroengine.lsp.documents import Checked, Document
from macroengine.lsp.markup import shortened
from macroengine.lsp.positions import Lines
from macroengine.workspace.located import Located

NAME = "macroengine"
_SEVERITIES = {Severity.ERROR: 1, Severity.WARNING: 2, Severity.INFO: 3}
# Every edit sends all of them again, and nobody would read more.
_MAX_FINDINGS = 2_000
_LONGEST = 1_000

# Not the types of lsprotocol: for a thousand templates, converting those to JSON takes longer than everything else.
Report = dict[str, Any]


def reports(document: Document, checked: Iterable[tuple[Located, Checked]]) -> list[Report]:
    """Return all findings in a document, in order."""
    lines = document.lines
    found = [_trouble(document, trouble.line - 1, trouble.message) for trouble in document.troubles]
    omitted: list[tuple[Located, Diagnostic]] = []
    for located, result in checked:
        if result.trouble is not None:
            found.append(_trouble(document, lines.position(located.start)[0], result.trouble))
        if result.found and not result.told:
            result.told.extend(map(report, result.found))
        for diagnostic, told in zip(result.found, result.told, strict=True):
            if len(found) < _MAX_FINDINGS:
                found.append({"range": _place(lines, located, diagnostic), **told})
            else:
                omitted.append((located, diagnostic))
    if omitted:
        message = f"{len(omitted):,} more findings from here on are not shown; macroengine check lists them"
        place = _place(lines, *omitted[0])
        found.append({"range": {**place, "end": place["start"]}, "severity": 3, "source": NAME, "message": message})
    return found


def report(diagnostic: Diagnostic) -> Report:
    """Return a finding in the protocol's form, without its place."""
    hint = "" if diagnostic.hint is None else f"\nhint: {printable(diagnostic.hint)}"
    message = shortened(diagnostic.message, _LONGEST) + shortened(hint, _LONGEST)
    severity = _SEVERITIES[diagnostic.severity]
    return {"severity": severity, "source": NAME, "message": message, "code": diagnostic.code}


def file_report(line: int, message: str, length: int = _LONGEST) -> Report:
    """Return a diagnostic in the protocol's form for a whole line of a file. Lines are counted from 0."""
    place = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": length}}
    return {"range": place, "severity": 1, "source": NAME, "message": printable(message)}


def _trouble(document: Document, line: int, message: str) -> Report:
    _, length = document.lines.position(document.lines.offset(line, len(document.text)))
    return file_report(line, message, length)


def _place(lines: Lines, located: Located, diagnostic: Diagnostic) -> dict[str, dict[str, int]]:
    start, end = lines.range(*located.extent(diagnostic.span.start, diagnostic.span.stop))
    return {
        "start": {"line": start[0], "character": start[1]},
        "end": {"line": end[0], "character": end[1]},
    }
