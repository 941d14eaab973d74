"""Detect the dialects in which a template may be written, most likely first."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import exp, log
from typing import NamedTuple

from macroengine.arguments import text_of
from macroengine.catalogue.hosts import tracking_platform
from macroengine.detection.profiles import Known, Profile, profiles, scanner, signs
from macroengine.diagnostics import Span, printable
from macroengine.errors import LimitError
from macroengine.limits import Limits

# The likelihood of a macro without any dialect: any text may be in any delimiters.
_IN_NONE = 0.1
# The weight of evidence other than names: the host of a platform's links, or a construct that only it has.
_SIGN = 100.0
_LEAST = 0.01
_LEAST_OF_BEST = 0.1
_MAX_ALIKE = 3
# More macros than a template may have.
_MAX_MACROS = Limits().macros
_SHOWN_NAMES = 5
_LONGEST_NAME = 40
_HOST = re.compile(r"//(?:[^/?#@\s]*@)?([^/?#:\s]+)")


@dataclass(frozen=True, slots=True)
class Detected:
    """A dialect in which a template may be written."""

    dialect: str
    """Its name, as other functions accept it."""
    confidence: float
    """From 0 to 1: how likely this dialect is, compared with the others and with none of them. All confidences add up
    to at most 1. Dialects with the same evidence have the same one. Close to 1, only this dialect documents several
    names."""
    evidence: tuple[str, ...]
    """The evidence for it, then the evidence against it, as text for people."""


def detect(source: str) -> list[Detected]:
    """Return the built-in dialects in which a template may be written, most likely first.

    The list is empty without any evidence: no macro, and no host of a platform's tracking links. Dialects that are ten
    times less likely than the first are omitted.

    >>> for found in detect("https://n.example/pb?gaid={gps_adid}&tracker={tracker_name}"):
    ...     print(found.dialect, round(found.confidence, 1), *found.evidence, sep="; ")
    adjust; 0.9; 2 macros written {NAME}; documents gps_adid, tracker_name

    Raises:
        LimitError: the template is too long.
    """
    source = text_of("source", source)
    most = Limits().template
    if len(source) > most:
        message = f"template has {len(source):,} characters; at most {most:,} fit"
        raise LimitError.at(source, Span(most, len(source)), message)
    macros, constructs = _scanned(source)
    link = _link(source)
    return _weighed([_Case(profile, macros, constructs, link) for profile in profiles()], macros)


def documented(source: str, dialect: str) -> tuple[list[str], int]:
    """Return the names in a template that a built-in dialect documents, and the number of all macros."""
    macros, _ = _scanned(source)
    profile = next(one for one in profiles() if one.name == dialect)
    known = map(profile.knows, macros)
    return [name for how, name in known if how is Known.DOCUMENTED], len(macros)


def _scanned(source: str) -> tuple[list[str], dict[str, str]]:
    """Return the macros of a text in any syntax, without repeats, and certain evidence by the platform's title."""
    macros: dict[str, None] = {}
    constructs: dict[str, str] = {}
    for match in scanner().finditer(source):
        if match.lastgroup:
            for title in signs()[int(match.lastgroup.removeprefix("sign"))].titles:
                constructs.setdefault(title, match[0])
        elif len(macros) < _MAX_MACROS:
            macros[match[0]] = None
    return list(macros), constructs


class _Link(NamedTuple):
    """The evidence from the host of a tracking link."""

    dialect: str | None
    evidence: str


def _link(source: str) -> _Link | None:
    match = _HOST.search(source)
    platform = tracking_platform(match[1]) if match else None
    if match is None or platform is None:
        return None
    return _Link(platform.dialect, f"{_short(match[1])} is a host of {platform.title} links")


class _Case:
    """The evidence for and against a dialect."""

    def __init__(
        self, profile: Profile, macros: Iterable[str], constructs: Mapping[str, str], link: _Link | None
    ) -> None:
        self.dialect = profile.name
        self.title = profile.title
        self.form = profile.syntax.forms[0].text
        self.known = [profile.knows(macro) for macro in macros]
        self.construct = constructs.get(profile.title)
        self.host = link.evidence if link is not None and link.dialect == profile.name else None

    @property
    def is_any(self) -> bool:
        """Whether there is any evidence for it."""
        is_written = any(known is not Known.ELSEWHERE for known, _ in self.known)
        return is_written or self.host is not None or self.construct is not None

    def weight(self, best: Iterable[float]) -> float:
        """Return the log likelihood of the template in this dialect. `best` has that of each macro in any dialect."""
        signs = log(_SIGN) * ((self.host is not None) + (self.construct is not None))
        # The macros in a link are for another platform to replace.
        return signs + sum(map(log, best if self.host else self._likelihoods()))

    def _likelihoods(self) -> Iterator[float]:
        """Yield the likelihood of each macro. More than three names that the dialect lacks add no evidence."""
        strangers = elsewhere = 0
        for known, _ in self.known:
            strangers += known in _STRANGERS
            elsewhere += known is Known.ELSEWHERE
            is_repeated = (strangers if known in _STRANGERS else elsewhere) > _MAX_ALIKE
            yield _IN_NONE if known not in _NAMED and is_repeated else known.value

    def evidence(self) -> tuple[str, ...]:
        """Return the evidence as text."""
        documented, respelled, strangers, elsewhere = (self._names(*kinds) for kinds in _TOLD)
        written = len(self.known) - len(elsewhere)
        macros = f"{written} macro{'s' if written > 1 else ''} written {self.form}"
        told = {
            self.host or "": self.host,
            f"only {self.title} writes {_short(self.construct or '')}": self.construct,
            macros: written,
            f"documents {_listed(documented)}": documented,
            f"documents these otherwise spelled: {_listed(respelled)}": respelled,
            f"against: does not document {_listed(strangers)}": strangers,
            f"against: written in another way: {_listed(elsewhere)}": elsewhere,
        }
        return tuple(text for text, is_so in told.items() if is_so)

    def _names(self, *kinds: Known) -> list[str]:
        return list(dict.fromkeys(name for known, name in self.known if known in kinds))


_STRANGERS = (Known.PARAMETER, Known.PERHAPS, Known.UNKNOWN)
_NAMED = (Known.DOCUMENTED, Known.RESPELLED)
_TOLD = ((Known.DOCUMENTED,), (Known.RESPELLED,), _STRANGERS, (Known.ELSEWHERE,))


def _weighed(cases: list[_Case], macros: list[str]) -> list[Detected]:
    best = [max(case.known[index][0].value for case in cases) for index in range(len(macros))]
    weights = [(case.weight(best), case) for case in cases if case.is_any]
    none = len(macros) * log(_IN_NONE)
    highest = max((none, *(weight for weight, _ in weights)))
    total = exp(none - highest) + sum(exp(weight - highest) for weight, _ in weights)
    found = [(round(exp(weight - highest) / total, 3), case) for weight, case in weights]
    found.sort(key=lambda one: (-one[0], one[1].dialect))
    least = max(_LEAST, _LEAST_OF_BEST * found[0][0]) if found else 1
    return [Detected(case.dialect, share, case.evidence()) for share, case in found if share >= least]


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(_short, names[:_SHOWN_NAMES]))
    rest = len(names) - _SHOWN_NAMES
    return shown if rest <= 0 else f"{shown} and {rest} more"


def _short(text: str) -> str:
    return printable(text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…")
