"""Findings for CI servers: GitLab's code quality report, and JUnit's XML, which most servers read."""

import json
from collections import Counter
from hashlib import sha256
from xml.sax.saxutils import escape, quoteattr

from macroengine.cli.reports import Report, Tally, with_slashes
from macroengine.diagnostics import Diagnostic, Severity, excerpt, printable
from macroengine.workspace.record import Record

# https://docs.gitlab.com/ci/testing/code_quality/, "Code Quality report format"
_GITLAB_WORDS = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def gitlab_report() -> Report:
    """Return the report that GitLab shows in a merge request: a JSON array."""
    seen: Counter[str] = Counter()

    def show(file: str, record: Record, diagnostic: Diagnostic) -> str:
        span = diagnostic.span
        # The fingerprint does not depend on the line. Identical findings are numbered.
        path = with_slashes(file)
        about = "\0".join([path, diagnostic.code, diagnostic.source, str(span.start)])
        seen[about] += 1
        issue = {
            "description": diagnostic.message + ("" if diagnostic.hint is None else f" ({diagnostic.hint})"),
            "check_name": f"{diagnostic.code} {diagnostic.name}",
            "fingerprint": sha256(f"{about}\0{seen[about]}".encode(errors="surrogatepass")).hexdigest(),
            "severity": _GITLAB_WORDS[diagnostic.severity],
            "location": {"path": path, "lines": {"begin": record.position(span.start)[0]}},
        }
        return json.dumps(issue)

    return Report(lambda: "[\n", show, lambda tally: "\n]\n" if tally.found else "]\n", between=",\n")


def junit_report(*, strict: bool) -> Report:
    """Return the report as test results: each finding is a failed test, all clean templates together are one test."""
    failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}

    def show(file: str, record: Record, diagnostic: Diagnostic) -> str:
        place = f"{file}:{record.place_of(diagnostic.span.start)}"
        name = _attribute(f"{place} {diagnostic.code} {diagnostic.name}")
        hint = [] if diagnostic.hint is None else [f"hint: {diagnostic.hint}"]
        lines = [diagnostic.message, *excerpt(diagnostic.source, diagnostic.span, None), *hint]
        text = escape("\n".join(map(printable, lines)))
        if diagnostic.severity in failing:
            result = (
                f"<failure type={_attribute(diagnostic.code)} message={_attribute(diagnostic.message)}>{text}</failure>"
            )
        else:
            result = f"<system-out>{diagnostic.severity}: {text}</system-out>"
        return f"<testcase classname={_attribute(file)} name={name}>{result}</testcase>\n"

    def end(tally: Tally) -> str:
        templates = "1 template" if tally.templates == 1 else f"{tally.templates:,} templates"
        summary = _attribute(f"{templates}: {tally}")
        errors = "".join(
            f'<testcase classname="macroengine" name={reason}><error message={reason}/></testcase>\n'
            for reason in map(_attribute, tally.unchecked)
        )
        return f'{errors}<testcase classname="macroengine" name={summary}/>\n</testsuite>\n</testsuites>\n'

    begin = '<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n<testsuite name="macroengine check">\n'
    return Report(lambda: begin, show, end)


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
