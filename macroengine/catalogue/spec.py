"""One row of a catalogue."""

from dataclasses import dataclass

from macroengine.kinds import Consent, Encoding, Function, HashCase, Identifier, Postback, Source, ValueType


@dataclass(frozen=True, slots=True)
class MacroSpec:
    """What the documents say about one macro. A row of the dialect's file has these keys."""

    name: str
    """How the current document spells it."""
    field: str
    """The neutral name of the value, shared by all dialects; the key in an Event."""
    source: Source
    """Where its value comes from, the only place where it is looked for."""
    send_all: bool = False
    """Whether it is also filled for events that are not attributed to the network."""
    available: frozenset[Postback] = frozenset(Postback)
    """The kinds of postback for which it is filled."""
    type: ValueType = ValueType.TEXT
    """How values that are not text are written."""
    personal: bool = False
    """Whether it identifies a person or a device."""
    spellings: tuple[str, ...] = ()
    """Other spellings that the current document uses."""
    legacy: tuple[str, ...] = ()
    """Names that older documents use."""
    family: str | None = None
    """The beginning of names that are all such macros; each reads a field of its own, with the rest of its name."""
    functions: tuple[tuple[Function, tuple[str, ...]], ...] = ()
    """The functions of it that are documented, each with the names that the macro then has. `names_with` looks one up.

    In the dialect's file, each is a key of the row: `sha1 = ["idfa"]`.
    """
    case: HashCase = HashCase.AS_IS
    """The case in which it is hashed."""
    encoding: Encoding | None = None
    """How the platform encodes it; None: as the dialect says."""
    missing: str | None = None
    """What the platform sends where the value is missing; None: as the dialect says."""
    contexts: tuple[str, ...] = ()
    """The contexts of the dialect in which it is filled; none are named where it is filled in all."""
    argument: str | None = None
    """What the argument of the macro means."""
    identifier: Identifier | None = None
    """What kind of identifier it is; hashes count, too."""
    consent: Consent | None = None
    """How the value says whether the user shares identifiers; None where it says nothing of this."""
    description: str = ""
    """What the value is."""
    example: str = ""
    """A value as the platform sends it."""
    references: tuple[str, ...] = ()
    """Where the row can be checked: keys of the dialect's references."""
    inferred: tuple[str, ...] = ()
    """Keys of the row that no document states."""
    note: str | None = None
    """Anything else, such as where documents contradict each other."""

    @property
    def family_field(self) -> str | None:
        """The field of the family of names that it is one of, None where it is of none."""
        if self.family is None:
            return None
        return self.field.removesuffix(f"_{self.name.removeprefix(self.family)}")

    def names_with(self, function: str) -> tuple[str, ...]:
        """Return the names under which a function of the macro is documented; none where it is not.

        >>> from macroengine import dialect
        >>> dialect("appsflyer").macros["IDFA"].names_with("sha1")
        ('idfa',)
        """
        return dict(self.functions).get(Function(function), ())
