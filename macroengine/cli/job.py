"""Check, fix or compare the templates of a call, one by one."""

import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from macroengine.cli import output
from macroengine.cli.hunks import hunk, whole_lines
from macroengine.cli.inputs import STANDARD_INPUT, InputError, input_name, is_input, looks_like_path, no_such_file
from macroengine.cli.parallel import in_order
from macroengine.cli.reports import Tally
from macroengine.diagnostics import Diagnostic, printable
from macroengine.kinds import Postback
from macroengine.kinds import Source as ValueSource
from macroengine.rules.request_codes import request_codes
from macroengine.workspace.checking import findings, fixed_template, settings_of
from macroengine.workspace.columns import Layout
from macroengine.workspace.config import Config, NearestConfig, Settings
from macroengine.workspace.record import Record
from macroengine.workspace.sources import Source, TextFile, is_any_unreadable, notes_of_empty, open_source, sources_in
from macroengine.workspace.writing import Write, text_with

if TYPE_CHECKING:
    from macroengine.rules.fixing import Fixed

Found = Iterator[tuple[str, Record, Diagnostic]]
Findings = list[Diagnostic] | tuple[Diagnostic, ...]
Collect = Callable[[Source, Record, Settings, Findings], object]


# How many unknown words in a column of platforms are named: it may be about something else.
_MAX_PLATFORMS = 10
_LONGEST_WORD = 60


class Arguments(NamedTuple):
    """Templates from the command line. The line number of each is its position."""

    templates: tuple[str, ...]
    name: str = "<argument>"
    path: None = None
    notes: tuple[str, ...] = ()

    def records(self) -> Iterator[Record]:
        """Yield the templates."""
        for number, template in enumerate(self.templates, 1):
            yield Record(f"{template}\n", number, template, lambda fixed: f"{fixed}\n")

    def rewriting(self) -> AbstractContextManager[Write]:
        """Print each fixed template."""
        return _printing()

    def check_fixable(self, *, written: bool = True) -> None:
        """Do nothing: templates from the command line are printed after fixing."""


def _is_standard_input(source: Source) -> bool:
    return isinstance(source, TextFile) and source.path is None


def _printing() -> AbstractContextManager[Write]:
    # What remains to be said, and the exit status, do not depend on who reads the templates.
    write = output.lasting(output.write_result)
    return nullcontext(lambda record, template: write(text_with(record, template)))


def _ignored(*_: object) -> None:
    """Ignore the arguments."""


@dataclass(slots=True)
class Job:
    """The templates to check or fix, and the settings."""

    sources: list[Source]
    config: Config | NearestConfig
    given: Mapping[str, Any]
    unsafe: bool
    jobs: int = 1
    """The number of processes that check templates."""
    advance: Callable[[str], object] = len
    """Called with the text of each record when it is done."""
    collect: Collect = _ignored
    """Called with the findings of each template, before anything is fixed."""
    notes: list[str] = field(default_factory=list)
    """Notes for the user about what could not be done."""
    skips: bool = True
    """Whether a row that names a dialect, kind or rule that does not exist is noted and skipped, not an error."""
    has_skipped: bool = False
    platforms: set[str] = field(default_factory=set)
    """The words for platforms in table rows that are not known."""

    def status(self, otherwise: int) -> int:
        """Return the exit status: 2 if a file in a folder could not be read, or a row was skipped."""
        return 2 if self.has_skipped or is_any_unreadable(self.sources) else otherwise

    def found(self, tally: Tally) -> Found:
        """Yield the findings."""
        templates = (
            ((source, record, settings), (record.noted or record.template or "", settings))
            for source, record, settings in self.records(tally)
            if record.template is not None or record.noted is not None
        )
        for (source, record, settings), found in in_order(_check, templates, self.jobs):
            if record.template is not None:
                tally.templates += 1
                self.collect(source, record, settings, found)
            for diagnostic in found:
                yield source.name, record, diagnostic

    def fixed(self, tally: Tally) -> Found:
        """Write the fixed templates, and yield the remaining findings."""
        for source in self.sources:
            yield from self._fixed_in(source, tally)

    def _fixed_in(self, source: Source, tally: Tally) -> Found:
        with _printing() if _is_standard_input(source) else source.rewriting() as write:
            for record, settings in self._to_fix(source, tally):
                fixed = self._fix(record, settings, source)
                write(record, None if fixed is None else fixed.source)
                if record.noted is not None:
                    for diagnostic in _check((record.noted, settings)):
                        yield source.name, record, diagnostic
                if record.template is not None and fixed is not None:
                    tally.templates += 1
                    tally.fixed += len(fixed.applied)
                    if self.collect is not _ignored:
                        self.collect(source, record, settings, _check((record.template, settings)))
                    for diagnostic in fixed.remaining:
                        yield source.name, record, diagnostic

    def _to_fix(self, source: Source, tally: Tally) -> Iterator[tuple[Record, Settings]]:
        before = tally.fixed
        try:
            for _, record, settings in self.records(tally, source):
                yield record, settings
        except InputError as error:
            if source.path is None or tally.fixed == before:
                raise
            raise InputError(f"{error}; nothing in the file was fixed") from None

    def diff(self) -> int:
        """Print what fixing would change, as a unified diff without context; return 1 if there are changes."""
        changed, write = 0, output.lasting(sys.stdout.write)
        for source in self.sources:
            grown, named = 0, False
            for record, before, after in whole_lines(self._rewritten(source)):
                if not named:
                    name = printable(source.name)
                    write(f"--- {name}\n+++ {name}\n")
                named, changed = True, 1
                old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
                write(output.harmless(hunk(record, old, record.line + grown, new)))
                grown += len(new) - len(old)
        return changed

    def _rewritten(self, source: Source) -> Iterator[tuple[Record, str]]:
        """Yield each record of a source with its text after fixing."""
        for _, record, settings in self.records(Tally(), source):
            fixed = self._fix(record, settings, source)
            yield record, text_with(record, None if fixed is None else fixed.source)

    def records(self, tally: Tally, only: Source | None = None) -> Iterator[tuple[Source, Record, Settings]]:
        """Yield the records of all sources, or of one, each with the settings for its template."""
        for source in self.sources if only is None else [only]:
            settings = self.config.settings_for(source.path, self.given)
            settings.check_context()
            where, is_empty = input_name(source.name), True
            for record in source.records():
                is_empty &= record.template is None and record.noted is None
                yield source, *self._of_record(record, settings, where, tally)
                self.advance(record.raw)
            self.notes += source.notes
            if is_empty:
                self.notes += notes_of_empty(source)

    def _of_record(self, record: Record, settings: Settings, where: str, tally: Tally) -> tuple[Record, Settings]:
        """Return a record with the settings for its template. The row decides first, then the macros.

        A row that is skipped is returned without its template.
        """
        if record.template is None and record.noted is None:
            return record, settings
        try:
            if record.template is None:
                return record, settings._replace(ignore=(*settings.ignore, *record.ignored(where)))
            settings, assumed, unknown = settings_of(record, record.template, settings, where, self.given)
        except InputError as error:
            if not self.skips:
                raise
            self.notes.append(f"{error} (skipped)")
            self.has_skipped = True
            tally.skipped += record.template is not None
            return record._replace(template=None, noted=None), settings
        if assumed is not None:
            tally.assumed[assumed] += 1
        if unknown:
            self._note_platform(unknown, f"{where}:{record.place}", settings.dialect_of(record.template).title)
        return record, settings

    def _note_platform(self, word: str, place: str, title: str) -> None:
        """Note a platform that is not known, once, and the dialect that its templates are read as."""
        if word in self.platforms or len(self.platforms) == _MAX_PLATFORMS:
            return
        self.platforms.add(word)
        shown = word if len(word) <= _LONGEST_WORD else f"{word[:_LONGEST_WORD]}…"
        rest = "; further ones are not named" if len(self.platforms) == _MAX_PLATFORMS else ""
        self.notes.append(f"{place}: {shown!r} is not a known platform; its template is read as {title}'s{rest}")

    def _fix(self, record: Record, settings: Settings, source: Source) -> "Fixed | None":
        """Return the fixed template of a record; None if it has no template."""
        if record.template is None:
            return None
        result = fixed_template(record.template, settings, unsafe=self.unsafe)
        if record.made_by is not None and result.applied:
            place = f"{input_name(source.name)}:{record.place}"
            self.notes.append(
                f"{place}: made by the formula {printable(record.made_by)}, and not changed; fix it there"
            )
            return _unchanged(result, record.template, settings)
        refusal = record.refusal(result.source) if result.applied else None
        if refusal is not None:
            place = f"{input_name(source.name)}:{record.place}"
            self.notes.append(f"{place}: not fixed, because {refusal}; fix it by hand")
            return _unchanged(result, record.template, settings)
        return result


def _unchanged(fixed: "Fixed", template: str, settings: Settings) -> "Fixed":
    """Return what is said of a template that stays as it is, though it could be fixed."""
    return replace(fixed, source=template, applied=(), remaining=tuple(_check((template, settings))))


def _check(work: tuple[str | Diagnostic, Settings]) -> Findings:
    return findings(*work)


def sources_of(
    arguments: Sequence[str],
    files: Sequence[str],
    layout: Layout,
    config: Config | NearestConfig,
    given: Mapping[str, Any] = MappingProxyType({}),
    *,
    apart: Collection[str] = (),
    among_others: bool = False,
) -> list[Source]:
    """Return the sources to check: templates given as arguments, then all files except those in `apart`.

    `given` are the settings on the command line.
    """
    templates = tuple(argument for argument in arguments if not is_input(argument))
    for template in templates:
        if looks_like_path(template):
            raise no_such_file(template, "to check it as a template, pipe it to --file -")
    sources: list[Source] = [Arguments(templates)] if templates else []

    def layout_in(path: Path | None) -> Layout:
        return config.settings_for(path, given).layout(layout)

    for file in (*filter(is_input, arguments), *files):
        if file != STANDARD_INPUT and os.path.isdir(file):  # noqa: PTH112 - a template may be too long for a Path
            sources += sources_in(file, layout_in, apart)
        else:
            path = None if file == STANDARD_INPUT else Path(file)
            sources.append(open_source(file, layout_in(path), among_others=among_others))
    return sources


def given_settings(context: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that are given on the command line."""
    given = {}
    if context.get_parameter_source("dialect") is ParameterSource.COMMANDLINE:
        given["dialect"] = options["dialect"]
    if options["postback"] is not None:
        given["postback"] = Postback(options["postback"])
    for name in ("context", "send_all", "consent"):
        if options.get(name) is not None:
            given[name] = options[name]
    if options.get("sources"):
        given["sources"] = frozenset(map(ValueSource, options["sources"]))
    if options.get("deny"):
        given["deny"] = frozenset(options["deny"])
    for name in ("select", "ignore"):
        chosen = tuple(code for group in options.get(name, ()) for code in group.split(","))
        try:
            request_codes(chosen, ())
        except ValueError as error:
            raise click.UsageError(f"--{name}: {error}") from None
        if chosen:
            given[name] = chosen
    return given
