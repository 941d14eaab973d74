"""The columns of a table: which one contains the templates, and which describe them."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from macroengine.catalogue import Dialect
from macroengine.kinds import Postback
from macroengine.suggest import did_you_mean
from macroengine.workspace.inputs import InputError, NoColumnError

DEFAULT_COLUMN = "template"
ROLES = ("template", "partner", "dialect", "postback", "ignore")


def folded(name: str) -> str:
    """Return the name of a column without characters that do not matter.

    >>> folded(" Postback_URL ")
    'postbackurl'
    """
    return "".join(char for char in name.casefold() if char.isalnum())


@cache
def _words() -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - as in the reader of dialects

    return tomllib.loads(Path(__file__).with_name("columns.toml").read_text(encoding="utf-8"))


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    return {role: tuple(map(folded, names)) for role, names in _words()["columns"].items()}


@cache
def _alone() -> frozenset[str]:
    return frozenset(map(folded, _words()["alone"]["template"]))


@cache
def kinds() -> Mapping[str, Postback]:
    """Return the kind of postback that each word means, folded."""
    return {folded(word): Postback(kind) for kind, words in _words()["kinds"].items() for word in words}


@cache
def _loose() -> frozenset[str]:
    return frozenset(map(folded, _words()["loose"]["dialect"]))


@cache
def _devices() -> frozenset[str]:
    return frozenset(_words()["devices"]["words"])


def is_about_devices(text: str) -> bool:
    """Say whether the text of a platform column is only about devices and stores.

    >>> is_about_devices("iOS 17 / Android"), is_about_devices("Kochava")
    (True, False)
    """
    return _devices().issuperset(re.findall(r"[^\W\d_]+", text.casefold()))


class Layout(NamedTuple):
    """Where a file has its templates, as far as it is given. The rest is detected."""

    template: str | None = None
    partner: str | None = None
    dialect: str | None = None
    postback: str | None = None
    ignore: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    embedded: Dialect | None = None
    """The dialect of templates embedded in code, if given."""
    is_sure: bool = False
    """Whether the template column is recognised only by names that can mean nothing else."""

    def is_loose(self, name: str) -> bool:
        """Say whether the dialect column with this name may be about something else: devices, or advertisers."""
        return self.dialect is None and folded(name) in _loose()

    def asked(self) -> dict[str, str]:
        """Return the columns that were requested by name, by their role."""
        given = {role: getattr(self, role) for role in ROLES}
        return {role: name for role, name in given.items() if name is not None}


def recognised(header: Sequence[str], layout: Layout) -> dict[str, int]:
    """Return the index of each column that was requested or is recognised by its name, by role.

    >>> recognised(["ID", "Partner", "Postback URL", "URL"], Layout())
    {'template': 2, 'partner': 1}
    >>> recognised(["Partner", "URL"], Layout()), recognised(["Link", "URL"], Layout())
    ({'template': 1, 'partner': 0}, {})
    """
    asked = layout.asked()
    spelled = [folded(name) for name in header]
    found: dict[str, int] = {}
    for role in ROLES:
        if role in asked:
            index = _index(asked[role], header, spelled)
        else:
            index = next((spelled.index(name) for name in _names()[role] if name in spelled), None)
            if index is None and role == "template" and not layout.is_sure:
                index = _only(spelled)
        if index is not None and index not in found.values():
            found[role] = index
    return found


def _only(spelled: Sequence[str]) -> int | None:
    """Return the index of the column that can only be that of the templates because no other one can."""
    found = [index for index, name in enumerate(spelled) if name in _alone()]
    return found[0] if len(found) == 1 else None


def _index(wanted: str, header: Sequence[str], spelled: Sequence[str]) -> int | None:
    if wanted in header:
        return header.index(wanted)
    name = folded(wanted)
    return spelled.index(name) if name and name in spelled else None


def columns_of(header: Sequence[str], layout: Layout, where: str) -> dict[str, int]:
    """Return the result of `recognised` if it includes the template column and all requested columns.

    Raises:
        NoColumnError: the template column is missing.
        InputError: another requested column is missing, or several have the name of one that is read.
    """
    found = recognised(header, layout)
    for role, name in {"template": DEFAULT_COLUMN, **layout.asked()}.items():
        if role not in found:
            known = [column for column in header if column.strip()]
            listed = f" (known: {', '.join(map(repr, known)) or 'none'})"
            option = "" if role in layout.asked() else "; say which has the templates with --column"
            kind = NoColumnError if role == "template" else InputError
            raise kind(f"{where}: no column {name!r}{did_you_mean(name, known)}{listed}{option}")
    for role, index in found.items():
        if role != "partner":  # only shown, so the first one will do
            _check_single(header[index], header, layout, where)
    return found


def _check_single(name: str, header: Sequence[str], layout: Layout, where: str) -> None:
    """Reject a table in which another column has this name, which only an exact `--column` can tell apart."""
    same = [other for other in header if folded(other) == folded(name)]
    if len(same) > 1 and (same.count(name) > 1 or name not in layout.asked().values()):
        raise InputError(f"{where}: {len(same)} columns are called {', '.join(map(repr, same))}; rename all but one")
