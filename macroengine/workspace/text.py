"""Read text files: detect the encoding, and yield lines with their line breaks."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from macroengine.workspace.inputs import MAX_BYTES, InputError, UnreadableError, input_name, opened, read_whole

BOM = "\ufeff"
# The first bytes of a workbook: a ZIP archive, or a file of Excel 97.
WORKBOOK_MARKS = (b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"))
_CHUNK = 65_536
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like UTF-16
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TITLES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32-le": "UTF-32"}
# In UTF-16, every other byte of ASCII text is zero.
_SAMPLE = 200


def guessed_encoding(head: bytes) -> str:
    r"""Return the encoding of a text with these first bytes, by its byte order mark or its zeros; otherwise UTF-8.

    >>> guessed_encoding("https://n.example".encode("utf-16-be"))
    'utf-16-be'
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    sample = head[: min(_SAMPLE, len(head) // 2 * 2)]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if half and max(even, odd) > 0.7 * half and min(even, odd) < 0.1 * half:
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8"


def checked_encoding(name: str) -> str:
    """Return Python's name for a text encoding.

    Raises:
        InputError: Python does not know the encoding.
    """
    try:
        found = codecs.lookup(name)
        "".encode(found.name)
    except (LookupError, ValueError):
        raise InputError(f"unknown encoding {name!r}; common ones are utf-8, utf-16, cp1252 and latin-1") from None
    return {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}.get(found.name, found.name)


def file_encoding(file: str, encoding: str | None) -> str:
    """Return the given encoding of a file, or the one detected from its first bytes."""
    if encoding is not None:
        return checked_encoding(encoding)
    with opened(file) as stream:
        return guessed_encoding(stream.read(_SAMPLE))


def read_decoded(file: str | Path, max_bytes: int = MAX_BYTES) -> str:
    """Return the text of an input in the encoding that is detected, without a byte order mark.

    Raises:
        InputError: it is larger than `max_bytes`, or not valid in the encoding.
        OSError: it cannot be read.
    """
    content = read_whole(file, max_bytes)
    encoding = guessed_encoding(content)
    try:
        return content.decode(encoding).removeprefix(BOM)
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{input_name(file)}: not {_TITLES[encoding]} at byte {error.start:,}") from None


def decoded_lines(file: str, encoding: str | None = None) -> Iterator[tuple[int, str]]:
    """Yield the lines of an input with their numbers. Joining them gives its text, including a byte order mark.

    Raises:
        InputError: a line is longer than `MAX_BYTES`, or not valid in the encoding.
        OSError: the input cannot be read.
    """
    name, given, number, pending = input_name(file), encoding, 0, ""
    with opened(file) as stream:
        for text in _decoded(stream, name, given):
            *lines, pending = (pending + text).split("\n")
            for line in lines:
                number += 1
                _check_length(line, name, number)
                yield number, f"{line}\n"
            _check_length(pending, name, number + 1)
    if pending:
        yield number + 1, pending


def _refuse_workbook(head: bytes, name: str) -> None:
    if head.startswith(WORKBOOK_MARKS):
        raise UnreadableError(f"{name}: a workbook, not text; save it as .xlsx, and give it by that name")


def _check_length(line: str, name: str, number: int) -> None:
    if len(line) > MAX_BYTES:
        raise InputError(f"{name}: line {number:,} is longer than {MAX_BYTES:,} bytes")


def _decoded(stream: IO[bytes], name: str, given: str | None) -> Iterator[str]:
    read = getattr(stream, "read1", stream.read)  # don't wait for more than a pipe has so far
    chunk = read(_CHUNK)
    while 0 < len(chunk) < len(codecs.BOM_UTF32_LE) and (more := read(_CHUNK)):
        chunk += more
    _refuse_workbook(chunk, name)
    encoding = checked_encoding(given) if given is not None else guessed_encoding(chunk)
    decoder, offset = codecs.getincrementaldecoder(encoding)(), 0
    while True:
        kept = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise UnreadableError(
                f"{name}: not {_TITLES.get(encoding, encoding)} at byte {offset - kept + error.start:,}; "
                "which encoding is it? say so with --encoding, as --encoding cp1252"
            ) from None
        if text:
            yield text
        if not chunk:
            return
        offset += len(chunk)
        chunk = read(_CHUNK)
