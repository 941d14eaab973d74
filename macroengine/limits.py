"""How large inputs and outputs may be before the library rejects them."""

from dataclasses import dataclass, fields

from macroengine.arguments import check_whole


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds, all inclusive and at least 1.

    >>> Limits(template=2_000).template
    2000
    """

    template: int = 16_384
    """Length of a template, in code points."""
    macros: int = 512
    """Macros in a template, including repeats."""
    nesting: int = 8
    """URLs nested around a macro; each one encodes the value once more."""
    url: int = 65_536
    """Length of a rendered URL, in bytes of UTF-8."""
    body: int = 1_048_576
    """Length of a rendered body, in bytes of UTF-8."""
    header: int = 8_192
    """Length of a rendered header value, in characters."""
    depth: int = 64
    """Nesting depth of objects and arrays in a JSON body."""
    catalogue: int = 1_048_576
    """Size of a catalogue file, in bytes."""

    def __post_init__(self) -> None:
        for limit in fields(self):
            given = getattr(self, limit.name)
            check_whole(limit.name, given)
            if given < 1:
                raise ValueError(f"{limit.name} must be 1 or more, not {given}")
