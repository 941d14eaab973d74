"""Check that a table of the configuration has the right keys, with values of the right types."""

from collections.abc import Mapping
from typing import Any

from attribution_service.places import Place

_WORDS = {
    str: "a string",
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    dict: "a table",
    list: "a list",
}


class ConfigError(ValueError):
    """The configuration cannot be used. The message names the file, line, app, partner and key."""


def check_keys(
    row: Any, where: Place, must: Mapping[str, type], may: Mapping[str, type], *, secret: bool = False
) -> None:
    """Check that a table has exactly these keys, each with a value of its type: "false" is not false.

    Values of a `secret` table are not shown.
    """
    if not isinstance(row, dict):
        raise ConfigError(f"{where} must be a table{_given(row, secret)}")
    for key in must.keys() - row.keys():
        raise ConfigError(f"{where}: key {key!r} is missing")
    for key, value in row.items():
        kind = {**must, **may}.get(key)
        if kind is None:
            raise ConfigError(f"{where.at(key)}: unknown key {key!r} (known: {', '.join([*must, *may])})")
        is_number = kind is float and isinstance(value, int) and not isinstance(value, bool)
        if not isinstance(value, kind) and not is_number:
            raise ConfigError(f"{where.at(key)}: key {key!r} must be {_WORDS[kind]}{_given(value, secret)}")


def _given(value: object, secret: bool) -> str:
    return "" if secret else f", not {value!r}"
