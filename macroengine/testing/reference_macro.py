"""The reference for a macro: how its value, or the text instead of one, is written in its place."""

import base64
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from macroengine.catalogue import MacroSpec
from macroengine.errors import MissingValueError, RenderError
from macroengine.kinds import Encoding, Function, ValueType
from macroengine.language.nodes import Macro, Part
from macroengine.plan.segments import Default, Missing
from macroengine.testing.reference_nesting import PERCENT, STRING, WHOLE, Inside
from macroengine.testing.reference_rows import Rendering, sent_row, when_missing
from macroengine.testing.reference_text import elements, json_default, json_text, json_value
from macroengine.testing.reference_value import changed, first_value, value_of

_HOST_LABEL = re.compile("[A-Za-z0-9-]{1,63}")
_PERCENTS = ("percent", "percent2", "percent3")


def macro_text(macro: Macro, part: Part, inside: Inside, rendering: Rendering, forbidden: list[str]) -> str:
    """Return what is sent in the place of a macro, where an unencoded value must not contain these patterns."""
    steps = inside.steps[macro.start]
    spec = sent_row(macro, rendering)
    if spec is None and rendering.unknown != "empty":
        return macro.text
    if macro.start in inside.glued:
        raise RenderError(f"{macro.text}: the text before it and the value would form an escape", macro.name)
    if not rendering.nested:
        steps = (PERCENT, *(step for step in steps if step != PERCENT))
    if spec is None:
        return "null" if steps[-1] == WHOLE else ""
    is_segment = macro.start in inside.in_path or (part is Part.PATH and inside.steps[macro.start] == (PERCENT,))
    writing = _Writing(macro, spec, steps, rendering, forbidden)
    text = value_of(macro, spec, rendering)
    if part is Part.AUTHORITY and not rendering.is_app:
        return _host_label(text, macro)
    if text is None:
        return writing.instead()
    parts = elements(first_value(macro, rendering)[1], rendering.booleans) if spec.type is ValueType.LIST else [text]
    if is_segment and (text in (".", "..") or (steps[-1] != WHOLE and any(part in (".", "..") for part in parts))):
        # Receivers resolve dot segments, even encoded ones.
        raise RenderError(f"{macro.text}: {text!r} leads to another path", macro.name)
    if steps[-1] == WHOLE and macro.function not in _PERCENTS:
        is_typed = macro.function in (None, Function.NONE)
        text = json_value(first_value(macro, rendering)[1], text, spec.type) if is_typed else json_text(text)
    elif spec.type is ValueType.LIST:
        # Encode each element, and join them with a plain comma.
        return ",".join(writing.sent(changed(macro.function, part), checked=True) for part in parts)
    return writing.sent(text, checked=True)


def _host_label(text: str | None, macro: Macro) -> str:
    # In the host only a whole label is allowed: no default, no dot, no port.
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
    forbidden: list[str]
    """Patterns that an unencoded value must not contain here, though it may elsewhere."""

    def instead(self) -> str:
        """Return the text for a missing value."""
        missing = when_missing(self.spec, self.rendering)
        if missing is Missing.RAISE:
            raise MissingValueError(f"{self.macro.text}: value is missing", self.macro.name)
        if missing is Missing.KEEP:
            return self.macro.text
        is_whole = self.steps[-1] == WHOLE
        if missing is Missing.EMPTY:
            # The documented text; that of the macro overrides that of the dialect.
            documented = self.rendering.dialect.missing if self.spec.missing is None else self.spec.missing
            missing = Default(documented) if documented else missing
        # With DROP the pair has been dropped already. Outside a query there is none.
        if not isinstance(missing, Default):
            return "null" if is_whole else ""
        is_json = is_whole and self.macro.function not in _PERCENTS
        return self.sent(json_default(missing.text, self.spec.type) if is_json else missing.text, checked=False)

    def sent(self, text: str, *, checked: bool) -> str:
        """Return a text encoded once for the value, once for each enclosing URL, and escaped for each enclosing JSON.

        Innermost first, so that the innermost receiver reads the value. With `checked`, a value that is sent unencoded
        is checked; a default is not.
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
            case Encoding.NFC:
                return quote(unicodedata.normalize("NFC", text), safe="")
            case Encoding.PERCENT:
                # RFC 3986: UTF-8, upper-case hex, unreserved characters unchanged, %20 for a space.
                return quote(text, safe="")
            case Encoding.COMPONENT:
                return quote(text, safe="!'()*")
            case Encoding.FORM:
                return quote_plus(text)
            case Encoding.JSON:
                text = json_text(text)[1:-1]
            case Encoding.BASE64 if checked:
                text = base64.b64encode(text.encode()).decode()
        if checked:
            self._check_place(text)
        return text

    def _check_place(self, text: str) -> None:
        allowed = "-._~!$'()*+,;=:@/?"
        rest = re.sub("%[0-9a-fA-F][0-9a-fA-F]", "", text)
        if any(re.search(pattern, text) for pattern in self.forbidden):
            raise RenderError(f"{self.macro.text}: {text!r} would be read as more than a value", self.macro.name)
        if not all((char.isascii() and char.isalnum()) or char in allowed for char in rest):
            raise RenderError(f"{self.macro.text}: {text!r} would leave its place", self.macro.name)
