"""Read the text of a dialect's file, with errors that name the file, macro and key."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from macroengine.caching import late_pattern
from macroengine.catalogue.spec import MacroSpec
from macroengine.errors import CatalogueError
from macroengine.kinds import Consent, Encoding, Function, HashCase, Identifier, Postback, Source, ValueType
from macroengine.language.syntax import Syntax, joined, read_forms, syntaxes, with_functions
from macroengine.opening import open_promptly
from macroengine.suggest import did_you_mean

_Convert = Callable[[Any], Any]

# Ten times as many as any platform documents. Every unknown macro is compared with all names.
_MAX_NAMES = 2_048
_MAX_NAME_LENGTH = 200
# The time that tomllib takes for a dotted key grows with the square of its number of parts. Catalogue keys have three.
_MAX_DOTS = 32
_PART = r"""(?:[A-Za-z0-9_-]{1,200}+|"(?:[^"\\\n]|\\.){0,200}+"|'[^'\n]{0,200}+')"""
_DOTTED_KEY = late_pattern(rf"(?<![^\s\[{{,.]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_MAX_DOTS}}}")


class _WrongValueError(Exception):
    """A value is not valid for its key. The message says what is expected."""


def read_text(path: Path, most: int) -> str:
    """Return the text of a file of at most `most` bytes."""
    try:
        with open(path, "rb", opener=open_promptly) as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:  # a null character in the path raises ValueError
        raise CatalogueError(f"{path}: cannot be read: {getattr(error, 'strerror', error)}") from None
    if len(content) > most:
        raise CatalogueError(f"{path}: larger than {most:,} bytes, the limit for a catalogue file")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path}: not UTF-8 at byte {error.start:,}") from None


def read_dialect(text: str, where: str) -> dict[str, Any]:
    """Return the attributes of a Dialect. `where` names the file in errors."""
    head = _convert(where, _read_toml(text, where), _DIALECT_KEYS, ("name", "syntax", "macros"))
    if head.get("drops_missing") and head.get("missing") is not None:
        raise CatalogueError(f"{where}: keys 'missing' and 'drops_missing' contradict each other; give one of them")
    functions = _convert(f"{where}: [functions]", head.pop("functions", {}), _FUNCTIONS, ())
    partial = head.pop("status", False)
    labels = _convert(f"{where}: [labels]", head.pop("labels", {}), dict.fromkeys(_SOURCES, _text), ())
    syntax = read_syntax(head["syntax"], where)
    groups = {"all": frozenset(Postback), **head.pop("available", {})}
    contexts = head.get("contexts", {})
    columns = {**_COLUMNS, "available": _one_of(groups), "contexts": _list_of(_word_of(contexts))}
    macros = {}
    for macro, row in head["macros"].items():
        at = f"{where}: macro {_shown(macro)}"
        if not isinstance(row, dict):
            example = '{ field = "NAME", source = "Link" }'
            raise CatalogueError(f"{at} must be a table, as {example}, not {_shown(row)}")
        macros[macro] = _macro(macro, row, columns, at)
        _check_spellings(macros[macro], syntax, functions, at)
    _check_names(where, macros.values())
    return {
        "title": head["name"],
        **head,
        "partial": partial,
        "inferred": tuple(_inferred(head)),
        "syntax": _with_functions(syntax, functions, macros, where),
        "macros": MappingProxyType(macros),
        "references": MappingProxyType(head.get("references", {})),
        "contexts": MappingProxyType(contexts),
        "labels": MappingProxyType({source: labels.get(source.value, source.value) for source in Source}),
    }


def _inferred(head: Mapping[str, Any]) -> Iterator[str]:
    """Yield the properties of the dialect that the file does not state, so that they have the library's default."""
    if "encoding" not in head:
        yield "encoding"
    if "missing" not in head and "drops_missing" not in head:
        yield "missing"
    if not any("available" in row for row in head["macros"].values()):
        yield "available"


def _macro(name: str, row: Mapping[str, Any], columns: Mapping[str, _Convert], where: str) -> MacroSpec:
    values = _convert(where, row, columns, ("field", "source"))
    functions = tuple((function, values.pop(function)) for function in Function if function in values)
    return MacroSpec(name, functions=functions, **values)


def _check_spellings(spec: MacroSpec, syntax: Syntax, functions: Mapping[str, str], where: str) -> None:
    """Reject names that the syntax cannot write, and functions that are not written or belong to another macro."""
    for name in (spec.name, *spec.spellings):
        if not syntax.is_name(name):
            forms = " or ".join(f"{form.text}, where names match {form.name}" for form in syntax.forms)
            otherwise = "for other names, make 'syntax' a table with forms and name"
            raise CatalogueError(f"{where}: {_shown(name)} cannot be the name in {forms}; {otherwise}")
    if spec.family is not None and not (spec.family and spec.name.startswith(spec.family)):
        raise CatalogueError(f"{where}: key 'family' must be what the name begins with, not {_shown(spec.family)}")
    own = (spec.name, *spec.spellings, *spec.legacy)
    for function, names in spec.functions:
        if function not in functions:
            raise CatalogueError(f"{where}: key {function.value!r}: [functions] does not say how it is written")
        for name in names:
            if name not in own:
                question = did_you_mean(name, own)
                raise CatalogueError(
                    f"{where}: key {function.value!r}: {_shown(name)} is not a name of this macro{question}"
                )


def read_syntax(given: Any, where: str) -> Syntax:
    """Return the syntax that a dialect names or defines as a table; several are joined to one."""
    several = given if isinstance(given, list) else [given]
    if not several:
        raise CatalogueError(f"{where}: key 'syntax' names no syntax; expected one of {_listed()}, or a table")
    parts = []
    for one in several:
        if isinstance(one, dict):
            parts.append(Syntax("", read_forms(one, f"{where}: [syntax]")))
        elif isinstance(one, str) and one in syntaxes():
            parts.append(syntaxes()[one])
        else:
            raise CatalogueError(
                f"{where}: key 'syntax' must be one of {_listed()}, a table, or a list of both, not {_shown(one)}"
            )
    return parts[0] if len(parts) == 1 else joined(parts, f"{where}: key 'syntax'")


def _listed() -> str:
    """Return the names of the shared syntaxes, each with how it writes a macro."""
    return ", ".join(f"{key} {one.forms[0].text}" for key, one in syntaxes().items())


def _with_functions(
    syntax: Syntax, functions: Mapping[str, str], macros: Mapping[str, MacroSpec], where: str
) -> Syntax:
    """Return the syntax with the functions of the dialect. A name that is in the catalogue is never split."""
    at = f"{where}: [functions]"
    named = with_functions(syntax, functions, frozenset(), at)
    names = {name: spec for spec in macros.values() for name in (spec.name, *spec.spellings, *spec.legacy)}
    whole = set()
    for name in names:
        reading = named.read(named.write(name))
        if reading is not None and reading.function is not None:
            base = names.get(reading.name)
            if base is not None and reading.name in base.names_with(reading.function):
                message = f"{reading.function!r} of {reading.name!r} is written like the macro {name!r}"
                raise CatalogueError(f"{at}: {message}")
            whole.add(name)
    return with_functions(syntax, functions, frozenset(whole), at)


def _read_toml(text: str, where: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - most programs read no dialect before their first template

    # No line of a usual file has so many dots, and to search all of it takes a sixth of the time to read it.
    has_dots = any(line.count(".") >= _MAX_DOTS for line in text.split("\n"))
    long_key = _DOTTED_KEY.search(text) if has_dots else None
    if long_key is not None:
        line = text.count("\n", 0, long_key.start()) + 1
        raise CatalogueError(f"{where}: a dotted key with more than {_MAX_DOTS} parts at line {line:,}")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise CatalogueError(f"{where}: nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{where}: not TOML: {error}") from None
    except ValueError:  # Python does not parse integers of more than 4,300 digits
        raise CatalogueError(f"{where}: an integer has too many digits") from None


def _check_names(where: str, specs: Collection[MacroSpec]) -> None:
    """Check that names are few and short enough to be searched quickly."""
    names = [name for spec in specs for name in (spec.name, *spec.spellings, *spec.legacy)]
    if len(names) > _MAX_NAMES:
        raise CatalogueError(f"{where}: {len(names):,} names of macros; at most {_MAX_NAMES:,} fit")
    longest = max(names, key=len, default="")
    if len(longest) > _MAX_NAME_LENGTH:
        length = f"{len(longest):,} characters; at most {_MAX_NAME_LENGTH} fit"
        raise CatalogueError(f"{where}: macro {_shown(longest)} has a name of {length}")


def _shown(value: Any) -> str:
    """Return a value for a message, shortened if it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python does not format such integers either
        return "a number with too many digits"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_SHOWN = 80


def _convert(
    where: str, row: Mapping[str, Any], columns: Mapping[str, _Convert], must: Iterable[str]
) -> dict[str, Any]:
    """Return `row` with each value converted according to its key."""
    for key in row:
        if key not in columns:
            raise CatalogueError(f"{where}: unknown key {_shown(key)}{did_you_mean(key, columns)}")
    for key in must:
        if key not in row:
            raise CatalogueError(f"{where}: key {key!r} is missing")
    values = {}
    for key, value in row.items():
        try:
            values[key] = columns[key](value)
        except _WrongValueError as error:
            raise CatalogueError(f"{where}: key {key!r} must be {error}, not {_shown(value)}") from None
    return values


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _WrongValueError("a string")


def _printed(value: Any) -> str:
    """Return a name, which messages print and people must be able to read."""
    if _text(value).strip() and value.isprintable():
        return str(value)
    raise _WrongValueError("a name that is not blank and has no control characters")


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _WrongValueError("true or false")


def _list_of(convert: _Convert) -> Callable[[Any], tuple[Any, ...]]:
    def convert_list(value: Any) -> tuple[Any, ...]:
        if isinstance(value, list):
            return tuple(map(convert, value))
        raise _WrongValueError("a list")

    return convert_list


def _table_of(convert: _Convert) -> Callable[[Any], dict[str, Any]]:
    def convert_table(value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return {key: convert(item) for key, item in value.items()}
        raise _WrongValueError("a table")

    return convert_table


def _member(kind: type[StrEnum]) -> _Convert:
    return _one_of({member.value: member for member in kind})


def _one_of(choices: Mapping[str, Any]) -> _Convert:
    def convert(value: Any) -> Any:
        if isinstance(value, str) and value in choices:
            return choices[value]
        raise _WrongValueError(f"one of {', '.join(choices)}")

    return convert


def _word_of(contexts: Mapping[str, str]) -> _Convert:
    def convert(value: Any) -> str:
        if isinstance(value, str) and value in contexts:
            return value
        raise _WrongValueError(f"a list of the words of [contexts] ({', '.join(contexts) or 'it has none'})")

    return convert


def _postbacks(value: Any) -> frozenset[Postback]:
    return frozenset(_list_of(_member(Postback))(value))


def _row(value: Any) -> dict[str, Any]:
    return _table_of(lambda item: item)(value)


# The names of sources in a file, and their default labels.
_SOURCES = {source.value: source for source in Source}

_FUNCTIONS: Mapping[str, _Convert] = {function.value: _text for function in Function}
_DIALECT_KEYS: Mapping[str, _Convert] = {
    "name": _printed,
    "title": _printed,
    "syntax": lambda value: value,
    "functions": _row,
    "encoding": _member(Encoding),
    "missing": _text,
    "drops_missing": _flag,
    "labels": _row,
    "open": _flag,
    "status": _one_of({"complete": False, "partial": True}),
    "references": _table_of(_text),
    "available": _table_of(_postbacks),
    "contexts": _table_of(_text),
    "macros": _row,
}
_COLUMNS: Mapping[str, _Convert] = {
    "field": _printed,
    "source": _one_of(_SOURCES),
    "send_all": _flag,
    "available": _text,
    "type": _member(ValueType),
    "personal": _flag,
    "spellings": _list_of(_text),
    "legacy": _list_of(_text),
    "family": _text,
    **{function.value: _list_of(_text) for function in Function},
    "case": _member(HashCase),
    "encoding": _member(Encoding),
    "missing": _text,
    "argument": _text,
    "identifier": _member(Identifier),
    "consent": _member(Consent),
    "description": _text,
    "example": _text,
    "references": _list_of(_text),
    "inferred": _list_of(_text),
    "note": _text,
}
