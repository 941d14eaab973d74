"""Requests from files, for `check`, `render` and `preview`: `--request F.toml` or `F.json`."""

import json
from pathlib import Path

import click
from click.core import ParameterSource

from macroengine.catalogue import Dialect
from macroengine.cli.inputs import read_whole
from macroengine.request import PreparedRequest, Request
from macroengine.workspace.assumed import dialect_for
from macroengine.workspace.request_text import prepared_text
from macroengine.workspace.requests import RequestFile, read_request_file


def read_request(file: str) -> tuple[Request, Dialect]:
    """Return the request in a file, and its dialect: that of the command line, or else that of the file.

    Raises:
        InputError: the file does not contain a request.
        OSError: it cannot be read.
    """
    found = read_request_file(file)
    context = click.get_current_context()
    is_given = context.get_parameter_source("dialect") is ParameterSource.COMMANDLINE
    named = context.params["dialect"] if is_given or found.dialect is None else found.dialect
    return found.request, dialect_for(named, all_text(found))


def all_text(file: RequestFile) -> str:
    """Return the text from which the dialect of a request is detected."""
    return f"{file.request.url}{file.request.body or ''}"


def read_key(file: Path | None) -> bytes | None:
    """Return the key in a file, without the last line break."""
    return None if file is None else read_whole(file).removesuffix(b"\n").removesuffix(b"\r")


def as_text(request: PreparedRequest) -> str:
    """Return a request as readable text: method and URL, headers, and the body after a blank line."""
    return f"{prepared_text(request)}\n"


def as_json_line(request: PreparedRequest) -> str:
    """Return a request as one line of JSON."""
    return json.dumps(as_row(request), ensure_ascii=False) + "\n"


def as_row(request: PreparedRequest) -> dict[str, object]:
    """Return a request as a JSON object."""
    return {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "body": request.body.decode(),
    }
