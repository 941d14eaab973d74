"""Generate the grammar of a syntax: the rules in `grammar/url.lark`, and terminals that contain the macro patterns."""

import re
from collections.abc import Iterable

from macroengine.language.forms import Form
from macroengine.language.syntax import GRAMMAR, Syntax


def grammar(syntax: Syntax) -> str:
    """Return the Lark grammar of templates in a syntax."""
    rules = (GRAMMAR / "url.lark").read_text(encoding="utf-8")
    written = "".join(
        f"{name}{_PRIORITIES.get(name, '')}: /{_for_lark(pattern)}/\n" for name, pattern in terminals(syntax).items()
    )
    return f"{rules}\n{written}"


def json_grammar(syntax: Syntax) -> str:
    """Return the Lark grammar of JSON with macros in a syntax."""
    rules = (GRAMMAR / "json.lark").read_text(encoding="utf-8")
    written = "".join(
        f"{name}: /{_for_lark(pattern)}/\n" for name, pattern in _Terminals(syntax).json_patterns().items()
    )
    return f"{rules}\n{written}"


def terminals(syntax: Syntax) -> dict[str, str]:
    """Return the patterns of the terminals that depend on the syntax, by name."""
    return _Terminals(syntax).patterns()


_PRIORITIES = {"SCHEME_MACRO": ".2", "SCHEME_TEXT": ".2", "FIRST_NAME": ".1", "SIMPLE_PAIR": ".2"}


class _Terminals:
    """Generates the terminals for one syntax."""

    def __init__(self, syntax: Syntax) -> None:
        self._macro = f"(?:{syntax.macro})"
        # Texts that are matched as a whole: our macros end a literal, those of other platforms are part of it.
        self._own, self._outer = syntax.forms, syntax.outer
        self._starts = dict.fromkeys(form.opener[0] for form in (*self._own, *self._outer))

    def patterns(self) -> dict[str, str]:
        before_slashes = f"(?=(?:{self._macro}|{self._run('/?#:', _NO_SLASHES)})*+://)"
        return {
            "HASH": self._start("#") if "#" in self._starts else "\\#",
            "MACRO": self._macro,
            "SCHEME_MACRO": f"{self._macro}{before_slashes}",
            "SCHEME_TEXT": f"[Hh][Tt][Tt][Pp][Ss]?(?=:)|{before_slashes}{self._run(':', _NO_SLASHES)}",
            "SCHEME_REST": self._run(":", _NO_SLASHES),
            "AUTHORITY_TEXT": self._run("/?#"),
            "ROOTED_TEXT": f"/(?:{self._run('?#')})?",
            "PATH_TEXT": self._run("?#"),
            "FIRST_NAME": f"{self._run('/:?#&=')}(?==)",
            "NAME_TEXT": self._run("=&#"),
            "VALUE_TEXT": self._run("&#"),
            "FRAGMENT_TEXT": self._run(""),
            # A single token for `&name=macro`, the most common pair. It accepts the same language in a third of the
            # time.
            "SIMPLE_PAIR": f"&[^{_in_class('=&#' + ''.join(self._starts))}]+="
            f"{self._macro}(?=&|\\Z{self._hash_follows()})",
        }

    def json_patterns(self) -> dict[str, str]:
        escaped = "\\\\[\\s\\S]"
        return {
            "MACRO.3": self._macro,
            "STRING_TEXT.2": self._run('"\\', escaped),
            "SINGLE_TEXT.2": self._run("'\\", escaped),
            "WORD.1": self._run(" \t\r\n{}[],:\"'/\ufeff"),
        }

    def _run(self, stops: str, *also: str) -> str:
        """Return the pattern of the longest text without a macro, and without any of the characters in `stops`.

        `also` are patterns of text that is included although it begins with one of these.
        """
        plain = f"[^{_in_class(stops + ''.join(self._starts))}]++"
        whole = [form.bare_pattern for form in self._outer]
        begins = [self._start(start) for start in self._starts if start not in stops]
        return f"(?:{'|'.join([plain, *whole, *begins, *also])})++"

    def _start(self, start: str) -> str:
        """Return the pattern of a character that could begin a macro, where no macro begins."""
        rests = [_rest(form) for form in (*self._own, *self._outer) if form.opener[0] == start]
        return f"{re.escape(start)}(?!{'|'.join(rests)})"

    def _hash_follows(self) -> str:
        return f"|{self._start('#')}" if "#" in self._starts else "|\\#"


_NO_SLASHES = ":(?!//)"


def _rest(form: Form) -> str:
    """Return the pattern of a form without the first character of its opener."""
    opener = re.escape(form.opener)
    return form.bare_pattern.removeprefix(opener[: len(opener) - len(re.escape(form.opener[1:]))])


def _in_class(characters: Iterable[str]) -> str:
    return "".join(map(re.escape, dict.fromkeys(characters)))


def _for_lark(pattern: str) -> str:
    # Lark rejects a line break in a pattern, but not an escaped one.
    return pattern.replace("/", "\\/").replace("\n", "n").replace("\r", "r")
