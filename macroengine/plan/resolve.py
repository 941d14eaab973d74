"""Look up and check every macro of a template. Names and the policy are only decided here."""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from functools import lru_cache, partial
from typing import Final, NamedTuple

from macroengine.caching import SHORT
from macroengine.catalogue import Dialect, MacroSpec, Spelling
from macroengine.catalogue.consent import needs_consent
from macroengine.catalogue.foreign import ForeignText, foreign_texts, inside_foreign
from macroengine.catalogue.meanings import denied_fields, is_denied, is_known
from macroengine.language.nodes import Literal, Macro, Part, Pieces
from macroengine.plan.inner_urls import InnerQuery
from macroengine.plan.nesting import NOTHING, PLAIN, Nesting, Place, nesting
from macroengine.plan.origin import Origin, origins
from macroengine.policy import Policy
from macroengine.suggest import did_you_mean
from macroengine.template import Template


class Problem(Enum):
    """The possible problems of a macro. Each is reported by one rule."""

    UNKNOWN = auto()
    UNLISTED = auto()
    """Unknown in a dialect with an incomplete catalogue: the platform may have it."""
    UNDOCUMENTED_SPELLING = auto()
    LEGACY = auto()
    PARAMETER = auto()
    """Possibly a typo: an open dialect reads the name as a parameter of the tracking link."""
    UNDOCUMENTED_HASH = auto()
    HASH_OF_HASH = auto()
    DECIDES_ORIGIN = auto()
    HOST_LABEL = auto()
    APP_SERVER = auto()
    """Not an error: the app with this scheme reads the text after `://`."""
    UNAVAILABLE = auto()
    OUT_OF_CONTEXT = auto()
    WITHHELD = auto()
    SOURCE_NOT_ALLOWED = auto()
    DENIED = auto()
    NEEDS_CONSENT = auto()
    """Not an error: an identifier that is withheld if the user does not share it."""

    __hash__ = object.__hash__  # an enumeration's own is a Python function, and is called often


# Looked up once: in Python 3.11, looking up an enumeration member takes as long as a call.
_HOST_LABEL: Final = Problem.HOST_LABEL
_ORIGINS = {
    Origin.SERVER: Problem.DECIDES_ORIGIN,
    Origin.LABEL: Problem.HOST_LABEL,
    Origin.APP: Problem.APP_SERVER,
}

# The catalogue row, whether the macro is forbidden and withheld, and its problems.
_Verdict = tuple[MacroSpec | None, bool, bool, tuple[Problem, ...]]
_NEEDS_CONSENT: Final = Problem.NEEDS_CONSENT
_Judge = Callable[[str, str | None], _Verdict]


class Resolved(NamedTuple):
    """A macro of a template with its catalogue row, or None. A tuple for speed, like Value."""

    node: Macro
    part: Part
    spec: MacroSpec | None
    place: Place
    """The nested URLs and JSON around it."""
    host_label: bool
    """Whether it is in the host, and in no other part of the server."""
    forbidden: bool
    """Whether the policy forbids its value in all postbacks."""
    withheld: bool
    """Whether its value is withheld for events that are not attributed to the network."""
    problems: tuple[Problem, ...]

    @property
    def needs_consent(self) -> bool:
        """Whether its value is withheld if the user does not share identifiers."""
        return _NEEDS_CONSENT in self.problems


# Does what the constructor does, without a call to a Python function. Every macro of a template is created here.
_resolved = partial(tuple.__new__, Resolved)


class Resolution(NamedTuple):
    """The macros of a template in source order, including repeats.

    Parts of another platform's macro are not included: in `${a}` or `{{a}}`, `{a}` is part of the outer macro.
    """

    template: Template
    dialect: Dialect
    policy: Policy
    macros: tuple[Resolved, ...]
    queries: tuple[InnerQuery, ...]
    """The queries of nested URLs, in source order."""
    others: Mapping[int, tuple[Resolved, ...]]
    """For each macro that names several values, by its start: the values after the first, as separate macros."""
    foreign: tuple[ForeignText, ...]
    """Texts in the syntax of other platforms, in source order."""


def resolve(template: Template, dialect: Dialect, policy: Policy, around: Nesting | None = None) -> Resolution:
    """Look up each macro in the catalogue, and check it against the policy.

    For a text that is not a URL, `around` is the nesting of its macros. Such a text has no server.

    Raises:
        ValueError: the policy denies a macro that a closed dialect does not have, or names a context that the dialect
            does not have.
    """
    kept, judge = _judges_of(dialect, policy)
    foreign = foreign_texts(template.source, dialect.syntax)
    is_part = inside_foreign(template.source, foreign)
    deciding = origins(template) if around is None else {}
    queries: list[InnerQuery] = []
    macros: list[Resolved] = []
    others: dict[int, tuple[Resolved, ...]] = {}
    for pieces, part in _components(template):
        if len(pieces) == 1 and pieces[0].__class__ is Literal:
            continue
        found = NOTHING if around is None else around
        if around is None and len(pieces) > 1:  # a single piece has nothing around it
            found = nesting(pieces, part)
            queries += found.queries
        for node in pieces:
            if isinstance(node, Literal) or (is_part is not None and is_part(node.span)):
                continue
            judged = kept if len(node.name) <= SHORT else judge
            spec, forbidden, withheld, problems = judged(node.name, node.function)
            host_label = False
            if deciding and node.start in deciding:
                origin = _ORIGINS[deciding[node.start]]
                # A macro without a value cannot be checked to be a label.
                origin = Problem.DECIDES_ORIGIN if spec is None and origin is _HOST_LABEL else origin
                problems = (*problems, origin)
                host_label = origin is _HOST_LABEL
            place = found.places.get(node.start, PLAIN)
            macros.append(_resolved((node, part, spec, place, host_label, forbidden, withheld, problems)))
            if node.alternatives:
                others[node.start] = tuple(_other(macros[-1], name, judge) for name in node.alternatives)
    found_queries = tuple(queries) if around is None else around.queries
    return Resolution(template, dialect, policy, tuple(macros), found_queries, others, foreign)


def _other(macro: Resolved, name: str, judge: _Judge) -> Resolved:
    """Return one of the additional values that a macro names, in the macro's place."""
    spec, forbidden, withheld, problems = judge(name, macro.node.function)
    node = macro.node._replace(name=name, alternatives=())
    return macro._replace(node=node, spec=spec, forbidden=forbidden, withheld=withheld, problems=problems)


def _components(template: Template) -> Iterator[tuple[Pieces, Part]]:
    yield template.scheme, Part.SCHEME
    yield template.authority, Part.AUTHORITY
    yield template.path, Part.PATH
    for _, name, _, value in template.query:
        if name:
            yield name, Part.NAME
        if value:
            yield value, Part.VALUE
    yield template.fragment, Part.FRAGMENT


# There are many templates, but few different macros and policies in them.
@lru_cache(maxsize=64)
def _judges_of(dialect: Dialect, policy: Policy) -> tuple[_Judge, _Judge]:
    """Return functions that check a macro by its name and function: one with a cache, and one without."""
    dialect.check_context(policy.context)
    judge = partial(_verdict, dialect, policy, _denied_fields(dialect, policy))
    return lru_cache(maxsize=1024)(judge), judge


def _verdict(dialect: Dialect, policy: Policy, denied: frozenset[str], name: str, function: str | None) -> _Verdict:
    spec, problem = _look_up(name, dialect) if function is None else _look_up_function(function, name, dialect)
    if dialect.partial and problem in _UNLISTED:
        problem = Problem.UNLISTED
    problems = [] if problem is None else [problem]
    if spec is None:
        return None, False, False, tuple(problems)
    is_denied_here = is_denied(spec, denied)
    forbidden = spec.source not in policy.sources or is_denied_here
    problems += _policy_problems(spec, policy, denied=is_denied_here)
    if policy.consent and not forbidden and needs_consent(spec, dialect):
        problems.append(_NEEDS_CONSENT)
    return spec, forbidden, policy.withholds(spec), tuple(problems)


# Problems that may be due to a document the catalogue does not cover.
_UNLISTED = (Problem.UNKNOWN, Problem.UNDOCUMENTED_HASH)


def _look_up(name: str, dialect: Dialect) -> tuple[MacroSpec | None, Problem | None]:
    found = dialect.find(name)
    if found is None:
        return None, Problem.UNKNOWN
    spec, spelling = found
    return spec, _SPELLED.get(spelling)


_SPELLED = {
    Spelling.LEGACY: Problem.LEGACY,
    Spelling.FOLDED: Problem.UNDOCUMENTED_SPELLING,
    Spelling.PARAMETER: Problem.PARAMETER,
}


def _look_up_function(function: str, name: str, dialect: Dialect) -> tuple[MacroSpec | None, Problem | None]:
    reading = dialect.syntax.read(dialect.syntax.write(name))
    if reading is not None and reading.function is not None:
        return None, Problem.HASH_OF_HASH
    found = dialect.find(name)
    if found is None:
        return None, Problem.UNKNOWN
    spec, spelling = found
    if spelling is Spelling.PARAMETER:
        return spec, Problem.PARAMETER
    documented = spec.names_with(function)
    if not documented:
        return None, Problem.UNDOCUMENTED_HASH
    return spec, None if name in documented else Problem.UNDOCUMENTED_SPELLING


def _policy_problems(spec: MacroSpec, policy: Policy, *, denied: bool) -> Iterator[Problem]:
    if policy.postback not in spec.available:
        yield Problem.UNAVAILABLE
    if policy.context is not None and spec.contexts and policy.context not in spec.contexts:
        yield Problem.OUT_OF_CONTEXT
    if policy.send_all and policy.withholds(spec):
        yield Problem.WITHHELD
    if spec.source not in policy.sources:
        yield Problem.SOURCE_NOT_ALLOWED
    if denied:
        yield Problem.DENIED


def _denied_fields(dialect: Dialect, policy: Policy) -> frozenset[str]:
    """Return the folded names of fields that the policy denies: neither their values nor hashes of them may be sent."""
    for name in policy.deny:
        if not is_known(name, dialect):
            raise ValueError(
                f"policy denies {name!r}, which is not a macro of {dialect.title}{did_you_mean(name, dialect.names())}"
            )
    return denied_fields(policy.deny, dialect)
