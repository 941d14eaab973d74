import copy
import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from macroengine import CatalogueError, Dialect, Event, Limits, check, compile_template, dialect, dialect_names, parse
from macroengine.catalogue import Spelling

HEAD = 'name = "mine"\nsyntax = "brace"\n'
MACRO = HEAD + "[macros]\n"
GOOD = MACRO + 'cid = { field = "click_id", source = "Link" }\n'


def load(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return Dialect.from_toml(path)


def test_dialect_of_ones_own_renders(tmp_path):
    mine = load(tmp_path, MACRO + 'cid = { field = "click_id", source = "Link" }\n')
    assert mine.title == "mine"
    assert compile_template("?c={cid}", dialect=mine).render(Event(link={"click_id": "1"})) == "?c=1"


def test_dialects_are_loaded_once_and_pickle_by_name():
    assert all(dialect(name) is dialect(name) for name in dialect_names())
    assert pickle.loads(pickle.dumps(dialect("appsflyer"))) is dialect("appsflyer")
    assert len(pickle.dumps(dialect("appsflyer"))) < 100


def test_dialects_are_equal_by_their_text(tmp_path):
    first = load(tmp_path, MACRO)
    assert first == load(tmp_path, MACRO)
    assert first == copy.copy(first)
    assert first != dialect("appsflyer")
    assert first != MACRO


@pytest.mark.parametrize(
    ("name", "found", "spelling"),
    [
        ("IDFA", "IDFA", Spelling.DOCUMENTED),
        ("idfa", "IDFA", Spelling.DOCUMENTED),
        ("advertiser_id", "advertising_id", Spelling.DOCUMENTED),
        ("currency", "event_revenue_currency", Spelling.DOCUMENTED),
        ("event", "event_name", Spelling.DOCUMENTED),
        ("publisher_id", "publisher_id", Spelling.DOCUMENTED),
        ("vendorid", "IDFV", Spelling.LEGACY),
        ("install-unix-ts", "install_unix_ts", Spelling.LEGACY),
        ("Install_Unix-TS", "install_unix_ts", Spelling.FOLDED),
        ("click_id", "clickid", Spelling.FOLDED),
        ("ENCODE", "encode", Spelling.FOLDED),
    ],
)
def test_names_are_found_by_their_spellings(name, found, spelling):
    spec, how = dialect("appsflyer").find(name)
    assert (spec.name, how) == (found, spelling)


def test_name_that_nobody_has_is_not_found():
    assert dialect("appsflyer").find("no_such_macro") is None


def test_open_dialect_takes_other_names_for_parameters():
    spec, how = dialect("appmetrica").find("my_sub")
    assert (spec.field, spec.source, spec.send_all, how) == ("my_sub", "Link", False, Spelling.PARAMETER)
    # Case counts where names are free.
    assert dialect("appmetrica").find("Click_ID")[1] is Spelling.PARAMETER


def test_unknown_dialect_names_the_nearest():
    with pytest.raises(CatalogueError, match="unknown dialect 'appsflier'; did you mean 'appsflyer'"):
        dialect("appsflier")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("name = x", r"not TOML: .*line 1, column", id="not-toml"),
        pytest.param('syntax = "brace"\n[macros]', "key 'name' is missing", id="no-name"),
        pytest.param('name = "x"\nsyntax = "brace"', "key 'macros' is missing", id="no-macros"),
        pytest.param(
            'name = "x"\nsyntax = "bracke"\n[macros]',
            "key 'syntax' must be one of paren, brace, .*, a table, or a list of both, not 'bracke'",
        ),
        pytest.param(HEAD + "opne = true\n[macros]", "unknown key 'opne'; did you mean 'open'", id="unknown-head-key"),
        pytest.param(HEAD + 'open = "yes"\n[macros]', "key 'open' must be true or false, not 'yes'", id="no-flag"),
        pytest.param(HEAD + "macros = 1", "key 'macros' must be a table, not 1", id="macros-no-table"),
        pytest.param(MACRO + "a = 1", "key 'macros' must be a table", id="row-no-table"),
        pytest.param(MACRO + 'a = { field = "x" }', "macro 'a': key 'source' is missing", id="no-source"),
        pytest.param(
            MACRO + 'a = { feild = "x", source = "SDK" }', "macro 'a': unknown key 'feild'; did you mean 'field'"
        ),
        pytest.param(
            MACRO + 'a = { field = "x", source = "link" }', "macro 'a': key 'source' must be one of Link, SDK, AF"
        ),
        pytest.param(MACRO + 'a = { field = 1, source = "AF" }', "macro 'a': key 'field' must be a string, not 1"),
        pytest.param(
            MACRO + 'a = { field = "x", source = "AF", legacy = "b" }', "macro 'a': key 'legacy' must be a list"
        ),
        pytest.param(
            MACRO + 'a = { field = "x", source = "AF", available = "some" }', "key 'available' must be one of all"
        ),
        pytest.param(
            HEAD + '[available]\nsome = ["instal"]\n[macros]', "key 'available' must be one of install, in-app"
        ),
        pytest.param(
            MACRO + 'a = { field = "x", source = "AF" }\nA = { field = "y", source = "AF" }',
            "macro 'A': 'A' is also a spelling of 'a'",
            id="two-macros-with-one-name",
        ),
        pytest.param(
            MACRO + 'a = { field = "x", source = "AF" }\nb = { field = "x", source = "SDK" }',
            "macro 'b': field 'x' comes from AF elsewhere",
            id="one-field-with-two-sources",
        ),
        pytest.param(MACRO + 'a-b = { field = "x", source = "AF" }', r"'a-b' cannot be the name in .NAME."),
        pytest.param("a = " + "[" * 5000, "nested too deeply", id="nested-too-deeply"),
        pytest.param("a = " + "9" * 5000, "an integer has too many digits", id="long-integer"),
    ],
)
def test_wrong_file_is_refused_with_file_macro_and_key(tmp_path, text, message):
    with pytest.raises(CatalogueError, match=message) as caught:
        load(tmp_path, text)
    assert "mine.toml: " in str(caught.value)


def test_a_dialect_is_read_from_a_file_and_from_nothing_else(tmp_path):
    own, bundled = load(tmp_path, GOOD), dialect("appmetrica")
    calls = [
        lambda: replace(bundled, open=False),
        lambda: replace(own, macros=bundled.macros),
        lambda: replace(own),
        lambda: Dialect(*vars(own).values()),
        lambda: Dialect("mine", "mine", own.syntax, own.macros, {}),
        Dialect,
    ]
    for call in calls:
        with pytest.raises(TypeError, match=r"a Dialect is read from a file: use dialect\(name\) or"):
            call()
    with pytest.raises(FrozenInstanceError):
        own.open = True
    assert (repr(own), repr(bundled)) == ("<Dialect mine>", "<Dialect appmetrica>")


def test_a_template_knows_its_dialect(tmp_path):
    """One of your own is judged by itself, also where one of the library has the same name."""
    own = load(tmp_path, GOOD.replace("mine", "appmetrica"))
    template = parse("https://n.example/?a={cid}&b={click_id}", own)
    assert template.dialect is own
    assert [finding.code for finding in check(template)] == ["ME101"]
    assert check(template) == check(template.source, dialect=own) == check(pickle.loads(pickle.dumps(template)))
    assert template != parse(template.source, "appmetrica")


def test_a_template_is_not_judged_in_a_dialect_of_another_syntax():
    template = parse("https://n.example/?a={click_id}", "appmetrica")
    assert check(template, dialect="appmetrica") == []
    with pytest.raises(ValueError, match=r"was parsed as one of AppMetrica; parse its source in AppsFlyer"):
        check(template, dialect="appsflyer")


def test_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(CatalogueError, match=r"none\.toml: cannot be read"):
        Dialect.from_toml(tmp_path / "none.toml")
    path = tmp_path / "bytes.toml"
    path.write_bytes(b"# \xff")
    with pytest.raises(CatalogueError, match=r"bytes\.toml: not UTF-8 at byte 2"):
        Dialect.from_toml(path)
    with pytest.raises(CatalogueError, match="larger than 2 bytes"):
        Dialect.from_toml(path, limits=Limits(catalogue=2))
