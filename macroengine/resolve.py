"""Every macro of a template, looked up and judged. The only place where names and policy are decided."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from macroengine.catalogue import Dialect, MacroSpec, Spelling
from macroengine.catalogue.elsewhere import called_elsewhere
from macroengine.diagnostics import Finding, Fix
from macroengine.kinds import Postback, Source
from macroengine.nodes import AnyMacro, Literal, Part, Pieces, Sha1, Template
from macroengine.policy import Policy
from macroengine.suggest import did_you_mean, question

# The delimiters of RFC 3986 section 2.2 that divide a URL, percent-encoded once or, behind further 25s, more often.
_ENCODED_DELIMITER = re.compile(r"%((?:25)*)(?:3A|2F|3F|23|26|3D|40|5B|5D)", re.IGNORECASE)


class Problem(Enum):
    """What can be wrong with a macro. Each is reported by one rule."""

    UNKNOWN = auto()
    UNDOCUMENTED_SPELLING = auto()
    LEGACY = auto()
    NEAR_MISS = auto()
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
_DOCUMENTED: Final = Spelling.DOCUMENTED


@dataclass(frozen=True, slots=True)
class Resolved:
    """A macro of a template with its row of the catalogue, None where there is none."""

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


@dataclass(frozen=True, slots=True)
class Resolution:
    """The macros of a template in source order, repeats included, and what is wrong with them."""

    template: Template
    policy: Policy
    macros: tuple[Resolved, ...]
    problems: tuple[tuple[Problem, Finding], ...]

    def findings(self, problem: Problem) -> Iterator[Finding]:
        """Yield the findings of one kind, in source order."""
        return (finding for kind, finding in self.problems if kind is problem)


def resolve(template: Template, dialect: Dialect, policy: Policy) -> Resolution:
    """Look every macro up in the catalogue and hold it against the policy.

    Raises:
        ValueError: the policy denies a macro that a closed dialect does not have.
    """
    denied = _denied_fields(dialect, policy)
    macros: list[Resolved] = []
    problems: list[tuple[Problem, Finding]] = []
    for node, part, nesting, origin in _macros(template):
        spec, found = _look_up(node, dialect)
        problems += found
        if origin is not None:
            problems.append(_origin_problem(node, origin))
        forbidden = withheld = False
        if spec is not None:
            forbidden = spec.source not in policy.sources or spec.field in denied
            withheld = policy.withholds(spec)
            problems += _judge(node, spec, policy, denied)
        macros.append(Resolved(node, part, spec, nesting, origin is _HOST_LABEL, forbidden, withheld))
    return Resolution(template, policy, tuple(macros), tuple(problems))


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
    """Return where the scheme of a URL without `//` ends: at a colon in its first segment (RFC 3986 section 4.2)."""
    for piece in path:
        if isinstance(piece, Literal):
            segment, slash, _ = piece.text.partition("/")
            if ":" in segment:
                return piece.start + segment.index(":")
            if slash:
                break
    return 0


def _host_labels(authority: Pieces) -> range:
    """Return where a macro is in the host, left of a literal domain, and not in user info or port."""
    domain = authority[-1].text if authority and isinstance(authority[-1], Literal) else ""
    if not re.match(r"[A-Za-z0-9-]*\.[A-Za-z0-9]", domain):
        return range(0)
    # Nothing in a macro's own text is taken for a delimiter.
    text = "".join(piece.text if isinstance(piece, Literal) else "-" * len(piece.text) for piece in authority)
    host = text.rfind("@") + 1
    port = re.compile("[:[]").search(text, host)
    first = authority[0].start
    return range(first + host, first + (port.start() if port else len(text)))


def _look_up(node: AnyMacro, dialect: Dialect) -> tuple[MacroSpec | None, list[tuple[Problem, Finding]]]:
    if isinstance(node, Sha1):
        return _look_up_hash(node, dialect)
    found = dialect.find(node.name)
    if found is None:
        return None, [(Problem.UNKNOWN, _unknown(node, dialect))]
    spec, spelling = found
    if spelling is _DOCUMENTED:
        return spec, []
    match spelling:
        case Spelling.LEGACY:
            message = f"legacy name {node.text}; write {dialect.syntax.write(spec.name)}"
            return spec, [(Problem.LEGACY, _rename(node, dialect, spec.name, message))]
        case Spelling.FOLDED:
            message = f"undocumented spelling {node.text}; write {dialect.syntax.write(spec.name)}"
            return spec, [(Problem.UNDOCUMENTED_SPELLING, _rename(node, dialect, spec.name, message))]
        case Spelling.PARAMETER:
            near, hint = _near(node.name, dialect)
            message = f"{node.text} is taken for a parameter of the tracking link{question(near[:1])}"
            return spec, [(Problem.NEAR_MISS, Finding(node.span, message, hint))] if near else []


def _look_up_hash(node: Sha1, dialect: Dialect) -> tuple[MacroSpec | None, list[tuple[Problem, Finding]]]:
    if dialect.syntax.hashed_name(dialect.syntax.write(node.name)) is not None:
        message = f"{node.text} is the hash of a hash"
        fix = Fix(dialect.syntax.write(node.name), node.span, safe=False)
        return None, [(Problem.HASH_OF_HASH, Finding(node.span, message, "hash the identifier once", fix))]
    found = dialect.find(node.name)
    if found is None:
        return None, [(Problem.UNKNOWN, _unknown(node, dialect))]
    spec, _ = found
    if not spec.sha1:
        hashes = ", ".join(dialect.syntax.write_sha1(name) for other in dialect.macros.values() for name in other.sha1)
        message = f"no hash of {spec.name!r} is documented"
        fix = Fix(dialect.syntax.write(spec.name), node.span, safe=False)
        return None, [(Problem.UNDOCUMENTED_HASH, Finding(node.span, message, f"there are: {hashes}", fix))]
    if node.name in spec.sha1:
        return spec, []
    right = dialect.syntax.write_sha1(spec.sha1[0])
    message = f"undocumented spelling {node.text}; write {right}"
    return spec, [(Problem.UNDOCUMENTED_SPELLING, Finding(node.span, message, None, Fix(right, node.span, safe=True)))]


def _rename(node: AnyMacro, dialect: Dialect, name: str, message: str) -> Finding:
    return Finding(node.span, message, None, Fix(dialect.syntax.write(name), node.span, safe=True))


def _unknown(node: AnyMacro, dialect: Dialect) -> Finding:
    near, hint = _near(node.name, dialect)
    write = dialect.syntax.write
    if isinstance(node, Sha1):
        hashed = [spec.sha1[0] for spec, _ in filter(None, map(dialect.find, near)) if spec.sha1]
        near, write = list(dict.fromkeys(hashed)), dialect.syntax.write_sha1
    message = f"unknown macro {node.name!r}{question(near)}"
    if not near:
        hint = f"`macroengine macros` lists all of {dialect.title}"
    return Finding(node.span, message, hint, Fix(write(near[0]), node.span, safe=False) if near else None)


def _near(name: str, dialect: Dialect) -> tuple[list[str], str | None]:
    """Return the names that an unknown one may be meant for, and a hint where another platform calls a macro so."""
    elsewhere = called_elsewhere(name, dialect)
    names = [spec.name for spec, _ in elsewhere] + dialect.nearest(name)
    hint = f"{name} is what {elsewhere[0][1]} calls {dialect.syntax.write(names[0])}" if elsewhere else None
    return list(dict.fromkeys(names))[:3], hint


def _origin_problem(node: AnyMacro, origin: Problem) -> tuple[Problem, Finding]:
    where = "the host" if origin is Problem.HOST_LABEL else "the scheme, user info, host or port"
    hint = (
        "allow_host_macros=True permits a label of the host"
        if origin is Problem.HOST_LABEL
        else "write the server out, and send the value in the query"
    )
    return origin, Finding(node.span, f"{node.text} stands in {where}, where its value decides who gets the data", hint)


def _denied_fields(dialect: Dialect, policy: Policy) -> frozenset[str]:
    """Return the fields of the macros that the policy denies: neither they nor their hashes may be sent."""
    fields = set()
    for name in policy.deny:
        found = dialect.find(name)
        if found is None and name not in dialect.fields:
            raise ValueError(
                f"policy denies {name!r}, no macro of {dialect.title}{did_you_mean(name, dialect.names())}"
            )
        if name in dialect.fields:
            fields.add(name)
        if found is not None:
            fields.add(found[0].field)
    return frozenset(fields)


def _judge(
    node: AnyMacro, spec: MacroSpec, policy: Policy, denied: frozenset[str]
) -> Iterator[tuple[Problem, Finding]]:
    if policy.postback not in spec.available:
        kinds = ", ".join(kind for kind in Postback if kind in spec.available)
        message = f"{node.text} is never filled for {policy.postback} postbacks"
        yield Problem.UNAVAILABLE, Finding(node.span, message, f"it is for: {kinds}")
    if policy.send_all and policy.withholds(spec):
        message = f"{node.text} is filled only for events attributed to you"
        yield Problem.WITHHELD, Finding(node.span, message, "for all others it is missing")
    if spec.source not in policy.sources:
        allowed = ", ".join(source for source in Source if source in policy.sources) or "none"
        message = f"{node.text} comes from {spec.source}, which the policy does not allow"
        yield Problem.SOURCE_NOT_ALLOWED, Finding(node.span, message, f"allowed sources: {allowed}")
    if spec.field in denied:
        yield Problem.DENIED, Finding(node.span, f"{node.text} is denied by the policy")
