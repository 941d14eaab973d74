"""Find the values that a name may mean on any platform, since policies and options refer to values."""

from functools import cache

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.catalogue.aliases import documented_names, fields_of_others, forms, units
from macroengine.catalogue.folding import fold
from macroengine.kinds import Source

# What is added to the name of an identifier, before or after it, to name its hash.
_HASHES = ("sha1", "sha256", "md5")


def fields_called(name: str) -> frozenset[str]:
    """Return the folded names of fields that `name` may mean: a field, a macro of any platform, or a hash.

    >>> sorted(fields_called("gps_adid"))
    ['advertisingid', 'gpsadid']
    >>> sorted(fields_called("sha1-idfa"))
    ['idfa', 'idfasha1', 'sha1idfa']
    """
    folded = fold(name)
    fields = {folded, *map(fold, fields_of_others().get(folded, ()))}
    hashed = _hashed(folded)
    return frozenset(fields if hashed is None else fields | fields_called(hashed))


def denied_fields(names: frozenset[str], home: Dialect) -> frozenset[str]:
    """Return the folded names of fields that a policy denying `names` keeps from the macros of `home`."""
    own = (home.named(name) for name in names)
    named = frozenset().union({fold(spec.field) for spec in own if spec is not None}, *map(fields_called, names))
    return named.union(*(_related().get(field, ()) for field in named))


def is_denied(spec: MacroSpec, denied: frozenset[str]) -> bool:
    """Say whether the value of a macro is denied, or is a hash of a denied one.

    A link parameter, and a field that no built-in catalogue has, may contain anything that one of its names means.
    """
    if not denied:  # avoid reading the names of all platforms
        return False
    folded = fold(spec.field)
    if folded in denied or fold(spec.family_field or spec.field) in denied:
        return True
    if spec.source is not Source.LINK and spec.field in _shared_fields() and _hashed(folded) is None:
        return False
    names = (spec.name, spec.field, *spec.spellings, *spec.legacy)
    return any(not denied.isdisjoint(fields_called(name)) for name in names)


def is_known(name: str, home: Dialect) -> bool:
    """Say whether `name` means something in `home`, or in another dialect."""
    if home.named(name) or home.member(name) or home.member_reading(name) or home.takes(name):
        return True
    folded = fold(name)
    return len(fields_called(name)) > 1 or folded in {fold(field) for field in (*home.fields, *_shared_fields())}


@cache
def _related() -> dict[str, set[str]]:
    """Return, by folded field, the fields with the same value in another unit, and those that may contain it."""
    table: dict[str, set[str]] = {}
    for one, other in units().items():
        table.setdefault(fold(one), set()).add(fold(other))
        table.setdefault(fold(other), set()).add(fold(one))
    for one, others in forms().items():
        for other in others:
            table.setdefault(fold(other), set()).add(fold(one))
    return table


@cache
def _shared_fields() -> frozenset[str]:
    return frozenset(field for _, _, field in documented_names())


def _hashed(folded: str) -> str | None:
    """Return the name of what a folded name is the hash of; None if it is not the name of a hash."""
    for word in _HASHES:
        for rest in (folded.removeprefix(word), folded.removesuffix(word)):
            if rest and rest != folded:
                return rest
    return None
