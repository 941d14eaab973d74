"""The reference renderer defines what a template means, in the plainest possible Python.

It shares only the parser, the catalogue and the policy with the engine, so that the two can be checked against each
other. It parses the template again for every event, and is meant for tests, including yours.
"""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal as OneOf
from urllib.parse import quote, quote_plus

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, MacroSpec, Spelling, dialect_of
from macroengine.catalogue.aliases import conversions
from macroengine.catalogue.folding import fold
from macroengine.catalogue.foreign import foreign_texts, inside_foreign
from macroengine.catalogue.meanings import denied_fields, fields_called, is_denied
from macroengine.diagnostics import Diagnostic, Severity
from macroengine.errors import MissingValueError, RenderError, SuppressedError, TemplateError
from macroengine.event import Event
from macroengine.kinds import Encoding, Function, HashCase, HashCaseWord, Source, ValueType
from macroengine.language.nodes import Literal, Macro, Pair, Part, Pieces
from macroengine.limits import Limits
from macroengine.plan.segments import Default, Missing, MissingWord
from macroengine.policy import Policy
from macroengine.template import Template, parse
from macroengine.testing.reference_consent import is_withheld
from macroengine.testing.reference_nesting import PERCENT, STRING, WHOLE, Inside, Pairs, inside
from macroengine.testing.reference_text import (
    UnsendableError,
    converted,
    elements,
    json_default,
    json_text,
    json_value,
    value_text,
)

_HOST_LABEL = re.compile("[A-Za-z0-9-]{1,63}")
_Missing = Missing | Default | MissingWord


def render(
    source: str,
    event: Event,
    *,
    dialect: str | Dialect = DEFAULT_DIALECT,
    policy: Policy = Policy(),  # noqa: B008 - immutable
    missing: _Missing | Mapping[str, _Missing] = Missing.EMPTY,
    unknown: OneOf["error", "keep", "empty"] = "error",
    nested: bool = True,
    allow_host_macros: bool = False,
    booleans: OneOf["true/false", "1/0"] = "true/false",
    hash_case: HashCase | HashCaseWord | None = None,
    ignore: Iterable[str] = (),
    limits: Limits = Limits(),  # noqa: B008 - immutable
) -> str:
    """Return the URL for one event, as `macroengine.render` should.

    It only knows three kinds of errors in a template: unknown macros, undocumented hashes, and macros before the path.
    `check` finds the others, including where in the host a macro may be with `allow_host_macros`. `ignore` can permit
    the first two, and macros in the host.

    >>> render("https://n.example/pb?c=(clickid)", Event(link={"click_id": "a b"}))
    'https://n.example/pb?c=a%20b'

    Raises:
        TemplateError: a macro is unknown, or would decide who receives the data, or the template is too large.
        ValueError: a default text would change the path.
        SuppressedError: the postback is not sent for this event.
        RenderError: a value cannot be written as text, or the URL is too long. MissingValueError: a required value is
            missing.
    """
    chosen = dialect_of(dialect)
    template = _own(parse(source, dialect, limits=limits), chosen)
    case = None if hash_case is None else HashCase(hash_case)
    is_app = _is_app(template)
    rendering = _Rendering(event, chosen, policy, missing, unknown, nested, booleans, case, is_app)
    ignored = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    _refuse(template, rendering, ignored, allow_host_macros)
    # A postback is for one kind of event. Events attributed to others are only sent with send-all.
    if event.postback is not policy.postback:
        raise SuppressedError(f"the template is for {policy.postback} postbacks, the event is for {event.postback}")
    if not (event.attributed or policy.send_all):
        raise SuppressedError("the event is not attributed to the network, and the policy is not send-all")
    url = _url(template, rendering)
    if len(url.encode(errors="surrogatepass")) > limits.url:
        raise RenderError(f"the URL is longer than {limits.url:,} bytes")
    return url


@dataclass(frozen=True, slots=True)
class _Rendering:
    """An event, and how to render it."""

    event: Event
    dialect: Dialect
    policy: Policy
    missing: _Missing | Mapping[str, _Missing]
    unknown: str
    nested: bool
    booleans: str
    hash_case: HashCase | None
    is_app: bool


# The template


def _own(template: Template, dialect: Dialect) -> Template:
    """Return the template with macros that are part of another platform's macro turned into literals."""
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
        query=tuple(pair._replace(name=read(pair.name), value=read(pair.value)) for pair in template.query),
        fragment=read(template.fragment),
    )


def _is_app(template: Template) -> bool:
    # In URLs of these schemes the server part is not for an app to interpret.
    scheme = "".join(piece.text for piece in template.scheme).lower()
    known = ("http", "https", "ws", "wss", "ftp", "file", "intent")
    return re.fullmatch("[a-z][a-z0-9+.-]*", scheme) is not None and scheme not in known


def _refuse(template: Template, rendering: _Rendering, ignored: tuple[str, ...], allow_host_macros: bool) -> None:
    in_host = allow_host_macros or _is_ignored("ME202", ignored)
    for leaf, part in template.leaves():
        if not isinstance(leaf, Macro):
            continue
        spec = _spec(leaf, rendering)
        if part is Part.SCHEME or (part is Part.AUTHORITY and not rendering.is_app and (spec is None or not in_host)):
            _raise("ME201", "macro-in-origin", f"macro {leaf.name!r} decides who gets the data", leaf, template)
        if spec is None:
            _refuse_unknown(leaf, template, rendering, ignored)
        elif part is Part.PATH and _missing(spec, rendering) in (Default("."), Default("..")):
            raise ValueError(f"{leaf.text}: a default text leads to another path")


def _refuse_unknown(macro: Macro, template: Template, rendering: _Rendering, ignored: tuple[str, ...]) -> None:
    if macro.function is not None and _function_in(macro.name, rendering.dialect) is not None:
        if not _is_ignored("ME106", ignored):
            _raise("ME106", "hash-of-hash", f"{macro.text} has a function of a function", macro, template)
    elif rendering.dialect.partial:
        return  # its catalogue is known to be incomplete
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


def _url(template: Template, rendering: _Rendering) -> str:
    # A value is encoded in the same way in the path, in query names and values, and in the fragment.
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


def _query(template: Template, rendering: _Rendering) -> str:
    # A dropped pair takes its & along. The opening of the query stays as long as any pair does, even an empty one.
    pairs = template.query
    opening = pairs[0].opening.text if pairs and pairs[0].opening else ""
    separator = pairs[1].opening.text if len(pairs) > 1 and pairs[1].opening else "&"
    texts = [_PairText(template, pair, rendering) for pair in pairs]
    kept: list[str] = []
    for text in texts:
        # A semicolon only separates pairs if there is no & at all.
        others = separator == "&" and any(not other.may_be_dropped() for other in texts if other is not text)
        sent = text.sent(is_alone=opening != "&" and not others, is_split=separator == ";")
        kept += [] if sent is None else [sent]
    return opening + separator.join(kept) if kept else ""


class _PairText:
    """A pair, and how it is sent for an event."""

    def __init__(self, template: Template, pair: Pair, rendering: _Rendering) -> None:
        self._pair = pair
        self._rendering = rendering
        self._name = _Text(template, pair.name, Part.NAME, rendering)
        self._value = _Text(template, pair.value, Part.VALUE, rendering)
        self._deciding = [macro for text in (self._name, self._value) for macro in text.deciding(*text.reach)]

    def may_be_dropped(self) -> bool:
        """Say whether it is dropped for some events."""
        return _drops_any(self._deciding, self._rendering)

    def sent(self, *, is_alone: bool, is_split: bool) -> str | None:
        """Return the pair without its opening; None if it is dropped.

        `is_alone` says that it may be sent without any &, and `is_split` that semicolons separate pairs.
        """
        if _is_dropped(self._deciding, self._rendering):
            return None
        leaves = [*self._pair.name, *([self._pair.equals] if self._pair.equals else []), *self._pair.value]
        if is_alone and leaves:
            self._name.alone = self._value.alone = (leaves[0].start, leaves[-1].span.stop)
        self._name.is_split = self._value.is_split = is_split
        equals = self._pair.equals.text if self._pair.equals else ""
        return self._name.sent(*self._name.reach) + equals + self._value.sent(*self._value.reach)


def _is_dropped(macros: list[Macro], rendering: _Rendering) -> bool:
    # Whether to drop a pair is decided first, so that another value in it cannot make the event fail: first by missing
    # values, then by identifiers that cannot be hashed.
    dropping = [(macro, spec) for macro in macros if (spec := _sent(macro, rendering)) and _drops(spec, rendering)]
    if any(_found(macro, rendering)[1] is None for macro, _ in dropping):
        return True
    return any(_value(macro, spec, rendering) is None for macro, spec in dropping if macro.function in _HASHES)


def _drops(spec: MacroSpec, rendering: _Rendering) -> bool:
    return _missing(spec, rendering) is Missing.DROP


def _component(template: Template, pieces: Pieces, part: Part, rendering: _Rendering) -> str:
    text = _Text(template, pieces, part, rendering)
    return text.sent(*text.reach)


class _Text:
    """A component, and how it is sent for an event."""

    def __init__(self, template: Template, pieces: Pieces, part: Part, rendering: _Rendering) -> None:
        self._source = template.source
        self._rendering = rendering
        self._part = part
        self._inside = inside(pieces, part)
        self._macros = [piece for piece in pieces if not isinstance(piece, Literal)]
        queries = self._inside.queries if _drops_any(self._macros, rendering) else []
        # Outer queries come before those inside them.
        self._queries = sorted(queries, key=_in_order)
        self.alone: tuple[int, int] | None = None
        """The pair of the outermost URL around it, if that may be sent without any &."""
        self.is_split = False
        """Whether semicolons separate the pairs of the outermost URL."""
        self.reach = (pieces[0].start, pieces[-1].span.stop) if pieces else (0, 0)

    def own_macros(self, start: int, stop: int, first: int = 0) -> list[Macro]:
        """Return the macros of a stretch that belong to no inner pair. `first` is the first query inside."""
        inner = [pair for index in self._outermost(start, stop, first) for pair in self._queries[index].pairs]
        return [
            macro
            for macro in self._macros
            if start <= macro.start < stop and not any(begin <= macro.start < end for begin, end in inner)
        ]

    def deciding(self, start: int, stop: int, first: int = 0) -> list[Macro]:
        """Return those macros that may cause their pair to be dropped. One that must not be sent at all cannot."""
        return [macro for macro in self.own_macros(start, stop, first) if macro.start not in self._inside.glued]

    def sent(self, start: int, stop: int, first: int = 0) -> str:
        """Return a stretch of the source with its macros filled and literals unchanged."""
        stops: list[tuple[int, Macro | int]] = [(macro.start, macro) for macro in self.own_macros(start, stop, first)]
        stops += [(self._queries[index].opening[0], index) for index in self._outermost(start, stop, first)]
        text, at = "", start
        for begin, what in sorted(stops, key=lambda pair: pair[0]):
            text += self._source[at:begin]
            if isinstance(what, int):
                text += self._query(what)
                at = self._queries[what].pairs[-1][1]
            else:
                text += _macro(what, self._part, self._inside, self._rendering, self._forbidden(what))
                at = what.span.stop
        return text + self._source[at:stop]

    def _forbidden(self, macro: Macro) -> list[str]:
        """Return patterns that an unencoded value must not contain, because of the part that it is in."""
        inner = self._inside.parts[macro.start]
        is_outer = not inner or not self._rendering.nested
        parts = [inner, {Part.PATH: "path", Part.NAME: "name"}.get(self._part, "") if is_outer else ""]
        found = ["=" for part in parts if part == "name"]
        if "path" in parts:
            found += ["[/?]", _DOTS]
        if is_outer and self.alone is not None:
            found += [";"] if self.is_split else _splitting(self._source, macro, self.alone)
        if inner in ("name", "value"):
            found += self._splitting_inner(macro)
        return found

    def _splitting_inner(self, macro: Macro) -> list[str]:
        queries = sorted(self._inside.queries, key=_in_order)
        owners = {
            one.start: query for query in queries for one in self._macros for pair in query.pairs if _has(pair, one)
        }
        own = owners[macro.start]
        if self._source[slice(*own.opening)].endswith(("&", "26")):
            return []
        dropping = [one for one in self._macros if owners.get(one.start) is own and _drops_any([one], self._rendering)]
        others = [pair for pair in own.pairs if not any(_has(pair, one) for one in [macro, *dropping])]
        if len(own.pairs) > 1 and not own.separator.endswith(("&", "26")):
            return [";"]
        if others:
            return []
        pair = next(pair for pair in own.pairs if _has(pair, macro))
        return _splitting(self._source, macro, pair, ";|%(25)*3[Bb]")

    def _query(self, index: int) -> str:
        query = self._queries[index]
        kept = [
            self.sent(*pair, index + 1)
            for pair in query.pairs
            if not _is_dropped(self.deciding(*pair, index + 1), self._rendering)
        ]
        return self._source[slice(*query.opening)] + query.separator.join(kept) if kept else ""

    def _outermost(self, start: int, stop: int, first: int) -> list[int]:
        """Return the inner queries of a stretch, without queries inside those."""
        found: list[int] = []
        for index in range(first, len(self._queries)):
            query = self._queries[index]
            begin = self._queries[found[-1]].pairs[-1][1] if found else start
            if begin <= query.opening[0] and query.pairs[-1][1] <= stop:
                found.append(index)
        return found


# Browsers read escaped dots as dots.
_DOTS = r"\A(?:\.|%2[eE]){1,2}\Z"


def _splitting(source: str, macro: Macro, pair: tuple[int, int], semicolon: str = ";") -> list[str]:
    """Return patterns of what would begin another pair in a query without any &."""
    patterns = [";[^/:;?#&=]+=" if macro.span.stop == pair[1] else ";"]
    return [*patterns, "="] if re.search(semicolon, source[pair[0] : macro.start]) else patterns


def _in_order(query: Pairs) -> tuple[int, int]:
    return query.opening[0], -query.pairs[-1][1]


def _has(pair: tuple[int, int], macro: Macro) -> bool:
    return pair[0] <= macro.start < pair[1]


def _drops_any(macros: list[Macro], rendering: _Rendering) -> bool:
    return any((spec := _sent(macro, rendering)) and _drops(spec, rendering) for macro in macros)


# A macro


def _macro(macro: Macro, part: Part, inside: Inside, rendering: _Rendering, forbidden: list[str]) -> str:
    steps = inside.steps[macro.start]
    spec = _sent(macro, rendering)
    if spec is None and rendering.unknown != "empty":
        return macro.text
    if macro.start in inside.glued:
        raise RenderError(f"{macro.text}: the text before it and the value would form an escape", macro.name)
    if not rendering.nested:
        steps = (PERCENT, *(step for step in steps if step != PERCENT))
    if spec is None:
        return "null" if steps[-1] == WHOLE else ""
    is_segment = macro.start in inside.in_path or (part is Part.PATH and inside.steps[macro.start] == (PERCENT,))
    writing = _Writing(macro, spec, steps, rendering, forbidden)
    text = _value(macro, spec, rendering)
    if part is Part.AUTHORITY and not rendering.is_app:
        return _host_label(text, macro)
    if text is None:
        return writing.instead()
    parts = elements(_found(macro, rendering)[1], rendering.booleans) if spec.type is ValueType.LIST else [text]
    if is_segment and (text in (".", "..") or (steps[-1] != WHOLE and any(part in (".", "..") for part in parts))):
        # Receivers resolve dot segments, even encoded ones.
        raise RenderError(f"{macro.text}: {text!r} leads to another path", macro.name)
    if steps[-1] == WHOLE and macro.function not in _PERCENTS:
        is_typed = macro.function in (None, Function.NONE)
        text = json_value(_found(macro, rendering)[1], text, spec.type) if is_typed else json_text(text)
    elif spec.type is ValueType.LIST:
        # Encode each element, and join them with a plain comma.
        return ",".join(writing.sent(_changed(macro.function, part), checked=True) for part in parts)
    return writing.sent(text, checked=True)


def _sent(macro: Macro, rendering: _Rendering) -> MacroSpec | None:
    """Return the row by which a macro is sent. An incomplete catalogue may not have one."""
    spec, dialect = _spec(macro, rendering), rendering.dialect
    if spec is not None or not dialect.partial or rendering.unknown != "error":
        return spec
    is_hash_of_hash = macro.function is not None and _function_in(macro.name, dialect) is not None
    return None if is_hash_of_hash else MacroSpec(macro.text, macro.text, Source.PLATFORM)


def _spec(macro: Macro, rendering: _Rendering) -> MacroSpec | None:
    """Return the first catalogue row that the macro names; None if there is none, or its hash is not documented."""
    return next((spec for name in _names(macro) if (spec := _row(name, macro, rendering))), None)


def _names(macro: Macro) -> tuple[str, ...]:
    return macro.name, *macro.alternatives


def _row(name: str, macro: Macro, rendering: _Rendering) -> MacroSpec | None:
    found = rendering.dialect.find(name)
    if found is None:
        return None
    spec, spelling = found
    if macro.function is not None and _function_in(name, rendering.dialect) is not None:
        return None
    # Link parameters and their hashes are not documented.
    is_documented = spelling is Spelling.PARAMETER or macro.function is None or spec.names_with(macro.function)
    return spec if is_documented else None


def _host_label(text: str | None, macro: Macro) -> str:
    # In the host only a whole label is allowed: no default, no dot, no port.
    if text is None:
        raise MissingValueError(f"{macro.text}: the host needs a value", macro.name)
    if not _HOST_LABEL.fullmatch(text):
        raise RenderError(f"{macro.text}: {text!r} is not a label of a host", macro.name)
    return text


@dataclass(frozen=True, slots=True)
class _Writing:
    """How a macro is written in its place."""

    macro: Macro
    spec: MacroSpec
    steps: tuple[str, ...]
    rendering: _Rendering
    forbidden: list[str]
    """Patterns that an unencoded value must not contain here, though it may elsewhere."""

    def instead(self) -> str:
        """Return the text for a missing value."""
        missing = _missing(self.spec, self.rendering)
        if missing is Missing.RAISE:
            raise MissingValueError(f"{self.macro.text}: value is missing", self.macro.name)
        if missing is Missing.KEEP:
            return self.macro.text
        is_whole = self.steps[-1] == WHOLE
        if missing is Missing.EMPTY:
            # The documented text; that of the macro overrides that of the dialect.
            documented = self.rendering.dialect.missing if self.spec.missing is None else self.spec.missing
            missing = Default(documented) if documented else missing
        # With DROP the pair has been dropped already. Outside a query there is none.
        if not isinstance(missing, Default):
            return "null" if is_whole else ""
        is_json = is_whole and self.macro.function not in _PERCENTS
        return self.sent(json_default(missing.text, self.spec.type) if is_json else missing.text, checked=False)

    def sent(self, text: str, *, checked: bool) -> str:
        """Return a text encoded once for the value, once for each enclosing URL, and escaped for each enclosing JSON.

        Innermost first, so that the innermost receiver reads the value. With `checked`, a value that is sent unencoded
        is checked; a default is not.
        """
        macro = self.macro
        try:
            if macro.function in _PERCENTS:
                for _ in range(_PERCENTS.index(macro.function) + 1):
                    text = quote(text, safe="")
                return text
            is_own = True
            for step in reversed(self.steps):
                if step == STRING:
                    text = json_text(text)[1:-1]
                elif step == PERCENT:
                    text = self._own(text, checked=checked) if is_own else quote(text, safe="")
                    is_own = False
        except UnicodeEncodeError:
            raise RenderError(f"{macro.text}: the value has half of a surrogate pair", macro.name) from None
        return text

    def _own(self, text: str, *, checked: bool) -> str:
        encoding = self.spec.encoding or self.rendering.dialect.encoding
        if self.macro.function == Function.NONE:
            encoding = Encoding.NONE
        match encoding:
            case Encoding.NFC:
                return quote(unicodedata.normalize("NFC", text), safe="")
            case Encoding.PERCENT:
                # RFC 3986: UTF-8, upper-case hex, unreserved characters unchanged, %20 for a space.
                return quote(text, safe="")
            case Encoding.COMPONENT:
                return quote(text, safe="!'()*")
            case Encoding.FORM:
                return quote_plus(text)
            case Encoding.JSON:
                text = json_text(text)[1:-1]
            case Encoding.BASE64 if checked:
                text = base64.b64encode(text.encode()).decode()
        if checked:
            self._check_place(text)
        return text

    def _check_place(self, text: str) -> None:
        allowed = "-._~!$'()*+,;=:@/?"
        rest = re.sub("%[0-9a-fA-F][0-9a-fA-F]", "", text)
        if any(re.search(pattern, text) for pattern in self.forbidden):
            raise RenderError(f"{self.macro.text}: {text!r} would be read as more than a value", self.macro.name)
        if not all((char.isascii() and char.isalnum()) or char in allowed for char in rest):
            raise RenderError(f"{self.macro.text}: {text!r} would leave its place", self.macro.name)


def _missing(spec: MacroSpec, rendering: _Rendering) -> Missing | Default:
    # If nothing is given, the documented behaviour applies: a text, or no parameter.
    missing = _given_missing(spec, rendering)
    is_dropped = missing is Missing.EMPTY and rendering.dialect.drops_missing and not spec.missing
    return Missing.DROP if is_dropped else missing


def _given_missing(spec: MacroSpec, rendering: _Rendering) -> Missing | Default:
    given = rendering.missing
    if not isinstance(given, Mapping):
        return given if isinstance(given, Default) else Missing(given)
    # A macro is matched by its own names first, then by its field, then by other platforms' names. The last match wins.
    names = sorted(given, key=lambda name: _nearness(name, spec, rendering.dialect))
    chosen = given[names[-1]] if names and _nearness(names[-1], spec, rendering.dialect) else Missing.EMPTY
    return chosen if isinstance(chosen, Default) else Missing(chosen)


def _nearness(name: str, spec: MacroSpec, dialect: Dialect) -> int:
    """Return how closely a name refers to a macro; 0 if it does not."""
    named = dialect.named(name)
    if named == spec or ((dialect.open or spec.family is not None) and fold(name) == fold(spec.name)):
        return 4
    if spec.name not in dialect.macros:
        return int(name == "*")
    if fold(name) == fold(spec.field):
        return 3
    own = named is not None or fold(name) in map(fold, dialect.fields)
    return 2 if not own and fold(spec.field) in fields_called(name) else int(name == "*")


# Its value


def _found(macro: Macro, rendering: _Rendering) -> tuple[MacroSpec | None, object]:
    """Return the first value that the event has for a macro, with its row; None if it has none."""
    for name in _names(macro):
        spec = _row(name, macro, rendering)
        raw = None if spec is None else _raw(spec, rendering)
        if raw is not None:
            return spec, raw
    return None, None


def _raw(spec: MacroSpec, rendering: _Rendering) -> object:
    """Return the value in the event; None if it is absent, or the network may not have it."""
    event, policy = rendering.event, rendering.policy
    if not event.attributed and not spec.send_all:
        return None
    if spec.source not in policy.sources or is_denied(spec, denied_fields(policy.deny, rendering.dialect)):
        return None
    if policy.consent and is_withheld(spec, event, rendering.dialect):
        return None
    # A value only counts if it comes from the documented source.
    values = {Source.LINK: event.link, Source.SDK: event.sdk, Source.PLATFORM: event.platform}[spec.source]
    found = values.get(spec.field)
    if found is None and spec.field in conversions():
        other, times = conversions()[spec.field]
        return converted(values.get(other), times)
    return found


def _value(macro: Macro, spec: MacroSpec, rendering: _Rendering) -> str | None:
    """Return the text of a value after the function of the macro, written as a value of `spec` is."""
    found, raw = _found(macro, rendering)
    if found is None:
        return None
    try:
        text = value_text(raw, spec.type, rendering.booleans)
        if macro.function in _HASHES:
            case = rendering.hash_case or found.case
            return _hash(macro.function, text, case, is_uuid=spec.type is ValueType.UUID)
        return _changed(macro.function, text)
    except UnsendableError as error:
        raise RenderError(f"{macro.text}: {error}", macro.name) from None


_HASHES = {"sha1": hashlib.sha1, "md5": hashlib.md5, "sha256": hashlib.sha256}
_PERCENTS = ("percent", "percent2", "percent3")


def _changed(function: str | None, text: str) -> str:
    match function:
        case Function.UPPER:
            return text.upper()
        case Function.LOWER:
            return text.lower()
        case Function.BASE64:
            try:
                return base64.b64encode(text.encode()).decode()
            except UnicodeEncodeError:
                raise UnsendableError("the value has half of a surrogate pair") from None
    return text


def _hash(function: str, identifier: str, case: HashCase, *, is_uuid: bool) -> str | None:
    # An empty identifier, or the zeros that all users who opted out share, identifies nobody, and neither does its
    # hash.
    if not identifier.strip("0-"):
        return None
    new = _HASHES[function]
    # Some events contain the hash instead of the identifier.
    size = new(usedforsecurity=False).digest_size * 2
    if is_uuid and re.fullmatch(f"[0-9A-Fa-f]{{{size}}}", identifier):
        return identifier.lower()
    match case:
        case HashCase.UPPER:
            identifier = identifier.upper()
        case HashCase.LOWER:
            identifier = identifier.lower()
    try:
        return new(identifier.encode(), usedforsecurity=False).hexdigest()
    except UnicodeEncodeError:
        raise UnsendableError("the value has half of a surrogate pair") from None
