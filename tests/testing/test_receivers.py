"""A check of receivers finds the mistakes that receivers make, and nothing in a right one."""

import io
import json
import os
import re
from dataclasses import replace
from decimal import Decimal
from urllib.parse import parse_qsl, unquote, unquote_plus

import pytest
from hypothesis.errors import InvalidArgument

from macroengine import Policy, Request, Signature, compile_request, compile_template
from macroengine.testing import check_receiver
from macroengine.testing.mistakes import is_right
from tests.support.trying import slow_after

TEMPLATE = "https://n.example/pb?v=2&click=(clickid)&app=(app_name)#end"

# Of a receiver that is right. MACROENGINE_LAWS=10000 tries as many as are promised.
RIGHT = int(os.environ.get("MACROENGINE_LAWS", "2000"))


def pairs(query, separator="&"):
    return [pair.partition("=")[::2] for pair in query.split(separator)]


def right(query):
    return dict(parse_qsl(query, keep_blank_values=True))


def first_of_two(query):
    return dict(reversed(parse_qsl(query, keep_blank_values=True)))


def by_value(function):
    return lambda query: {name: function(value) for name, value in right(query).items()}


RECEIVERS = {
    "has a space for a plus": by_value(lambda value: value.replace("+", " ")),
    "is decoded twice": by_value(unquote),
    "is cut at ';'": by_value(lambda value: value.split(";")[0]),
    "is cut at '&'": lambda query: dict(pairs(unquote(query))),
    "is read as Latin-1": lambda query: {name: unquote(value, "latin-1") for name, value in pairs(query)},
    "has the wrong one of two values": first_of_two,
    "is empty and taken for missing": lambda query: dict(parse_qsl(query)),
    "has the value of a parameter in another case": lambda query: {n.lower(): v for n, v in right(query).items()},
    "is in lower case": by_value(str.lower),
    "has lost spaces": by_value(str.strip),
    "is not decoded": lambda query: dict(pairs(query)),
    "is taken for missing": by_value(lambda value: None if value == "null" else value),
    "has lost characters": by_value(lambda value: value.encode("ascii", "ignore").decode()),
}


class Wsgi:
    """An application that reads parameters in some way."""

    def __init__(self, read, status="200 OK"):
        self.read, self.status, self.seen, self.sent = read, status, {}, 0

    def __call__(self, environ, start_response):
        self.sent += 1
        length = int(environ.get("CONTENT_LENGTH", 0))
        self.seen = self.read(environ["wsgi.input"].read(length).decode() if length else environ["QUERY_STRING"])
        start_response(self.status, [])
        return self.body

    body = (b"",)

    def understood(self):
        return self.seen


class Asgi(Wsgi):
    async def __call__(self, scope, receive, send):
        self.sent += 1
        message = await receive()
        assert message["type"] == "http.request"
        self.seen = self.read((message["body"] or scope["query_string"]).decode())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("mistake", slow_after(3, RECEIVERS))
def test_a_mistake_is_found_and_named(mistake):
    application = Wsgi(RECEIVERS[mistake])
    with pytest.raises(AssertionError, match=re.escape(mistake)) as caught:
        check_receiver(application, application.understood, TEMPLATE)
    found = str(caught.value)
    assert len(found.splitlines()) <= 4, found
    assert len(found.splitlines()[-1]) < 100, found


@pytest.mark.parametrize("application", [Wsgi(right), Asgi(right)])
def test_a_right_receiver_passes(application):
    check_receiver(application, application.understood, TEMPLATE, examples=200)
    assert application.sent > 150


def test_the_first_of_two_values_may_be_right():
    application = Wsgi(first_of_two)
    check_receiver(application, application.understood, TEMPLATE, examples=200, repeated="first")


@pytest.mark.slow
def test_a_right_receiver_passes_all():
    application = Wsgi(right)
    check_receiver(application, application.understood, TEMPLATE, examples=RIGHT)
    assert application.sent > 0.9 * RIGHT


def test_a_form_is_read_as_a_form():
    template = compile_template("https://n.example/?p=##PBS-BIDDER##", dialect="prebid-server", ignore=["ME"])
    application = Wsgi(lambda query: {name: unquote_plus(value) for name, value in pairs(query)})
    check_receiver(application, application.understood, template, examples=100)


def test_a_value_that_is_no_text_is_named():
    application = Wsgi(by_value(lambda value: 0 if value == "0" else value))
    with pytest.raises(AssertionError, match=r"parameter '(click|app)' is read as int: 0, not '0'"):
        check_receiver(application, application.understood, TEMPLATE)


def test_a_refusal_is_a_mistake():
    application = Wsgi(right, "500 Internal Server Error")
    with pytest.raises(AssertionError, match="the response has the status 500"):
        check_receiver(application, application.understood, TEMPLATE)


def test_the_body_of_a_response_is_closed():
    class Body(io.BytesIO):
        closings = 0

        def close(self):
            Body.closings += 1

    application = Wsgi(right)
    application.body = Body(b"a\nb")
    check_receiver(application, application.understood, TEMPLATE, examples=20)
    assert Body.closings >= application.sent > 10


def test_an_upper_case_is_named():
    application = Wsgi(by_value(str.upper))
    with pytest.raises(AssertionError, match="is in upper case"):
        check_receiver(application, application.understood, TEMPLATE)


def test_what_is_like_no_mistake_is_misread():
    application = Wsgi(by_value(lambda value: value + "!"))
    with pytest.raises(AssertionError, match="is misread: '!', not ''"):
        check_receiver(application, application.understood, TEMPLATE)


# Bodies

URL = "https://n.example/pb"
FORM = Request("POST", URL, {}, "v=2&click=(clickid)&app=(app_name)", "application/x-www-form-urlencoded")
MEMBERS = '{"v": 2, "click": "(clickid)", "app": "(app_name)", "price": (event_revenue)}'
JSON = Request("POST", URL, {"X-App": "(app_id)"}, MEMBERS, "application/json")
IN_APP = Policy("in-app")


def form_pairs(query, **options):
    return {name: unquote_plus(value, **options) for name, value in pairs(query)}


FORM_RECEIVERS = RECEIVERS | {
    "has a plus for a space": lambda body: {name: unquote(value) for name, value in pairs(body)},
    "is read as Latin-1": lambda body: form_pairs(body, encoding="latin-1"),
    "is cut at '&'": lambda body: dict(pairs(unquote_plus(body))),
}


def members(body, **options):
    return json.loads(body, **options)


def by_member(function):
    return lambda body: {name: function(value) for name, value in members(body).items()}


def in_texts(function):
    return by_member(lambda value: function(value) if isinstance(value, str) else value)


def unescaped(text):
    try:
        return json.loads(f'"{text}"', strict=False)
    except ValueError:
        return text


def by_pattern(body):
    """Read JSON as one does who has no parser for it."""
    return {**members(body), **dict(re.findall(r'"(\w+)": ?"([^"]*)"', body))}


JSON_RECEIVERS = {
    "is not decoded": lambda body: {
        **members(body),
        **dict(re.findall(r'"(\w+)": ?"((?:[^"\\]|\\.)*)"', body)),
    },
    "is cut at '\"'": by_pattern,
    "is decoded twice": in_texts(unescaped),
    "is decoded as in a URL": in_texts(unquote),
    "has a space for a plus": in_texts(lambda text: text.replace("+", " ")),
    "is read as Latin-1": in_texts(lambda text: text.encode().decode("latin-1")),
    "is null and read as str": by_member(lambda value: "None" if value is None else value),
    "is another number": by_member(lambda value: int(value) if isinstance(value, float) else value),
    "is read as str": by_member(lambda value: str(value) if isinstance(value, int | float) else value),
    "is empty and taken for missing": in_texts(lambda text: text or None),
    "is taken for missing": in_texts(lambda text: None if text == "null" else text),
    "has the wrong one of two values": lambda body: members(body, object_pairs_hook=lambda found: dict(found[::-1])),
    "has the value of a parameter in another case": lambda body: {n.lower(): v for n, v in members(body).items()},
    "has lost spaces": in_texts(str.strip),
    "is in lower case": in_texts(str.lower),
    "has lost characters": in_texts(lambda text: text.encode("ascii", "ignore").decode()),
}


@pytest.mark.parametrize("mistake", slow_after(2, FORM_RECEIVERS))
def test_a_mistake_with_a_form_is_found_and_named(mistake):
    application = Wsgi(FORM_RECEIVERS[mistake])
    with pytest.raises(AssertionError, match=re.escape(mistake)) as caught:
        check_receiver(application, application.understood, FORM)
    assert re.search(r"\nsent: POST https://n\.example/pb\nbody: .{,80}$", str(caught.value))


@pytest.mark.parametrize("mistake", slow_after(2, JSON_RECEIVERS))
def test_a_mistake_with_json_is_found_and_named(mistake):
    application = Asgi(JSON_RECEIVERS[mistake])
    with pytest.raises(AssertionError, match=re.escape(f" {mistake}: ")) as caught:
        check_receiver(application, application.understood, JSON, policy=IN_APP)
    assert re.search(
        r"\n  member '\w+' .*\nsent: POST https://n\.example/pb\nbody: .{,120}$", str(caught.value), re.DOTALL
    )


@pytest.mark.parametrize("kind", [Wsgi, Asgi])
@pytest.mark.parametrize(("request_", "read"), [(FORM, right), (JSON, members)], ids=["form", "json"])
def test_a_right_receiver_of_bodies_passes(kind, request_, read):
    application = kind(read)
    check_receiver(application, application.understood, request_, policy=IN_APP, examples=200)
    assert application.sent > 120


@pytest.mark.slow
@pytest.mark.parametrize(("request_", "read"), [(FORM, right), (JSON, members)], ids=["form", "json"])
def test_a_right_receiver_of_bodies_passes_all(request_, read):
    application = Wsgi(read)
    check_receiver(application, application.understood, request_, policy=IN_APP, examples=RIGHT)
    assert application.sent > 0.8 * RIGHT


def test_a_decimal_is_a_number_and_the_first_of_two_may_be_right():
    def read(body):
        return members(body, parse_float=Decimal, object_pairs_hook=lambda found: dict(found[::-1]))

    application = Wsgi(read)
    check_receiver(application, application.understood, JSON, policy=IN_APP, examples=200, repeated="first")


def test_the_url_and_the_body_are_read_together():
    class Both(Wsgi):
        def __call__(self, environ, start_response):
            found = [*super().__call__(environ, start_response)]
            self.seen = {**right(environ["QUERY_STRING"]), **self.seen}
            return found

    both = Request("POST", f"{URL}?click=(clickid)", {}, '{"c": "(country_code)"}', "application/json")
    application = Both(members)
    check_receiver(application, application.understood, both, examples=30)
    application = Wsgi(members)
    with pytest.raises(AssertionError, match="parameter 'click' is "):
        check_receiver(application, application.understood, both, examples=30)


def test_what_a_dialect_drops_is_expected_to_be_missing():
    dropping = "https://n.example/pb?k={KEYWORDS}"
    application = Wsgi(right)
    check_receiver(application, application.understood, dropping, dialect="adcp", examples=100)
    application = Wsgi(lambda query: {"k": "?", **right(query)})
    with pytest.raises(AssertionError, match="parameter 'k' is not sent and read as str: '\\?', not None"):
        check_receiver(application, application.understood, dropping, dialect="adcp")


def test_the_name_of_a_parameter_is_decoded():
    application = Wsgi(right)
    check_receiver(application, application.understood, "https://n.example/pb?sub%5B1%5D=(clickid)", examples=50)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request("POST", URL, {}, "(clickid)", "text/plain"), "the template has no parameter with a macro"),
        (Request("POST", URL, {}, '["(clickid)"]', "application/json"), "the template has no parameter with a macro"),
        (Request("POST", URL, {}, '{"a": "(clickid)", }', "application/json"), "the template cannot be filled"),
        (replace(JSON, url=f"{URL}?price=(clickid)"), "parameter 'price' is in the URL and in the body"),
        (replace(FORM, signature=Signature("X-Signature")), "a signed request needs a key; leave out its signature"),
    ],
)
def test_a_request_that_cannot_be_sent_is_an_error(request_, message):
    with pytest.raises(InvalidArgument, match=message):
        check_receiver(Wsgi(right), dict, request_, policy=IN_APP)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("https://n.example/pb?c=(nope)", "the template cannot be filled"),
        ("https://n.example/pb/x(clickid)", "the template has no parameter with a macro"),
    ],
)
def test_a_template_that_cannot_be_sent_is_an_error(template, message):
    with pytest.raises(InvalidArgument, match=message):
        check_receiver(Wsgi(right), dict, template)


def test_wrong_arguments_are_errors():
    with pytest.raises(TypeError, match="application must be an ASGI or WSGI application, not str"):
        check_receiver("app", dict, TEMPLATE)
    with pytest.raises(TypeError, match="understood must be a function"):
        check_receiver(Wsgi(right), {}, TEMPLATE)
    with pytest.raises(ValueError, match="repeated must be 'first' or 'last', not 'all'"):
        check_receiver(Wsgi(right), dict, TEMPLATE, repeated="all")


def test_nothing_is_sent_of_what_is_not_for_the_network():
    application = Wsgi(right)
    check_receiver(application, application.understood, TEMPLATE, policy=Policy("in-app"), examples=100)
    assert application.sent < 110


def test_a_compiled_request_has_its_own_policy():
    compiled = compile_request(JSON, policy=IN_APP)
    application = Wsgi(members)
    check_receiver(application, application.understood, compiled, examples=50)
    with pytest.raises(InvalidArgument, match="a compiled template has its own policy"):
        check_receiver(application, application.understood, compiled, policy=IN_APP)


@pytest.mark.parametrize(
    ("found", "value", "right"), [(True, True, True), (1, True, False), (True, 1, False), (Decimal("1.5"), 1.5, True)]
)
def test_a_number_is_no_boolean(found, value, right):
    assert is_right(found, value) is right
