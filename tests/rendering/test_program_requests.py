"""The program in C writes bodies and headers as the function in Python does."""

from collections import UserString
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product

import pytest

from macroengine import SPEEDUPS, Event, Policy, PostbackSet, RenderError, Request, compile_request, compile_template
from macroengine.rendering import native
from macroengine.rendering.compiler import compile_python

pytestmark = pytest.mark.skipif(not SPEEDUPS, reason="the program is not in use")

JSON, FORM, TEXT = "application/json", "application/x-www-form-urlencoded", "text/plain"
BODIES = [
    pytest.param('["(clickid)", "x(event_name)"]', JSON, id="string"),
    pytest.param("[(clickid), (event_name)]", JSON, id="whole"),
    pytest.param('{(clickid): (event_revenue), "(event_name)": (is_lat)}', JSON, id="names"),
    pytest.param('["{\\"a\\": \\"(clickid)\\", \\"b\\": (event_name)}"]', JSON, id="json-in-a-string"),
    pytest.param('["https://x.example/?a=(clickid)&b=(event_name)"]', JSON, id="url-in-a-string"),
    pytest.param("[(event_value), (install_unix_ts), (install_time)]", JSON, id="types"),
    pytest.param('["(sha1-idfa)", (sha1-idfa), "(idfa)"]', JSON, id="hashes"),
    pytest.param("a=(clickid)&b=(event_name)", FORM, id="form"),
    pytest.param("(clickid)|(event_name)", TEXT, id="text"),
    pytest.param("(clickid)|é(event_name)", TEXT, id="literal-beyond-ascii"),
]
VALUES = [
    None, "", "a b", 'a"b', "a\\b", "a\nb", "\x7f", "é", "漢😀", "\u2028", "a\ud800", " a", "a ", "~", "1",
    "9.90", "true", "null", "{}", '{"é": 1}', "NaN", 5, -(2**63), 2**70, 0.5, 1e30, float("nan"), Decimal("1.50"),
    True, False, datetime(2026, 1, 2, tzinfo=UTC), {"a": "é"}, [1, "é"], object(), UserString("x"),
    "x" * 3000, "é" * 3000,
]  # fmt: skip


class Text(str):
    __slots__ = ()


def outcome(render, event):
    try:
        return render(event)
    except RenderError as error:
        return str(error)


def event_of(value):
    sdk = dict.fromkeys(("event_name", "event_revenue", "event_value", "is_lat", "idfa"), value)
    return Event({"click_id": value}, sdk, {"install_unix_ts": value, "install_time": value}, "in-app")


@pytest.mark.parametrize("missing", ["empty", "drop", "keep", "raise"])
@pytest.mark.parametrize(("body", "content_type"), BODIES)
def test_the_program_and_python_agree(body, content_type, missing):
    request = Request("POST", "https://n.example/", {"X-A": "(clickid)", "X-B": "b (event_name) c"}, body, content_type)
    compiled = compile_request(request, policy=Policy("in-app"), missing=missing, ignore=["ME3"])
    for plan, value in product(compiled.plans, [*VALUES, Text("a"), Text("é")]):
        in_python = compile_python(plan)
        rendered = native.program(plan.postback, plan.max_bytes, plan.attributed, plan.unattributed, in_python)
        assert outcome(rendered, event_of(value)) == outcome(in_python, event_of(value)), (plan.kind, value)


@pytest.mark.parametrize("value", ["a b", "é漢😀", 'a"b', "é\n", 5, True])
@pytest.mark.parametrize("body", ['["(clickid)"]', "[(clickid)]", "[(event_value)]", '{(clickid): ""}'])
def test_the_program_hands_nothing_over_that_it_knows(body, value):
    def never(event):
        raise AssertionError(event)

    plan = compile_request(Request("POST", "https://n.example/", {}, body, JSON), policy=Policy("in-app")).plans[-1]
    program = native.program(plan.postback, plan.max_bytes, plan.attributed, plan.unattributed, never)
    assert program(event_of(value)) == compile_python(plan)(event_of(value))


def test_the_limit_counts_bytes():
    plan = compile_request(Request("POST", "https://n.example/", {}, "(clickid)", TEXT)).plans[-1]
    assert native._steps(next(iter(plan.attributed)), next(iter(plan.attributed)).reads[0])[0] == native._AS_IT_IS
    handed_over = []
    program = native.program(plan.postback, 10, plan.attributed, plan.unattributed, handed_over.append)
    event = Event({"click_id": "é" * 5}, postback="install")
    assert program(event) == "é" * 5
    assert program(Event({"click_id": "é" * 6}, postback="install")) is None
    assert len(handed_over) == 1


@pytest.mark.parametrize("value", ["a", "é", "a b"])
def test_what_is_not_encoded_is_the_same_for_many_networks(value):
    source = "https://n.example/?a=${AUCTION_ID}"
    raw = compile_template(source, dialect="openrtb2", policy=Policy(send_all=True), ignore=["ME"])
    event = Event(*({"auction_id": value} for _ in range(3)))
    assert [*map(str, PostbackSet([raw, raw]).outcomes(event))] == [str(outcome(raw.render, event))] * 2
