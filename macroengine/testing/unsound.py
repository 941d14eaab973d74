"""A Hypothesis strategy for templates of all kinds, most of them with errors."""

from functools import cache

from hypothesis import strategies as st

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.kinds import ValueType

# Characters with a meaning in a URL or in a syntax, characters not allowed in a URL, and three lengths of UTF-8.
ALPHABET = 'ab0-._~%+&=?# ()[]{}"\r\n\0é€😀'
_NESTED = ("%3D", "%3d", "%253D", "%25252f", "https%3A%2F%2Fx%3Fid%3D", "%253Fb%3D", "%3Fu%253D", "%25", "%2", "/:@")
# A macro inside JSON, inside a URL in JSON, and inside a parameter of a URL.
_AROUND = (
    '{{"a":"{}"}}',
    "%5B{}%2C1%5D",
    "%7B%22u%22%3A%22x%3A%2F%2Fy%3Fa%3D{}%26b%3D1%22%7D",
    "x%3A%2F%2Fy%2F{}%3Fb%3D1",
    "x%3A%2F%2Fy%3Fa%3D{}%26b%3D1",
    "x%3A%2F%2Fy%3Fd%3D%257B%2522a%2522%253A{}%257D",
)
_ORIGINS = ("https://n.example", "http://u@n.example:80", "app:", "//n.example", "", "")


@st.composite
def unsound_templates(
    draw: st.DrawFn, dialect: str | Dialect = DEFAULT_DIALECT, *, alphabet: str = ALPHABET, unknown: bool = True
) -> str:
    """Draw templates that `check` may reject, with macros of the dialect in any spelling.

    `alphabet` is the alphabet of their literal text. With `unknown`, some have macros that the dialect does not have,
    or macros in the host.
    """
    return draw(_templates(dialect_of(dialect), alphabet, unsound=unknown))


# Building a strategy takes longer than drawing from it.
@cache
def _templates(dialect: Dialect, alphabet: str, *, unsound: bool) -> st.SearchStrategy[str]:
    literals = st.text(alphabet, max_size=3)
    macros = _macros(dialect, unsound=unsound)
    pieces = st.lists(st.one_of(literals, macros), max_size=3).map("".join)
    nested = st.builds("{}{}".format, st.sampled_from(_NESTED), macros)
    inside = st.builds(lambda around, macro: around.format(macro), st.sampled_from(_AROUND), macros)
    mixed = st.lists(st.one_of(macros, nested, literals), min_size=1, max_size=3).map("".join)
    values = _mostly(mixed, 4, inside)
    # Few names, so that they repeat.
    names = st.one_of(st.sampled_from(["a", "b", "a", "b", ""]), st.sampled_from(["a", "b"]), pieces)
    pairs = _mostly(st.builds("{}={}".format, names, values), 3, st.sampled_from(["a", ""]))
    separators = st.sampled_from("&&&&;")
    queries = st.builds(str.join, separators, st.lists(pairs, min_size=1, max_size=3))
    hosts = st.builds("https://{}{}.n.example".format, st.sampled_from(["", "a-"]), macros)
    known = st.sampled_from(_ORIGINS)
    origins = _mostly(known, 2, hosts) if unsound else known
    paths = _mostly(pieces.map("/{}".format), 3, st.just(""), inside.map("/{}".format))
    fragments = _mostly(st.just(""), 4, pieces.map("#{}".format), inside.map("#{}".format))
    whole = st.builds("{}{}?{}{}".format, origins, paths, queries, fragments)
    # The end of a template whose beginning is missing.
    return _mostly(whole, 5, st.builds("{}={}&{}".format, st.sampled_from("ab"), values, queries))


def _mostly(usual: st.SearchStrategy[str], times: int, *others: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Draw from one strategy `times` as often as from each of the others."""
    # Draw the strategy from a list, since one_of treats a strategy that is given several times as one.
    return st.sampled_from([*[usual] * times, *others]).flatmap(lambda chosen: chosen)


@cache
def _macros(dialect: Dialect, *, unsound: bool) -> st.SearchStrategy[str]:
    syntax = dialect.syntax
    specs = list(dialect.macros.values())
    names = [name for spec in specs for name in (spec.name, *spec.spellings, *spec.legacy)]
    kinds = [
        [syntax.write(name) for name in names],
        [syntax.write(spec.name) for spec in specs if not spec.send_all],
        [syntax.write(name, function) for spec in specs for function, names in spec.functions for name in names],
        # An undocumented spelling.
        [syntax.write(spec.name.swapcase()) for spec in specs],
        [syntax.write(spec.name, function) for spec in specs for function, _ in spec.functions],
        *([syntax.write(spec.name) for spec in specs if spec.type is kind] for kind in ValueType),
        [syntax.write("nosuchmacro", function) for function in (None, *dict(syntax.functions))] if unsound else [],
    ]
    return st.one_of([st.sampled_from(macros) for macros in kinds if macros])
