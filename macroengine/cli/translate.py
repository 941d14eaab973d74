"""`macroengine translate`: write templates in another dialect, and report what is lost."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from macroengine.catalogue import Dialect
from macroengine.cli import output
from macroengine.cli.formats import text_report_on
from macroengine.cli.given import given_settings, sources_of
from macroengine.cli.inputs import check_read_once, input_name
from macroengine.cli.job import Job
from macroengine.cli.options import (
    column_options,
    dialect_or_auto_option,
    layout_of,
    other_dialect_option,
    postback_option,
    values_options,
)
from macroengine.cli.reports import Tally
from macroengine.diagnostics import Diagnostic, Severity
from macroengine.errors import TemplateError
from macroengine.kinds import Postback
from macroengine.kinds import Source as ValueSource
from macroengine.policy import Policy
from macroengine.translation.translate import Translation
from macroengine.translation.translate import translate as translate_template
from macroengine.workspace.abridging import abridged
from macroengine.workspace.config import NearestConfig, find_config
from macroengine.workspace.record import Record
from macroengine.workspace.sources import Source

# Control characters, which include line breaks, and halves of characters.
_NO_LINE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")


@click.command(
    epilog="""\b
Examples:
  macroengine translate 'https://n.example/pb?id=(clickid)' --to singular
  macroengine translate --file partners.txt --dialect auto --to appmetrica
  macroengine translate '?id={idfa}' --dialect adjust --to singular --strict
"""
)
@click.argument("templates", metavar="[TEMPLATE|FILE]...", nargs=-1)
@other_dialect_option
@click.option("--file", "files", metavar="FILE", multiple=True, help="Translate the templates in a file; - is stdin.")
@column_options
@dialect_or_auto_option
@postback_option("Report what is not filled for this kind of postback.")
@click.option("--send-all", is_flag=True, help="Report what is not filled for events of other networks.")
@values_options
@click.option("--strict", is_flag=True, help="Exit with 1 unless every translation is exact.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def translate(context: click.Context, /, templates: tuple[str, ...], files: tuple[str, ...], **options: Any) -> int:
    """Write each TEMPLATE in another dialect, and say what is lost.

    The templates go to standard output, one per line, and what is lost to standard error. A macro that the other
    platform does not have becomes UNTRANSLATED-name, which check refuses. Files are read as check reads them.

    Exit status: 0 every macro is translated, 1 some are not (with --strict: something is lost), 2 wrong usage.
    """
    if not templates and not files:
        raise click.UsageError("no templates given; give templates or files")
    check_read_once(("TEMPLATE", templates), ("--file", files))
    config = NearestConfig(find_config(Path.cwd()))
    sources = sources_of(templates, files, layout_of(options, (*templates, *files)), config)
    work = _Work(Job(sources, config, given_settings(context, options), unsafe=False), options)
    found = work.translated()
    if options["form"] == "json":
        _print_json(found)
    else:
        _print_text(found)
    output.print_notes(work.job.notes)
    return work.job.status(1 if work.is_failed or (options["strict"] and not work.is_exact) else 0)


def _policy(
    postback: Postback | None, *, send_all: bool, sources: tuple[str, ...], deny: tuple[str, ...], **_: Any
) -> Policy | None:
    """Return the policy given by the options; None if none are given."""
    if not (postback or send_all or sources or deny):
        return None
    allowed = frozenset(map(ValueSource, sources)) or frozenset(ValueSource)
    return Policy(postback or Postback.INSTALL, send_all, allowed, frozenset(deny))


@dataclass(slots=True)
class _Place:
    file: str
    record: Record
    dialect: Dialect
    to: Dialect


@dataclass(slots=True)
class _Work:
    """The templates of a call, each with its translation."""

    job: Job
    options: dict[str, Any]
    is_exact: bool = True
    is_failed: bool = False

    def translated(self) -> Iterator[tuple[_Place, Translation]]:
        """Yield each template with its translation. If it cannot be translated, report why."""
        for source, record, settings in self.job.records(Tally()):
            if record.template is None:
                continue
            if self.options["form"] == "text" and not self._is_a_line(source, record):
                continue
            place = _Place(source.name, record, settings.dialect_of(record.template), self.options["to"])
            # An assumed kind of postback was not requested.
            is_asked = self.options["postback"] or record.said.postback
            policy = _policy(**{**self.options, "postback": settings.postback if is_asked else None})
            try:
                translation = self._translation(record.template, place, policy)
            except TemplateError as error:  # it is too large
                self.is_failed = True
                output.print_diagnostics(error.diagnostics, to=output.errors())
                continue
            self.is_exact &= translation.exact
            self.is_failed |= any(loss.severity is Severity.ERROR for loss in translation.losses)
            yield place, translation

    def _is_a_line(self, source: Source, record: Record) -> bool:
        """Say whether the template can be printed in a line; complain about any other one."""
        fault = _NO_LINE.search(record.template or "")
        if fault is not None:
            place = f"{input_name(source.name)}:{record.place}"
            output.complain(
                f"{place}: {fault[0]!a} cannot be printed in a line; fix the template, or use --format json"
            )
            self.is_failed = True
        return fault is None

    def _translation(self, template: str, place: _Place, policy: Policy | None) -> Translation:
        try:
            return translate_template(template, dialect=place.dialect, to=place.to, policy=policy)
        except TemplateError:
            raise
        except ValueError as error:  # an option names something that does not exist
            raise click.UsageError(str(error)) from None


def _print_text(found: Iterator[tuple[_Place, Translation]]) -> None:
    report = text_report_on(aside=True)
    for place, translation in found:
        output.write_result(f"{output.harmless(translation.source)}\n")
        if translation.losses:
            sys.stdout.flush()  # print a template before its findings
        for loss in abridged(translation.losses):
            sys.stderr.write(report.show(place.file, place.record, loss))


def _print_json(found: Iterator[tuple[_Place, Translation]]) -> None:
    output.print_json(_row(place, translation) for place, translation in found)


def _row(place: _Place, translation: Translation) -> dict[str, Any]:
    row: dict[str, Any] = {
        "file": place.file,
        "line": place.record.line,
        "template": place.record.template,
        "dialect": place.dialect.name,
        "to": place.to.name,
        "source": translation.source,
        "exact": translation.exact,
        "losses": [_loss(loss) for loss in translation.losses],
    }
    # Only workbooks have these.
    return row | ({"sheet": place.record.sheet, "cell": place.record.cell} if place.record.sheet is not None else {})


def _loss(loss: Diagnostic) -> dict[str, object]:
    return {
        "code": loss.code,
        "name": loss.name,
        "severity": loss.severity,
        "message": loss.message,
        "span": [loss.span.start, loss.span.stop],
        "hint": loss.hint,
    }
