"""A hostile dialect file is refused, with a CatalogueError that names it."""

import random

import pytest

from macroengine import CatalogueError, Dialect, check, suggest

HEAD = 'name = "mine"\nsyntax = "brace"\n'
EMPTY = HEAD + "macros = {}\n"
MACROS = HEAD + "[macros]\n"
SIZE = 200_000


def row(name):
    return f'{name} = {{ field = "f", source = "Platform" }}\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(".".join("a" * 400_000) + "=1", "a dotted key with more than 32 parts at line 1$", id="dotted"),
        pytest.param("\n[" + ".".join("a" * 400_000) + "]", "more than 32 parts at line 2$", id="dotted-header"),
        pytest.param('"a" . ' * 150_000 + "a=1", "more than 32 parts", id="dotted-with-quotes-and-spaces"),
        pytest.param("''." * 300_000 + "a=1", "more than 32 parts", id="dotted-empty-names"),
        pytest.param("a" * 300 + "." + ".".join("b" * 400_000) + "=1", "more than 32 parts", id="dotted-after-long"),
        pytest.param("x = { " + "b." * 40 + "a = 1 }", "more than 32 parts", id="dotted-inside"),
        pytest.param(".".join(["a" * 201] * 4_000) + "=1", "unknown key", id="dotted-long-parts"),
        pytest.param((".".join("b" * 30) + ".%d=1\n") * 2_000 % (*range(2_000),), "unknown key", id="many-dotted"),
        pytest.param('a = "' + '\\"' * 400_000, "Unterminated string", id="escaped-quotes"),
        pytest.param('"' * SIZE, "not TOML", id="quotes"),
        pytest.param("a" * SIZE, "not TOML", id="one-word"),
        pytest.param("a = " + "9" * 4_301, "an integer has too many digits$", id="long-integer"),
        pytest.param("[macros]\na = 0x" + "f" * SIZE, "key 'name' is missing", id="long-hexadecimal"),
        pytest.param(EMPTY + "open = 0x" + "f" * 9_000, "true or false, not a number with too many digits$"),
        pytest.param(EMPTY + "open = " + "9" * 4_000, "must be true or false, not 9{80}…$", id="long-integer-as-flag"),
        pytest.param(EMPTY + "title = " + "[" * 100 + "]" * 100, r"must be a string, not \[{80}…$", id="nested"),
        pytest.param("a = " + "[" * SIZE, "nested too deeply$", id="deep"),
        pytest.param("a = " + "{a=" * 60_000, "nested too deeply$", id="deep-tables"),
        pytest.param(MACROS + "".join(map(row, map("m{}".format, range(22_000)))), "22,000 names of macros; at most"),
        pytest.param(
            MACROS + 'a = { field = "f", source = "SDK", legacy = [' + '"b",' * 3_000 + "] }", "3,001 names of macros"
        ),
        pytest.param(MACROS + row("a" * 300), "has a name of 300 characters; at most 200 fit", id="long-name"),
        pytest.param(MACROS + '"' + "-" * 300 + '" = {}', "macro '-{79}…: key 'field' is missing$", id="long-row"),
        pytest.param("a" * 300 + " = 1", "unknown key 'a{79}…$", id="long-key"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(CatalogueError, match=message) as caught:
        Dialect.from_toml(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value)) < len(str(path)) + 200


def test_dots_in_a_text_are_no_dotted_key(tmp_path):
    path = tmp_path / "mine.toml"
    text = "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16 ... see https://a.b.c.example/d.e.f.g, " * 5
    path.write_text(f'{HEAD}[macros]\na = {{ field = "f", source = "Platform", description = "{text}" }}\n')
    assert Dialect.from_toml(path).macros["a"].description == text


@pytest.mark.parametrize("name", ["none\0.toml", "\ud800.toml"])
def test_a_path_that_no_file_can_have_is_named(tmp_path, name):
    with pytest.raises(CatalogueError, match="cannot be read"):
        Dialect.from_toml(tmp_path / name)


def test_the_largest_catalogue_suggests_in_no_time(tmp_path, monkeypatch):
    """Names of the same letters cannot be told apart by anything faster than the distance itself."""
    chance = random.Random(5)
    names = ["".join(chance.sample("abcdefghij" * 9, 90)) for _ in range(2_048)]
    path = tmp_path / "mine.toml"
    path.write_text(MACROS + "".join(map(row, names)))
    compared = []
    distance = suggest.edit_distance
    monkeypatch.setattr(suggest, "edit_distance", lambda a, b: compared.append(len(a) * len(b)) or distance(a, b))
    wrong = names[0][:-1] + "x"
    [found] = check("?a={" + wrong + "}", dialect=Dialect.from_toml(path), select=["ME1"])
    assert f"did you mean '{names[0]}'" in found.message
    assert sum(compared) <= 500_000
