"""Check the types of arguments in the public functions, so that the error names the argument the caller passed."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar

from macroengine.suggest import did_you_mean

E = TypeVar("E", bound=StrEnum)


def wrong_type(argument: str, expected: str, given: object) -> TypeError:
    """Return the TypeError for an argument of the wrong type.

    >>> wrong_type("event", "an Event", {})
    TypeError('event must be an Event, not dict')
    """
    return TypeError(f"{argument} must be {expected}, not {shown(given)}")


def shown(given: object) -> str:
    """Return the beginning of a text, or the type of any other value, which may be personal and whose repr may raise.

    >>> shown("install"), shown(["secret"])
    ("'install'", 'list')
    """
    return repr(str.__str__(given)[:40]) if isinstance(given, str) else type(given).__name__


def check_type(argument: str, kind: type | UnionType, expected: str, given: object) -> None:
    """Raise TypeError unless `given` is of this type."""
    if not isinstance(given, kind):
        raise wrong_type(argument, expected, given)


def check_each(kind: type | UnionType, expected: str, **given: object) -> None:
    """Raise TypeError unless each argument is of this type.

    >>> check_each(int | None, "a whole number", first=1, last="z")
    Traceback (most recent call last):
    TypeError: last must be a whole number, not 'z'
    """
    for argument, value in given.items():
        check_type(argument, kind, expected, value)


def text_of(argument: str, given: object) -> str:
    """Return a text as it is, without the class that may have come with it; raise TypeError where it is none.

    What is taken apart and put together again must not be changed by methods of that class: text that is marked as
    safe for HTML escapes whatever is joined to it.

    >>> class Loud(str):
    ...     def __add__(self, other):
    ...         return f"{self}{other}!"
    >>> text_of("source", Loud("a")) + "b"
    'ab'
    """
    check_type(argument, str, "a string", given)
    return str.__str__(given)


def check_flag(argument: str, given: object) -> None:
    """Raise TypeError unless `given` is a bool. The string "false" would count as true."""
    if given is not True and given is not False:
        raise wrong_type(argument, "True or False", given)


def check_whole(argument: str, given: object) -> None:
    """Raise TypeError unless `given` is a whole number, and not a bool."""
    if not isinstance(given, int) or isinstance(given, bool):
        raise wrong_type(argument, "a whole number", given)


def check_mapping(argument: str, given: object) -> None:
    """Raise TypeError unless `given` is a mapping."""
    check_type(argument, Mapping, "a mapping", given)


def names_in(argument: str, given: object, kind: str = "name") -> frozenset[str]:
    """Return the given names as a set. A bare string is a TypeError: it would be read as its letters."""
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise wrong_type(argument, f"a set or list of {kind}s", given)
    return frozenset(text_of(f"each {kind} in {argument}", name) for name in given)


def member(argument: str, kind: type[E], given: Any) -> E:
    """Return the member of an enumeration, given as the member itself or as its value.

    >>> from macroengine import Postback
    >>> member("postback", Postback, "in-app") is Postback.IN_APP
    True
    """
    # The error of an enumeration would show the value, which may be an event.
    check_type(argument, str, f"a {kind.__name__} or its word", given)
    try:
        return kind(given)
    except ValueError:
        near = did_you_mean(str.__str__(given), map(str, kind))
        raise ValueError(f"unknown {argument} {shown(given)}{near} (known: {', '.join(kind)})") from None


def choice(argument: str, words: Collection[str], given: object) -> None:
    """Raise TypeError or ValueError unless `given` is one of these words.

    >>> choice("booleans", ["true/false", "1/0"], "yes/no")
    Traceback (most recent call last):
    ValueError: booleans must be 'true/false' or '1/0', not 'yes/no'
    """
    *others, last = map(repr, words)
    expected = f"{', '.join(others)} or {last}"
    check_type(argument, str, expected, given)
    if given not in words:
        raise ValueError(f"{argument} must be {expected}, not {shown(given)}")
