"""Every macro of a template, looked up and judged. The only place where names and policy are decided."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache, partial
from typing import Final, NamedTuple

from macroengine.catalogue import Dialect, MacroSpec, Spelling
from macroengine.catalogue.foreign import inside_foreign
from macroengine.catalogue.meanings import denied_fields, is_denied, is_known
from macroengine.nodes import AnyMacro, Literal, Part, Pieces, Sha1, Template
from macroengine.policy import Policy
from macroengine.suggest import did_you_mean

# The delimiters of RFC 3986 section 2.2 that divide a URL, percent-encoded once or, behind further 25s, more often.
_ENCODED_DELIMITER = re.compile(r"%((?:25)*)(?:3A|2F|3F|23|26|3D|40|5B|5D)", re.IGNORECASE)


class Problem(Enum):
    """What can be wrong with a macro. Each is reported by one rule."""

    UNKNOWN = auto()
    UNDOCUMENTED_SPELLING = auto()
    LEGACY = auto()
    PARAMETER = auto()
    """Not wrong, but perhaps a slip: an open dialect takes the name for a parameter of the tracking link."""
    UNDOCUMENTED_HASH = auto()
    HASH_OF_HASH = auto()
    DECIDES_ORIGIN = auto()
    HOST_LABEL = auto()
    UNAVAILABLE = auto()
    WITHHELD = auto()
    SOURCE_NOT_ALLOWED = auto()
    DENIED = auto()


# What most macros are is looked up once: in Python 3.11 a member of an enumeration takes as long as a call.
_HOST_LABEL: Final = Problem.HOST_LABEL
_VALUE: Final = Part.VALUE

# The row of the catalogue, whether it is forbidden and withheld, and what is wrong with it.
_Verdict = tuple[MacroSpec | None, bool, bool, tuple[Problem, ...]]


class Resolved(NamedTuple):
    """A macro of a template with its row of the catalogue, None where there is none; a tuple, as `plan.Value` is."""

    node: AnyMacro
    part: Part
    spec: MacroSpec | None
    nesting: int
    """How many encoded URLs stand around it; 0 in the template's own URL."""
    host_label: bool
    """Whether it is in the host, and nowhere else in what names the server."""
    forbidden: bool
    """Whether the policy forbids its value in every postback."""
    withheld: bool
    """Whether its value is withheld where the event is not attributed to the network."""
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """The macros of a template in source order, repeats included.

    What is a part of another platform's macro is none of them: `{a}` in `${a}` or `{{a}}`, for the outer reading wins.
    """

    template: Template
    policy: Policy
    macros: tuple[Resolved, ...]

    def with_problem(self, problem: Problem) -> Iterator[Resolved]:
        """Yield the macros that have this problem, in source order."""
        return (macro for macro in self.macros if problem in macro.problems)


def resolve(template: Template, dialect: Dialect, policy: Policy) -> Resolution:
    """Look every macro up in the catalogue and hold it against the policy.

    Raises:
        ValueError: the policy denies a macro that a closed dialect does not have.
    """
    judged = _judge_of(dialect, policy)
    is_part = inside_foreign(template.source, dialect.syntax)
    macros = []
    for node, part, nesting, origin in _macros(template):
        if is_part is not None and is_part(node.span):
            continue
        spec, forbidden, withheld, problems = judged(node.name, isinstance(node, Sha1))
        if origin is not None:
            problems = (*problems, origin)
        host_label = origin is _HOST_LABEL
        macros.append(Resolved(node, part, spec, nesting, host_label, forbidden, withheld, problems))
    return Resolution(template, policy, tuple(macros))


def _macros(template: Template) -> Iterator[tuple[AnyMacro, Part, int, Problem | None]]:
    """Yield every macro with its part, its nesting, and whether it decides which server gets the URL."""
    for node in _only_macros(template.scheme):
        yield node, Part.SCHEME, 0, Problem.DECIDES_ORIGIN
    labels = _host_labels(template.authority)
    for node in _only_macros(template.authority):
        yield node, Part.AUTHORITY, 0, Problem.HOST_LABEL if node.start in labels else Problem.DECIDES_ORIGIN
    scheme_end = 0 if template.slashes else _scheme_end(template.path)
    for node in _only_macros(template.path):
        yield node, Part.PATH, 0, Problem.DECIDES_ORIGIN if node.start < scheme_end else None
    for pair in template.query:
        for node in _only_macros(pair.name):
            yield node, Part.NAME, 0, None
        nesting = 0
        for piece in pair.value:
            if isinstance(piece, Literal):
                nesting = _nesting_after(piece.text, nesting)
            else:
                yield piece, _VALUE, nesting, None
    for node in _only_macros(template.fragment):
        yield node, Part.FRAGMENT, 0, None


def _only_macros(pieces: Pieces) -> Iterator[AnyMacro]:
    return (piece for piece in pieces if not isinstance(piece, Literal))


def _nesting_after(text: str, before: int) -> int:
    """Return how deep the text leaves us: the last encoded delimiter says in which of the URLs we are."""
    layers: list[str] = _ENCODED_DELIMITER.findall(text)
    return 1 + len(layers[-1]) // len("25") if layers else before


def _scheme_end(path: Pieces) -> int:
    """Return where the text is that ends the scheme of a URL without `//`.

    It has a colon in the first segment (RFC 3986 section 4.2); whatever stands before the text, stands in the scheme.
    """
    for piece in path:
        if isinstance(piece, Literal):
            segment, slash, _ = piece.text.partition("/")
            if ":" in segment:
                return piece.start
            if slash:
                break
    return 0


def _host_labels(authority: Pieces) -> range:
    """Return where a macro is in the host, left of a literal domain, and not in user info or port."""
    domain = authority[-1].text if authority and isinstance(authority[-1], Literal) else ""
    # A host whose last label is a number is an address (WHATWG URL, section 3.5), and no domain that leads anywhere.
    if not re.match(r"[A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.[A-Za-z][A-Za-z0-9-]*\.?(?![^:])", domain):
        return range(0)
    # Nothing in a macro's own text is taken for a delimiter.
    text = "".join(piece.text if isinstance(piece, Literal) else "-" * len(piece.text) for piece in authority)
    host = text.rfind("@") + 1
    port = re.compile("[:[]").search(text, host)
    first = authority[0].start
    return range(first + host, first + (port.start() if port else len(text)))


# Templates are many, and the macros and policies in them few.
@lru_cache(maxsize=64)
def _judge_of(dialect: Dialect, policy: Policy) -> Callable[[str, bool], _Verdict]:
    """Return what judges a macro by its name, and by whether its hash is asked for."""
    return lru_cache(maxsize=1024)(partial(_verdict, dialect, policy, _denied_fields(dialect, policy)))


def _verdict(dialect: Dialect, policy: Policy, denied: frozenset[str], name: str, hashed: bool) -> _Verdict:
    spec, problem = _look_up_hash(name, dialect) if hashed else _look_up(name, dialect)
    problems = [] if problem is None else [problem]
    if spec is None:
        return None, False, False, tuple(problems)
    is_denied_here = is_denied(spec, denied)
    forbidden = spec.source not in policy.sources or is_denied_here
    problems += _policy_problems(spec, policy, denied=is_denied_here)
    return spec, forbidden, policy.withholds(spec), tuple(problems)


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


def _look_up_hash(name: str, dialect: Dialect) -> tuple[MacroSpec | None, Problem | None]:
    if dialect.syntax.hashed_name(dialect.syntax.write(name)) is not None:
        return None, Problem.HASH_OF_HASH
    found = dialect.find(name)
    if found is None:
        return None, Problem.UNKNOWN
    spec, _ = found
    if not spec.sha1:
        return None, Problem.UNDOCUMENTED_HASH
    return spec, None if name in spec.sha1 else Problem.UNDOCUMENTED_SPELLING


def _policy_problems(spec: MacroSpec, policy: Policy, *, denied: bool) -> Iterator[Problem]:
    if policy.postback not in spec.available:
        yield Problem.UNAVAILABLE
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
                f"policy denies {name!r}, no macro of {dialect.title}{did_you_mean(name, dialect.names())}"
            )
    return denied_fields(policy.deny, dialect)
