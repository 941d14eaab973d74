"""Check, fix or compare the requests of a call, one by one."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from functools import partial
from pathlib import Path
from typing import Any

from macroengine.cli.inputs import STANDARD_INPUT, InputError
from macroengine.cli.reports import Tally
from macroengine.cli.requests import all_text
from macroengine.diagnostics import Diagnostic, Span, printable
from macroengine.errors import TemplateError
from macroengine.request_template import RequestTemplate, parse_request
from macroengine.rules.request_codes import request_codes
from macroengine.rules.request_fixing import FixedRequest, fix_request
from macroengine.rules.requests import findings
from macroengine.workspace.assumed import dialect_for, kind_for
from macroengine.workspace.config import Config, NearestConfig, Settings
from macroengine.workspace.record import Record, Region
from macroengine.workspace.requests import RequestFile, is_request_file, read_request_file, request_files_in
from macroengine.workspace.writing import replacing

Found = Iterator[tuple[str, Record, Diagnostic]]
InParts = list[tuple[str, Diagnostic]]
CollectRequest = Callable[[str, RequestTemplate, Settings, InParts], object]
_MARK = "\ufeff"


def name_of(file: str) -> str:
    """Return the name of a file for reports."""
    return "<stdin>" if file == STANDARD_INPUT else file


def parted(arguments: Iterable[str], notes: list[str]) -> tuple[list[str], list[str]]:
    """Split arguments into those that are not request files, and request files, including those in folders.

    In a folder, an invalid request file is skipped with a note.
    """
    others: list[str] = []
    requests: list[str] = []
    for argument in arguments:
        if is_request_file(argument):
            requests.append(argument)
            continue
        others.append(argument)
        if argument != STANDARD_INPUT and os.path.isdir(argument):  # noqa: PTH112 - a template may be too long for a Path
            requests += _readable(request_files_in(argument), notes)
    return others, requests


def _readable(files: Iterable[str], notes: list[str]) -> Iterator[str]:
    for file in files:
        try:
            read_request_file(file)
        except InputError as error:
            notes.append(f"skipped {error}")
        else:
            yield file


@dataclass(slots=True)
class RequestJob:
    """The requests to check or fix, and the settings."""

    files: list[str]
    config: Config | NearestConfig
    given: Mapping[str, Any]
    unsafe: bool = False
    collect: CollectRequest | None = None
    """Called with the findings of each request, before anything is fixed."""
    notes: list[str] = field(default_factory=list)
    """Notes for the user about what could not be done."""

    def found(self, tally: Tally) -> Found:
        """Yield the findings in the requests, with the place of each part."""
        for file in self.files:
            read = read_request_file(file)
            settings = self.settings_for(read, tally)
            tally.templates += 1
            yield from self._in_records(read, self.checked(read, settings))

    def fixed(self, tally: Tally) -> Found:
        """Write the fixed requests, and yield the remaining findings."""
        for file in self.files:
            if file == STANDARD_INPUT:
                yield from self._fixed(file, tally, sys.stdout.write)
            else:
                with replacing(Path(file)) as new:
                    mark = _MARK if Path(file).read_bytes().startswith(_MARK.encode()) else ""
                    yield from self._fixed(file, tally, partial(_write, new, mark))

    def _fixed(self, file: str, tally: Tally, write: Callable[[str], object]) -> Found:
        read = read_request_file(file)
        settings = self.settings_for(read, tally)
        tally.templates += 1
        found = self.checked(read, settings)
        fixed, text = self._with_fixes(read, settings)
        write(text)
        if fixed is None:
            yield from self._in_records(read, found)
        else:
            tally.fixed += len(fixed.applied)
            yield from self._in_records(replace(read, text=text), fixed.remaining)

    def diff(self) -> int:
        """Print what fixing would change, as a unified diff without context; return 1 if there are changes."""
        changed = 0
        for file in self.files:
            read = read_request_file(file)
            _, text = self._with_fixes(read, self.settings_for(read, Tally()))
            name = printable(name_of(file))
            before, after = read.text.splitlines(keepends=True), text.splitlines(keepends=True)
            for line in unified_diff(before, after, name, name, n=0):
                changed = 1
                sys.stdout.write(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
        return changed

    def settings_for(self, read: RequestFile, tally: Tally) -> Settings:
        """Return the settings for a request. Its file decides first, then its macros."""
        settings = self.config.settings_for(None if read.file == STANDARD_INPUT else Path(read.file), self.given)
        named = settings.dialect if "dialect" in self.given or read.dialect is None else read.dialect
        chosen = dialect_for(named, all_text(read))
        settings = settings._replace(dialect=chosen)
        settings.check_context()
        if settings.postback is None:
            kind = kind_for(_macros(read, chosen), chosen)
            tally.assumed[kind] += 1
            settings = settings._replace(postback=kind)
        return settings

    def checked(self, read: RequestFile, settings: Settings) -> InParts:
        """Return what is found in a request, each with the part that has it."""
        try:
            parsed = parse_request(read.request, settings.dialect_of(""))
        except TemplateError as error:  # it is too large to check
            return [("", found) for found in error.diagnostics]
        wanted = request_codes(settings.select, settings.ignore)
        found = list(findings(parsed, settings.policy, wanted, settings.ignored))
        if self.collect is not None:
            self.collect(name_of(read.file), parsed, settings, found)
        return found

    def _with_fixes(self, read: RequestFile, settings: Settings) -> tuple[FixedRequest | None, str]:
        """Return the fixed request and the new text of its file; if it cannot be fixed, None and the old text."""
        try:
            fixed = fix_request(
                read.request,
                dialect=settings.dialect_of(""),
                policy=settings.policy,
                unsafe=self.unsafe,
                select=settings.select,
                ignore=settings.ignore,
            )
            return fixed, read.with_fixes(fixed.edits, fixed.request)
        except TemplateError:  # it is too large to check
            return None, read.text
        except InputError as error:
            self.notes.append(str(error))
            return None, read.text

    def _in_records(self, read: RequestFile, found: Iterable[tuple[str, Diagnostic]]) -> Found:
        place = read.places()
        records: dict[tuple[str, str], Record] = {}
        for part, one in found:
            record = records.get((part, one.source))
            if record is None:
                places = _Part(partial(place, part))
                record = Record(one.source, places.line, one.source, places=places)
                records[part, one.source] = record
            message = f"{part}: {one.message}" if part else one.message
            yield name_of(read.file), record, replace(one, message=message)


@dataclass(frozen=True, slots=True)
class _Part:
    """Where the characters of one part of a request are in its file."""

    place: Callable[[int], tuple[int, int]]

    @property
    def line(self) -> int:
        return self.place(0)[0]

    def region(self, span: Span) -> Region:
        """Return where a piece of the part is."""
        return Region(*self.place(span.start), *self.place(span.stop))

    def edits(self, span: Span, replacement: str) -> list[tuple[Region, str]]:  # noqa: ARG002 - the signature of Places
        """Return nothing: the text to write depends on the whole file."""
        return []


def _write(path: Path, mark: str, text: str) -> None:
    path.write_bytes(f"{mark}{text}".encode())


def _macros(read: RequestFile, dialect: Any) -> list[Any]:
    try:
        return list(parse_request(read.request, dialect).macros())
    except TemplateError:  # it is too large to check
        return []
