"""What a partner would receive, from examples."""

import json
import re

import pytest

from macroengine import Dialect, Event, Policy, Postback, Request, TemplateError, dialect, dialect_names, preview
from macroengine.errors import RenderError
from macroengine.workspace.request_preview import preview_request
from tests.support.terminal import terminal
from tests.support.trying import with_each

NESTED = "https://n.example/pb?u=https%3A%2F%2Fx.example%3Fid%3D(clickid)%26z%3D1&geo=(country_code)"


def test_both_renderings_and_what_is_withheld():
    shown = preview(NESTED, policy=Policy(send_all=True), missing="drop")
    assert shown.attributed == "https://n.example/pb?u=https%3A%2F%2Fx.example%3Fid%3D8594845%26z%3D1&geo=US"
    assert shown.not_attributed == "https://n.example/pb?u=https%3A%2F%2Fx.example%3Fz%3D1&geo=US"
    assert shown.without_values == "https://n.example/pb?u=https%3A%2F%2Fx.example%3Fz%3D1"
    assert (shown.withheld, shown.dropped) == (("(clickid)",), ("geo",))
    assert [(one.name, one.value, one.macros) for one in shown.parameters] == [
        ("u", "https://x.example?id=8594845&z=1", ("(clickid)",)),
        ("u > id", "8594845", ()),
        ("u > z", "1", ()),
        ("geo", "US", ("(country_code)",)),
    ]
    assert [one.name for one in shown.other_parameters] == ["u", "u > z", "geo"]


def test_without_send_all_there_is_one_rendering():
    shown = preview(NESTED)
    assert (shown.not_attributed, shown.withheld, shown.other_parameters) == (None, (), ())
    assert shown.without_values == "https://n.example/pb?u=https%3A%2F%2Fx.example%3Fid%3D%26z%3D1&geo="


def test_what_is_withheld_without_consent():
    source = "https://n.example/pb?i=(idfa)&c=(clickid)&lat=(is_lat)&att=(att-status)&t=(att-0-1)"
    shown = preview(source, policy=Policy(consent=True), missing="drop")
    assert shown.needs_consent == ("(idfa)",)
    assert shown.attributed.endswith("?i=30255BCE-4CDA-4F62-91DC-475B1D7E60A2&c=8594845&lat=false&att=authorized&t=1")
    assert shown.without_consent == "https://n.example/pb?c=8594845&lat=true&att=not_determined&t=0"
    for same in (preview(source), preview(NESTED, policy=Policy(consent=True))):
        assert (same.needs_consent, same.without_consent) == ((), None)


def test_the_command_shows_what_is_withheld_without_consent(run):
    url = "https://n.example/pb?i={ios_ifa}&c={click_id}"
    out = run("preview", url, "--dialect", "auto", "--consent").out
    assert "  without consent https://n.example/pb?i=&c=123456789\n" in out
    assert "  needs consent   {ios_ifa}\n" in out
    (row,) = json.loads(run("preview", url, "--dialect", "auto", "--consent", "--format", "json").out)
    assert (row["needs_consent"], row["without_consent"]) == (["{ios_ifa}"], "https://n.example/pb?i=&c=123456789")
    assert "consent" not in run("preview", url, "--dialect", "appmetrica").out


def test_values_are_over_the_event_and_the_event_over_the_examples():
    event = Event(link={"click_id": "1"}, attributed=False)
    assert preview(NESTED, event=event, values={"country_code": "DE"}).parameters[-1].value == "DE"
    assert preview(NESTED, event=event).attributed.endswith("id%3D1%26z%3D1&geo=")
    assert preview("?c=(clickid)", values={"clickid": "x"}).attributed == "?c=x"
    assert preview("?c={anything}", dialect="appmetrica", values={"anything": 1}).attributed == "?c=1"
    assert preview("?c={anything}", dialect="appmetrica").attributed == "?c=example-anything"


@pytest.mark.parametrize(
    ("type_", "more", "pattern"),
    [
        ("flag", "", "[01]"),
        ("boolean", "", "true|false"),
        ("uuid", "", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("list", "", "[0-9a-f]{4}(,[0-9a-f]{4})?"),
        ("json", "", r"%7B%22price%22%3A\d+%7D"),
        ("number", "", "1"),
        ("text", "", "example-value"),
        ("time", "", r"20\d\d-\d\d-\d\d%20\d\d%3A\d\d%3A\d\d"),
        ("rfc3339", "", r"20\d\d-\d\d-\d\dT\d\d%3A\d\d%3A\d\dZ"),
        ("unix-time", "", r"1\d{9}"),
        ("unix-time-ms", "", r"1\d{12}"),
        # Values of users who share identifiers.
        ("flag", ', consent = "limited"', "0"),
        ("boolean", ', consent = "authorized"', "true"),
        ("text", ', consent = "status"', "authorized"),
    ],
)
def test_a_macro_without_an_example_has_a_value_of_its_type(tmp_path, type_, more, pattern):
    row = f'value = {{ field = "value", source = "SDK", type = "{type_}"{more} }}'
    (tmp_path / "mine.toml").write_text(f'name = "mine"\nsyntax = "brace"\n[macros]\n{row}\n')
    mine = Dialect.from_toml(tmp_path / "mine.toml")
    sent = preview("?c={value}", dialect=mine).attributed
    assert re.fullmatch(pattern, sent.removeprefix("?c=")), sent
    assert preview("?c={value}", dialect=mine).attributed == sent


def test_what_cannot_be_previewed():
    with pytest.raises(TemplateError):
        preview("?c=(clickd)")
    with pytest.raises(RenderError):
        preview("?c=(clickid)", values={"click_id": {}})
    with pytest.raises(ValueError, match=r"unknown field 'contry_code' of AppsFlyer; did you mean 'country_code'"):
        preview("?c=(clickid)", values={"contry_code": "DE"})
    with pytest.raises(TypeError, match="event must be an Event"):
        preview("?c=(clickid)", event={})
    assert preview("?c=(clickid)", missing="raise").without_values is None


def test_what_one_kind_of_event_cannot_send_does_not_hide_the_others():
    other = preview("?c=(clickid)", policy=Policy(send_all=True), missing="raise")
    assert (other.attributed, other.not_attributed, other.other_parameters) == ("?c=8594845", None, ())
    refused = preview("?i=(idfa)", policy=Policy(consent=True), missing="raise")
    assert (refused.attributed[:4], refused.without_consent, refused.needs_consent) == ("?i=3", None, ("(idfa)",))
    request = Request("GET", "https://n.example/?c=(clickid)&i=(idfa)")
    policy = Policy(send_all=True, consent=True)
    shown = preview_request(request, dialect=dialect("appsflyer"), policy=policy, missing="raise")
    assert shown.attributed.url.startswith("https://n.example/?c=8594845&i=3")
    assert (shown.not_attributed, shown.without_consent, shown.without_values) == (None, None, None)


def test_the_command_says_what_cannot_be_sent(run, tmp_path):
    told = "cannot be rendered: a required value is withheld"
    options = ("--send-all", "--consent", "--missing", "raise")
    out = run("preview", "https://n.example/?c=(clickid)&i=(idfa)", *options).out
    assert f"  not attributed  {told}\n" in out
    assert f"  without consent {told}\n" in out
    path = tmp_path / "request.toml"
    path.write_text('method = "GET"\nurl = "https://n.example/?c=(clickid)&i=(idfa)"\n')
    out = run("preview", "--request", str(path), *options).out
    assert f"  not attributed: {told}\n" in out
    assert f"  without consent: {told}\n" in out


@pytest.mark.parametrize("values", [0, [], "", False, [("click_id", "1")]])
def test_values_are_a_mapping(values):
    for show in (preview, previewed_request):
        with pytest.raises(TypeError, match=r"^values must be a mapping, not "):
            show("https://n.example/?c=(clickid)", values=values)


@pytest.mark.parametrize("name", [None, 1, b"click_id"])
def test_values_have_names(name):
    for show in (preview, previewed_request):
        with pytest.raises(TypeError, match=f"^each name in values must be a string, not {type(name).__name__}$"):
            show("https://n.example/?c=(clickid)", values={name: 1})


def previewed_request(url, **options):
    return preview_request(Request("GET", url), dialect=dialect("appsflyer"), policy=Policy(), **options)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("?a&=1&&b=2", [("a", ""), ("", "1"), ("b", "2")]),
        ("https://n.example/pb", []),
        ("?a=x%3Fb%3D1", [("a", "x?b=1")]),
        ("?u=app%3A%2F%2Fx%3Fflag%26n%3D1", [("u", "app://x?flag&n=1"), ("u > n", "1")]),
        ("?a=%2B+", [("a", "++")]),
    ],
)
def test_parameters_are_decoded_as_a_receiver_does(url, expected):
    assert [(one.name, one.value) for one in preview(url).parameters] == expected


def test_urls_deep_inside_others_are_text():
    value = "https://e.example?x=1"
    for name in "dcba":
        value = f"https://{name}.example?u={value.replace('%', '%25').replace('?', '%3F').replace('=', '%3D')}"
    assert [one.name for one in preview(value).parameters] == ["u", "u > u", "u > u > u", "u > u > u > u"]


@with_each("name", dialect_names())
def test_every_example_of_a_catalogue_can_be_sent(name):
    chosen = dialect(name)
    for spec in chosen.macros.values():
        kind = next(kind for kind in Postback if kind in spec.available)
        try:
            preview(f"https://n.example/pb?x={chosen.syntax.write(spec.name)}", dialect=chosen, policy=Policy(kind))
        except RenderError as error:
            assert "without encoding" in str(error)  # noqa: PT017 - for a platform that sends unencoded values


# The command


def test_a_preview_shows_both_sides(run, golden, request):
    result = run("preview", NESTED, "--send-all", "--set", "country_code=DE", "--missing", "drop")
    assert (result.status, result.err) == (0, "")
    golden(request.path.parents[1] / "cases" / "preview" / "piped.txt", result.out)


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
def test_a_preview_fits_a_terminal(run, monkeypatch, golden, request, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    with terminal(monkeypatch, "stdout", columns=columns) as shown:
        run("preview", NESTED, "--send-all")
        text = shown.text
    golden(request.path.parents[1] / "cases" / "preview" / f"{columns}.txt", text)


def test_previews_of_a_file(run, tmp_path):
    (tmp_path / "t.csv").write_text(
        "partner,event,template\nAcme,install,?c=(clickid)\nBeta,,?e=(event_name)\nGamma,,?c=(clickd)\n,,\n"
    )
    result = run("preview", "t.csv")
    assert result.status == 1
    assert "t.csv:2  Acme, install, AppsFlyer\n  attributed      ?c=8594845\n" in result.out
    assert "t.csv:3  Beta, in-app, AppsFlyer\n" in result.out
    assert result.err.startswith("t.csv:4: cannot be rendered\nerror[ME101]: unknown macro 'clickd'")
    rows = json.loads(run("preview", "--file", "t.csv", "--format", "json").out)
    assert [(row["partner"], row["postback"], row["attributed"]) for row in rows] == [
        ("Acme", "install", "?c=8594845"),
        ("Beta", "in-app", "?e=af_purchase"),
    ]
    assert rows[0]["parameters"] == [{"name": "c", "value": "8594845", "macros": ["(clickid)"]}]


def test_previews_of_an_event(run, tmp_path):
    (tmp_path / "e.json").write_text('{"click_id": "1"}')
    result = run("preview", "https://n.example", "?c=(clickid)&i=(ip)", "--event", "e.json")
    assert "  attributed      ?c=1&i=\n" in result.out
    (tmp_path / "e.json").write_text('{"click_id": {}}')
    result = run("preview", "?c=(clickid)", "--event", "e.json")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("<argument>:1: cannot be rendered\n  cannot send a value of type dict")
    assert run("preview", "?c=(clickid)", "--event", "e.json", "--format", "json").out == "[\n]\n"
    assert "without values" not in run("preview", "?c=(clickid)", "--missing", "raise").out


def test_a_preview_says_what_was_skipped(run, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["template"])
    book.active.append(["?c=(clickid)"])
    hidden = book.create_sheet("Old")
    hidden.append(["template"])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "t.xlsx")
    assert "t.xlsx: sheet 'Old' is hidden and was skipped" in run("preview", "t.xlsx").err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "no templates given; give templates or files"), (["?x", "--set", "xyz=1"], "--set: unknown field 'xyz'")],
)
def test_wrong_usage_of_preview(run, arguments, message):
    result = run("preview", *arguments)
    assert (result.status, message in result.err) == (2, True)


DAMAGED = "https://n.example/pb?c=(clickid)&amp;ip=(ip)"


def test_what_check_warns_of_is_shown_beside_what_it_does(run, tmp_path):
    status, out, err = run("preview", DAMAGED)
    assert (status, err) == (0, "")
    assert "\n  warning         ME222 '&amp;' is '&' damaged by HTML; write &\n" in out
    (row,) = json.loads(run("preview", DAMAGED, "--format", "json").out)
    [found] = row["warnings"]
    assert (found["code"], found["name"], found["part"]) == ("ME222", "html-entity", None)
    (tmp_path / "r.toml").write_text(f'method = "GET"\nurl = "{DAMAGED}"\n')
    assert "\n  warning         ME222 url: '&amp;' is" in run("preview", "--request", "r.toml").out
    (row,) = json.loads(run("preview", "--request", "r.toml", "--format", "json").out)
    assert [(found["code"], found["part"]) for found in row["warnings"]] == [("ME222", "url")]


def test_a_preview_does_not_say_twice_what_is_withheld_nor_what_is_ignored(run, tmp_path):
    assert "warning" not in run("preview", NESTED, "--send-all").out
    (tmp_path / "macroengine.toml").write_text('ignore = ["ME222"]')
    assert "warning" not in run("preview", DAMAGED).out


def test_an_error_among_previews_on_a_terminal_has_blank_lines_around_it(run, monkeypatch, tmp_path):
    good, bad = "https://n.example/pb?c=(clickid)", "https://n.example/pb?c=(clickd)"
    (tmp_path / "t.txt").write_text(f"{bad}\n{good}\n{bad}\n{bad}\n{good}\n")
    with terminal(monkeypatch, "stdout", "stderr") as shown:
        run("preview", "t.txt")
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.text).replace("\r", "")
    assert [block.split("\n")[0].split(" ")[0] for block in text.strip("\n").split("\n\n")] == [
        *("t.txt:1:", "t.txt:2", "t.txt:3:", "t.txt:4:", "t.txt:5")
    ]
