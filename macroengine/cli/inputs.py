"""Arguments that may be names of files. The workspace reads the inputs."""

import os
import re
from collections.abc import Iterable

import click

from macroengine.workspace.inputs import (
    MAX_BYTES,
    STANDARD_INPUT,
    InputError,
    error_message,
    input_name,
    parse_json,
    read_lines,
    read_text,
    read_toml,
    read_whole,
    similar_file,
    suffix,
    unrepeated,
)
from macroengine.workspace.sources import searched_language

__all__ = [
    "MAX_BYTES",
    "STANDARD_INPUT",
    "InputError",
    "check_read_once",
    "error_message",
    "input_name",
    "is_input",
    "looks_like_path",
    "no_such_file",
    "parse_json",
    "read_lines",
    "read_text",
    "read_toml",
    "read_whole",
    "suffix",
    "unrepeated",
]

# Templates have these characters, names of files rarely do.
_QUERY = frozenset("?=&")
_MACRO = frozenset("(){}[]<>%$#")
_SUFFIXES = (".txt", ".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".xlsx", ".toml", ".yaml", ".yml", ".list")
_PREFIXES = ("./", "../", "~/", ".\\", "..\\")
# Without a macro or a query, partners.xslx is a misspelt file more likely than a host without a path.
_NAMED_LIKE_A_FILE = re.compile(r"[^/\\:]*\w\.[A-Za-z][A-Za-z0-9]{0,5}")
_MAX_FILE_NAME = 255


def is_input(argument: str) -> bool:
    """Say whether an argument is the name of an input rather than a template: `-`, or an existing file."""
    # lexists, so that a broken link is reported. A template may be too long for a Path.
    return argument == STANDARD_INPUT or os.path.lexists(argument)


def looks_like_path(argument: str) -> bool:
    r"""Say whether an argument is more likely the name of a file than a template.

    >>> list(map(looks_like_path, ["t (1).txt", "./t", "a/b", "C:\\t", "n.example/a", "//n.example", "/?c=(clickid)"]))
    [True, True, True, True, False, False, False]
    >>> list(map(looks_like_path, ["partners.xslx", "(clickid).txt", "(a).xslx", "clickid"]))
    [True, True, False, False]
    """
    if "://" in argument or _QUERY & set(argument):
        return False
    if argument.lower().endswith(_SUFFIXES) or argument.startswith(_PREFIXES) or argument[1:3] == ":\\":
        return True
    if searched_language(argument) is not None and not argument.startswith("//"):
        return True
    if _MACRO & set(argument):
        return False
    first, slash, _ = argument.partition("/")
    if not slash and (_NAMED_LIKE_A_FILE.fullmatch(argument) or _is_like_a_file(argument)):
        return True
    # A host has a dot or a port, and a template has macros.
    is_host = argument.startswith("//") or {".", ":"} & set(first)
    return bool(slash) and not is_host


def _is_like_a_file(word: str) -> bool:
    return 0 < len(word) <= _MAX_FILE_NAME and ":" not in word and similar_file(word) != ""


def no_such_file(argument: str, instead: str = "") -> InputError:
    """Return the error for an argument that looks like a path and is not one; `instead` is for what it is not."""
    otherwise = f"; {instead}" if instead else ""
    return InputError(f"{input_name(argument)}: no such file{similar_file(argument) or otherwise}")


def check_read_once(*given: tuple[str, object]) -> None:
    """Refuse to read standard input for more than one of these arguments, each with what the help calls it.

    Raises:
        click.UsageError: more than one of them is `-`.
    """
    names = [name for name, one in given for value in _each(one) if str(value) == STANDARD_INPUT]
    if len(names) > 1:
        where = f"for {' and '.join(dict.fromkeys(names))}" if len({*names}) > 1 else f"{len(names)} times"
        raise click.UsageError(f"standard input can be read only once, but - is given {where}")


def _each(given: object) -> Iterable[object]:
    return given if isinstance(given, list | tuple) else [given]
