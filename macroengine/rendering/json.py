"""Convert the text of a value for the JSON around it."""

import re
from datetime import datetime
from functools import cache
from typing import Any

from macroengine.kinds import ValueType
from macroengine.plan.decoded import is_json
from macroengine.rendering.values import UnsendableError

# RFC 8259 section 6
_is_number = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?").fullmatch


def json_value(raw: object, text: str, kind: ValueType) -> str:
    """Return the JSON for a value whose text is `text`: a number, a boolean, unchanged JSON, or a quoted string.

    A list also becomes a string.

    >>> json_value("9.90", "9.90", ValueType.NUMBER), json_value("9.90", "9.90", ValueType.TEXT)
    ('9.90', '"9.90"')
    """
    match raw:
        case str():
            return text if _is_written(text, kind) else quoted(text)
        case datetime():
            return text if kind in (ValueType.UNIX_TIME, ValueType.UNIX_TIME_MS) else quoted(text)
    return quoted(text) if kind is ValueType.LIST else text


def body_value(raw: object, text: str, kind: ValueType) -> str:
    """Return the JSON for a value in a body. Its receiver expects JSON of the value's type.

    Raises:
        UnsendableError: the value must be a number, and its text is not one.
    """
    if kind in _NUMBERS and not _is_number(text):
        raise UnsendableError(f"cannot send a {kind} in JSON whose text is not a number,")
    return json_value(raw, text, kind)


_NUMBERS = (ValueType.NUMBER, ValueType.UNIX_TIME, ValueType.UNIX_TIME_MS)


def json_default(text: str, kind: ValueType) -> str:
    """Return the JSON for a text that replaces a missing value."""
    return text if kind is ValueType.NUMBER and _is_number(text) else quoted(text)


def _is_written(text: str, kind: ValueType) -> bool:
    """Say whether a text is already JSON for a value of its type."""
    match kind:
        case ValueType.NUMBER | ValueType.UNIX_TIME | ValueType.UNIX_TIME_MS:
            return _is_number(text) is not None
        case ValueType.BOOLEAN:
            return text in ("true", "false")
        case ValueType.JSON:
            return is_json(text)
    return False


def json_string(text: str) -> str:
    r"""Return a text escaped for the inside of a JSON string.

    >>> json_string('a"b')
    'a\\"b'
    """
    return quoted(text)[1:-1]


def quoted(text: str) -> str:
    """Return a text as a JSON string."""
    written: str = _encoder().encode(text)
    return written


@cache
def _encoder() -> Any:
    import json  # noqa: PLC0415 - few templates contain JSON

    return json.JSONEncoder(ensure_ascii=False)
