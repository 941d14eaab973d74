"""The parts of a case: templates, events and policies, each drawn alone, and what Hypothesis shows of them."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

import macroengine
from macroengine import CompiledTemplate, Dialect, Event, Policy, Postback, TemplateError, compile_template, dialect
from macroengine.testing import (
    damaged_templates,
    events,
    options,
    policies,
    postbacks,
    templates,
    unsound_templates,
    values,
)
from macroengine.testing.registration import register

CASES = settings(max_examples=100, database=None, derandomize=True, deadline=None)
TEMPLATE = "https://n.example/pb?c=(clickid)&country=(country_code)&j=(encode)"
IN_APP = Policy("in-app", send_all=True)


def some(strategy):
    found = []

    @CASES
    @given(strategy)
    def collect(drawn):
        found.append(drawn)

    collect()
    return found


@pytest.mark.parametrize("policy", [None, IN_APP])
def test_templates_have_no_errors(policy):
    for source in some(templates(policy=policy)):
        compile_template(source, policy=policy or Policy())


def test_templates_have_a_parameter_of_the_alphabet():
    sources = some(templates(alphabet="é"))
    for source in sources:
        compile_template(source)
    assert any("z=%C3%A9" in source for source in sources)


def is_compiled(source):
    try:
        compile_template(source)
    except TemplateError:
        return False
    return True


@pytest.mark.parametrize(
    "strategy", [templates(unsound=True), templates(unsound=True, alphabet="a"), unsound_templates()]
)
def test_unsound_templates_have_errors_too(strategy):
    assert {is_compiled(source) for source in some(strategy)} == {True, False}


@pytest.mark.parametrize("template", [TEMPLATE, compile_template(TEMPLATE, policy=IN_APP)])
def test_events_for_a_template_say_what_it_reads(template):
    policy = {"policy": IN_APP} if isinstance(template, str) else {}
    drawn = some(events(template=template, **policy))
    own = compile_template(TEMPLATE, policy=IN_APP)
    assert {field for event in drawn for field in event.link} >= {"click_id"}
    assert sum(event.link.get("click_id") is not None for event in drawn) > 65
    assert sum(event.platform.get("country_code") is not None for event in drawn) > 65
    assert {event.postback for event in drawn} == {Postback.IN_APP}
    assert {event.attributed for event in drawn} == {True, False}
    # A dot alone, in a path, is all that cannot be sent; nothing is in a path here.
    assert all(own.render(event) for event in drawn)


def test_events_for_a_template_say_whether_identifiers_are_shared():
    policy = Policy(consent=True)
    template = compile_template("https://n.example/pb?i=(idfa)", policy=policy)
    urls = {template.render(event) for event in some(events(template=template)) if template.admits(event)}
    assert "https://n.example/pb?i=" in urls
    assert len(urls) > 5


def test_events_for_a_raw_value_can_be_sent():
    template = compile_template("https://n.example/?p=${AUCTION_PRICE}", dialect="openrtb2")
    assert all(template.render(event) for event in some(events(template=template)) if template.admits(event))


def test_events_have_values_for_macros_by_name():
    by_name, by_row = events(macros=["clickid", "ip"]), events(macros=[dialect("appsflyer").macros["clickid"]])
    assert all({*event.link, *event.sdk, *event.platform} >= {"click_id", "ip"} for event in some(by_name))
    assert all("click_id" in event.link for event in some(by_row))
    assert repr(by_name) == "_any_events(dialect=<Dialect appsflyer>, macros=['clickid', 'ip'], policy=None)"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (lambda: events(template="https://n.example/pb?c=(nope)"), "the template cannot be filled: .*unknown macro"),
        (lambda: events(template="https://n.example/pb"), "the template has no macro that can be filled"),
        (lambda: events(template="?j=(encode)"), "the template cannot be filled"),
        (lambda: events(template=TEMPLATE, macros=["ip"], policy=IN_APP), "give a template or macros, not both"),
        (lambda: events(template=compile_template("?c=(ip)"), policy=IN_APP), "has its own policy"),
        (lambda: events(macros=["clickd"]), "AppsFlyer has no macro 'clickd'; did you mean 'clickid'"),
        (lambda: templates(policy=Policy(sources=[])), "the policy permits no macro of AppsFlyer"),
    ],
)
def test_what_cannot_be_drawn_is_an_error_where_it_is_asked_for(asked, message):
    with pytest.raises(InvalidArgument, match=f"(?s){message}"):
        asked()


@pytest.mark.parametrize(
    ("macros", "message"),
    [
        ("clickid", "macros must be a list of macros, not 'clickid'"),
        (1, "macros must be a list of macros, not int"),
        ([1], "each of macros must be a name or a row of the catalogue, not int"),
    ],
)
def test_macros_of_a_wrong_type_are_refused_where_they_are_given(macros, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        events(macros=macros)


@pytest.mark.parametrize("strategy", [events, policies, templates, postbacks])
def test_a_dialect_without_macros_is_an_error(strategy, tmp_path):
    path = tmp_path / "empty.toml"
    path.write_text('name = "empty"\ntitle = "Empty"\nsyntax = "paren"\n[macros]\n', encoding="utf-8")
    with pytest.raises(InvalidArgument, match="Empty has no macros; use a dialect that has some"):
        strategy(Dialect.from_toml(path))


@pytest.mark.parametrize(
    "strategy",
    [
        *(templates(), templates("adjust", unsound=True), unsound_templates(dialect("adjust")), damaged_templates()),
        *(events(), events(template="?c=(ip)"), events(dialect("appsflyer"), macros=["ip"], policy=Policy())),
        *(policies(), policies(dialect("adjust")), options(), postbacks(), postbacks("adjust", nested=True)),
    ],
    ids=lambda strategy: repr(strategy)[:30],
)
def test_a_strategy_is_shown_in_a_line(strategy):
    assert len(repr(strategy)) < 350


def test_values_are_of_every_type():
    assert {type(value).__name__ for value in some(values())} >= {"NoneType", "str", "bool", "int", "float", "datetime"}


@pytest.mark.parametrize("kind", [Event, Policy, CompiledTemplate, Dialect])
def test_hypothesis_knows_the_types(kind):
    register()
    first = settings(CASES, phases=[Phase.generate])
    assert isinstance(find(st.from_type(kind), lambda _: True, settings=first), kind)


def test_hypothesis_asks_the_library_by_itself():
    code = "from hypothesis import strategies as st; from macroengine import Event; print(st.from_type(Event))"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=Path(macroengine.__file__).parents[1],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "events" in ran.stdout
