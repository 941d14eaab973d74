import copy
import hashlib
import pickle
import runpy
import subprocess
import sys
import traceback

import pytest

from macroengine import (
    SPEEDUPS,
    CompiledTemplate,
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
    TemplateError,
    compile_template,
    hashing,
    render,
)
from macroengine.engine import _compile

IDFA = "30255BCE-4CDA-4F62-91DC-4758FDFF8512"
SHA1 = "e5de5b5a11ac1ee4d4ba9e3cbd8e0d1a7c1a5b6d"
# How the function of a template reads its first value.
READS_CLICK_ID = "encode_field(sources, c1)" if SPEEDUPS else "sources[c1].get(c2)"
EVENT = Event(
    link={"click_id": "a b"},
    sdk={"idfa": IDFA, "app_name": "x"},
    af={"country_code": "DE"},
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


@pytest.mark.parametrize(
    ("template", "missing", "url"),
    [
        pytest.param("?a=(ip)", Missing.EMPTY, "?a=", id="empty"),
        pytest.param("/(ip)?a=(ip)#(ip)", Missing.KEEP, "/(ip)?a=(ip)#(ip)", id="keep"),
        pytest.param("?a=(ip)", "n/a", "?a=n%2Fa", id="default-is-encoded"),
        pytest.param("?u=x%3Fa%3D(ip)", "n/a", "?u=x%3Fa%3Dn%252Fa", id="default-is-encoded-once-a-layer"),
        pytest.param("?a=(ip)&b=(clickid)&c=1", Missing.DROP, "?b=a%20b&c=1", id="drop-first"),
        pytest.param("?b=(clickid)&a=(ip)", Missing.DROP, "?b=a%20b", id="drop-last"),
        pytest.param("/p?a=(ip)&b=(city)#f", Missing.DROP, "/p#f", id="drop-all-and-the-question-mark"),
        pytest.param("?a=(clickid)-(ip)&b=1", Missing.DROP, "?b=1", id="drop-where-one-of-two-is-missing"),
        pytest.param("?(ip)=1&b=1", Missing.DROP, "?b=1", id="drop-by-name"),
        pytest.param("&a=(ip)&b=1", Missing.DROP, "&b=1", id="drop-from-a-tail"),
        pytest.param("a=(ip)&b=1", Missing.DROP, "b=1", id="drop-the-first-of-a-tail"),
        pytest.param("?&a=(ip)", Missing.DROP, "?", id="an-empty-pair-stays"),
        pytest.param("/p/(ip)/x?b=1#(ip)", Missing.DROP, "/p//x?b=1#", id="outside-the-query-drop-is-empty"),
        pytest.param("?a=(sha1-idfa)&b=1", Missing.DROP, None, id="hash-that-is-there"),
        pytest.param("?a=(ip)&b=(city)", {"ip": Missing.DROP, "*": "-"}, "?b=-", id="by-macro"),
        pytest.param("?a=(vendorid)&b=(city)", {"IDFV": "none"}, "?a=none&b=", id="by-documented-name"),
        pytest.param("?a=(ip)", {"city": Missing.RAISE}, "?a=", id="of-a-macro-that-is-not-there"),
        pytest.param("?a=(ip)&b&c=1", {"city": Missing.DROP}, "?a=&b&c=1", id="drop-what-is-not-there"),
    ],
)
def test_missing_values(template, missing, url):
    rendered = compile_template(template, missing=missing).render(EVENT)
    assert rendered == url or (url is None and len(rendered) == len("?a=&b=1") + 40)


def test_missing_value_that_must_be_there():
    with pytest.raises(MissingValueError, match="value of macro 'ip' is missing: no 'ip' in SDK") as caught:
        render("?a=(ip)", EVENT, missing=Missing.RAISE)
    assert caught.value.macro == "ip"
    assert render("?a=(clickid)", EVENT, missing=Missing.RAISE) == "?a=a%20b"


def test_missing_of_a_macro_that_does_not_exist():
    with pytest.raises(ValueError, match="missing names 'cty', no macro of AppsFlyer; did you mean 'city'"):
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
    assert hash_identifier(HashCase.AS_IS, False, "aB") == "0f91e9beae97414416930ea959a27870845dd508"


@pytest.mark.parametrize("somebody", ["X", "0X0", "-1", "00000000-0000-0000-0000-000000000001"])
def test_hash_of_somebody_is_sent(somebody):
    assert len(render("?a=(sha1-idfa)", Event(sdk={"idfa": somebody}))) == len("?a=") + 40


@pytest.mark.parametrize("nobody", ["00000000-0000-0000-0000-000000000000", "0", "", None])
def test_hash_of_nobody_is_missing(nobody):
    event = Event(sdk={"idfa": nobody})
    assert render("?a=(sha1-idfa)&b=(country_code)", event) == "?a=&b="
    assert render("?a=(sha1-idfa)&b=(country_code)", event, missing={"idfa": Missing.DROP}) == "?b="
    assert render("?a=(sha1-idfa)", event, missing="-") == "?a=-"


def test_what_is_hashed_already_is_passed_on():
    assert render("?a=(sha1-idfa)", Event(sdk={"idfa": SHA1.upper()})) == "?a=" + SHA1
    # An Android ID is no UUID, and 40 digits may be all that it is.
    assert render("?a=(sha1-android-id)", Event(sdk={"android_id": SHA1})) != "?a=" + SHA1


@pytest.mark.parametrize(
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
    with pytest.raises(TemplateError, match="where its value decides who gets the data"):
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
    event = Event(sdk={"app_id": "id-9"}, af={"city": "b"})
    url = compile_template(template, allow_host_macros=True).render(event)
    assert url == template.replace("(app_id)", "id-9").replace("(city)", "b")


@pytest.mark.parametrize("value", ["", "a.b", "a/b", "é", "x" * 64, "a b"])
def test_host_label_is_checked(value):
    template = compile_template("https://(app_id).n.example/pb", allow_host_macros=True)
    with pytest.raises(RenderError) as caught:
        template.render(Event(sdk={"app_id": value}))
    assert str(caught.value) == f"cannot send {value!r}, which is no label of a host, for macro 'app_id'"


def test_refusal_of_a_host_label_shows_its_beginning():
    template = compile_template("https://(app_id).n.example/pb", allow_host_macros=True)
    with pytest.raises(RenderError, match=f"cannot send '{'x' * 80}', which"):
        template.render(Event(sdk={"app_id": "x" * 70_000}))


@pytest.mark.parametrize("value", [".", ".."])
def test_way_to_another_path_is_refused_in_a_path_only(value):
    event = Event(link={"click_id": value})
    with pytest.raises(RenderError) as caught:
        render("/pb/(clickid)", event)
    assert str(caught.value) == f"cannot send {value!r}, which leads to another path, for macro 'clickid'"
    assert render("?a=(clickid)&u=%3D(clickid)", event) == f"?a={value}&u=%3D{value}"


def test_host_label_must_be_there_whatever_becomes_of_others():
    template = compile_template("https://(app_id).n.example/pb", allow_host_macros=True, missing="x")
    with pytest.raises(MissingValueError):
        template.render(Event())


def test_inserted_value_is_not_scanned_again():
    assert render("?a=(clickid)&b=(ip)", Event(link={"click_id": "(ip)%3D"}, sdk={"ip": "1"})) == "?a=%28ip%29%253D&b=1"


def test_length_of_a_url_is_counted_in_bytes():
    template = compile_template("é?a=(clickid)", limits=Limits(url=10))
    assert template.render(Event(link={"click_id": "12345"})) == "é?a=12345"
    with pytest.raises(RenderError, match="11 bytes; at most 10"):
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
    assert _compile.cache_info().maxsize is not None


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
    monkeypatch.setattr("macroengine.engine.compile_plan", None)
    assert method(EVENT) == "?taken=a%20b"


def test_large_template_describes_itself():
    template = compile_template("?a=(clickid)" + "a" * 20_000, limits=Limits(template=30_000))
    assert template.macros == ("clickid",)
    assert template.diagnostics is not None


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
    assert first.render.__code__ is second.render.__code__


def test_traceback_shows_the_generated_line():
    template = compile_template("?traceback=(clickid)")
    try:
        template.render(Event(link={"click_id": object()}))
    except RenderError as error:
        shown = "".join(traceback.format_exception(error))
    assert READS_CLICK_ID in shown


@pytest.mark.parametrize("rendered", [False, True])
def test_compiled_template_travels(rendered):
    template = compile_template("?a=(clickid)&b=(ip)", missing={"ip": "x"}, policy=Policy(send_all=True))
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
