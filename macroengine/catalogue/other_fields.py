"""Fields that templates of a dialect read, although they are not the fields of its macros."""

from functools import lru_cache

from macroengine.catalogue import Dialect
from macroengine.catalogue.aliases import units
from macroengine.catalogue.consent import consent_fields
from macroengine.kinds import Source


@lru_cache(maxsize=64)
def other_fields(home: Dialect) -> tuple[tuple[str, Source], ...]:
    """Return the fields with the value of a macro in another unit, and those of consent, each with its source.

    >>> from macroengine import dialect
    >>> dict(other_fields(dialect("branch")))["event_time"]
    <Source.SDK: 'SDK'>
    """
    in_units = ((other, home.fields[field]) for field, other in units().items() if field in home.fields)
    return (*in_units, *((found.field, found.source) for found in consent_fields(home)))


def source_of_other(field: str, home: Dialect) -> Source | None:
    """Return the source of such a field; None for any other.

    >>> from macroengine import dialect
    >>> source_of_other("att_status", dialect("google-ads"))
    <Source.SDK: 'SDK'>
    """
    return next((source for other, source in other_fields(home) if other == field), None)
