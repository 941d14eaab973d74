"""How macros are written: the grammar files and the table beside them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Installed, the grammar folder lies in the package; in a checkout, beside it.
_HERE = Path(__file__).resolve().parent
GRAMMAR = next(folder for folder in (_HERE / "grammar", _HERE.parent / "grammar") if (folder / "url.lark").is_file())

_NAME = "NAME"


@dataclass(frozen=True, slots=True)
class Syntax:
    """One way to write macros; its language is `grammar/<key>.lark`, `name` the pattern of a macro's name."""

    key: str
    name: str
    macro: str
    sha1: str | None = None
    encode: str | None = None

    def write(self, name: str) -> str:
        """Return the macro `name` as a template writes it.

        >>> syntax("brace").write("price")
        '{price}'
        """
        return self.macro.replace(_NAME, name)

    def write_sha1(self, name: str) -> str:
        """Return the hash of the macro `name` as a template writes it; in a syntax without hashes, the macro."""
        return (self.sha1 or self.macro).replace(_NAME, name)

    @property
    def affixes(self) -> tuple[str, str]:
        """What stands before and behind the name of a macro."""
        before, _, behind = self.macro.partition(_NAME)
        return before, behind

    def hashed_name(self, text: str) -> str | None:
        """Return the name in the hash of a macro; None where the macro `text` is no hash.

        >>> syntax("paren").hashed_name("(sha1-idfa)")
        'idfa'
        """
        if self.sha1 is None:
            return None
        before, _, behind = self.sha1.partition(_NAME)
        # What stands between must itself be a name, which begins with a letter.
        if text.startswith(before) and text[len(before)].isalpha():
            return text[len(before) : -len(behind)]
        return None


@cache
def syntaxes() -> dict[str, Syntax]:
    """Return every syntax by its key."""
    import tomllib  # noqa: PLC0415 - as in the reader of dialects

    table = tomllib.loads((GRAMMAR / "syntaxes.toml").read_text(encoding="utf-8"))
    return {key: Syntax(key, **row) for key, row in table.items()}


def syntax(key: str) -> Syntax:
    """Return the syntax `key`; KeyError where there is none."""
    return syntaxes()[key]
