"""The settings of open files: read again when they change, and kept as they were where a file of them is broken."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from macroengine.errors import MacroEngineError
from macroengine.workspace.config import CONFIG_FILES, Config, Settings, find_config, read_settings
from macroengine.workspace.inputs import InputError, input_name

_AT_LINE = re.compile(r"\(at line (\d+), ")
_KEY = re.compile(r"'(\w+)'")
# A key that is not set in an editor has one of these values in what some editors send.
_NOT_SET: tuple[object, ...] = (None, "", [], {})

_Stamp = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file of settings cannot be used; lines are counted from one."""

    line: int
    message: str


@dataclass(slots=True)
class _Known:
    stamp: _Stamp
    config: Config
    settings: dict[str, Settings] = field(default_factory=dict)
    """By the path of the file, since settings may be for some files only."""


class Configuration:
    """Where the settings of files come from."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: dict[Path, Problem] = {}
        """What is wrong with the files that were read."""
        self.given: Mapping[str, Any] = {}
        """What the editor says, which is over what files say, as options of the command line are."""
        self._known: dict[Path, _Known] = {}

    def give(self, data: object) -> None:
        """Take the settings of the editor; none that are not set.

        Raises:
            InputError: they are not what settings can be; what was given before stays.
        """
        if not isinstance(data, Mapping):
            raise InputError(f"the settings of the editor must be a table, not {data!r}")
        said = {key: value for key, value in data.items() if value not in _NOT_SET}
        self.given = read_settings(said, "the settings of the editor", self.root)
        self.forget()

    def forget(self) -> None:
        """Read every file again when it is asked for; what is known is kept for those that are broken."""
        for known in self._known.values():
            known.stamp = ()
            known.settings.clear()

    def settings_for(self, file: Path) -> Settings:
        """Return the settings for a file, by the nearest configuration; the same object until one changes."""
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
        """Return the configuration of a folder, or else that of the root; None where it cannot be read."""
        for file in _candidates(folder):
            self.problems.pop(file, None)
        try:
            config = find_config(folder)
        except (MacroEngineError, OSError) as error:
            self._report(folder, str(error))
            return None
        return config if config.is_file or folder == self.root else self._of_folder(self.root).config

    def _checked(self, settings: Settings, config: Config) -> Settings:
        try:
            settings.check_context()
        except InputError as error:
            self._report(config.folder, str(error))
            return replace(settings, context=None)
        return settings

    def _report(self, folder: Path, message: str) -> None:
        """Say what is wrong with the file that a message names, or with the first that there is."""
        files = [file for file in _candidates(folder) if file.is_file()]
        named = [file for file in files if message.startswith(input_name(file))]
        for file in (named or files)[:1]:
            words = message.removeprefix(f"{input_name(file)}: ")
            self.problems[file] = Problem(_line_of(words, file), words)


def _candidates(folder: Path) -> Iterator[Path]:
    """Yield the files in which the settings of a folder may be, the nearest first."""
    for parent in (folder, *folder.parents):
        for name in CONFIG_FILES:
            yield parent / name


def _stamp(folder: Path) -> _Stamp:
    """Return what changes when a file of settings does."""
    return tuple(map(_version, _candidates(folder)))


def _version(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _line_of(message: str, file: Path) -> int:
    """Return the line of a file that a message is about; the first where it says nothing of one."""
    at = _AT_LINE.search(message)
    if at is not None:
        return int(at[1])
    key = _KEY.search(message)
    if key is None:
        return 1
    begins = re.compile(rf"""\s*["']?{key[1]}["']?\s*=""")
    lines = file.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((number for number, line in enumerate(lines, 1) if begins.match(line)), 1)
