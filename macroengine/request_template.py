"""A parsed request: the templates of its URL, headers and body."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from macroengine.arguments import check_type
from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.diagnostics import Span
from macroengine.errors import LimitError
from macroengine.language.json_nodes import Container, JsonText, String, depth_of, parts_of
from macroengine.language.json_parser import parse_json
from macroengine.language.nodes import Delimiter, Literal, Macro, Pair, Pieces
from macroengine.limits import Limits
from macroengine.request import Request
from macroengine.template import Template, parse


class BodyKind(StrEnum):
    """How a body is written, named by its media type."""

    JSON = "application/json"
    FORM = "application/x-www-form-urlencoded"
    TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class Body:
    """A parsed body."""

    kind: BodyKind | None
    """None if the content type is unknown; the body is then read as text."""
    template: Template
    """Its macros and the text between them. A form has parameters; any other body is a single fragment."""
    json: JsonText | None = None


@dataclass(frozen=True, slots=True, repr=False)
class RequestTemplate:
    """A parsed request."""

    request: Request
    dialect: Dialect
    url: Template
    headers: tuple[tuple[str, Template], ...]
    """The headers by name. Each value is a single fragment: everything in it is text."""
    body: Body | None

    def __repr__(self) -> str:
        return f"<RequestTemplate {self.request!r}, dialect {self.dialect.name}>"

    def templates(self) -> Iterator[Template]:
        """Yield the templates of all parts: URL, headers, body."""
        yield self.url
        yield from (value for _, value in self.headers)
        if self.body is not None:
            yield self.body.template

    def macros(self) -> Iterator[Macro]:
        """Yield the macros of all parts in order, repeats included."""
        for template in self.templates():
            yield from template.macros()


def parse_request(
    request: Request, dialect: str | Dialect = DEFAULT_DIALECT, *, limits: Limits | None = None
) -> RequestTemplate:
    """Return the syntax tree of a request. Every request within the limits has one.

    >>> body = '{"click": "(clickid)", "price": (event_revenue)}'
    >>> parsed = parse_request(Request("POST", "https://n.example/pb", {}, body, "application/json"))
    >>> [macro.name for macro in parsed.macros()]
    ['clickid', 'event_revenue']

    Raises:
        LimitError: a part is too long, has too many macros, or is nested too deeply.
    """
    check_type("request", Request, "a Request", request)
    check_type("limits", Limits | None, "a Limits", limits)
    chosen, bounds = dialect_of(dialect), limits or Limits()
    headers = tuple(
        (name, text_template(value, chosen, bounds, is_secret=True)) for name, value in request.headers.items()
    )
    body = None if request.body is None else _body(request.body, request.content_type, chosen, bounds)
    return RequestTemplate(request, chosen, parse(request.url, chosen, limits=limits), headers, body)


def body_kind(content_type: str | None) -> BodyKind | None:
    """Return how a body of this content type is written; None if the type is not supported, or not UTF-8.

    >>> print(body_kind("Application/JSON; charset=utf-8"))
    application/json
    """
    media_type, *parameters = [part.strip().lower() for part in (content_type or "").split(";")]
    known = next((kind for kind in BodyKind if kind == media_type), None)
    return known if all(parameter in _UTF8 for parameter in parameters) else None


_UTF8 = ("charset=utf-8", 'charset="utf-8"')


def _body(source: str, content_type: str | None, dialect: Dialect, limits: Limits) -> Body:
    text = text_template(source, dialect, limits)
    kind = body_kind(content_type)
    if kind is BodyKind.FORM:
        return Body(kind, Template(source, dialect, query=tuple(_pairs(text.fragment))))
    if kind is not BodyKind.JSON:
        return Body(kind, text)
    parsed = parse_json(source, dialect.syntax)
    _check_depth(source, parsed, limits.depth)
    if parsed.fault is None:
        text = replace(text, fragment=_between(source, _macros(parsed)))
    return Body(kind, text, parsed)


def text_template(
    source: str,
    dialect: Dialect,
    limits: Limits = Limits(),  # noqa: B008 - immutable
    *,
    is_secret: bool = False,
) -> Template:
    """Return a template for a text that is not a URL: the whole text is one fragment.

    Raises:
        LimitError: it is too long, or has too many macros; the message does not show a secret.
    """
    shown = "*" * len(source) if is_secret else source
    if len(source) > limits.template:
        over = Span(limits.template, len(source))
        raise LimitError.at(shown, over, f"text has {len(source):,} characters; at most {limits.template:,} fit")
    syntax = dialect.syntax
    macros = []
    for match in syntax.find.finditer(source):
        reading = syntax.read(match[0])
        if reading is not None:  # pragma: no branch - both use the same patterns
            macros.append(Macro(match[0], match.start(), *reading))
    if len(macros) > limits.macros:
        message = f"text has {len(macros):,} macros; at most {limits.macros:,} are allowed"
        raise LimitError.at(shown, macros[limits.macros].span, message)
    return Template(source, dialect, fragment=_between(source, macros))


def _between(source: str, macros: Iterable[Macro]) -> Pieces:
    """Return the macros with the text between them."""
    pieces: list[Literal | Macro] = []
    done = 0
    for macro in macros:
        if macro.start > done:
            pieces.append(Literal(source[done : macro.start], done))
        pieces.append(macro)
        done = macro.span.stop
    if done < len(source):
        pieces.append(Literal(source[done:], done))
    return tuple(pieces)


def _macros(parsed: JsonText) -> Iterator[Macro]:
    for part in parts_of(parsed.run):
        if isinstance(part, Macro):
            yield part
        elif isinstance(part, String):
            yield from (piece for piece in part.pieces if isinstance(piece, Macro))


def _check_depth(source: str, parsed: JsonText, most: int) -> None:
    if parsed.depth <= most:
        return
    run = parsed.run
    for _ in range(most + 1):
        deepest = max((part for part in run if isinstance(part, Container)), key=lambda part: part.depth)
        inside = [run for element in deepest.elements for run in (element.name, element.value)]
        run = max(inside, key=depth_of, default=())
    message = f"body has more than {most} objects and arrays inside one another"
    raise LimitError.at(source, Span(deepest.span.start, deepest.span.start + 1), message)


def _pairs(pieces: Pieces) -> Iterator[Pair]:
    """Yield the parameters of a form. It has no `?` before them, and no fragment after them."""
    opening: Delimiter | None = None
    inside: list[Literal | Macro] = []
    for piece in pieces:
        if isinstance(piece, Macro):
            inside.append(piece)
            continue
        start = piece.start
        for index, text in enumerate(piece.text.split("&")):
            if index:
                yield _pair(opening, inside)
                opening, inside = Delimiter("&", start), []
                start += 1
            if text:
                inside.append(Literal(text, start))
            start += len(text)
    yield _pair(opening, inside)


def _pair(opening: Delimiter | None, inside: list[Literal | Macro]) -> Pair:
    for index, piece in enumerate(inside):
        if isinstance(piece, Literal) and "=" in piece.text:
            at = piece.text.index("=")
            before = (Literal(piece.text[:at], piece.start),) if at else ()
            after = (Literal(piece.text[at + 1 :], piece.start + at + 1),) if piece.text[at + 1 :] else ()
            equals = Delimiter("=", piece.start + at)
            return Pair(opening, (*inside[:index], *before), equals, (*after, *inside[index + 1 :]))
    return Pair(opening, tuple(inside), None, ())
