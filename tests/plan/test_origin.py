"""No value decides who gets the URL, whatever reads it."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import can_ada
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from macroengine import Event, RenderError, TemplateError, check, compile_template
from macroengine.testing import reference
from tests.support.floors import reached, reaching
from tests.support.trying import with_each

ORIGIN = ("ME201", "ME202", "ME231", "ME232")


def codes(source: str) -> list[str]:
    return [finding.code for finding in check(source, select=ORIGIN)]


@with_each(
    "source",
    [
        "wss:(clickid)/x",
        "ws:/(clickid)/x",
        "ws:\\(clickid)/x",
        "ftp:(clickid)/x",
        "FTP:///(clickid)/x",
        "https://n.example:(ip)/x",
        "https://(ip)@n.example/x",
        "wss://(clickid)",
        "/\\(clickid)/x",
        "\\\\(clickid)/x",
        "\\/(clickid)/x",
        "//(clickid)/x",
        "/\t/(clickid)/x",
        " wss:(clickid)/x",
        "\u3000//(clickid)/x",
        "\u00a0wss:(clickid)/x",
        "w\nss:(clickid)/x",
        "\x01https:(clickid)/x",
        "https:///\t/(clickid)",
        "https://\t/(clickid)",
        "(clickid)wss:x/",
        "f(clickid)tp:x/",
        "/(clickid)/x",
        "(clickid)//x",
        "myapp:/(clickid)/x",
        "myapp:(clickid)//x",
        "file:///(clickid)",
        "file://(clickid)/x",
        "file:x/(clickid)",
        "intent://(clickid)/x#Intent;end",
        "intent:(clickid)#Intent;end",
        "intent://x/y#Intent;scheme=(clickid);end",
        "intent://x/y#Intent;S.browser_fallback_url=(clickid);end",
        "ht tps://(clickid)/x",
    ],
)
def test_macro_that_may_name_the_server_is_an_error_that_no_other_code_opens(source):
    # Where text before a space is taken for what surrounds a template, the template is what follows.
    assert [finding.code for finding in check(source, ignore=["ME0"]) if finding.code in ORIGIN] == ["ME201"]
    others = ["ME0", "ME1", "ME203", "ME204", "ME206", "ME22", "ME231", "ME3"]
    for options in ({}, {"allow_host_macros": True}):
        with pytest.raises(TemplateError):
            compile_template(source, ignore=others, **options)


@pytest.mark.parametrize(
    "source", ["myapp:/(clickid)/(ip)/x", "/(clickid)/(ip)/x", "(ip)/(clickid)/x", "https:/(ip)/(clickid)"]
)
def test_where_one_value_may_be_empty_the_next_is_the_server(source):
    assert codes(source) == ["ME201", "ME201"]


@with_each(
    ("source", "found"),
    [
        ("myscheme://p=(clickid)", ["ME231"]),
        ("my-app://(ip)(clickid)/x?(ip)", ["ME231", "ME231"]),
        ("myapp:///(clickid)", []),
        ("myapp:x(clickid)", []),
        ("myapp:\\(clickid)/x", []),
        ("market://details?id=(clickid)", []),
        ("intent://x/(clickid)?a=(ip)#Intent;S.a=(ip);i.b=1(ip);end", []),
        ("n.example/(clickid)/x", []),
        ("/x/(clickid)/x", []),
        ("/(clickid)", []),
        ("/x(clickid)/y", []),
        ("https://n.example/(clickid)/x", []),
        ("https://n.example//(clickid)/x", []),
        ("(clickid)", []),
        ("?(clickid)//x", []),
        ("https://(app_id).n.example/", ["ME202"]),
        ("wss://(app_id).n.example/", ["ME202"]),
        ("intent://(app_id).n.example/", ["ME201"]),
        ("javascript:send()", ["ME232"]),
        (" java\tscript:(clickid)", ["ME232"]),
        ("DATA:text/html,(clickid)", ["ME232"]),
        ("vbscript:x", ["ME232"]),
        ("data/x:(clickid)", []),
    ],
)
def test_other_macros_are_told_apart(source, found):
    assert codes(source) == found


def test_macro_in_the_url_of_an_app_is_a_value_like_any_other():
    for renderer in (compile_template, None):
        event = Event(link={"click_id": "a.b/c"})
        rendered = (
            renderer("app://p=(clickid)").render(event) if renderer else reference.render("app://p=(clickid)", event)
        )
        assert rendered == "app://p=a.b%2Fc"
        with pytest.raises(TemplateError):
            compile_template("javascript:(clickid)", ignore=["ME0", "ME1", "ME20"])


@pytest.mark.parametrize("unknown", ["empty", "keep"])
def test_macro_without_a_value_is_no_label_of_a_host(unknown):
    source = "https://(nosuchmacro).n.example/"
    with pytest.raises(TemplateError, match="ME201"):
        compile_template(source, unknown=unknown, allow_host_macros=True)
    with pytest.raises(TemplateError):
        reference.render(source, Event(), unknown=unknown, allow_host_macros=True)


# Witnesses: who does each of them say gets the URL?

Server = tuple[str, str]


def by_urllib(url: str) -> Server:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", "invalid"
    return parts.scheme, parts.netloc


def by_ada(url: str) -> Server:
    try:
        parts = can_ada.parse(url)
    except ValueError:
        return "", "relative or invalid"
    return parts.protocol, parts.host


NODE = shutil.which("node")
_SCRIPT = """
const lines = require('readline').createInterface({input: process.stdin});
lines.on('line', line => {
  let server = ['', 'invalid'];
  for (const base of [undefined, 'https://base.invalid']) {
    try { const url = new URL(JSON.parse(line), base); server = [url.protocol, url.host]; break; } catch {}
  }
  console.log(JSON.stringify(server));
});
"""


@pytest.fixture(scope="module")
def by_node() -> Iterator[Callable[[str], Server]]:
    """What Node reads, where there is Node."""
    if NODE is None:  # pragma: no cover - no Node here
        pytest.skip("there is no node")
    with subprocess.Popen([NODE, "-e", _SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdin is not None
        assert node.stdout is not None

        def read(url: str) -> Server:
            node.stdin.write(json.dumps(url) + "\n")
            node.stdin.flush()
            return tuple(json.loads(node.stdout.readline()))

        yield read
        node.stdin.close()


HEADS = ["http", "https", "ws", "WSS", "ftp", "app", "fi le", ""]
JOINTS = [":", ":/", "://", ":///", ":\\", ":/\\", "/", "//", "/\\", "\\", "\\\\", "/\t/", "", " ", "\n", "\x01"]
BETWEEN = ["(clickid)", "(af_siteid)", "(ip)", "/", "\\", "x", "n.example", "@", ":80", ".", "%2f", "\t", "a"]


@st.composite
def heads(draw: st.DrawFn) -> str:
    """Draw the beginnings of templates, few of them sound."""
    blank = draw(st.sampled_from(["", "", " ", "\t", "\x00", "(ip)"]))
    rest = "".join(draw(st.lists(st.sampled_from(BETWEEN), min_size=1, max_size=5)))
    return (
        blank
        + draw(st.sampled_from(HEADS))
        + draw(st.sampled_from(JOINTS))
        + rest
        + draw(st.sampled_from(["", "/x", "?a", "/pb?c"]))
    )


chosen = st.sampled_from(["", "", "a", "evil.example", "//evil.example", "@", ":8", ".", "\\", "https:", "1"])


@pytest.mark.slow
@reaching(compiled=10, rendered=5, different=3)
@given(source=heads(), first=st.tuples(chosen, chosen, chosen), second=st.tuples(chosen, chosen, chosen))
@settings(
    max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@example("wss:(clickid)/x", ("", "", ""), ("evil.example", "", ""))
@example("/\\(clickid)/x", ("", "", ""), ("evil.example", "", ""))
@example("/(clickid)/(ip)/x", ("a", "a", "a"), ("", "", "evil.example"))
@example("app:/(clickid)/(ip)/x", ("a", "a", "a"), ("", "", "evil.example"))
@example("https:\t//(clickid)/x", ("", "", ""), ("evil.example", "", ""))
def test_no_value_decides_the_server(by_node, source, first, second):
    """Whatever the findings that are ignored, but for those about the server."""
    others = ["ME0", "ME1", "ME203", "ME204", "ME205", "ME206", "ME21", "ME22", "ME3"]
    try:
        template = compile_template(source, ignore=others)
    except TemplateError:
        return
    if "ME231" in codes(source):
        return  # the app's to read
    reached("compiled")
    urls = [rendered(template.render, values) for values in (first, second)]
    if None not in urls:
        reached("rendered", *["different"] * (urls[0] != urls[1]))
        for witness in (by_urllib, by_ada, by_node):
            assert witness(urls[0]) == witness(urls[1]), urls


def rendered(render: Callable[[Event], str], values: tuple[str, ...]) -> Any:
    clickid, site, ip = values
    try:
        return render(Event(link={"click_id": clickid, "af_siteid": site, "site_id": site}, sdk={"ip": ip}))
    except RenderError:
        return None
