"""Values that are not encoded stay in their place: the URL has the parameters and segments of the template."""

from itertools import product

import pytest

from macroengine import Event, RenderError, compile_template, parse
from macroengine.testing import reference
from tests.support.step_cases import dialect_with

P = "https://n.example/pb"
URL = "u=https%3A%2F%2Fx%3F"
V = "${AUCTION_PRICE}"
B64 = "${AUCTION_PRICE:B64}"
OTHER = "${AUCTION_ID}"


def sent(source, value, **options):
    """Return the URL, which is also that of the reference renderer; None if the value is not sent."""
    event = Event(platform={"auction_price": value, "auction_id": "1"})
    options |= {"dialect": "openrtb2", "ignore": ["ME"]}
    found = []
    for render in (compile_template(source, **options).render, lambda one: reference.render(source, one, **options)):
        try:
            found.append(render(event))
        except RenderError:
            found.append(None)
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (f"?a={V};b=1", "x;c=2"),
        (f"?a={V};b=1", "x;c"),
        (f"?a=1;{V}=1", "x;c"),
        (f"?a={V}", "x;c=2"),
        (f"?a={V}-x=1", "x;c"),
        (f"?{V}=", "x;c"),
        (f"?a=1;{V}", "c=2"),
        (f"?a={V}&b={OTHER}", "x;c=2"),
        (f"?{V}=1", "a=b"),
        (f"?{V}=1&b=1", "a=b"),
        (f"?{B64}=1", "a?>?"),
        (f"?{URL}id%3D{V}&z=1", "x;c=2"),
        (f"?{URL}{V}%3D1%26b%3D1", "a=b"),
        (f"?{URL}id%3D{V}%26b%3D{OTHER}&z=1", "x;c=2"),
        (f"?{URL}id%3D1%3B{V}&z=1", "c=2"),
        ('?j={"a":"' + V + '"}', "x;c=2"),
        ('/{"a":"' + V + '"}/x', "x/y"),
        ('/{"a":"' + V + '"}/x', "x?y"),
        (f"/{V}/x", "%2e%2e"),
        (f"/{V}/x", ".%2E"),
        (f"/{V}", "%2E"),
        (f"/.{V}", "%2e"),
        (f"?{URL.removesuffix('%3F')}%2F{V}%2Fx", "%2e."),
    ],
)
def test_a_value_that_would_leave_its_place_is_not_sent(place, value):
    assert sent(P + place, value, missing="drop") is None


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (f"?a={V}&b=1", "x;c=2"),
        (f"?{V}=1&b=1", "x;c"),
        (f"?a={V}&b={OTHER}", "x;c=2"),
        (f"?u=%26id%3D{V}", "x;c=2"),
        (f"?a={V}", "x;c"),
        (f"?a={V}", "x;=y"),
        (f"?a={V}", "https://m.example/x;a/y?b=c"),
        (f"?a={V}", "b=c"),
        (f"?a={V};b=1", "c=d"),
        (f"/{V}/x?a=1", "x;c=2"),
        (f"/{V}/x", "%2e%2e%2e"),
        (f"/{V}/x", "a%2e"),
        (f"#a={V}", "x;c=2"),
        (f"?a={B64}", "a?>?"),
    ],
)
def test_other_values_are(place, value):
    assert sent(P + place, value) is not None


def test_in_a_url_inside_the_url_an_ampersand_that_is_always_sent_is_enough():
    source = f"{P}?{URL}id%3D{V}%26b%3D1%26c%3D{OTHER}&z=1"
    for missing in ("empty", "drop"):
        assert sent(source, "x;c=2", missing=missing) == f"{P}?{URL}id%3Dx%3Bc%3D2%26b%3D1%26c%3D1&z=1"


def test_without_layers_the_value_is_in_the_outer_url_too():
    assert sent(f"{P}?{URL}id%3D{V}%26b%3D1", "x;c=2") is not None
    assert sent(f"{P}?{URL}id%3D{V}%26b%3D1", "x;c=2", nested=False) is None
    assert sent(f"{P}/{URL}id%3D{V}%26b%3D1", "x?c", nested=False) is None


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return dialect_with(tmp_path_factory.mktemp("raw"), encoding="none")


VALUES = ["x;c=2", "x;c", ";", "=", "c=2", ";=", "x;a/b=", ";c", "a%3Bc%3D", "x", "%2E", ".%2e", "a;b;c=d"]
QUERIES = [
    "a={v}",
    "a={v};b=1",
    "a=1;{v}",
    "a=1;b{v}",
    "{v}=1",
    "a={v}=1",
    "a={v}{n}",
    "a={v}&b={n}",
    "a={v}&b=1",
    "&a={v}",
]


@pytest.mark.parametrize("missing", ["empty", "drop"])
def test_what_is_sent_is_read_as_the_template_is(raw, missing):
    rendered = 0
    for query, one, other in product(QUERIES, VALUES, [*VALUES, None]):
        source, options = f"https://n.example/pb?{query}#f", {"dialect": raw, "missing": missing, "ignore": ["ME"]}
        template = compile_template(source, **options)
        try:
            url = template.render(Event(link={"v": one, "n": other}))
        except RenderError:
            continue
        rendered += 1
        written = parse(source, raw).query
        if missing == "drop" and other is None and "{n}" in query:
            written = written[: query.count("&")]
        pairs = parse(url, raw).query
        assert len(pairs) == len(written), url
        for pair, own in zip(pairs, written, strict=True):
            text = "".join(piece.text for piece in own.name).replace("{v}", one).replace("{n}", other or "")
            assert text == "".join(piece.text for piece in pair.name), url
    assert rendered > 500
