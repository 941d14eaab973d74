"""Suggestions for names that are not known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from macroengine import Policy, check, dialect, dialect_names, fix
from macroengine.catalogue.aliases import named_by_others, platforms
from macroengine.catalogue.folding import fold
from macroengine.suggest import did_you_mean, edit_distance, nearest
from tests.support.floors import reached, reaching

NAMES = dialect("appsflyer").names()


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        pytest.param("clickd", ["clickid"], id="a-letter-less"),
        pytest.param("clcikid", ["clickid"], id="two-swapped"),
        pytest.param("Country-Cod", ["country_code"], id="folded"),
        pytest.param("advertishing_id", ["advertising_id"], id="a-letter-more"),
        pytest.param("install_ts", ["install_time", "install_unix_ts"], id="two-alike"),
        pytest.param("af_sub", ["af_sub1", "af_sub2", "af_sub3"], id="three-of-five"),
        pytest.param("x", [], id="too-short"),
        pytest.param("whatever", [], id="unlike-any"),
        pytest.param("clickd" * 50, [], id="too-long"),
    ],
)
def test_nearest(wrong, expected):
    assert nearest(wrong, NAMES) == expected


def test_did_you_mean():
    assert did_you_mean("install_ts", NAMES) == "; did you mean 'install_time' or 'install_unix_ts'?"
    assert did_you_mean("whatever", NAMES) == ""


def test_a_refused_name_is_never_suggested():
    assert did_you_mean("city", ["city"]) == ""
    assert did_you_mean("clickid", ["clickid", "click_id"]) == "; did you mean 'click_id'?"


words = st.text("abc", max_size=6)


@st.composite
def spellings(draw):
    """Draw two names that differ in case, and in what is between their letters."""
    letters = draw(st.text("ab", min_size=1, max_size=3))
    blanks, cases = st.sampled_from(["", "-", "_", ""]), st.sampled_from([str.lower, str.upper])
    return tuple("".join(draw(cases)(letter) + draw(blanks) for letter in letters) for _ in range(2))


@reaching(different=40)
@given(spellings())
def test_what_look_up_takes_for_one_name_is_always_suggested(drawn):
    one, other = drawn
    assert fold(one) == fold(other)
    assert nearest(one, [other]) == [other]
    reached(*["different"] * (one != other))


@reaching(different=25)
@given(words, words)
def test_edit_distance_is_symmetric_and_bounded(one, other):
    distance = edit_distance(one, other)
    assert distance == edit_distance(other, one)
    assert (distance == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))
    reached(*["different"] * (distance > 0))


@reaching(inside=10)
@given(words, st.integers(0, 5))
def test_one_edit_is_a_distance_of_one(word, at):
    assert edit_distance(word[:at] + "x" + word[at:], word) == 1
    assert edit_distance(word[:at] + "xy" + word[at:], word[:at] + "yx" + word[at:]) == 1
    reached(*["inside"] * (0 < at < len(word)))


@pytest.mark.parametrize(
    ("source", "name", "message", "hint", "fix"),
    [
        pytest.param(
            "(google_aid)",
            "appsflyer",
            "unknown macro 'google_aid'; did you mean 'advertising_id'?",
            "google_aid is AppMetrica's name for (advertising_id)",
            "(advertising_id)",
            id="called-so-in-another-dialect",
        ),
        pytest.param(
            "(gps_adid)",
            "appsflyer",
            "unknown macro 'gps_adid'; did you mean 'advertising_id'?",
            "gps_adid is Adjust's name for (advertising_id)",
            "(advertising_id)",
            id="called-so-elsewhere",
        ),
        pytest.param("(campain)", "appsflyer", "unknown macro 'campain'; did you mean 'C'?", None, "(C)", id="legacy"),
        pytest.param(
            "(sha1-advertising)",
            "appsflyer",
            "unknown macro 'advertising'; did you mean 'advertiserId'?",
            None,
            "(sha1-advertiserId)",
            id="hash",
        ),
        pytest.param(
            "(whatever)",
            "appsflyer",
            "unknown macro 'whatever'",
            "`macroengine macros` lists all of AppsFlyer",
            None,
            id="-",
        ),
        pytest.param(
            "{aaid}",
            "appmetrica",
            "{aaid} is read as a parameter of the tracking link; did you mean 'google_aid'?",
            "aaid is Branch's name for {google_aid}",
            None,
            id="open-dialect",
        ),
    ],
)
def test_unknown_macros_are_told_what_may_be_meant(source, name, message, hint, fix):
    (found,) = check(source, dialect=name, select=["ME1"])
    assert (found.message, found.hint, found.fix and found.fix.replacement) == (message, hint, fix)


@pytest.mark.parametrize(
    ("source", "name", "suggested", "fixed"),
    [
        pytest.param("?c=(clickd2)", "appsflyer", "'click-ts' or 'clickid'", None, id="equally-near"),
        pytest.param("?c=(af_sub)", "appsflyer", "'af_sub1' or 'af_sub2' or 'af_sub3'", None, id="a-numbered-family"),
        pytest.param(
            "?c=(install_ts)", "appsflyer", "'install_time' or 'install_unix_ts'", "?c=(install_time)", id="2"
        ),
        pytest.param("?c=(instal_tim)", "appsflyer", "'install_time'", "?c=(install_time)", id="one"),
        pytest.param("?c=(advertiser_ids)", "appsflyer", "'advertiserId'", "?c=(advertiserId)", id="of-one-macro"),
        pytest.param("?c=(event_revenue_US)", "appsflyer", "'event_revenue_USD'", "?c=(event_revenue_USD)", id="first"),
        pytest.param("?c=(sha1-idfx)", "appsflyer", "'idfa'", "?c=(sha1-idfa)", id="the-only-one-with-a-hash"),
        pytest.param("?c=(idfx)", "appsflyer", "'IDFA' or 'IDFV'", None, id="not-hashed"),
        pytest.param("?c={ios_if}", "appmetrica", "'ios_ifa' or 'ios_ifv'", None, id="parameter"),
    ],
)
def test_only_a_name_that_is_nearer_than_all_others_is_a_fix(source, name, suggested, fixed):
    (found,) = check(source, dialect=name, select=["ME101", "ME104"])
    assert found.message.partition("; ")[2] == f"did you mean {suggested}?"
    assert fix(source, dialect=name, unsafe=True, policy=Policy("in-app")).source == (fixed or source)


def test_a_hint_is_shown_with_the_finding():
    (found,) = check("(gps_adid)", select=["ME1"])
    assert str(found).endswith("\n  ^^^^^^^^^^\n  hint: gps_adid is Adjust's name for (advertising_id)")


def test_names_of_other_platforms_are_of_fields_that_some_dialect_has():
    fields = {field for name in dialect_names() for field in dialect(name).fields}
    assert {field for names in platforms().values() for found in names.values() for field in found} <= fields


def test_a_dialect_is_not_told_its_own_names():
    assert named_by_others("clickid", dialect("appsflyer"))[0][1] != "AppsFlyer"
    assert named_by_others("whatever", dialect("appsflyer")) == ()
