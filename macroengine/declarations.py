"""Declare the macros of a template as the Ad Context Protocol 3.2 does: one declaration per occurrence."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from macroengine.catalogue import Dialect, MacroSpec
from macroengine.errors import UnsupportedError
from macroengine.language.nodes import Literal, Part
from macroengine.plan.resolve import Resolution, Resolved
from macroengine.plan.segments import HASHES, Step
from macroengine.plan.steps import steps_of

_TABLE = Path(__file__).resolve().parent / "catalogue" / "adcp.toml"
_CONTEXTS = {Part.VALUE: "url_query_value", Part.PATH: "url_path_segment"}
_OPAQUE = "opaque"
_JSON = (Step.JSON_STRING, Step.JSON_VALUE)
# Steps that change the value, as opposed to encoding it.
_BEFORE = {*HASHES, Step.UPPER, Step.LOWER, Step.NFC, Step.LIST, Step.SEGMENT}
_UNENCODED = (Step.IN_PLACE, Step.IN_SEGMENT)
_NOT_ENCODED = {"kind": "none", "depth": 0}


def declarations(resolution: Resolution) -> list[dict[str, Any]]:
    """Return the declaration of each macro of a template, in source order.

    A macro is declared as preserved, without any promise about its value, if the catalogue does not have it or if the
    protocol cannot describe its place or encoding.

    >>> from macroengine import Policy, parse
    >>> from macroengine.plan.resolve import resolve
    >>> template = parse("https://n.example/?d={DEVICE_ID}", "adcp")
    >>> [declared] = declarations(resolve(template, template.dialect, Policy()))
    >>> declared["token"], declared["operation"], declared["encoding"]
    ('{DEVICE_ID}', 'resolve_value', {'kind': 'rfc3986', 'depth': 1})

    Raises:
        UnsupportedError: the protocol does not permit this macro in its place.
    """
    seen: Counter[str] = Counter()
    whole = _whole_values(resolution)
    declared = []
    for number, macro in enumerate(resolution.macros, 1):
        token = macro.node.text
        declared.append(
            {
                "declaration_id": f"macro-{number}",
                "token": token,
                **_declared(macro, resolution.dialect, seen[token], is_whole=macro.node.start in whole),
            }
        )
        seen[token] += 1
    return declared


def _declared(macro: Resolved, dialect: Dialect, occurrence: int, *, is_whole: bool) -> dict[str, Any]:
    spec, context = macro.spec, _CONTEXTS.get(macro.part, _OPAQUE)
    location = {"field": "url", "occurrence": occurrence, "context": context}
    if spec is None or macro.node.alternatives:
        unknown = {"dialect": "unknown", "dialect_semantic": macro.node.name, "mapping_status": "unresolved"}
        return {**unknown, **_preserved(location)}
    family = _family(dialect)
    name = family["dialect"]
    semantics = {**family, "dialect_semantic": _inside(macro, spec, dialect), "mapping_status": "dialect_defined"}
    if name == "adcp":
        semantics |= {"mapping_status": "verified_universal", "universal_semantic": spec.name}
    steps = steps_of(macro, spec, dialect)
    encoding = None if set(_JSON) & set(steps) or context == _OPAQUE else _encoding(steps, name)
    if name == "adcp" and spec.name in _table()["catalog"].split() and encoding != {"kind": "rfc3986", "depth": 1}:
        raise UnsupportedError(f"AdCP has {macro.node.text} only in a parameter or path of the URL, encoded once")
    if encoding is None or macro.node.argument is not None:
        return {**semantics, **_preserved({**location, "context": _OPAQUE})}
    unavailable = "dialect_sentinel" if name == "iab_vast" else "omit_parameter" if is_whole else "reject"
    return {
        **semantics,
        "operation": "resolve_value",
        "performed_by": _table()["performed_by"][name],
        "location": location,
        "encoding": encoding,
        "required": False,
        "unavailable_behavior": unavailable,
    }


def _preserved(location: Mapping[str, object]) -> dict[str, Any]:
    return {
        "operation": "preserve",
        "location": dict(location),
        "encoding": _NOT_ENCODED,
        "required": False,
        "unavailable_behavior": "preserve",
    }


def _encoding(steps: Sequence[Step], family: str) -> dict[str, Any] | None:
    """Return how a value is encoded, in the terms of the protocol, or None if it has no term for that."""
    encoders = [step for step in steps if step not in _BEFORE and step not in _UNENCODED]
    if not encoders:
        return _NOT_ENCODED
    if set(encoders) == {Step.PERCENT}:
        return {"kind": "rfc3986", "depth": len(encoders)}
    if encoders == [Step.COMPONENT] and family == "iab_vast":
        return {"kind": "iab_vast_uri", "depth": 1}
    return None


def _family(dialect: Dialect) -> dict[str, str]:
    found: dict[str, str] | None = _table()["family"].get(dialect.name)
    if found is not None:
        return found
    # The protocol asks which mapping was used: that is the catalogue, and its digest identifies the version.
    addresses = [match[0] for text in dialect.references.values() if (match := re.search(r"https?://[^\s,;()]+", text))]
    namespace = addresses[0] if addresses else f"urn:macroengine:dialect:{dialect.name}"
    digest = sha256(dialect.text.encode()).hexdigest()
    return {"dialect": "vendor", "dialect_namespace": namespace, "dialect_revision": f"sha256:{digest}"}


def _inside(macro: Resolved, spec: MacroSpec, dialect: Dialect) -> str:
    """Return the documented name of a macro, including the function written inside it."""
    opening, closing = dialect.syntax.delimiters
    function = macro.node.function
    name = spec.name if function is None else spec.names_with(function)[0]
    return dialect.syntax.write(name, function).removeprefix(opening).removesuffix(closing)


def _whole_values(resolution: Resolution) -> frozenset[int]:
    """Return the start positions of the macros that are the whole value of a parameter."""
    values = (pair.value for pair in resolution.template.query)
    return frozenset(value[0].start for value in values if len(value) == 1 and not isinstance(value[0], Literal))


@cache
def _table() -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - the reader of dialects also imports late

    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))
