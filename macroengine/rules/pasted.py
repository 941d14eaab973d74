"""What surrounds templates when people paste them, from `surroundings.toml` and `links.toml`."""

import re
from functools import cached_property
from typing import NamedTuple

from macroengine.rules.tables import table


class Link(NamedTuple):
    """A way to write a link. The pattern has groups named `url` and `text`."""

    name: str
    pattern: re.Pattern[str]
    decode: str | None


class Rewriter(NamedTuple):
    """A service that replaces URLs with its own. `query` is the parameter that contains the original."""

    name: str
    host: re.Pattern[str]
    path: re.Pattern[str]
    query: re.Pattern[str] | None
    encoding: str


class Command(NamedTuple):
    """A shell command that sends requests, and its options that do not change the URL."""

    flags: frozenset[str]
    valued: frozenset[str]
    """Options that take the next word as their value."""


class Pasted:
    """Patterns from the data files, each compiled on first use, since few templates need any."""

    @cached_property
    def before(self) -> re.Pattern[str]:
        """Return the pattern of one piece of text before a template."""
        return _compiled("|".join(f"(?:{pattern})" for pattern in table("surroundings")["before"]["patterns"]))

    @cached_property
    def after(self) -> re.Pattern[str]:
        """Return the pattern of text after a template that cannot be part of it."""
        return _compiled(f"(?:{table('surroundings')['after']['always']})$")

    @cached_property
    def after_macro(self) -> re.Pattern[str]:
        """Return the pattern of text after a template that might belong to a literal value."""
        return _compiled(f"(?:{table('surroundings')['after']['after_macro']})$")

    @cached_property
    def pairs(self) -> tuple[tuple[str, str, bool], ...]:
        """Return opening marks, closing marks, and whether they may enclose a piece of a template; longest first."""
        facts = table("surroundings")["pairs"]
        pairs = [(*pair, kind == "quotes") for kind in ("quotes", "brackets") for pair in facts[kind]]
        return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Return the ways to write a link."""
        rows = table("surroundings")["link"]
        return tuple(Link(row["name"], _compiled(row["pattern"] + "[,;.]*"), row.get("decode")) for row in rows)

    @cached_property
    def rewriters(self) -> tuple[Rewriter, ...]:
        """Return the services that replace URLs with their own."""
        return tuple(map(_rewriter, table("links")["rewriter"]))

    @cached_property
    def rewriter_hosts(self) -> re.Pattern[str]:
        """Return the pattern of the hosts of these services."""
        return _compiled("|".join(row["host"] for row in table("links")["rewriter"]))

    @cached_property
    def commands(self) -> dict[str, Command]:
        """Return the shell commands by name."""
        rows = table("surroundings")["command"]
        return {row["name"]: Command(frozenset(row["flags"]), frozenset(row["valued"])) for row in rows}

    @cached_property
    def others(self) -> dict[str, re.Pattern[str]]:
        """Return the patterns of how other kinds of text begin, by kind."""
        return {kind: _compiled(pattern) for kind, pattern in table("surroundings")["other"].items()}


pasted = Pasted()


def _rewriter(row: dict[str, str]) -> Rewriter:
    query = row.get("query")
    # HTML writes & as &amp;
    parameter = _compiled(rf"[?&](?:amp;)?{query}=([^&#\s]*)") if query else None
    return Rewriter(row["name"], _compiled(row["host"]), _compiled(row.get("path", "")), parameter, row["encoding"])


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)
