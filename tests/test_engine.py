"""What `compile_template` returns: its options and errors, what it refuses to send, copies and pickles."""

import copy
import hashlib
import pickle
import re
import runpy
import subprocess
import sys
import traceback
from dataclasses import FrozenInstanceError, fields, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from hashlib import sha1
from unittest.mock import Mock

import pytest

from macroengine import (
    SPEEDUPS,
    CatalogueError,
    CompiledTemplate,
    Default,
    Dialect,
    Event,
    HashCase,
    LimitError,
    Limits,
    Missing,
    MissingValueError,
    Policy,
    Postback,
    PostbackSet,
    RenderError,
    Template,
    TemplateError,
    check,
    compile_template,
    dialect,
    fix,
    parse,
    render,
)
from macroengine.encodings import hashing
from macroengine.engine import _compile  # its caches are counted and emptied
from macroengine.rendering.compiler import compile_python
from macroengine.testing import assert_postback, reference
from tests.support.trying import with_each


class Colour(StrEnum):
    RED = "red"


class Telling(datetime):
    """A value that cannot be sent, and tells why."""

    def utcoffset(self):
        raise ValueError("SECRET")


IDFA = "30255BCE-4CDA-4F62-91DC-4758FDFF8512"
SHA1 = "e5de5b5a11ac1ee4d4ba9e3cbd8e0d1a7c1a5b6d"
# How the function of a template reads its first value.
READS_CLICK_ID = "encode_field(sources, c1)" if SPEEDUPS else "sources[c1].get(c2)"
EVENT = Event(
    link={"click_id": "a b"},
    sdk={"idfa": IDFA, "app_name": "x"},
    platform={"country_code": "DE"},
)


def test_all_errors_are_raised_at_once_with_the_nearest_names():
    with pytest.raises(TemplateError) as caught:
        compile_template("https://(ip)/pb?a=(contry_code)&b=(sha1-ip)&c=(sha1-sha1-idfa)&d=(event_tiem)&e=(sha1-xyz)")
    assert [diagnostic.name for diagnostic in caught.value.diagnostics] == [
        "macro-in-origin",
        "unknown-macro",
        "undocumented-hash",
        "hash-of-hash",
        "unknown-macro",
        "unknown-macro",
    ]
    assert "did you mean 'country_code'?" in str(caught.value)
    assert "did you mean 'event_time'?" in str(caught.value)
    assert caught.value.source.startswith("https://(ip)/pb")


def test_ignored_errors_are_not_raised():
    assert compile_template("?a=(sha1-ip)", ignore={"ME105"}).render(EVENT) == "?a=(sha1-ip)"
    assert compile_template("?a=(sha1-ip)", ignore="ME1").render(EVENT) == "?a=(sha1-ip)"


@pytest.mark.parametrize(("unknown", "url"), [("keep", "?a=(nope)&b="), ("empty", "?a=&b=")])
def test_unknown_macros_can_be_kept_or_emptied(unknown, url):
    assert compile_template("?a=(nope)&b=(ip)", unknown=unknown).render(EVENT) == url


def test_option_of_unknown_macros_is_checked():
    with pytest.raises(ValueError, match="unknown must be"):
        compile_template("", unknown="drop")


@with_each(
    ("template", "missing", "url"),
    [
        pytest.param("?a=(ip)", Missing.EMPTY, "?a=", id="empty"),
        pytest.param("/(ip)?a=(ip)#(ip)", Missing.KEEP, "/(ip)?a=(ip)#(ip)", id="keep"),
        pytest.param("?a=(ip)", Default("n/a"), "?a=n%2Fa", id="default-is-encoded"),
        pytest.param("?u=x%3Fa%3D(ip)", Default("n/a"), "?u=x%3Fa%3Dn%252Fa", id="default-is-encoded-once-a-layer"),
        pytest.param("?a=(ip)&b=(clickid)&c=1", Missing.DROP, "?b=a%20b&c=1", id="drop-first"),
        pytest.param("?b=(clickid)&a=(ip)", Missing.DROP, "?b=a%20b", id="drop-last"),
        pytest.param("/p?a=(ip)&b=(city)#f", Missing.DROP, "/p#f", id="drop-all-and-the-question-mark"),
        pytest.param("?a=(clickid)-(ip)&b=1", Missing.DROP, "?b=1", id="drop-where-one-of-two-is-missing"),
        pytest.param("?(ip)=1&b=1", Missing.DROP, "?b=1", id="drop-by-name"),
        pytest.param("&a=(ip)&b=1", Missing.DROP, "&b=1", id="drop-from-a-tail"),
        pytest.param("a=(ip)&b=1", Missing.DROP, "b=1", id="drop-the-first-of-a-tail"),
        pytest.param("?&a=(ip)", Missing.DROP, "?", id="an-empty-pair-stays"),
        pytest.param("/p/(ip)/x?b=1#(ip)", Missing.DROP, "/p//x?b=1#", id="outside-the-query-drop-is-empty"),
        pytest.param(
            "?a=(sha1-idfa)&b=1", Missing.DROP, f"?a={sha1(IDFA.encode()).hexdigest()}&b=1", id="hash-that-is-there"
        ),
        pytest.param("?a=(ip)&b=(city)", {"ip": Missing.DROP, "*": Default("-")}, "?b=-", id="by-macro"),
        pytest.param("?a=(vendorid)&b=(city)", {"IDFV": Default("none")}, "?a=none&b=", id="by-documented-name"),
        pytest.param("?a=(ip)", {"city": Missing.RAISE}, "?a=", id="of-a-macro-that-is-not-there"),
        pytest.param("?a=(ip)&b&c=1", {"city": Missing.DROP}, "?a=&b&c=1", id="drop-what-is-not-there"),
    ],
)
def test_missing_values(template, missing, url):
    assert compile_template(template, missing=missing).render(EVENT) == url


def test_missing_value_that_must_be_there():
    with pytest.raises(MissingValueError, match="value of macro 'ip' is missing: no 'ip' in SDK") as caught:
        render("?a=(ip)", EVENT, missing=Missing.RAISE)
    assert caught.value.macro == "ip"
    assert render("?a=(clickid)", EVENT, missing=Missing.RAISE) == "?a=a%20b"


def test_missing_of_a_macro_that_does_not_exist():
    with pytest.raises(ValueError, match="missing names 'cty', which is not a macro of AppsFlyer; did you mean 'city'"):
        compile_template("?a=(ip)", missing={"cty": Missing.DROP})


@pytest.mark.parametrize(
    ("template", "url"),
    [
        pytest.param("?r=appmetrica_click_id%3D(clickid)", "?r=appmetrica_click_id%3Da%2520b", id="once"),
        pytest.param("?u=https%3A%2F%2Fx%3Fid%3d(clickid)", "?u=https%3A%2F%2Fx%3Fid%3da%2520b", id="nested-url"),
        pytest.param("?u=x%253Fid%253D(clickid)", "?u=x%253Fid%253Da%252520b", id="twice"),
        pytest.param("?u=y%253D(clickid)%26z%3D(clickid)", "?u=y%253Da%252520b%26z%3Da%2520b", id="out-again"),
        pytest.param("?u=%3D&v=(clickid)", "?u=%3D&v=a%20b", id="next-pair-is-outside"),
        pytest.param("?u%3D(clickid)", "?u%3Da%2520b", id="in-a-name"),
        pytest.param("/u%3D(clickid)", "/u%3Da%2520b", id="in-the-path"),
        pytest.param("?u=a%20(clickid)", "?u=a%20a%20b", id="space-is-no-delimiter"),
        pytest.param("?u=(clickid)%3D", "?u=a%20b%3D", id="delimiter-behind-the-macro"),
    ],
)
def test_nested_urls(template, url):
    assert render(template, EVENT) == url


def test_nesting_can_be_turned_off():
    assert render("?u=%3D(clickid)", EVENT, nested=False) == "?u=%3Da%20b"


def test_nesting_has_a_limit():
    template = "?u=%" + "25" * 8 + "3D(clickid)"
    with pytest.raises(LimitError, match=r"\(clickid\) is in 9 URLs inside the URL; at most 8 are allowed"):
        compile_template(template)
    assert compile_template(template, nested=False)
    assert compile_template(template, limits=Limits(nesting=9))


def test_hash_is_of_the_identifier_in_its_documented_case():
    upper = render("?a=(sha1-idfa)", EVENT)
    assert upper == render("?a=(sha1-idfa)", Event(sdk={"idfa": IDFA.lower()}))
    assert len(upper) == 3 + 40
    lower = render("?a=(sha1-idfa)", EVENT, hash_case="lower")
    assert lower != upper
    assert render("?a=(sha1-idfa)", Event(sdk={"idfa": "aB"}), hash_case=HashCase.AS_IS) == (
        "?a=" + "0f91e9beae97414416930ea959a27870845dd508"
    )


def test_hash_is_no_matter_of_security(monkeypatch):
    def in_fips_mode(usedforsecurity=True, sha1=hashlib.sha1):
        assert not usedforsecurity
        return sha1()

    monkeypatch.setattr(hashlib, "sha1", in_fips_mode)
    hash_identifier = runpy.run_path(hashing.__file__)["hash_identifier"]
    assert hash_identifier("sha1", HashCase.AS_IS, False, "aB") == "0f91e9beae97414416930ea959a27870845dd508"


@pytest.mark.parametrize("somebody", ["X", "0X0", "-1", "00000000-0000-0000-0000-000000000001"])
def test_hash_of_somebody_is_sent(somebody):
    assert len(render("?a=(sha1-idfa)", Event(sdk={"idfa": somebody}))) == len("?a=") + 40


@pytest.mark.parametrize("nobody", ["00000000-0000-0000-0000-000000000000", "0", "", None])
def test_hash_of_nobody_is_missing(nobody):
    event = Event(sdk={"idfa": nobody})
    assert render("?a=(sha1-idfa)&b=(country_code)", event) == "?a=&b="
    assert render("?a=(sha1-idfa)&b=(country_code)", event, missing={"idfa": Missing.DROP}) == "?b="
    assert render("?a=(sha1-idfa)", event, missing=Default("-")) == "?a=-"


def test_what_is_hashed_already_is_passed_on():
    assert render("?a=(sha1-idfa)", Event(sdk={"idfa": SHA1.upper()})) == "?a=" + SHA1
    # An Android ID is not a UUID, and 40 digits may be all that it is.
    assert render("?a=(sha1-android-id)", Event(sdk={"android_id": SHA1})) != "?a=" + SHA1


@with_each(
    "template",
    [
        "https://(app_id)/pb",
        "https://(app_id).(city)/pb",
        "https://n.example:(app_id)/pb",
        "https://(app_id)@n.example/pb",
        "https://(app_id):x@n.example/pb",
        "https://(app_id)@(city).n.example/pb",
        "https://u@(app_id)@(city).n.example/pb",
        "https://(app_id):(city).n.example/pb",
        "https://n.example(app_id)/pb",
        "https://[(app_id)].example",
        "https://(app_id).0.0.1/pb",
        "https://(app_id).0x7f/pb",
        "//(app_id)/pb",
        "http:(app_id)/pb",
        "(app_id)://n.example/pb",
        "my(app_id)://n.example/pb",
        "(app_id):pb",
        "a(app_id)b:c/pb",
    ],
)
def test_value_never_decides_who_gets_the_data(template):
    with pytest.raises(TemplateError, match="where its value decides who receives the data"):
        compile_template(template, allow_host_macros=True)


@pytest.mark.parametrize("template", ["(city)/x:y", "a/(city):x", "(city)", "x:(city)", "/(city)"])
def test_macro_in_a_path_decides_nothing(template):
    assert compile_template(template)


@pytest.mark.parametrize(
    "host",
    [
        "(app_id).n.example",
        "a-(app_id).EXAMPLE:80",
        "u@(app_id).x",
        "u:@(app_id).x",
        "u:p@(app_id).x",
        "(city).(app_id).x",
    ],
)
def test_host_label_can_be_permitted(host):
    template = f"https://{host}/pb"
    with pytest.raises(TemplateError, match="allow_host_macros"):
        compile_template(template)
    event = Event(sdk={"app_id": "id-9"}, platform={"city": "b"})
    url = compile_template(template, allow_host_macros=True).render(event)
    assert url == template.replace("(app_id)", "id-9").replace("(city)", "b")


@pytest.mark.parametrize("value", ["", "a.b", "a/b", "é", "x" * 64, "a b"])
def test_host_label_is_checked(value):
    template = compile_template("https://(app_id).n.example/pb", allow_host_macros=True)
    with pytest.raises(RenderError) as caught:
        template.render(Event(sdk={"app_id": value}))
    assert str(caught.value) == "cannot send text that is not a label of a host, for macro 'app_id'"


def test_refusal_of_a_host_label_does_not_show_the_value():
    template = compile_template("https://(app_id).n.example/pb", allow_host_macros=True)
    with pytest.raises(RenderError, match="cannot send text that is not a label of a host, for macro 'app_id'"):
        template.render(Event(sdk={"app_id": "x" * 70_000}))


@pytest.mark.parametrize("value", [".", ".."])
def test_way_to_another_path_is_refused_in_a_path_only(value):
    event = Event(link={"click_id": value})
    with pytest.raises(RenderError) as caught:
        render("/pb/(clickid)", event)
    assert str(caught.value) == f"cannot send {value!r}, which leads to another path, for macro 'clickid'"
    assert render("?a=(clickid)&u=%3D(clickid)", event) == f"?a={value}&u=%3D{value}"


def test_host_label_must_be_there_whatever_becomes_of_others():
    template = compile_template("https://(app_id).n.example/pb", allow_host_macros=True, missing=Default("x"))
    with pytest.raises(MissingValueError):
        template.render(Event())


def test_inserted_value_is_not_scanned_again():
    assert render("?a=(clickid)&b=(ip)", Event(link={"click_id": "(ip)%3D"}, sdk={"ip": "1"})) == "?a=%28ip%29%253D&b=1"


def test_length_of_a_url_is_counted_in_bytes():
    template = compile_template("é?a=(clickid)", limits=Limits(url=10))
    assert template.render(Event(link={"click_id": "12345"})) == "é?a=12345"
    with pytest.raises(RenderError, match="more than 10 bytes"):
        template.render(Event(link={"click_id": "123456"}))


def test_dropped_text_does_not_count():
    template = compile_template("?é=(ip)&a=(clickid)", missing=Missing.DROP, limits=Limits(url=6))
    assert template.render(Event(link={"click_id": "123"})) == "?a=123"


def test_template_of_many_shapes_and_sizes():
    template = "/(city)?" + "&".join(f"p{n}=(clickid)" for n in range(500)) + "#(sha1-idfa)"
    assert render(template, Event(link={"click_id": 1})).count("=1") == 500
    assert render(template, Event(link={"click_id": 1}), missing=Missing.DROP).count("=1") == 500


def test_templates_are_kept():
    first = compile_template("?kept=(clickid)")
    assert compile_template("?kept=(clickid)") is first
    assert all(kept.cache_info().maxsize is not None for kept in _compile.caches)


def test_compiled_template_describes_itself():
    template = compile_template("?b=(sha1-advertiserId)&a=(clickid)&c=(clickid)", missing=Missing.DROP)
    assert template.macros == ("advertiserId", "clickid")
    assert template.fields == ("advertising_id", "click_id")
    assert template.policy == Policy()
    assert template.source == "?b=(sha1-advertiserId)&a=(clickid)&c=(clickid)"
    assert template(EVENT) == template.render(EVENT) == "?a=a%20b&c=a%20b"


def test_method_taken_before_the_first_render_compiles_once(monkeypatch):
    template = compile_template("?taken=(clickid)")
    method = template.render
    assert method(EVENT) == "?taken=a%20b"
    monkeypatch.setattr("macroengine.compiled_template.compile_plan", None)
    assert method(EVENT) == "?taken=a%20b"


def test_large_template_describes_itself():
    template = compile_template("?a=(clickid)" + "a" * 20_000, limits=Limits(template=30_000))
    assert template.macros == ("clickid",)
    assert [finding.code for finding in template.diagnostics] == ["ME204"]


def test_python_source_shows_the_functions_and_their_cells():
    source = compile_template("?a=(clickid)", policy=Policy(send_all=True)).python_source
    cells = "# c1 = (0, 'click_id', Conversion(" if SPEEDUPS else "# c1 = 0\n# c2 = 'click_id'\n# c3 = Conversion("
    assert cells in source
    assert READS_CLICK_ID in source
    assert source.count("def render(event)") == 2
    compile(source, "shown", "exec")
    assert compile_template("?a=(clickid)").python_source.count("def render(event)") == 1


def test_text_of_a_template_never_becomes_code():
    template = "?a='\"{0}{x!r}\\n\n#{__import__('os')}&b=(clickid)"
    assert render(template, EVENT, ignore={"ME"}) == template.replace("(clickid)", "a%20b")


def test_templates_of_one_shape_share_their_code():
    first, second = compile_template("/one?a=(clickid)"), compile_template("/two?b=(af_ad)")
    assert first.render(EVENT) == "/one?a=a%20b"
    assert second.render(EVENT) == "/two?b="
    assert compile_python(first.plan).__code__ is compile_python(second.plan).__code__


def test_traceback_shows_the_generated_line():
    template = compile_template("?traceback=(clickid)")
    try:
        template.render(Event(link={"click_id": object()}))
    except RenderError as error:
        shown = "".join(traceback.format_exception(error))
    assert READS_CLICK_ID in shown


@pytest.mark.parametrize("rendered", [False, True])
def test_compiled_template_travels(rendered):
    template = compile_template("?a=(clickid)&b=(ip)", missing={"ip": Default("x")}, policy=Policy(send_all=True))
    if rendered:
        template.render(EVENT)
    for twin in (pickle.loads(pickle.dumps(template)), copy.copy(template), copy.deepcopy(template)):
        assert twin == template
        assert hash(twin) == hash(template)
        assert twin.render(EVENT) == "?a=a%20b&b=x"
        assert isinstance(twin, CompiledTemplate)


def test_loading_a_pickled_template_neither_parses_nor_imports_lark():
    data = pickle.dumps(compile_template("?a=(clickid)"))
    code = f"""
import pickle, sys
from macroengine import Event
print(pickle.loads({data!r}).render(Event(link={{"click_id": "x"}})), "lark" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "?a=x False\n"


def test_template_of_a_dialect_of_ones_own_travels(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nsyntax = "brace"\n[macros]\ncid = { field = "click_id", source = "Link" }\n')
    template = compile_template("?a={cid}", dialect=Dialect.from_toml(path))
    path.unlink()
    twin = pickle.loads(pickle.dumps(template))
    assert twin == template
    assert twin.render(EVENT) == "?a=a%20b"


def test_compiled_templates_differ_by_their_options():
    template = compile_template("?a=(clickid)")
    assert template != compile_template("?a=(clickid)", nested=False)
    assert template != compile_template("?a=(clickid)", policy=Policy(send_all=True))
    assert template != "?a=(clickid)"


def test_postback_set_renders_what_admits_the_event():
    templates = [
        compile_template("?a=(clickid)"),
        compile_template("?b=(event_name)", policy=Policy(Postback.IN_APP)),
        compile_template("?c=(clickid)&s=(idfa)", policy=Policy(send_all=True)),
    ]
    stranger = Event(link=EVENT.link, sdk=EVENT.sdk, attributed=False)
    assert PostbackSet(templates).render(EVENT) == ["?a=a%20b", None, "?c=a%20b&s=" + IDFA]
    assert PostbackSet(templates).render(stranger) == [None, None, "?c=&s=" + IDFA]
    assert PostbackSet([]).render(EVENT) == []


# Arguments


@pytest.mark.parametrize("word", ["empty", "drop", "keep", "raise"])
def test_a_word_is_the_member_of_missing_that_it_names(word):
    assert compile_template("?a=(ip)", missing=word) == compile_template("?a=(ip)", missing=Missing(word))
    by_macro = compile_template("?a=(ip)", missing={"ip": word, "*": word})
    assert by_macro == compile_template("?a=(ip)", missing={"ip": Missing(word), "*": Missing(word)})


class Unspeakable:
    """Something that cannot be compared or shown."""

    __hash__ = None

    def __eq__(self, other):
        raise AssertionError

    def __repr__(self):
        raise AssertionError


SECRET = Event(sdk={"idfa": "SECRET"})


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("none", "'none'; for other text, write Default('none')"),
        ("", "''; for other text, write Default('')"),
        ("DROP", "'DROP'; for other text, write Default('DROP')"),
        (None, "NoneType"),
        (0, "int"),
        (True, "bool"),
        (["drop"], "list"),
        (b"drop", "bytes"),
        (SECRET, "Event"),
        (Unspeakable(), "Unspeakable"),
    ],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
def test_anything_else_that_is_said_of_missing_values_is_refused(given, shown):
    message = f"missing must be one of 'empty', 'drop', 'keep', 'raise' or a Default, not {shown}"
    for missing in (given, {"ip": given}, {"*": given}, {"city": given}):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            compile_template("?a=(ip)", missing=missing)


@pytest.mark.parametrize("given", [5, None, b"x", Missing.DROP])
def test_a_default_is_a_text(given):
    with pytest.raises(TypeError, match="text must be a string, not "):
        Default(given)


def test_a_default_travels_and_is_what_it_says():
    assert pickle.loads(pickle.dumps(Default("€"))) == Default("€") != Default("")
    assert Default(Colour.RED).text.__class__ is str
    assert repr(Default("n/a")) == "Default(text='n/a')"
    with pytest.raises(FrozenInstanceError):
        Default("a").text = "b"
    with pytest.raises(ValueError, match="lone surrogate"):
        Default("a\ud800\n")


@pytest.mark.parametrize("text", [".", ".."])
def test_a_default_that_leads_to_another_path_is_refused_in_a_path(text):
    for missing in (Default(text), {"clickid": Default(text)}):
        for compiling in (compile_template, lambda *given, **options: reference.render(*given, Event(), **options)):
            with pytest.raises(ValueError, match="leads to another path"):
                compiling("https://n.example/a/(clickid)/b?c=(ip)", missing=missing)
    template = compile_template("https://n.example/?c=(ip)#(ip)", missing=Default(text))
    assert template.render(Event()) == f"https://n.example/?c={text}#{text}"


@pytest.mark.parametrize(
    ("missing", "url"),
    [
        pytest.param({"idfa": Default("1")}, "?a=1&b=1&c=&d=", id="field-and-parameter"),
        pytest.param({"IDFA": Default("1")}, "?a=1&b=1&c=&d=", id="name-of-the-other-dialect"),
        pytest.param({"ios-ifa": Default("1")}, "?a=1&b=&c=&d=", id="folded"),
        pytest.param({"gps_adid": Default("1")}, "?a=&b=&c=1&d=", id="name-of-another-platform"),
        pytest.param({"ifa": Default("1")}, "?a=1&b=&c=1&d=", id="name-of-several"),
        pytest.param({"Sub-ID": Default("1")}, "?a=&b=&c=&d=1", id="parameter-folded"),
        pytest.param({"ios_ifa": Default("1"), "ifa": Default("2")}, "?a=1&b=&c=2&d=", id="its-own-name-first"),
        pytest.param({"ifa": Default("2"), "ios_ifa": Default("1")}, "?a=1&b=&c=2&d=", id="in-any-order"),
    ],
)
def test_missing_goes_by_every_name_of_a_value(missing, url):
    source = "?a={ios_ifa}&b={IdFa}&c={google_aid}&d={sub_id}"
    assert render(source, Event(), dialect="appmetrica", missing=missing) == url
    assert reference.render(source, Event(), dialect="appmetrica", missing=missing) == url


def test_missing_of_what_an_open_dialect_cannot_have():
    with pytest.raises(ValueError, match=r"missing names '\{sub_id\}', which is not a macro of AppMetrica"):
        compile_template("?a={sub_id}", dialect="appmetrica", missing={"{sub_id}": "drop"})
    with pytest.raises(TypeError, match="each name in missing must be a string, not int"):
        compile_template("?a=(ip)", missing={1: "drop"})


@pytest.mark.parametrize("kind", [SECRET, Unspeakable()], ids=["event", "unspeakable"])
@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda kind: Policy(postback=kind), "postback must be a Postback or its word"),
        (lambda kind: Event(postback=kind), "postback must be a Postback or its word"),
        (lambda kind: Policy(sources=[kind]), "each source in sources must be a string"),
        (lambda kind: Policy().withholds(kind), "spec must be a MacroSpec"),
        (lambda kind: dialect("appsflyer").find(kind), "name must be a string"),
        (lambda kind: dialect("appsflyer").member(kind), "name must be a string"),
        (lambda kind: dialect("appsflyer").named(kind), "name must be a string"),
        (lambda kind: dialect("appsflyer").takes(kind), "name must be a string"),
        (lambda kind: dialect("appsflyer").nearest(kind), "name must be a string"),
        (lambda kind: dialect("appsflyer").nearest("a", kind), "most must be a whole number"),
        (lambda kind: dialect("vast").check_context(kind), "context must be a string"),
        (lambda kind: assert_postback(kind, "?a", Event()), "url must be a string or None"),
    ],
)
def test_a_value_of_a_wrong_type_is_not_shown(call, argument, kind):
    with pytest.raises(TypeError, match=f"^{argument}, not {type(kind).__name__}$"):
        call(kind)


@pytest.mark.parametrize("kind", [SECRET, Unspeakable(), ["SECRET"]], ids=["event", "unspeakable", "list"])
@pytest.mark.parametrize("key", ["postback", "attributed"])
def test_a_value_in_an_event_is_not_shown(key, kind):
    for data in ({key: kind}, {"sdk": {}, key: kind}):
        with pytest.raises(CatalogueError, match=f"(unknown postback|not) {type(kind).__name__}"):
            Event.from_json(data, "appsflyer")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dialect": None}, "dialect must be the name of a dialect, or a Dialect, not NoneType"),
        ({"policy": None}, "policy must be a Policy, not NoneType"),
        ({"policy": {"deny": {"idfa"}}}, "policy must be a Policy, not dict"),
        ({"nested": "false"}, "nested must be True or False, not 'false'"),
        ({"allow_host_macros": 1}, "allow_host_macros must be True or False, not int"),
        ({"hash_case": 1}, "hash_case must be a HashCase or its word, not int"),
        ({"hash_case": SECRET}, "hash_case must be a HashCase or its word, not Event"),
        ({"unknown": None}, "unknown must be 'error', 'keep' or 'empty', not NoneType"),
        ({"unknown": SECRET}, "unknown must be 'error', 'keep' or 'empty', not Event"),
        ({"booleans": True}, "booleans must be 'true/false' or '1/0', not bool"),
        ({"booleans": Unspeakable()}, "booleans must be 'true/false' or '1/0', not Unspeakable"),
        ({"ignore": None}, "ignore must be a set or list of codes, not NoneType"),
        ({"ignore": [202]}, "each code in ignore must be a string, not int"),
        ({"limits": 5}, "limits must be a Limits, not int"),
        ({"mising": "drop"}, "compile_template() got an unexpected keyword argument 'mising'"),
    ],
)
def test_options_of_wrong_types_are_refused_at_the_call(options, message):
    for call in (lambda: compile_template("", **options), lambda: render("", Event(), **options)):
        with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
            call()


def test_the_words_for_the_case_of_a_hash_are_checked():
    with pytest.raises(
        ValueError, match=r"^unknown hash_case 'Upper'; did you mean 'upper'\? \(known: upper, lower, as-is\)$"
    ):
        compile_template("", hash_case="Upper")


@pytest.mark.parametrize("source", [None, b"https://n.example/", ["?a"], parse("?a=(ip)")])
def test_a_template_is_a_string(source):
    calls = [lambda: compile_template(source), lambda: render(source, Event())]
    if not isinstance(source, Template):
        calls += [lambda: parse(source), lambda: check(source)]
    for call in calls:
        with pytest.raises(TypeError, match=f"source must be a string.*, not {type(source).__name__}$"):
            call()


def test_other_arguments_of_wrong_types_are_refused():
    with pytest.raises(TypeError, match="limits must be a Limits, not int"):
        parse("", limits=5)
    with pytest.raises(TypeError, match="policy must be a Policy, not 'x'"):
        check("", policy="x")
    with pytest.raises(TypeError, match="unsafe must be True or False, not 'no'"):
        fix("", unsafe="no")
    with pytest.raises(TypeError, match="dialect must be the name of a dialect, or a Dialect, not int"):
        parse("", 5)
    with pytest.raises(TypeError, match="name must be a string, not NoneType"):
        dialect(None)
    with pytest.raises(TypeError, match="path must be a path, not NoneType"):
        Dialect.from_toml(None)
    with pytest.raises(TypeError, match="template must be a string or a compiled template, not NoneType"):
        assert_postback("", None, Event())
    with pytest.raises(TypeError, match="event must be an Event, not dict"):
        assert_postback("", "", {})


@pytest.mark.parametrize("given", ["5", 5.0, True, None])
def test_a_limit_is_a_whole_number(given):
    with pytest.raises(TypeError, match="url must be a whole number, not "):
        Limits(url=given)


@pytest.mark.parametrize("name", [one.name for one in fields(Limits)])
@pytest.mark.parametrize("given", [0, -1, -(10**30)])
def test_a_limit_is_at_least_one(name, given):
    with pytest.raises(ValueError, match=f"^{name} must be 1 or more, not {given}$"):
        Limits(**{name: given})
    with pytest.raises(ValueError, match=f"^{name} must be 1 or more, not {given}$"):
        replace(Limits(), **{name: given})
    assert getattr(Limits(**{name: 1}), name) == 1


@pytest.mark.parametrize("event", [None, {}, {"link": {}}, "event", object()])
def test_what_is_rendered_is_an_event(event):
    template = compile_template("?an_event=(clickid)")
    everybody = compile_template("?an_event=(clickid)", policy=Policy(send_all=True))
    calls = [template.render, template, template.admits, everybody.render, lambda event: render("?a", event)]
    calls += [PostbackSet([template]).render, PostbackSet([template]).outcomes]
    for call in calls:
        with pytest.raises(TypeError, match=r"^event must be an Event, not "):
            call(event)


def test_what_is_no_event_and_would_be_for_another_template_is_refused_too():
    with pytest.raises(TypeError, match="event must be an Event, not Mock"):
        compile_template("?a=(ip)").render(Mock())


# Guarantees of the object


def test_a_compiled_template_is_made_by_compile_template_alone():
    template = compile_template("?a=(ip)", policy=Policy(deny={"idfa"}))
    calls = [
        lambda: replace(template, policy=Policy()),
        lambda: replace(template),
        lambda: CompiledTemplate(*vars(template).values()),
        lambda: CompiledTemplate(template.source, template.dialect, template.policy),
        CompiledTemplate,
    ]
    for call in calls:
        with pytest.raises(TypeError, match="a CompiledTemplate is made by compile_template"):
            call()
    with pytest.raises(FrozenInstanceError):
        template.policy = Policy()


class Raced(CompiledTemplate):
    """A template that another thread renders for the first time after each look at its plan."""

    @property
    def _plan(self):
        looks = vars(self).setdefault("looks", [])
        looks.append("")
        return vars(self)["plan_as_bytes" if len(looks) == 1 else "plan_as_read"]

    @_plan.setter
    def _plan(self, plan):
        pass


def test_what_another_thread_may_replace_is_read_once():
    template = compile_template("?a=(ip)")
    _, (*_, packed) = template.__reduce__()
    parts = {name: part for name, part in vars(template).items() if name not in ("_plan", "render")}

    def raced():
        made = object.__new__(Raced)
        vars(made).update(parts, plan_as_bytes=packed, plan_as_read=template.plan)
        return made

    assert raced().plan == template.plan
    assert raced().__reduce__() == template.__reduce__()


# What an error holds


@pytest.mark.parametrize(
    ("macro", "value"),
    [
        pytest.param("(ip)", "SECRET\ud800", id="plain"),
        pytest.param("x%3D(ip)", "SECRET\ud800", id="nested"),
        pytest.param("(sha1-idfa)", "SECRET\ud800", id="hashed"),
        pytest.param("(ip)", Telling(2026, 1, 1), id="value-that-raises"),
        pytest.param("(ip)", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), id="time"),
        pytest.param("(ip)", {"SECRET"}, id="type"),
    ],
)
@pytest.mark.parametrize("missing", [*Missing, Default("x")])
def test_no_error_holds_the_value(macro, value, missing):
    template = compile_template(f"https://n.example/?a={macro}", missing=missing)
    event = Event(sdk={"ip": value, "idfa": value})
    with pytest.raises(RenderError) as alone:
        template.render(event)
    with pytest.raises(RenderError) as together:
        PostbackSet([template]).render(event)
    for error in (alone.value, together.value, *PostbackSet([template]).outcomes(event)):
        assert error.macro in ("ip", "idfa")
        assert "SECRET" not in f"{error.args} {error}"
        assert (error.__cause__, error.__context__) == (None, None)


def test_what_another_version_pickled_is_refused():
    function, (version, *parts) = compile_template("https://n.example/?c=(clickid)").__reduce__()
    assert function(version, *parts).render(Event(link={"click_id": "1"})) == "https://n.example/?c=1"
    for other in [(version - 1, *parts), tuple(parts)]:  # the first format had no number
        with pytest.raises(pickle.UnpicklingError, match="pickled by another version of macroengine; compile it"):
            function(*other)
    of_version_01 = b"cmacroengine.engine\n_unpickled\n(I4\nVhttps://n.example/?c=(clickid)\ntR."
    with pytest.raises(pickle.UnpicklingError, match="another version"):
        pickle.loads(of_version_01)
