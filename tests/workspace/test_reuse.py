"""A text that is read again after an edit: what is reused of it is what reading all of it finds."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from macroengine import dialect
from macroengine.workspace.embedded import CannotWriteError, Memory, find_templates, reuse
from tests.support.floors import reached, reaching
from tests.support.trying import slow_after

T = "https://n.example/pb?c=(clickid)&i=(idfa)"
PYTHON = "python"
LANGUAGES = (PYTHON, "yaml", "json", "toml", "javascript", "php", "markdown", "html")
# What a file has many times: flat, nested, with strings over several lines, and with what only looks like them.
BLOCKS = {
    PYTHON: [
        f"A = '{T}'\n",
        f"def f(a):\n    if a:\n\tb = ['it', \"{T}\"]\n    return (\n        '{T}'  # it's\n        '&x=1',\n    )\n\n",
        f'class C:\n    """Of\n    {T} and\n    "more".\n    """\n\n    x = {{\n        "a": "{T}",\n    }}\n',
        f"x = '{T}' \\\n    '&y=1'\nz = f'{T}{{x}}'\n",
        f"s = ('{T}'\n\n     .\n\n     format(x))\n",
        '# it\'s """\n\n\nx = 1\ny = [1,\n  2]\n',
    ],
    "yaml": [
        f"a: {T}\n",
        f"- b: '{T}'\n  c: it's\n  d:\n    - \"{T}\\\n      &x=1\"\n",
        f"e: >-\n  {T}\n\n  it's \"\n# it's\nf: |\n    {T}\n",
        f"g: [x, {{y: {T}, z: 1}},\n  {T}\n]\n",
        f"h: see\n   {T}\n   there\n---\n? k\n: {T}\n",
    ],
    "json": [f'{{"a": "{T}", "b": [1, 2]}},\n', f"// it's\n/* \" */ ['{T}\\u0026x']\n"],
    "toml": [f"a = '{T}'\n", f'# it\'s\nb = """\n{T}\n"""\n'],
    "javascript": [f"const a = '{T}'\n  + '&x';\n", f"/* ' */ x = `${{y}}{T}`, z = /'/;\n", f'y = "{T}";\n'],
    "php": [f"<?php\n$a = '{T}';\n", f"# it's\n$b = <<<A\n{T}\nA;\n?>\n<a href='{T}'>\n"],
    "markdown": [f"See `{T}`.\n\n", f"```python\nx = '{T}'\n```\n", f"[a]({T}) it's\n\n"],
    "html": [f'<a href="{T}">x</a>\n', f"<script>x = '{T}'</script>\n<!-- ' -->\n"],
}
# What changes the meaning of all that follows it, or seems to.
TYPED = [
    *"'\"\\#`()[]{}<>&:,-|%+./ \t\n\r\0é😀x(",
    *('"""', "'''", "\r\n", "\n\n", "\\\n", "/*", "*/", "<!--", "-->", "<?php", "?>", "```", "f'", "- ", "\n    "),
    *("\ufeff", "\u2028", "x" * 10_001, f"'{T}'", "  x = 1\n", "\ty\n", "%", ".format(", "if x:\n"),
]
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from([0, 0, 0, 1, 2, 7, 60, 400]), st.sampled_from(["", *TYPED])),
    min_size=1,
    max_size=6,
)


@pytest.fixture(autouse=True)
def many_marks(monkeypatch):
    monkeypatch.setattr(reuse, "_APART", 1)


def shown(found):
    """Return all that there is to know of the templates that are found."""
    return [
        (one, [one.position(at) for at in range(0, len(one.template) + 1, 9)], one.extent(3, 20), written(one))
        for one in found
    ]


def written(one):
    try:
        return one.write(one.template.replace("(clickid)", "(click-id)") + "&z='")
    except CannotWriteError as error:
        return str(error)


def check_edits(language, text, edits, of=None):
    memory = Memory()
    find_templates(text, language, of, memory)
    for place, removed, typed in edits:
        at = round(place * len(text))
        text = text[:at] + typed + text[at + removed :]
        found = shown(find_templates(text, language, of, memory))
        assert found == shown(find_templates(text, language, of))
    reached(*["found"] * bool(found))


@st.composite
def texts(draw, language):
    blocks = st.sampled_from(BLOCKS[language])
    text = "".join(draw(st.lists(blocks, min_size=2, max_size=14)))
    return draw(st.sampled_from(["", "\ufeff"])) + (text.replace("\n", "\r\n") if draw(st.booleans()) else text)


@pytest.mark.parametrize("language", slow_after(2, LANGUAGES))
@reaching(found=50)
@given(st.data())
def test_what_is_found_after_edits_is_what_is_there(language, data):
    check_edits(language, data.draw(texts(language)), data.draw(EDITS))


# MACROENGINE_LAWS=10000 tries as many, which takes minutes.
@pytest.mark.slow
@pytest.mark.parametrize("language", [PYTHON, "yaml"])
@reaching(found=50)
@settings(max_examples=int(os.environ.get("MACROENGINE_LAWS", "500")))
@given(st.data())
def test_what_is_found_after_any_edits_is_what_is_there(language, data):
    check_edits(language, data.draw(texts(language)), data.draw(EDITS))


@pytest.mark.parametrize(
    ("language", "before", "typed", "after"),
    [
        pytest.param(PYTHON, f"x = ('{T}'\n\n.\n\n", "format", "(x))\n", id="what-is-computed-is-told-two-lines-later"),
        pytest.param(PYTHON, "", "(", f"\nx = '{T}'\n" * 3, id="bracket"),
        pytest.param(PYTHON, "a = 1\n" * 3, ")\n", f"if x:\n  y = '{T}'\n  z = '{T}'\n" * 2, id="bracket-too-many"),
        pytest.param(PYTHON, "if x:\n  if y:\n    z\n", "  ", f"a = '{T}'\n    b\nc\n" * 2, id="indent"),
        pytest.param(PYTHON, "a = 1\n" * 3, '"""', f"x = '{T}'\n" * 3, id="quotes"),
        pytest.param(PYTHON, "x = (a ", "+", f"\n\n'{T}', b)\n", id="sign-on-a-line-before"),
        pytest.param("yaml", "a: b\n\n", "  : ", f"c\nd: {T}\n" * 3, id="key"),
        pytest.param("yaml", f"a: [\n{T}\n\n\n,\n", "]", f"\nb: {T}\n" * 3, id="flow"),
        pytest.param("yaml", "a: 1\n" * 3, "'", f"b: '{T}'\n" * 3, id="quote"),
    ],
)
def test_what_depends_on_lines_far_away(language, before, typed, after):
    memory = Memory()
    for text in (before + after, before + typed + after, before + after, f"{before}{after}\n"):
        assert shown(find_templates(text, language, None, memory)) == shown(find_templates(text, language))


def test_what_is_known_of_a_text_is_of_its_language_and_dialect_and_not_without_end(monkeypatch):
    text = f"a: '{T}'\n" * 3 + "b: https://n.example/pb?c={country}\n"
    memory = Memory()
    for language in ("yaml", "markdown", "yaml"):
        for of in (None, dialect("adjust"), None):
            assert shown(find_templates(text, language, of, memory)) == shown(find_templates(text, language, of))
    monkeypatch.setattr(reuse, "_ENOUGH", -1_000_000)
    assert shown(find_templates(f"{text}\n", "yaml", None, memory)) == shown(find_templates(text, "yaml"))


@pytest.mark.parametrize("language", [PYTHON, "yaml"])
@pytest.mark.parametrize("line", ["[\n" * 60, "x" * 10_001 + "\n", "\0\n", "'\\\nx\n"])
def test_what_cannot_be_resumed_is_read_whole(language, line):
    memory = Memory()
    for before in ("", "x: 1\n", "x: 2\n"):
        text = f"{before}{line}a: '{T}'\n"
        assert shown(find_templates(text, language, None, memory)) == shown(find_templates(text, language))
