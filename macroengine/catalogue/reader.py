"""Read the text of a dialect's file, with errors that name the file, macro and key."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from macroengine.caching import late_pattern
from macroengine.catalogue.keys import DIALECT_KEYS, FUNCTIONS, LABELS, Convert, convert_row, macro_keys, shown
from macroengine.catalogue.spec import MacroSpec
from macroengine.diagnostics import printable
from macroengine.errors import CatalogueError
from macroengine.kinds import Function, Postback, Source
from macroengine.language.syntax import Syntax, joined, read_forms, syntaxes, with_functions
from macroengine.opening import open_promptly
from macroengine.suggest import did_you_mean

# Ten times as many as any platform documents. Every unknown macro is compared with all names.
_MAX_NAMES = 2_048
_MAX_NAME_LENGTH = 200
# The time that tomllib takes for a dotted key grows with the square of its number of parts. Catalogue keys have three.
_MAX_DOTS = 32
_PART = r"""(?:[A-Za-z0-9_-]{1,200}+|"(?:[^"\\\n]|\\.){0,200}+"|'[^'\n]{0,200}+')"""
_DOTTED_KEY = late_pattern(rf"(?<![^\s\[{{,.]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{_MAX_DOTS}}}")


def read_text(path: Path, most: int) -> str:
    """Return the text of a file of at most `most` bytes, without a byte order mark."""
    where = printable(str(path))
    try:
        with open(path, "rb", opener=open_promptly) as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:  # a null character in the path raises ValueError
        raise CatalogueError(f"{where}: cannot be read: {getattr(error, 'strerror', error)}") from None
    if len(content) > most:
        raise CatalogueError(f"{where}: larger than {most:,} bytes, the limit for a catalogue file")
    try:
        return content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{where}: not UTF-8 at byte {error.start:,}") from None


def read_dialect(text: str, where: str) -> dict[str, Any]:
    """Return the attributes of a Dialect. `where` names the file in errors."""
    head = convert_row(where, _read_toml(text, where), DIALECT_KEYS, ("name", "syntax", "macros"))
    if head.get("drops_missing") and head.get("missing") is not None:
        raise CatalogueError(f"{where}: keys 'missing' and 'drops_missing' contradict each other; give one of them")
    functions = convert_row(f"{where}: [functions]", head.pop("functions", {}), FUNCTIONS, ())
    partial = head.pop("status", False)
    labels = convert_row(f"{where}: [labels]", head.pop("labels", {}), LABELS, ())
    syntax = read_syntax(head["syntax"], where)
    groups = {"all": frozenset(Postback), **head.pop("available", {})}
    contexts = head.get("contexts", {})
    keys = macro_keys(groups, contexts)
    macros = {}
    for macro, row in head["macros"].items():
        at = f"{where}: macro {shown(macro)}"
        if not isinstance(row, dict):
            example = '{ field = "NAME", source = "Link" }'
            raise CatalogueError(f"{at} must be a table, as {example}, not {shown(row)}")
        macros[macro] = _macro(macro, row, keys, at)
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


def _macro(name: str, row: Mapping[str, Any], keys: Mapping[str, Convert], where: str) -> MacroSpec:
    values = convert_row(where, row, keys, ("field", "source"))
    functions = tuple((function, values.pop(function)) for function in Function if function in values)
    return MacroSpec(name, functions=functions, **values)


def _check_spellings(spec: MacroSpec, syntax: Syntax, functions: Mapping[str, str], where: str) -> None:
    """Reject names that the syntax cannot write, and functions that are not written or belong to another macro."""
    for name in (spec.name, *spec.spellings):
        if not syntax.is_name(name):
            raise _unwritable(name, syntax, where)
    if spec.family is not None and not (spec.family and spec.name.startswith(spec.family)):
        raise CatalogueError(f"{where}: key 'family' must be what the name begins with, not {shown(spec.family)}")
    own = (spec.name, *spec.spellings, *spec.legacy)
    for function, names in spec.functions:
        if function not in functions:
            raise CatalogueError(f"{where}: key {function.value!r}: [functions] does not say how it is written")
        for name in names:
            if name not in own:
                advice = did_you_mean(name, own) or "; name the macro itself"
                raise CatalogueError(
                    f"{where}: key {function.value!r}: {shown(name)} is not a name of this macro{advice}"
                )


def _unwritable(name: str, syntax: Syntax, where: str) -> CatalogueError:
    forms = " or ".join(f"{form.text}, where names match {form.name}" for form in syntax.forms)
    otherwise = "for other names, make 'syntax' a table with forms and name"
    return CatalogueError(f"{where}: {shown(name)} cannot be the name in {forms}; {otherwise}")


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
                f"{where}: key 'syntax' must be one of {_listed()}, a table, or a list of both, not {shown(one)}"
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
    _check_functions(named, macros.values(), at)
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


def _check_functions(syntax: Syntax, specs: Collection[MacroSpec], where: str) -> None:
    """Reject a function that is documented for a name with which the syntax cannot read it."""
    written = dict(syntax.functions)
    for spec in specs:
        for function, names in spec.functions:
            for inside in (written[function].replace("NAME", name) for name in names):
                if not any(syntax.read(form.write(inside)) for form in syntax.forms):
                    raise _unwritable(inside, syntax, f"{where} {function.value}")


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
        raise CatalogueError(f"{where}: macro {shown(longest)} has a name of {length}")
