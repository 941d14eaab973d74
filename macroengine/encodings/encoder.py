"""The encoders, from the C extension if it could be built, otherwise in Python."""

import os
from typing import Any

from macroengine.encodings.percent import (
    component_encode,
    encode_field,
    encode_unsafe,
    encode_value,
    form_encode,
    needs_encoding,
    percent_encode,
)

SPEEDUPS = False
"""Whether the C extension is used."""
Program: Any = None
"""Renders one template, in C."""
FanOut: Any = None
"""Renders one event for many templates, in C."""

if not os.environ.get("MACROENGINE_PURE"):
    try:
        from macroengine._speedups import (
            FanOut,
            Program,
            component_encode,
            encode_field,
            encode_value,
            form_encode,
            percent_encode,
        )

        SPEEDUPS = True
    except ImportError:  # it was not built; Python is only slower
        pass

__all__ = [
    "ENCODERS",
    "SPEEDUPS",
    "FanOut",
    "Program",
    "component_encode",
    "deepen",
    "encode_field",
    "encode_value",
    "form_encode",
    "percent_encode",
]

ENCODERS: dict[str, Any] = {
    "encode_field": encode_field,
    "encode_value": encode_value,
    "encode_unsafe": encode_unsafe,
    "needs_encoding": needs_encoding,
}
"""The functions that generated code calls, by name."""


def deepen(encoded: str, layers: int) -> str:
    """Encode an encoded text `layers` more times, for a URL inside a URL.

    Only `%` still needs encoding, and encoding it adds no other such character, so a single replacement does all
    layers.

    >>> deepen("a%20b", 1)
    'a%2520b'
    """
    return encoded.replace("%", "%" + "25" * layers)
