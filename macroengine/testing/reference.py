"""The reference renderer: what a template means, as plainly as Python can say it.

It shares the parser, the catalogue and the policy's words with the engine, and nothing behind them, so that the two
can be held to each other. It reads the template anew for every event and is meant for tests, yours included.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal as OneOf

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, MacroSpec, dialect_of
from macroengine.catalogue.foreign import foreign_texts, inside_foreign
from macroengine.diagnostics import Diagnostic, Severity
from macroengine.errors import RenderError, SuppressedError, TemplateError
from macroengine.event import Event
from macroengine.kinds import HashCase, HashCaseWord
from macroengine.language.nodes import Literal, Macro, Pair, Part, Pieces
from macroengine.limits import Limits
from macroengine.plan.segments import Default, Missing
from macroengine.policy import Policy
from macroengine.template import Template, parse
from macroengine.testing.reference_macros import (
    HASHES,
    AnyMissing,
    Rendering,
    found_in,
    macro_text,
    missing_of,
    spec_of,
    value_of,
)
from macroengine.testing.reference_nesting import inside


def render(
    source: str,
    event: Event,
    *,
    dialect: str | Dialect = DEFAULT_DIALECT,
    policy: Policy = Policy(),  # noqa: B008 - immutable
    missing: AnyMissing | Mapping[str, AnyMissing] = Missing.EMPTY,
    unknown: OneOf["error", "keep", "empty"] = "error",
    nested: bool = True,
    allow_host_macros: bool = False,
    booleans: OneOf["true/false", "1/0"] = "true/false",
    hash_case: HashCase | HashCaseWord | None = None,
    ignore: Iterable[str] = (),
    limits: Limits = Limits(),  # noqa: B008 - immutable
) -> str:
    """Return the URL for one event, as `macroengine.render` should.

    Of the errors that a template can have it knows three, unknown macros, hashes that no document has and macros
    before the path; the others are the business of `check`, and so is where in the server a macro may stand with
    `allow_host_macros`. `ignore` takes the first two out, and permits macros in the host.

    >>> render("https://n.example/pb?c=(clickid)", Event(link={"click_id": "a b"}))
    'https://n.example/pb?c=a%20b'

    Raises:
        TemplateError: a macro is unknown, or would decide who gets the data, or the template is too large.
        ValueError: a default text in the path would lead to another one.
        SuppressedError: the postback is not sent for this event.
        RenderError: a value has no text, or the URL is too long. MissingValueError where one must not be missing.
    """
    chosen = dialect_of(dialect)
    template = _own(parse(source, dialect, limits=limits), chosen)
    case = None if hash_case is None else HashCase(hash_case)
    is_app = _is_app(template)
    rendering = Rendering(event, chosen, policy, missing, unknown, nested, booleans, case, is_app)
    ignored = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    _refuse(template, rendering, ignored, allow_host_macros)
    # A postback is for one kind of event, and for the events of others only with send-all.
    if event.postback is not policy.postback:
        raise SuppressedError(f"the template is for {policy.postback} postbacks, the event is for {event.postback}")
    if not (event.attributed or policy.send_all):
        raise SuppressedError("the event is not attributed to the network, and the policy is not send-all")
    url = _url(template, rendering)
    if len(url.encode(errors="surrogatepass")) > limits.url:
        raise RenderError(f"the URL is longer than {limits.url:,} bytes")
    return url


# The template


def _own(template: Template, dialect: Dialect) -> Template:
    """Return the template without the macros that are only a part of another platform's macro: they are literal."""
    is_part = inside_foreign(template.source, foreign_texts(template.source, dialect.syntax))
    if is_part is None:
        return template

    def read(pieces: Pieces) -> Pieces:
        return tuple(Literal(piece.text, piece.start) if is_part(piece.span) else piece for piece in pieces)

    return replace(
        template,
        scheme=read(template.scheme),
        authority=read(template.authority),
        path=read(template.path),
        query=tuple(replace(pair, name=read(pair.name), value=read(pair.value)) for pair in template.query),
        fragment=read(template.fragment),
    )


def _is_app(template: Template) -> bool:
    # What has a server for browsers, or leads to files or to whatever it names itself, is not the app's to read.
    scheme = "".join(piece.text for piece in template.scheme).lower()
    known = ("http", "https", "ws", "wss", "ftp", "file", "intent")
    return re.fullmatch("[a-z][a-z0-9+.-]*", scheme) is not None and scheme not in known


def _refuse(template: Template, rendering: Rendering, ignored: tuple[str, ...], allow_host_macros: bool) -> None:
    in_host = allow_host_macros or _is_ignored("ME202", ignored)
    for leaf, part in template.leaves():
        if not isinstance(leaf, Macro):
            continue
        spec = spec_of(leaf, rendering)
        if part is Part.SCHEME or (part is Part.AUTHORITY and not rendering.is_app and (spec is None or not in_host)):
            _raise("ME201", "macro-in-origin", f"macro {leaf.name!r} decides who gets the data", leaf, template)
        if spec is None:
            _refuse_unknown(leaf, template, rendering, ignored)
        elif part is Part.PATH and missing_of(spec, rendering) in (Default("."), Default("..")):
            raise ValueError(f"{leaf.text}: a default text leads to another path")


def _refuse_unknown(macro: Macro, template: Template, rendering: Rendering, ignored: tuple[str, ...]) -> None:
    if macro.function is not None and _function_in(macro.name, rendering.dialect) is not None:
        if not _is_ignored("ME106", ignored):
            _raise("ME106", "hash-of-hash", f"{macro.text} is the hash of a hash", macro, template)
    elif rendering.dialect.find(macro.name) is not None:
        if not _is_ignored("ME105", ignored):
            _raise("ME105", "undocumented-hash", f"no hash of {macro.name!r} is documented", macro, template)
    elif rendering.unknown == "error" and not _is_ignored("ME101", ignored):
        _raise("ME101", "unknown-macro", f"unknown macro {macro.name!r}", macro, template)


def _function_in(name: str, dialect: Dialect) -> str | None:
    reading = dialect.syntax.read(dialect.syntax.write(name))
    return reading.function if reading else None


def _is_ignored(code: str, ignored: tuple[str, ...]) -> bool:
    return code.startswith(ignored)


def _raise(code: str, name: str, message: str, macro: Macro, template: Template) -> None:
    raise TemplateError(template.source, [Diagnostic(code, name, Severity.ERROR, message, macro.span, template.source)])


def _url(template: Template, rendering: Rendering) -> str:
    # A value is encoded in the same way in the path, in the names and values of the query, and in the fragment.
    return "".join(
        (
            _component(template, template.scheme, Part.SCHEME, rendering),
            template.slashes.text if template.slashes else "",
            _component(template, template.authority, Part.AUTHORITY, rendering),
            _component(template, template.path, Part.PATH, rendering),
            _query(template, rendering),
            template.hash.text if template.hash else "",
            _component(template, template.fragment, Part.FRAGMENT, rendering),
        )
    )


def _query(template: Template, rendering: Rendering) -> str:
    # A dropped pair takes its & along. What opens the query stays as long as any pair does, an empty pair included.
    pairs = template.query
    kept = [text for pair in pairs if (text := _pair(template, pair, rendering)) is not None]
    if not kept:
        return ""
    second = pairs[1].opening if len(pairs) > 1 else None
    return (pairs[0].opening.text if pairs[0].opening else "") + (second.text if second else "&").join(kept)


def _pair(template: Template, pair: Pair, rendering: Rendering) -> str | None:
    """Return the pair without its opening, None where it is dropped."""
    name = _Text(template, pair.name, Part.NAME, rendering)
    value = _Text(template, pair.value, Part.VALUE, rendering)
    if _is_dropped([*name.deciding(*name.reach), *value.deciding(*value.reach)], rendering):
        return None
    return name.sent(*name.reach) + (pair.equals.text if pair.equals else "") + value.sent(*value.reach)


def _is_dropped(macros: list[Macro], rendering: Rendering) -> bool:
    # Whether a pair goes is decided first, so that a value beside the missing one cannot make the event fail: first
    # by the values that are not there, then by the identifiers that are there and identify nobody.
    dropping = [(macro, spec) for macro in macros if (spec := spec_of(macro, rendering)) and _drops(spec, rendering)]
    if any(found_in(macro, rendering)[1] is None for macro, _ in dropping):
        return True
    return any(value_of(macro, spec, rendering) is None for macro, spec in dropping if macro.function in HASHES)


def _drops(spec: MacroSpec, rendering: Rendering) -> bool:
    return missing_of(spec, rendering) is Missing.DROP


def _component(template: Template, pieces: Pieces, part: Part, rendering: Rendering) -> str:
    text = _Text(template, pieces, part, rendering)
    return text.sent(*text.reach)


class _Text:
    """A component, and how it is sent for an event."""

    def __init__(self, template: Template, pieces: Pieces, part: Part, rendering: Rendering) -> None:
        self._source = template.source
        self._rendering = rendering
        self._part = part
        self._inside = inside(pieces, part)
        self._macros = [piece for piece in pieces if not isinstance(piece, Literal)]
        queries = self._inside.queries if _drops_any(self._macros, rendering) else []
        # An outer one comes before those inside of it.
        self._queries = sorted(queries, key=lambda query: (query.opening[0], -query.pairs[-1][1]))
        self.reach = (pieces[0].start, pieces[-1].span.stop) if pieces else (0, 0)

    def own_macros(self, start: int, stop: int, first: int = 0) -> list[Macro]:
        """Return the macros of a stretch that no inner pair has for itself; `first` is the first query inside."""
        inner = [pair for index in self._outermost(start, stop, first) for pair in self._queries[index].pairs]
        return [
            macro
            for macro in self._macros
            if start <= macro.start < stop and not any(begin <= macro.start < end for begin, end in inner)
        ]

    def deciding(self, start: int, stop: int, first: int = 0) -> list[Macro]:
        """Return those of them for which their pair may be dropped; what must not be sent at all is no reason."""
        return [macro for macro in self.own_macros(start, stop, first) if macro.start not in self._inside.glued]

    def sent(self, start: int, stop: int, first: int = 0) -> str:
        """Return a stretch of the source, filled: literals as written, and each macro once."""
        stops: list[tuple[int, Macro | int]] = [(macro.start, macro) for macro in self.own_macros(start, stop, first)]
        stops += [(self._queries[index].opening[0], index) for index in self._outermost(start, stop, first)]
        text, at = "", start
        for begin, what in sorted(stops, key=lambda pair: pair[0]):
            text += self._source[at:begin]
            if isinstance(what, int):
                text += self._query(what)
                at = self._queries[what].pairs[-1][1]
            else:
                text += macro_text(what, self._part, self._inside, self._rendering)
                at = what.span.stop
        return text + self._source[at:stop]

    def _query(self, index: int) -> str:
        query = self._queries[index]
        kept = [
            self.sent(*pair, index + 1)
            for pair in query.pairs
            if not _is_dropped(self.deciding(*pair, index + 1), self._rendering)
        ]
        return self._source[slice(*query.opening)] + query.separator.join(kept) if kept else ""

    def _outermost(self, start: int, stop: int, first: int) -> list[int]:
        """Return the inner queries of a stretch, without those inside of them."""
        found: list[int] = []
        for index in range(first, len(self._queries)):
            query = self._queries[index]
            begin = self._queries[found[-1]].pairs[-1][1] if found else start
            if begin <= query.opening[0] and query.pairs[-1][1] <= stop:
                found.append(index)
        return found


def _drops_any(macros: list[Macro], rendering: Rendering) -> bool:
    return any((spec := spec_of(macro, rendering)) and _drops(spec, rendering) for macro in macros)
