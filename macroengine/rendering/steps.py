"""Compose the steps of a planned value into a function."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import groupby, repeat
from unicodedata import normalize

from macroengine.encodings.encoder import component_encode, deepen, form_encode, percent_encode
from macroengine.encodings.hashing import hash_identifier
from macroengine.kinds import HashCase, ValueType
from macroengine.plan.segments import HASHES, Default, Step, Value
from macroengine.rendering.json import json_default, json_string, quoted
from macroengine.rendering.values import UnsendableError

TextStep = Callable[[str], str | None]
"""Returns the text after a step; None if there is nothing to hash."""

# RFC 9110 section 5.5, without non-ASCII bytes.
_is_header = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?").fullmatch
# RFC 1123 section 2.1; a longer label is not a host name (RFC 1035 section 2.3.4).
_is_host_label = re.compile("[A-Za-z0-9-]{1,63}").fullmatch
# The characters that RFC 3986 permits in a query value, except those that separate values.
_stays_in_place = re.compile(r"(?:[A-Za-z0-9._~!$'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*").fullmatch
# `.` and `..` as browsers read them (WHATWG URL, section 4.1).
_is_escaped_dots = re.compile(r"(?:\.|%2[Ee]){1,2}").fullmatch
_LEAVES = "cannot send text without encoding that would leave its place in the URL,"
_ENCODERS = {Step.PERCENT: percent_encode, Step.COMPONENT: component_encode, Step.FORM: form_encode}


def text_steps(steps: Iterable[Step], kind: ValueType, case: HashCase) -> TextStep:
    """Return a function that applies all steps to a value of type `kind`, whose identifier is hashed in `case`.

    It raises UnsendableError if a text cannot be sent, and UnicodeEncodeError for a lone surrogate.
    """
    steps = list(steps)
    functions = list(_functions(steps, kind, case))
    # Encoders and hashes make bytes of the text themselves.
    if not any(step in _ENCODERS or step in HASHES for step in steps):
        functions.append(_with_bytes)
    return functions[0] if len(functions) == 1 else partial(_all, functions)


def default_text(value: Value) -> str:
    """Return the text for a missing value: the text itself, or a Default after the steps.

    A Default is neither hashed nor checked like a value of the event.
    """
    if not isinstance(value.missing, Default):
        return str(value.missing)
    text = value.missing.text
    steps = [step for step in value.steps if step in _ENCODERS or step in _ON_DEFAULTS]
    if Step.JSON_VALUE in value.steps:
        text = json_default(text, value.type)
    return text_steps(steps, value.type, HashCase.AS_IS)(text) or ""


def _functions(steps: Iterable[Step], kind: ValueType, case: HashCase) -> Iterator[TextStep]:
    is_hex = False
    for step, repeated in groupby(steps):
        times = len(list(repeated))
        if step in HASHES:
            is_hex = True
            yield partial(hash_identifier, step.value, case, kind is ValueType.UUID)
        elif step in _ENCODERS:
            if not is_hex:  # hex digits never need encoding
                yield _ENCODERS[step] if times == 1 else partial(_encoded, times - 1)
        else:
            is_hex = False
            yield from repeat(_OTHERS[step], times)


def _all(functions: Iterable[TextStep], text: str) -> str | None:
    for function in functions:
        done = function(text)
        if done is None:
            return None
        text = done
    return text


def _with_bytes(text: str) -> str:
    if not text.isascii():
        text.encode()
    return text


def _encoded(layers: int, text: str) -> str:
    # Only percent-encoding is repeated. After the first time, it changes nothing but `%`.
    return deepen(percent_encode(text), layers)


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _segment(text: str) -> str:
    # Encoding does not help: `%2E%2E` also leads to the parent folder (WHATWG URL, section 4.1).
    if text in (".", ".."):
        raise UnsendableError(f"cannot send {text!r}, which leads to another path,")
    return text


def _in_place(text: str) -> str:
    if _stays_in_place(text):
        return text
    raise UnsendableError(_LEAVES)


def _without(contains: Callable[[str], object], text: str) -> str:
    if contains(text):
        raise UnsendableError(_LEAVES)
    return text


def _in_segment(text: str) -> str:
    if "/" in text or "?" in text:
        raise UnsendableError("cannot send text without encoding that would leave its place in the path,")
    if _is_escaped_dots(text):
        raise UnsendableError(f"cannot send {text!r}, which leads to another path,")
    return _in_place(text)


def _host_label(text: str) -> str:
    if _is_host_label(text):
        return text
    raise UnsendableError("cannot send text that is not a label of a host,")


def _header(text: str) -> str:
    # Don't show the text: a header may contain a secret.
    if _is_header(text):
        return text
    raise UnsendableError("cannot send text in a header that is not visible ASCII with spaces inside")


_ON_DEFAULTS = (Step.NFC, Step.JSON_STRING, Step.JSON_NAME, Step.HEADER)
_OTHERS: dict[Step, TextStep] = {
    Step.UPPER: str.upper,
    Step.LOWER: str.lower,
    Step.BASE64: _base64,
    Step.NFC: partial(normalize, "NFC"),
    Step.JSON_STRING: json_string,
    Step.JSON_VALUE: quoted,
    Step.JSON_NAME: quoted,
    Step.HEADER: _header,
    Step.SEGMENT: _segment,
    Step.IN_PLACE: _in_place,
    Step.IN_SEGMENT: _in_segment,
    Step.NO_SEMICOLON: partial(_without, re.compile(";").search),
    Step.NO_PAIR: partial(_without, re.compile(";[^/:;?#&=]+=").search),
    Step.NO_EQUALS: partial(_without, re.compile("=").search),
    Step.HOST_LABEL: _host_label,
}
