"""What is known of each macro once it is looked up: where it stands, which row it has, and what is wrong with it."""

import pytest

from macroengine import Policy, Source, dialect, parse
from macroengine.language.nodes import Delimiter, Literal, Macro, Part
from macroengine.plan.nesting import Place
from macroengine.plan.resolve import Problem, resolve
from macroengine.template import Template

ATTRIBUTED = Policy()
EVERYBODY = Policy(send_all=True)
UNREMARKABLE = {"place": Place(), "host_label": False, "forbidden": False, "withheld": False, "problems": ()}


def known(source, policy=ATTRIBUTED):
    [macro] = resolve(parse(source), dialect("appsflyer"), policy).macros
    return {name: getattr(macro, name) for name in ("part", *UNREMARKABLE)} | {"spec": macro.spec and macro.spec.name}


@pytest.mark.parametrize(
    ("source", "part", "expected"),
    [
        pytest.param("(ip)://n.example", Part.SCHEME, {"problems": (Problem.DECIDES_ORIGIN,)}, id="scheme"),
        pytest.param("//(ip)@n.example", Part.AUTHORITY, {"problems": (Problem.DECIDES_ORIGIN,)}, id="user-info"),
        pytest.param(
            "//(ip).n.example", Part.AUTHORITY, {"host_label": True, "problems": (Problem.HOST_LABEL,)}, id="host"
        ),
        pytest.param("(ip):x", Part.PATH, {"problems": (Problem.DECIDES_ORIGIN,)}, id="scheme-without-slashes"),
        pytest.param("//n.example/(ip)", Part.PATH, {}, id="path"),
        pytest.param("?x(ip)", Part.NAME, {}, id="name"),
        pytest.param(
            "?u=%3D(ip)",
            Part.VALUE,
            {"place": Place(2, (), Part.VALUE, in_pair=True, url_part=Part.VALUE)},
            id="nested",
        ),
        pytest.param(
            "?u=%3D%253D(ip)",
            Part.VALUE,
            {"place": Place(3, (), Part.VALUE, in_pair=True, url_part=Part.VALUE)},
            id="nested-twice",
        ),
        pytest.param("?u=%3D#(ip)", Part.FRAGMENT, {}, id="fragment"),
    ],
)
def test_place_of_a_macro_is_known(source, part, expected):
    assert known(source) == UNREMARKABLE | {"part": part, "spec": "ip"} | expected


@pytest.mark.parametrize("text", ["[app_id]", "@app_id:", "app_id"])
def test_what_a_macro_is_written_with_delimits_no_host(text):
    host = (Macro(text, 2, "app_id"), Literal(".n.example", 2 + len(text)))
    template = Template("", dialect("appsflyer"), slashes=Delimiter("//", 0), authority=host)
    [macro] = resolve(template, dialect("appsflyer"), ATTRIBUTED).macros
    assert macro.host_label


@pytest.mark.parametrize(
    ("macro", "spec", "problems"),
    [
        ("(IDFA)", "IDFA", ()),
        ("(id_fa)", "IDFA", (Problem.UNDOCUMENTED_SPELLING,)),
        ("(no_such)", None, (Problem.UNKNOWN,)),
        ("(sha1-idfa)", "IDFA", ()),
        ("(sha1-IDFA)", "IDFA", (Problem.UNDOCUMENTED_SPELLING,)),
        ("(sha1-ip)", None, (Problem.UNDOCUMENTED_HASH,)),
        ("(sha1-no_such)", None, (Problem.UNKNOWN,)),
        ("(sha1-sha1-idfa)", None, (Problem.HASH_OF_HASH,)),
    ],
)
def test_name_of_a_macro_is_looked_up(macro, spec, problems):
    assert known(f"?a={macro}") == UNREMARKABLE | {"part": Part.VALUE, "spec": spec, "problems": problems}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param(ATTRIBUTED, {}, id="allowed"),
        pytest.param(EVERYBODY, {"withheld": True, "problems": (Problem.WITHHELD,)}, id="send-all"),
        pytest.param(Policy(deny={"clickid"}), {"forbidden": True, "problems": (Problem.DENIED,)}, id="denied"),
        pytest.param(
            Policy(sources={Source.SDK}), {"forbidden": True, "problems": (Problem.SOURCE_NOT_ALLOWED,)}, id="source"
        ),
    ],
)
def test_macro_is_held_against_the_policy(policy, expected):
    withheld = {"withheld": True}  # from events that are not attributed, and they are not sent without send-all
    expected = UNREMARKABLE | withheld | expected | {"part": Part.VALUE, "spec": "clickid"}
    assert known("?a=(clickid)", policy) == expected
