"""Settings of a project, from `macroengine.toml` or the table `[tool.macroengine]` of `pyproject.toml`."""

import os
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal, NamedTuple

from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect
from macroengine.errors import CatalogueError
from macroengine.kinds import Postback, Source
from macroengine.policy import Policy
from macroengine.rules import RULES
from macroengine.rules.request_codes import ignored_rules, request_codes
from macroengine.suggest import did_you_mean
from macroengine.workspace.assumed import AUTO, dialect_for
from macroengine.workspace.columns import ROLES, Layout, folded
from macroengine.workspace.inputs import InputError, input_name, read_toml
from macroengine.workspace.record import built_in_names
from macroengine.workspace.sources import searched_language
from macroengine.workspace.text import checked_encoding

_OWN_FILE = "macroengine.toml"
_PROJECT_FILE = "pyproject.toml"
CONFIG_FILES = (_OWN_FILE, _PROJECT_FILE)
"""The names of configuration files. If a folder has both, the first counts."""


class Settings(NamedTuple):
    """The settings that a template is checked with."""

    dialect: Dialect | Literal["auto"]
    """"auto": the likeliest dialect of each template."""
    postback: Postback | None = None
    """None: the kind that is inferred from the macros of each template."""
    send_all: bool = False
    consent: bool = False
    context: str | None = None
    sources: frozenset[Source] = frozenset(Source)
    deny: frozenset[str] = frozenset()
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    columns: Mapping[str, str] = {}
    """The names of table columns, by role."""
    sheet: str | None = None
    encoding: str | None = None
    dialects: Mapping[str, Dialect | Literal["auto"]] = {}
    """Custom dialects, by the names that table rows may use."""

    def layout(self, given: Layout) -> Layout:
        """Return where the templates of a file are: as given, or else according to these settings."""
        said = {**self.columns, "sheet": self.sheet, "encoding": self.encoding}
        missing: dict[str, Any] = {name: value for name, value in said.items() if getattr(given, name) is None}
        return given._replace(embedded=None if self.dialect == AUTO else self.dialect, **missing)

    @property
    def named(self) -> Mapping[str, Dialect | Literal["auto"]]:
        """The dialects that table rows may name, except built-in ones: by the given names, and by their own."""
        custom = (one for one in (self.dialect, *self.dialects.values()) if isinstance(one, Dialect))
        own = {folded(name): one for one in custom for name in (one.name, one.title)}
        return {name: one for name, one in own.items() if name not in built_in_names()} | dict(self.dialects)

    def dialect_of(self, template: str) -> Dialect:
        """Return the dialect that a template is checked in."""
        return dialect_for(self.dialect, template)

    def check_context(self) -> None:
        """Check that the dialect has the context of these settings.

        Raises:
            InputError: it does not have the context, or the dialect is "auto".
        """
        if self.dialect == AUTO:
            if self.context is not None:
                raise InputError("a context is one of a dialect's own; say which dialect it is")
            return
        try:
            self.dialect.check_context(self.context)
        except ValueError as error:
            raise InputError(str(error)) from None

    @property
    def policy(self) -> Policy:
        """The policy that templates are checked with."""
        return Policy(
            self.postback or Postback.INSTALL,
            self.send_all,
            self.sources,
            self.deny,
            self.consent,
            context=self.context,
        )

    @property
    def wanted(self) -> tuple[str, ...]:
        """The codes of the rules to run."""
        return tuple(code for code in request_codes(self.select, self.ignore) if code in RULES)

    @property
    def ignored(self) -> tuple[str, ...]:
        """The codes of rules that are ignored: what such a rule would silence is found, too."""
        return ignored_rules(self.ignore)


class Config(NamedTuple):
    """The settings of a project, and settings for single files that override them."""

    folder: Path
    settings: Mapping[str, Any] = {}
    per_file: Mapping[str, Mapping[str, Any]] = {}
    is_file: bool = True
    """Whether a configuration file exists. Otherwise there are no settings."""

    def settings_for(self, file: Path | None, given: Mapping[str, Any]) -> Settings:
        """Return the settings for a file, or for no file. Settings `given` on the command line override all others."""
        # Templates embedded in code may be of any platform.
        is_code = file is not None and searched_language(str(file)) is not None
        found = Settings(AUTO if is_code else dialect(DEFAULT_DIALECT))
        for values in (self.settings, *self._of_file(file), given):
            found = found._replace(**values)
        return found

    def _of_file(self, file: Path | None) -> list[Mapping[str, Any]]:
        """Return the settings whose pattern matches the file's name, or its path relative to the configuration."""
        if file is None:
            return []
        full = Path(os.path.realpath(file))  # Path.resolve fails on a loop of links
        path = full.relative_to(self.folder) if full.is_relative_to(self.folder) else full
        return [
            values
            for pattern, values in self.per_file.items()
            if fnmatch(path.as_posix(), pattern) or fnmatch(path.name, pattern)
        ]


class NearestConfig:
    """Finds the nearest configuration of each file; for a file that has none, that of the working directory."""

    def __init__(self, working: Config) -> None:
        self._working = working
        self._found: dict[Path, Config] = {}

    def settings_for(self, file: Path | None, given: Mapping[str, Any]) -> Settings:
        """Return the settings for a file, from the nearest configuration in its folder or above."""
        if file is None:
            return self._working.settings_for(None, given)
        folder = Path(os.path.realpath(file)).parent
        if folder not in self._found:
            config = find_config(folder)
            self._found[folder] = config if config.is_file else self._working
        return self._found[folder].settings_for(file, given)


def find_config(folder: Path) -> Config:
    """Return the configuration of a folder: that of the nearest folder upwards that has one."""
    for parent in (folder, *folder.parents):
        own, project = parent / _OWN_FILE, parent / _PROJECT_FILE
        # A folder or a broken link of these names is an error: its settings are missed.
        if os.path.lexists(own):
            return read_config(own)
        if os.path.lexists(project) and "macroengine" in _tools(project):
            return read_config(project)
    return Config(folder, is_file=False)


def read_config(path: Path) -> Config:
    """Read a configuration file; for `pyproject.toml`, read its table `[tool.macroengine]`.

    Raises:
        InputError: the file is not valid TOML, or not a valid configuration.
        OSError: the file cannot be read.
    """
    where = input_name(path)
    if path.name == _PROJECT_FILE:
        where = f"{where}: [tool.macroengine]"
        data = _expect(_tools(path).get("macroengine", {}), dict, f"{where} must be a table")
    else:
        data = read_toml(path)
    folder = Path(os.path.realpath(path)).parent
    per_file = _expect(data.pop("per_file", {}), dict, f"{where}: 'per_file' must be a table")
    settings = {
        pattern: read_settings(
            _expect(values, dict, f"{where}: per_file.{pattern!r} must be a table"),
            f"{where}: per_file.{pattern!r}",
            folder,
        )
        for pattern, values in per_file.items()
    }
    return Config(folder, read_settings(data, where, folder, also=("per_file",)), settings)


def _tools(path: Path) -> dict[str, Any]:
    """Return the table `[tool]` of a `pyproject.toml`, or an empty one if `tool` is not a table."""
    tools = read_toml(path).get("tool")
    return tools if isinstance(tools, dict) else {}


def read_settings(data: Mapping[str, Any], where: str, folder: Path, also: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the settings in a table, as arguments for `Settings`. Paths in it are relative to `folder`.

    Raises:
        InputError: a key is unknown, or a value is invalid; the message contains `where`.
    """
    values = {}
    for key, value in data.items():
        if key not in _KEYS:
            known = (*_KEYS, *also)
            question = did_you_mean(key, known) or f" (known: {', '.join(known)})"
            raise InputError(f"{where}: unknown key {key!r}{question}")
        values[key] = _KEYS[key](value, f"{where}: {key!r}", folder)
    return values


def _expect(value: Any, kind: type, message: str) -> Any:
    if not isinstance(value, kind):
        raise InputError(f"{message}, not {value!r}")
    return value


def _dialect(value: Any, where: str, folder: Path) -> Dialect | Literal["auto"]:
    name = _expect(value, str, f"{where} must be the name of a dialect or a file")
    if name == AUTO:
        return AUTO
    try:
        return Dialect.from_toml(folder / name) if name.endswith(".toml") else dialect(name)
    except CatalogueError as error:
        raise InputError(f"{where}: {error}") from None


def _postback(value: Any, where: str, _: Path) -> Postback:
    kinds = ", ".join(Postback)
    if value not in list(Postback):
        raise InputError(f"{where} must be one of {kinds}, not {value!r}")
    return Postback(value)


def _flag(value: Any, where: str, _: Path) -> bool:
    flag: bool = _expect(value, bool, f"{where} must be true or false")
    return flag


def _sources(value: Any, where: str, _: Path) -> frozenset[Source]:
    words = _names(value, where, _)
    try:
        return frozenset(map(Source, words))
    except ValueError:
        raise InputError(f"{where} must be a list of {', '.join(Source)}, not {value!r}") from None


def _names(value: Any, where: str, _: Path) -> frozenset[str]:
    names = _expect(value, list, f"{where} must be a list of strings")
    return frozenset(_expect(name, str, f"{where} must be a list of strings") for name in names)


def _codes(value: Any, where: str, _: Path) -> tuple[str, ...]:
    found = tuple(
        _expect(code, str, f"{where} must be a list of codes")
        for code in _expect(value, list, f"{where} must be a list of codes")
    )
    try:
        request_codes(found, ())
    except ValueError as error:
        raise InputError(f"{where}: {error}") from None
    return found


def _word(value: Any, where: str, _: Path) -> str:
    word: str = _expect(value, str, f"{where} must be a string")
    return word


def _encoding(value: Any, where: str, folder: Path) -> str:
    try:
        return checked_encoding(_word(value, where, folder))
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _columns(value: Any, where: str, folder: Path) -> dict[str, str]:
    columns = _expect(value, dict, f"{where} must be a table")
    for role in columns:
        if role not in ROLES:
            raise InputError(f"{where}: unknown column {role!r}{did_you_mean(role, ROLES)} (known: {', '.join(ROLES)})")
    return {role: _word(name, f"{where}: {role!r}", folder) for role, name in columns.items()}


def _dialects(value: Any, where: str, folder: Path) -> dict[str, Dialect | Literal["auto"]]:
    dialects = _expect(value, dict, f"{where} must be a table")
    return {folded(name): _dialect(file, f"{where}: {name!r}", folder) for name, file in dialects.items()}


_KEYS: Mapping[str, Callable[[Any, str, Path], Any]] = {
    "dialect": _dialect,
    "postback": _postback,
    "send_all": _flag,
    "consent": _flag,
    "context": _word,
    "sources": _sources,
    "deny": _names,
    "select": _codes,
    "ignore": _codes,
    "columns": _columns,
    "sheet": _word,
    "encoding": _encoding,
    "dialects": _dialects,
}
