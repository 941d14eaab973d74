"""The codes of checks on requests and files, in a module that loads none of the checks."""

from collections.abc import Iterable

from macroengine.rules.file_faults import FILE_FAULTS
from macroengine.rules.registry import RULES, codes, prefixes
from macroengine.rules.request_faults import REQUEST_FAULTS

_FAULTS = (*REQUEST_FAULTS, *FILE_FAULTS)


def request_codes(select: Iterable[str] | None, ignore: Iterable[str]) -> tuple[str, ...]:
    """Return the codes that are selected and not ignored: of rules, of checks on requests, and of checks on files.

    Raises:
        ValueError: a code is unknown, or not a prefix of any.
    """
    chosen = None if select is None else prefixes("select", select)
    ignored = prefixes("ignore", ignore)
    own, others = _parted(ignored)
    if chosen is None:
        return (*codes(None, others, _FAULTS), *(code for code in _FAULTS if not code.startswith(own)))
    picked, rest = _parted(chosen)
    return (
        *codes(rest, others, _FAULTS),
        *(code for code in _FAULTS if code.startswith(picked) and not code.startswith(own)),
    )


def ignored_rules(ignore: Iterable[str]) -> tuple[str, ...]:
    """Return the codes of the rules of templates that are ignored: what they would silence is found, too.

    Raises:
        ValueError: unknown code.
    """
    heeded = frozenset(request_codes(None, ignore))
    return tuple(code for code in RULES if code not in heeded)


def _parted(prefixes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split prefixes of codes into those that match requests or files, and those that match rules."""
    own = tuple(prefix for prefix in prefixes if prefix and any(code.startswith(prefix) for code in _FAULTS))
    # `ME` matches both.
    return own, tuple(prefix for prefix in prefixes if prefix not in own or "ME0".startswith(prefix))
