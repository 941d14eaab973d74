"""Where templates are: each source yields records, and is rewritten with other templates in them."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Protocol

from macroengine.workspace.columns import Layout, recognised
from macroengine.workspace.inputs import (
    STANDARD_INPUT,
    InputError,
    NoColumnError,
    UnreadableError,
    input_name,
    suffix,
)
from macroengine.workspace.json_lines import json_records
from macroengine.workspace.lines import split_ending, text_records
from macroengine.workspace.record import Record
from macroengine.workspace.tables import Table
from macroengine.workspace.text import BOM, decoded_lines
from macroengine.workspace.writing import Write, rewriting_text

_TABLES = (".csv", ".tsv")
JSON_LINES = (".jsonl", ".ndjson")
_WORKBOOKS = (".xlsx", ".xlsm")
# What another program saves as one of the above.
_OTHERS = (".xls", ".xlsb", ".ods", ".numbers")
TEXTS = (".txt", *_TABLES, *JSON_LINES)
# Lists of templates. In any other text a line may be code, not a template.
FIXABLE = (*TEXTS, *_WORKBOOKS)


class Source(Protocol):
    """Something that has templates."""

    @property
    def name(self) -> str:
        """What it is called in reports."""
        ...

    @property
    def path(self) -> Path | None:
        """Where it is; None if it is not a file."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not read, for the person who asked for it."""
        ...

    def records(self) -> Iterator[Record]:
        """Yield its records."""
        ...

    def rewriting(self) -> AbstractContextManager[Write]:
        """Give a function that takes each record with what is to be its template."""
        ...

    def check_fixable(self, *, written: bool = True) -> None:
        """Refuse to rewrite what is not a list of templates, or would lose something."""
        ...


@dataclass(frozen=True, slots=True)
class TextFile:
    """The templates of a file of text, or of standard input."""

    file: str
    layout: Layout = Layout()  # noqa: RUF009 - immutable
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the file is called in reports."""
        return "<stdin>" if self.file == STANDARD_INPUT else self.file

    @property
    def path(self) -> Path | None:
        """Where the file is; standard input is nowhere."""
        return None if self.file == STANDARD_INPUT else Path(self.file)

    def records(self) -> Iterator[Record]:
        """Yield the records of the file; its name says what kind of file it is. Joined, their texts are the file.

        Raises:
            InputError: the file is not what its name says, or has no such column.
            OSError: the file cannot be read.
        """
        return records_of(decoded_lines(self.file, self.layout.encoding), self.file, self.layout)

    def rewriting(self) -> AbstractContextManager[Write]:
        """Rewrite the file, in its encoding."""
        return rewriting_text(Path(self.file), self.layout.encoding)

    def check_fixable(self, *, written: bool = True) -> None:  # noqa: ARG002 - text is the same either way
        """Refuse to fix a file that may have something other than templates on its lines.

        Raises:
            InputError: the name of the file does not end like that of a list of templates.
        """
        if self.path is not None and suffix(self.file) not in FIXABLE:
            raise InputError(
                f"{input_name(self.file)}: only {', '.join(FIXABLE[:-1])} and {FIXABLE[-1]} files and code can be "
                "fixed; in other files, a line may not be a template"
            )


def records_of(lines: Iterator[tuple[int, str]], file: str, layout: Layout) -> Iterator[Record]:
    """Yield the records of the lines of a file of text, as the name of the file says; joined, their texts are the file.

    Raises:
        InputError: the file is not what its name says, or has no such column.
    """
    name, kind = input_name(file), suffix(file)
    if kind in _TABLES:
        return Table(lines, name, layout).records(kind)
    if kind in JSON_LINES:
        return json_records(lines, name, layout)
    first = next(lines, None)
    header = [] if first is None else split_ending(first[1].removeprefix(BOM))[0].split("\t")
    is_header = "template" in recognised(header, layout)
    if first is not None and is_header and len(header) > 1:  # what Excel saves as text, and copies
        return Table(chain([first], lines), name, layout).records(_TABLES[1])
    if layout.asked():
        raise NoColumnError(f"{name}: only {', '.join((*_TABLES, *JSON_LINES, *_WORKBOOKS))} files have columns")
    if first is None:
        return iter(())
    if is_header:
        return chain([Record(first[1], 1)], text_records(lines))
    return text_records(chain([first], lines))


def open_source(file: str, layout: Layout = Layout(), *, among_others: bool = False) -> Source:  # noqa: B008 - immutable
    """Return the source that a file is, by its name; `-` is standard input.

    Code that cannot be read is an error, or skipped with a note where it is one of many files of a folder.

    Raises:
        InputError: it is a file that another program must save first.
    """
    kind = suffix(file)
    if kind in _OTHERS:
        raise InputError(f"{input_name(file)}: {kind} files cannot be read; save it as .xlsx or .csv")
    if kind in _WORKBOOKS:
        # Here because most commands read none.
        from macroengine.workspace.workbooks import WorkbookFile  # noqa: PLC0415 - see above

        return WorkbookFile(file, layout)
    language = searched_language(file)
    return (
        TextFile(file, layout)
        if language is None
        else embedded_source(file, language, layout, among_others=among_others)
    )


def searched_language(file: str) -> str | None:
    """Return the language in which a file is searched for templates; None for a list of templates."""
    if file == STANDARD_INPUT or suffix(file) in FIXABLE:
        return None
    # Here because most files are lists.
    from macroengine.workspace.embedded.languages import language_of  # noqa: PLC0415 - see above

    return language_of(file)


def embedded_source(file: str, language: str, layout: Layout, *, among_others: bool = False) -> Source:
    """Return the templates in a file of another language."""
    # Here because most files are lists.
    from macroengine.workspace.embedded.source import EmbeddedFile  # noqa: PLC0415 - see above

    return EmbeddedFile(file, language, layout, among_others=among_others)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file in a folder of templates that has none itself."""

    name: str
    notes: tuple[str, ...]
    is_unreadable: bool = False

    @property
    def path(self) -> Path:
        """Where the file is."""
        return Path(self.name)

    def records(self) -> Iterator[Record]:
        """Yield nothing."""
        return iter(())

    def rewriting(self) -> AbstractContextManager[Write]:
        """Leave the file unchanged."""
        return nullcontext(lambda *_: None)

    def check_fixable(self, *, written: bool = True) -> None:
        """There is nothing to fix."""


def sources_in(folder: str, layout_of: Callable[[Path], Layout], apart: Collection[str] = ()) -> list[Source]:
    """Return the files of templates in a folder, as `files_in` does.

    Tables without a column of templates are skipped, and so are files that cannot be read. Files that are `apart` are
    read by others.

    Raises:
        InputError: there are no files, or none of them has templates.
        OSError: a folder or a file cannot be read.
    """
    files = files_in(folder)
    found = [_in_folder(file, layout_of(Path(file))) for file in files if file not in apart]
    if len(found) == len(files) and all(isinstance(source, Skipped) for source in found):
        raise InputError(
            f"{input_name(folder)}: no file in this folder has a column of templates; say which one it is with --column"
        )
    return found


def _in_folder(file: str, layout: Layout) -> Source:
    language = searched_language(file)
    if language is not None:
        return embedded_source(file, language, layout, among_others=True)
    source = open_source(file, layout)
    try:
        next((record for record in source.records() if record.template is not None), None)
    except (NoColumnError, UnreadableError) as error:
        return Skipped(file, (f"skipped {error}",), is_unreadable=isinstance(error, UnreadableError))
    return source


def files_in(folder: str) -> list[str]:
    """Return the lists of templates in a folder and its folders, and the files that may have some, in order.

    Raises:
        InputError: there are none.
        OSError: a folder cannot be read.
    """
    found = [file for file in walked(folder) if suffix(file) in FIXABLE or searched_language(file) is not None]
    if not found:
        raise InputError(f"{input_name(folder)}: no files of templates in this folder ({', '.join(FIXABLE)}, or code)")
    return found


def walked(folder: str) -> Iterator[str]:
    """Yield the files of a folder and its folders, in order; hidden ones and installed packages are skipped.

    Raises:
        OSError: a folder cannot be read.
    """
    # Only a folder waits for it.
    from macroengine.workspace.embedded.languages import skipped_folders  # noqa: PLC0415 - see above

    def failed(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in skipped_folders())
        for name in sorted(names):
            if not name.startswith((".", "~$")):
                yield os.path.join(parent, name)  # noqa: PTH118 - as given
