"""What surrounds the macros in a body or a header, and what is dropped with them."""

from collections.abc import Iterator

from macroengine.diagnostics import Span
from macroengine.language.json_nodes import Container, JsonText, Run, String, parts_of
from macroengine.language.nodes import Macro, Part
from macroengine.plan.inner_urls import InnerQuery
from macroengine.plan.nesting import Escape, Nesting, Place, nesting, string_nesting
from macroengine.plan.resolve import Resolution, resolve
from macroengine.policy import Policy
from macroengine.request_template import Body
from macroengine.template import Template


def resolve_body(body: Body, policy: Policy) -> Resolution:
    """Look up the macros of a body, and check them against the policy."""
    template = body.template
    if body.json is not None and body.json.fault is None:
        around = _json_nesting(body.json)
    elif template.query:
        around = _form_nesting(template)
    else:
        around = Nesting({macro.start: Place(0) for macro in template.macros()}, ())
    return resolve(template, template.dialect, policy, around)


def resolve_header(value: Template, policy: Policy) -> Resolution:
    """Look up the macros of a header's value. If any of them is dropped, so is the header."""
    place = Place(0, (Escape.HEADER,), in_pair=True)
    everything = InnerQuery(Span(0, 0), (Span(0, len(value.source)),), "")
    places = {macro.start: place for macro in value.macros()}
    return resolve(value, value.dialect, policy, Nesting(places, (everything,) if places else ()))


def _form_nesting(template: Template) -> Nesting:
    places: dict[int, Place] = {}
    queries: list[InnerQuery] = []
    for pair in template.query:
        for pieces, part in ((pair.name, Part.NAME), (pair.value, Part.VALUE)):
            found = nesting(pieces, part)
            places |= found.places
            queries += found.queries
    return Nesting(places, tuple(queries))


def _json_nesting(text: JsonText) -> Nesting:
    """Return what surrounds the macros of a JSON text. Members and elements are dropped like parameters."""
    parts = [*parts_of(text.run)]
    in_strings = string_nesting([part.pieces for part in parts if isinstance(part, String)])
    places = dict(in_strings.places)
    for macro, escape in _whole(text.run, Escape.VALUE):
        places[macro.start] = Place(0, (escape,))
    containers = [part for part in parts if isinstance(part, Container) and part.elements]
    queries = [InnerQuery(Span(start, start), spans, ",") for start, spans in map(_elements, containers)]
    if any(isinstance(part, Container) for part in text.run):
        # Everything except a lone value can be dropped.
        places = {start: place._replace(in_pair=True) for start, place in places.items()}
    order = sorted([*queries, *in_strings.queries], key=lambda query: (query.opening.start, -query.pairs[-1].stop))
    return Nesting(places, tuple(order))


def _elements(container: Container) -> tuple[int, tuple[Span, ...]]:
    spans = tuple(container.element_spans)
    return spans[0].start, spans


def _whole(run: Run, escape: Escape) -> Iterator[tuple[Macro, Escape]]:
    """Yield the macros outside strings, with how each is written."""
    for part in run:
        if isinstance(part, Macro):
            yield part, escape
        elif isinstance(part, Container):
            for element in part.elements:
                yield from _whole(element.name, Escape.NAME)
                yield from _whole(element.value, Escape.VALUE)
