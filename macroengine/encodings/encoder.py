"""From text to the text that a URL may hold: the encoder in C where it could be built, or else the one in Python."""

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
"""Whether the code in C is in use."""
Program: Any = None
"""What renders one template, in C."""
FanOut: Any = None
"""What renders one event for many templates, in C."""

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
    except ImportError:  # it could not be built, and nothing but time is lost
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
"""What generated functions call, by name."""


def deepen(encoded: str, layers: int) -> str:
    """Encode an encoded text `layers` times more, for a URL inside a URL.

    Only `%` is left to encode, and it stays the only one, so that one replacement does for all layers.

    >>> deepen("a%20b", 1)
    'a%2520b'
    """
    return encoded.replace("%", "%" + "25" * layers)
