"""What is promised of the encoder: the one in C is the one in Python, and both are `urllib.parse.quote`."""

from collections import ChainMap
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from macroengine import SPEEDUPS
from macroengine.encodings import percent
from tests.fuzz.inputs import Input

ENCODERS: list[Any] = [percent]
if SPEEDUPS:
    from macroengine import _speedups

    ENCODERS.append(_speedups)


def fuzz_encoder(made: Input) -> None:
    """The encoders in C and in Python, and `quote`, make the same text or error of any value."""
    value = made.value()
    if isinstance(value, str):
        value = type(value)(str.__str__(value) * made.choose([1, 1, 1, 50]))
        _, expected = _outcome(quote, str.__str__(value), "")
        for encoder in ENCODERS:
            assert _outcome(encoder.percent_encode, value)[1] == expected
    source = made.choose([dict, ChainMap])({"field": value})
    seen = [_all_that(encoder, value, source) for encoder in ENCODERS]
    assert seen == seen[:1] * len(ENCODERS)


def _all_that(encoder: Any, value: object, source: object) -> list[object]:
    """Return what an encoder makes of a value in every way that there is, and what it leaves to others."""
    left: list[object] = []
    key = (1, "field", left.append)
    results = [
        _outcome(encoder.percent_encode, value),
        _outcome(encoder.encode_value, value, left.append),
        _outcome(encoder.encode_value, value, len),
        _outcome(encoder.encode_field, ({}, source), key),
        _outcome(encoder.encode_field, (source, {}), key),
        _outcome(encoder.encode_field, (source,), key),
    ]
    assert all(one is value for one in left)
    return [*results, len(left)]


def _outcome(function: Callable[..., object], *arguments: object) -> tuple[type, object]:
    """Return what a call returns, or the error that it raises, with their types."""
    try:
        result = function(*arguments)
    except Exception as error:  # noqa: BLE001 - all must raise the same exception
        return type(error), error.args if isinstance(error, UnicodeEncodeError) else None
    return type(result), result
