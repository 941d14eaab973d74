"""Text of a subclass of str counts as its characters: methods of its own change nothing that is made of it."""

import pytest

from macroengine import (
    Default,
    Event,
    Policy,
    PreparedRequest,
    Request,
    Signature,
    check,
    compile_request,
    compile_template,
    detect,
    dialect,
    fix,
    match,
    parse,
    parse_request,
    redact,
    translate,
)
from macroengine.transport import address


def marked(method):
    def changed(self, *args, **kwargs):
        made = method(self, *args, **kwargs)
        return Marked(f"<{made}>") if isinstance(made, str) else made

    return changed


class Marked(str):
    """As text that is marked as safe for HTML: what is joined to it, or cut out of it, changes."""

    __slots__ = ()
    __add__, __radd__, __getitem__, __format__, __mod__ = map(
        marked, (str.__add__, lambda self, other: other + str(self), str.__getitem__, str.__format__, str.__mod__)
    )
    join, replace, lower, strip, removeprefix = map(
        marked, (str.join, str.replace, str.lower, str.strip, str.removeprefix)
    )

    def __str__(self):
        return "changed"

    def partition(self, _):
        return Marked("a"), Marked("b"), Marked("c")

    def split(self, *_):
        return [Marked("split")]


SOURCE = "https://n.example/pb?c=(clickid)&;a=<b>&u=https%3A%2F%2Fx%3Fa%3D(idfa)%26b%3D(clickid)"
URL = "https://n.example/pb?c=1&a=%3Cb%3E"
EVENT = Event(link={"click_id": "<1>"})


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda text: parse(text).source, id="parse"),
        pytest.param(parse, id="tree"),
        pytest.param(check, id="check"),
        pytest.param(lambda text: fix(text, unsafe=True), id="fix"),
        pytest.param(detect, id="detect"),
        pytest.param(lambda text: translate(text, dialect="appsflyer", to="appmetrica"), id="translate"),
        pytest.param(lambda text: match(text, URL), id="match-template"),
        pytest.param(lambda text: redact(URL, text), id="redact-template"),
    ],
)
def test_a_marked_template_is_its_text(function):
    # Of equal arguments results are kept, so that what is made of one must suit the other.
    assert repr(function(Marked(SOURCE))) == repr(function(SOURCE))


@pytest.mark.parametrize("first", [Marked, str])
def test_a_marked_template_renders_its_text(first):
    sources = [text(f"{SOURCE}&{first.__name__}=1") for text in (first, str)]
    for source in sources:
        template = compile_template(source, missing="drop", ignore=["ME"])
        assert type(template.source) is str
        assert template.render(EVENT).startswith("https://n.example/pb?c=%3C1%3E&;a=<b>&u=https%3A%2F%2Fx%3Fb%3D%253C1")


def test_a_marked_url_is_its_text():
    assert repr(match(SOURCE, Marked(URL))) == repr(match(SOURCE, URL))
    assert repr(compile_template(SOURCE, ignore=["ME"]).match(Marked(URL))) == repr(match(SOURCE, URL))
    assert redact(Marked(URL), SOURCE) == redact(URL, SOURCE)
    assert address(Marked(URL)) == address(URL)


def test_the_parts_of_a_marked_request_are_their_texts():
    parts = ("POST", SOURCE, {"X-A": "<(clickid)>"}, '{"a": "<(clickid)>"}', "application/json")
    signature = Signature(Marked("X-Sig"), Marked("url"), Marked("hmac-sha256"), Marked("base64"))
    headers = {Marked(name): Marked(value) for name, value in parts[2].items()}
    request = Request(Marked(parts[0]), Marked(parts[1]), headers, Marked(parts[3]), Marked(parts[4]), signature)
    plain = Request(*parts, Signature("X-Sig", "url", "hmac-sha256", "base64"))
    assert repr(parse_request(request)) == repr(parse_request(plain))
    sent, expected = (compile_request(one, ignore=["ME"]).render(EVENT, key=b"k") for one in (request, plain))
    assert sent == expected
    assert {type(part) for part in (sent.method, sent.url, *sent.headers, *sent.headers.values())} == {str}


def test_names_that_are_marked_are_their_texts():
    assert dialect(Marked("appsflyer")) is dialect("appsflyer")
    assert {type(name) for name in Policy(deny=[Marked("idfa")]).deny} == {str}
    assert Default(Marked("n/a")) == Default("n/a")
    assert PreparedRequest("GET", URL, {Marked("X-A"): Marked("b")}).headers["x-a"] == "b"
    assert type(PreparedRequest(Marked("GET"), Marked(URL)).url) is str
