"""`macroengine diff`: what partners would receive differently after templates are edited."""

import json
import sys
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import click

from macroengine.cli import output
from macroengine.cli.given import given_settings, sources_of
from macroengine.cli.inputs import check_read_once, is_input, looks_like_path, no_such_file
from macroengine.cli.job import Job
from macroengine.cli.options import (
    column_options,
    context_option,
    dialect_or_auto_option,
    layout_of,
    postback_option,
    values_options,
)
from macroengine.cli.reports import Tally, wrapped
from macroengine.diagnostics import printable
from macroengine.workspace.config import NearestConfig, Settings, find_config
from macroengine.workspace.difference import Change
from macroengine.workspace.difference import diff as difference
from macroengine.workspace.record import Record
from macroengine.workspace.sources import is_any_unreadable


@dataclass(frozen=True, slots=True)
class Compared:
    """A template in both versions, with the changes. A template in only one version has no changes."""

    title: str
    old: str | None
    new: str | None
    changes: list[Change]


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@column_options
@dialect_or_auto_option
@postback_option("The kind of postback that the templates are for.", default="what their macros are for")
@context_option
@values_options
@click.option(
    "--send-all/--no-send-all", default=None, help="Events that are not attributed to the network are sent, too."
)
@click.option("--consent/--no-consent", default=None, help="Identifiers are sent only for users who share them.")
@click.option("--format", "form", type=click.Choice(["text", "json", "md"]), default="text", show_default=True)
@click.pass_context
def diff(context: click.Context, /, old: str, new: str, **options: Any) -> int:
    """Say what the partner would receive differently if the template OLD were replaced by NEW.

    OLD and NEW are templates, or files of templates. Files are compared by partner and event, in order if there are
    several; without partners, by line.

    \b
    Examples:
      macroengine diff 'https://n.example/?c=(ip)' 'https://n.example/?c=(C)'
      git show HEAD:partners.csv > old.csv
      macroengine diff old.csv partners.csv --format md

    Exit status: 0 nothing is lost, 1 the partner no longer receives something, 2 wrong usage or an unreadable file.
    """
    check_read_once(("OLD", old), ("NEW", new))
    if is_input(old) != is_input(new):
        for given in (old, new):
            if not is_input(given) and looks_like_path(given):
                raise no_such_file(given, "compare two templates, or two files")
        raise click.UsageError("compare two templates, or two files")
    config = NearestConfig(find_config(Path.cwd()))
    job = Job([], config, given_settings(context, options), unsafe=False, skips=False)
    layout = layout_of(options, (old, new))
    sources = [sources_of((given,), (), layout, config) for given in (old, new)]
    versions = [_templates(job, one) for one in sources]
    is_unread = any(map(is_any_unreadable, sources))
    compared = [one for one in _compared(*versions) if one.changes or None in (one.old, one.new)]
    write = output.lasting(sys.stdout.write)
    for line in _FORMATS[options["form"]](compared):
        write(f"{line}\n")
    output.print_notes(job.notes)
    if is_unread:
        return 2
    return 1 if any(one.new is None or any(change.lost for change in one.changes) for one in compared) else 0


def _templates(job: Job, sources: Any) -> dict[str, tuple[Record, Settings]]:
    """Return the templates by the key for comparing them."""
    found: dict[str, tuple[Record, Settings]] = {}
    job.sources = sources
    for _, record, settings in job.records(Tally()):
        if record.template is not None:
            said = record.said
            title = said.partner + (f" ({said.postback})" if said.postback else "")
            found[_unused(title if said.partner else _numbered(record), found)] = record, settings
    return found


def _unused(title: str, found: Container[str]) -> str:
    """Return the title, with a number if another template has this title."""
    numbered = (f"{title} {number}" for number in count(2))
    return title if title not in found else next(one for one in numbered if one not in found)


def _numbered(record: Record) -> str:
    return f"line {record.line}" if record.sheet is None else record.place


def _compared(old: dict[str, tuple[Record, Settings]], new: dict[str, tuple[Record, Settings]]) -> Iterator[Compared]:
    for title in dict.fromkeys([*old, *new]):
        before, after = old.get(title), new.get(title)
        one, other = (version and version[0].template for version in (before, after))
        changes: list[Change] = []
        if one is not None and other is not None and after is not None:
            changes = difference(one, other, dialect=after[1].dialect_of(other), policy=after[1].policy)
        yield Compared(title, one, other, changes)


def _as_text(compared: list[Compared]) -> Iterator[str]:
    width = output.width_of(sys.stdout)
    for one in compared:
        if len(compared) > 1 or one.old is None or one.new is None:
            yield f"{printable(one.title)}{_fate(one)}"
        for change in one.changes:
            sign = "-" if change.lost else "+" if change.kind == "added" else "~"
            yield from wrapped(f"{sign} {change.message}", width, 0)
    lost = sum(change.lost for one in compared for change in one.changes) + sum(one.new is None for one in compared)
    changes = sum(max(1, len(one.changes)) for one in compared)
    yield f"{changes:,} change{'s' * (changes != 1)}, {lost:,} lost" if compared else "nothing changes for the partner"


def _fate(one: Compared) -> str:
    if one.old is None:
        return ": a new template"
    return ": the template is removed" if one.new is None else ""


def _as_json(compared: list[Compared]) -> Iterator[str]:
    rows = [
        {
            "partner": one.title,
            "old": one.old,
            "new": one.new,
            "lost": one.new is None or any(change.lost for change in one.changes),
            "changes": [
                {"kind": change.kind, "name": change.name, "message": change.message, "lost": change.lost}
                for change in one.changes
            ],
        }
        for one in compared
    ]
    yield json.dumps(rows, indent=2)


def _as_markdown(compared: list[Compared]) -> Iterator[str]:
    if not compared:
        yield "Nothing changes for the partner."
        return
    yield "| template | | what changes |"
    yield "|---|---|---|"
    for one in compared:
        if one.old is None or one.new is None:
            yield f"| {_cell(one.title)} | {'**lost**' if one.new is None else ''} | {_cell(_fate(one)[2:])} |"
        for change in one.changes:
            yield f"| {_cell(one.title)} | {'**lost**' if change.lost else ''} | {_cell(change.message)} |"


_FORMATS: dict[str, Callable[[list[Compared]], Iterator[str]]] = {
    "text": _as_text,
    "json": _as_json,
    "md": _as_markdown,
}


def _cell(text: str) -> str:
    """Return a text escaped for a cell of a Markdown table."""
    return "".join(f"\\{char}" if char in r"\`*_{}[]()<>#+-.!|~&$@:" else char for char in printable(text))
