"""Read the options for missing values: convert words to members, and names to macros."""

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

from macroengine.arguments import check_type, shown
from macroengine.catalogue import Dialect
from macroengine.catalogue.folding import fold
from macroengine.catalogue.meanings import fields_called, is_known
from macroengine.plan.segments import Default, ForMissing, Missing, MissingWord
from macroengine.suggest import did_you_mean

AnyMissing = ForMissing | MissingWord
EVERY_OTHER = "*"


def planned_missing(
    given: AnyMissing | Mapping[str, AnyMissing], dialect: Dialect
) -> tuple[ForMissing, tuple[tuple[str, ForMissing], ...]]:
    """Return what is sent for missing values in general, and for single macros by folded name.

    Raises:
        ValueError: a value is neither a known word nor a Default, or a name means nothing in the dialect.
    """
    if not isinstance(given, Mapping):
        return for_missing(given), ()
    chosen = {name: for_missing(one) for name, one in given.items()}
    default = chosen.pop(EVERY_OTHER, Missing.EMPTY)
    for name in chosen:
        check_type("each name in missing", str, "a string", name)
        if not is_known(name, dialect):
            question = did_you_mean(name, dialect.names())
            raise ValueError(f"missing names {name!r}, which is not a macro of {dialect.title}{question}")
    # Entries by the macro's own name come last, so that they override the others.
    by_field = {macro: one for name, one in chosen.items() for macro in _of_fields(name, dialect)}
    by_name = {macro: one for name, one in chosen.items() for macro in _of_name(name, dialect)}
    return default, tuple(sorted((by_field | by_name).items(), key=itemgetter(0)))


def for_missing(given: Any) -> ForMissing:
    """Return what is sent for a missing value. A word is converted to a member; any other text is rejected.

    Raises:
        ValueError: it is not a known word.
    """
    if isinstance(given, Missing | Default):
        return given
    words = [one.value for one in Missing]
    # The error of an enumeration would show the value, which may be an event.
    if isinstance(given, str) and given in words:
        return Missing(given)
    own = f"; for other text, write Default({shown(given)})" if isinstance(given, str) else ""
    raise ValueError(f"missing must be one of {', '.join(map(repr, words))} or a Default, not {shown(given)}{own}")


def _of_name(name: str, dialect: Dialect) -> Iterator[str]:
    """Yield the macro with this name, and the parameter that may have it, folded."""
    named = dialect.named(name)
    if named is not None:
        yield fold(named.name)
    if dialect.open or dialect.member(name) is not None:
        yield fold(name)


def _of_fields(name: str, dialect: Dialect) -> Iterator[str]:
    """Yield the folded names of macros that read the field `name`, or else those that other platforms call `name`."""
    member = dialect.member_reading(name)
    if member is not None:
        yield fold(member.name)
    folded = fold(name)
    by_field: dict[str, list[str]] = {}
    for spec in dialect.macros.values():
        by_field.setdefault(fold(spec.field), []).append(fold(spec.name))
    if folded in by_field:
        yield from by_field[folded]
    elif dialect.named(name) is None:
        for field in fields_called(name):
            yield from by_field.get(field, ())
