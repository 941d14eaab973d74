"""Parse the types of ClickHouse columns, in the notation of `DESCRIBE`."""

import re
from dataclasses import dataclass

from macroengine.errors import UnsupportedError

# A name, bare or quoted, a string, a number, or a single character.
_TOKEN = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|`(?:[^`\\]|\\.|``)*`|'(?:[^'\\]|\\.|'')*'|-?[0-9]+|[(),=])", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)|``|''", re.DOTALL)
_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "v": "\v"}
_WRAPPERS = ("Nullable", "LowCardinality")


@dataclass(frozen=True, slots=True)
class Type:
    """A type, such as `Decimal(9, 2)`."""

    name: str
    """Without wrappers that do not affect the text: Nullable and LowCardinality."""
    nullable: bool
    arguments: "tuple[str | Type, ...]" = ()
    """Its arguments: inner types, numbers, and unquoted strings."""
    names: tuple[str, ...] = ()
    """The names of a tuple's elements, if they have names."""


def read_type(text: str) -> Type:
    """Return the parsed type.

    >>> read_type("LowCardinality(Nullable(String))")
    Type(name='String', nullable=True, arguments=(), names=())

    Raises:
        UnsupportedError: the text is not a type.
    """
    tokens = _tokens(text)
    found = _type(tokens)
    if found is None or tokens:
        raise UnsupportedError(f"cannot read the type {text!r}; give it as DESCRIBE shows it")
    return found


def _tokens(text: str) -> list[str]:
    """Return the tokens of a type, in reverse order."""
    found: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        token = _TOKEN.match(text, at)
        if token is None:
            raise UnsupportedError(f"cannot read the type {text!r}; give it as DESCRIBE shows it")
        found.append(token[1])
        at = token.end()
    return found[::-1]


def _type(tokens: list[str]) -> Type | None:
    """Remove a type from the tokens, and return it."""
    if not tokens or not tokens[-1][0].isalpha():
        return None
    name = tokens.pop()
    arguments: list[str | Type] = []
    names: list[str] = []
    if tokens and tokens[-1] == "(":
        while tokens.pop() != ")":
            label, argument = _argument(tokens)
            if argument is None or not tokens:
                return None
            names += [label] if label else []
            arguments.append(argument)
            if tokens[-1] not in (",", ")"):
                return None
    if names and name not in ("Tuple", "Nested"):
        return None
    if name in _WRAPPERS and len(arguments) == 1 and isinstance(inner := arguments[0], Type):
        return Type(inner.name, name == "Nullable" or inner.nullable, inner.arguments, inner.names)
    return Type(name, nullable=False, arguments=tuple(arguments), names=tuple(names))


def _argument(tokens: list[str]) -> tuple[str | None, "str | Type | None"]:
    """Remove an argument from the tokens, and return it with its name, if it has one."""
    if not tokens:
        return None, None
    if tokens[-1][0] == "'":
        text = _unquoted(tokens.pop())
        if tokens[-2:][::-1][:1] == ["="]:  # an Enum's name and number
            del tokens[-2:]
        return None, text
    if tokens[-1].lstrip("-").isdigit():
        return None, tokens.pop()
    label = None
    if tokens[-1][0] == "`" or (len(tokens) > 1 and tokens[-2][0].isalpha()):
        label = tokens.pop()
    return (_unquoted(label) if label and label[0] == "`" else label), _type(tokens)


def _unquoted(token: str) -> str:
    return _ESCAPED.sub(lambda found: _CONTROLS.get(found[1], found[1]) if found[1] else found[0][0], token[1:-1])
