"""Templates in files of other languages: found, with their places, and rewritten in the notation of the language."""

import random
import sys
import sysconfig
import tokenize
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from macroengine import Dialect, Limits, dialect
from macroengine.workspace.embedded import CannotWriteError, find_templates, language_of, python
from macroengine.workspace.embedded.candidates import templates_in
from macroengine.workspace.embedded.changes import changes
from macroengine.workspace.embedded.finder import READERS
from macroengine.workspace.embedded.languages import language as language_named
from macroengine.workspace.embedded.languages import notation, quoted_language
from macroengine.workspace.embedded.literal import Literal, Part
from tests.support.floors import reached, reaching
from tests.support.trying import try_all, with_each

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("python", "json", "yaml", "toml", "javascript", "php", "markdown", "html")
T = "https://n.example/pb?c=(clickid)&i=(idfa)"


def found(text, language):
    return [(one.template, text[one.start : one.end]) for one in find_templates(text, language)]


def only(text, language):
    [one] = find_templates(text, language)
    return one


def edited(text, edits):
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.replacement + text[edit.end :]
    return text


def test_the_language_of_a_file_is_told_by_its_name():
    names = ["a.PY", "b/c.yml", "x.tsx", "x.phtml", "README.md", "x.xml", "a.json", "a.toml", "a.txt", "py", ""]
    expected = ["python", "yaml", "javascript", "php", "markdown", "html", "json", "toml", None, None, None]
    assert list(map(language_of, names)) == expected
    assert quoted_language("PY") == "python"


# Where templates are, by language: the text, with what stands for the template between « and »
PLACES = [
    ("python", "x = '«https://n.example/pb?c=(clickid)&i=(idfa)»'"),
    ("python", 'x = u"«https://n.example/pb?c=\\x28clickid)&i=\\50idfa\\u0029»"'),
    ("python", 'x = "«https:\\N{SOLIDUS}/n.example/pb?c=(clickid)\\\n&i=(idfa)»"'),
    ("python", "x = r'«https://n.example/pb?c=(clickid)&i=(idfa)»'"),
    ("python", "x = b'«https://n.example/pb?c=(clickid)\\x26i=(idfa)»', Rb'')"),
    ("python", "x = f'«https://n.example/pb?c=(clickid)&i=(idfa)»'"),
    (
        "python",
        "x = (\n    'https'  # comment (clickid)\n    r'''x''')\ny = '«https://n.example/pb?c=(clickid)&i=(idfa)»'",
    ),
    ("python", "x = ('«https://n.example/pb?'  # (clickid)\n  \"c=(clickid)\" '' r'&i=(idfa)»')"),
    ("python", "x = 'https://n.example/' + y\nz = '«https://n.example/pb?c=(clickid)' \\\n  + '&i=(idfa)»'"),
    ("python", '"""Go to\n    «https://n.example/pb?c=(clickid)&i=(idfa)».\n"""'),
    ("python", "😀 = '😀', \t'«https://n.example/pb?c=(clickid)&i=(idfa)»'"),
    ("python", "x = 'half\ny = '«https://n.example/pb?c=(clickid)&i=(idfa)»'"),
    ("python", "f(\n  [x, '«https://n.example/pb?c=(clickid)&i=(idfa)»'\n\n  \"half"),
    ("python", "def f():\n        x\n    y = '«https://n.example/pb?c=(clickid)&i=(idfa)»'"),
    ("python", "if x:\n    '''half\n"),
    ("json", '{"a": [1, "«https://n.example/pb?c=(clickid)&i=(idfa)»"]}'),
    ("json", '{"a": "«https:\\/\\/n.example/pb?c=(clickid)\\u0026i=(idfa)»"}'),
    ("json", "// \"\n{a: '«https://n.example/pb?c=(clickid)&i=(idfa)»', /* \" */}"),
    ("json", '{"a": "half\n "b": "«https://n.example/pb?c=(clickid)&i=(idfa)»"}'),
    ("toml", 'a = "«https://n.example/pb?c=(clickid)\\u0026i=(idfa)»" # "'),
    ("toml", "# it's\na = '«https://n.example/pb?c=(clickid)&i=(idfa)»'"),
    ("toml", 'a = """\\\n   «https://n.example/pb?c=(clickid)\\\n   &i=(idfa)»"""'),
    ("toml", "a = '''\n«https://n.example/pb?c=(clickid)&i=(idfa)»'''"),
    ("yaml", "a: «https://n.example/pb?c=(clickid)&i=(idfa)» # it's"),
    ("yaml", "a: &x !!str «https://n.example/pb?c=(clickid)&i=(idfa)»\nb: *x"),
    ("yaml", 'a:\n- "«https://n.example/pb\\x3Fc=(clickid)\\\n    &i=(idfa)»"'),
    ("yaml", "%YAML 1.2\n---\n- 'it''s'\n- '«https://n.example/pb?c=(clickid)&i=(idfa)»'\n...\n"),
    ("yaml", "a: [x, {b: \"«https://n.example/pb?c=(clickid)&i=(idfa)»\", c: 'd'}]"),
    ("yaml", "a: {\n  b: «https://n.example/pb?c=(clickid)&i=(idfa)», c\n  : d}\n"),
    ("yaml", "a: [open\nb: «https://n.example/pb?c=(clickid)&i=(idfa)»\n"),
    ("yaml", '{"a": "«https://n.example/pb?c=(clickid)&i=(idfa)»",\n"b": [1]\n}'),
    ("yaml", "a: |-  # (clickid)\n  see\n\n  «https://n.example/pb?c=(clickid)&i=(idfa)»\nb: c"),
    ("yaml", "- a: >2\n    \n    «https://n.example/pb?c=(clickid)&i=(idfa)»\n  b: it's"),
    ("yaml", "- |\n «https://n.example/pb?c=(clickid)&i=(idfa)»\n- b"),
    ("yaml", "? 'half\n: «https://n.example/pb?c=(clickid)&i=(idfa)»"),
    ("yaml", "a: b c\n   d\n   e: f\nurl: «https://n.example/pb?c=(clickid)&i=(idfa)»"),
    ("yaml", 'a: "half\nb: «https://n.example/pb?c=(clickid)&i=(idfa)»'),
    ("javascript", "x = '«https://n.example/pb?c=(clickid)\\u{26}i=(idfa)»'; // '"),
    ("javascript", "const r = /['\"`/]/, x = `«https://n.example/pb?c=(clickid)&i=(idfa)»`"),
    ("javascript", 'x = "«https://n.example/pb?c=(clickid)"\n  + /* " */ "&i=(idfa)»"'),
    ("javascript", "<p>Don't</p>\n<a href='«https://n.example/pb?c=(clickid)&i=(idfa)»'>"),
    ("javascript", 'x = `a ${b ? `c` : {d: 1}}`; y = "«https:\\/\\/n.example/pb?c=(clickid)&i=(idfa)»"'),
    ("javascript", "x = '\\'\\'\\'\ny = '«https://n.example/pb?c=(clickid)&i=(idfa)»'"),
    ("javascript", "'use strict'\n'«https://n.example/pb?c=(clickid)&i=(idfa)»'"),
    ("php", "<p title='it'><?php # it's\n$x = '«https://n.example/pb?c=(clickid)&i=(idfa)»';"),
    ("php", "<?php $x = \"«https://n.example/pb?c=\\x28clickid)\\u{26}i=(idfa)»\" . ''; ?>"),
    ("php", "<?php $x = '«https://n.example/pb?c=(clickid)'\n. '&i=(idfa)»';"),
    ("php", "<?php $x = <<<'EOT'\n  it's\n  «https://n.example/pb?c=(clickid)&i=(idfa)»\n  EOT;"),
    ("php", "<?php $x = <<<EOT\n«https://n.example/pb?c=(clickid)&i=(idfa)»\nEOT;"),
    ("php", "<?php f(); ?><a href=\"«https://n.example/pb?c=(clickid)&amp;i=(idfa)»\"><?= 'x' ?>"),
    ("php", "«https://n.example/pb?c=(clickid)&amp;i=(idfa)»"),
    ("php", "<?php $x = '?>' . \"\"; $y = '«https://n.example/pb?c=(clickid)&i=(idfa)»';"),
    ("php", "<?php $x = <<<EOT\nhalf"),
    ("markdown", "Write `«https://n.example/pb?c=(clickid)&i=(idfa)»` there."),
    ("markdown", "Write ``` `` «https://n.example/pb?c=(clickid)&i=(idfa)»``` there, not ``"),
    ("markdown", "A [link](«https://n.example/pb?c=(clickid)&amp;i=\\(idfa\\)» 'title'), `half"),
    ("markdown", "a `half\n\nparagraph` b, «https://n.example/pb?c=(clickid)&i=(idfa)»"),
    ("markdown", "A [link](<«https://n.example/pb?c=(clickid)&i=(idfa)»>)"),
    ("markdown", "At <«https://n.example/pb?c=(clickid)&i=(idfa)»>."),
    ("markdown", "(At «https://n.example/pb?c=(clickid)&i=(idfa)».)"),
    ("markdown", "<!-- (clickid) ` --> <a href='«https://n.example/pb?c=(clickid)&amp;i=(idfa)»'>"),
    ("markdown", "``\n\nnew ` paragraph\n\n```python\nx = '«https://n.example/pb?c=(clickid)\\x26i=(idfa)»'\n```\n"),
    ("markdown", "~~~\n$ curl '«https://n.example/pb?c=(clickid)&i=(idfa)»'\n~~~\n"),
    ("markdown", "- ```html\n  <a href='«https://n.example/pb?c=(clickid)&amp;i=(idfa)»'>\n"),
    ("html", '<a href="«https://n.example/pb?c=(clickid)&amp;i=(idfa)»">'),
    ("html", "<a x href='«https://n.example/pb?c=(clickid)&i=&#40;idfa&#x29;»' />"),
    ("html", "<a href=«https://n.example/pb?c=(clickid)&amp;i=(idfa)» x=1>"),
    ("html", "<!-- (x) --><!DOCTYPE x><pre>at «https://n.example/pb?c=(clickid)&amp;i=(idfa)», </pre>"),
    ("html", "<script a='b'>x = '«https://n.example/pb?c=(clickid)&i=(idfa)»'</script>"),
    ("html", "<style>a < b</style> 1 < 2 <b \"'>«https://n.example/pb?c=(clickid)&i=(idfa)»"),
    ("html", "<x><![CDATA[ «https://n.example/pb?c=(clickid)&i=(idfa)» ]]></x>"),
    ("html", "<script>x = '«https://n.example/pb?c=(clickid)&i=(idfa)»'"),
]


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["", "bom"])
def test_a_template_is_found_with_its_place(ending, mark):
    def attempt(place):
        language, marked = place
        marked = mark + marked.replace("\n", ending)
        text = marked.replace("«", "").replace("»", "")
        expected = [(T, marked[marked.index("«") + 1 : marked.index("»")])] if "«" in marked else []
        assert found(text, language) == expected
        for one in find_templates(text, language):
            assert one.start == marked.index("«")
            assert one.skipped is None
            assert (one.position(0), one.position(len(T))) == one.extent(0, len(T)) == (one.start, one.end)
            assert one.extent(3, 3) == (one.position(3),) * 2

    try_all({f"{language}: {marked}": (language, marked) for language, marked in PLACES}, attempt)


SKIPPED = [
    ("python", "x = f'https://{host}/pb?c=(clickid)&i={{idfa}}'", "https://…/pb?c=(clickid)&i={idfa}", "an f-string"),
    ("python", "x = Rf'{base}?c=(clickid)&i=(idfa)'", "…?c=(clickid)&i=(idfa)", "an f-string"),
    (
        "python",
        "x = 'https://n.example/pb?c=(clickid)' % y",
        "https://n.example/pb?c=(clickid)",
        "a string that the code around it changes",
    ),
    (
        "python",
        "x = 'https://n.example/pb?c={click_id}&i={gps_adid}'.format(y)",
        None,
        "a string that the code around it changes",
    ),
    (
        "python",
        "x = y + 'https://n.example/pb?c=(clickid)'",
        "https://n.example/pb?c=(clickid)",
        "a string that the code around it changes",
    ),
    ("javascript", "x = `https://${h}/pb?c=(clickid)`", "https://…/pb?c=(clickid)", "a template literal"),
    ("javascript", "x = 'https://n.example/pb?c=(clickid)&i=' + y", None, "a string that the code around it changes"),
    ("php", "<?php $x = \"https://n.example/pb?c=(clickid)&i={$x['i']}\";", None, "a string with variables"),
    ("php", "<?php $x = 'https://n.example/pb?c=(clickid)&i=' . $i;", None, "a string that the code around it changes"),
    ("markdown", "```\nhttps://n.example/pb?c=(clickid)\n  &i=(idfa)\n```", None, "several lines of a document"),
]


@pytest.mark.parametrize(("language", "text", "template", "reason"), SKIPPED)
def test_what_a_program_fills_in_is_skipped_with_the_reason(language, text, template, reason):
    one = only(text, language)
    assert one.skipped.startswith(reason)
    assert template in {None, one.template}


@with_each(
    ("text", "expected"),
    [
        pytest.param(f"  {T}\n", [T], id="all-but-the-space-around-it"),
        pytest.param("https://n.example/?n=(clickid) x&e=(idfa) it is", ["https://n.example/?n=(clickid) x&e=(idfa)"]),
        pytest.param(
            "https://n.example/?n={cl?My Network}&e={click_id}", ["https://n.example/?n={cl?My Network}&e={click_id}"]
        ),
        pytest.param(f"{T}\n&x=(ip)", [f"{T}\n&x=(ip)"], id="line-break"),
        pytest.param(f"{T}&\n x=(ip)", [f"{T}&\n x=(ip)"], id="line-break-after-an-ampersand"),
        pytest.param(f"{T}\n{T}", [T, T], id="two-lines"),
        pytest.param(f'<a href="{T}">{T}</a>', [T, T], id="markup-in-a-string"),
        pytest.param("//n.example/pb?p=${AUCTION_PRICE}", ["//n.example/pb?p=${AUCTION_PRICE}"], id="no-scheme"),
        pytest.param("?c=(clickid)&i=(idfa)", ["?c=(clickid)&i=(idfa)"], id="parameters"),
        pytest.param("c={{ad.id}}&i={{adset.id}}", ["c={{ad.id}}&i={{adset.id}}"], id="parameters-without-a-mark"),
        pytest.param("{lpurl}?g={gclid}&k={keyword}&p={adposition}", ["{lpurl}?g={gclid}&k={keyword}&p={adposition}"]),
        pytest.param(
            "%%CLICK_URL_ESC%%https://l.example/?c=%%CACHEBUSTER%%",
            ["%%CLICK_URL_ESC%%https://l.example/?c=%%CACHEBUSTER%%"],
        ),
        pytest.param("https://n.example/?u=${URL_ENC(${X},2)}", ["https://n.example/?u=${URL_ENC(${X},2)}"], id="sign"),
        pytest.param("https://n.example/?u=<#if x>1</#if>", ["https://n.example/?u=<#if x>1</#if>"], id="directive"),
        pytest.param("https://n.example/pb?c=(clikid)&i=(ip)", ["https://n.example/pb?c=(clikid)&i=(ip)"], id="typo"),
        pytest.param("https://n.example/pb?c=(clikid)", [], id="nothing-but-a-typo"),
        pytest.param("?c=(clickid)", [], id="one-parameter"),
        pytest.param("https://n.example/?q=(x)&r={y}&s={page}", [], id="names-of-no-platform"),
        pytest.param("https://n.example/{country}/{city}?user={user_id}", [], id="common-names"),
        pytest.param("https://n.example/clicks/{click_id}", [], id="path-of-a-service"),
        pytest.param("https://n.example/?a=1&b=2", [], id="no-macro"),
        pytest.param("name=(clickid) and so on (idfa)", [], id="no-url"),
        pytest.param("(clickid)", [], id="macro-alone"),
    ],
)
def test_what_is_a_template(text, expected):
    assert [text[start:end] for start, end in templates_in(text)] == expected


def test_a_dialect_that_is_said_decides(tmp_path):
    text = "URL = 'https://n.example/pb?c={country}'"
    assert find_templates(text, "python") == []
    assert len(find_templates(text, "python", dialect("adjust"))) == 1
    own = tmp_path / "own.toml"
    own.write_text(OWN, encoding="utf-8")
    text = "u: https://n.example/pb?c=~click~"
    assert find_templates(text, "yaml") == []
    [one] = find_templates(text, "yaml", Dialect.from_toml(own))
    assert one.template == text[3:]


OWN = """
name = "own"
title = "Own"
syntax = { forms = ["~NAME~"], name = "[a-z]+" }

[macros]
click = { field = "click", source = "Link" }
"""


# Fixes

FIXED = [
    (
        "python",
        r'x = "https://n.example/pb?c=\x28click-id)&a=\"\\(x)"',
        r'x = "https://n.example/pb?c=\x28clickid)&a=\"\\(x)"',
    ),
    (
        "python",
        "x = ('https://n.example/pb?c=(click-id)'\n     '&i=(idfa)')",
        "x = ('https://n.example/pb?c=(clickid)'\n     '&i=(idfa)')",
    ),
    ("json", r'"https:\/\/n.example\/pb?c=(click-id)"', r'"https:\/\/n.example\/pb?c=(clickid)"'),
    ("yaml", "a: &b https://n.example/pb?c=(click-id) # c", "a: &b https://n.example/pb?c=(clickid) # c"),
    ("html", '<a href="https://n.example/pb?c=(click-id)&amp;x">', '<a href="https://n.example/pb?c=(clickid)&amp;x">'),
]


@pytest.mark.parametrize(("language", "text", "expected"), FIXED)
def test_only_what_changes_is_rewritten(language, text, expected):
    one = only(text, language)
    assert edited(text, one.write(one.template.replace("(click-id)", "(clickid)"))) == expected
    assert one.write(one.template) == []


def test_a_change_over_the_joint_of_two_parts_is_written_into_the_first():
    text = "x = ('https://n.example/pb?c=(click'\n     '-id)&i=(idfa)')"
    one = only(text, "python")
    assert edited(text, one.write(T)) == "x = ('https://n.example/pb?c=(clickid'\n     ')&i=(idfa)')"
    assert edited(text, one.write("https://n.example/pb?c=1")) == "x = ('https://n.example/pb?c=1'\n     '')"
    assert edited(text, one.write("")) == "x = (''\n     '')"


FRAMES = [
    ("python", "x = '{}'"),
    ("python", 'x = """{}"""'),
    ("python", "x = b'{}'"),
    ("python", "x = f'{}'"),
    ("json", '{{"a": "{}"}}'),
    ("toml", 'a = "{}"'),
    ("yaml", 'a: "{}"'),
    ("javascript", "x = '{}'"),
    ("javascript", "x = `{}`"),
    ("php", '<?php $x = "{}";'),
    ("html", '<a href="{}">'),
    ("html", "<a href={} x>"),
]
LOOSE = [
    ("python", "x = r'{}'"),
    ("python", "x = rf'{}'"),
    ("toml", "a = '{}'"),
    ("yaml", "a: {}"),
    ("yaml", "a: {{b: {}}}"),
    ("yaml", "a: '{}'"),
    ("yaml", "a: >-\n  {}\n"),
    ("yaml", "a: |\n  {}\n"),
    ("php", "<?php $x = '{}';"),
    ("markdown", "`{}`"),
    ("markdown", "[x]({})"),
]
FIRST_FRAMES = dict(reversed([*FRAMES, *LOOSE]))  # the others are for the slow tests
ANY = st.text(st.one_of(st.sampled_from("\"'`\\&<>{}$%#;:, \n\t=aé😀\x00\u2028"), st.characters()), max_size=20)


def decoded(text, language):
    """Return what the only literal of a text stands for."""
    of = language_named(language)
    return [literal.text for literal in READERS[of.reader](text, of)]


@pytest.mark.parametrize(
    ("language", "frame"),
    [pytest.param(*pair, marks=[pytest.mark.slow] * (FIRST_FRAMES[pair[0]] != pair[1])) for pair in [*FRAMES, *LOOSE]],
)
@reaching(written=30)
@given(new=ANY)
@example(new="&lt;a&amp")
@example(new="\\x41\\101")
@example(new="{x}}")
@example(new="é\ud800")
def test_what_is_written_is_read_back(language, frame, new):
    text = frame.format(T)
    one = only(text, language)
    new = T[:30] + new + T[30:]
    try:
        edits = one.write(new)
    except CannotWriteError:
        # What has escapes for all can have any text.
        assert (language, frame) in LOOSE or not new.isprintable() or "surrogates" in repr(new.encode(errors="replace"))
        return
    assert any(new in one for one in decoded(edited(text, edits), language))
    reached("written")


@pytest.mark.parametrize(("language", "frame"), FRAMES[:9])
@reaching(awkward=30)
@given(new=st.text(st.characters(exclude_categories=["Cs"]), max_size=10))
def test_what_has_escapes_can_have_any_text(language, frame, new):
    text = frame.format(T)
    assert T + new in decoded(edited(text, only(text, language).write(T + new)), language)
    reached(*["awkward"] * (not new.isalnum()))


@pytest.mark.parametrize(
    ("language", "text", "new"),
    [
        ("python", f"r'{T}'", f"{T}'"),
        ("python", f"r'{T}'", f"{T}\\"),
        ("python", f"r'{T}'", f"{T}\n"),
        ("yaml", f"a: {T}", f"{T} # x"),
        ("yaml", f"a: {T}", f"{T}: x"),
        ("yaml", f"a: {{b: {T}}}", f"{T},"),
        ("markdown", f"`{T}`", f"{T}`"),
    ],
)
def test_what_a_literal_cannot_have_is_refused(language, text, new):
    with pytest.raises(CannotWriteError, match="a literal of this kind cannot have"):
        only(text, language).write(new)


@reaching(found=50)
@given(st.sampled_from(FRAMES), ANY)
def test_every_character_has_its_place(frame, more):
    language, pattern = frame
    text = pattern.format(T)
    # Of a carriage return, an attribute of HTML makes a line feed.
    is_written = more.isascii() and "\r" not in more
    new = only(text, language).write(T[:-1] + more.strip("\ud800") + ")") if is_written else []
    one = next(iter(find_templates(edited(text, new), language)), None)
    if one is None:
        return
    text = edited(text, new)
    places = [one.extent(at, at + 1) for at in range(len(one.template))]
    assert all(start < end for start, end in places)
    assert all(before[1] <= after[0] or before == after for before, after in pairwise(places))
    reached("found")
    plain = [at for at, (start, end) in enumerate(places) if end - start == 1]
    assert all(text[places[at][0]] in {one.template[at], "\r"} for at in plain)


def test_parts_of_escapes_are_replaced_whole():
    text = "x = b'https://n.example/pb?c=(clickid)&n=\\xc3\\xa9\\xc3\\xa8'"
    one = only(text, "python")
    assert one.template.endswith("&n=éè")
    assert edited(text, one.write(one.template[:-1])) == text[:-9] + "'"
    assert edited(text, one.write(one.template[:-2] + "è")) == text[:-17] + "\\xc3\\xa8'"
    assert edited(text, one.write(one.template + "x")).endswith("\\xc3\\xa8x'")


def test_a_text_that_would_make_another_escape_is_written_anew():
    text = r"x = 'https://n.example/pb?c=(clickid)&n=\1'"
    one = only(text, "python")
    new = one.template + "7"
    assert edited(text, one.write(new)) == r"x = 'https://n.example/pb?c=(clickid)&n=\x017'"


# Confidence

TEMPLATES = [
    "https://n.example/pb?c=(clickid)&i=(idfa)&t=(install_unix_ts)",
    "https://n.example/pb?click={click_id}&gaid={gps_adid}&n={tracker_name}",
    "http://n.example/cb?cid={clickid}&aid={google_aid}&ios={ios_ifa}",
    "https://n.example/win?p=${AUCTION_PRICE}&i=${AUCTION_IMP_ID}",
    "https://n.example/t?c=__CLICKID__&i=__IDFA__&a=__AID__",
    "https://n.example/v?e=[ERRORCODE]&cb=[CACHEBUSTING]",
    "https://n.example/g?u=%%CACHEBUSTER%%&v=%%PATTERN:x%%",
]
# How a template is written before and after all that a file has, in each language.
PLANTED = {
    "python": (["X = {!r}\n", "X = ({!r}\n)\n"], "\nX = {!r}\n"),
    "json": (['[{{}}, "{}", '], ', "{}"]'),
    "toml": (["planted = '{}'\n", 'planted = """{}"""\n'], "\nplanted = '{}'"),
    "yaml": (["planted: '{}'\n---\n", "planted: >-\n  {}\n---\n", "planted: {}\n---\n"], "\n---\n- {}\n"),
    "javascript": (["var planted = '{}';\n", 'f("{}");\n'], "\nvar planted = '{}';\n"),
    "php": (["<?php $planted = '{}';\n?>"], "\n '{}'"),
    "markdown": (["\n`{}`\n", "\n[planted](<{}>)\n", "\n```\n{}\n```\n\n"], "\n\n`{}`\n"),
    "html": (["<a href='{}'>x</a>\n", '<img src="{}">\n'], "\n<i title='{}'>"),
}


def sources_of(name, count):
    """Return so many files of a language, of this repository and of what is installed."""
    folders = [ROOT / "macroengine", ROOT / "docs", ROOT / "tests", ROOT / "examples"]
    folders += [
        Path(sysconfig.get_path("purelib")),
        Path("/usr/share/doc"),
        Path("/usr/lib/node_modules"),
        Path("/usr/share"),
        Path(sys.base_prefix),
    ]
    files = []
    for folder in folders:
        for suffix in language_named(name).suffixes:
            found = sorted(path for path in folder.rglob(f"*{suffix}") if path.is_file() and is_text(path))
            files += found[: count - len(files)]
        if len(files) >= count:
            break
    return files


def is_text(path):
    return 0 < path.stat().st_size < 200_000 and read(path).strip() != ""


def read(path):
    try:
        return path.read_bytes().decode()
    except (UnicodeDecodeError, OSError):
        return ""


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PLANTED))
def test_every_planted_template_is_found(name):
    rng = random.Random(17)
    files = sources_of(name, 50)
    print(f"{name}: {len(files)} files")
    for path in files:
        text = read(path)
        before = [one.template for one in find_templates(text, name)]
        first, last = rng.choice(TEMPLATES), rng.choice(TEMPLATES)
        if name == "php":  # it may be read as HTML where the file ends
            last = last.partition("&")[0]
        frames, after = PLANTED[name]
        escaped = [one.replace("&", "&amp;") if name == "html" else one for one in (first, last)]
        changed = rng.choice(frames).format(escaped[0]) + text + after.format(escaped[1])
        assert [one.template for one in find_templates(changed, name)] == [first, *before, last], path


@pytest.mark.slow
def test_nothing_is_found_in_the_standard_library():
    folder = Path(sysconfig.get_path("stdlib"))
    files = [path for path in sorted(folder.rglob("*.py")) if "site-packages" not in path.parts]
    assert len(files) > 500
    # All of them take long; each run of another version of Python has others.
    some = random.Random(sys.version_info[1]).sample(files, 300)
    assert {path: found for path in some if (found := find_templates(read(path), "python"))} == {}


def test_what_is_found_in_this_repository_is_a_template():
    own = [path for path in (ROOT / "macroengine").rglob("*") if language_of(path.name) and path.is_file()]
    templates = {one.template for path in own for one in find_templates(read(path), language_of(path.name))}
    assert len(templates) > 100
    assert all("://" in template or "=" in template for template in templates)
    for path in (ROOT / "pyproject.toml", ROOT / ".pre-commit-hooks.yaml", ROOT / ".pre-commit-config.yaml"):
        assert find_templates(read(path), language_of(path.name)) == []


# Bad input

JUNK = [
    "",
    "\x00",
    "\ufeff",
    "'" * 50,
    '"""',
    "`${`" * 20,
    "<<<A\n" * 20,
    "{" * 300,
    "<!--",
    "<a href='",
    "<![CDATA[",
    "<script>",
    "<?php",
    "<?php ?>",
    "```",
    "``",
    "- " * 50,
    "a: |",
    "a: |\n",
    "? ",
    ": ",
    "\\",
    "'\\",
    "f'{",
    "f'{x!r:{y}}' '(clickid)",
    "&#99999999999;&#xFFFFFFF;&#0;",
    "\udc80'https://n.example/pb?c=(clickid)\udc80'",
    "x = 'https://n.example/pb?c=(clickid)&a=\\N{NO SUCH NAME}\\U99999999\\x4'",
]


@pytest.mark.parametrize("name", LANGUAGES)
def test_junk_is_read(name):
    def attempt(text):
        assert all(0 <= one.start <= one.end <= len(text) for one in find_templates(text, name))

    try_all({ascii(text): text for text in JUNK}, attempt)


@pytest.mark.parametrize("name", LANGUAGES)
@reaching(found=5)
@given(
    st.lists(
        st.sampled_from(
            [T, f'"{T}"', f"\n'{T}'\n", f'\n{{"a": "{T}"}}\n', "\nx = ", *"\"'`\\&<>{}()$%#:,|/*=\n\r\t é😀u4"],
        ),
        min_size=1,
        max_size=12,
    ).map("".join)
)
def test_random_text_is_read(name, text):
    found = find_templates(text, name)
    for one in found:
        assert 0 <= one.start <= one.end <= len(text)
    reached(*["found"] * bool(found))


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_file_cut_anywhere_is_read(name):
    text = "\n".join(marked.replace("«", "").replace("»", "") for of, marked in PLACES if of == name)
    for length in range(0, len(text), 7):
        for one in find_templates(text[:length], name):
            assert one.end <= length


def test_thousands_of_templates_in_one_literal_are_found():
    text = f"```\n{T}\n```\n".replace(T, "\n".join(f"{T}&n={number}" for number in range(5_000)))
    assert len(find_templates(text, "markdown")) == 5_000


def test_what_is_longer_than_a_template_may_be_is_none():
    assert find_templates(f"x = '{T}&x={'x' * Limits().template}'", "python") == []


def test_tokens_of_strings_with_holes(monkeypatch):
    # As Python 3.12 and later give them; here they are made up, so that every version takes this way.
    text = "x = (f'https://{a[f\"{b}\"]}/pb?c=(clickid)' '&i=(idfa)' + '')"
    places = [
        (900, 5, 7),
        (1, 16, 17),
        (900, 18, 20),
        (901, 23, 24),
        (901, 41, 42),
        (3, 43, 54),
        (54, 55, 56),
        (3, 57, 59),
    ]
    made = [tokenize.TokenInfo(kind, text[start:end], (1, start), (1, end), text) for kind, start, end in places]
    monkeypatch.setattr(tokenize, "generate_tokens", lambda _: iter(made))
    monkeypatch.setattr(python, "_STARTS", {900})
    monkeypatch.setattr(python, "_ENDS", {901})
    one = only(text, "python")
    assert (one.skipped, text[one.start : one.end]) == ("an f-string with holes", text[7:53])


def test_a_string_with_a_prefix_of_a_later_python_is_left_out(monkeypatch):
    text = f"x = z'{T}'; y = '{T}'"
    places = [(4, 7 + len(T)), (text.rindex(T) - 1, len(text) - 1), (text.rindex(T) - 1, len(text))]
    made = [tokenize.TokenInfo(3, text[start:end], (1, start), (1, end), text) for start, end in places]
    monkeypatch.setattr(tokenize, "generate_tokens", lambda _: iter(made))
    assert len(find_templates(text, "python")) == 1


def test_a_large_change_is_one():
    old, new = "".join(f"{n}a" for n in range(0, 3000, 2)), "".join(f"{n}-" for n in range(1, 3000, 2))
    assert changes(f"x?{old}&y", f"x?{new}&y") == [(2, 2 + len(old), new)] or len(changes(old, new)) == 1
    assert changes("-=" * 600, "=+" * 600 + "x")


def test_text_before_an_empty_part_is_written_into_it():
    text = f"x = ('' '{T}' '')"
    one = only(text, "python")
    assert edited(text, one.write(f"-{T}-")) == f"x = ('-' '{T}-' '')"


def test_a_reference_of_two_characters_is_replaced_whole():
    text = '<a href="https://n.example/pb?c=(clickid)&n=&NotEqualTilde;">'
    one = only(text, "html")
    assert one.template[-2:] == "\u2242\u0338"
    assert edited(text, one.write(one.template[:-1])) == text.replace("&NotEqualTilde;", "\u2242")
    assert edited(text, one.write(one.template[:-2] + "\u0338")) == text.replace("&NotEqualTilde;", "\u0338")
    assert edited(text, one.write(one.template[:-1] + "-\u0338")) == text.replace("&NotEqualTilde;", "\u2242-\u0338")


def test_notations_know_what_is_no_escape():
    python = notation("python")
    assert [python.meaning(escape) for escape in ("\\q", "\\U00110000", "\\N{NO SUCH}", "\\\n", "\r\n")] == [
        None,
        None,
        None,
        "",
        "\n",
    ]
    html = notation("html")
    assert [html.meaning(escape) for escape in ("&nosuch;", "&#0;", "&eacute;", "&#x41;", "&copy")] == [
        None,
        None,
        "é",
        "A",
        "©",
    ]
    assert notation("yaml-folded").meaning("\n\n\n") == "\n\n"
    assert Part(0, 1, notation("verbatim")).check("x", "x")
    assert Literal("", (Part(0, 0, notation("verbatim")),)).end_of(0) == 0
