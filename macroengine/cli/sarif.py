"""Findings as SARIF 2.1.0, the Static Analysis Results Interchange Format (OASIS)."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from macroengine import __version__
from macroengine.cli.reports import Report, Tally
from macroengine.diagnostics import Diagnostic, Fault, Severity
from macroengine.rules import RULES
from macroengine.rules.other_faults import OTHER_FAULTS
from macroengine.workspace.record import Record, Region

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# What reports call arguments and standard input. A file may also be called something in angle brackets.
_WITHOUT_PATH = frozenset({"<argument>", "<stdin>"})
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif_report() -> Report:
    """Return the report. Results are written as they are found, as part of a single run."""
    mark = "@@results@@"
    run = {"tool": {"driver": _driver()}, "columnKind": "unicodeCodePoints", "results": [mark]}
    log = json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})
    before, after = log.split(json.dumps(mark))

    def end(tally: Tally) -> str:
        return f"\n]{_invocations(tally)}{after.removeprefix(']')}\n"

    return Report(lambda: f"{before}\n", _result, end, between=",\n")


def _invocations(tally: Tally) -> str:
    """Return what the run says of files and rows that were not checked."""
    if not tally.unchecked:
        return ""
    notes = [{"level": "error", "message": {"text": reason}} for reason in tally.unchecked]
    invocation = {"executionSuccessful": False, "toolExecutionNotifications": notes}
    return f', "invocations": {json.dumps([invocation])}'


def _driver() -> dict[str, Any]:
    rules = {**{code: _rule(code) for code in RULES}, **{code: _fault(OTHER_FAULTS[code]) for code in OTHER_FAULTS}}
    return {"name": "macroengine", "version": __version__, "rules": [rules[code] for code in sorted(rules)]}


def _rule(code: str) -> dict[str, Any]:
    rule = RULES[code]
    return {
        "id": code,
        "name": rule.name,
        "shortDescription": {"text": rule.page.partition("\n")[0]},
        "help": {"text": rule.page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "id": fault.code,
        "name": fault.name,
        "shortDescription": {"text": f"{fault.meaning[0].upper()}{fault.meaning[1:]}."},
        "defaultConfiguration": {"level": _LEVELS[fault.severity]},
    }


def _result(file: str, record: Record, diagnostic: Diagnostic) -> str:
    hint = "" if diagnostic.hint is None else f" ({diagnostic.hint})"
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": diagnostic.message + hint},
        "locations": [_location(file, record, diagnostic)],
    }
    fix = diagnostic.fix
    edits = [] if fix is None or file in _WITHOUT_PATH else record.edits(fix.span, fix.replacement)
    if fix is not None and edits:
        replacements = [_replacement(region, text) for region, text in edits]
        change = {"artifactLocation": {"uri": _uri(file)}, "replacements": replacements}
        safety = "safe" if fix.safe else "unsafe"
        result["fixes"] = [{"description": {"text": f"{safety} fix"}, "artifactChanges": [change]}]
    return json.dumps(result)


def _replacement(region: Region, text: str) -> dict[str, Any]:
    deleted = {"deletedRegion": _region(region)}
    return {**deleted, "insertedContent": {"text": text}} if text else deleted


def _location(file: str, record: Record, diagnostic: Diagnostic) -> dict[str, Any]:
    if file in _WITHOUT_PATH:
        return {"logicalLocations": [{"name": f"{file}:{record.line}:{diagnostic.span.start + 1}"}]}
    found = record.region(diagnostic.span)
    region = {"startLine": record.line} if found is None else _region(found)
    snippet = {"text": diagnostic.source[diagnostic.span.start : diagnostic.span.stop]}
    location = {"physicalLocation": {"artifactLocation": {"uri": _uri(file)}, "region": {**region, "snippet": snippet}}}
    cell: dict[str, Any] = {} if record.sheet is None else {"logicalLocations": [{"fullyQualifiedName": record.place}]}
    return {**location, **cell}


def _region(region: Region) -> dict[str, int]:
    last = {} if region.line == region.end_line else {"endLine": region.end_line}
    return {"startLine": region.line, "startColumn": region.column, **last, "endColumn": region.end_column}


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))
