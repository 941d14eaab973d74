"""The meaning of a macro, independently of its name, and the macros of a dialect by meaning."""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.catalogue.aliases import units
from macroengine.catalogue.folding import fold
from macroengine.kinds import HASHES, Function

_TABLE = Path(__file__).resolve().parent / "equivalents.toml"
CHANGING = (*HASHES, Function.BASE64, Function.UPPER, Function.LOWER)
"""The functions that change the value. Other functions decide how it is encoded."""


class Meaning(NamedTuple):
    """A field, in the unit that most platforms use, and the function that is applied to it."""

    field: str
    function: Function | None


class Candidate(NamedTuple):
    """A macro that a dialect can write."""

    spec: MacroSpec
    name: str
    function: Function | None
    is_held: bool
    """Whether the platform only has the hash, so that the macro names no function."""


def meaning(spec: MacroSpec, function: str | None, dialect: Dialect) -> tuple[Meaning, bool]:
    """Return the meaning of a macro, and whether the platform only has the hash."""
    held = None if function else _held(spec, dialect)
    if held is not None:
        return held, True
    known = None if function is None else Function(function)
    return Meaning(units().get(spec.field, spec.field), known if known in CHANGING else None), False


@lru_cache(maxsize=64)
def candidates(dialect: Dialect) -> Mapping[Meaning, tuple[Candidate, ...]]:
    """Return the macros of a dialect by their meaning, in the order of its catalogue."""
    found: dict[Meaning, list[Candidate]] = {}
    for spec in dialect.macros.values():
        for name, function in _written(spec):
            said, is_held = meaning(spec, function, dialect)
            found.setdefault(said, []).append(Candidate(spec, name, function, is_held))
    return {said: tuple(several) for said, several in found.items()}


def _written(spec: MacroSpec) -> Iterator[tuple[str, Function | None]]:
    yield spec.name, None
    for function, names in spec.functions:
        yield from ((name, function) for name in names[:1])


def _held(spec: MacroSpec, dialect: Dialect) -> Meaning | None:
    """Return the meaning of a field that is named after a hash; None for any other field."""
    folded = fold(spec.field)
    for word in HASHES:
        for rest in (folded.removesuffix(word), folded.removeprefix(word)):
            if rest and rest != folded:
                base = dialect.named(rest)
                # If no macro sends the unhashed value, the name of the field says what was hashed.
                field = base.field if base else spec.field.replace(word, "").strip("_")
                return Meaning(field, word)
    return None


@cache
def _table() -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - the reader of dialects also imports late

    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


def either(field: str) -> tuple[str, ...]:
    """Return the fields of which this field contains whichever is available; empty for other fields."""
    return tuple(_table()["either"].get(field, ()))


def nearly(field: str) -> Iterator[str]:
    """Yield fields that contain the value of a field together with others, or only sometimes."""
    yield from (name for name, several in _table()["either"].items() if field in several)
    for narrow, wide in _table()["sometimes"].items():
        if field in (narrow, wide):
            yield wide if field == narrow else narrow
