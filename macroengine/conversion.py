"""From a value of an event to the text that is sent for it, in the cases that the encoder alone does not settle."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from macroengine.encoding import deepen, percent_encode
from macroengine.errors import MissingValueError, RenderError
from macroengine.hashing import hasher
from macroengine.kinds import ValueType
from macroengine.plan import Missing, Value
from macroengine.values import UnsendableError, value_text

# RFC 1123 section 2.1; a longer label is no host name (RFC 1035 section 2.3.4).
_is_host_label = re.compile("[A-Za-z0-9-]{1,63}").fullmatch


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is done with one value of a plan."""

    value: Value
    _encode: Callable[[str], str | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_encode", _encoder(self.value))

    def convert(self, raw: object) -> str | None:
        """Return the encoded text of `raw`, or what stands for it when it is missing; None where a parameter goes.

        Raises:
            RenderError: there is no text for this value.
            MissingValueError: it is missing, and must not be.
        """
        if raw is not None:
            try:
                text = raw if type(raw) is str else value_text(raw, self.value.type, self.value.booleans)
                encoded = self._encode(text)
            except UnicodeEncodeError:
                raise self._error("cannot send text with a lone surrogate") from None
            except UnsendableError as error:
                raise self._error(str(error)) from None
            if encoded is not None:
                return encoded
        return self._missing()

    def _missing(self) -> str | None:
        value = self.value
        if value.missing is Missing.RAISE:
            raise MissingValueError(
                f"value of macro {value.macro!r} is missing: no {value.field!r} in {value.source}", value.macro
            )
        return None if value.missing is Missing.DROP else value.missing

    def _error(self, message: str) -> RenderError:
        return RenderError(f"{message} for macro {self.value.macro!r}", self.value.macro)


def _encoder(value: Value) -> Callable[[str], str | None]:
    """Return what encodes the text of a value, as deep as it stands; None where there is nothing to hash."""
    if value.sha1 is not None:
        # Hex digits need no encoding, however deep.
        return hasher(value.sha1, uuid=value.type is ValueType.UUID)
    if value.in_path:
        return lambda text: percent_encode(_in_path(text))
    match value.depth:
        case 0:
            return _host_label
        case 1:
            return percent_encode
        case depth:
            return lambda text: deepen(percent_encode(text), depth - 1)


def _in_path(text: str) -> str:
    # Encoding does not help: `%2E%2E` is a way up as well (WHATWG URL, section 4.1).
    if text in (".", ".."):
        raise UnsendableError(f"cannot send {text!r}, which leads to another path,")
    return text


def _host_label(text: str) -> str:
    if _is_host_label(text):
        return text
    raise UnsendableError(f"cannot send {text[:80]!r}, which is no label of a host,")
