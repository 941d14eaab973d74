"""Every macro of a template, looked up and judged. The only place where names and policy are decided."""

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
    """What can be wrong with a macro. Each is reported by one rule."""

    UNKNOWN = auto()
    UNLISTED = auto()
    """The same in a dialect whose catalogue is known to be incomplete: the platform may have it."""
    UNDOCUMENTED_SPELLING = auto()
    LEGACY = auto()
    PARAMETER = auto()
    """Not wrong, but perhaps a typo: an open dialect takes the name for a parameter of the tracking link."""
    UNDOCUMENTED_HASH = auto()
    HASH_OF_HASH = auto()
    DECIDES_ORIGIN = auto()
    HOST_LABEL = auto()
    APP_SERVER = auto()
    """Not wrong: what follows `://` is read by the app that has the scheme."""
    UNAVAILABLE = auto()
    OUT_OF_CONTEXT = auto()
    WITHHELD = auto()
    SOURCE_NOT_ALLOWED = auto()
    DENIED = auto()
    NEEDS_CONSENT = auto()
    """Not wrong: an identifier, which is withheld where the user does not share it."""

    __hash__ = object.__hash__  # that of an enumeration is a function of Python, and each check asks it often


# What most macros are is looked up once: in Python 3.11 a member of an enumeration takes as long as a call.
_HOST_LABEL: Final = Problem.HOST_LABEL
_ORIGINS = {
    Origin.SERVER: Problem.DECIDES_ORIGIN,
    Origin.LABEL: Problem.HOST_LABEL,
    Origin.APP: Problem.APP_SERVER,
}

# The row of the catalogue, whether it is forbidden and withheld, and what is wrong with it.
_Verdict = tuple[MacroSpec | None, bool, bool, tuple[Problem, ...]]
_NEEDS_CONSENT: Final = Problem.NEEDS_CONSENT
_Judge = Callable[[str, str | None], _Verdict]


class Resolved(NamedTuple):
    """A macro of a template with its row of the catalogue, None where there is none; a tuple for speed, as Value is."""

    node: Macro
    part: Part
    spec: MacroSpec | None
    place: Place
    """What is around it: URLs inside the URL, and JSON."""
    host_label: bool
    """Whether it is in the host, and nowhere else in what names the server."""
    forbidden: bool
    """Whether the policy forbids its value in every postback."""
    withheld: bool
    """Whether its value is withheld where the event is not attributed to the network."""
    problems: tuple[Problem, ...]

    @property
    def needs_consent(self) -> bool:
        """Whether its value is withheld if the user does not share identifiers."""
        return _NEEDS_CONSENT in self.problems


# What its constructor does, without a call of Python: each macro of a template is made here.
_resolved = partial(tuple.__new__, Resolved)


class Resolution(NamedTuple):
    """The macros of a template in source order, repeats included.

    What is a part of another platform's macro is none of them: `{a}` in `${a}` or `{{a}}`, for the outer reading wins.
    """

    template: Template
    dialect: Dialect
    policy: Policy
    macros: tuple[Resolved, ...]
    queries: tuple[InnerQuery, ...]
    """The queries of URLs inside the URL, in source order."""
    others: Mapping[int, tuple[Resolved, ...]]
    """For each macro that names several values, by its start: the second and further ones, as macros of their own."""
    foreign: tuple[ForeignText, ...]
    """What is written in the syntax of other platforms, in source order."""


def resolve(template: Template, dialect: Dialect, policy: Policy, around: Nesting | None = None) -> Resolution:
    """Look every macro up in the catalogue and check it against the policy.

    Of a text that is not a URL, `around` says what surrounds its macros; it names no server.

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
        if around is None and len(pieces) > 1:  # what is alone has nothing around it
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
                # What has no value has no value to check, either.
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
    """Return one of the further values that a macro names, in its place."""
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


# Templates are many, and the macros and policies in them few.
@lru_cache(maxsize=64)
def _judges_of(dialect: Dialect, policy: Policy) -> tuple[_Judge, _Judge]:
    """Return what judges a macro by its name, and by the function that it names: with a memory, and without."""
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


# What a document that was not seen may say otherwise.
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
    """Return the fields, folded, whose values the policy denies: neither they nor their hashes may be sent."""
    for name in policy.deny:
        if not is_known(name, dialect):
            raise ValueError(
                f"policy denies {name!r}, which is not a macro of {dialect.title}{did_you_mean(name, dialect.names())}"
            )
    return denied_fields(policy.deny, dialect)
