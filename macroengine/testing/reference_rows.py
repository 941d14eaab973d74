"""The reference for the rows of the catalogue: which one a macro names, and what is sent if the value is missing."""

from collections.abc import Mapping
from dataclasses import dataclass

from macroengine.catalogue import Dialect, MacroSpec, Spelling
from macroengine.catalogue.folding import fold
from macroengine.catalogue.meanings import fields_called
from macroengine.event import Event
from macroengine.kinds import HashCase, Source
from macroengine.language.nodes import Macro
from macroengine.plan.segments import Default, Missing, MissingWord
from macroengine.policy import Policy

AnyMissing = Missing | Default | MissingWord


@dataclass(frozen=True, slots=True)
class Rendering:
    """An event, and how to render it."""

    event: Event
    dialect: Dialect
    policy: Policy
    missing: AnyMissing | Mapping[str, AnyMissing]
    unknown: str
    nested: bool
    booleans: str
    hash_case: HashCase | None
    is_app: bool


def sent_row(macro: Macro, rendering: Rendering) -> MacroSpec | None:
    """Return the row by which a macro is sent. An incomplete catalogue may not have one."""
    spec, dialect = row_of(macro, rendering), rendering.dialect
    if spec is not None or not dialect.partial or rendering.unknown != "error":
        return spec
    is_hash_of_hash = macro.function is not None and function_in(macro.name, dialect) is not None
    return None if is_hash_of_hash else MacroSpec(macro.text, macro.text, Source.PLATFORM)


def row_of(macro: Macro, rendering: Rendering) -> MacroSpec | None:
    """Return the first catalogue row that the macro names; None if there is none, or its hash is not documented."""
    return next((spec for name in names_of(macro) if (spec := row_named(name, macro, rendering))), None)


def names_of(macro: Macro) -> tuple[str, ...]:
    """Return the names in a macro. The first that the event has a value for is sent."""
    return macro.name, *macro.alternatives


def row_named(name: str, macro: Macro, rendering: Rendering) -> MacroSpec | None:
    """Return the row of one of the names in a macro; None if there is none, or its hash is not documented."""
    found = rendering.dialect.find(name)
    if found is None:
        return None
    spec, spelling = found
    if macro.function is not None and function_in(name, rendering.dialect) is not None:
        return None
    # Link parameters and their hashes are not documented.
    is_documented = spelling is Spelling.PARAMETER or macro.function is None or spec.names_with(macro.function)
    return spec if is_documented else None


def function_in(name: str, dialect: Dialect) -> str | None:
    """Return the function that a name includes; None if it includes none."""
    reading = dialect.syntax.read(dialect.syntax.write(name))
    return reading.function if reading else None


def when_missing(spec: MacroSpec, rendering: Rendering) -> Missing | Default:
    """Return what is sent if the value is missing."""
    # If nothing is given, the documented behaviour applies: a text, or no parameter.
    missing = _given_missing(spec, rendering)
    is_dropped = missing is Missing.EMPTY and rendering.dialect.drops_missing and not spec.missing
    return Missing.DROP if is_dropped else missing


def _given_missing(spec: MacroSpec, rendering: Rendering) -> Missing | Default:
    given = rendering.missing
    if not isinstance(given, Mapping):
        return given if isinstance(given, Default) else Missing(given)
    # A macro is matched by its own names first, then by its field, then by other platforms' names. The last match wins.
    names = sorted(given, key=lambda name: _nearness(name, spec, rendering.dialect))
    chosen = given[names[-1]] if names and _nearness(names[-1], spec, rendering.dialect) else Missing.EMPTY
    return chosen if isinstance(chosen, Default) else Missing(chosen)


def _nearness(name: str, spec: MacroSpec, dialect: Dialect) -> int:
    """Return how closely a name refers to a macro; 0 if it does not."""
    named = dialect.named(name)
    if named == spec or ((dialect.open or spec.family is not None) and fold(name) == fold(spec.name)):
        return 4
    if spec.name not in dialect.macros:
        return 3 if spec.family is not None and name == spec.field else int(name == "*")
    if fold(name) == fold(spec.field):
        return 3
    own = named is not None or fold(name) in map(fold, dialect.fields)
    return 2 if not own and fold(spec.field) in fields_called(name) else int(name == "*")
