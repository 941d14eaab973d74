"""From a value of an event to the text that is sent for it, in the cases that the encoder alone does not settle."""

import re
from dataclasses import dataclass

from macroengine.encoding import deepen, percent_encode
from macroengine.errors import MissingValueError, RenderError
from macroengine.hashing import hash_identifier
from macroengine.kinds import ValueType
from macroengine.plan import Missing, Value
from macroengine.values import UnsendableError, value_text

# RFC 1123 section 2.1; a longer label is no host name (RFC 1035 section 2.3.4).
_is_host_label = re.compile("[A-Za-z0-9-]{1,63}").fullmatch


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is done with one value of a plan."""

    value: Value

    def __call__(self, raw: object) -> str | None:
        """Return the encoded text of `raw`, or what stands for it when it is missing; None where a parameter goes.

        Raises:
            RenderError: there is no text for this value.
            MissingValueError: it is missing, and must not be.
        """
        value = self.value
        text = None if raw is None else self._text(raw)
        if text is not None:
            return text
        if value.missing is Missing.RAISE:
            raise MissingValueError(
                f"value of macro {value.macro!r} is missing: no {value.field!r} in {value.source}", value.macro
            )
        return None if value.missing is Missing.DROP else value.missing

    def _text(self, raw: object) -> str | None:
        value = self.value
        try:
            text = value_text(raw, value.type, value.booleans)
            if value.sha1 is not None:
                hashed = hash_identifier(text, value.sha1, uuid=value.type is ValueType.UUID)
                if hashed is None:
                    return None
                text = hashed
            if value.depth == 0:
                return _host_label(text)
            return deepen(percent_encode(_in_path(text) if value.in_path else text), value.depth - 1)
        except UnicodeEncodeError:
            message = "cannot send text with a lone surrogate"
        except UnsendableError as error:
            message = str(error)
        raise RenderError(f"{message} for macro {value.macro!r}", value.macro)


def _in_path(text: str) -> str:
    # Encoding does not help: `%2E%2E` is a way up as well (WHATWG URL, section 4.1).
    if text in (".", ".."):
        raise UnsendableError(f"cannot send {text!r}, which leads to another path,")
    return text


def _host_label(text: str) -> str:
    if _is_host_label(text):
        return text
    raise UnsendableError(f"cannot send {text[:80]!r}, which is no label of a host,")
