"""A check of receivers finds the mistakes that receivers make, and nothing in a right one."""

import io
import re
from urllib.parse import parse_qsl, unquote, unquote_plus

import pytest
from hypothesis.errors import InvalidArgument

from macroengine import Policy, compile_template
from macroengine.testing import check_receiver
from tests.trying import slow_after

TEMPLATE = "https://n.example/pb?v=2&click=(clickid)&app=(app_name)#end"


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
        self.seen = self.read(environ["QUERY_STRING"])
        start_response(self.status, [])
        return self.body

    body = (b"",)

    def understood(self):
        return self.seen


class Asgi(Wsgi):
    async def __call__(self, scope, receive, send):
        self.sent += 1
        assert (await receive())["type"] == "http.request"
        self.seen = self.read(scope["query_string"].decode())
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
    check_receiver(application, application.understood, TEMPLATE, examples=10_000)
    assert application.sent > 9_000


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
