"""A set renders like its templates alone, and reads and encodes what they share once."""

import pickle
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from macroengine import (
    Default,
    Event,
    Missing,
    MissingValueError,
    Policy,
    Postback,
    PostbackSet,
    RenderError,
    Request,
    Signature,
    TemplateError,
    compile_request,
    compile_template,
    dialect,
    parse,
)
from macroengine.encodings import percent
from macroengine.rendering import fan_out
from macroengine.testing.strategies import events, options, policies
from macroengine.testing.unsound import unsound_templates
from tests.support.floors import reached, reaching

EVERYBODY = Policy(send_all=True)


def in_full(function, *arguments):
    try:
        return function(*arguments)
    except RenderError as error:
        return type(error), str(error)


def alone(template, event):
    return in_full(template.render, event) if template.admits(event) else None


def shown(outcome):
    return (type(outcome), str(outcome)) if isinstance(outcome, RenderError) else outcome


@st.composite
def sets(draw):
    """Draw templates of few macros, so that they share them, and an event that most of them admit."""
    policy = draw(policies().filter(lambda policy: not policy.deny))
    macros = [dialect("appsflyer").macros[name] for name in ("clickid", "IDFA", "country_code", "event_value", "ip")]
    drawn = []
    for _ in range(draw(st.integers(1, 4))):
        own = policy if draw(st.booleans()) else draw(policies())
        name = "appsflyer" if draw(st.integers(0, 4)) else "appmetrica"
        if name == "appsflyer" and draw(st.booleans()):
            source = "?" + draw(st.lists(st.sampled_from(SHARED), max_size=5).map("&".join))
        else:
            source = draw(unsound_templates(name, unknown=False))
        found = [dialect(name).find(macro.name) for macro in parse(source, name).macros()]
        macros += [spec for spec, _ in filter(None, found)]
        try:
            drawn.append(
                compile_template(source, dialect=name, policy=own, ignore=("ME",), **draw(options(name, macros=macros)))
            )
        except TemplateError:
            pass
        except ValueError:  # an option names a macro of the other dialect
            drawn.append(compile_template(source, dialect=name, policy=own, ignore=("ME",)))
    return drawn, draw(events(macros=macros, policy=policy))


SHARED = [
    "c=(clickid)",
    "u=x%3D(clickid)",
    "i=(IDFA)",
    "h=(sha1-idfa)",
    "l=(country_code)",
    "j=(event_value)",
    "p=(ip)",
]


def strict(source, **options):
    return compile_template(source, missing=Missing.RAISE, **options)


@reaching(rendered=25)
@pytest.mark.slow
@given(sets())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(([], Event()))
@example(([strict("?a=(clickid)"), strict("?b=(ip)")], Event(sdk={"ip": b""})))
@example(([compile_template("?a=(ip)"), compile_template("?b=(ip)", missing=Missing.DROP)], Event(sdk={"ip": ""})))
@example(([compile_template("?a=(sha1-idfa)"), strict("?b=(sha1-idfa)")], Event(sdk={"idfa": "0-0"})))
def test_a_set_renders_like_its_templates_alone(drawn):
    chosen, event = drawn
    urls = [alone(template, event) for template in chosen]
    reached(*["rendered"] * any(isinstance(url, str) for url in urls))
    both = PostbackSet(chosen)
    for _ in range(2):
        assert [shown(outcome) for outcome in both.outcomes(event)] == urls
        failures = [url for url in urls if isinstance(url, tuple)]
        assert in_full(both.render, event) == (failures[0] if failures else urls)


def test_a_set_with_names_gives_what_it_renders_the_same_names():
    good, bad = compile_template("https://a.example/?c=(clickid)"), strict("https://b.example/?c=(clickid)&i=(ip)")
    other = compile_template("https://c.example/", policy=Policy("in-app"))
    event = Event(link={"click_id": "1"})
    assert PostbackSet({"a": good, "c": other}).render(event) == {"a": "https://a.example/?c=1", "c": None}
    outcomes = PostbackSet({"b": bad, "a": good, "c": other}).outcomes(event)
    assert list(outcomes) == ["b", "a", "c"]
    assert isinstance(outcomes.pop("b"), MissingValueError)
    assert outcomes == {"a": "https://a.example/?c=1", "c": None}
    with pytest.raises(MissingValueError):
        PostbackSet({"a": good, "b": bad}).render(event)
    assert PostbackSet({}).render(event) == {}


def test_a_set_is_of_what_it_was_made_of():
    given = {"a": compile_template("?a=(ip)")}
    named = PostbackSet(given)
    given["b"] = given["a"]
    assert named.render(Event()) == {"a": "?a="}
    assert named.templates == (given["a"],)
    assert pickle.loads(pickle.dumps(named)).render(Event()) == {"a": "?a="}
    assert pickle.loads(pickle.dumps(PostbackSet(given.values()))).render(Event()) == ["?a=", "?a="]
    with pytest.raises(AttributeError):
        named.templates = ()


@pytest.mark.parametrize(
    ("templates", "message"),
    [
        (["https://n.example/"], "each of templates must be a compiled template or request, not 'https://n.example/'"),
        ([None], "each of templates must be a compiled template or request, not NoneType"),
        ("https://n.example/", "templates must be a mapping or list of compiled templates, not 'https://n.example/'"),
        (None, "templates must be a mapping or list of compiled templates, not NoneType"),
        (strict("?"), "templates must be a mapping or list of compiled templates, not CompiledTemplate"),
        (
            {"a": "https://n.example/"},
            "each of templates must be a compiled template or request, not 'https://n.example/'",
        ),
        ({1: strict("?")}, "each name in templates must be a string, not int"),
    ],
)
def test_a_set_of_something_else_is_refused_where_it_is_made(templates, message):
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        PostbackSet(templates)


@pytest.mark.parametrize("keys", [b"k", None, [b"k"]])
def test_keys_are_given_by_name(keys):
    both = PostbackSet([strict("?")])
    for method in (both.render, both.outcomes):
        with pytest.raises(TypeError, match=f"^keys must be a mapping, not {type(keys).__name__}$"):
            method(Event(), keys=keys)


SIGNED = compile_request(Request("GET", "https://n.example/pb", signature=Signature("X-Sig")))
BOTH = [strict("?"), SIGNED]
NAMED = {"acme": strict("?"), "beta": SIGNED}


@pytest.mark.parametrize(
    ("templates", "keys", "error", "message"),
    [
        (NAMED, {}, ValueError, "request 'beta' is to be signed; give keys={'beta': ...}"),
        (NAMED, {"beta": b""}, ValueError, "request 'beta' is to be signed; give keys={'beta': ...}"),
        (BOTH, {}, ValueError, "request 1 is to be signed; give keys={1: ...}"),
        (
            NAMED,
            {"beta": b"s3cret", "betta": b"s3cret"},
            ValueError,
            "keys has 'betta', which this PostbackSet does not have; did you mean 'beta'?",
        ),
        (NAMED, {1: b"s3cret"}, ValueError, "keys has 1, which this PostbackSet does not have"),
        (BOTH, {2: b"s3cret"}, ValueError, "keys has 2, which this PostbackSet does not have; indexes are from 0 to 1"),
        (
            BOTH,
            {"beta": b"s3cret"},
            ValueError,
            "keys has 'beta', which this PostbackSet does not have; indexes are from 0 to 1",
        ),
        ([], {0: b"s3cret"}, ValueError, "keys has 0, which this PostbackSet does not have"),
        (BOTH, {b"s3cret": 1}, ValueError, "each name in keys must be a name or an index, not bytes"),
        (NAMED, {"acme": b"s3cret"}, ValueError, "keys has 'acme', which is not a signed request; remove it"),
        (BOTH, {0: b"s3cret"}, ValueError, "keys has 0, which is not a signed request; remove it"),
        (NAMED, {"beta": "s3cret"}, TypeError, "keys['beta'] must be bytes, not str"),
    ],
)
def test_every_key_is_for_a_signed_request_and_every_signed_request_has_one(templates, keys, error, message):
    postbacks = PostbackSet(templates)
    for method in (postbacks.render, postbacks.outcomes):
        with pytest.raises(error, match=f"^{re.escape(message)}$"):
            method(Event(link={"click_id": "1"}), keys=keys)
        with pytest.raises(error, match=f"^{re.escape(message)}$"):
            method(Event(postback="in-app"), keys=keys)


def test_a_hook_is_a_function():
    with pytest.raises(TypeError, match=r"^hook must be a function, not int$"):
        PostbackSet([strict("?")]).outcomes(Event(), hook=5)


def test_what_is_kept_for_events_of_one_kind_is_bounded():
    """An event takes nothing but a bool for whether it is attributed, and so there are two for each postback."""
    both = PostbackSet([compile_template("?a=(ip)")])
    for kind in (*Postback, *Postback):
        for attributed in (True, False):
            both.render(Event(postback=kind, attributed=attributed))
    assert len(both._fan_outs) == 2 * len(Postback)


def test_a_mapping_that_raises_is_a_fault_of_the_event():
    class Broken(dict):
        def get(self, key):
            raise ZeroDivisionError(key)

    outcomes = PostbackSet([compile_template("?a=(clickid)"), compile_template("?a=(ip)")]).outcomes(
        Event(sdk=Broken())
    )
    assert [str(outcome) for outcome in outcomes] == ["?a=", "cannot read the event: ZeroDivisionError"]


def test_one_failure_keeps_no_other_url_back():
    good, bad = compile_template("https://a.example/?c=(clickid)"), strict("https://b.example/?c=(clickid)&i=(ip)")
    event = Event(link={"click_id": "1"})
    outcomes = PostbackSet([bad, good, compile_template("?", policy=Policy("in-app"))]).outcomes(event)
    assert isinstance(outcomes[0], MissingValueError)
    assert outcomes[1:] == ["https://a.example/?c=1", None]
    with pytest.raises(MissingValueError, match="'ip'"):
        PostbackSet([good, bad]).render(event)


def test_too_long_a_url_fails_alone():
    short, long = compile_template("?c=(clickid)"), compile_template("?c=(clickid)&d=(clickid)")
    outcomes = PostbackSet([long, short]).outcomes(Event(link={"click_id": "x" * 40_000}))
    assert "bytes" in str(outcomes[0])
    assert outcomes[1] == "?c=" + "x" * 40_000


class Counted(dict):
    """Counts how often each key is read."""

    def __init__(self, values):
        super().__init__(values)
        self.reads = Counter()

    def get(self, key):
        self.reads[key] += 1
        return super().get(key)


def test_what_templates_share_is_encoded_once(monkeypatch):
    encoded = []

    def encode_field(sources, key):
        encoded.append(key[1])
        return percent.encode_field(sources, key)

    monkeypatch.setattr(fan_out, "encode_field", encode_field)
    sdk = Counted({"ip": "::1", "idfa": "30255BCE-4CDA-4F62-91DC-475B1D7E60A2", "city": "X"})
    sources = ["?c=(clickid)&ip=(ip)", "?ip=(ip)&h=(sha1-idfa)&c=(clickid)", "?n=x%3D(clickid)&h=(sha1-idfa)"]
    chosen = [
        compile_template(source, missing=missing)
        for source in sources
        for missing in ("empty", Default("none"), Missing.DROP)
    ]
    event = Event(link={"click_id": "a b"}, sdk=sdk)
    urls = PostbackSet(chosen * 20).render(event)
    assert urls == [template.render(event) for template in chosen] * 20
    assert sorted(encoded) == ["click_id", "ip"]


@pytest.mark.parametrize(
    ("missing", "url"),
    [("empty", "?b&c="), (Default("x"), "?b&c=x"), (Missing.KEEP, "?b&c=(clickid)"), (Missing.DROP, "?b")],
)
def test_each_template_has_its_own_way_with_a_missing_value(missing, url):
    chosen = [compile_template("?b&c=(clickid)", missing=missing), compile_template("?c=(clickid)")]
    assert PostbackSet(chosen).outcomes(Event()) == [url, "?c="]


def test_a_withheld_value_is_not_read():
    click = compile_template("?c=(clickid)&ip=(ip)", policy=EVERYBODY)
    own = compile_template("?c=(clickid)")
    link, sdk = Counted({"click_id": "secret"}), Counted({"ip": "1"})
    assert PostbackSet([own, click]).render(Event(link, sdk, attributed=False)) == [None, "?c=&ip=1"]
    assert link.reads == {}
    assert sdk.reads == {"ip": 1}


def test_a_value_for_one_template_is_no_value_for_another():
    may = compile_template("?c=(clickid)")
    may_not = compile_template("?c=(clickid)", policy=Policy(deny={"clickid"}), ignore=("ME3",))
    assert PostbackSet([may, may_not]).render(Event(link={"click_id": "1"})) == ["?c=1", "?c="]


def test_a_set_pickles_and_is_shared_by_threads():
    chosen = [compile_template(f"https://n{number}.example/?c=(clickid)") for number in range(20)]
    original = PostbackSet(chosen)
    original.render(Event())
    copy = pickle.loads(pickle.dumps(original))
    with ThreadPoolExecutor(8) as pool:
        rendered = list(pool.map(copy.render, (Event(link={"click_id": n}) for n in range(200))))
    assert rendered == [[f"https://n{number}.example/?c={n}" for number in range(20)] for n in range(200)]
