"""What a prompt shows of the library's objects: one line, and what tells them apart."""

import pytest

from macroengine import Default, Policy, PostbackSet, Request, compile_template, dialect, parse, parse_request
from macroengine.kinds import Source

SOURCE = "https://n.example/pb?id=(clickid)"
COMPILED = compile_template(SOURCE, policy=Policy(consent=True))
REQUEST = Request("GET", SOURCE)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (Policy(), "Policy()"),
        (Policy("in-app", send_all=True), "Policy(postback='in-app', send_all=True)"),
        (
            Policy(sources={"SDK", "Link"}, deny=["b", "a"], context="nurl"),
            "Policy(sources={'Link', 'SDK'}, deny={'a', 'b'}, context='nurl')",
        ),
        (Policy(sources=[]), "Policy(sources=frozenset())"),
        (COMPILED, f"<CompiledTemplate {SOURCE!r}, dialect appsflyer, Policy(consent=True)>"),
        (PostbackSet([]), "<PostbackSet of 0 postbacks>"),
        (PostbackSet([COMPILED]), "<PostbackSet of 1 postback>"),
        (PostbackSet({"acme": COMPILED, "beta": COMPILED}), "<PostbackSet of 2 postbacks: acme, beta>"),
        (
            PostbackSet({f"p{number}": COMPILED for number in range(1005)}),
            "<PostbackSet of 1,005 postbacks: p0, p1, p2, p3, p4 and 1,000 more>",
        ),
        (parse(SOURCE), f"<Template {SOURCE!r}, dialect appsflyer>"),
        (parse_request(REQUEST), f"<RequestTemplate Request('GET', '{SOURCE}', Headers({{}})), dialect appsflyer>"),
        (dialect("adjust"), "<Dialect adjust>"),
        (Default("0"), "Default(text='0')"),
        (
            dialect("appsflyer").macros["clickid"],
            "MacroSpec(name='clickid', field='click_id', source='Link', ",
        ),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_object_is_shown_by_what_tells_it_apart(shown, text):
    assert repr(shown) == text or (text.endswith(", ") and repr(shown).startswith(text))
    assert len(repr(shown)) < 600
    assert "\n" not in repr(shown)


def test_a_policy_is_shown_as_it_can_be_written():
    for policy in (
        Policy(),
        Policy("in-app", True, [Source.SDK], {"ip"}, consent=True, context="x"),
        Policy(sources=()),
    ):
        assert eval(repr(policy)) == policy
