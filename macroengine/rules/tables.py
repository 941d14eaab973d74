"""The facts that rules go by, from the TOML files in `macroengine/rules/data`."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).resolve().parent / "data"


@dataclass(frozen=True, slots=True)
class ForeignSyntax:
    """One way in which other platforms write macros; the only group of `pattern` is the name."""

    platform: str
    pattern: str
    known: bool = False
    """Whether it is a macro only where some platform has one of that name."""


@lru_cache(maxsize=8)
def _table(name: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - as in the reader of dialects

    return tomllib.loads((_DATA / f"{name}.toml").read_text(encoding="utf-8"))


def table(name: str) -> dict[str, Any]:
    """Return the facts of a file, by its name without the ending."""
    return _table(name)


@cache
def foreign_syntaxes() -> tuple[re.Pattern[str], tuple[ForeignSyntax, ...]]:
    """Return how others write macros: a pattern whose n-th group belongs to the n-th of them."""
    rows = tuple(ForeignSyntax(**row) for row in _table("foreign")["macro"])
    return re.compile("|".join(f"(?:{row.pattern})" for row in rows)), rows


@cache
def typographic() -> dict[str, str]:
    """Return the ASCII text that was meant by each typographic character."""
    return dict(_table("characters")["typographic"])


@cache
def escapes() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], str], ...]]:
    """Return a pattern for any backslash escape, whose group is what is escaped, and what each of those means."""
    rows: dict[str, str] = _table("characters")["escapes"]
    # From the first backslash of a run to its last, without going back: a template may be nothing else.
    escape = re.compile(rf"(?<!\\)\\++(?P<escaped>{'|'.join(rows)})")
    return escape, tuple((re.compile(pattern), meant) for pattern, meant in rows.items())


@cache
def lost_references() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern for what HTML makes of `&name`, and the name for each of these characters.

    The groups of the pattern are the character and what is left of the parameter's name.
    """
    from html.entities import html5  # noqa: PLC0415 - two thousand entries, needed by the first check only

    facts = _table("characters")["html"]
    intact = {html5[name] for name in facts["intact"]}
    unclosed = [name for name in html5 if not name.endswith(";") and html5[name] not in intact]
    # In this order a name in lower case is the one that stays.
    names = {html5[name]: name for name in sorted(unclosed) if not html5[name].isalpha() or name in facts["letters"]}
    ascii_only = re.escape("".join(html5[name] for name in facts["ascii"]))
    other = re.escape("".join(char for char in names if not char.isascii()))
    return re.compile(rf"([{other}]|(?<=[A-Za-z0-9)}}\]])[{ascii_only}](?=\w))([A-Za-z0-9_-]*)(?==)"), names


@cache
def placeholder_patterns() -> re.Pattern[str]:
    """Return the pattern of whole values that stand for values."""
    return re.compile("|".join(_table("values")["placeholders"]["patterns"]))


@cache
def privacy_fields() -> tuple[frozenset[str], frozenset[str]]:
    """Return the fields of advertising identifiers, and the fields that say whether these may be used."""
    facts = _table("values")["privacy"]
    return frozenset(facts["advertising"]), frozenset(facts["consent"])
