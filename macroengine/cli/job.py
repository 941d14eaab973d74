"""Check, fix or compare the templates of a call, one by one."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from macroengine.cli import output
from macroengine.cli.given import printing
from macroengine.cli.hunks import hunk, whole_lines
from macroengine.cli.inputs import InputError, error_message, input_name
from macroengine.cli.parallel import in_order
from macroengine.cli.reports import Tally
from macroengine.cli.unchecked import Unchecked
from macroengine.diagnostics import Diagnostic, printable
from macroengine.workspace.checking import findings, fixed_template, settings_of
from macroengine.workspace.config import Config, NearestConfig, Settings
from macroengine.workspace.record import Record
from macroengine.workspace.sources import Skipped, Source, TextFile, notes_of_empty
from macroengine.workspace.writing import text_with

if TYPE_CHECKING:
    from macroengine.rules.fixing import Fixed

Found = Iterator[tuple[str, Record, Diagnostic]]
Findings = list[Diagnostic] | tuple[Diagnostic, ...]
Collect = Callable[[Source, Record, Settings, Findings], object]


def _is_standard_input(source: Source) -> bool:
    return isinstance(source, TextFile) and source.path is None


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
    """Whether a file or row that cannot be read, or names what does not exist, is noted and skipped, not an error."""
    unchecked: Unchecked = field(init=False)

    def __post_init__(self) -> None:
        """Share the notes with what is left unchecked."""
        self.unchecked = Unchecked(self.notes)

    def status(self, otherwise: int) -> int:
        """Return the exit status: 2 if anything was left unchecked."""
        return 2 if self.unchecked.has_any else otherwise

    def found(self, tally: Tally, only: Source | None = None) -> Found:
        """Yield the findings in all sources, or in one."""
        templates = (
            ((source, record, settings), (record.noted or record.template or "", settings))
            for source, record, settings in self.records(tally, only)
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
        """Yield what remains in a source. If its file cannot be rewritten, that is all that is found in it."""
        if source.path is None:
            yield from self._fixing(source, tally, self.collect)
            return
        done, collected = Tally(), list[tuple[Source, Record, Settings, Findings]]()
        collect = _ignored if self.collect is _ignored else lambda *one: collected.append(one)
        try:
            found = list(self._fixing(source, done, collect))
        except (InputError, OSError) as error:
            if source.path.exists() and not source.path.is_file():
                # Reading a pipe may wait, and takes what is in it.
                self.unchecked.add_file(error_message(error), tally)
                return
            yield from self._unfixed_in(source, tally, error_message(error))
            return
        tally.add(done)
        for one in collected:
            self.collect(*one)
        yield from found

    def _unfixed_in(self, source: Source, tally: Tally, reason: str) -> Found:
        """Yield what is found in a file that could not be rewritten."""
        before, known = tally.templates, len(self.notes)
        yield from self.found(tally, source)
        if tally.templates == before and len(self.notes) > known:
            return  # it says why nothing in the file can be read
        # What the two passes note is noted once.
        others = dict.fromkeys(note for note in self.notes if not note.startswith(reason))
        result = "" if "nothing was written" in reason else "; nothing in the file was fixed"
        self.notes[:] = [*others, f"{reason}{result}"]
        self.unchecked.has_any = True

    def _fixing(self, source: Source, tally: Tally, collect: Collect) -> Found:
        with printing() if _is_standard_input(source) else source.rewriting() as write:
            for _, record, settings in self._records_in(source, tally, whole=source.path is not None):
                fixed = self._fix(record, settings, source)
                write(record, None if fixed is None else fixed.source)
                if record.noted is not None:
                    for diagnostic in _check((record.noted, settings)):
                        yield source.name, record, diagnostic
                if record.template is not None and fixed is not None:
                    tally.templates += 1
                    tally.fixed += len(fixed.applied)
                    if collect is not _ignored:
                        collect(source, record, settings, _check((record.template, settings)))
                    for diagnostic in fixed.remaining:
                        yield source.name, record, diagnostic

    def diff(self) -> int:
        """Print what fixing would change, as a unified diff without context; return 1 if there are changes."""
        changed, write = 0, output.lasting(sys.stdout.write)
        for source in self.sources:
            grown, name = 0, printable(source.name)
            try:
                lines = list(whole_lines(self._rewritten(source)))
            except (InputError, OSError) as error:
                self.unchecked.add_file(error_message(error), Tally())
                continue
            write(f"--- {name}\n+++ {name}\n" if lines else "")
            for record, before, after in lines:
                changed = 1
                old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
                write(output.harmless(hunk(record, old, record.line + grown, new)))
                grown += len(new) - len(old)
        return changed

    def _rewritten(self, source: Source) -> Iterator[tuple[Record, str]]:
        """Yield each record of a source with its text after fixing."""
        for _, record, settings in self._records_in(source, Tally(), whole=True):
            fixed = self._fix(record, settings, source)
            yield record, text_with(record, None if fixed is None else fixed.source)

    def records(self, tally: Tally, only: Source | None = None) -> Iterator[tuple[Source, Record, Settings]]:
        """Yield the records of all sources, or of one, each with the settings for its template."""
        for source in self.sources if only is None else [only]:
            yield from self._records_in(source, tally, whole=not self.skips)

    def _records_in(self, source: Source, tally: Tally, *, whole: bool) -> Iterator[tuple[Source, Record, Settings]]:
        """Yield the records of a source. With `whole`, it is an error if it cannot be read to its end."""
        settings = self.config.settings_for(source.path, self.given)
        settings.check_context()
        where, is_empty = input_name(source.name), True
        try:
            for record in source.records():
                is_empty &= record.template is None and record.noted is None and record.broken is None
                yield source, *self._of_record(record, settings, where, tally)
                self.advance(record.raw)
        except (InputError, OSError) as error:
            if whole:
                raise
            rest = "" if is_empty else "; the rest of the file was not read"
            self.unchecked.add_file(f"{error_message(error)}{rest}", tally)
            is_empty = False
        self.unchecked.end_file(where, tally)
        if isinstance(source, Skipped) and source.is_unreadable:
            self.unchecked.add_file(" ".join(source.notes), tally)
        else:
            self.notes += source.notes
        if is_empty:
            self.notes += notes_of_empty(source)

    def _of_record(self, record: Record, settings: Settings, where: str, tally: Tally) -> tuple[Record, Settings]:
        """Return a record with the settings for its template. The row decides first, then the macros.

        A row that is skipped is returned without its template.
        """
        if record.broken is not None and self.skips:
            self.unchecked.add_row(record.broken, where, tally)
        elif record.broken is not None:
            raise record.broken
        if record.template is None and record.noted is None:
            return record, settings
        try:
            if record.template is None:
                return record, settings._replace(ignore=(*settings.ignore, *record.ignored(where)))
            settings, assumed, unknown = settings_of(record, record.template, settings, where, self.given)
        except InputError as error:
            if not self.skips:
                raise
            self.unchecked.skip(error, tally)
            tally.skipped += record.template is not None
            return record._replace(template=None, noted=None), settings
        if assumed is not None:
            tally.assumed[assumed] += 1
        if unknown:
            self.unchecked.add_platform(unknown, f"{where}:{record.place}", settings.dialect_of(record.template).title)
        return record, settings

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
