"""The keys of a dialect's file, and what their values may be."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

from macroengine.errors import CatalogueError
from macroengine.kinds import Consent, Encoding, Function, HashCase, Identifier, Postback, Source, ValueType
from macroengine.suggest import did_you_mean

Convert = Callable[[Any], Any]
_SHOWN = 80


class _WrongValueError(Exception):
    """A value is not valid for its key. The message says what is expected."""


def shown(value: Any) -> str:
    """Return a value for a message, shortened if it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python does not format such integers either
        return "a number with too many digits"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def convert_row(where: str, row: Mapping[str, Any], keys: Mapping[str, Convert], must: Iterable[str]) -> dict[str, Any]:
    """Return `row` with each value converted according to its key."""
    for key in row:
        if key not in keys:
            raise CatalogueError(f"{where}: unknown key {shown(key)}{did_you_mean(key, keys)}")
    for key in must:
        if key not in row:
            raise CatalogueError(f"{where}: key {key!r} is missing")
    values = {}
    for key, value in row.items():
        try:
            values[key] = keys[key](value)
        except _WrongValueError as error:
            raise CatalogueError(f"{where}: key {key!r} must be {error}, not {shown(value)}") from None
    return values


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _WrongValueError("a string")


def _printed(value: Any) -> str:
    """Return a name, which messages print and people must be able to read."""
    if _text(value).strip() and value.isprintable():
        return str(value)
    raise _WrongValueError("a name that is not blank and has no control characters")


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _WrongValueError("true or false")


def _list_of(convert: Convert) -> Callable[[Any], tuple[Any, ...]]:
    def convert_list(value: Any) -> tuple[Any, ...]:
        if isinstance(value, list):
            return tuple(map(convert, value))
        raise _WrongValueError("a list")

    return convert_list


def _table_of(convert: Convert) -> Callable[[Any], dict[str, Any]]:
    def convert_table(value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return {key: convert(item) for key, item in value.items()}
        raise _WrongValueError("a table")

    return convert_table


def _member(kind: type[StrEnum]) -> Convert:
    return _one_of({member.value: member for member in kind})


def _one_of(choices: Mapping[str, Any]) -> Convert:
    def convert(value: Any) -> Any:
        if isinstance(value, str) and value in choices:
            return choices[value]
        raise _WrongValueError(f"one of {', '.join(choices)}")

    return convert


def _word_of(contexts: Mapping[str, str]) -> Convert:
    def convert(value: Any) -> str:
        if isinstance(value, str) and value in contexts:
            return value
        raise _WrongValueError(f"a list of the words of [contexts] ({', '.join(contexts) or 'it has none'})")

    return convert


def _group_of(groups: Mapping[str, frozenset[Postback]]) -> Convert:
    def convert(value: Any) -> frozenset[Postback]:
        if isinstance(value, str) and value in groups:
            return groups[value]
        own = ", ".join(name for name in groups if name != "all")
        raise _WrongValueError(f"'all' or a key of [available] ({own or 'it has none; add it there'})")

    return convert


def _postbacks(value: Any) -> frozenset[Postback]:
    try:
        return frozenset(_list_of(_member(Postback))(value))
    except _WrongValueError:
        raise _WrongValueError(f"a table of lists of the words {', '.join(Postback)}") from None


def _row(value: Any) -> dict[str, Any]:
    return _table_of(lambda item: item)(value)


# The names of sources in a file, and their default labels.
_SOURCES = {source.value: source for source in Source}

LABELS: Mapping[str, Convert] = dict.fromkeys(_SOURCES, _text)
FUNCTIONS: Mapping[str, Convert] = {function.value: _text for function in Function}
DIALECT_KEYS: Mapping[str, Convert] = {
    "name": _printed,
    "title": _printed,
    "syntax": lambda value: value,
    "functions": _row,
    "encoding": _member(Encoding),
    "missing": _text,
    "drops_missing": _flag,
    "labels": _row,
    "open": _flag,
    "status": _one_of({"complete": False, "partial": True}),
    "references": _table_of(_text),
    "available": _table_of(_postbacks),
    "contexts": _table_of(_text),
    "macros": _row,
}
_MACRO_KEYS: Mapping[str, Convert] = {
    "field": _printed,
    "source": _one_of(_SOURCES),
    "send_all": _flag,
    "available": _text,
    "type": _member(ValueType),
    "personal": _flag,
    "spellings": _list_of(_text),
    "legacy": _list_of(_text),
    "family": _text,
    **{function.value: _list_of(_text) for function in Function},
    "case": _member(HashCase),
    "encoding": _member(Encoding),
    "missing": _text,
    "argument": _text,
    "identifier": _member(Identifier),
    "consent": _member(Consent),
    "description": _text,
    "example": _text,
    "references": _list_of(_text),
    "inferred": _list_of(_text),
    "note": _text,
}


def macro_keys(groups: Mapping[str, frozenset[Postback]], contexts: Mapping[str, str]) -> Mapping[str, Convert]:
    """Return the keys of a macro in a file with these groups of postbacks and these contexts."""
    return {**_MACRO_KEYS, "available": _group_of(groups), "contexts": _list_of(_word_of(contexts))}
