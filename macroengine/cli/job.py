"""The templates of a call, one after the other: checked, fixed, or compared with what they would be fixed to."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from macroengine.cli.config import Config, Settings
from macroengine.cli.files import STANDARD_INPUT, Record, read_records, rewriting
from macroengine.cli.inputs import InputError, input_name, is_input, looks_like_path
from macroengine.cli.parallel import in_order
from macroengine.cli.reports import Tally
from macroengine.diagnostics import Diagnostic, printable
from macroengine.errors import TemplateError
from macroengine.rules import check
from macroengine.rules.fixing import Fixed, fix

Found = Iterator[tuple[str, Record, Diagnostic]]
Write = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Arguments:
    """Templates from the command line; the line of each is its number."""

    templates: tuple[str, ...]
    name: str = "<argument>"
    path: None = None

    def records(self) -> Iterator[Record]:
        """Yield the templates."""
        for number, template in enumerate(self.templates, 1):
            yield Record(f"{template}\n", number, template, lambda fixed: f"{fixed}\n")

    def rewriting(self) -> AbstractContextManager[Write]:
        """Print what is written."""
        return nullcontext(sys.stdout.write)


@dataclass(frozen=True, slots=True)
class File:
    """The templates of a file, or of standard input."""

    file: str
    column: str | None = None

    @property
    def name(self) -> str:
        """What the file is called in reports."""
        return "<stdin>" if self.file == STANDARD_INPUT else self.file

    @property
    def path(self) -> Path | None:
        """Where the file is; standard input is nowhere."""
        return None if self.file == STANDARD_INPUT else Path(self.file)

    def records(self) -> Iterator[Record]:
        """Yield the records of the file."""
        return read_records(self.file, self.column)

    def rewriting(self) -> AbstractContextManager[Write]:
        """Rewrite the file; templates from standard input are written to standard output."""
        return nullcontext(sys.stdout.write) if self.path is None else rewriting(self.path)


Source = Arguments | File


def given_sources(arguments: tuple[str, ...], files: tuple[str, ...], column: str | None) -> list[Source]:
    """Return what a command is given: the arguments that are templates, then all files."""
    templates = tuple(argument for argument in arguments if not is_input(argument))
    for template in templates:
        if looks_like_path(template):
            raise InputError(f"{input_name(template)}: no such file; to check it as a template, pipe it to --file -")
    sources: list[Source] = [Arguments(templates)] if templates else []
    return sources + [File(file, column) for file in (*filter(is_input, arguments), *files)]


@dataclass(slots=True)
class Job:
    """What is to be done, and with which settings."""

    sources: list[Source]
    config: Config
    given: Mapping[str, Any]
    unsafe: bool
    jobs: int = 1
    """How many processes check templates."""
    advance: Write = len
    """Is told the text of each record when it is done."""

    def found(self, tally: Tally) -> Found:
        """Yield what is found."""
        templates = (
            ((source, record), (record.template, settings))
            for source, record, settings in self._records()
            if record.template is not None
        )
        for (source, record), diagnostics in in_order(_check, templates, self.jobs):
            tally.templates += 1
            for diagnostic in diagnostics:
                yield source.name, record, diagnostic

    def fixed(self, tally: Tally) -> Found:
        """Write the fixed templates, and yield what is found in them still."""
        for source in self.sources:
            with source.rewriting() as write:
                for _, record, settings in self._records(source):
                    fixed = self._fix(record, settings)
                    write(_raw(record, fixed))
                    if fixed is not None:
                        tally.templates += 1
                        tally.fixed += len(fixed.applied)
                        for diagnostic in fixed.remaining:
                            yield source.name, record, diagnostic

    def diff(self) -> int:
        """Print what fixing would change, as a unified diff without context; return 1 if it is anything."""
        changed = 0
        for source in self.sources:
            grown, named = 0, False
            for _, record, settings in self._records(source):
                raw = _raw(record, self._fix(record, settings))
                if raw == record.raw:
                    continue
                if not named:
                    name = printable(source.name)
                    sys.stdout.write(f"--- {name}\n+++ {name}\n")
                named, changed = True, 1
                old, new = record.raw.splitlines(keepends=True), raw.splitlines(keepends=True)
                sys.stdout.write(_hunk(record.line, old, record.line + grown, new))
                grown += len(new) - len(old)
        return changed

    def _records(self, only: Source | None = None) -> Iterator[tuple[Source, Record, Settings]]:
        for source in self.sources if only is None else [only]:
            settings = self.config.settings_for(source.path, self.given)
            for record in source.records():
                yield source, record, settings
                self.advance(record.raw)

    def _fix(self, record: Record, settings: Settings) -> Fixed | None:
        """Return the fixed template of a record, None where it has none."""
        if record.template is None:
            return None
        try:
            return fix(
                record.template,
                dialect=settings.dialect_of(record.template),
                policy=settings.policy,
                unsafe=self.unsafe,
                select=settings.wanted,
            )
        except TemplateError as error:
            return Fixed(record.template, (), error.diagnostics)


def _check(work: tuple[str, Settings]) -> list[Diagnostic] | tuple[Diagnostic, ...]:
    template, settings = work
    try:
        dialect = settings.dialect_of(template)
        return check(template, dialect=dialect, policy=settings.policy, select=settings.wanted)
    except TemplateError as error:  # it is too large to look at
        return error.diagnostics


def _raw(record: Record, fixed: Fixed | None) -> str:
    return record.raw if fixed is None or fixed.source == record.template else record.with_template(fixed.source)


def _hunk(old_start: int, old: list[str], new_start: int, new: list[str]) -> str:
    lines = [f"@@ -{old_start},{len(old)} +{new_start},{len(new)} @@\n"]
    lines += [_diff_line("-", text) for text in old]
    lines += [_diff_line("+", text) for text in new]
    return "".join(lines)


def _diff_line(sign: str, text: str) -> str:
    return sign + text if text.endswith("\n") else f"{sign}{text}\n\\ No newline at end of file\n"
