"""The reference for values: where an event has the value of a macro, and its text after the macro's function."""

import base64
import hashlib
import re

from macroengine.catalogue import MacroSpec
from macroengine.catalogue.aliases import conversions
from macroengine.catalogue.meanings import denied_fields, is_denied
from macroengine.errors import RenderError
from macroengine.kinds import Function, HashCase, Source, ValueType
from macroengine.language.nodes import Macro
from macroengine.testing.reference_consent import is_withheld
from macroengine.testing.reference_rows import Rendering, names_of, row_named
from macroengine.testing.reference_text import UnsendableError, converted, value_text

HASHES = {"sha1": hashlib.sha1, "md5": hashlib.md5, "sha256": hashlib.sha256}


def first_value(macro: Macro, rendering: Rendering) -> tuple[MacroSpec | None, object]:
    """Return the first value that the event has for a macro, with its row; None if it has none."""
    for name in names_of(macro):
        spec = row_named(name, macro, rendering)
        raw = None if spec is None else _raw(spec, rendering)
        if raw is not None:
            return spec, raw
    return None, None


def _raw(spec: MacroSpec, rendering: Rendering) -> object:
    """Return the value in the event; None if it is absent, or the network may not have it."""
    event, policy = rendering.event, rendering.policy
    if not event.attributed and not spec.send_all:
        return None
    if spec.source not in policy.sources or is_denied(spec, denied_fields(policy.deny, rendering.dialect)):
        return None
    if policy.consent and is_withheld(spec, event, rendering.dialect):
        return None
    # A value only counts if it comes from the documented source.
    values = {Source.LINK: event.link, Source.SDK: event.sdk, Source.PLATFORM: event.platform}[spec.source]
    found = values.get(spec.field)
    if found is None and spec.field in conversions():
        other, times = conversions()[spec.field]
        return converted(values.get(other), times)
    return found


def value_of(macro: Macro, spec: MacroSpec, rendering: Rendering) -> str | None:
    """Return the text of a value after the function of the macro, written as a value of `spec` is."""
    found, raw = first_value(macro, rendering)
    if found is None:
        return None
    try:
        text = value_text(raw, spec.type, rendering.booleans)
        if macro.function in HASHES:
            case = rendering.hash_case or found.case
            return _hash(macro.function, text, case, is_uuid=spec.type is ValueType.UUID)
        return changed(macro.function, text)
    except UnsendableError as error:
        raise RenderError(f"{macro.text}: {error}", macro.name) from None


def changed(function: str | None, text: str) -> str:
    """Return a text after a function other than a hash."""
    match function:
        case Function.UPPER:
            return text.upper()
        case Function.LOWER:
            return text.lower()
        case Function.BASE64:
            try:
                return base64.b64encode(text.encode()).decode()
            except UnicodeEncodeError:
                raise UnsendableError("the value has half of a surrogate pair") from None
    return text


def _hash(function: str, identifier: str, case: HashCase, *, is_uuid: bool) -> str | None:
    # An empty identifier, or the zeros that all users who opted out share, identifies nobody, and neither does its
    # hash.
    if not identifier.strip("0-"):
        return None
    new = HASHES[function]
    # Some events contain the hash instead of the identifier.
    size = new(usedforsecurity=False).digest_size * 2
    if is_uuid and re.fullmatch(f"[0-9A-Fa-f]{{{size}}}", identifier):
        return identifier.lower()
    match case:
        case HashCase.UPPER:
            identifier = identifier.upper()
        case HashCase.LOWER:
            identifier = identifier.lower()
    try:
        return new(identifier.encode(), usedforsecurity=False).hexdigest()
    except UnicodeEncodeError:
        raise UnsendableError("the value has half of a surrogate pair") from None
