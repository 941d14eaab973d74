"""What is promised of dialects that strangers write: a file is refused in our words, or whole."""

import pickle

from macroengine import CatalogueError, Dialect, Event, Limits, check, compile_template, fix
from macroengine.catalogue import Spelling
from tests.fuzz.inputs import Input

# Opening a file would take longer than all the rest; so this is the name of one that is not there.
_WHERE = "mine.toml"
_LIMITS = Limits()


def fuzz_catalogue(made: Input) -> None:
    """A file that is not a dialect is a CatalogueError; of any other, every macro is found and rendered."""
    try:
        mine = Dialect._from_text(made.bytes().decode(errors="replace"), _WHERE)
    except CatalogueError as error:
        assert str(error).startswith(f"{_WHERE}: ")
        return
    again = pickle.loads(pickle.dumps(mine))
    assert (again, again.macros, again.fields) == (mine, mine.macros, mine.fields)
    assert set(mine.names()) <= set(mine._spelled)
    for name, spec in mine.macros.items():
        assert mine.find(name) == (spec, Spelling.DOCUMENTED)
        assert mine.open or (mine.find(name.swapcase()) or ())[0] == spec
        assert mine.fields[spec.field] is spec.source
    url = "https://n.example/?a=x" + "".join(
        f"&{number}={mine.syntax.write(name)}" for number, name in enumerate(mine.macros)
    )
    unknown = mine.syntax.write("nosuchmacro")
    if len(mine.macros) >= _LIMITS.macros or len(url + unknown) > _LIMITS.template:
        return
    assert not [finding for finding in check(url, dialect=mine) if finding.code == "ME101"]
    fix(url + unknown, dialect=mine, unsafe=True)
    event = Event.from_flat(dict.fromkeys(mine.fields, "a-b"), mine)
    rendered = compile_template(url, dialect=mine, ignore=["ME"]).render(event)
    if "base64" not in {mine.encoding, *(spec.encoding for spec in mine.macros.values())}:
        assert rendered.count("a-b") == len(mine.macros)
