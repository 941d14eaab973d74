"""Draw the parts of a case: the policy, the event, and the template."""

from dataclasses import dataclass, fields, replace
from functools import cache
from string import ascii_lowercase
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from macroengine.engine import compile_template
from macroengine.errors import RenderError
from macroengine.event import Event
from macroengine.kinds import Postback
from macroengine.plan.segments import Default, Missing
from macroengine.policy import Policy
from macroengine.testing.drawn import Drawn
from macroengine.testing.filling import (
    GIVEN,
    MISPLACED,
    NULL,
    Filled,
    consent_values,
    event_of,
    filled,
    presences,
)
from macroengine.testing.variants import Asked, Variants
from macroengine.testing.writing import Repertoire

# Rare values are in the middle, since Hypothesis draws the first and the last of a list more often than the others.
_MISSING = (
    *[Missing.EMPTY] * 40,
    *[Missing.DROP] * 18,
    Missing.RAISE,
    *[Missing.KEEP] * 8,
    *[Default("0"), Default("a b/é")] * 6,
    *[Missing.EMPTY] * 20,
)
_OPTIONS = st.sampled_from([*((missing, "true/false") for missing in _MISSING), *[(Missing.EMPTY, "1/0")] * 10])


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is sent what: the policy, the event, and why a value is withheld; None if none is."""

    policy: Policy
    postback: Postback
    attributed: bool
    withheld: str | None


Look = frozenset[str]
"""What a template has in addition to plain parameters. The words are those of _LOOKS."""
_LOOKS = {
    "": 50,
    "nested": 14,
    "json": 12,
    "hashed": 10,
    "alternatives": 10,
    "path": 4,
    "fragment": 3,
    "nested json": 2,
    "nested hashed": 4,
    "json hashed": 3,
    "nested alternatives path": 2,
}


@st.composite
def postbacks(draw: st.DrawFn, request: Asked) -> Drawn:
    """Draw a template, an event for it, and the URL."""
    case = whole_case(draw, request)
    template = compile_template(case.source, dialect=request.dialect, **case.options)
    try:
        return Drawn(template, case.event, template.render(case.event))
    except RenderError:
        return Drawn(template, case.event, None)


@st.composite
def templates(draw: st.DrawFn, request: Asked, alphabet: str = "") -> str:
    """Draw a template, with a parameter of text from the alphabet."""
    source = whole_case(draw, request).source
    text = quote(draw(st.text(alphabet, max_size=4)), safe="") if alphabet else ""
    return source if not text or "#" in source else f"{source}{'&' if '?' in source else '?'}z={text}"


@dataclass(frozen=True, slots=True)
class Case:
    """The macros of a template in their places, an event, and the options for rendering."""

    parts: list[Filled]
    look: Look
    event: Event
    options: dict[str, Any]

    @property
    def source(self) -> str:
        """The text of the template."""
        return _source([part.text for part in self.parts], self.look)


def whole_case(draw: st.DrawFn, request: Asked) -> Case:
    """Draw the content of a template, an event, and the options."""
    audience = _draw_audience(draw, request)
    macros = request.repertoires[audience.policy.postback]
    look = draw(_looks(request.variants, macros))
    wishes = _wanted(request, macros, audience, look, told=_is_told(draw, audience))
    parts = _draw_parts(draw, wishes, [_other(request, macros, look, first=first) for first in (True, False)])
    kept = parts if _is_asked(request.variants) else parts[draw(_KEPT)]
    # Requested contents come last, so that they override the others.
    wanted = [part for part in parts[: len(wishes)] if part in kept]
    parts = kept
    contents = [content for part in [*parts, *wanted] for content in part.contents]
    if audience.policy.consent:
        refused = audience.withheld == "consent" or (request.variants.withheld is not False and draw(_FOUR_IN_TEN))
        contents.insert(len(contents) * refused, draw(consent_values(request.dialect, refused=refused)))
    if _is_open(request.variants) and len(parts) > 1 and parts[0].has_value and draw(_ONE_IN_TEN):
        # The value of one macro is the text of another one. It must not be replaced in turn.
        source, field, _ = parts[0].contents[0]
        contents.append((source, field, parts[1].written.text))
    event = event_of(contents, audience.postback, attributed=audience.attributed)
    missing, booleans = draw(_OPTIONS)
    options = {"policy": audience.policy, "missing": missing, "booleans": booleans}
    return Case(parts, look, event, options)


def _is_told(draw: st.DrawFn, audience: Audience) -> bool:
    """Draw whether to add a value that is not withheld; usually, if others are withheld."""
    return (not audience.attributed or audience.policy.consent) and draw(_NINE_IN_TEN)


def _is_open(asked: Variants) -> bool:
    return not (asked.missing or asked.misplaced)


def _is_asked(asked: Variants) -> bool:
    """Say whether each case must have something that one of its macros may not have."""
    return any(getattr(asked, field.name) for field in fields(asked))


_NINE_IN_TEN = st.sampled_from([False, *[True] * 9])
_ONE_IN_TEN = st.sampled_from([*[False] * 5, True, *[False] * 4])
# Rarely, keep only the last macro or the first. A failing case shrinks to one of these, whatever was drawn before it.
_KEPT = st.sampled_from([slice(-1, None), slice(0, 1), *[slice(None)] * 24])
_FOUR_IN_TEN = st.sampled_from([*[False] * 3, *[True] * 4, *[False] * 3])


# Who is sent what


def _draw_audience(draw: st.DrawFn, request: Asked) -> Audience:
    kind = draw(_kinds(request))
    return draw(_audiences(request, kind))


@cache
def _kinds(request: Asked) -> st.SearchStrategy[Postback]:
    return st.sampled_from(list(request.repertoires))


@cache
def _audiences(request: Asked, kind: Postback) -> st.SearchStrategy[Audience]:
    """Return the audiences for a kind of postback: likely ones more often, simplest first, rare in the middle."""
    given, asked, macros = request.policy, request.variants, request.repertoires[kind]
    found = []
    for way in request.ways_to_withhold(macros) if asked.withheld else [None]:
        for number, (attributed, send_all) in enumerate(_attributions(request, macros, way)):
            consent = asked.consent
            if consent is None:
                consent = way == "consent" or (bool(macros.identifiers) and number % 7 == 3)
            policy = given or Policy(kind, send_all, consent=consent)
            found.append(Audience(policy, kind, attributed, way))
    if len(found) > 1 and not asked.withheld:
        # Nothing is sent for an event of another kind.
        other = Postback.IN_APP if kind is Postback.INSTALL else Postback.INSTALL
        found.insert(1, replace(found[0], postback=other))
    return st.sampled_from([*found, found[0]])


def _attributions(request: Asked, macros: Repertoire, way: str | None) -> list[tuple[bool, bool]]:
    """Return pairs: whether the event is attributed, and whether unattributed ones are sent, too."""
    # If nothing is filled for events of other networks, draw fewer of them.
    to_others = 14 if macros.told else 9
    told = [(True, True)] * 9
    ways = [*[(True, False)] * 52, *told, *[(False, True)] * to_others, (False, False), *told]
    policy, asked = request.policy, request.variants
    send_all = asked.send_all if policy is None else policy.send_all
    if way == "send_all":
        return [(False, True)]
    if asked.withheld is False:
        ways = [(attributed, sends) for attributed, sends in ways if attributed]
    return [pair for pair in ways if send_all is None or pair[1] is send_all]


# The template


@cache
def _looks(asked: Variants, macros: Repertoire) -> st.SearchStrategy[Look]:
    names = ("nested", "json", "hashed", "alternatives")
    always = {name for name in names if getattr(asked, name)}
    never = {name for name in names if getattr(asked, name) is False}
    never |= {name for name in ("hashed", "alternatives") if not getattr(macros, name)}
    looks = [look for words, times in _LOOKS.items() for look in [frozenset(words.split())] * times]
    return st.sampled_from([(look | always) - never for look in [*looks, looks[0]]])


@cache
def _wanted(
    request: Asked, macros: Repertoire, audience: Audience, look: Look, *, told: bool
) -> list[st.SearchStrategy[Filled]]:
    """Return strategies for the requested macros. With `told`, the first is one that is never withheld."""
    asked = request.variants
    how = presences(missing=asked.missing, misplaced=asked.misplaced)
    wishes: list[tuple[str, tuple[str, ...]]] = []
    if told and not audience.attributed and macros.told:
        wishes.append(("told", _GIVEN))
    if told and audience.policy.consent and macros.shared:
        wishes.append(("shared", _GIVEN))
    if audience.withheld is not None:
        wishes.append(("withheld" if audience.withheld == "send_all" else "identifiers", _GIVEN))
    elif audience.policy.consent and macros.identifiers:
        wishes.append(("identifiers", how))
    wishes += [(name, how) for name in ("hashed", "alternatives") if name in look]
    wishes += [("plain", (NULL,))] * bool(asked.missing)
    wishes += [("plain", (MISPLACED,))] * bool(asked.misplaced)
    places: list[str] = [name for name in ("nested", "json") if name in look]
    wishes += [("plain", how)] * (len(places) - len(wishes))
    places += ["plain"] * (len(wishes) - len(places))
    if wishes and wishes[0][1] == how and wishes[0][0] != "hashed":
        wishes[0] = (wishes[0][0], presences(missing=asked.missing, misplaced=asked.misplaced, first=True))
    syntax = request.dialect.syntax
    return [filled(macros, pool, place, how, syntax) for (pool, how), place in zip(wishes, places, strict=True)]


@cache
def _other(request: Asked, macros: Repertoire, look: Look, *, first: bool) -> st.SearchStrategy[Filled]:
    """Return a strategy for any macro."""
    asked = request.variants
    how = presences(missing=asked.missing, misplaced=asked.misplaced, first=first)
    place = " or ".join(["plain", *(name for name in ("nested", "json") if name in look)])
    return filled(macros, "everything", place, how, request.dialect.syntax)


def _draw_parts(
    draw: st.DrawFn, wishes: list[st.SearchStrategy[Filled]], others: list[st.SearchStrategy[Filled]]
) -> list[Filled]:
    """Draw the requested macros, and up to three more from `others` (for the first, and for the rest); at least one."""
    parts: list[Filled] = []
    while len(parts) < len(wishes) + _MOST_OTHERS:
        number = len(parts)
        strategy = wishes[number] if number < len(wishes) else others[number > 0]
        part = draw(_step(strategy, needed=number < max(1, len(wishes))))
        if part is None:
            break
        parts.append(part)
    return parts


@cache
def _step(strategy: st.SearchStrategy[Filled], *, needed: bool) -> st.SearchStrategy[Filled | None]:
    return _optional(strategy, needed=needed)


@st.composite
def _optional(draw: st.DrawFn, strategy: st.SearchStrategy[Filled], *, needed: bool) -> Filled | None:
    # Drawn together and in the same way before each macro, so that shrinking can remove any one of them.
    return draw(strategy) if draw(_MORE) or needed else None


# Two equal choices, so that a draw is made as for other macros.
_GIVEN = (GIVEN, GIVEN)
_MORE = st.sampled_from([False, True, True, True])
_MOST_OTHERS = 3


def _source(texts: list[str], look: Look) -> str:
    path = f"/x-{texts.pop(0)}" if "path" in look else ""
    fragment = f"#{texts.pop()}" if texts and "fragment" in look else ""
    query = pairs_of(texts)
    return f"https://n.example/pb{path}{query and '?'}{query}{fragment}"


def pairs_of(texts: list[str]) -> str:
    """Return the texts as parameters with names of one letter."""
    return "&".join(f"{name}={text}" for name, text in zip(ascii_lowercase, texts, strict=False))
