"""Sources of templates. Each source yields records, and can be rewritten with other templates in them."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol

from macroengine.workspace.columns import Layout, recognised
from macroengine.workspace.inputs import (
    STANDARD_INPUT,
    InputError,
    NoColumnError,
    error_message,
    input_name,
    suffix,
)
from macroengine.workspace.lines import split_ending, text_records
from macroengine.workspace.record import Record
from macroengine.workspace.text import BOM, decoded_lines
from macroengine.workspace.writing import Write, in_encoding, rewriting_text

_TABLES = (".csv", ".tsv")
JSON_LINES = (".jsonl", ".ndjson")
_WORKBOOKS = (".xlsx", ".xlsm")
# Formats that another program can save as one of the above.
_OTHERS = (".xls", ".xlsb", ".ods", ".numbers")
TEXTS = (".txt", *_TABLES, *JSON_LINES)
# Lists of templates. In any other text, a line may be code rather than a template.
FIXABLE = (*TEXTS, *_WORKBOOKS)
# What may have a whole request in it.
REQUESTS = (".toml", ".json")


class Source(Protocol):
    """Something that contains templates."""

    @property
    def name(self) -> str:
        """Its name in reports."""
        ...

    @property
    def path(self) -> Path | None:
        """Its path; None if it is not a file."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the user about parts that were not read."""
        ...

    def records(self) -> Iterator[Record]:
        """Yield its records."""
        ...

    def rewriting(self) -> AbstractContextManager[Write]:
        """Yield a function that takes each record and its new template."""
        ...

    def check_fixable(self, *, written: bool = True) -> None:
        """Refuse to rewrite something that is not a list of templates, or would lose data."""
        ...


class TextFile(NamedTuple):
    """The templates of a text file, or of standard input."""

    file: str
    layout: Layout = Layout()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the file in reports."""
        return "<stdin>" if self.file == STANDARD_INPUT else self.file

    @property
    def path(self) -> Path | None:
        """The path of the file; None for standard input."""
        return None if self.file == STANDARD_INPUT else Path(self.file)

    def records(self) -> Iterator[Record]:
        """Yield the records of the file, in the format of its suffix. Joining their texts gives the file.

        Raises:
            InputError: the file is not in the format of its suffix, or lacks a requested column.
            OSError: the file cannot be read.
        """
        encoding = self.layout.encoding
        found = records_of(decoded_lines(self.file, encoding), self.file, self.layout)
        return found if encoding is None or self.path is None else in_encoding(found, encoding)

    def rewriting(self) -> AbstractContextManager[Write]:
        """Rewrite the file, in its encoding."""
        return rewriting_text(Path(self.file), self.layout.encoding)

    def check_fixable(self, *, written: bool = True) -> None:  # noqa: ARG002 - makes no difference for text
        """Refuse to fix a file whose lines may contain something other than templates.

        Raises:
            InputError: the suffix of the file is not that of a list of templates.
        """
        if self.path is not None and suffix(self.file) not in FIXABLE:
            raise InputError(
                f"{input_name(self.file)}: only {', '.join(FIXABLE[:-1])} and {FIXABLE[-1]} files and code can be "
                "fixed; in other files, a line may not be a template"
            )


def records_of(lines: Iterator[tuple[int, str]], file: str, layout: Layout) -> Iterator[Record]:
    """Yield the records of the lines of a text file, in the format of its suffix. Joining their texts gives the file.

    Raises:
        InputError: the file is not in the format of its suffix, or lacks a requested column.
    """
    # Here because a call rarely has files of both kinds.
    from macroengine.workspace.json_lines import json_records  # noqa: PLC0415 - see above
    from macroengine.workspace.tables import Table  # noqa: PLC0415 - see above

    name, kind = input_name(file), suffix(file)
    if kind in _TABLES:
        return Table(lines, name, layout).records(kind)
    if kind in JSON_LINES:
        return json_records(lines, name, layout)
    first = next(lines, None)
    header = [] if first is None else split_ending(first[1].removeprefix(BOM))[0].split("\t")
    is_header = "template" in recognised(header, layout)
    if first is not None and is_header and len(header) > 1:  # tab-separated text, as Excel saves and copies it
        return Table(chain([first], lines), name, layout).records(_TABLES[1])
    if layout.asked():
        raise NoColumnError(f"{name}: only {', '.join((*_TABLES, *JSON_LINES, *_WORKBOOKS))} files have columns")
    if first is None:
        return iter(())
    if is_header:
        return chain([Record(first[1], 1)], text_records(lines))
    return text_records(chain([first], lines))


def open_source(file: str, layout: Layout = Layout(), *, among_others: bool = False) -> Source:  # noqa: B008 - immutable
    """Return the source for a file, by its suffix; `-` is standard input.

    Code that cannot be read is an error. With `among_others`, for the files of a folder, it is skipped with a note.

    Raises:
        InputError: another program must save the file in a different format first.
    """
    kind = suffix(file)
    if kind in _OTHERS:
        raise InputError(f"{input_name(file)}: {kind} files cannot be read; save it as .xlsx or .csv")
    if kind in _WORKBOOKS:
        # Imported here, since most commands read no workbook.
        from macroengine.workspace.workbooks import WorkbookFile  # noqa: PLC0415 - see above

        return WorkbookFile(file, layout)
    language = searched_language(file)
    return (
        TextFile(file, layout)
        if language is None
        else embedded_source(file, language, layout, among_others=among_others)
    )


def check_sheets(file: str) -> None:
    """Refuse a sheet for a file that is not a workbook, or for a folder that has none.

    Raises:
        InputError: there are no sheets in it.
    """
    is_folder = file != STANDARD_INPUT and os.path.isdir(file)  # noqa: PTH112 - as given
    # Other spreadsheets get their own error when they are opened.
    if not any(suffix(one) in (*_WORKBOOKS, *_OTHERS) for one in (walked(file) if is_folder else [file])):
        formats = " and ".join(_WORKBOOKS)
        raise InputError(f"{input_name(file)}: has no sheets; only {formats} files have them, so omit --sheet")


def searched_language(file: str) -> str | None:
    """Return the language in which a file is searched for templates; None for a list of templates."""
    if file == STANDARD_INPUT or suffix(file) in FIXABLE:
        return None
    # Imported here, since most files are lists.
    from macroengine.workspace.embedded.languages import language_of  # noqa: PLC0415 - see above

    return language_of(file)


def embedded_source(file: str, language: str, layout: Layout, *, among_others: bool = False) -> Source:
    """Return the source for a file of another language."""
    # Imported here, since most files are lists.
    from macroengine.workspace.embedded.source import EmbeddedFile  # noqa: PLC0415 - see above

    return EmbeddedFile(file, language, layout, among_others=among_others)


def whole_records(source: Source) -> Iterator[Record]:
    """Yield the records of a source, all of which must be readable.

    Raises:
        InputError: the source or one of its rows cannot be read.
        OSError: the source cannot be read.
    """
    for record in source.records():
        if record.broken is not None:
            raise record.broken
        yield record


class Skipped(NamedTuple):
    """A file in a folder of templates that has none itself."""

    name: str
    notes: tuple[str, ...]
    is_unreadable: bool = False

    @property
    def path(self) -> Path:
        """The path of the file."""
        return Path(self.name)

    def records(self) -> Iterator[Record]:
        """Yield nothing."""
        return iter(())

    def rewriting(self) -> AbstractContextManager[Write]:
        """Leave the file unchanged."""
        return nullcontext(lambda *_: None)

    def check_fixable(self, *, written: bool = True) -> None:
        """Do nothing: there is nothing to fix."""


def notes_of_empty(source: Source) -> list[str]:
    """Return what to say of a source in which there is no template. Code need not have any."""
    is_list = source.path is None or suffix(source.path) in FIXABLE
    return [f"{input_name(source.name)}: no templates in it"] if is_list and not isinstance(source, Skipped) else []


def sources_in(folder: str, layout_of: Callable[[Path], Layout], apart: Collection[str] = ()) -> list[Source]:
    """Return the sources for the template files in a folder, in the order of `files_in`.

    Tables without a template column are skipped, and so are files that cannot be read. Files in `apart` are left to
    others.

    Raises:
        InputError: there are no files, or none of them contains templates.
        OSError: a folder or a file cannot be read.
    """
    files = files_in(folder)
    found = [_in_folder(file, layout_of(Path(file))) for file in files if file not in apart]
    if len(found) == len(files) and all(isinstance(one, Skipped) and not one.is_unreadable for one in found):
        raise InputError(
            f"{input_name(folder)}: no file in this folder has a column of templates; say which one it is with --column"
        )
    return found


def _in_folder(file: str, layout: Layout) -> Source:
    language = searched_language(file)
    if language is not None:
        return embedded_source(file, language, layout, among_others=True)
    # Tables of anything else may be in the folder, too.
    source = open_source(file, layout._replace(is_sure=True))
    try:
        next((record for record in source.records() if record.template is not None), None)
    except (InputError, OSError) as error:
        return Skipped(file, (f"skipped {error_message(error)}",), is_unreadable=not isinstance(error, NoColumnError))
    return source


def is_any_unreadable(sources: Iterable[Source]) -> bool:
    """Say whether a file in a folder could not be read, and was skipped."""
    return any(isinstance(source, Skipped) and source.is_unreadable for source in sources)


def files_in(folder: str) -> list[str]:
    """Return the lists of templates in a folder and its subfolders, and other files that may have some, in order.

    Raises:
        InputError: there are none.
        OSError: a folder cannot be read.
    """
    found = [file for file in walked(folder) if suffix(file) in FIXABLE or searched_language(file) is not None]
    if not found:
        raise InputError(f"{input_name(folder)}: no files of templates in this folder ({', '.join(FIXABLE)}, or code)")
    return found


def walked(folder: str) -> Iterator[str]:
    """Yield the files of a folder and its subfolders, in order. Hidden files and installed packages are skipped.

    Raises:
        OSError: a folder cannot be read.
    """
    # Imported here, since only folders need it.
    from macroengine.workspace.embedded.languages import skipped_folders  # noqa: PLC0415 - see above

    def failed(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in skipped_folders())
        for name in sorted(names):
            if not name.startswith((".", "~$")):
                yield os.path.join(parent, name)  # noqa: PTH118 - as given
