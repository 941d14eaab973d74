"""The parameters that a receiver must read in a request: those of its URL, and of a form or JSON body."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal as OneOf
from urllib.parse import unquote, unquote_plus

from macroengine.compiled_request import CompiledRequest
from macroengine.compiled_template import CompiledTemplate
from macroengine.kinds import Encoding
from macroengine.language.json_nodes import Container, Element, Run, String, parts_of
from macroengine.language.nodes import Literal, Macro, Pair
from macroengine.request import PreparedRequest
from macroengine.request_template import Body, BodyKind, parse_request
from macroengine.template import parse

Repeated = OneOf["first", "last"]
EARLIER, OTHER_CASE = "earlier", "othercase"
"""Values of parameters that are sent in addition to those of the template."""


class Place(StrEnum):
    """Where parameters are."""

    QUERY = "query"
    FORM = "form"
    JSON = "json"


Names = Mapping[Place, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Sent:
    """A parameter as it was sent, and the value that should be read; None if it is null or not sent."""

    place: Place
    name: str
    raw: str
    value: object
    is_form: bool = False
    """Whether `+` means a space."""


def parameter_names(template: CompiledTemplate | CompiledRequest) -> Names:
    """Return the names of parameters with a macro in their value and none in their name, those of the body first."""
    if isinstance(template, CompiledTemplate):
        query, body = parse(template.source, template.dialect, limits=template.options.limits).query, None
    else:
        parsed = parse_request(template.request, template.dialect, limits=template.url.options.limits)
        query, body = parsed.url.query, parsed.body
    found = dict(_names_in_body(body)) if body is not None else {}
    found[Place.QUERY] = tuple(_names_of_pairs(query))
    return {place: names for place, names in found.items() if names}


def _names_in_body(body: Body) -> Iterator[tuple[Place, tuple[str, ...]]]:
    if body.kind is BodyKind.FORM:
        yield Place.FORM, tuple(_names_of_pairs(body.template.query))
    elif body.json is not None:
        elements = [element for part in body.json.run if isinstance(part, Container) for element in part.elements]
        yield Place.JSON, tuple(_names_of_members(elements, body.template.source))


def _names_of_pairs(pairs: tuple[Pair, ...]) -> Iterator[str]:
    for pair in pairs:
        if any(isinstance(piece, Macro) for piece in pair.value) and all(
            isinstance(piece, Literal) for piece in pair.name
        ):
            yield unquote("".join(piece.text for piece in pair.name))


def _names_of_members(elements: list[Element], source: str) -> Iterator[str]:
    for element in elements:
        if element.name and _has_macro(element.value) and not _has_macro(element.name):
            span = element.name[0].span
            yield json.loads(source[span.start : span.stop])


def _has_macro(run: Run) -> bool:
    return any(
        isinstance(part, Macro) or (isinstance(part, String) and any(isinstance(piece, Macro) for piece in part.pieces))
        for part in parts_of(run)
    )


# Sent parameters


def sent_parameters(
    request: PreparedRequest, names: Names, template: CompiledTemplate | CompiledRequest, repeated: Repeated
) -> list[Sent]:
    """Return the parameters of a request. `repeated` says which value counts if one is sent twice."""
    found: list[Sent] = []
    for place, own in names.items():
        match place:
            case Place.QUERY:
                query = request.url.partition("#")[0].partition("?")[2]
                found += _of_pairs(query, place, own, repeated, is_form=template.dialect.encoding is Encoding.FORM)
            case Place.FORM:
                found += _of_pairs(request.body.decode(), place, own, repeated, is_form=True)
            case Place.JSON:  # pragma: no branch - there is no other place
                found += _of_members(request.body, own, repeated)
    return found


def _of_pairs(text: str, place: Place, names: tuple[str, ...], repeated: Repeated, *, is_form: bool) -> Iterator[Sent]:
    pairs = [pair.partition("=")[::2] for pair in text.split("&")]
    raw = {unquote(name): value for name, value in (pairs if repeated == "last" else reversed(pairs))}
    decode = unquote_plus if is_form else unquote
    for name in dict.fromkeys(names):
        given = raw.get(name)
        yield Sent(place, name, given or "", None if given is None else decode(given), is_form)


def _of_members(body: bytes, names: tuple[str, ...], repeated: Repeated) -> Iterator[Sent]:
    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        return dict(pairs if repeated == "last" else reversed(pairs))

    values = json.loads(body, object_pairs_hook=members)
    for name in dict.fromkeys(names):
        value = values.get(name)
        raw = json.dumps(value, ensure_ascii=False)
        yield Sent(Place.JSON, name, raw[1:-1] if isinstance(value, str) else raw, value)


# Additional parameters


def with_extra(request: PreparedRequest, names: Names, extra: str, repeated: Repeated) -> PreparedRequest:
    """Return the request with an extra parameter: one of its own with another value, or one in another case."""
    place, (name, *_) = next(iter(names.items()))
    if extra == "earlier":
        pair, comes_first = (name, EARLIER), repeated == "last"
    elif extra and name.swapcase() != name:
        pair, comes_first = (name.swapcase(), OTHER_CASE), False
    else:
        return request
    match place:
        case Place.QUERY:
            url, hash_, fragment = request.url.partition("#")
            start, _, query = url.partition("?")
            return replace(request, url=f"{start}?{_joined(pair, query, comes_first)}{hash_}{fragment}")
        case Place.FORM:
            return replace(request, body=_joined(pair, request.body.decode(), comes_first).encode())
        case Place.JSON:  # pragma: no branch - there is no other place
            return replace(request, body=_in_object(pair, request.body.decode(), comes_first).encode())


def _joined(pair: tuple[str, str], pairs: str, comes_first: bool) -> str:
    written = "=".join(pair)
    return f"{written}&{pairs}" if comes_first else f"{pairs}&{written}"


def _in_object(pair: tuple[str, str], text: str, comes_first: bool) -> str:
    members = text.strip()[1:-1].strip()
    written = ":".join(map(json.dumps, pair))
    comma = "," if members else ""
    return f"{{{written}{comma}{members}}}" if comes_first else f"{{{members}{comma}{written}}}"
