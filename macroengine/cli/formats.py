"""The formats in which findings are printed."""

import sys

from macroengine.cli import output
from macroengine.cli.reports import GITHUB_REPORT, JSON_REPORT, Report, statistics_report, text_report

FORMATS = ("text", "json", "github", "gitlab", "junit", "sarif")


def report_of(form: str, *, aside: bool, statistics: bool, strict: bool) -> Report:
    """Return the report in a format. With `aside`, it is printed on standard error."""
    match form:
        case "json":
            return JSON_REPORT
        case "github":
            return GITHUB_REPORT
        case "gitlab" | "junit":
            from macroengine.cli.ci import gitlab_report, junit_report  # noqa: PLC0415 - rarely needed

            return gitlab_report() if form == "gitlab" else junit_report(strict=strict)
        case "sarif":
            from macroengine.cli.sarif import sarif_report  # noqa: PLC0415 - rarely needed

            return sarif_report()
        case _:
            return statistics_report() if statistics else text_report_on(aside=aside)


def text_report_on(*, aside: bool) -> Report:
    """Return the report for people on standard output; with `aside`, on standard error."""
    if output.is_plain(sys.stderr if aside else sys.stdout):
        return text_report(None, colour=False)
    to = output.errors() if aside else output.results()
    return text_report(to.width if to.is_terminal else None, colour=to.color_system is not None and not to.no_color)
