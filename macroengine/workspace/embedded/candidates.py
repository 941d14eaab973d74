"""Decide which parts of a text are templates: URLs with macros that a platform documents, in that platform's syntax."""

import re
import tomllib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from itertools import chain
from typing import Any, NamedTuple

from macroengine.catalogue import Dialect
from macroengine.catalogue.folding import fold
from macroengine.detection.profiles import Known, Profile, profiles, scanner
from macroengine.limits import Limits

_SCHEME = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]*://|\A\s*+(?=//[\w.-]+\.\w)")
_WORD = re.compile(r"[^ \t\n\r\f\v\"'<>`]+")
# White space or a line break inside a template, followed by more parameters.
_GOES_ON = re.compile(
    r"[ \t]+(?=[&?]\S|[^\s\"'<>`=&?]*[&?][^\s\"'<>`=&?]+=)"
    r"|[ \t]*\n[ \t]*(?=&)|(?<=[&?])[ \t]*\n[ \t]*(?=[^\s\"'<>`=&?]+=)"
)
_PARAMETERS = re.compile(r"(?:[^\s\"'<>`=]*[?&])?[^\s\"'<>`=&?]+=[^\s\"'<>`&]+(?:&[^\s\"'<>`]+)+")
_ENDS_SENTENCE = ".,;:!?)]}*_"
_LONGEST = Limits().template
# A shorter name is similar to too many others.
_LONG = 6
_KNOWN = (Known.DOCUMENTED, Known.RESPELLED)


class _Macro(NamedTuple):
    text: str
    start: int
    end: int
    is_sign: bool
    """Whether only one platform uses this syntax."""


def templates_in(text: str, dialect: Dialect | None = None, *, prose: bool = False) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each template in a text. In `prose`, punctuation may follow the last macro.

    Any name that `dialect` documents counts as evidence for a template.

    >>> [*templates_in("see https://n.example/pb?c=(clickid), and https://n.example/")]
    [(4, 36)]
    """
    if "=" not in text and "/" not in text:
        return
    macros = _macros(text, dialect)
    if not macros:
        return
    urls = _Urls(text, macros, prose=prose)
    found = False
    done = 0
    for scheme in _SCHEME.finditer(text):
        if scheme.start() < done:
            continue
        start = urls.start(scheme.start() if scheme[0].strip() else scheme.end())
        done = urls.end(start, scheme.end())
        if done - start <= _LONGEST and is_template(text[start:done], dialect):
            found = True
            yield start, done
    if not found and len(text) <= _LONGEST:
        yield from _parameters(text, dialect)


def _macros(text: str, dialect: Dialect | None) -> list[_Macro]:
    found = [_Macro(match[0], *match.span(), match.lastgroup is not None) for match in scanner().finditer(text)]
    if dialect is not None and not dialect.syntax.key:  # a custom dialect, which the scanner does not know
        found += [_Macro(match[0], *match.span(), is_sign=False) for match in dialect.syntax.find.finditer(text)]
        found.sort(key=lambda macro: macro.start)
    return found


class _Urls:
    """Finds where the URLs of a text begin and end."""

    def __init__(self, text: str, macros: Sequence[_Macro], *, prose: bool) -> None:
        self._text = text
        self._macros = macros
        self._starts = [macro.start for macro in macros]
        self._first = len(text) - len(text.lstrip())
        self._last = len(text.rstrip())
        self._prose = prose

    def start(self, at: int) -> int:
        """Return where a URL begins, including macros before its scheme, such as one for a click tracker's URL."""
        index = bisect_left(self._starts, at) - 1
        while index >= 0 and self._macros[index].end == at:
            at = self._macros[index].start
            index -= 1
        return at

    def end(self, start: int, at: int) -> int:
        """Return where the URL ends that begins at `start` and continues after its scheme at `at`."""
        end = at
        while True:
            if word := _WORD.match(self._text, end):
                end = word.end()
            last = self._before(end)
            if last is not None and end < last.end:  # white space or quotes in a macro
                end = last.end
            elif more := _GOES_ON.match(self._text, end):
                end = more.end()
            else:
                break
        is_sentence = self._prose or start > self._first or end < self._last
        least = at if last is None else max(at, last.end)
        while is_sentence and end > least and self._text[end - 1] in _ENDS_SENTENCE:
            end -= 1
        return end

    def _before(self, at: int) -> _Macro | None:
        """Return the last macro that begins at or before a place."""
        index = bisect_right(self._starts, at) - 1
        return self._macros[index] if index >= 0 else None


def _parameters(text: str, dialect: Dialect | None) -> Iterator[tuple[int, int]]:
    """Yield the whole text if it contains the parameters of a template, without a server."""
    stripped = text.strip()
    if _PARAMETERS.fullmatch(stripped) and is_template(stripped, dialect, "enough_without_host"):
        start = text.index(stripped)
        yield start, start + len(stripped)


@lru_cache(maxsize=4_096)  # an editor asks for the same ones after each keystroke
def is_template(text: str, dialect: Dialect | None = None, enough: str = "enough") -> bool:
    """Say whether a URL is certainly a template. `enough` names a threshold in `certainty.toml`.

    >>> is_template("https://n.example/pb?c=(clickid)"), is_template("https://n.example/{user}?page={page}")
    (True, False)
    """
    certainty = _certainty()
    query = re.search("[?=]", text)
    weights: dict[str, float] = {}
    for macro in _macros(text, dialect):
        if macro.is_sign:
            return True
        where = 1.0 if query is not None and query.start() < macro.start else certainty["elsewhere"]
        weights[macro.text] = max(weights.get(macro.text, 0), where)
    few = certainty["share_of_several"]
    by_any: dict[str, float] = {}
    if dialect is not None:  # any name counts, since the platform is given
        said = {macro: weight for macro, weight in weights.items() if _documents(dialect, macro)}
        if _is_enough(said, len(weights), few, certainty["enough"]):
            return True
    for profile in profiles():
        known = {macro: weights[macro] * weight for macro in weights if (weight := _weight(profile, macro))}
        if _is_enough(known, len(weights), certainty["share"], certainty[enough]):
            return True
        by_any.update(known)
    return _is_enough(by_any, len(weights), few, certainty["enough_of_several"])


def _documents(dialect: Dialect, macro: str) -> bool:
    reading = dialect.syntax.read(macro)
    return reading is not None and dialect.named(reading.name) is not None


def _is_enough(known: Mapping[str, float], macros: int, share: float, enough: float) -> bool:
    return bool(known) and len(known) >= share * macros and sum(known.values()) >= enough


def _weight(profile: Profile, macro: str) -> float:
    """Return how strongly a macro indicates a template of a platform."""
    certainty = _certainty()
    how, name = profile.knows(macro)
    folded = fold(name)
    is_common = folded in certainty["common_names"]
    weight = 0.0
    if how in _KNOWN:
        weight = certainty["common" if is_common else "specific"]
    elif how is not Known.ELSEWHERE and not is_common and len(folded) >= _LONG:
        weight = certainty["misspelt"] if not _near()[profile.name].isdisjoint(_shortened(folded)) else 0.0
    return weight


@cache
def _near() -> dict[str, frozenset[str]]:
    """Return the longer names of each dialect that only advertising uses, also with any one letter removed."""
    common = _certainty()["common_names"]
    names = {profile.name: [name for name in profile.folded - common if len(name) >= _LONG] for profile in profiles()}
    return {dialect: frozenset(chain.from_iterable(map(_shortened, own))) for dialect, own in names.items()}


def _shortened(name: str) -> set[str]:
    # Two names share one of these if they differ in one letter, or in the order of two.
    return {name, *(name[:at] + name[at + 1 :] for at in range(len(name)))}


@cache
def _certainty() -> dict[str, Any]:
    data = tomllib.loads((resources.files(__package__) / "certainty.toml").read_text(encoding="utf-8"))
    return {**data, "common_names": frozenset(map(fold, data["common_names"].split()))}
