"""Requests in files: read `.toml` or `.json` files with the keys of a Request, and rewrite them with fixes."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from macroengine.catalogue import Dialect, dialect
from macroengine.diagnostics import Fix
from macroengine.errors import CatalogueError
from macroengine.request import Request, Signature
from macroengine.workspace.assumed import AUTO
from macroengine.workspace.inputs import (
    STANDARD_INPUT,
    InputError,
    NotJSONError,
    input_name,
    parse_json,
    parse_toml,
    read_text,
    suffix,
    unrepeated,
)
from macroengine.workspace.sources import REQUESTS, walked
from macroengine.workspace.string_tokens import Path as Keys
from macroengine.workspace.string_tokens import Text, edited, strings_of

TEXTS = ("method", "url", "body", "content_type", "dialect")
TABLES = ("headers", "signature")
_SIGNATURE = ("header", "over", "algorithm", "format")


@dataclass(frozen=True, slots=True)
class RequestFile:
    """A request in a file."""

    file: str
    text: str = field(repr=False)
    request: Request
    dialect: Dialect | Literal["auto"] | None
    """The dialect that the file names; None if it names none."""

    @property
    def strings(self) -> dict[Keys, Text]:
        """The strings of the file, by their keys."""
        return strings_of(self.text, is_toml=_is_toml(self.file))

    def places(self) -> Callable[[str, int], tuple[int, int]]:
        """Return a function that gives the line and column of a character in a part: `url`, `body`, `headers.NAME`."""
        strings = self.strings

        def place(part: str, index: int) -> tuple[int, int]:
            name = part.removeprefix("headers.")
            keys = [("headers", name), ("signature", "header")] if part.startswith("headers.") else [(part,)]
            string = next((strings[key] for key in keys if key in strings), None)
            if string is None:
                return 1, 1
            # A finding in the name of a header may be beyond the end of a shorter value.
            at = string.offset(min(index, len(string.units)))
            return self.text.count("\n", 0, at) + 1, at - self.text.rfind("\n", 0, at)

        return place

    def with_fixes(self, edits: Iterable[tuple[str, Fix]], fixed: Request) -> str:
        """Return the text of the file with these fixes applied to its parts, in order, so that it reads as `fixed`.

        Raises:
            InputError: the place of a part in the file is unknown.
        """
        text, meant = self.text, _parsed(self.text, self.file)
        by_part: dict[str, list[Fix]] = {}
        for part, fix in edits:
            by_part.setdefault(part, []).append(fix)
        for part, fixes in by_part.items():
            table, name, value = meant, part, getattr(fixed, part, None)
            if part.startswith("headers."):
                table, name = meant["headers"], part.removeprefix("headers.")
                value = fixed.headers[name]
            table[name] = value
            string = strings_of(text, is_toml=_is_toml(self.file)).get((name,) if table is meant else ("headers", name))
            candidates = () if string is None else edited(text, string, fixes)
            written = next((one for one in candidates if _says(one, self.file, meant)), None)
            if written is None:
                raise InputError(f"{input_name(self.file)}: {part} cannot be fixed where it is; fix it by hand")
            text = written
        return text


def _says(text: str, file: str, meant: dict[str, Any]) -> bool:
    try:
        return bool(_parsed(text, file) == meant)
    except InputError:
        return False


def read_request_file(file: str) -> RequestFile:
    """Return the request in a file. Standard input is read as JSON.

    Raises:
        InputError: the file does not contain a request.
        OSError: it cannot be read.
    """
    name, text = input_name(file), read_text(file)
    table = _parsed(text, file)
    if not isinstance(table, dict):
        raise InputError(f"{name}: a request is an object with the keys {', '.join((*TEXTS, *TABLES))}")
    _check_keys(table, name)
    signature = table.get("signature")
    try:
        request = Request(
            table["method"],
            table["url"],
            table.get("headers", {}),
            table.get("body"),
            table.get("content_type"),
            None if signature is None else Signature(**signature),
        )
        return RequestFile(file, text, request, _dialect(table.get("dialect"), file))
    except (TypeError, ValueError, CatalogueError) as error:
        raise InputError(f"{name}: {error}") from None


def _is_toml(file: str) -> bool:
    return suffix(file) == ".toml"


def _parsed(text: str, file: str) -> Any:
    name = input_name(file)
    if _is_toml(file):
        return parse_toml(text, name)
    try:
        return parse_json(text, name, object_pairs_hook=unrepeated)
    except NotJSONError as error:
        if suffix(file) == ".json":
            raise
        what = "on standard input" if file == STANDARD_INPUT else "in a file that is not called .toml"
        raise InputError(f"{error}; a request {what} must be JSON") from None


def _check_keys(table: dict[str, Any], name: str) -> None:
    for key, known, value in [
        *((key, (*TEXTS, *TABLES), value) for key, value in table.items()),
        *((key, _SIGNATURE, value) for key, value in _inner(table, "signature").items()),
    ]:
        if key not in known:
            raise InputError(f"{name}: unknown key {key!r} (known: {', '.join(known)})")
        if key in TABLES and not isinstance(value, dict):
            raise InputError(f"{name}: key {key!r} must be a table")
        # Don't show the value: it may be a secret.
        if key not in TABLES and not isinstance(value, str):
            hint = "; write the JSON as one string" if key == "body" else ""
            raise InputError(f"{name}: key {key!r} must be a string{hint}")
    for key in ("method", "url"):
        if key not in table:
            raise InputError(f"{name}: key {key!r} is missing")
    if "header" not in _inner(table, "signature") and "signature" in table:
        raise InputError(f"{name}: key 'header' of the signature is missing")


def _inner(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    inner = table.get(key)
    return inner if isinstance(inner, dict) else {}


def _dialect(named: str | None, file: str) -> Dialect | Literal["auto"] | None:
    """Return the dialect that a file names. A custom dialect is given by its path relative to the file."""
    if named is None:
        return None
    if named == AUTO:
        return AUTO
    return Dialect.from_toml(Path(file).parent / named) if named.endswith(".toml") else dialect(named)


def is_request_file(file: str) -> bool:
    """Say whether a file contains a request, or is meant to: it is TOML or JSON with a method and a URL."""
    if suffix(file) not in REQUESTS or not os.path.isfile(file):  # noqa: PTH113 - a template may be too long for a Path
        return False
    try:
        text = read_text(file)
        table = _parsed(text, file) if "method" in text and "url" in text else None
    except InputError:
        return False
    return isinstance(table, dict) and {"method", "url"} <= table.keys()


def request_files_in(folder: str) -> Iterator[str]:
    """Yield the files with requests in a folder and its subfolders, in order. Hidden ones are skipped.

    Raises:
        OSError: a folder cannot be read.
    """
    return (file for file in walked(folder) if is_request_file(file))
