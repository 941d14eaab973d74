"""Open inputs by name, and read them within limits."""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import IO, Any

from macroengine.caching import late_pattern
from macroengine.diagnostics import printable
from macroengine.errors import MacroEngineError
from macroengine.opening import open_promptly
from macroengine.suggest import nearest, question

STANDARD_INPUT = "-"

# No template or event is nearly this long, and an endless device must not fill the memory.
MAX_BYTES = 1_048_576
# Python refuses to read longer integers by default, since the time grows with the square of the length.
_MAX_DIGITS = 4_300
# The time that tomllib takes for a dotted key grows with the square of its number of parts.
_MAX_DOTS = 100
_LONG_KEY = late_pattern(rf"""(?<![\w.-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*\.[ \t]*){{{_MAX_DOTS}}}""")


class InputError(MacroEngineError):
    """An input cannot be used. The message names it."""


class NotJSONError(InputError):
    """A text that must be JSON is not."""


class UnreadableError(InputError):
    """An input is not text, or not in the given encoding."""


class NoColumnError(InputError):
    """An input has no column or key of templates."""


def input_name(file: str | Path) -> str:
    """Return the name of an input for messages, with characters that do not print escaped."""
    return "standard input" if str(file) == STANDARD_INPUT else printable(str(file))


def error_message(error: Exception) -> str:
    """Return the message of an error with an input or output, which names it."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    name = error.filename
    similar = similar_file(str(name)) if isinstance(error, FileNotFoundError) and name else ""
    return f"{name or 'standard output'}: {error.strerror[0].lower()}{error.strerror[1:]}{similar}"


def similar_file(name: str) -> str:
    """Return `; did you mean 'x'?` for the files of the same folder that are called almost so, or an empty string.

    For a broken link, it says where that leads.
    """
    wanted = Path(name)
    if os.path.islink(name):  # noqa: PTH114 - a name may have a null character
        return f"; it is a broken link to {os.readlink(name)!r}"  # noqa: PTH115 - as above
    try:
        known = [file.name for file in wanted.parent.iterdir() if not file.name.startswith(".")]
    except (OSError, ValueError):  # there is no such folder either, or its name has a null character
        return ""
    found = [other for other in known if Path(other).stem == wanted.name] or nearest(wanted.name, known)
    return question(printable(str(wanted.with_name(other))) for other in sorted(found)[:3])


@contextmanager
def opened(file: str | Path) -> Iterator[IO[bytes]]:
    """Open an input for reading; `-` is standard input.

    Raises:
        InputError: it has no name.
        OSError: it cannot be read; the error names it.
    """
    if not str(file):
        raise InputError("the name of a file is empty; a variable of the shell may not be set")
    if str(file) != STANDARD_INPUT:
        with open(file, "rb", opener=open_promptly) as stream:
            yield stream
        return
    try:
        yield sys.stdin.buffer
    except OSError as error:
        raise OSError(error.errno, error.strerror, input_name(file)) from None


def read_whole(file: str | Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the content of an input.

    Raises:
        InputError: it is larger than `max_bytes`.
        OSError: it cannot be read.
    """
    with opened(file) as stream:
        content = stream.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise InputError(f"{input_name(file)}: larger than {max_bytes:,} bytes")
    return content


def read_text(file: str | Path, max_bytes: int = MAX_BYTES) -> str:
    """Return the text of an input, without a byte order mark.

    Raises:
        InputError: it is larger than `max_bytes`, or not UTF-8.
        OSError: it cannot be read.
    """
    try:
        return read_whole(file, max_bytes).decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InputError(f"{input_name(file)}: not UTF-8 at byte {error.start:,}") from None


def read_lines(file: str | Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of an input with their numbers, each with its own ending.

    Raises:
        InputError: a line is longer than `MAX_BYTES`.
        OSError: the input cannot be read.
    """
    number = 0
    with opened(file) as stream:
        while line := stream.readline(MAX_BYTES + 1):
            number += 1
            if len(line) > MAX_BYTES:
                raise InputError(f"{input_name(file)}: line {number:,} is longer than {MAX_BYTES:,} bytes")
            yield number, line


def read_toml(file: str | Path, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises:
        InputError: it is not TOML, or larger than `max_bytes`.
        OSError: it cannot be read.
    """
    return parse_toml(read_text(file, max_bytes), input_name(file))


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """Return the content of the text of a TOML file that `where` names.

    Raises:
        InputError: it is not TOML.
    """
    import tomllib  # noqa: PLC0415 - most commands read none

    if any(line.count(".") >= _MAX_DOTS for line in text.split("\n")) and _LONG_KEY.search(text):
        raise InputError(f"{where}: a key has more than {_MAX_DOTS} parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        raise InputError(f"{where}: not TOML: {message[0].lower()}{message[1:]}") from None
    except RecursionError:
        raise InputError(f"{where}: nested too deeply") from None
    except ValueError:  # Python's message is about Python
        raise InputError(f"{where}: an integer has more than {_MAX_DIGITS:,} digits") from None


def parse_json(text: str, where: str, line: int | None = None, **hooks: Any) -> Any:
    """Return the value of a JSON text: the file `where`, or its line `line`.

    Raises:
        InputError: it is not JSON, or a hook raises a ValueError.
    """
    import json  # noqa: PLC0415 - as above

    at = where if line is None else f"{where}:{line}"
    try:
        return json.loads(text, parse_int=_integer, **hooks)
    except json.JSONDecodeError as error:
        place = f"{error.lineno}:{error.colno}" if line is None else error.colno
        raise NotJSONError(f"{at}:{place}: not JSON: {error.msg[0].lower()}{error.msg[1:]}") from None
    except RecursionError:
        raise InputError(f"{at}: nested too deeply") from None
    except ValueError as error:
        raise InputError(f"{at}: {error}") from None


def unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object, as the hook of `parse_json` for pairs. Parsers differ in which of two equal keys they take.

    Raises:
        ValueError: a key is repeated.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        repeated = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"key {repeated!r} is repeated in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"an integer has {len(digits):,} digits; the limit is {_MAX_DIGITS:,}")
    return int(digits)


def suffix(file: str | Path) -> str:
    """Return the suffix of a file name, in lower case."""
    return PurePath(file).suffix.lower()
