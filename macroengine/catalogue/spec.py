"""One row of a catalogue."""

from dataclasses import dataclass

from macroengine.kinds import HashCase, Postback, Source, ValueType


@dataclass(frozen=True, slots=True)
class MacroSpec:
    """What the documents say about one macro. A row of the dialect's file has these keys."""

    name: str
    field: str
    """The neutral name of the value, shared by all dialects; the key in an Event."""
    source: Source
    send_all: bool = False
    """Whether it is also filled for events that are not attributed to the network."""
    available: frozenset[Postback] = frozenset(Postback)
    type: ValueType = ValueType.TEXT
    personal: bool = False
    """Whether it identifies a person or a device."""
    spellings: tuple[str, ...] = ()
    """Other spellings that the current document uses."""
    legacy: tuple[str, ...] = ()
    """Names that older documents use."""
    sha1: tuple[str, ...] = ()
    """The names under which a SHA-1 of it is documented."""
    case: HashCase = HashCase.AS_IS
    """The case in which it is hashed."""
    description: str = ""
    example: str = ""
    references: tuple[str, ...] = ()
    """Where the row can be checked: keys of the dialect's references."""
    inferred: tuple[str, ...] = ()
    """Keys of the row that no document states."""
    note: str | None = None
