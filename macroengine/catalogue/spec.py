"""A row of a catalogue."""

from dataclasses import dataclass

from macroengine.kinds import Consent, Encoding, Function, HashCase, Identifier, Postback, Source, ValueType
from macroengine.representation import brief


@dataclass(frozen=True, slots=True, repr=False)
class MacroSpec:
    """The documented facts about a macro. A row of the dialect's file has these keys."""

    name: str
    """The spelling in the current document."""
    field: str
    """The neutral name of the value, shared by all dialects. It is the key in an Event."""
    source: Source
    """The source of its value. The value is not looked up anywhere else."""
    send_all: bool = False
    """Whether it is also filled for events that are not attributed to the network."""
    available: frozenset[Postback] = frozenset(Postback)
    """The kinds of postback for which it is filled."""
    type: ValueType = ValueType.TEXT
    """How values that are not strings are written."""
    personal: bool = False
    """Whether it identifies a person or a device."""
    spellings: tuple[str, ...] = ()
    """Other spellings in the current document."""
    legacy: tuple[str, ...] = ()
    """Names in older documents."""
    family: str | None = None
    """The prefix of a family of names. Each such name is a macro; the rest of the name is part of its field."""
    functions: tuple[tuple[Function, tuple[str, ...]], ...] = ()
    """Its documented functions, each with the names that the macro then has; see `names_with`.

    In the dialect's file, each is a key of the row: `sha1 = ["idfa"]`.
    """
    case: HashCase = HashCase.AS_IS
    """The case in which it is hashed."""
    encoding: Encoding | None = None
    """How the platform encodes it; None: as the dialect says."""
    missing: str | None = None
    """What the platform sends if the value is missing; None: as the dialect says."""
    contexts: tuple[str, ...] = ()
    """The contexts of the dialect in which it is filled; empty if it is filled in all."""
    argument: str | None = None
    """What the argument of the macro means."""
    identifier: Identifier | None = None
    """The kind of identifier that it is, or is a hash of."""
    consent: Consent | None = None
    """How its value says whether the user shares identifiers; None if it does not say."""
    description: str = ""
    """A description of the value."""
    example: str = ""
    """A value as the platform sends it."""
    references: tuple[str, ...] = ()
    """Sources for the row: keys of the dialect's references."""
    inferred: tuple[str, ...] = ()
    """Keys of the row that are not documented."""
    note: str | None = None
    """Anything else, such as contradictions between documents."""

    def __repr__(self) -> str:
        return brief(self, MacroSpec("", "", Source.LINK), "name", "field", "source")

    @property
    def family_field(self) -> str | None:
        """The field of the family that its name belongs to, or None."""
        if self.family is None:
            return None
        return self.field.removesuffix(f"_{self.name.removeprefix(self.family)}")

    def names_with(self, function: str) -> tuple[str, ...]:
        """Return the names with which a function of the macro is documented; empty if it is not.

        >>> from macroengine import dialect
        >>> dialect("appsflyer").macros["IDFA"].names_with("sha1")
        ('idfa',)
        """
        return dict(self.functions).get(Function(function), ())
