"""What SECURITY.md promises, a property each, for any template, event and value.

Others are elsewhere: that a withheld value never shows is in tests/testing/test_reference.py, that fixing twice is
fixing once in tests/rules/test_fix.py, that work and memory stay in proportion in tests/test_limits.py.
"""

import contextlib
import json
import multiprocessing
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, tzinfo
from decimal import Decimal
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, Mock
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import can_ada
import pytest
import yarl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from macroengine import (
    Event,
    LimitError,
    MacroEngineError,
    Policy,
    PostbackSet,
    RenderError,
    TemplateError,
    check,
    compile_template,
    dialect,
    fix,
    parse,
)
from macroengine.engine import _compile  # its caches are counted and emptied
from macroengine.language.parser import _parser  # its cache is emptied
from macroengine.rendering.maker import maker  # the same
from macroengine.testing.strategies import events, options, policies
from macroengine.testing.unsound import unsound_templates
from tests.support.floors import reached, reaching
from tests.support.trying import try_all

CORPUS = [
    json.loads(line)["template"]
    for line in (Path(__file__).parents[1] / "data/corpus.jsonl").read_text(encoding="utf-8").splitlines()
]
TEXT_MACROS = ["clickid", "af_siteid", "idfa", "app_name", "ip", "country_code"]
# Laws take long: these are as unlike as dialects are.
EVERY_DIALECT = pytest.mark.parametrize("name", ["appsflyer", "appmetrica", "branch", "cake"])


def laws(examples: int) -> Callable[..., Any]:
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def sources(draw: st.DrawFn, name: str) -> str:
    """Draw templates, good ones, real ones and none at all."""
    whole = draw(
        st.one_of(unsound_templates(name), unsound_templates(name), st.sampled_from(CORPUS), st.text(max_size=500))
    )
    cut = draw(st.integers(0, len(whole)))
    return draw(st.sampled_from([whole, whole, whole[cut:], whole[:cut] + draw(st.text(max_size=3)) + whole[cut:]]))


@pytest.mark.slow
@EVERY_DIALECT
@reaching(macro=40)
@given(data=st.data())
@laws(200)
def test_parse_is_total_and_spans_rebuild_the_source(name, data):
    source = data.draw(sources(name))
    leaves = [leaf for leaf, _ in parse(source, name).leaves()]
    reached(*["macro"] * any(parse(source, name).macros()))
    assert "".join(source[leaf.span.start : leaf.span.stop] for leaf in leaves) == source
    assert [leaf.text for leaf in leaves] == [source[leaf.span.start : leaf.span.stop] for leaf in leaves]


@pytest.mark.slow
@EVERY_DIALECT
@reaching(finding=60, compiled=3)
@given(data=st.data())
@laws(200)
def test_check_fix_and_compile_raise_nothing_but_template_errors(name, data):
    source, policy = data.draw(sources(name)), data.draw(policies(name))
    findings = check(source, dialect=name, policy=policy)
    reached(*["finding"] * bool(findings))
    for finding in findings:
        assert 0 <= finding.span.start <= finding.span.stop <= len(source)
        assert str(finding)
    fixed = fix(source, dialect=name, policy=policy, unsafe=data.draw(st.booleans()))
    assert isinstance(fixed.source, str)
    with contextlib.suppress(TemplateError):
        compile_template(source, dialect=name, policy=policy, **data.draw(options(name)))
        reached("compiled")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("?" * 16_385, id="characters"),
        pytest.param("(ip)" * 513, id="macros"),
        pytest.param("?a=%" + "25" * 9 + "3D(ip)", id="nesting"),
    ],
)
def test_what_is_too_large_is_a_template_error(source):
    with pytest.raises(LimitError, match="at most"):
        compile_template(source, ignore="ME")


class Hostile:
    """A value that objects to everything."""

    def __str__(self) -> str:
        raise ZeroDivisionError

    __repr__ = __len__ = __bool__ = __eq__ = __hash__ = __float__ = __int__ = __iter__ = __format__ = __str__


class HostileText(str):
    """A text that objects to everything that can be done with a text."""

    __slots__ = ()
    encode = isascii = translate = isprintable = strip = upper = lower = __str__ = __format__ = Hostile.__str__
    __iter__ = __len__ = __getitem__ = __eq__ = __hash__ = __repr__ = Hostile.__str__


class HostileDict(dict[str, object]):
    """An object of JSON that objects to being read."""

    __iter__ = items = keys = values = get = __len__ = Hostile.__str__


class NoZone(tzinfo):
    """A time zone that does not know its offset: its methods are not implemented."""


RECURSIVE: list[object] = []
RECURSIVE.append(RECURSIVE)
DEEP: list[object] = []
for _ in range(100_000):
    DEEP = [DEEP]
# Chosen by number: Hypothesis would print them.
HOSTILE = [
    Hostile(),
    [Hostile()],
    {"a": Hostile()},
    RECURSIVE,
    DEEP,
    {1: 2},
    {("a",): 1},
    type,
    print,
    memoryview(b""),
    "\ud800",
    ["\ud800"],
    Mock(),
    MagicMock(),
    *(Mock(spec=kind) for kind in (str, int, float, Decimal, datetime, dict, list, bool)),
    [Mock(spec=str)],
    datetime(2026, 1, 1, tzinfo=NoZone()),
    Decimal("sNaN"),
    HostileText("a b"),
    [HostileText("a b")],
    HostileDict(),
]


@pytest.mark.slow
@EVERY_DIALECT
@reaching(rendered=10)
@given(data=st.data())
@laws(300)
def test_render_raises_nothing_but_render_errors(name, data):
    source, policy = data.draw(unsound_templates(name)), data.draw(policies(name))
    specs = [
        spec for spec, _ in filter(None, (dialect(name).find(macro.name) for macro in parse(source, name).macros()))
    ]
    event = data.draw(events(name, macros=specs, policy=policy))
    for spec in specs:
        chosen = data.draw(st.integers(0, 2 * len(HOSTILE)))
        if chosen < len(HOSTILE):
            getattr(event, spec.source.lower())[spec.field] = HOSTILE[chosen]
    try:
        template = compile_template(source, dialect=name, policy=policy, ignore="ME", **data.draw(options(name)))
    except LimitError:
        return
    with contextlib.suppress(RenderError):
        assert isinstance(template.render(event), str)
        reached("rendered")
    for outcome in PostbackSet([template, template]).outcomes(event):
        assert isinstance(outcome, str | RenderError | None)


@pytest.mark.parametrize(
    "macro", ["(ip)", "x%3D(ip)", "(sha1-idfa)", "(is_lat)", "(install_unix_ts)", "(install_time)"]
)
@pytest.mark.parametrize("missing", ["drop", "raise"])
def test_a_hostile_value_raises_nothing_but_a_render_error(macro, missing):
    template = compile_template(f"https://n.example/?a={macro}", missing=missing)
    fields = ("ip", "idfa", "is_lat", "install_unix_ts", "install_time")

    def attempt(number):
        event = Event(sdk=dict.fromkeys(fields, HOSTILE[number]))
        with contextlib.suppress(RenderError):
            assert isinstance(template.render(event), str)
        assert isinstance(PostbackSet([template]).outcomes(event)[0], str | RenderError)

    try_all({f"HOSTILE[{number}]": number for number in range(len(HOSTILE))}, attempt)


# No injection


sendable = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.sampled_from("a&=?#/\\:@%2.+ ;\r\n\t\0é"), max_size=5),
    st.sampled_from([".", "..", "%2e%2E", "//evil.example", "&c=(ip)", "?x=1#", "\r\nSet-Cookie: a=b", "(clickid)"]),
)


def by_urllib(url: str) -> Any:
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
    return parts.scheme, parts.netloc, [*map(unquote, parts.path.split("/"))], query, unquote(parts.fragment)


def by_yarl(url: str) -> Any:
    parts = yarl.URL(url)
    path = [unquote(segment) for segment in parts.raw_path.split("/")]
    return parts.scheme, parts.raw_authority, path, [*parts.query.items()], parts.fragment


def by_ada(url: str) -> Any:
    """Read the URL as browsers do: Ada follows the WHATWG's standard."""
    parts = can_ada.parse(url)
    path = [unquote(segment) for segment in parts.pathname.split("/")]
    query = can_ada.URLSearchParams(parts.search)
    return (
        parts.protocol[:-1],
        parts.host,
        path,
        [*zip(query.keys(), query.values(), strict=True)],
        unquote(parts.hash[1:]),
    )


@pytest.mark.parametrize("decoded", [by_urllib, by_yarl, by_ada])
@reaching(awkward=50)
@given(names=st.lists(st.sampled_from(TEXT_MACROS), min_size=6, max_size=6), data=st.data())
@laws(150)
def test_no_value_leaves_its_place(decoded, names, data):
    chosen_values = {name: data.draw(sendable) for name in dict.fromkeys(names)}
    source = "https://n.example/({})/x({})?a=({})&b({})=c({})d&e=#({})".format(*names)
    template = compile_template(source)
    first, second, third, fourth, fifth, sixth = (chosen_values[name] for name in names)
    event = event_of(chosen_values)
    if {first, second} & {".", ".."}:
        with pytest.raises(RenderError, match="leads to another path"):
            template.render(event)
        return
    url = template.render(event)
    reached(*["awkward"] * any(quote(value) != value for value in chosen_values.values()))
    assert all("!" <= character <= "~" for character in url)
    query = [("a", third), (f"b{fourth}", f"c{fifth}d"), ("e", "")]
    assert decoded(url) == ("https", "n.example", ["", first, f"x{second}"], query, sixth)


@pytest.mark.parametrize(("before", "layers"), [("", 1), ("https%3A%2F%2Fm.example%3Fb%3D", 2)])
@reaching(rendered=40, refused=5)
@given(text=st.text("%25fA4", max_size=6), value=st.text("0123456789abcdefABCDEF", min_size=1, max_size=3))
@laws(150)
def test_no_value_completes_an_escape(before, layers, text, value):
    template = compile_template(f"https://n.example/pb?a={before}{text}(clickid)", ignore=["ME2"])
    try:
        url = template.render(Event(link={"click_id": value}))
    except RenderError:
        # Where it could be sent, tests/plan/test_nesting.py says that it is.
        reached("refused")
        return
    reached("rendered")
    read, written = url.removeprefix("https://n.example/pb?a="), before + text
    for _ in range(layers):
        read, written = unquote(read), unquote(written)
    assert read == written + value


def event_of(chosen_values: dict[str, object]) -> Event:
    event = Event()
    for name, value in chosen_values.items():
        spec, _ = dialect("appsflyer").find(name)
        getattr(event, spec.source.lower())[spec.field] = value
    return event


@pytest.mark.parametrize("decoded", [by_urllib, by_yarl, by_ada])
@reaching(awkward=40)
@given(value=sendable, layers=st.integers(1, 3))
@laws(100)
def test_every_layer_of_a_nested_url_decodes_to_the_next(decoded, value, layers):
    url = "https://x.example/?u=(clickid)"
    for _ in range(layers):
        url = "https://n.example/?u=" + quote(url, safe="()")
    rendered = compile_template(url).render(Event(link={"click_id": value}))
    for _ in range(layers):
        [(_, rendered)] = decoded(rendered)[3]
    assert decoded(rendered) == ("https", "x.example", ["", ""], [("u", value)], "")
    reached(*["awkward"] * (quote(value) != value))


# Other processes and threads


def outcome(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a call returns, or what it raises in its place, in full."""
    try:
        return function(*arguments)
    except MacroEngineError as error:
        return type(error), str(error)


def rendered_elsewhere(pickled: bytes, source: str, chosen: dict[str, Any], event: Event) -> list[Any]:
    """Return what the pickled template and the compiled anew render, and the code of both."""
    template = pickle.loads(pickled)
    again = compile_template(source, **chosen)
    urls = [outcome(template.render, event), outcome(again.render, event)]
    return [template, again, *urls, template.python_source, again.python_source]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Pool]:
    """Another process, in which strings have other hashes and sets another order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONHASHSEED", str(1 + hash("a") % 1000))
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            yield pool


@pytest.mark.slow
@EVERY_DIALECT
@reaching(rendered=10)
@given(data=st.data())
@laws(150)
def test_another_process_renders_the_same(elsewhere, name, data):
    source, policy = data.draw(unsound_templates(name)), data.draw(policies(name))
    chosen = {"dialect": name, "policy": policy, "ignore": ["ME"], **data.draw(options(name))}
    event = data.draw(events(name, policy=policy))
    template = compile_template(source, **chosen)
    there = elsewhere.apply(rendered_elsewhere, (pickle.dumps(template), source, chosen, event))
    url, code = outcome(template.render, event), template.python_source
    assert there == [template, template, url, url, code, code]
    reached(*["rendered"] * isinstance(url, str))


@pytest.mark.slow
@EVERY_DIALECT
@reaching(finding=60)
@given(data=st.data())
@laws(100)
def test_another_process_finds_the_same(elsewhere, name, data):
    source, policy = data.draw(sources(name)), data.draw(policies(name))
    here = [(str(finding), finding.fix) for finding in check(source, dialect=name, policy=policy)]
    assert elsewhere.apply(found_elsewhere, (source, name, policy)) == here
    reached(*["finding"] * bool(here))


def found_elsewhere(source: str, name: str, policy: Policy) -> list[Any]:
    return [(str(finding), finding.fix) for finding in check(source, dialect=name, policy=policy)]


AUDITED = """
import sys
from macroengine import Event, check, compile_template, fix
def work(text):
    source = f"https://n.example/{text}?a=(clickid)&b=(sha1-idfa)&c={text}(instal_time)"
    check(source), fix(source), compile_template(source, unknown="keep").render(Event(link={"click_id": text}))
work("x")
seen = []
sys.addaudithook(lambda event, _: seen.append(event))
work("__import__('os').system('true')")
sys.stdout.write(" ".join(seen))
"""


def test_nothing_is_opened_fetched_or_run():
    """Python's audit hook sees every file, socket, process, import, compile and exec; a known shape needs none."""
    seen = subprocess.run([sys.executable, "-c", AUDITED], capture_output=True, text=True, check=True).stdout.split()
    touching = ("open", "socket", "subprocess", "os", "exec", "compile", "import", "urllib", "ctypes")
    assert [event for event in seen if event.split(".")[0] in touching] == []


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Let threads interrupt each other a thousand times more often than usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(before / 1000)
    yield
    sys.setswitchinterval(before)


@pytest.mark.slow
def test_threads_render_what_one_thread_renders(eager_threads):
    """Eight threads fill one cache and share one PostbackSet, whose functions are made while they render."""
    pairs = [f"{number}=({TEXT_MACROS[number % 6]})" for number in range(42)]
    # As many shapes as templates.
    sources = [f"https://n.example/?{'&'.join(pairs[:number])}" for number in range(42)]
    made = [event_of(dict.fromkeys(TEXT_MACROS, value)) for value in ("a b", "é", "1")]
    serial = [2 * [compile_template(source).render(event) for source in sources] for event in made]
    for _ in range(5):
        for cached in (_compile, maker, _parser):
            cached.cache_clear()
        shared = PostbackSet(map(pickle.loads, [pickle.dumps(compile_template(source)) for source in sources]))
        _compile.cache_clear()
        start = threading.Barrier(8)

        def work(_: int, start: threading.Barrier = start, shared: PostbackSet = shared) -> list[list[str | None]]:
            start.wait()
            return [
                [compile_template(source).render(event) for source in sources] + shared.render(event) for event in made
            ]

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(work, range(8))) == [serial] * 8
