"""What is promised of dialects that strangers write: a file is refused in our words, or whole."""

import pickle
import tempfile
from functools import cache
from pathlib import Path

from macroengine import CatalogueError, Dialect, Event, check, compile_template, fix
from macroengine.catalogue import Spelling
from tests.fuzz.inputs import Input


def fuzz_catalogue(made: Input) -> None:
    """A file that is no dialect is a CatalogueError; of any other, every macro is found and rendered."""
    path = Path(_folder().name) / "mine.toml"
    path.write_bytes(made.bytes())
    try:
        mine = Dialect.from_toml(path)
    except CatalogueError as error:
        assert str(error).startswith(str(path))
        return
    again = pickle.loads(pickle.dumps(mine))
    assert (again, again.macros, again.fields) == (mine, mine.macros, mine.fields)
    assert set(mine.names()) <= set(mine._spelled)
    for name, spec in mine.macros.items():
        assert mine.find(name) == (spec, Spelling.DOCUMENTED)
        assert mine.fields[spec.field] is spec.source
    url = "https://n.example/?a=x" + "".join(
        f"&{number}={mine.syntax.write(name)}" for number, name in enumerate(mine.macros)
    )
    assert not [finding for finding in check(url, dialect=mine) if finding.code == "ME101"]
    fix(url + mine.syntax.write("nosuchmacro"), dialect=mine, unsafe=True)
    event = Event.from_flat(dict.fromkeys(mine.fields, "a b"), mine)
    assert len(mine.macros) == compile_template(url, dialect=mine, ignore=["ME"]).render(event).count("a%20b")


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()
