"""Undo the steps of a value, and note texts that the steps cannot have produced."""

import json
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from typing import NamedTuple
from unicodedata import is_normalized
from urllib.parse import unquote_to_bytes

from macroengine.kinds import ValueType
from macroengine.matching.faults import AMBIGUOUS, BAD_ENCODING, NOT_ENCODED, WRONG_CASE, WRONG_VALUE, Fault
from macroengine.plan.segments import HASHES, Step, Value

# Characters that all encoders leave unchanged, and escapes.
_stray = re.compile(r"(?:[A-Za-z0-9._~!'()*-]|%[0-9A-Fa-f]{2})*").match
_lower_escape = re.compile("%(?:[a-f][0-9A-Fa-f]|[0-9A-F][a-f])").search
_LAYERS = frozenset([Step.PERCENT, Step.COMPONENT, Step.FORM])
_DIGITS = {Step.MD5: 32, Step.SHA1: 40, Step.SHA256: 64}
_is_hex = re.compile("[0-9A-Fa-f]*").fullmatch


class Note(NamedTuple):
    """A problem with how a value is written, without its macro and place."""

    fault: Fault
    message: str
    hint: str | None = None


class Decoded(NamedTuple):
    """The text of a value, and the notes about it."""

    text: str | None
    """None if the value is missing."""
    notes: tuple[Note, ...]


def decode(value: Value, raw: str) -> Decoded:
    """Return the text from which the steps produced `raw`. Hashes and changes of case cannot be undone and are kept.

    The text of a list contains all its commas: those between elements, and those inside them.
    """
    decoder = _Decoder(value)
    texts = [decoder.text(element) for element in (raw.split(",") if is_list(value) else [raw])]
    known = [text for text in texts if text is not None]
    return Decoded(",".join(known) if len(known) == len(texts) else None, tuple(dict.fromkeys(decoder.notes)))


def is_list(value: Value) -> bool:
    """Say whether the elements of a value are sent one by one, separated by commas."""
    return value.steps[:1] == (Step.LIST,)


def unquote(text: str) -> str:
    """Return a text percent-decoded once; bytes that are not UTF-8 become U+FFFD.

    >>> unquote("a%20b"), unquote("%zz+")
    ('a b', '%zz+')
    """
    return _bytes(text).decode("utf-8", "replace") if "%" in text else text


def layers(text: str, most: int = 5) -> Iterator[str]:
    """Yield a text unchanged, decoded once, and so on, as long as decoding changes it.

    >>> list(layers("a%2520b"))
    ['a%2520b', 'a%20b', 'a b']
    """
    for _ in range(most):
        yield text
        decoded = unquote(text)
        if decoded == text:
            return
        text = decoded


def _bytes(text: str) -> bytes:
    return unquote_to_bytes(text.encode("utf-8", "surrogatepass"))


class _Decoder:
    def __init__(self, value: Value) -> None:
        self._value = value
        self.notes: list[Note] = []

    def text(self, raw: str) -> str | None:
        text: str | None = raw
        for step in reversed(self._value.steps):
            if text is None:
                break
            text = self._before(step, text)
        return text

    def _before(self, step: Step, text: str) -> str | None:
        if step in _LAYERS:
            return self._unquoted(text, plus=step is Step.FORM)
        match step:
            case Step.BASE64:
                return self._from_base64(text)
            case Step.JSON_STRING:
                return self._from_string(text)
            case Step.JSON_VALUE:
                return self._from_json(text)
        if step in HASHES:
            self._check_hash(step, text)
        elif step is Step.NFC and not is_normalized("NFC", text):
            self._note(WRONG_VALUE, "is not in Unicode's form NFC", "bring it to that form before it is encoded")
        return text

    def _note(self, fault: Fault, message: str, hint: str | None = None) -> None:
        self.notes.append(Note(fault, message, hint))

    def _unquoted(self, text: str, *, plus: bool) -> str:
        match = _stray(text.replace("+", "-") if plus else text)
        stray = match.end() if match else 0
        if stray < len(text):
            self._note(NOT_ENCODED, *_said_of(text, stray))
        if _lower_escape(text):
            self._note(WRONG_CASE, "has percent escapes in lower case", "write their hex digits in upper case")
        text = text.replace("+", " ") if plus else text
        try:
            return _bytes(text).decode() if "%" in text else text
        except UnicodeDecodeError:
            self._note(BAD_ENCODING, "has bytes that are not UTF-8", "encode its text as UTF-8")
            return unquote(text)

    def _from_base64(self, text: str) -> str | None:
        standard = text.replace("-", "+").replace("_", "/").rstrip("=")
        try:
            content = b64decode(standard + "=" * (-len(standard) % 4), validate=True)
        except (Base64Error, ValueError):
            self._note(WRONG_VALUE, "is not Base64")
            return None
        try:
            return content.decode()
        except UnicodeDecodeError:
            self._note(BAD_ENCODING, "is Base64 of bytes that are not UTF-8", "encode its text as UTF-8")
            return content.decode("utf-8", "replace")

    def _from_string(self, text: str) -> str:
        try:
            read: str = json.loads(f'"{text}"', strict=False)
        except (ValueError, RecursionError):
            self._note(NOT_ENCODED, "is not escaped for the JSON string around it", 'write " as \\"')
            return text
        return read

    def _from_json(self, text: str) -> str | None:
        if text == "null":
            return None
        if not text.startswith('"'):
            return text
        try:
            read: str = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            self._note(NOT_ENCODED, "is not a JSON string")
            return text
        if self._value.type is ValueType.JSON:
            self._note(AMBIGUOUS, "is a JSON string, which may be the value or written around it")
        return read

    def _check_hash(self, step: Step, text: str) -> None:
        if text and (len(text) != _DIGITS[step] or not _is_hex(text)):
            what = f"{step.upper()} has {_DIGITS[step]} hex digits"
            self._note(WRONG_VALUE, f"is not a hash: {what}", "send the hash of the identifier in hex digits")
        elif text != text.lower():
            self._note(WRONG_CASE, "is a hash in upper-case hex digits", "write its hex digits in lower case")


def _said_of(text: str, at: int) -> tuple[str, str]:
    """Return the message for a character that no encoder leaves unchanged."""
    char = text[at]
    if char == "+":
        return "has '+', which is a plus here and often meant for a space", "write a space as %20, and a plus as %2B"
    if char == "%":
        return f"has {text[at : at + 3]!r}, which is not an escape", "write a percent sign as %25"
    if "\ud800" <= char <= "\udfff":
        return f"has {char!r}, which is not a character", "encode its text as UTF-8"
    written = "".join(f"%{byte:02X}" for byte in char.encode())
    return f"has {char!r}", f"encode {char!r} as {written}"
