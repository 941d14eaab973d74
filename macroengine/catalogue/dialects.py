"""A dialect: the syntax and the documented macros of one platform."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

from macroengine.arguments import check_type, check_whole
from macroengine.caching import short_cache
from macroengine.catalogue.folding import fold
from macroengine.catalogue.reader import read_dialect, read_text
from macroengine.catalogue.spec import MacroSpec
from macroengine.diagnostics import printable
from macroengine.errors import CatalogueError
from macroengine.kinds import Encoding, Source
from macroengine.language.syntax import Syntax
from macroengine.limits import Limits
from macroengine.suggest import did_you_mean, edit_distance, ranked


class Spelling(Enum):
    """How a name was found."""

    DOCUMENTED = "documented"
    LEGACY = "legacy"
    """A name from an older document, for a macro that has a newer name."""
    FOLDED = "folded"
    """An undocumented spelling that differs in case, `-` or `_`."""
    PARAMETER = "parameter"
    """A name without a row in an open dialect: a parameter of the tracking link."""


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Dialect:
    """The syntax and the macros of one platform. `macros` is keyed by the documented name.

    `dialect(name)` returns a built-in one, and `Dialect.from_toml(path)` reads a custom one. Dialects cannot be created
    or changed in any other way, since their content is checked as a whole.
    """

    name: str
    """Its name in calls and files, such as `"appsflyer"`."""
    title: str
    """Its name for people."""
    cli_name: str
    """What `--dialect` of the command line takes for it: its name, or the path of your own file."""
    syntax: Syntax
    """How its macros are written."""
    macros: Mapping[str, MacroSpec]
    """Its macros, by the documented name."""
    references: Mapping[str, str]
    """The documents that its rows refer to, by a short name."""
    open: bool
    """Whether a name outside the catalogue is a parameter of the tracking link."""
    partial: bool
    """Whether the platform is known to have macros that are missing from the catalogue."""
    encoding: Encoding
    """How the platform encodes values, unless a macro says otherwise."""
    missing: str | None
    """What the platform sends for a missing value, unless a macro says otherwise; None: not documented."""
    inferred: tuple[str, ...]
    """Those of encoding, missing and available that the platform does not document: they have the library's default."""
    drops_missing: bool
    """Whether the platform drops a parameter if its macro has no value."""
    labels: Mapping[Source, str]
    """The name of each source in tables and messages."""
    contexts: Mapping[str, str]
    """The contexts that rows refer to, each with a description."""
    fields: Mapping[str, Source]
    """Every field that a macro reads, with its source."""
    _text: str
    _spelled: Mapping[str, tuple[MacroSpec, Spelling]]
    _families: tuple[MacroSpec, ...]
    _recall: tuple[object, str] | None
    """What unpickling calls, and the name it passes; None: the text is read again."""

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("a Dialect is read from a file: use dialect(name) or Dialect.from_toml(path)")

    @classmethod
    def from_toml(cls, path: str | Path, *, limits: Limits | None = None) -> "Dialect":
        """Read a dialect from a file like those in `macroengine/catalogue/data`.

        Raises:
            CatalogueError: the file cannot be read, or contains something invalid. The message names the file, the
                macro and the key.
        """
        check_type("path", str | PathLike, "a path", path)
        check_type("limits", Limits | None, "a Limits", limits)
        return cls._from_text(read_text(Path(path), (limits or Limits()).catalogue), str(path))

    @classmethod
    def _from_text(cls, text: str, where: str, recall: tuple[object, str] | None = None) -> "Dialect":
        said = printable(where)
        parts = read_dialect(text, said)
        macros = parts["macros"]
        read: dict[str, Any] = {
            "fields": _fields(macros, said),
            "cli_name": recall[1] if recall else where,
            "_text": text,
            "_spelled": _spelled(macros, said),
            "_families": tuple(spec for spec in macros.values() if spec.family is not None),
            "_recall": recall,
        }
        dialect = object.__new__(cls)
        vars(dialect).update({**_DEFAULTS, **parts, **read})
        return dialect

    def find(self, name: str) -> tuple[MacroSpec, Spelling] | None:
        """Return the macro with this name and how it was found, or None.

        >>> from macroengine import dialect
        >>> found = dialect("appsflyer").find("vendorid")
        >>> found and (found[0].name, found[1].value)
        ('IDFV', 'legacy')
        """
        check_type("name", str, "a string", name)
        found = self._spelled.get(name)
        if found is not None:
            return found
        member = self.member(name) if self._families else None
        if member is not None:
            return member, Spelling.DOCUMENTED
        if self.open:
            return MacroSpec(name, name, Source.LINK), Spelling.PARAMETER
        named = self.named(name)
        return None if named is None else (named, Spelling.FOLDED)

    def member(self, name: str) -> MacroSpec | None:
        """Return the macro of a family with this name, unless it is another spelling of a full name."""
        named = self.named(name)
        for spec in self._families:
            beginning = spec.family or ""
            is_spelled = named is not None and named.name.startswith(beginning)
            if name.startswith(beginning) and name != beginning and not is_spelled:
                return replace(spec, name=name, field=f"{spec.field}_{name.removeprefix(beginning)}")
        return None

    def source_of(self, field: str) -> Source | None:
        """Return the source of a field that a macro reads, also one of a family; None if no macro reads it.

        >>> from macroengine import dialect
        >>> dialect("adjust").source_of("dcp_campaign")
        <Source.LINK: 'Link'>
        """
        check_type("field", str, "a string", field)
        source = self.fields.get(field)
        member = self.member_reading(field) if source is None else None
        return source if member is None else member.source

    def member_reading(self, field: str) -> MacroSpec | None:
        """Return the macro of a family that reads this field.

        >>> from macroengine import dialect
        >>> member = dialect("google-ads").member_reading("google_custom_season")
        >>> member and member.name
        '_season'
        """
        check_type("field", str, "a string", field)
        return _member_reading(field, self) if self._families else None

    def named(self, name: str) -> MacroSpec | None:
        """Return the macro of the catalogue with this name, ignoring case, `-` and `_`.

        >>> from macroengine import dialect
        >>> spec = dialect("appmetrica").named("IOS-IFA")
        >>> spec and spec.name
        'ios_ifa'
        """
        check_type("name", str, "a string", name)
        found = self._spelled.get(_FOLDED + fold(name))
        return None if found is None else found[0]

    def takes(self, name: str) -> bool:
        """Say whether an open dialect may have a parameter with this name, ignoring case, `-` and `_`."""
        check_type("name", str, "a string", name)
        well_formed = re.compile(self.syntax.name).fullmatch
        return self.open and bool(well_formed(name) or well_formed(name.replace("-", "_")))

    def check_context(self, context: str | None) -> None:
        """Check that `context` is one of the dialect's contexts, or None.

        Raises:
            ValueError: it is neither; the message lists the known contexts.
        """
        check_type("context", str | None, "a string", context)
        if context is not None and context not in self.contexts:
            known = f"known: {', '.join(self.contexts)}" if self.contexts else f"{self.title} has no contexts"
            raise ValueError(f"unknown context {context!r}{did_you_mean(context, self.contexts)} ({known})")

    def names(self) -> list[str]:
        """Return all documented names and spellings, except legacy ones."""
        return [name for spec in self.macros.values() for name in (spec.name, *spec.spellings)]

    def nearest(self, name: str, most: int = 3) -> list[str]:
        """Return the documented names that are similar to `name`, best first.

        Names of three letters are similar to too many others, and names that share only half of their letters are not
        similar.

        >>> from macroengine import dialect
        >>> dialect("appsflyer").nearest("campain")  # like a legacy name of it
        ['C']
        """
        check_type("name", str, "a string", name)
        check_whole("most", most)
        return list(dict.fromkeys(near for near, _, _ in self.similar(name, 2 * most)))[:most]

    def similar(self, name: str, most: int = 6) -> list[tuple[str, MacroSpec, int]]:
        """Return what `nearest` does, repeats included, each with its macro and the number of letters to change.

        >>> from macroengine import dialect
        >>> [(near, spec.field, letters) for near, spec, letters in dialect("appsflyer").similar("campain")]
        [('C', 'campaign', 1)]
        """
        spelled = (spelling for spelling in self._spelled if not spelling.startswith(_FOLDED))
        found = (self._spelled[near] + (near, letters) for near, letters in ranked(name, spelled)[:most])
        return [
            (spec.name if spelling is Spelling.LEGACY else near, spec, letters)
            for spec, spelling, near, letters in found
            if _is_slip(fold(name), fold(near))
        ]

    @property
    def text(self) -> str:
        """The text of its file."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dialect) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"<Dialect {self.name}>"

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        # Used by IPython and Hypothesis. Their default would print the whole dialect.
        printer.text(repr(self))

    def __reduce__(self) -> tuple[object, ...]:
        if self._recall is None:
            return Dialect._from_text, (self._text, self.cli_name)
        function, name = self._recall
        return function, (name,)


# Keys that a file may omit.
_DEFAULTS = {"open": False, "encoding": Encoding.PERCENT, "missing": None, "drops_missing": False}


def _fields(macros: Mapping[str, MacroSpec], where: str) -> Mapping[str, Source]:
    fields: dict[str, Source] = {}
    for spec in macros.values():
        if fields.setdefault(spec.field, spec.source) is not spec.source:
            other = fields[spec.field]
            raise CatalogueError(f"{where}: macro {spec.name!r}: field {spec.field!r} comes from {other} elsewhere")
    for spec in macros.values():
        for field, source in fields.items():
            if spec.family and field.startswith(f"{spec.field}_") and source is not spec.source:
                raise CatalogueError(
                    f"{where}: macro {spec.name!r}: field {field!r} of the family comes from {source} elsewhere"
                )
    return MappingProxyType(fields)


# Events of many users have the same few fields.
@short_cache(maxsize=1024)
def _member_reading(field: str, home: Dialect) -> MacroSpec | None:
    for family in home._families:
        prefix = f"{family.field}_"
        found = home.find(f"{family.family}{field.removeprefix(prefix)}") if field.startswith(prefix) else None
        if found is not None and found[0].field == field and found[0].family is not None:
            return found[0]
    return None


_SHORTEST = 4


def _is_slip(name: str, meant: str) -> bool:
    shorter = min(len(name), len(meant))
    return name == meant or (len(name) >= _SHORTEST and 2 * edit_distance(name, meant) < shorter)


# Folded names are in the same table as spelled ones, after a character that no name contains.
_FOLDED = "~"


def _spelled(macros: Mapping[str, MacroSpec], where: str) -> dict[str, tuple[MacroSpec, Spelling]]:
    """Return the meaning of each spelling. Two macros must not share one, even with different case, - or _."""
    table: dict[str, tuple[MacroSpec, Spelling]] = {}
    for spec in macros.values():
        documented = dict.fromkeys((spec.name, *spec.spellings), Spelling.DOCUMENTED)
        for name, spelling in {**dict.fromkeys(spec.legacy, Spelling.LEGACY), **documented}.items():
            other, _ = table.setdefault(_FOLDED + fold(name), (spec, spelling))
            if other is not spec:
                raise CatalogueError(f"{where}: macro {spec.name!r}: {name!r} is also a spelling of {other.name!r}")
            table[name] = spec, spelling
    return table
