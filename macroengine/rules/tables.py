"""The facts that rules use, from the TOML files in `macroengine/rules/data`."""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from macroengine.caching import short_cache
from macroengine.catalogue.aliases import platforms

_DATA = Path(__file__).resolve().parent / "data"


@lru_cache(maxsize=8)
def _table(name: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - the reader of dialects also imports late

    return tomllib.loads((_DATA / f"{name}.toml").read_text(encoding="utf-8"))


def table(name: str) -> dict[str, Any]:
    """Return the facts of a file, given its name without the suffix."""
    return _table(name)


@cache
def typographic() -> dict[str, str]:
    """Return the intended ASCII text for each typographic character."""
    return dict(_table("characters")["typographic"])


@cache
def lookalikes() -> dict[int, str]:
    """Return the Latin letter that each letter of another alphabet looks like, for `str.translate`."""
    return str.maketrans(_table("characters")["lookalikes"])


@cache
def escapes() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], str], ...]]:
    """Return a pattern for any backslash escape, with a group for the escaped text, and the meaning of each escape."""
    rows: dict[str, str] = _table("characters")["escapes"]
    # Match a whole run of backslashes without backtracking, since a template may consist of nothing else.
    escape = re.compile(rf"(?<!\\)\\++(?P<escaped>{'|'.join(rows)})")
    return escape, tuple((re.compile(pattern), meant) for pattern, meant in rows.items())


@cache
def lost_references() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern for the characters that HTML reads `&name` as, and the name for each character.

    The groups of the pattern are the character and the rest of the parameter's name.
    """
    from html.entities import html5  # noqa: PLC0415 - two thousand entries, only needed by the first check

    facts = _table("characters")["html"]
    intact = {html5[name] for name in facts["intact"]}
    unclosed = [name for name in html5 if not name.endswith(";") and html5[name] not in intact]
    # In this order, lower-case names override others.
    names = {html5[name]: name for name in sorted(unclosed) if not html5[name].isalpha() or name in facts["letters"]}
    ascii_only = re.escape("".join(html5[name] for name in facts["ascii"]))
    other = re.escape("".join(char for char in names if not char.isascii()))
    # Begin with a character class: `re` searches for one many times faster than for alternatives.
    sign = rf"([{other}{ascii_only}])(?:(?<=[{other}])|(?<=[A-Za-z0-9)}}\]][{ascii_only}])(?=\w))"
    return re.compile(rf"{sign}([A-Za-z0-9_-]*)(?==)"), names


@cache
def _placeholder() -> Callable[[str], object]:
    facts = _table("values")["placeholders"]
    return re.compile("|".join([*facts["patterns"], *facts["bracketed"]])).fullmatch


# Templates share names and hosts.
@short_cache(maxsize=4096)
def is_placeholder(text: str) -> bool:
    """Say whether a whole text is a placeholder for a value."""
    return _placeholder()(text) is not None


@cache
def bracketed_placeholders() -> re.Pattern[str]:
    """Return the pattern of bracketed placeholders that are whole values; its group is the placeholder."""
    return re.compile(rf"=({'|'.join(_table('values')['placeholders']['bracketed'])})(?=[&#]|\Z)")


@cache
def program_holes() -> re.Pattern[str]:
    """Return the pattern of placeholders for a program to fill in."""
    return re.compile("|".join(_table("values")["programs"]["holes"]))


@short_cache(maxsize=4096)
def is_program_hole(text: str, name: str) -> bool:
    """Say whether a text that is written like a macro of another platform is rather for a program to fill in.

    `name` is the name of the macro that it would be.
    """
    return _hole_like_macro()(text) is not None and name.partition(".")[0] not in _path_roots()


@cache
def _hole_like_macro() -> Callable[[str], object]:
    return re.compile("|".join(_table("values")["programs"]["alike"])).fullmatch


@cache
def _path_roots() -> frozenset[str]:
    """Return the first parts of names that are paths."""
    tables = platforms()
    names = (name for platform in _table("values")["programs"]["paths"] for name in tables[platform])
    return frozenset(name.partition(".")[0] for name in names if "." in name)


@cache
def function_names() -> frozenset[str]:
    """Return the folded names of functions that people write around a macro, whether or not a platform has them."""
    return frozenset(_table("values")["enclosed"]["functions"].split())


@cache
def plain_delimiters() -> frozenset[str]:
    """Return the openers of macros that text outside of macros also has, with any word after them."""
    return frozenset(_table("values")["enclosed"]["plain"])


@cache
def web_schemes() -> tuple[str, ...]:
    """Return the schemes that are followed by a server."""
    return tuple(_table("schemes")["special"])


@cache
def wrong_schemes() -> tuple[frozenset[str], dict[str, str]]:
    """Return the schemes that cannot be used, and the misspelt schemes with their corrections."""
    facts = _table("server")
    return frozenset(facts["schemes"]["nowhere"]), dict(facts["defanged"])


@cache
def html_elements() -> frozenset[str]:
    """Return the names of HTML elements."""
    return frozenset(_table("characters")["html"]["elements"].split())
