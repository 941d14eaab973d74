"""Names that a dialect does not have although its catalogue is known to be incomplete: warned about, never sent."""

import pytest

from macroengine import (
    Default,
    Dialect,
    Event,
    Missing,
    MissingValueError,
    Policy,
    PostbackSet,
    TemplateError,
    check,
    compile_template,
    dialect,
    dialect_names,
    fix,
)
from macroengine.backends.duckdb import to_sql
from macroengine.testing import reference

PARTIAL = [name for name in dialect_names() if dialect(name).partial]
CLOSED = [name for name in dialect_names() if not dialect(name).partial and not dialect(name).open]
# An event that has a value of the unlisted name, from wherever one could come.
EVENT = Event({"nope": "x", "{nope}": "x"}, {"nope": "x", "idfa": "A", "idfv": "B"}, {"nope": "x", "{nope}": "x"})
SOURCE = "https://n.example/pb/{nope}?a={nope}&b={idfv_md5}&c={nope||idfa}&d={idfa}"


def written(name, platform):
    """Return a macro that the platform does not document."""
    own = dialect(platform).syntax
    return own.write(name.upper() if own.is_name(name.upper()) else name)


@pytest.mark.parametrize("platform", PARTIAL)
def test_an_unknown_name_is_a_warning_where_the_catalogue_is_incomplete(platform):
    macro = written("nosuchname", platform)
    found = check(f"https://n.example/pb?a={macro}", dialect=platform)
    if dialect(platform).open:
        assert found == []
    else:
        message = f"{macro} is not in the catalogue of {dialect(platform).title}, which is incomplete"
        assert [(finding.code, finding.severity, finding.message) for finding in found] == [
            ("ME108", "warning", message)
        ]


@pytest.mark.parametrize("platform", CLOSED)
def test_it_is_an_error_where_the_catalogue_is_complete(platform):
    template = f"https://n.example/pb?a={written('nosuchname', platform)}"
    assert [finding.code for finding in check(template, dialect=platform)] == ["ME101"]
    with pytest.raises(TemplateError, match="unknown macro"):
        compile_template(template, dialect=platform)


def test_a_slip_is_told_what_may_be_meant():
    template = "https://n.example/click?id=__CLICKED__"
    [finding] = check(template, dialect="tiktok")
    assert finding.message.endswith("which is incomplete; did you mean 'CLICKID'?")
    assert fix(template, dialect="tiktok").source == template
    assert fix(template, dialect="tiktok", unsafe=True).source == "https://n.example/click?id=__CLICKID__"


def test_what_another_platform_calls_so_is_said():
    [finding] = check("https://n.example/pb?a={gps_adid}", dialect="mintegral", select="ME1")
    assert (finding.code, finding.hint) == ("ME108", "gps_adid is Adjust's name for {gaid}")
    assert finding.message.endswith("which is incomplete; did you mean 'gaid'?")


def test_a_hash_that_is_not_listed_is_a_warning_without_a_fix():
    [finding] = check("https://n.example/pb?a={idfv_md5}", dialect="adjust")
    assert (finding.code, finding.fix) == ("ME108", None)
    assert finding.message == "{idfv_md5} is not in the catalogue of Adjust, which is incomplete"
    assert finding.hint == "documented: {gps_adid_md5}, {android_id_md5}, {oaid_md5}"
    [finding] = check("https://n.example/pb?a={nope_md5}", dialect="adjust")
    assert (finding.code, finding.hint) == ("ME108", "check the name with Adjust")
    assert [found.code for found in check("?a={gps_adid_md5_md5}", dialect="adjust", select="ME1")] == ["ME106"]


@pytest.mark.parametrize(
    ("missing", "url"),
    [
        (Missing.EMPTY, "https://n.example/pb/?a=&b=&c=A&d=A"),
        (Missing.DROP, "https://n.example/pb/?c=A&d=A"),
        (Missing.KEEP, "https://n.example/pb/{nope}?a={nope}&b={idfv_md5}&c=A&d=A"),
        (Default("n/a"), "https://n.example/pb/n%2Fa?a=n%2Fa&b=n%2Fa&c=A&d=A"),
        ({"*": Missing.DROP, "idfa": Missing.KEEP}, "https://n.example/pb/?c=A&d=A"),
    ],
    ids=str,
)
def test_it_is_sent_as_a_missing_value_whatever_the_event_has(missing, url):
    compiled = compile_template(SOURCE, dialect="adjust", missing=missing)
    assert compiled.render(EVENT) == PostbackSet([compiled]).render(EVENT)[0] == url
    assert reference.render(SOURCE, EVENT, dialect="adjust", missing=missing) == url
    assert "nope" not in compiled.fields


@pytest.mark.parametrize(
    ("unknown", "url"),
    [
        ("keep", "https://n.example/pb/{nope}?a={nope}&b={idfv_md5}&c=A&d=A"),
        ("empty", "https://n.example/pb/?a=&b=&c=A&d=A"),
    ],
)
def test_unknown_decides_where_it_is_given(unknown, url):
    compiled = compile_template(SOURCE, dialect="adjust", unknown=unknown)
    assert compiled.render(EVENT) == url
    assert reference.render(SOURCE, EVENT, dialect="adjust", unknown=unknown) == url


def test_it_is_missing_in_json_and_in_nested_urls_too():
    source = "https://n.example/pb?j=%7B%22a%22%3A{nope}%7D&u=https%3A%2F%2Fx%3Fa%3D{nope}%26b%3D{idfa}"
    url = "https://n.example/pb?j=%7B%22a%22%3Anull%7D&u=https%3A%2F%2Fx%3Fa%3D%26b%3DA"
    assert compile_template(source, dialect="adjust").render(EVENT) == url
    assert reference.render(source, EVENT, dialect="adjust") == url
    dropped = "https://n.example/pb?u=https%3A%2F%2Fx%3Fb%3DA"
    assert compile_template(source, dialect="adjust", missing="drop").render(EVENT) == dropped
    assert reference.render(source, EVENT, dialect="adjust", missing="drop") == dropped


def test_what_must_not_be_missing_cannot_be_rendered():
    compiled = compile_template("https://n.example/pb?a={nope}", dialect="adjust", missing="raise")
    message = "value of macro 'nope' is missing: the catalogue does not have this macro"
    with pytest.raises(MissingValueError, match=message):
        compiled.render(EVENT)
    assert message.replace("'", "''") in to_sql(compiled)


def test_it_does_not_decide_the_server():
    for source in ("https://{nope}.n.example/pb", "{nope}://n.example/pb"):
        with pytest.raises(TemplateError, match="ME201"):
            compile_template(source, dialect="adjust", allow_host_macros=True)


def test_a_dialect_of_your_own_may_say_that_it_is_incomplete(tmp_path):
    path = tmp_path / "own.toml"
    text = 'name = "own"\nsyntax = "brace"\n[macros]\na = { field = "x", source = "SDK" }\n'
    template = "https://n.example/pb?a={a}&b={nope}"
    path.write_text(text)
    assert [found.code for found in check(template, dialect=Dialect.from_toml(path))] == ["ME101"]
    path.write_text('status = "partial"\n' + text)
    own = Dialect.from_toml(path)
    assert [found.code for found in check(template, dialect=own)] == ["ME108"]
    assert compile_template(template, dialect=own).render(Event(sdk={"x": "1"})) == "https://n.example/pb?a=1&b="
    with pytest.raises(ValueError, match="policy denies 'nope'"):
        check(template, dialect=own, policy=Policy(deny=["nope"]))
