"""A dialect of any syntax is one file: its templates parse, check, render and pickle without other code."""

import hashlib
import os
import pickle
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from macroengine import (
    CatalogueError,
    Dialect,
    Event,
    Missing,
    MissingValueError,
    Policy,
    PostbackSet,
    RenderError,
    UnsupportedError,
    check,
    compile_template,
    dialect,
    dialect_names,
    fix,
    parse,
    render,
)
from macroengine.backends.duckdb import to_sql
from macroengine.catalogue.commands import macros_command
from macroengine.kinds import Source
from tests.support.trying import slow_after


@dataclass
class Own:
    """How a platform writes macros: the table of its syntax, two names, and an older one of the second."""

    forms: list[str]
    pattern: str
    names: tuple[str, str, str]
    argument: str = ""
    """A macro with an argument."""
    choice: str = ""
    """A macro that names several values."""

    def file(self, tmp_path):
        """Write the dialect's file and return its path."""
        first, second, legacy = self.names
        alternatives = 'alternatives = "||"' if self.choice else ""
        path = tmp_path / "own.toml"
        path.write_text(f"""
name  = "own"
title = "Own Network"

[syntax]
forms = {self.forms}
name  = '{self.pattern}'
{alternatives}

[macros]
"{first}"  = {{ field = "click_id", source = "Link", description = "ID of the click", argument = "what it is for" }}
"{second}" = {{ field = "country_code", source = "SDK", legacy = ["{legacy}"] }}
""")
        return path

    def write(self, name):
        """Return a macro as a template writes it."""
        return self.forms[0].replace("NAME", name)


LOWER, PATH = "[A-Za-z_][A-Za-z0-9_]*", r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*"
UPPER = "[A-Z]+(?:_[A-Z0-9]+)*"
WORDS, SHOUTED, PATHS = ("click_id", "geo", "cc"), ("CLICK_ID", "GEO", "CC"), ("click.id", "device.geo", "device.cc")
OWN = {
    "(x)": Own(["(NAME)"], "[A-Za-z][A-Za-z0-9_-]*", ("click-id", "geo", "cc")),
    "{x}": Own(["{NAME}"], LOWER, WORDS),
    "${x:y}": Own(["${NAME}", "${NAME:ARGUMENT}"], LOWER, SHOUTED, "${CLICK_ID:B64}"),
    "[x]": Own(["[NAME]"], UPPER, SHOUTED),
    "{{a.b}}": Own(["{{NAME}}"], PATH, PATHS),
    "__X__": Own(["__NAME__"], UPPER, SHOUTED),
    "%%X%%": Own(["%%NAME%%"], UPPER, SHOUTED),
    "##X##": Own(["##NAME##"], "[A-Za-z0-9_.-]+", ("PBS-ID", "PBS-GEO", "PBS-CC")),
    "#x#": Own(["#NAME#"], "[a-z][a-z0-9]*", ("clickid", "geo", "cc")),
    "%{x}": Own(["%{NAME}"], LOWER, WORDS),
    "${(a.b)!}": Own(["${(NAME)!}"], PATH, PATHS),
    "{a||b}": Own(["{NAME}"], LOWER, WORDS, choice="{click_id||geo}"),
    "{a?B c}": Own(["{NAME}", "{NAME?ARGUMENT}"], LOWER, WORDS, "{click_id?NetWork}"),
    "$$sdk(x)": Own(["$$sdk(NAME)", "$$click(NAME)"], LOWER, WORDS),
}
EVENT = Event(link={"click_id": "a b&c"}, sdk={"country_code": "DE"})


@pytest.fixture(params=OWN.values(), ids=OWN)
def own(request):
    return request.param


@pytest.fixture
def template(own):
    first, second, _ = own.names
    return f"https://n.example/pb/{own.write(second)}?c={own.write(first)}&g={own.write(second)}"


@pytest.fixture
def own_dialect(own, tmp_path):
    return Dialect.from_toml(own.file(tmp_path))


def test_its_macros_are_read(own, own_dialect, template):
    first, second, _ = own.names
    assert [macro.name for macro in parse(template, own_dialect).macros()] == [second, first, second]


def test_a_good_template_is_clean(own_dialect, template):
    assert check(template, dialect=own_dialect) == []


def test_a_legacy_name_is_found_and_fixed(own, own_dialect, template):
    _, second, legacy = own.names
    older = template.replace(own.write(second), own.write(legacy))
    message = f"legacy name {own.write(legacy)}; write {own.write(second)}"
    assert [finding.message for finding in check(older, dialect=own_dialect)] == [message] * 2
    fixed = fix(older, dialect=own_dialect)
    assert (fixed.source, fixed.remaining) == (template, ())


def test_an_unknown_name_is_an_error_with_a_suggestion(own, own_dialect, template):
    first, *_ = own.names
    wrong = template.replace(own.write(first), own.write(first[:-2] + first[:-3:-1]))
    [finding] = check(wrong, dialect=own_dialect)
    assert finding.code == "ME101"
    assert f"did you mean '{first}'" in finding.message


def test_it_renders_also_after_pickling(own_dialect, template):
    compiled = compile_template(template, dialect=own_dialect)
    url = "https://n.example/pb/DE?c=a%20b%26c&g=DE"
    assert compiled.render(EVENT) == url
    again = pickle.loads(pickle.dumps(compiled))
    assert (again, again.render(EVENT)) == (compiled, url)


def test_a_missing_value_drops_its_pair(own_dialect, template):
    compiled = compile_template(template, dialect=own_dialect, missing=Missing.DROP)
    assert compiled.render(Event(sdk={"country_code": "DE"})) == "https://n.example/pb/DE?g=DE"


def test_the_commands_take_its_file(own, template, tmp_path, run):
    path, (first, *_) = str(own.file(tmp_path)), own.names
    explained = run("explain", "--dialect", path, template)
    assert (explained.status, own.write(first) in explained.out) == (0, True)
    listed = run("macros", "--dialect", path, first).out
    assert f"macro       {own.write(first)}\n" in listed
    assert "argument    what it is for\n" in listed
    event = b'{"postback": "install", "attributed": true, "link": {"click_id": "1"}}'
    rendered = run("render", "--dialect", path, template, "--event", "-", stdin=event)
    assert rendered.out == "https://n.example/pb/?c=1&g=\n"


def test_an_argument_is_read_and_not_rendered(own, own_dialect):
    if own.argument:
        [macro] = parse(f"?a={own.argument}", own_dialect).macros()
        assert (macro.text, macro.name) == (own.argument, own.names[0])
        with pytest.raises(UnsupportedError, match="an event has no value for its argument"):
            compile_template(f"https://n.example/pb?a={own.argument}", dialect=own_dialect)
        [finding] = check(f"https://n.example/pb?a={own.argument}", dialect=own_dialect)
        assert (finding.code, finding.severity, finding.hint) == ("ME109", "info", "argument: what it is for")


def test_the_first_of_several_names_that_has_a_value_is_sent(own, own_dialect):
    if own.choice:
        source = f"https://n.example/pb?a={own.choice}&b=1"
        [macro] = parse(source, own_dialect).macros()
        assert (macro.name, macro.alternatives) == (own.names[0], own.names[1:2])
        compiled = compile_template(source, dialect=own_dialect)
        assert compiled.fields == ("click_id", "country_code")
        assert compiled.render(EVENT) == "https://n.example/pb?a=a%20b%26c&b=1"
        assert compiled.render(Event(sdk={"country_code": "DE"})) == "https://n.example/pb?a=DE&b=1"
        assert compiled.render(Event()) == "https://n.example/pb?a=&b=1"
        dropping = compile_template(source, dialect=own_dialect, missing=Missing.DROP)
        assert dropping.render(Event()) == "https://n.example/pb?b=1"
        assert PostbackSet([compiled, dropping]).render(Event(sdk={"country_code": "DE"})) == [
            "https://n.example/pb?a=DE&b=1",
            "https://n.example/pb?a=DE&b=1",
        ]
        assert PostbackSet([compiled, dropping]).render(Event()) == [
            compiled.render(Event()),
            "https://n.example/pb?b=1",
        ]
        for link, sdk in (("1", "DE"), (None, "DE"), (None, None)):
            columns = "?::VARCHAR AS click_id, ?::VARCHAR AS country_code"
            (row,) = duckdb.execute(f"SELECT {to_sql(compiled)} FROM (SELECT {columns})", [link, sdk]).fetchall()
            assert row[0] == compiled.render(Event({"click_id": link}, {"country_code": sdk}))
        strict = compile_template(source, dialect=own_dialect, missing=Missing.RAISE)
        with pytest.raises(MissingValueError, match="no 'click_id' in Link"):
            strict.render(Event())


def test_what_is_wrong_with_a_later_name_is_found(own, own_dialect):
    if own.choice:
        wrong = f"https://n.example/pb?a={own.choice.replace('geo', 'gee')}"
        [finding] = check(wrong, dialect=own_dialect)
        assert (finding.code, finding.message) == ("ME101", "unknown macro 'gee'")
        denied = compile_template(
            f"https://n.example/pb?a={own.choice}",
            dialect=own_dialect,
            policy=Policy(deny=["click_id"]),
            ignore=["ME3"],
        )
        assert denied.render(EVENT) == "https://n.example/pb?a=DE"


def test_encoded_delimiters_are_found_where_encoding_changes_them(own, own_dialect, template):
    first, *_ = own.names
    opener, closer = own.forms[0].split("NAME")
    encoded = quote(opener, safe="") + first + quote(closer, safe="")
    template += "&e=%20"
    damaged = template.replace(own.write(first), encoded)
    findings = [(found.code, found.message) for found in check(damaged, dialect=own_dialect, select="ME010")]
    assert findings == (
        [] if damaged == template else [("ME010", f"encoded delimiters in {encoded}; write {own.write(first)}")]
    )
    assert fix(damaged, dialect=own_dialect).source == template


@pytest.mark.parametrize("platform", slow_after(8, dialect_names()))
def test_what_the_library_brings_a_file_of_your_own_can_say_too(platform, tmp_path):
    theirs = dialect(platform)
    path = tmp_path / "copy.toml"
    path.write_text(theirs.text, encoding="utf-8")
    copy = Dialect.from_toml(path)
    assert (copy, hash(copy)) == (theirs, hash(theirs))
    assert copy.macros == theirs.macros
    commands = macros_command(copy), macros_command(theirs)
    values = {source: {} for source in Source}
    for spec in theirs.macros.values():
        values[spec.source][spec.field] = spec.example or None
    event = Event(values[Source.LINK], values[Source.SDK], values[Source.PLATFORM], postback="in-app")
    macros = [theirs.syntax.write(spec.name) for spec in theirs.macros.values()]
    macros += [
        theirs.syntax.write(spec.names_with(one)[0], one)
        for spec in theirs.macros.values()
        for one, _ in spec.functions
    ]
    for source in (f"https://n.example/pb?a={macro}&b={macro}x" for macro in [*macros, theirs.syntax.write("ZZ")]):
        policy = Policy("in-app")
        ours, found = (check(source, dialect=one, policy=policy) for one in (copy, theirs))
        # The command that a hint names is for the file.
        assert [replace(one, hint=one.hint and one.hint.replace(*commands)) for one in ours] == found
        rendered = []
        for own in (copy, theirs):
            try:
                rendered.append(render(source, event, dialect=own, policy=policy, unknown="keep", ignore="ME3"))
            except RenderError as error:  # what is sent raw may not fit its place
                rendered.append(str(error))
        assert rendered[0] == rendered[1]


def test_the_short_file_of_the_page_on_dialects_is_enough(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "dialects.md").read_text(encoding="utf-8")
    path = tmp_path / "mynetwork.toml"
    path.write_text(page.partition("```toml\n")[2].partition("```")[0])
    own = Dialect.from_toml(path)
    event = Event(link={"click_id": "1"}, platform={"country_code": "DE"})
    assert check("https://n.example/pb?c=[clickid]&geo=[country]", dialect=own) == []
    assert render("https://n.example/pb?c=[clickid]&geo=[country]", event, dialect=own).endswith("?c=1&geo=DE")


HASHES = """
name = "acme"
syntax = { forms = ["[[NAME]]"], name = "[A-Z_]+" }
[functions]
sha1 = "NAME_SHA1"
[macros]
GAID = { field = "advertising_id", source = "SDK", sha1 = ["GAID"] }
"""
READABLE = HASHES.replace("[A-Z_]+", "[A-Z0-9_]+")


def read(tmp_path, text):
    (tmp_path / "acme.toml").write_text(text, encoding="utf-8")
    return Dialect.from_toml(tmp_path / "acme.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "", "[functions] sha1: 'GAID_SHA1' cannot be the name in [[NAME]], where names match [A-Z_]+; for other"),
        (
            'sha1 = ["GAID"]',
            'sha1 = ["HASHED_GAID"]',
            "'HASHED_GAID' is not a name of this macro; name the macro itself",
        ),
        ('sha1 = ["GAID"]', 'sha1 = ["GAIDS"]', "'GAIDS' is not a name of this macro; did you mean 'GAID'?"),
    ],
)
def test_a_function_is_written_as_the_syntax_reads_it(tmp_path, old, new, message):
    with pytest.raises(CatalogueError, match=re.escape(message)):
        read(tmp_path, HASHES.replace(old, new))
    own = read(tmp_path, READABLE)
    event = Event(sdk={"advertising_id": "x"})
    assert render("?a=[[GAID_SHA1]]", event, dialect=own) == f"?a={hashlib.sha1(b'x').hexdigest()}"


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    assert read(tmp_path, f"\ufeff{READABLE}") == read(tmp_path, READABLE)


def test_the_name_of_a_file_is_shown_so_that_it_can_be_printed(tmp_path):
    with pytest.raises(CatalogueError, match=r"^\\ud800: cannot be read"):
        Dialect.from_toml("\ud800")
    odd = tmp_path / os.fsdecode(b"\xff.toml")
    try:
        odd.write_text("x")
    except OSError:
        pytest.skip("the file system wants UTF-8")
    repeated = READABLE + 'B = { field = "advertising_id", source = "Link" }\n'
    for text in ("x", HASHES, repeated):
        odd.write_text(text)
        with pytest.raises(CatalogueError) as caught:
            Dialect.from_toml(odd)
        assert str(caught.value).isprintable()


def test_a_dialect_in_a_file_of_the_working_folder_is_read_from_there(tmp_path, monkeypatch):
    read(tmp_path, READABLE)
    monkeypatch.chdir(tmp_path)
    said = r"unknown dialect 'acme'; read the file with Dialect.from_toml\('acme.toml'\)"
    with pytest.raises(CatalogueError, match=f"^{said}$"):
        dialect("acme")
    with pytest.raises(CatalogueError, match=r"^unknown dialect 'acne' \(known: adcp"):
        compile_template("?a", dialect="acne")
