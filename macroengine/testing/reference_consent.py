"""The reference for consent: which identifiers are withheld from which event."""

from collections.abc import Mapping
from functools import cache

from macroengine.catalogue import Dialect, MacroSpec, dialect_names, dialect_of
from macroengine.catalogue.folding import fold
from macroengine.catalogue.meanings import is_denied
from macroengine.event import Event
from macroengine.kinds import Consent, Source, ValueType
from macroengine.testing.reference_text import UnsendableError, value_text


def is_withheld(spec: MacroSpec, event: Event, dialect: Dialect) -> bool:
    """Say whether a value is an identifier or its hash, and the user does not share identifiers."""
    return _is_identifier(spec, dialect) and any(
        _refuses(consent, source.get(field))
        for field, consent, sources in _fields(dialect)
        for source in _named(event, sources)
    )


def _is_identifier(spec: MacroSpec, dialect: Dialect) -> bool:
    rows = [*dialect.macros.values(), *_documented()]
    return spec.identifier is not None or is_denied(spec, frozenset(fold(row.field) for row in rows if row.identifier))


@cache
def _documented() -> tuple[MacroSpec, ...]:
    return tuple(row for name in dialect_names() for row in dialect_of(name).macros.values())


def _fields(dialect: Dialect) -> list[tuple[str, Consent, set[Source]]]:
    """Return each consent field, what it means, and in which sources it counts."""
    own = [(row.field, row.consent, {row.source}) for row in dialect.macros.values() if row.consent]
    found = list(own)
    for row in _documented():
        if row.consent and row.field not in {field for field, _, _ in own}:
            sources = {row.source}
            # If this dialect has the field itself, events have it under the dialect's own source.
            if row.field in dialect.fields:
                sources.add(dialect.fields[row.field])
            elif dialect.open:
                sources.add(Source.LINK)
            found.append((row.field, row.consent, sources))
    return found


def _named(event: Event, sources: set[Source]) -> list[Mapping[str, object]]:
    named = {Source.LINK: event.link, Source.SDK: event.sdk, Source.PLATFORM: event.platform}
    return [named[source] for source in sources]


def _refuses(consent: Consent, raw: object) -> bool:
    if raw is None:
        return False
    try:
        text = value_text(raw, ValueType.TEXT, "true/false")
    except UnsendableError:
        return True
    if text == "":
        return False
    # Android, and iOS before 14: whether the user limits ad tracking. iOS 14 and later: whether tracking is authorized.
    agreed = {Consent.LIMITED: ("false", "0"), Consent.AUTHORIZED: ("true", "1"), Consent.STATUS: ("authorized", "3")}
    word, digit = agreed[consent]
    return text not in (word, word.capitalize(), word.upper(), digit)
