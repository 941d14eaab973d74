"""The reference renderer's macros: the value of each, and how it is written in its place."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from macroengine.catalogue import Dialect, MacroSpec, Spelling
from macroengine.catalogue.folding import fold
from macroengine.catalogue.meanings import denied_fields, fields_called, is_denied
from macroengine.errors import MissingValueError, RenderError
from macroengine.event import Event
from macroengine.kinds import Encoding, Function, HashCase, Source, ValueType
from macroengine.language.nodes import Macro, Part
from macroengine.plan.segments import Default, Missing, MissingWord
from macroengine.policy import Policy
from macroengine.testing.reference_consent import is_withheld
from macroengine.testing.reference_nesting import PERCENT, STRING, WHOLE, Inside
from macroengine.testing.reference_text import UnsendableError, json_default, json_text, json_value, value_text

_HOST_LABEL = re.compile("[A-Za-z0-9-]{1,63}")
AnyMissing = Missing | Default | MissingWord
HASHES = {"sha1": hashlib.sha1, "md5": hashlib.md5, "sha256": hashlib.sha256}
_PERCENTS = ("percent", "percent2", "percent3")


@dataclass(frozen=True, slots=True)
class Rendering:
    """An event, and how it is to be rendered."""

    event: Event
    dialect: Dialect
    policy: Policy
    missing: AnyMissing | Mapping[str, AnyMissing]
    unknown: str
    nested: bool
    booleans: str
    hash_case: HashCase | None
    is_app: bool


# A macro


def macro_text(macro: Macro, part: Part, inside: Inside, rendering: Rendering) -> str:
    """Return what is sent in the place of a macro."""
    steps = inside.steps[macro.start]
    spec = spec_of(macro, rendering)
    if spec is None and rendering.unknown != "empty":
        return macro.text
    if macro.start in inside.glued:
        raise RenderError(f"{macro.text}: the text before it and the value would form an escape", macro.name)
    if not rendering.nested:
        steps = (PERCENT, *(step for step in steps if step != PERCENT))
    if spec is None:
        return "null" if steps[-1] == WHOLE else ""
    is_segment = macro.start in inside.in_path or (part is Part.PATH and inside.steps[macro.start] == (PERCENT,))
    writing = _Writing(macro, spec, steps, rendering, is_segment=is_segment)
    text = value_of(macro, spec, rendering)
    if part is Part.AUTHORITY and not rendering.is_app:
        return _host_label(text, macro)
    if text is None:
        return writing.instead()
    if is_segment and text in (".", ".."):
        # Receivers resolve them, even where the dots are encoded.
        raise RenderError(f"{macro.text}: {text!r} leads to another path", macro.name)
    if steps[-1] == WHOLE and macro.function not in _PERCENTS:
        is_typed = macro.function in (None, Function.NONE)
        text = json_value(found_in(macro, rendering)[1], text, spec.type) if is_typed else json_text(text)
    return writing.sent(text, checked=True)


def spec_of(macro: Macro, rendering: Rendering) -> MacroSpec | None:
    """Return the first row of the catalogue that the macro names; None where there is none, or none of the hash."""
    return next((spec for name in _names(macro) if (spec := _row(name, macro, rendering))), None)


def _names(macro: Macro) -> tuple[str, ...]:
    return macro.name, *macro.alternatives


def _row(name: str, macro: Macro, rendering: Rendering) -> MacroSpec | None:
    found = rendering.dialect.find(name)
    if found is None:
        return None
    spec, spelling = found
    # A parameter of the link is in no document, and so are its hashes.
    is_documented = spelling is Spelling.PARAMETER or macro.function is None or spec.names_with(macro.function)
    return spec if is_documented else None


def _host_label(text: str | None, macro: Macro) -> str:
    # Nothing but one whole label may stand in the host: no default, no dot, no port.
    if text is None:
        raise MissingValueError(f"{macro.text}: the host needs a value", macro.name)
    if not _HOST_LABEL.fullmatch(text):
        raise RenderError(f"{macro.text}: {text!r} is not a label of a host", macro.name)
    return text


@dataclass(frozen=True, slots=True)
class _Writing:
    """How a macro is written in its place."""

    macro: Macro
    spec: MacroSpec
    steps: tuple[str, ...]
    rendering: Rendering
    is_segment: bool

    def instead(self) -> str:
        """Return what is sent for a missing value."""
        missing = missing_of(self.spec, self.rendering)
        if missing is Missing.RAISE:
            raise MissingValueError(f"{self.macro.text}: value is missing", self.macro.name)
        if missing is Missing.KEEP:
            return self.macro.text
        is_whole = self.steps[-1] == WHOLE
        if missing is Missing.EMPTY:
            # What the platform documents, the macro before the dialect.
            documented = self.rendering.dialect.missing if self.spec.missing is None else self.spec.missing
            missing = Default(documented) if documented else missing
        # With DROP the pair is dropped already; outside the query there is none.
        if not isinstance(missing, Default):
            return "null" if is_whole else ""
        is_json = is_whole and self.macro.function not in _PERCENTS
        return self.sent(json_default(missing.text, self.spec.type) if is_json else missing.text, checked=False)

    def sent(self, text: str, *, checked: bool) -> str:
        """Return a text encoded once for the value itself, once for each URL around it, and escaped for each JSON.

        The innermost comes first, so that the innermost receiver reads the value. A value that is not encoded is
        `checked`, a default is not.
        """
        macro = self.macro
        try:
            if macro.function in _PERCENTS:
                for _ in range(_PERCENTS.index(macro.function) + 1):
                    text = quote(text, safe="")
                return text
            is_own = True
            for step in reversed(self.steps):
                if step == STRING:
                    text = json_text(text)[1:-1]
                elif step == PERCENT:
                    text = self._own(text, checked=checked) if is_own else quote(text, safe="")
                    is_own = False
        except UnicodeEncodeError:
            raise RenderError(f"{macro.text}: the value has half of a surrogate pair", macro.name) from None
        return text

    def _own(self, text: str, *, checked: bool) -> str:
        encoding = self.spec.encoding or self.rendering.dialect.encoding
        if self.macro.function == Function.NONE:
            encoding = Encoding.NONE
        match encoding:
            case Encoding.PERCENT:
                # RFC 3986: UTF-8, upper-case hex, unreserved characters kept, %20 for a space.
                return quote(text, safe="")
            case Encoding.COMPONENT:
                return quote(text, safe="!'()*")
            case Encoding.FORM:
                return quote_plus(text)
            case Encoding.JSON:
                text = json_text(text)[1:-1]
            case Encoding.BASE64 if checked:
                text = base64.b64encode(text.encode()).decode()
        allowed = "-._~!$'()*+,;=:@" + ("" if self.is_segment else "/?")
        rest = re.sub("%[0-9a-fA-F][0-9a-fA-F]", "", text)
        if checked and not all((char.isascii() and char.isalnum()) or char in allowed for char in rest):
            raise RenderError(f"{self.macro.text}: {text!r} would leave its place", self.macro.name)
        return text


def missing_of(spec: MacroSpec, rendering: Rendering) -> Missing | Default:
    """Return what is sent for a missing value."""
    given = rendering.missing
    if not isinstance(given, Mapping):
        return given if isinstance(given, Default) else Missing(given)
    # A macro goes by its own names first, then by its field, then by what others call that; among equals, by the last.
    names = sorted(given, key=lambda name: _nearness(name, spec, rendering.dialect))
    chosen = given[names[-1]] if names and _nearness(names[-1], spec, rendering.dialect) else Missing.EMPTY
    return chosen if isinstance(chosen, Default) else Missing(chosen)


def _nearness(name: str, spec: MacroSpec, dialect: Dialect) -> int:
    """Return how closely a name means a macro; 0 where it does not."""
    named = dialect.named(name)
    if named == spec or (dialect.open and fold(name) == fold(spec.name)):
        return 4
    if spec.name not in dialect.macros:
        return int(name == "*")
    if fold(name) == fold(spec.field):
        return 3
    own = named is not None or fold(name) in map(fold, dialect.fields)
    return 2 if not own and fold(spec.field) in fields_called(name) else int(name == "*")


# Its value


def found_in(macro: Macro, rendering: Rendering) -> tuple[MacroSpec | None, object]:
    """Return the first value that the event has for a macro, with its row; None where there is none."""
    for name in _names(macro):
        spec = _row(name, macro, rendering)
        raw = None if spec is None else _raw(spec, rendering)
        if raw is not None:
            return spec, raw
    return None, None


def _raw(spec: MacroSpec, rendering: Rendering) -> object:
    """Return the value in the event, None where it is absent or none of the network's business."""
    event, policy = rendering.event, rendering.policy
    if not event.attributed and not spec.send_all:
        return None
    if spec.source not in policy.sources or is_denied(spec, denied_fields(policy.deny, rendering.dialect)):
        return None
    if policy.consent and is_withheld(spec, event, rendering.dialect):
        return None
    # A value counts only where it comes from the documented source.
    return {Source.LINK: event.link, Source.SDK: event.sdk, Source.PLATFORM: event.platform}[spec.source].get(
        spec.field
    )


def value_of(macro: Macro, spec: MacroSpec, rendering: Rendering) -> str | None:
    """Return the text of a value after the function of the macro, written as a value of `spec` is."""
    found, raw = found_in(macro, rendering)
    if found is None:
        return None
    try:
        text = value_text(raw, spec.type, rendering.booleans)
        if macro.function in HASHES:
            case = rendering.hash_case or found.case
            return _hash(macro.function, text, case, is_uuid=spec.type is ValueType.UUID)
        return _changed(macro.function, text)
    except UnsendableError as error:
        raise RenderError(f"{macro.text}: {error}", macro.name) from None


def _changed(function: str | None, text: str) -> str:
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
    # The hash of no identifier, or of the one that all who opted out share, identifies nobody.
    if not identifier.strip("0-"):
        return None
    new = HASHES[function]
    # Some send the hash in place of the identifier.
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
