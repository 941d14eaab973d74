"""Report what a partner receives differently after a template was edited."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.language.nodes import Literal, Macro, Pieces
from macroengine.plan.resolve import Resolved, resolve
from macroengine.policy import Policy
from macroengine.template import Template, parse


@dataclass(frozen=True, slots=True)
class Change:
    """One difference in what the partner receives."""

    kind: str
    """What happened to the parameter: added, removed, renamed, refilled, another depth, withheld, consent, personal or
    rewritten."""
    name: str
    """The parameter, or the part of the URL."""
    message: str
    lost: bool = False
    """Whether the partner no longer receives something that it did before."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a template sends as one parameter, or as one part of the URL."""

    name: str
    text: str
    values: tuple[tuple[str, str | None], ...] = ()
    """The fields that fill it, each with the function that the template applies to it."""
    macros: tuple[str, ...] = ()
    depth: tuple[int, ...] = ()
    withheld: frozenset[str] = field(default=frozenset(), compare=False)
    needs_consent: frozenset[str] = field(default=frozenset(), compare=False)
    personal: frozenset[str] = field(default=frozenset(), compare=False)


def diff(
    old: str,
    new: str,
    *,
    dialect: str | Dialect = DEFAULT_DIALECT,
    policy: Policy = Policy(),  # noqa: B008 - immutable
) -> list[Change]:
    """Return the differences between the postbacks of two templates, parameter by parameter.

    >>> [change.message for change in diff("https://n.example/pb?id=(clickid)", "https://n.example/pb?cid=(clickid)")]
    ["'id' is renamed to 'cid'"]

    Raises:
        LimitError: a template is too large.
    """
    chosen = dialect_of(dialect)
    before, after = (dict(_sent(parse(source, chosen), chosen, policy)) for source in (old, new))
    added = {key: one for key, one in after.items() if key not in before}
    # A parameter counts as renamed if a new name is filled in the same way.
    alike: dict[object, deque[tuple[str, int]]] = {}
    for key, one in added.items():
        alike.setdefault(one.values, deque()).append(key)
    changes: list[Change] = []
    for key, one in before.items():
        if key in after:
            changes += _compared(one, after[key], policy)
            continue
        names = alike.get(one.values) if one.values else None
        if not names:
            filled = f", which was filled with {_macros(one)}" if one.macros else ""
            changes.append(Change("removed", one.name, f"{one.name!r} is no longer sent{filled}", lost=True))
        else:
            renamed = added.pop(names.popleft())
            changes.append(Change("renamed", one.name, f"{one.name!r} is renamed to {renamed.name!r}", lost=True))
            changes += _compared(one, renamed, policy)
    for one in added.values():
        filled = f", filled with {_macros(one)}" if one.macros else f", always {one.text!r}"
        changes.append(Change("added", one.name, f"{one.name!r} is new{filled}"))
        changes += _newly(_Sent(one.name, ""), one, policy)
    return changes


def _compared(old: _Sent, new: _Sent, policy: Policy) -> Iterator[Change]:
    name = new.name
    if old.values != new.values:
        fields = {value for value, _ in old.values}
        gone = fields - {value for value, _ in new.values}
        hashed = not gone and fields == {value for value, _ in new.values}
        message = f"{name!r} is filled with {_macros(new)}, not {_macros(old)}"
        yield Change("refilled", name, message, lost=bool(gone) or hashed)
    elif old.depth != new.depth:
        message = f"{name!r} is encoded {_times(new.depth)}, not {_times(old.depth)}"
        yield Change("another depth", name, message)
    elif _literal(old) != _literal(new):
        yield Change("rewritten", name, f"{name!r} is {new.text!r}, not {old.text!r}", lost=name == _SERVER)
    yield from _newly(old, new, policy)


def _newly(old: _Sent, new: _Sent, policy: Policy) -> Iterator[Change]:
    if policy.send_all and (withheld := new.withheld - old.withheld):
        names = ", ".join(sorted(withheld))
        message = f"{new.name!r} is now empty for events that are not attributed to the network: {names} is withheld"
        yield Change("withheld", new.name, message, lost=bool(old.values))
    if refused := new.needs_consent - old.needs_consent:
        names = ", ".join(sorted(refused))
        message = f"{new.name!r} is now empty for users who do not share identifiers: {names} is withheld"
        yield Change("consent", new.name, message, lost=bool(old.values))
    if personal := new.personal - old.personal:
        names = ", ".join(sorted(personal))
        yield Change("personal", new.name, f"{new.name!r} now has a value that identifies a person or device: {names}")


def _literal(one: _Sent) -> str:
    """Return the text around the macros in a normalised form, since it may be spelled in several ways."""
    text = one.text
    for macro in one.macros:
        text = text.replace(macro, "\0", 1)
    return text


def _macros(one: _Sent) -> str:
    return ", ".join(one.macros) or repr(one.text)


def _times(depth: tuple[int, ...]) -> str:
    """Return how often values are encoded at this nesting depth, in words."""
    times = 1 + max(depth)
    return {1: "once", 2: "twice"}.get(times, f"{times} times")


_SERVER = "server"


def _sent(template: Template, dialect: Dialect, policy: Policy) -> Iterator[tuple[tuple[str, int], _Sent]]:
    """Yield what a template sends, by name and by the number of earlier parameters with that name."""
    resolution = resolve(template, dialect, policy)
    scheme, host = (_text(pieces) for pieces in (template.scheme, template.authority))
    if scheme or host:
        slashes = "" if template.slashes is None else template.slashes.text
        yield (_SERVER, 0), _Sent(_SERVER, f"{scheme}{slashes}{host}")
    parts: list[tuple[str, Pieces]] = [("path", template.path)]
    parts += [(_text(pair.name) or "(no name)", pair.value) for pair in template.query]
    parts.append(("fragment", template.fragment))
    counts: dict[str, int] = {}
    resolved = {macro.node.start: macro for macro in resolution.macros}
    for name, pieces in parts:
        if pieces or name not in ("path", "fragment"):
            counts[name] = counts.get(name, -1) + 1
            yield (name, counts[name]), _of(name, pieces, resolved)


def _text(pieces: Pieces) -> str:
    return "".join(piece.text for piece in pieces)


def _of(name: str, pieces: Pieces, resolved: Mapping[int, Resolved]) -> _Sent:
    if all(isinstance(piece, Literal) for piece in pieces):
        return _Sent(name, _text(pieces))
    macros = [resolved[piece.start] for piece in pieces if isinstance(piece, Macro) and piece.start in resolved]
    return _Sent(
        name,
        _text(pieces),
        tuple((macro.spec.field if macro.spec else macro.node.text, macro.node.function) for macro in macros),
        tuple(macro.node.text for macro in macros),
        tuple(macro.place.layers for macro in macros),
        frozenset(macro.node.text for macro in macros if macro.withheld),
        frozenset(macro.node.text for macro in macros if macro.needs_consent),
        frozenset(macro.spec.field for macro in macros if macro.spec is not None and macro.spec.personal),
    )
