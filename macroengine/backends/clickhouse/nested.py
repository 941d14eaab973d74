"""Write ClickHouse's nested types and floats as Python does, independently of session settings."""

from collections.abc import Iterator
from itertools import count

from macroengine.backends.clickhouse.types import Type
from macroengine.backends.clickhouse.words import literal
from macroengine.backends.json_text import ESCAPES
from macroengine.errors import UnsupportedError

_INTEGERS = ("Int", "UInt")
# Marks a value that cannot be written. No UTF-8 text contains this byte.
_NOTHING = "unhex('FF')"
# toJSONString escapes more than Python does: slashes if a setting says so, and two Unicode line breaks.
_MORE_ESCAPES = (("\\/", "/"), ("\\u2028", "\u2028"), ("\\u2029", "\u2029"))


def fixed(text: str) -> str:
    """Return JSON with the escapes that Python uses."""
    made = text
    for old, new in (*ESCAPES[:-1], *_MORE_ESCAPES, ESCAPES[-1]):
        made = f"replaceAll({made}, {literal(old)}, {literal(new)})"
    return f"if(position({text}, '\\\\') = 0, {text}, {made})"


def quoted(text: str) -> str:
    """Return a text as a JSON string; its escapes are not yet those of Python."""
    return f"if(isValidUTF8({text}), toJSONString({text}), {_NOTHING})"


def float_text(text: str) -> str:
    """Return the shortest digits that read back as the same Float64, without an exponent; `text` is its toString."""
    digits = "replaceAll(replaceAll(splitByChar('e', t)[1], '.', ''), '-', '')"
    exponent = "toInt32OrZero(splitByChar('e', t)[2])"
    sign = "if(startsWith(t, '-'), '-', '')"
    large = f"concat({sign}, rightPad({digits}, greatest({exponent}, 0) + 1, '0'), '.0')"
    small = f"concat({sign}, '0.', repeat('0', greatest(-{exponent} - 1, 0)), {digits})"
    plain = "if(position(t, '.') = 0, concat(t, '.0'), t)"
    chosen = f"if(position(t, 'e') = 0, {plain}, if({exponent} > 0, {large}, {small}))"
    return f"arrayMap(t -> if(isNull(t), NULL, {chosen}), [{text}])[1]"


def json_text(column: str, kind: Type, where: "Where") -> str:
    """Return a nested column as compact JSON; NULL stays NULL.

    Raises:
        UnsupportedError: it contains a type that Python's JSON writes differently, or not at all.
    """
    text = _written(_not_null(column, kind), kind, where)
    return f"if(isNull({column}), NULL, {text})" if kind.nullable else text


class Where:
    """A column for error messages, and unique names for expressions inside it."""

    def __init__(self, field: str, shown: str) -> None:
        self.field, self.shown = field, shown
        self._numbers: Iterator[int] = count()

    def name(self) -> str:
        """Return a name that has not been used."""
        return f"x{next(self._numbers)}"

    def refused(self, kind: Type) -> UnsupportedError:
        """Return the error for a type inside the column."""
        what = "Tuple without names" if kind.name == "Tuple" else kind.name
        return UnsupportedError(
            f"cannot write the {what} in column {self.field!r} of type {self.shown} as Python writes JSON; cast it to "
            "String inside, or the column to String, in the text that is to be sent"
        )


def _not_null(expression: str, kind: Type) -> str:
    return f"assumeNotNull({expression})" if kind.nullable else expression


def _value(expression: str, kind: Type, where: Where) -> str:
    """Return an inner value as JSON, with `null` for NULL."""
    if kind.name == "Nothing":
        return "'null'"
    text = _written(_not_null(expression, kind), kind, where)
    return f"if(isNull({expression}), 'null', {text})" if kind.nullable else text


def _written(expression: str, kind: Type, where: Where) -> str:  # noqa: PLR0911 - one per type
    match kind.name, kind.arguments:
        case "String", _:
            return quoted(expression)
        case "FixedString" | "Enum8" | "Enum16", _:
            return quoted(f"toString({expression})")
        case "Bool", _:
            return f"if({expression}, 'true', 'false')"
        case "Float64", _:
            return f"if(isFinite({expression}), {float_text(f'toString({expression})')}, {_NOTHING})"
        case name, _ if name.startswith(_INTEGERS):
            return f"toString({expression})"
        case name, (*_, str(scale)) if name.startswith("Decimal"):
            return f"toDecimalString({expression}, {scale})"
        case "Array", (Type() as inner,):
            item = where.name()
            return _between("[", f"arrayMap({item} -> {_value(item, inner, where)}, {expression})", "]")
        case "Map", (Type() as key, Type() as inner):
            return _map(expression, key, inner, where)
        case "Tuple", (_, *_) if len(kind.names) == len(kind.arguments):
            return _tuple(expression, kind, where)
    raise where.refused(kind)


def _between(opening: str, parts: str, closing: str) -> str:
    return f"concat('{opening}', arrayStringConcat({parts}, ','), '{closing}')"


def _map(expression: str, key: Type, inner: Type, where: Where) -> str:
    name, item = where.name(), where.name()
    member = _written(name, key, where)
    if key.name.startswith(_INTEGERS):
        member = f"concat('\"', {member}, '\"')"
    elif key.name not in ("String", "FixedString", "Enum8", "Enum16"):
        raise where.refused(Type("Map", nullable=False))
    keys, values = f"mapKeys({expression})", f"mapValues({expression})"
    pair = f"concat({member}, ':', {_value(item, inner, where)})"
    members = f"arrayMap(({name}, {item}) -> {pair}, {keys}, {values})"
    return f"if(length(arrayDistinct({keys})) = length({keys}), {_between('{', members, '}')}, {_NOTHING})"


def _tuple(expression: str, kind: Type, where: Where) -> str:
    members = [
        f"{quoted(literal(label))}, ':', {_value(f'tupleElement({expression}, {index})', inner, where)}"
        for index, (label, inner) in enumerate(zip(kind.names, kind.arguments, strict=True), 1)
        if isinstance(inner, Type)
    ]
    between = ", ',', "
    return f"concat('{{', {between.join(members)}, '}}')"
