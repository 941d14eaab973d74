"""Rewrite files atomically, and never overwrite changes by another program."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from macroengine.diagnostics import printable
from macroengine.workspace.inputs import InputError, input_name
from macroengine.workspace.text import checked_encoding, file_encoding

if TYPE_CHECKING:
    from macroengine.workspace.record import Record

Write = Callable[["Record", str | None], object]
"""Takes each record of a file in order, with its new template; None leaves it unchanged."""

_CHANGED = "{name}: changed while it was being fixed; nothing was written, run the command again"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a new file that replaces `path` at the end.

    Raises:
        InputError: the file cannot be rewritten, or another program changed it in the meantime.
        OSError: the file cannot be written.
    """
    # Imported here, since only rewritten files need it.
    from macroengine import atomic  # noqa: PLC0415 - see above

    name = input_name(path)
    target = Path(os.path.realpath(path, strict=True))
    _check_writable(target, name)
    before = atomic.fingerprint(target)
    try:
        with atomic.beside(target) as new:
            yield new
            after = atomic.fingerprint(target)
            if after != before:
                raise InputError(_CHANGED.format(name=name))
            if atomic.fingerprint(new)[-1] != after[-1]:
                atomic.replace(new, target)
    except OSError as error:
        if error.filename == str(target):  # name it as it was given
            error.filename = str(path)
        raise


@contextmanager
def rewriting_if_changed(path: Path, encoding: str | None) -> Iterator[Write]:
    """Yield a function that takes the records of a text file. The file is only touched if one of them changes."""
    # Imported here, since only rewritten files need it.
    from macroengine import atomic  # noqa: PLC0415 - see above

    before = atomic.fingerprint(path)
    taken: list[tuple[Record, str | None]] = []
    yield lambda record, template: taken.append((record, template))
    if any(text_with(record, template) != record.raw for record, template in taken):
        with rewriting_text(path, encoding) as write:
            if atomic.fingerprint(path) != before:
                raise InputError(_CHANGED.format(name=input_name(path)))
            for record, template in taken:
                write(record, template)


@contextmanager
def rewriting_text(path: Path, encoding: str | None) -> Iterator[Write]:
    """Yield a function that writes the records of a text file; without an encoding, in the detected one."""
    name = input_name(path)
    with replacing(path) as new:
        copy = new.open("w", encoding=file_encoding(str(path), encoding), newline="")
        try:
            write = named(copy.write, name)
            yield lambda record, template: write(text_with(record, template))
            named(copy.flush, name)()
        finally:
            with suppress(OSError):  # a failed write fails again here
                copy.close()


def text_with(record: "Record", template: str | None) -> str:
    """Return the text of a record with the new template, or unchanged."""
    return record.raw if template is None or template == record.template else record.with_template(template)


def in_encoding(records: "Iterable[Record]", encoding: str) -> "Iterator[Record]":
    """Yield records that refuse a template with a character that the encoding of their file does not have."""
    known = checked_encoding(encoding)

    def refusal(record: "Record", template: str) -> str | None:
        try:
            record.with_template(template).encode(known)
        except UnicodeEncodeError as error:
            missing = printable(error.object[error.start : error.start + 1])
            return record.refusal(template) or f"'{missing}' cannot be written in {encoding}"
        return record.refusal(template)

    for record in records:
        yield record._replace(refusal=partial(refusal, record))


def _check_writable(target: Path, name: str) -> None:
    mode = target.stat().st_mode
    if not stat.S_ISREG(mode):
        raise InputError(f"{name}: not a regular file; it cannot be fixed")
    # The superuser could write the file even if its owner made it read-only.
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target, os.W_OK):
        raise InputError(f"{name}: the file is read-only; it cannot be fixed")
    # Excel and LibreOffice keep these files while a workbook is open.
    for lock in (f"~${target.name}", f".~lock.{target.name}#"):
        if target.with_name(lock).exists():
            raise InputError(f"{name}: open in another program, as {lock} says; close it there and run this again")


def named(write: Callable[..., object], name: str) -> Callable[..., object]:
    """Return the function with errors that name the file."""

    def with_name(*arguments: str) -> object:
        try:
            return write(*arguments)
        except OSError as error:
            raise OSError(error.errno, error.strerror, name) from None

    return with_name
