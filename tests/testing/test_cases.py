"""Whole cases: what they reach, what can be asked of them, and what they shrink to."""

import json
from collections import Counter
from urllib.parse import parse_qsl

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis.errors import InvalidArgument

from macroengine import (
    Dialect,
    Event,
    Missing,
    Policy,
    RenderError,
    Request,
    compile_request,
    compile_template,
    dialect_names,
    render,
)
from macroengine.testing import Drawn, DrawnPost, postbacks, posts, reference
from tests.support.floors import reached as count
from tests.support.floors import reaching
from tests.support.reach import distribution, reached
from tests.support.trying import slow_after

FLOORS = {
    "rendered": 95,
    "filled": 85,
    "nested or JSON": 20,
    "hashed": 10,
    "something missing": 20,
    "not attributed": 10,
}
CASES = settings(max_examples=150, database=None, derandomize=True, deadline=None)
NO_MACROS = 'name = "empty"\ntitle = "Empty"\nsyntax = "paren"\n[macros]\n'


def some(strategy, cases=60):
    """Return some cases that a strategy draws."""
    found = []

    @settings(CASES, max_examples=cases)
    @given(strategy)
    def collect(drawn):
        found.append(drawn)

    collect()
    return found


def other_sources(drawn):
    """Return the fields that the event has under a source that is not their own."""
    own, event = drawn.template.dialect.fields, drawn.event
    held = {"Link": event.link, "SDK": event.sdk, "Platform": event.platform}
    return [field for source, fields in held.items() for field in fields if own.get(field) != source and field in own]


# Where no macro is filled for events of other networks, a case is either for one of them or has a value in it.
FEWER = {**FLOORS, "filled": 72, "something missing": 17, "not attributed": 7}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "floors"),
    [("appsflyer", FLOORS), ("appmetrica", FLOORS), ("adjust", FEWER), ("branch", FEWER), ("gam", FEWER)],
)
def test_most_cases_reach_what_they_test(name, floors):
    shares = distribution(postbacks(name), 2000)
    if name in ("appmetrica", "branch", "gam"):  # which document no hash
        assert "hashed" not in shares
    print({name: round(share) for name, share in shares.items()})
    assert {what: share for what, share in shares.items() if share < floors[what]} == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", dialect_names())
def test_every_dialect_has_cases(name):
    counted = Counter(what for drawn in some(postbacks(name), 300) for what in reached(drawn))
    assert counted["rendered"] > 260
    assert counted["filled"] > 200
    assert counted["not attributed"] > 10
    assert counted["something missing"] > 30


@pytest.mark.slow
@pytest.mark.parametrize("name", dialect_names())
def test_the_url_is_what_the_reference_says(name):
    @reaching(rendered=85)
    @CASES
    @given(postbacks(name))
    def law(drawn):
        try:
            expected = reference.render(drawn.source, drawn.event, **drawn.options)
        except RenderError:
            expected = None
        assert drawn.url == expected
        count(*["rendered"] * (expected is not None))
        assert not any(diagnostic.severity == "error" for diagnostic in drawn.template.diagnostics)

    law()


@pytest.mark.parametrize(
    "variant", slow_after(1, ["nested", "hashed", "consent", "json", "missing", "misplaced", "send_all"])
)
def test_a_variant_is_in_all_cases_or_in_none(variant):
    shows = {
        "nested": lambda drawn: "%2F%2Fm.example" in drawn.source,
        "json": lambda drawn: "%7B%22id" in drawn.source or "%5B1%2C" in drawn.source,
        "hashed": lambda drawn: "(sha1-" in drawn.source,
        "missing": lambda drawn: "something missing" in reached(drawn),
        "misplaced": other_sources,
        "send_all": lambda drawn: drawn.template.policy.send_all,
        "consent": lambda drawn: drawn.template.policy.consent,
    }[variant]
    assert all(shows(drawn) for drawn in some(postbacks(**{variant: True})))
    assert not any(shows(drawn) for drawn in some(postbacks(**{variant: False})))


@pytest.mark.slow
def test_alternatives_are_in_all_cases_or_in_none():
    assert all("||" in drawn.source for drawn in some(postbacks("adjust", alternatives=True)))
    assert not any("||" in drawn.source for drawn in some(postbacks("adjust", alternatives=False)))


def test_something_is_withheld_from_every_case_or_from_none():
    def told(drawn):
        policy = Policy(drawn.template.policy.postback)
        event = Event(drawn.event.link, drawn.event.sdk, drawn.event.platform, drawn.event.postback)
        try:
            return render(drawn.source, event, **{**drawn.options, "policy": policy})
        except RenderError:
            return None

    asked = [drawn for drawn in some(postbacks(withheld=True)) if drawn.url is not None]
    # The hash of zeros, and an empty text, are sent like nothing.
    assert sum(drawn.url != told(drawn) for drawn in asked) > 0.8 * len(asked)
    assert all(drawn.event.attributed for drawn in some(postbacks(withheld=False)))


def test_the_policy_that_is_given_is_that_of_every_case():
    policy = Policy("in-app", send_all=True, sources=["SDK"], deny={"idfa"})
    assert {drawn.template.policy for drawn in some(postbacks(policy=policy))} == {policy}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policy": Policy(sources=[])}, "the policy permits no macro of AppsFlyer; allow more sources"),
        ({"dialect": "meta", "hashed": True}, "hashed=True: Meta.* documents none that the policy permits"),
        ({"alternatives": True}, "alternatives=True: AppsFlyer documents none"),
        ({"policy": Policy(), "send_all": True}, "send_all=True contradicts the policy"),
        ({"policy": Policy(consent=True), "consent": False}, "consent=False contradicts the policy"),
        ({"policy": Policy(), "withheld": True}, "withheld=True: AppsFlyer has no macro that would be withheld"),
        ({"dialect": "meta", "consent": True}, "consent=True: Meta.* has no macro that would be withheld"),
    ],
)
def test_what_cannot_be_drawn_is_an_error_where_it_is_asked_for(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        postbacks(**arguments)


def test_a_dialect_without_macros_is_an_error(tmp_path):
    path = tmp_path / "empty.toml"
    path.write_text(NO_MACROS, encoding="utf-8")
    with pytest.raises(InvalidArgument, match="Empty has no macros"):
        postbacks(Dialect.from_toml(path))


def test_a_variant_is_yes_or_no():
    with pytest.raises(TypeError, match="nested must be True or False"):
        postbacks(nested="yes")


def test_the_strategy_shows_what_was_asked_for():
    assert repr(postbacks()) == "postbacks('appsflyer')"
    shown = repr(postbacks("adjust", policy=Policy("in-app"), nested=True, json=False))
    assert shown == "postbacks('adjust', policy=Policy(postback='in-app'), nested=True, json=False)"


def test_a_case_is_shown_in_a_line():
    @reaching(options=20)
    @CASES
    @given(postbacks())
    def law(drawn):
        assert len(repr(drawn)) < 1500
        count(*["options"] * bool(drawn.options))

    law()
    plain = Drawn(compile_template("?a=(platform)"), Event(sdk={"platform": " "}), "?a=%20")
    assert repr(plain) == "Drawn('?a=(platform)', Event(sdk={'platform': ' '}), '?a=%20')"
    others = Event(sdk={"ip": "1"}, postback="in-app", attributed=False)
    policy = Policy("in-app", send_all=True)
    first = settings(CASES, phases=[Phase.generate])
    case = Drawn(find(postbacks(policy=policy), lambda _: True, settings=first).template, others, None)
    shown = "Event(sdk={'ip': '1'}, postback='in-app', attributed=False), None, policy=Policy("
    assert shown in repr(case)


def test_the_options_render_the_url():
    @reaching(rendered=85)
    @CASES
    @given(postbacks("appmetrica"))
    def law(drawn):
        if drawn.url is not None:
            count("rendered")
            assert render(drawn.source, drawn.event, **drawn.options) == drawn.url
            assert drawn.options.get("missing") is not Missing.EMPTY

    law()


# With a body


@pytest.mark.slow
@pytest.mark.parametrize("body", [None, "form", "json"])
@pytest.mark.parametrize("name", ["appsflyer", "appmetrica", "adjust", "gam"])
def test_posts_are_sent_with_values_in_them(name, body):
    @reaching(sent=85, filled=60)
    @CASES
    @given(posts(name, body=body))
    def law(drawn):
        request = drawn.template.request
        if body is not None:
            assert body in request.content_type
        if drawn.request is None:
            assert drawn.body is None
            return
        if "json" in request.content_type:
            assert json.loads(drawn.body).keys() <= set("abcdefgh")
        else:
            assert {pair[0] for pair in parse_qsl(drawn.body)} <= set("abcdefgh")
        again = compile_request(request, **drawn.options).render(drawn.event)
        assert again == drawn.request
        nobody = Event(postback=drawn.event.postback, attributed=drawn.event.attributed)
        try:
            is_filled = drawn.template.render(nobody).body != drawn.request.body
        except RenderError:
            is_filled = True
        count("sent", *["filled"] * is_filled)

    law()


def test_posts_have_what_is_asked_for():
    policy = Policy("in-app", send_all=True)
    assert {drawn.template.policy for drawn in some(posts(policy=policy))} == {policy}
    assert all("%2F%2Fm.example" in drawn.source for drawn in some(posts(nested=True)))
    whole = [drawn.source for drawn in some(posts(body="json", nested=False, json=False))]
    assert any('":(' in source for source in whole)
    assert any('":"(' in source for source in whole)


def test_a_post_that_nothing_may_be_sent_for_is_drawn():
    chosen = settings(CASES, max_examples=2_000, phases=[Phase.generate])
    drawn = find(posts(), lambda drawn: drawn.request is None, settings=chosen)
    with pytest.raises(RenderError):
        drawn.template.render(drawn.event)


def test_a_body_is_a_form_or_json():
    with pytest.raises(InvalidArgument, match="body must be 'form' or 'json', not 'xml'"):
        posts(body="xml")


def test_a_post_is_shown_in_a_line():
    request = Request("POST", "https://n.example/pb", {}, "a=(platform)", "application/x-www-form-urlencoded")
    event = Event(sdk={"platform": " "})
    compiled = compile_request(request)
    drawn = DrawnPost(compiled, event, compiled.render(event))
    assert repr(drawn) == "DrawnPost('a=(platform)', Event(sdk={'platform': ' '}), 'a=+')"
    assert repr(posts("adjust", body="form", missing=True)) == "posts('adjust', missing=True, body='form')"
    with pytest.raises(AssertionError) as caught:
        failing()
    assert "DrawnPost('" in "".join([str(caught.value), *getattr(caught.value, "__notes__", [])])


@reaching(asked=0)
@settings(CASES, phases=[Phase.generate])  # any example will do
@given(posts())
def failing(drawn):
    assert drawn is None
