"""From a value of an event to the text that is sent for it, in the cases that the encoder alone does not settle."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from macroengine.encodings.encoder import percent_encode
from macroengine.encodings.hashing import hash_identifier
from macroengine.encodings.percent import Convert
from macroengine.errors import MissingValueError, RenderError
from macroengine.kinds import ValueType
from macroengine.plan.escaping import escaped, json_value
from macroengine.plan.nesting import Escape
from macroengine.plan.planner import Missing, Value
from macroengine.rendering.values import UnsendableError, value_text

# RFC 1123 section 2.1; a longer label is no host name (RFC 1035 section 2.3.4).
_is_host_label = re.compile("[A-Za-z0-9-]{1,63}").fullmatch


# Looked up once: in Python 3.11 that takes long.
_UUID: Final = ValueType.UUID
_RAISE: Final = Missing.RAISE
_DROP: Final = Missing.DROP
_WHOLE: Final = (Escape.VALUE,)


def converter(value: Value) -> Convert:
    """Return what converts the values that an event may have for `value`."""
    return Conversion(value, _encoder(value)).convert


@dataclass(slots=True, eq=False)
class Conversion:
    """What is done with one value of a plan."""

    value: Value
    encode: Callable[[str], str | None] = field(repr=False)
    """Encodes or hashes a text; None where there is nothing to hash."""

    def convert(self, raw: object) -> str | None:
        """Return the encoded text of `raw`, or what stands for it when it is missing; None where a parameter goes.

        Raises:
            RenderError: there is no text for this value.
            MissingValueError: it is missing, and must not be.
        """
        value = self.value
        if raw is not None:
            fault = None
            try:
                text = raw if raw.__class__ is str else value_text(raw, value.type, value.booleans)
                if value.escapes and value.sha1 is None and value.escapes[:1] == _WHOLE:
                    text = json_value(raw, text, value.type)
                encoded = self.encode(text)
            except UnicodeEncodeError:
                fault = "cannot send text with a lone surrogate"
            except UnsendableError as error:
                fault = str(error)
            except Exception as error:  # noqa: BLE001 - values may be of any class, and do what they like
                fault = f"cannot send a value of type {type(raw).__name__}, which raises {type(error).__name__},"
            if fault is not None:
                # Raised here, where no other error is handled: that one would hold the value, and be kept with ours.
                raise RenderError(f"{fault} for macro {value.macro!r}", value.macro)
            if encoded is not None:
                return encoded
        if value.missing is _RAISE:
            raise MissingValueError(
                f"value of macro {value.macro!r} is missing: no {value.field!r} in {value.source}", value.macro
            )
        return None if value.missing is _DROP else value.missing


def _encoder(value: Value) -> Callable[[str], str | None]:
    if value.sha1 is not None:
        hashed = partial(hash_identifier, value.sha1, value.type is _UUID)
        # Hex digits need no encoding, however deep; the quotes of JSON do.
        return partial(_quoted_hash, hashed, value) if value.escapes[:1] == _WHOLE else hashed
    if value.depth == 0:
        return _host_label
    if value.in_path:
        return partial(_in_path, value)
    return percent_encode if value.is_plain else partial(_nested, value)


def _nested(value: Value, text: str) -> str:
    return escaped(text, value.escapes, value.depth)


def _quoted_hash(hashed: Callable[[str], str | None], value: Value, text: str) -> str | None:
    digits = hashed(text)
    return None if digits is None else _nested(value, f'"{digits}"')


def _in_path(value: Value, text: str) -> str:
    # Encoding does not help: `%2E%2E` is a way up as well (WHATWG URL, section 4.1).
    if text in (".", ".."):
        raise UnsendableError(f"cannot send {text!r}, which leads to another path,")
    return _nested(value, text)


def _host_label(text: str) -> str:
    if _is_host_label(text):
        return text
    raise UnsendableError(f"cannot send {text[:80]!r}, which is no label of a host,")
