"""Arguments that may be names of files. The workspace reads the inputs."""

import os

from macroengine.workspace.inputs import (
    MAX_BYTES,
    STANDARD_INPUT,
    InputError,
    input_name,
    parse_json,
    read_lines,
    read_text,
    read_toml,
    read_whole,
    suffix,
)
from macroengine.workspace.sources import searched_language

__all__ = [
    "MAX_BYTES",
    "STANDARD_INPUT",
    "InputError",
    "input_name",
    "is_input",
    "looks_like_path",
    "parse_json",
    "read_lines",
    "read_text",
    "read_toml",
    "read_whole",
    "suffix",
]

# Templates have these characters, names of files rarely do.
_QUERY = frozenset("?=&")
_MACRO = frozenset("(){}[]<>%$#")
_SUFFIXES = (".txt", ".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".xlsx", ".toml", ".yaml", ".yml", ".list")
_PREFIXES = ("./", "../", "~/", ".\\", "..\\")


def is_input(argument: str) -> bool:
    """Say whether an argument is the name of an input rather than a template: `-`, or an existing file."""
    # lexists, so that a broken link is reported. A template may be too long for a Path.
    return argument == STANDARD_INPUT or os.path.lexists(argument)


def looks_like_path(argument: str) -> bool:
    r"""Say whether an argument is more likely the name of a file than a template.

    >>> list(map(looks_like_path, ["t (1).txt", "./t", "a/b", "C:\\t", "n.example/a", "//n.example", "/?c=(clickid)"]))
    [True, True, True, True, False, False, False]
    """
    if "://" in argument or _QUERY & set(argument):
        return False
    if argument.lower().endswith(_SUFFIXES) or argument.startswith(_PREFIXES) or argument[1:3] == ":\\":
        return True
    if searched_language(argument) is not None and not argument.startswith("//"):
        return True
    first, slash, _ = argument.partition("/")
    # A host has a dot or a port, and a template has macros.
    is_host = argument.startswith("//") or {".", ":"} & set(first)
    return bool(slash) and not is_host and not _MACRO & set(argument)
