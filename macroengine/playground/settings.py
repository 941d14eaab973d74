"""The settings in each call of the page: the template, its dialect and what a network may be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

from macroengine.catalogue import Dialect, dialect
from macroengine.errors import CatalogueError
from macroengine.kinds import Postback
from macroengine.limits import Limits
from macroengine.policy import Policy
from macroengine.workspace.assumed import AUTO, assumed_postback, dialect_for

_T = TypeVar("_T")
_OWN = "your dialect file"

Arguments = Mapping[str, Any]


class RequestError(ValueError):
    """A call that the page would not make."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A template and the settings for reading it."""

    template: str
    dialect: Dialect
    policy: Policy
    is_kind_given: bool
    """Whether the kind of postback was chosen, and not inferred from the macros."""

    @property
    def is_policy_given(self) -> bool:
        """Whether any setting of the policy was chosen."""
        return self.is_kind_given or self.policy.send_all or self.policy.consent


def read_settings(arguments: Arguments) -> Settings:
    """Return the settings of a call.

    They are `template`, and optionally `dialect`, `dialect_file`, `postback`, `send_all` and `consent`.

    Raises:
        CatalogueError: the dialect does not exist, or its file is invalid.
        RequestError: an argument has the wrong type, or the kind of postback does not exist.
    """
    template = argument(arguments, "template", str)
    text = argument(arguments, "dialect_file", str, "")
    chosen = own_dialect(text) if text else chosen_dialect(argument(arguments, "dialect", str, AUTO), template)
    word = argument(arguments, "postback", str, AUTO)
    policy = Policy(
        assumed_postback(template, chosen) if word == AUTO else cast("Postback", word),  # Policy checks it
        argument(arguments, "send_all", bool, default=False),
        consent=argument(arguments, "consent", bool, default=False),
    )
    return Settings(template, chosen, policy, word != AUTO)


def argument(arguments: Arguments, name: str, kind: type[_T], default: _T | None = None) -> _T:
    """Return an argument of a call.

    Raises:
        RequestError: it is missing and has no default, or has the wrong type.
    """
    value = arguments.get(name, default)
    if not isinstance(value, kind):
        raise RequestError(f"argument {name!r} must be of type {kind.__name__}, not {type(value).__name__}")
    return value


def chosen_dialect(name: str, template: str) -> Dialect:
    """Return the dialect with this name; for `auto`, the likeliest one."""
    return dialect_for(AUTO if name == AUTO else dialect(name), template)


@lru_cache(maxsize=4)
def own_dialect(text: str) -> Dialect:
    """Return the dialect in a file that the page has read.

    Raises:
        CatalogueError: the file is too large or invalid.
    """
    most = Limits().catalogue
    if len(text.encode("utf-8", "surrogatepass")) > most:
        raise CatalogueError(f"{_OWN}: larger than {most:,} bytes")
    return Dialect._from_text(text, _OWN)  # files in a browser have no path
