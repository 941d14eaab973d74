"""A dialect: one platform's syntax and its documented macros."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

from macroengine.arguments import check_type
from macroengine.catalogue.folding import fold
from macroengine.catalogue.reader import read_dialect, read_text
from macroengine.catalogue.spec import MacroSpec
from macroengine.errors import CatalogueError
from macroengine.kinds import Encoding, Source
from macroengine.language.syntax import Syntax
from macroengine.limits import Limits
from macroengine.suggest import did_you_mean, edit_distance, nearest


class Spelling(Enum):
    """How a name was found."""

    DOCUMENTED = "documented"
    LEGACY = "legacy"
    """A name of an older document, for a macro that has a newer one."""
    FOLDED = "folded"
    """No document spells it so; case, `-` or `_` differ."""
    PARAMETER = "parameter"
    """Not in the catalogue of an open dialect: a parameter of the tracking link."""


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Dialect:
    """One platform's syntax and macros. `macros` is keyed by the documented name.

    `dialect(name)` has those of the library, `Dialect.from_toml(path)` reads one of your own. There is no other way to
    make one, and none to change one: what it says was checked as a whole.
    """

    name: str
    """How calls and files name it, as `"appsflyer"`."""
    title: str
    """How people name it."""
    syntax: Syntax
    """How its macros are written."""
    macros: Mapping[str, MacroSpec]
    """Its macros, by the documented name."""
    references: Mapping[str, str]
    """The documents that its rows refer to, by a short name."""
    open: bool
    """Whether a name outside the catalogue is a parameter of the tracking link."""
    partial: bool
    """Whether the platform is known to have macros that the catalogue has not."""
    encoding: Encoding
    """How the platform encodes values, where a macro does not say otherwise."""
    missing: str | None
    """What the platform sends for a missing value, where a macro does not say otherwise; None: not documented."""
    inferred: tuple[str, ...]
    """What no document of the platform states, of encoding, missing and available: the library's default is assumed."""
    drops_missing: bool
    """Whether the platform drops a parameter with a macro that has no value."""
    labels: Mapping[Source, str]
    """What tables and messages call each source."""
    contexts: Mapping[str, str]
    """The contexts that the rows of the catalogue name, each with what it is."""
    fields: Mapping[str, Source]
    """Every field that a macro reads, with where its value comes from."""
    _text: str
    _spelled: Mapping[str, tuple[MacroSpec, Spelling]]
    _families: tuple[MacroSpec, ...]
    _recall: tuple[object, ...] | None
    """What unpickling calls; None: the text is read again."""

    def __init__(self, *_: object, **__: object) -> None:
        raise TypeError("a Dialect is read from a file: use dialect(name) or Dialect.from_toml(path)")

    @classmethod
    def from_toml(cls, path: str | Path, *, limits: Limits | None = None) -> "Dialect":
        """Read a dialect from a file like those in `macroengine/catalogue/data`.

        Raises:
            CatalogueError: the file cannot be read, or says something that a dialect does not have; the message
                names the file, the macro and the key.
        """
        check_type("path", str | PathLike, "a path", path)
        check_type("limits", Limits | None, "a Limits", limits)
        return cls._from_text(read_text(Path(path), (limits or Limits()).catalogue), str(path))

    @classmethod
    def _from_text(cls, text: str, where: str, recall: tuple[object, ...] | None = None) -> "Dialect":
        parts = read_dialect(text, where)
        macros = parts["macros"]
        read: dict[str, Any] = {
            "fields": _fields(macros, where),
            "_text": text,
            "_spelled": _spelled(macros, where),
            "_families": tuple(spec for spec in macros.values() if spec.family is not None),
            "_recall": recall,
        }
        dialect = object.__new__(cls)
        vars(dialect).update({**_DEFAULTS, **parts, **read})
        return dialect

    def find(self, name: str) -> tuple[MacroSpec, Spelling] | None:
        """Return the macro that `name` means and how it was found, or None.

        >>> from macroengine import dialect
        >>> found = dialect("appsflyer").find("vendorid")
        >>> found and (found[0].name, found[1].value)
        ('IDFV', 'legacy')
        """
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
        """Return the macro of a family of names that has this one, unless it is another spelling of one in full."""
        named = self.named(name)
        for spec in self._families:
            beginning = spec.family or ""
            is_spelled = named is not None and named.name.startswith(beginning)
            if name.startswith(beginning) and name != beginning and not is_spelled:
                return replace(spec, name=name, field=f"{spec.field}_{name.removeprefix(beginning)}")
        return None

    def named(self, name: str) -> MacroSpec | None:
        """Return the macro of the catalogue that `name` is a name of, whatever its case, `-` and `_`.

        >>> from macroengine import dialect
        >>> spec = dialect("appmetrica").named("IOS-IFA")
        >>> spec and spec.name
        'ios_ifa'
        """
        found = self._spelled.get(_FOLDED + fold(name))
        return None if found is None else found[0]

    def takes(self, name: str) -> bool:
        """Say whether an open dialect may have a parameter called `name`, whatever its case, `-` and `_`."""
        well_formed = re.compile(self.syntax.name).fullmatch
        return self.open and bool(well_formed(name) or well_formed(name.replace("-", "_")))

    def check_context(self, context: str | None) -> None:
        """Check that `context` is one of the dialect's contexts, or None.

        Raises:
            ValueError: it is neither; the message lists those that there are.
        """
        if context is not None and context not in self.contexts:
            known = f"known: {', '.join(self.contexts)}" if self.contexts else f"{self.title} has no contexts"
            raise ValueError(f"unknown context {context!r}{did_you_mean(context, self.contexts)} ({known})")

    def names(self) -> list[str]:
        """Return every documented name and spelling, without the legacy ones."""
        return [name for spec in self.macros.values() for name in (spec.name, *spec.spellings)]

    def nearest(self, name: str, most: int = 3) -> list[str]:
        """Return the documented names that are like `name`, the likeliest first.

        A name of three letters is like too many, and one that has half of its letters in common is another one.

        >>> from macroengine import dialect
        >>> dialect("appsflyer").nearest("campain")  # like a legacy name of it
        ['C']
        """
        spelled = (spelling for spelling in self._spelled if not spelling.startswith(_FOLDED))
        found = (self._spelled[near] + (near,) for near in nearest(name, spelled, 2 * most))
        names = (
            spec.name if spelling is Spelling.LEGACY else near
            for spec, spelling, near in found
            if _is_slip(fold(name), fold(near))
        )
        return list(dict.fromkeys(names))[:most]

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
        # What IPython and Hypothesis show; without it, all that is in the dialect.
        printer.text(repr(self))

    def __reduce__(self) -> tuple[object, ...]:
        return self._recall or (Dialect._from_text, (self._text, self.name))


# What a file need not say.
_DEFAULTS = {"open": False, "encoding": Encoding.PERCENT, "missing": None, "drops_missing": False}


def _fields(macros: Mapping[str, MacroSpec], where: str) -> Mapping[str, Source]:
    fields: dict[str, Source] = {}
    for spec in macros.values():
        if fields.setdefault(spec.field, spec.source) is not spec.source:
            other = fields[spec.field]
            raise CatalogueError(f"{where}: macro {spec.name!r}: field {spec.field!r} comes from {other} elsewhere")
    return MappingProxyType(fields)


_SHORTEST = 4


def _is_slip(name: str, meant: str) -> bool:
    shorter = min(len(name), len(meant))
    return name == meant or (len(name) >= _SHORTEST and 2 * edit_distance(name, meant) < shorter)


# Folded names share the table of the spelled ones, after a character that no name contains.
_FOLDED = "~"


def _spelled(macros: Mapping[str, MacroSpec], where: str) -> dict[str, tuple[MacroSpec, Spelling]]:
    """Return how every spelling is read; two macros may not share one, nor one that differs only in case, - or _."""
    table: dict[str, tuple[MacroSpec, Spelling]] = {}
    for spec in macros.values():
        documented = dict.fromkeys((spec.name, *spec.spellings), Spelling.DOCUMENTED)
        for name, spelling in {**dict.fromkeys(spec.legacy, Spelling.LEGACY), **documented}.items():
            other, _ = table.setdefault(_FOLDED + fold(name), (spec, spelling))
            if other is not spec:
                raise CatalogueError(f"{where}: macro {spec.name!r}: {name!r} is also a spelling of {other.name!r}")
            table[name] = spec, spelling
    return table
