"""In a URL inside the URL, `;` separates parameters where it does in any URL: it has `;name=` and no `&`."""

import pytest

from macroengine import Event, compile_template
from macroengine.testing import reference

P = "https://n.example/pb?"
URL = "u=https%3A%2F%2Fx%3F"


def sent(query, **values):
    template = compile_template(P + query, missing="drop", ignore="ME")
    event = Event(sdk=values)
    url = template.render(event)
    assert url == reference.render(P + query, event, missing="drop", ignore="ME")
    assert template.match(url).values == values
    return url.removeprefix(P)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"{URL}id%3D(ip)%3Bc%3D1&z=1", f"{URL}c%3D1&z=1"),
        (f"{URL}c%3D1%3Bid%3D(ip)&z=1", f"{URL}c%3D1&z=1"),
        (f"{URL}b%3D1%3Bid%3D(ip)%3Bc%3D1", f"{URL}b%3D1%3Bc%3D1"),
        (f"{URL}b%3d1%3bid%3d(ip)%3bc%3d1", f"{URL}b%3d1%3bc%3d1"),
        (f"{URL}id%3D(ip)%3Bc%3D(language)%23f", f"{URL.removesuffix('%3F')}%23f"),
        ("u=1%3Bid%3D(ip)%3Bc%3D1", "u=1%3Bc%3D1"),
        ("u=%3Bid%3D(ip)%3Bc%3D1", "u=%3Bc%3D1"),
        # In a URL inside that URL.
        (
            f"{URL}v%3Dhttps%253A%252F%252Fy%253Fid%253D(ip)%253Bc%253D1%3Bw%3D1",
            f"{URL}v%3Dhttps%253A%252F%252Fy%253Fc%253D1%3Bw%3D1",
        ),
        # Where there is an `&`, it separates; a `;` without a name does not.
        (f"{URL}id%3D(ip)%3Bc%3D1%26d%3D2", f"{URL}d%3D2"),
        ("u=%26id%3D(ip)%3Bc%3D1&z=1", "u=&z=1"),
        (f"{URL}id%3D(ip)%3Bc&z=1", f"{URL.removesuffix('%3F')}&z=1"),
        (f"{URL}id%3D(ip)%3B(language)%3D1&z=1", f"{URL.removesuffix('%3F')}&z=1"),
        # Separators that are written in two ways cannot replace each other.
        (f"{URL}id%3D(ip)%3Bc%3D1%3bd%3D1", f"{URL}c%3D1%3bd%3D1"),
    ],
)
def test_the_smallest_pair_is_dropped(query, expected):
    assert sent(query) == expected


def test_in_a_path_the_semicolon_need_not_be_encoded():
    template = compile_template("https://n.example/https%3A%2F%2Fx%3Fid%3D(ip);c%3D1", missing="drop", ignore="ME")
    assert template.render(Event()) == "https://n.example/https%3A%2F%2Fx%3Fc%3D1"


@pytest.mark.parametrize(
    ("values", "pairs"),
    [
        ({}, "c%3D1"),
        ({"ip": "192.0.2.1"}, "id%3D192.0.2.1%3Bc%3D1"),
        ({"language": "a;b=c"}, "c%3D1%3Bd%3Da%253Bb%253Dc"),
        ({"ip": "::1", "language": "de"}, "id%3D%253A%253A1%3Bc%3D1%3Bd%3Dde"),
    ],
)
def test_what_is_sent_is_matched(values, pairs):
    assert sent(f"{URL}id%3D(ip)%3Bc%3D1%3Bd%3D(language)&z=1", **values) == f"{URL}{pairs}&z=1"


def test_a_name_after_a_semicolon_is_a_name():
    source = f"{P}{URL}a%3D1%3B${{AUCTION_PRICE}}%3D1%3Bb%3D1"
    template = compile_template(source, dialect="openrtb2", ignore="ME")
    assert template.render(Event(platform={"auction_price": "x"})) == f"{P}{URL}a%3D1%3Bx%3D1%3Bb%3D1"
    assert [str(step) for segment in template.plan.attributed for step in getattr(segment, "steps", ())] == [
        "no-equals",
        "no-semicolon",
        "in-place",
        "percent",
    ]


@pytest.mark.parametrize("opening", ["%26", "%3F", "x%3A%2F%2Fy%3F"])
def test_an_opening_that_two_urls_share_is_sent_once(opening):
    query = f"a={opening}id%253D(ip)b%3D"
    assert sent(query, ip="1") == f"a={opening}id%253D1b%3D"
