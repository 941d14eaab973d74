"""The settings of open files. They are read again when they change; if a file is broken, the old ones stay in use."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from macroengine.errors import MacroEngineError
from macroengine.workspace.config import CONFIG_FILES, Config, Settings, find_config, read_settings
from macroengine.workspace.inputs import InputError, input_name

_AT_LINE = re.compile(r"\(at line (\d+), ")
_KEY = re.compile(r"'(\w+)'")
# Some editors send one of these values for a setting that is not set.
_NOT_SET: tuple[object, ...] = (None, "", [], {})

_Stamp = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a configuration file cannot be used. Lines are counted from 1."""

    line: int
    message: str


@dataclass(slots=True)
class _Known:
    stamp: _Stamp
    config: Config
    settings: dict[str, Settings] = field(default_factory=dict)
    """By the path of the file, since settings may apply to some files only."""


class Configuration:
    """Provides the settings of files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: dict[Path, Problem] = {}
        """The problems of the configuration files that were read."""
        self.given: Mapping[str, Any] = {}
        """The settings of the editor. Like command line options, they override those in files."""
        self._known: dict[Path, _Known] = {}

    def give(self, data: object) -> None:
        """Use the settings of the editor, except those that are not set.

        Raises:
            InputError: they are invalid; the previous ones stay in use.
        """
        if not isinstance(data, Mapping):
            raise InputError(f"the settings of the editor must be a table, not {data!r}")
        said = {key: value for key, value in data.items() if value not in _NOT_SET}
        self.given = read_settings(said, "the settings of the editor", self.root)
        self.forget()

    def forget(self) -> None:
        """Read each file again on its next use, but keep the old content in case it is broken."""
        for known in self._known.values():
            known.stamp = ()
            known.settings.clear()

    def settings_for(self, file: Path) -> Settings:
        """Return the settings for a file, from the nearest configuration. It is the same object until one changes."""
        known = self._of_folder(Path(os.path.realpath(file)).parent)
        key = str(file)
        if key not in known.settings:
            known.settings[key] = self._checked(known.config.settings_for(file, self.given), known.config)
        return known.settings[key]

    def _of_folder(self, folder: Path) -> _Known:
        stamp = _stamp(folder)
        known = self._known.get(folder)
        if known is not None and known.stamp == stamp:
            return known
        config = Config(folder, is_file=False) if known is None else known.config
        read = self._read(folder)
        self._known[folder] = _Known(stamp, config if read is None else read)
        return self._known[folder]

    def _read(self, folder: Path) -> Config | None:
        """Return the configuration of a folder, or else that of the root; None if it cannot be read."""
        for file in _candidates(folder):
            self.problems.pop(file, None)
        try:
            config = find_config(folder)
        except MacroEngineError as error:
            self._report(folder, str(error))
            return None
        except OSError as error:
            self._report(folder, f"{input_name(error.filename or folder)}: {str(error.strerror).lower()}")
            return None
        return config if config.is_file or folder == self.root else self._of_folder(self.root).config

    def _checked(self, settings: Settings, config: Config) -> Settings:
        try:
            settings.check_context()
        except InputError as error:
            self._report(config.folder, str(error))
            return settings._replace(context=None)
        return settings

    def _report(self, folder: Path, message: str) -> None:
        """Report a problem with the file that a message names, or with the first file that exists."""
        files = [file for file in _candidates(folder) if os.path.lexists(file)]
        named = [file for file in files if message.startswith(input_name(file))]
        for file in (named or files)[:1]:
            words = message.removeprefix(f"{input_name(file)}: ")
            self.problems[file] = Problem(_line_of(words, file), words)


def _candidates(folder: Path) -> Iterator[Path]:
    """Yield the files that may contain the settings of a folder, nearest first."""
    for parent in (folder, *folder.parents):
        for name in CONFIG_FILES:
            yield parent / name


def _stamp(folder: Path) -> _Stamp:
    """Return a value that changes when a configuration file does."""
    return tuple(map(_version, _candidates(folder)))


def _version(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _line_of(message: str, file: Path) -> int:
    """Return the line of a file that a message is about; the first line if it names none."""
    at = _AT_LINE.search(message)
    if at is not None:
        return int(at[1])
    key = _KEY.search(message)
    if key is None:
        return 1
    begins = re.compile(rf"""\s*["']?{key[1]}["']?\s*=""")
    lines = file.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((number for number, line in enumerate(lines, 1) if begins.match(line)), 1)
