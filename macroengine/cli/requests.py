"""Requests from files, for `check` and `render`: `--request F.toml` or `F.json`."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import click
from click.core import ParameterSource

from macroengine.catalogue import Dialect, dialect
from macroengine.cli.inputs import InputError, input_name, parse_json, read_text, read_toml, read_whole, suffix
from macroengine.diagnostics import Diagnostic
from macroengine.errors import CatalogueError, TemplateError
from macroengine.policy import Policy
from macroengine.request import PreparedRequest, Request, Signature
from macroengine.request_template import parse_request
from macroengine.rules.requests import findings, request_codes
from macroengine.workspace.assumed import dialect_for
from macroengine.workspace.record import Record

REQUEST_HELP = (
    "Take a whole request, with headers and body, from a .toml or .json file, whose keys are method, url, headers, "
    "body, content_type, signature and dialect."
)
_TEXTS = ("method", "url", "body", "content_type", "dialect")
_TABLES = ("headers", "signature")
_SIGNATURE = ("header", "over", "algorithm", "format")


def read_request(file: str) -> tuple[Request, Dialect]:
    """Return the request of a file and its dialect: that of the command line, or else of the file.

    Raises:
        InputError: the file has no request.
        OSError: it cannot be read.
    """
    name = input_name(file)
    table = read_toml(file) if suffix(file) == ".toml" else parse_json(read_text(file), name)
    if not isinstance(table, dict):
        raise InputError(f"{name}: a request is an object with the keys {', '.join((*_TEXTS, *_TABLES))}")
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
        return request, _dialect(table.get("dialect"), request)
    except (TypeError, ValueError, CatalogueError) as error:
        raise InputError(f"{name}: {error}") from None


def _check_keys(table: dict[str, Any], name: str) -> None:
    for key, known, value in [
        *((key, (*_TEXTS, *_TABLES), value) for key, value in table.items()),
        *((key, _SIGNATURE, value) for key, value in _inner(table, "signature").items()),
    ]:
        if key not in known:
            raise InputError(f"{name}: unknown key {key!r} (known: {', '.join(known)})")
        if key in _TABLES and not isinstance(value, dict):
            raise InputError(f"{name}: key {key!r} must be a table")
        # What is given is not shown: it may be a secret.
        if key not in _TABLES and not isinstance(value, str):
            hint = "; write the JSON as one string" if key == "body" else ""
            raise InputError(f"{name}: key {key!r} must be a string{hint}")
    for key in ("method", "url"):
        if key not in table:
            raise InputError(f"{name}: key {key!r} is missing")
    if "header" not in _inner(table, "signature") and "signature" in table:
        raise InputError(f"{name}: key 'header' of the signature is missing")


def _inner(table: dict[str, Any], key: str) -> dict[str, Any]:
    inner = table.get(key)
    return inner if isinstance(inner, dict) else {}


def _dialect(named: str | None, request: Request) -> Dialect:
    context = click.get_current_context()
    given: Dialect | Literal["auto"] = context.params["dialect"]
    if named is None or context.get_parameter_source("dialect") is ParameterSource.COMMANDLINE:
        return dialect_for(given, f"{request.url}{request.body or ''}")
    return Dialect.from_toml(named) if named.endswith(".toml") else dialect(named)


def read_key(file: Path | None) -> bytes | None:
    """Return the key of a file, whose last line break is not part of it."""
    return None if file is None else read_whole(file).removesuffix(b"\n").removesuffix(b"\r")


def found_in_request(
    file: str, policy: Policy, select: tuple[str, ...] | None, ignore: tuple[str, ...]
) -> Iterator[tuple[str, Record, Diagnostic]]:
    """Yield what is wrong with the request of a file, at the line of the part; columns are those of the part."""
    request, chosen = read_request(file)
    name, text = input_name(file), read_text(file)
    try:
        parsed = parse_request(request, chosen)
        for part, found in findings(parsed, policy, request_codes(select, ignore)):
            record = Record(found.source, _line(text, part), found.source)
            yield name, record, replace(found, message=f"{part}: {found.message}")
    except TemplateError as error:  # it is too large to look at
        for found in error.diagnostics:
            yield name, Record(found.source, 1, found.source), found


def _line(text: str, part: str) -> int:
    """Return the line of the key of a part; of `headers.NAME`, that of the name."""
    key = re.escape(part.removeprefix("headers."))
    found = re.search(rf"""^\s*(?:[{{,]\s*)?["']?{key}["']?\s*[=:]""", text, re.MULTILINE)
    return 1 if found is None else text.count("\n", 0, found.end()) + 1


def as_text(request: PreparedRequest) -> str:
    """Return a request as people read it: method and URL, headers, and the body after a blank line."""
    lines = [f"{request.method} {request.url}", *(f"{name}: {value}" for name, value in request.headers.items())]
    body = request.body.decode()
    return "\n".join([*lines, *(["", body] if body else [])]) + "\n"


def as_json_line(request: PreparedRequest) -> str:
    """Return a request as JSON in one line."""
    row = {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "body": request.body.decode(),
    }
    return json.dumps(row, ensure_ascii=False) + "\n"
