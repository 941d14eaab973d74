"""The catalogue's facts about a macro, in words for people."""

from typing import Any

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.kinds import HASHES, Postback

# The keys of a row that a document may not state.
_INFERABLE = tuple(MacroSpec.__dataclass_fields__)


def is_inferred(key: str, spec: MacroSpec, dialect: Dialect) -> bool:
    """Say whether a fact is not documented, neither for the macro nor for the dialect."""
    is_stated = key != "available" and getattr(spec, key, None) is not None
    return key in spec.inferred or (key in dialect.inferred and not is_stated)


def facts(spec: MacroSpec, dialect: Dialect) -> dict[str, str]:
    """Return the catalogue's facts about a macro by their labels; empty if it has none."""
    return {
        "macro": dialect.syntax.write(spec.name),
        "description": spec.description,
        "field": spec.field,
        "source": dialect.labels[spec.source],
        "send all": yes_no(spec.send_all),
        "available": availability(spec),
        "type": spec.type,
        "personal": yes_no(spec.personal),
        "spellings": ", ".join(map(dialect.syntax.write, spec.spellings)),
        "legacy": ", ".join(map(dialect.syntax.write, spec.legacy)),
        **{
            function.value: ", ".join(dialect.syntax.write(name, function) for name in names)
            for function, names in spec.functions
        },
        "case": spec.case if any(function in HASHES for function, _ in spec.functions) else "",
        "argument": spec.argument or "",
        "contexts": ", ".join(spec.contexts),
        "encoding": spec.encoding or dialect.encoding,
        "missing": spec.missing or dialect.missing or "",
        "identifier": spec.identifier or "",
        "consent": spec.consent or "",
        "example": spec.example,
        "note": spec.note or "",
        "references": "; ".join(dialect.references.get(reference, reference) for reference in spec.references),
    }


def facts_as_json(spec: MacroSpec, dialect: Dialect) -> dict[str, Any]:
    """Return the same facts for programs, by the keys of a dialect's file; null where the catalogue says nothing.

    >>> from macroengine import dialect
    >>> found = facts_as_json(dialect("appsflyer").macros["IDFA"], dialect("appsflyer"))
    >>> found["macro"], found["field"], found["functions"]
    ('(IDFA)', 'idfa', {'sha1': ['(sha1-idfa)']})
    """
    write = dialect.syntax.write
    return {
        "name": spec.name,
        "macro": write(spec.name),
        "description": spec.description or None,
        "field": spec.field,
        "source": spec.source.value,
        "send_all": spec.send_all,
        "available": [kind.value for kind in Postback if kind in spec.available],
        "contexts": list(spec.contexts),
        "type": spec.type.value,
        "personal": spec.personal,
        "spellings": list(map(write, spec.spellings)),
        "legacy": list(map(write, spec.legacy)),
        "functions": {function.value: [write(name, function) for name in names] for function, names in spec.functions},
        "case": spec.case.value,
        "argument": spec.argument,
        "encoding": (spec.encoding or dialect.encoding).value,
        "missing": dialect.missing if spec.missing is None else spec.missing,
        "identifier": spec.identifier,
        "consent": spec.consent,
        "example": spec.example or None,
        "note": spec.note,
        "references": [dialect.references.get(reference, reference) for reference in spec.references],
        "inferred": [key for key in _INFERABLE if is_inferred(key, spec, dialect)],
    }


def yes_no(answer: bool) -> str:
    """Return "yes" or "no"."""
    return "yes" if answer else "no"


def availability(spec: MacroSpec) -> str:
    """Return the kinds of postback for which a macro is filled."""
    if spec.available == frozenset(Postback):
        return "all"
    return ", ".join(kind for kind in Postback if kind in spec.available)
