"""What is done with the text of a value for the JSON and the URLs around it."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from macroengine.encodings.encoder import deepen, percent_encode
from macroengine.kinds import ValueType
from macroengine.plan.decoded import is_json
from macroengine.plan.nesting import Escape

# RFC 8259 section 6
_is_number = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?").fullmatch


def escaped(text: str, escapes: Iterable[Escape], depth: int) -> str:
    """Return a text escaped for what is around it; a whole JSON value is one already.

    >>> escaped('a"b', [Escape.STRING], 1)
    'a%5C%22b'

    Raises:
        UnicodeEncodeError: `text` holds a lone surrogate.
    """
    for escape in escapes:
        match escape:
            case Escape.PERCENT:
                text = percent_encode(text)
            case Escape.STRING:
                text = _quoted(text)[1:-1]
    return deepen(percent_encode(text), depth - 1)


def json_value(raw: object, text: str, kind: ValueType) -> str:
    """Return the JSON for a value whose text is `text`: a number, a boolean, JSON as it is, or a quoted string.

    >>> json_value("9.90", "9.90", ValueType.NUMBER), json_value("9.90", "9.90", ValueType.TEXT)
    ('9.90', '"9.90"')
    """
    match raw:
        case str():
            return text if _is_written(text, kind) else _quoted(text)
        case datetime():
            return text if kind is ValueType.UNIX_TIME else _quoted(text)
    return text


def json_default(text: str, kind: ValueType) -> str:
    """Return the JSON for a text that is sent in place of a missing value."""
    return text if kind is ValueType.NUMBER and _is_number(text) else _quoted(text)


def _is_written(text: str, kind: ValueType) -> bool:
    """Say whether a text is JSON for a value of its type."""
    match kind:
        case ValueType.NUMBER | ValueType.UNIX_TIME:
            return _is_number(text) is not None
        case ValueType.BOOLEAN:
            return text in ("true", "false")
        case ValueType.JSON:
            return is_json(text)
    return False


def _quoted(text: str) -> str:
    quoted: str = _encoder().encode(text)
    return quoted


@cache
def _encoder() -> Any:
    import json  # noqa: PLC0415 - few templates hold any JSON

    return json.JSONEncoder(ensure_ascii=False)
