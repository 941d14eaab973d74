"""The program in C renders what the function in Python does, and hands over to it what it does not know."""

import gc
import hashlib
import random
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from macroengine import (
    SPEEDUPS,
    Default,
    Event,
    Missing,
    Policy,
    PostbackSet,
    RenderError,
    SuppressedError,
    compile_template,
)
from macroengine.encodings.percent import percent_encode
from macroengine.plan.segments import Step
from macroengine.rendering import native
from macroengine.rendering.compiler import compile_python
from tests.support.differential import differences
from tests.support.trying import with_each

speedups = pytest.importorskip("macroengine._speedups", reason="the extension is not built")
pytestmark = pytest.mark.skipif(not SPEEDUPS, reason="the program is not in use")

IDFA = "30255BCE-4CDA-4F62-91DC-475B1D7E60A2"


def never(event):
    raise AssertionError(event)


def program(source, otherwise=never, **options):
    """Return the program of a template, which fails where it hands over."""
    plan = compile_template(source, ignore=("ME",), **options).plan
    return native.program(plan.postback, plan.max_bytes, plan.attributed, plan.unattributed, otherwise)


def sha1(text):
    return hashlib.sha1(text.encode()).hexdigest()


KNOWN = [
    pytest.param("?a=(clickid)&b=(ip)", {"click_id": "a b"}, {"ip": "1.2.3.4"}, {}, "?a=a%20b&b=1.2.3.4", id="plain"),
    pytest.param("?a=(clickid)", {"click_id": "é漢😀"}, {}, {}, "?a=%C3%A9%E6%BC%A2%F0%9F%98%80", id="wide"),
    pytest.param("?a=(clickid)", {"click_id": -42}, {}, {}, "?a=-42", id="int"),
    pytest.param("?a=(clickid)", {"click_id": -(2**63)}, {}, {}, "?a=-9223372036854775808", id="least-int"),
    pytest.param("?a=(clickid)", {"click_id": 2**64}, {}, {}, "?a=18446744073709551616", id="long-int"),
    pytest.param("?a=(clickid)", {"click_id": 0.5}, {}, {}, "?a=0.5", id="float"),
    pytest.param("?a=(clickid)", {"click_id": 1e-7}, {}, {}, "?a=0.0000001", id="small-float"),
    pytest.param("?a=(clickid)&b=(is-lat)", {}, {"is_lat": True}, {}, "?a=&b=true", id="bool-and-missing"),
    pytest.param(
        "?t=(install_unix_ts)", {}, {}, {"install_unix_ts": datetime(2026, 1, 4, tzinfo=UTC)}, None, id="time"
    ),
    pytest.param("?a=(sha1-idfa)", {}, {"idfa": IDFA.lower()}, {}, f"?a={sha1(IDFA)}", id="sha1"),
    pytest.param("?a=(sha1-idfa)", {}, {"idfa": "0000-0000"}, {}, "?a=", id="zeros"),
    pytest.param("?a=(sha1-idfa)", {}, {"idfa": "A" * 40}, {}, f"?a={'a' * 40}", id="hashed-before"),
    pytest.param("?a=(sha1-idfa)", {}, {"idfa": 12}, {}, f"?a={sha1('12')}", id="hash-of-int"),
    pytest.param("?a=(sha1-idfa)", {}, {"idfa": "é"}, {}, f"?a={sha1('É')}", id="hash-of-wide"),
    pytest.param("?a=(sha1-idfa)", {}, {"idfa": "x" * 300}, {}, f"?a={sha1('X' * 300)}", id="hash-of-long"),
    pytest.param("?u=https%3A%2F%2Fx%3Fa%3D(clickid)", {"click_id": "a b"}, {}, {}, None, id="nested"),
    pytest.param("?d=%7B%22n%22%3A%22(clickid)%22%7D", {"click_id": 'a"b'}, {}, {}, None, id="json"),
    pytest.param("?d=%7B%22n%22%3A%22(clickid)%22%7D", {"click_id": "aé"}, {}, {}, None, id="json-without-escapes"),
    pytest.param("/(clickid)/x", {"click_id": "..x"}, {}, {}, "/..x/x", id="segment"),
]


@with_each(("source", "link", "sdk", "platform", "expected"), KNOWN)
def test_the_program_knows_the_common_case(source, link, sdk, platform, expected):
    event = Event(link, sdk, platform)
    url = program(source)(event)
    assert url == compile_python(compile_template(source, ignore=("ME",)).plan)(event)
    assert expected is None or url == expected


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (Missing.EMPTY, "?a=&b=&c=1"),
        (Missing.KEEP, "?a=(clickid)&b=(sha1-idfa)&c=1"),
        (Missing.DROP, "?c=1"),
        (Default("n a"), "?a=n%20a&b=n%20a&c=1"),
    ],
)
def test_the_program_knows_what_is_sent_for_missing_values(missing, expected):
    render = program("?a=(clickid)&b=(sha1-idfa)&c=(ip)", missing=missing)
    assert render(Event(sdk={"idfa": "0-0", "ip": 1})) == expected
    assert render(Event({"click_id": None}, {"ip": 1})) == expected


def test_the_program_drops_from_urls_inside():
    render = program("?u=https%3A%2F%2Fx%3Fa%3D(clickid)%26b%3D(ip)&c=(clickid)", missing="drop")
    assert render(Event(sdk={"ip": "1"})) == "?u=https%3A%2F%2Fx%3Fb%3D1"
    assert render(Event()) == "?u=https%3A%2F%2Fx"
    assert render(Event({"click_id": "z"})) == "?u=https%3A%2F%2Fx%3Fa%3Dz&c=z"


def test_the_program_knows_alternatives():
    source = "?a={ios_ifa||google_aid}"
    render = program(source, dialect="appmetrica")
    plan = compile_template(source, dialect="appmetrica", ignore=("ME",)).plan
    for event in (Event(), Event(sdk={"idfa": "x"}), Event(sdk={"advertising_id": "y"})):
        assert render(event) == compile_python(plan)(event)


@pytest.mark.parametrize(
    ("values", "sent"),
    [
        ({"click_unix_ts": 5, "click_unix_ms": 5_001}, "5001"),
        ({"click_unix_ts": 5}, "5000"),
        ({"click_unix_ts": "5.5"}, "5500"),
        ({"click_unix_ts": datetime(2026, 1, 4, tzinfo=UTC)}, "1767484800000"),
        ({"click_unix_ts": True}, None),
        ({"click_unix_ts": "soon"}, None),
        ({}, None),
    ],
)
def test_the_program_knows_values_in_another_unit(values, sent):
    source = "https://n.example/pb?a=1&t=${(last_attributed_touch_timestamp)!}&b=2"
    event = Event(sdk=values)
    for missing, instead in ((Missing.EMPTY, ""), (Missing.DROP, None), (Default("n a"), "n%20a")):
        template = compile_template(source, dialect="branch", missing=missing, ignore=("ME",))
        url = program(source, dialect="branch", missing=missing)(event)
        shown = instead if sent is None else sent
        assert url == "https://n.example/pb?a=1" + ("&b=2" if shown is None else f"&t={shown}&b=2")
        assert url == compile_python(template.plan)(event)
        assert native.fan_out([template.plan.attributed], [99]).render(event) == [url]


def test_what_is_not_attributed_has_a_rendering_of_its_own():
    render = program("?a=(clickid)&b=(C)", policy=Policy(send_all=True))
    event = {"click_id": "1", "campaign": "c"}
    assert render(Event(event)) == "?a=1&b=c"
    assert render(Event(event, attributed=False)) == compile_python(
        compile_template("?a=(clickid)&b=(C)", policy=Policy(send_all=True)).plan
    )(Event(event, attributed=False))


class Own(Event):
    __slots__ = ()


HANDED_OVER = [
    pytest.param("?a=(clickid)", Event({"click_id": "\ud800"}), id="lone-surrogate"),
    pytest.param("?a=(clickid)", Event({"click_id": b"x"}), id="not-to-be-sent"),
    pytest.param("?a=(clickid)", Event(MappingProxyType({"click_id": "x"})), id="no-dict"),
    pytest.param("?a=(clickid)", Event({"click_id": "x"}, postback="in-app"), id="another-postback"),
    pytest.param("?a=(clickid)", Event({"click_id": "x"}, attributed=False), id="not-attributed"),
    pytest.param("?a=(clickid)", Event({"click_id": "x" * 70_000}), id="too-long"),
    pytest.param("?a=(clickid)", Event({"click_id": "é" * 20_000}), id="too-long-encoded"),
    pytest.param("/(clickid)", Event({"click_id": ".."}), id="another-path"),
    pytest.param("?a=(clickid)", Own({"click_id": "x"}), id="another-class"),
    pytest.param("?a=(clickid)", {"click_id": "x"}, id="no-event"),
]


@pytest.mark.parametrize(("source", "event"), HANDED_OVER)
def test_the_program_hands_over_what_it_does_not_know(source, event):
    given = []
    assert program(source, lambda one: given.append(one) or "theirs")(event) == "theirs"
    assert len(given) == 1
    assert given[0] is event


def test_a_value_that_must_be_there_is_missed_by_python():
    render = program("?a=(clickid)", lambda _: "theirs", missing="raise")
    assert render(Event({"click_id": "1"})) == "?a=1"
    assert render(Event()) == "theirs"


@pytest.mark.parametrize("source", ["é?a=(clickid)", "?a=é(clickid)"])
def test_a_template_that_is_not_ascii_is_for_python(source):
    assert program(source, never) is never
    assert compile_template(source, ignore=("ME",)).render(Event({"click_id": "1"})) == source.replace("(clickid)", "1")


def test_calls_with_other_arguments_are_for_python():
    given = []
    render = program("?a=(clickid)", lambda *args, **kwargs: given.append((args, kwargs)) or "x")
    assert (render(), render(1, 2), render(event=3)) == ("x", "x", "x")
    assert given == [((), {}), ((1, 2), {}), ((), {"event": 3})]


class Interrupting:
    def __str__(self):
        raise KeyboardInterrupt


class Hostile(str):
    """A key that is equal to none, and raises when it is asked."""

    __slots__ = ("error",)
    __hash__ = str.__hash__

    def __eq__(self, other):
        raise self.error


def hostile_key(error):
    key = Hostile("click_id")
    key.error = error
    return key


def test_an_interruption_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        program("?a=(clickid)")(Event({hostile_key(KeyboardInterrupt()): "x"}))
    assert program("?a=(clickid)", lambda _: "theirs")(Event({hostile_key(LookupError()): "x"})) == "theirs"


def test_many_are_rendered_in_order():
    template = compile_template("?a=(clickid)")
    events = [Event({"click_id": number}) for number in range(5)]
    assert template.render_many(events) == [f"?a={number}" for number in range(5)]
    assert template.render_many(iter(events[:2])) == ["?a=0", "?a=1"]
    assert template.render_many([]) == []
    with pytest.raises(SuppressedError):
        template.render_many([events[0], Event(attributed=False), events[1]])
    with pytest.raises(TypeError, match=r"^events must be an iterable of events, not int"):
        template.render_many(1)
    with pytest.raises(TypeError, match=r"^event must be an Event, not 'a'"):
        template.render_many("ab")

    def failing():
        yield events[0]
        raise LookupError

    with pytest.raises(LookupError):
        template.render_many(failing())


def test_a_set_in_c_and_one_in_python_send_the_same():
    sources = ["?a=(clickid)&b=(sha1-idfa)", "?b=(sha1-idfa)&u=x%3A%2F%2Fy%3Fa%3D(clickid)", "?c=(C)"]
    missing = [Missing.EMPTY, Missing.DROP, Default("n")]
    templates = [compile_template(source, missing=one) for source in sources for one in missing]
    for link in ({}, {"click_id": "a b"}, {"click_id": 1, "campaign": "é"}):
        for sdk in ({}, {"idfa": IDFA}, {"idfa": "0"}):
            in_c, in_python = Event(link, sdk), Event(MappingProxyType(link), MappingProxyType(sdk))
            alone = [template.render(in_c) for template in templates]
            assert PostbackSet(templates).render(in_c) == PostbackSet(templates).render(in_python) == alone


def test_a_set_with_a_template_for_python_alone():
    templates = [compile_template(source, ignore=("ME",)) for source in ("é?a=(clickid)", "?a=(clickid)")]
    assert PostbackSet(templates).render(Event({"click_id": "1"})) == ["é?a=1", "?a=1"]


READ = (0, "click_id", 1, 1, 0, 0, 0, percent_encode, None, None)
BAD_PROGRAMS = [
    pytest.param(((), 0, 1, ()), id="too-few"),
    pytest.param((int, None, 1, (), (), None, never), id="no-event-class"),
    pytest.param((1, None, 1, (), (), None, never), id="no-class"),
    pytest.param((Event, None, 1, [], (), None, never), id="values-no-tuple"),
    pytest.param((Event, None, 1, ((),), (), None, never), id="value-without-reads"),
    pytest.param((Event, None, 1, (1,), (), None, never), id="value-no-tuple"),
    pytest.param((Event, None, 1, ((1,),), (), None, never), id="read-no-tuple"),
    pytest.param((Event, None, 1, (((9, *READ[1:]),),), (), None, never), id="no-such-source"),
    pytest.param((Event, None, 1, (((0, b"x", *READ[2:]),),), (), None, never), id="field-no-text"),
    pytest.param((Event, None, 1, (((*READ[:8], "é", None),),), (), None, never), id="word-not-ascii"),
    pytest.param((Event, None, 1, ((READ,),), ((1, ""),), None, never), id="no-such-value"),
    pytest.param((Event, None, 1, ((READ,),), ((-1, ""),), None, never), id="negative-value"),
    pytest.param((Event, None, 1, ((READ,),), (("x", ""),), None, never), id="value-no-number"),
    pytest.param((Event, None, 1, ((READ,),), ((0,),), None, never), id="value-of-one"),
    pytest.param((Event, None, 1, ((READ,),), ((0, b""),), None, never), id="missing-no-text"),
    pytest.param((Event, None, 1, (), ("é",), None, never), id="text-not-ascii"),
    pytest.param((Event, None, 1, ((READ,),), ("é", (0, "")), None, never), id="text-before-not-ascii"),
    pytest.param((Event, None, 1, (), (["?"],), None, never), id="query-of-one"),
    pytest.param((Event, None, 1, (), (["?", "&", 1],), None, never), id="parameter-no-tuple"),
    pytest.param((Event, None, 1, (), (["?", "&", ("é",)],), None, never), id="parameter-not-ascii"),
    pytest.param((Event, None, 1, (), (["é", "&"],), None, never), id="opening-not-ascii"),
    pytest.param((Event, None, 1, (), (["?", "é", ()],), None, never), id="separator-not-ascii"),
    pytest.param((Event, None, 1, (), [], None, never), id="segments-no-tuple"),
    pytest.param((Event, None, 1, (), (), [], never), id="other-segments-no-tuple"),
]


@with_each("arguments", BAD_PROGRAMS)
def test_a_program_that_makes_no_sense_is_refused(arguments):
    with pytest.raises((TypeError, ValueError, AttributeError)):
        speedups.Program(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [(Event, ()), (1, (), ()), (Event, ((),), ()), (Event, (), (1,)), (Event, (), ((1,),)), (Event, (), (([], 1),))],
)
def test_a_fan_out_that_makes_no_sense_is_refused(arguments):
    with pytest.raises((TypeError, ValueError)):
        speedups.FanOut(*arguments)


def test_queries_are_not_nested_without_end():
    segments = ("x",)
    for _ in range(100):
        segments = (["?", "&", segments],)
    with pytest.raises(ValueError, match="nested too deeply"):
        speedups.Program(Event, None, 1, (), segments, None, never)


def test_programs_are_collected_with_what_refers_to_them():
    class Otherwise:
        def __call__(self, event):
            raise AssertionError(event)

    def cycle():
        otherwise = Otherwise()
        otherwise.program = program("?a=(clickid)", otherwise)
        return otherwise.program

    cycle()
    gc.collect()
    assert not [one for one in gc.get_objects() if type(one) is Otherwise]


TEMPLATES = [
    "?a=(clickid)&b=(sha1-idfa)&c=(ip)&d=(event_value)",
    "?u=https%3A%2F%2Fx%3Fa%3D(clickid)%26b%3D(ip)&d=%7B%22n%22%3A%22(clickid)%22%7D",
]


def in_app(*sources, **others):
    return Event(*sources, postback="in-app", **others)


EVENTS = [
    in_app({"click_id": "a b"}, {"idfa": IDFA, "ip": "::1", "event_value": {"a": 1}}),
    in_app({"click_id": "é"}, {"idfa": "0", "ip": 7}),
    in_app({"click_id": '"'}, {"ip": True, "event_value": 1.5}),
    in_app({"click_id": "\ud800"}),
    in_app({"click_id": b"x"}),
    in_app({"click_id": "x" * 3000}, {"event_value": "y" * 70_000}),
    in_app(attributed=False),
]


def outcomes(render):
    found = []
    for event in EVENTS:
        try:
            found.append(render(event))
        except RenderError as error:
            found.append(str(error))
    return found


@pytest.mark.slow
def test_a_million_renders_leave_nothing_behind():
    templates = [
        compile_template(one, missing=missing, policy=Policy("in-app"))
        for one in TEMPLATES
        for missing in ("empty", "drop", "raise")
    ]
    together = PostbackSet(templates)

    def calls(number):
        for _ in range(number):
            for template in templates:
                outcomes(template.render)
            outcomes(lambda event: str(together.outcomes(event)))
            program(TEMPLATES[0], policy=Policy("in-app"))

    calls(1_500)
    gc.collect()
    watched = [EVENTS[0], EVENTS[0].link, EVENTS[0].link["click_id"], Event, never]
    before = [sys.getallocatedblocks(), *map(sys.getrefcount, watched)]
    calls(12_000)  # times 7 events and as many sets and templates: a million renders
    gc.collect()
    after = [sys.getallocatedblocks(), *map(sys.getrefcount, watched)]
    assert max(abs(now - then) for now, then in zip(after, before, strict=True)) < 100


def test_threads_share_programs():
    templates = [
        compile_template(one, missing=missing, policy=Policy("in-app"))
        for one in TEMPLATES
        for missing in ("empty", "drop")
    ]
    expected = [outcomes(template.render) for template in templates]
    together = PostbackSet(templates)
    of_all = [repr(together.outcomes(event)) for event in EVENTS]
    failures = []

    def work():
        for _ in range(150):
            if [outcomes(template.render) for template in templates] != expected:
                failures.append("alone")
            if [repr(together.outcomes(event)) for event in EVENTS] != of_all:
                failures.append("together")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


IN_ANOTHER_INTERPRETER = """
import _xxsubinterpreters as interpreters
code = '''
from macroengine import Event, compile_template
from macroengine._speedups import Program
template = compile_template("https://n.example/?a=(clickid)")
assert template.render(Event({"click_id": "a b"})) == "https://n.example/?a=a%20b"
assert type(vars(template)["render"]) is Program
'''
exec(code)
for _ in range(3):
    interpreter = interpreters.create()
    interpreters.run_string(interpreter, code)
    interpreters.destroy(interpreter)
print("ok")
"""


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="the module has another name")
def test_other_interpreters_have_programs_of_their_own():
    run = subprocess.run([sys.executable, "-c", IN_ANOTHER_INTERPRETER], capture_output=True, text=True, check=False)
    assert (run.stdout, run.returncode) == ("ok\n", 0), run.stderr


@pytest.mark.parametrize(
    ("seed", "pairs"), [(0, 500), pytest.param(random.randrange(10**9), 20_000, marks=pytest.mark.slow)]
)
def test_program_python_and_reference_agree(seed, pairs):
    reached = Counter()
    assert next(differences(seed, pairs, reached), None) is None, f"seed {seed}"
    # That nothing differs proves nothing where nothing is rendered.
    assert reached["rendered"] > 0.5 * pairs
    assert {"MissingValueError", "SuppressedError", "RenderError"} <= reached.keys()
    assert all(reached[seldom] > pairs / 1000 for seldom in ("converted", Step.LIST, Step.NFC)), reached
