"""The catalogue's facts about a macro, in words for people."""

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.kinds import HASHES, Postback


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


def yes_no(answer: bool) -> str:
    """Return "yes" or "no"."""
    return "yes" if answer else "no"


def availability(spec: MacroSpec) -> str:
    """Return the kinds of postback for which a macro is filled."""
    if spec.available == frozenset(Postback):
        return "all"
    return ", ".join(kind for kind in Postback if kind in spec.available)
