"""Macros that are identifiers, and the fields in which an event says whether its user shares them."""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from macroengine.caching import late_pattern
from macroengine.catalogue import Dialect, MacroSpec, dialect_file, dialect_names
from macroengine.catalogue.folding import fold
from macroengine.catalogue.meanings import is_denied
from macroengine.kinds import Consent, Source

_FILE = Path(__file__).resolve().parent / "consent.toml"


class ConsentField(NamedTuple):
    """A field in which an event may say that its user does not share identifiers."""

    source: Source
    field: str
    consent: Consent
    """How its value says so."""


def needs_consent(spec: MacroSpec, home: Dialect) -> bool:
    """Say whether a macro of `home` is an advertising or device identifier, or its hash.

    A parameter without a catalogue row is one if any platform calls an identifier by its name.

    >>> from macroengine import dialect
    >>> appmetrica = dialect("appmetrica")
    >>> [needs_consent(appmetrica.find(name)[0], appmetrica) for name in ("ios_ifa", "sha256_gaid", "country_iso")]
    [True, True, False]
    """
    return spec.identifier is not None or is_denied(spec, _identifiers(home))


def consent_fields(home: Dialect) -> tuple[ConsentField, ...]:
    """Return the consent fields of `home` and of all built-in dialects, with their sources.

    The same event is sent in many dialects, and the user's choice applies to all of them. If `home` has a field under a
    different source, it counts there as well. An open dialect has every unlisted field as a link parameter.

    >>> from macroengine import dialect
    >>> sorted(found.field for found in consent_fields(dialect("appsflyer")))
    ['att_0_1', 'att_status', 'is_lat', 'tracking_enabled']
    """
    own = [ConsentField(spec.source, spec.field, spec.consent) for spec in home.macros.values() if spec.consent]
    listed = {found.field for found in own}
    others = [found for found in _documented_fields() if found.field not in listed]
    at_home = [
        found._replace(source=home.fields.get(found.field, Source.LINK if home.open else found.source))
        for found in others
    ]
    return tuple(dict.fromkeys((*own, *others, *at_home)))


def sharing_words(consent: Consent) -> tuple[str, ...]:
    """Return the texts with which a field says that the user shares identifiers.

    >>> sharing_words(Consent.LIMITED)
    ('false', 'False', 'FALSE', '0')
    """
    return tuple(_words()[consent.value])


def refusing_value(consent: Consent) -> object:
    """Return an example value for a user who does not share identifiers.

    >>> refusing_value(Consent.LIMITED)
    True
    """
    return _words()["refusing"][consent.value]


@cache
def _words() -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - the reader of dialects also imports late

    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@lru_cache(maxsize=64)
def _identifiers(home: Dialect) -> frozenset[str]:
    """Return the folded names of fields that are identifiers in `home` or in a built-in dialect."""
    own = {fold(spec.field) for spec in home.macros.values() if spec.identifier is not None}
    return frozenset(own | {fold(match["field"]) for match in _rows(_IDENTIFIER)})


@cache
def _documented_fields() -> tuple[ConsentField, ...]:
    found = (ConsentField(Source(row["source"]), row["field"], Consent(row["consent"])) for row in _rows(_CONSENT))
    return tuple(dict.fromkeys(found))


def _rows(pattern: re.Pattern[str]) -> list[re.Match[str]]:
    """Return the matching rows of the built-in dialects. Each row is a line."""
    texts = (dialect_file(name).read_text(encoding="utf-8") for name in dialect_names())
    return [match for text in texts for match in pattern.finditer(text)]


_ROW = r'^[^\s#=]+ *= \{ field = "(?P<field>[^"]+)", *source = "(?P<source>[^"]+)",'
_IDENTIFIER = late_pattern(_ROW + '.*?, *identifier = "', re.MULTILINE)
_CONSENT = late_pattern(_ROW + '.*?, *consent = "(?P<consent>[^"]+)"', re.MULTILINE)
