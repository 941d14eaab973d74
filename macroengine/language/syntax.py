"""The syntax of a dialect: the forms of its macros, and the functions that are written into their names."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from macroengine.errors import CatalogueError
from macroengine.language.forms import Form, FormError
from macroengine.language.patterns import PatternError, automaton

# The grammar folder is inside the package when installed, and next to it in a checkout.
_PACKAGE = Path(__file__).resolve().parents[1]
GRAMMAR = next(
    folder for folder in (_PACKAGE / "grammar", _PACKAGE.parent / "grammar") if (folder / "url.lark").is_file()
)

_NAME = "NAME"
_KEYS = ("forms", "name", "argument", "alternatives")
# Each form is tried at every place where a macro may begin.
_MAX_FORMS = 32


class Reading(NamedTuple):
    """The meaning of a macro: its name, the function written with it, its argument, and the names after the first."""

    name: str
    function: str | None = None
    argument: str | None = None
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Syntax:
    """How a dialect writes its macros. The library writes macros in the first form.

    >>> syntax("dollar").read("${AUCTION_PRICE:B64}")
    Reading(name='AUCTION_PRICE', function=None, argument='B64', alternatives=())
    """

    key: str
    """The names of the shared syntaxes it consists of, joined by `+`; empty for a custom syntax."""
    forms: tuple[Form, ...]
    functions: tuple[tuple[str, str], ...] = ()
    """Functions, each as it is written around NAME: `sha1-NAME`, `NAME_md5`, `NAME:B64`."""
    whole: frozenset[str] = frozenset()
    """Names that are not split, although they look like a name with a function."""

    def write(self, name: str, function: str | None = None) -> str:
        """Return the macro `name`, or a function of it, as it is written in a template.

        >>> syntax("brace").write("price")
        '{price}'

        Raises:
            ValueError: the dialect cannot write this function.
        """
        inside = name if function is None else self._written(function).replace(_NAME, name)
        return self.forms[0].write(inside)

    def writes(self, function: str) -> bool:
        """Say whether the dialect can write this function."""
        return any(function == known for known, _ in self.functions)

    def read(self, text: str) -> Reading | None:
        """Return the meaning of the macro `text`; None if `text` is not a single macro of this syntax."""
        for form, pattern in self._patterns:
            match = pattern.fullmatch(text)
            if match is not None:
                return self._reading(form, match)
        return None

    def is_name(self, name: str) -> bool:
        """Say whether a macro of this syntax can have this name."""
        return any(re.fullmatch(form.name, name) for form in self.forms)

    @cached_property
    def macro(self) -> str:
        """A regular expression for any macro, without groups. Longer openers are tried before shorter ones."""
        return "|".join(form.bare_pattern for form in self._by_opener)

    @cached_property
    def find(self) -> re.Pattern[str]:
        """The compiled `macro`, for finding macros in a text that is not a template."""
        return re.compile(self.macro)

    @property
    def delimiters(self) -> tuple[str, str]:
        """The opener and closer of a macro as the library writes it."""
        return self.forms[0].opener, self.forms[0].closer

    @property
    def name(self) -> str:
        """The pattern of the name of a macro as the library writes it."""
        return self.forms[0].name

    @cached_property
    def openers(self) -> tuple[str, ...]:
        """The texts that a macro can begin with."""
        return tuple(dict.fromkeys(form.opener for form in self.forms))

    @cached_property
    def outer(self) -> tuple[Form, ...]:
        """Forms of other syntaxes that contain a macro of this one, such as `${NAME}` if `{NAME}` is ours."""
        own = {(form.opener, form.closer) for form in self.forms}
        found = {
            (form.text, form.name): form
            for other in syntaxes().values()
            for form in other.forms
            if (form.opener, form.closer) not in own and any(mine.opener in form.opener[1:] for mine in self.forms)
        }
        return tuple(sorted(found.values(), key=lambda form: -len(form.opener)))

    @cached_property
    def _by_opener(self) -> tuple[Form, ...]:
        return tuple(sorted(self.forms, key=lambda form: -len(form.opener)))

    @cached_property
    def _patterns(self) -> tuple[tuple[Form, re.Pattern[str]], ...]:
        return tuple((form, re.compile(form.pattern)) for form in self._by_opener)

    @cached_property
    def _functions(self) -> tuple[tuple[str, str, str], ...]:
        """The text of each function before and after a name. Longer ones are tried first."""
        parts = [(function, *written.partition(_NAME)[::2]) for function, written in self.functions]
        return tuple(sorted(parts, key=lambda part: -len(part[1] + part[2])))

    def _written(self, function: str) -> str:
        for known, written in self.functions:
            if known == function:
                return written
        raise ValueError(
            f"this syntax has no function {function!r}; known: {', '.join(dict(self.functions)) or 'none'}"
        )

    def _reading(self, form: Form, match: re.Match[str]) -> Reading:
        argument = match["argument"] if form.separator else None
        if form.alternatives is None:
            return self._taken_apart(form, match["names"], argument)
        first, *others = match["names"].split(form.alternatives)
        if not others:
            return self._taken_apart(form, first, argument)
        readings = [self._taken_apart(form, name, None) for name in (first, *others)]
        function = readings[0].function
        if any(reading.function != function for reading in readings):
            return Reading(first, None, argument, tuple(others))
        return Reading(readings[0].name, function, argument, tuple(reading.name for reading in readings[1:]))

    def _taken_apart(self, form: Form, name: str, argument: str | None) -> Reading:
        if name in self.whole:
            return Reading(name, None, argument)
        # A function may be written as an argument, or into the name of a macro with an argument.
        if argument is not None and (read := self._function(form, f"{name}{form.separator}{argument}")):
            return Reading(*read)
        if read := self._function(form, name):
            return Reading(*read, argument)
        return Reading(name, None, argument)

    def _function(self, form: Form, inside: str) -> tuple[str, str] | None:
        """Return the name and the function in `inside`; None if it contains no function."""
        for function, before, after in self._functions:
            if inside.startswith(before) and inside.endswith(after):
                inner = inside[len(before) : len(inside) - len(after)]
                if re.fullmatch(form.name, inner):
                    return inner, function
        return None


@cache
def syntaxes() -> Mapping[str, Syntax]:
    """Return all shared syntaxes by name, from `grammar/syntaxes.toml`."""
    import tomllib  # noqa: PLC0415 - the reader of dialects also imports late

    path = GRAMMAR / "syntaxes.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {key: Syntax(key, read_forms(row, f"{path}: [{key}]")) for key, row in table.items()}


def syntax(key: str) -> Syntax:
    """Return the shared syntax `key`; KeyError if there is none."""
    return syntaxes()[key]


def joined(parts: Iterable[Syntax], where: str) -> Syntax:
    """Return a single syntax that combines several.

    Raises:
        CatalogueError: two of them read the same text differently.
    """
    several = list(parts)
    forms = tuple(form for part in several for form in part.forms)
    _check_apart(forms, where)
    keys = [part.key for part in several]
    return Syntax("+".join(keys) if all(keys) else "", forms)


def with_functions(syntax: Syntax, functions: Mapping[str, str], whole: frozenset[str], where: str) -> Syntax:
    """Return a syntax with the functions of a dialect.

    Raises:
        CatalogueError: a function is not written around NAME, or two are written the same way.
    """
    seen: dict[str, str] = {}
    for function, written in functions.items():
        if written.count(_NAME) != 1 or written == _NAME:
            raise CatalogueError(
                f"{where}: key {function!r} must have NAME once and something around it, not {written!r}"
            )
        if written in seen:
            raise CatalogueError(f"{where}: key {function!r} is written like {seen[written]!r}: {written}")
        seen[written] = function
    return replace(syntax, functions=tuple(functions.items()), whole=whole)


def read_forms(row: Mapping[str, Any], where: str) -> tuple[Form, ...]:
    """Return the forms in a table of syntaxes.

    Raises:
        CatalogueError: the table has an unknown key, or an invalid form or pattern.
    """
    for key in row:
        if key not in _KEYS:
            raise CatalogueError(f"{where}: unknown key {key!r}; known: {', '.join(_KEYS)}")
    texts, name = row.get("forms"), row.get("name")
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise _unusable("forms", row, "a list of forms, at least one, as ['{NAME}']", where)
    if not isinstance(name, str):
        raise _unusable("name", row, "a pattern of names, as '[A-Za-z0-9_]+'", where)
    for key in ("argument", "alternatives"):
        if row.get(key) is not None and not isinstance(row[key], str):
            raise CatalogueError(f"{where}: key {key!r} must be a string, not {row[key]!r}")
    forms = tuple(_form(text, row, f"{where}: key 'forms'") for text in texts)
    for form in forms:
        _check_patterns(form, where)
    _check_apart(forms, where)
    return forms


def _unusable(key: str, row: Mapping[str, Any], expected: str, where: str) -> CatalogueError:
    said = f"must be {expected}, not {row[key]!r}" if key in row else f"is missing: {expected}"
    return CatalogueError(f"{where}: key {key!r} {said}")


def _form(text: str, row: Mapping[str, Any], where: str) -> Form:
    try:
        return Form.of(text, name=row["name"], argument=row.get("argument"), alternatives=row.get("alternatives"))
    except FormError as error:
        raise CatalogueError(f"{where}: {text!r} is not a form: a form {error}") from None


def _check_patterns(form: Form, where: str) -> None:
    """Reject patterns that could take long to match, or that would make the end of a macro ambiguous."""
    closing = f"the closing {form.closer!r}"
    opening = f"the opening {form.opener!r}"
    names = {opening: form.opener, closing: form.closer, "the separator of arguments": form.separator}
    names["the separator of alternatives"] = form.alternatives or ""
    _check_pattern("name", form.name, names, where)
    if form.argument is not None:
        _check_pattern("argument", form.argument, {opening: form.opener, closing: form.closer}, where)
    if form.alternatives == "":
        raise CatalogueError(f"{where}: key 'alternatives' must not be empty")


def _check_pattern(key: str, pattern: str, forbidden: Mapping[str, str], where: str) -> None:
    try:
        read = automaton(pattern)
    except PatternError as error:
        raise CatalogueError(f"{where}: key {key!r}: {pattern!r} cannot be used: {error}") from None
    if read.matches_nothing:
        raise CatalogueError(f"{where}: key {key!r}: {pattern!r} matches the empty string")
    for what, text in forbidden.items():
        if text and read.can_contain(text):
            raise CatalogueError(f"{where}: key {key!r}: {pattern!r} can contain {what}, {text!r}")


def _check_apart(forms: Sequence[Form], where: str) -> None:
    """Reject forms that could read the same text differently, and too many forms to try quickly."""
    if len(forms) > _MAX_FORMS:
        raise CatalogueError(f"{where}: {len(forms):,} forms of macros; at most {_MAX_FORMS} fit")
    for one, other in combinations(forms, 2):
        if one.opener != other.opener:
            continue
        # The text after a name decides which of the two it is.
        after_one, after_other = (form.separator or form.closer for form in (one, other))
        if one.name != other.name or after_one.startswith(after_other) or after_other.startswith(after_one):
            raise CatalogueError(f"{where}: forms {one.text!r} and {other.text!r} can read the same text differently")
