"""The facts that rules go by, from the TOML files in `macroengine/rules/data`."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from macroengine.caching import short_cache

_DATA = Path(__file__).resolve().parent / "data"


@lru_cache(maxsize=8)
def _table(name: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - as in the reader of dialects

    return tomllib.loads((_DATA / f"{name}.toml").read_text(encoding="utf-8"))


def table(name: str) -> dict[str, Any]:
    """Return the facts of a file, by its name without the ending."""
    return _table(name)


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
    # It begins with a class, which is searched for many times faster than a choice.
    sign = rf"([{other}{ascii_only}])(?:(?<=[{other}])|(?<=[A-Za-z0-9)}}\]][{ascii_only}])(?=\w))"
    return re.compile(rf"{sign}([A-Za-z0-9_-]*)(?==)"), names


@cache
def _placeholder() -> Callable[[str], object]:
    facts = _table("values")["placeholders"]
    return re.compile("|".join([*facts["patterns"], *facts["bracketed"]])).fullmatch


# Templates repeat each other's names and hosts.
@short_cache(maxsize=4096)
def is_placeholder(text: str) -> bool:
    """Say whether a whole text is a placeholder for a value."""
    return _placeholder()(text) is not None


@cache
def bracketed_placeholders() -> re.Pattern[str]:
    """Return the pattern of values between brackets that stand for values, which are whole values; its group is one."""
    return re.compile(rf"=({'|'.join(_table('values')['placeholders']['bracketed'])})(?=[&#]|\Z)")


@cache
def program_holes() -> re.Pattern[str]:
    """Return the pattern of what a program was to fill in."""
    return re.compile("|".join(_table("values")["programs"]["holes"]))


@cache
def web_schemes() -> tuple[str, ...]:
    """Return the schemes that are followed by a server."""
    return tuple(_table("schemes")["special"])


@cache
def wrong_schemes() -> tuple[frozenset[str], dict[str, str]]:
    """Return the schemes with which nothing is sent, and those that are written in place of another one."""
    facts = _table("server")
    return frozenset(facts["schemes"]["nowhere"]), dict(facts["defanged"])


@cache
def html_elements() -> frozenset[str]:
    """Return the names of the elements of HTML."""
    return frozenset(_table("characters")["html"]["elements"].split())
