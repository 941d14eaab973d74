"""The languages in `languages.toml`: their file suffixes, and how they write strings."""

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib import resources
from pathlib import PurePath
from typing import Any

from macroengine.workspace.embedded.notation import Notation


@dataclass(frozen=True)
class Kind:
    """A kind of literal."""

    open: str
    notation: Notation
    close: str = ""
    inside: str = ""
    content: str = ""
    lines: int = 0
    hole: str = ""
    holes: str = ""

    def may_have_lines(self, close: str) -> bool:
        """Say whether a literal that ends with `close` may span several lines."""
        return bool(self.content) or 0 < self.lines <= len(close)

    @cached_property
    def opening(self) -> re.Pattern[str]:
        """The pattern of its opening."""
        return re.compile(self.open)

    def pattern(self, close: str) -> re.Pattern[str]:
        """Return the pattern of the content of a literal that ends with `close`."""
        return _content(self.content, self.inside, close, lines=self.may_have_lines(close))


@lru_cache(maxsize=64)
def _content(content: str, inside: str, close: str, *, lines: bool) -> re.Pattern[str]:
    if content:
        return re.compile(content.replace("CLOSE", re.escape(close)))
    # Units that must be read as a whole begin with one of these, and are tried first. A backslash begins nothing else.
    stops = close[0] + ("\\${" if inside else "")
    breaks = "" if lines else "\\n"
    never = ("\\\\" if inside else "") + breaks
    plain = f"[^{re.escape(stops)}{breaks}]++"
    other = f"(?!{re.escape(close)})" + (f"[^{never}]" if never else "[\\s\\S]")
    return re.compile(f"(?:{'|'.join(part for part in (plain, inside, other) if part)})*+")


@dataclass(frozen=True)
class Language:
    """A language whose files are searched for templates."""

    name: str
    suffixes: tuple[str, ...]
    names: tuple[str, ...]
    reader: str
    skip: str = "(?!)"
    joined: str = "(?!)"
    computed: str = "(?!)"
    computed_before: str = "(?!)"
    strings: tuple[Kind, ...] = ()

    @cached_property
    def lexer(self) -> re.Pattern[str]:
        """The pattern of text without strings, or of the opening of a literal, in the group with its number."""
        openings = (
            f"(?P<kind{number}>{kind.open.replace('(?P<close>', f'(?P<close{number}>')})"
            for number, kind in enumerate(self.strings)
        )
        return re.compile("|".join([f"(?:{self.skip})", *openings]))

    @cached_property
    def kinds(self) -> dict[str, tuple[Kind, str | None]]:
        """The kind of literal for each group of the lexer, and the group of what closes it where its beginning says."""
        closing = self.lexer.groupindex
        return {
            f"kind{number}": (kind, close if (close := f"close{number}") in closing else None)
            for number, kind in enumerate(self.strings)
        }

    @cached_property
    def between(self) -> re.Pattern[str]:
        """The pattern of the text between the parts of one literal."""
        return re.compile(self.joined)

    @cached_property
    def after(self) -> re.Pattern[str]:
        """The pattern of text after a literal that means the program changes it."""
        return re.compile(self.computed)

    @cached_property
    def before(self) -> re.Pattern[str]:
        """The pattern of text before a literal that means the same."""
        return re.compile(rf"(?:{self.computed_before})\Z")


@dataclass(frozen=True)
class _Table:
    languages: dict[str, Language]
    notations: dict[str, Notation]
    skipped_folders: frozenset[str]
    comment_marks: tuple[str, ...]
    by_suffix: dict[str, str] = field(default_factory=dict)
    by_name: dict[str, str] = field(default_factory=dict)


@cache
def _table() -> _Table:
    data = tomllib.loads((resources.files(__package__) / "languages.toml").read_text(encoding="utf-8"))
    notations = {name: _notation(name, row) for name, row in data["notation"].items()}
    languages = {name: _language(name, row, notations) for name, row in data["language"].items()}
    by_suffix = {suffix: name for name, language in languages.items() for suffix in language.suffixes}
    by_name = {word: name for name, language in languages.items() for word in language.names}
    folders, marks = frozenset(data["skipped_folders"]), tuple(data["comment_marks"])
    return _Table(languages, notations, folders, marks, by_suffix, by_name)


def _notation(name: str, row: dict[str, Any]) -> Notation:
    return Notation(name, **{**row, "codes": tuple(row.get("codes", ()))})


def _language(name: str, row: dict[str, Any], notations: dict[str, Notation]) -> Language:
    strings = tuple(Kind(**{**kind, "notation": notations[kind["notation"]]}) for kind in row.get("strings", ()))
    return Language(
        **{**row, "name": name, "suffixes": tuple(row["suffixes"]), "names": tuple(row["names"]), "strings": strings}
    )


def language(name: str) -> Language:
    """Return the language with a name that `language_of` returned; raise KeyError for any other."""
    return _table().languages[name]


def notation(name: str) -> Notation:
    """Return the notation with this name."""
    return _table().notations[name]


def language_of(name: str) -> str | None:
    """Return the language of a file by the suffix of its name; None if files like it are not searched.

    >>> language_of("partners/acme.yaml"), language_of("README")
    ('yaml', None)
    """
    return _table().by_suffix.get(PurePath(name).suffix.lower())


def quoted_language(word: str) -> str | None:
    """Return the language that the info word of a quoted block refers to.

    >>> quoted_language("ts"), quoted_language("console")
    ('javascript', None)
    """
    return _table().by_name.get(word.lower())


def skipped_folders() -> frozenset[str]:
    """Return the names of folders that are skipped."""
    return _table().skipped_folders


def comment_marks() -> tuple[str, ...]:
    """Return the strings that begin a comment."""
    return _table().comment_marks
