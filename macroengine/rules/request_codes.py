"""The codes of what is checked in a request, apart from the rules, so that choosing codes loads nothing of requests."""

from collections.abc import Iterable

from macroengine.rules import codes, prefixes
from macroengine.rules.request_faults import REQUEST_FAULTS


def request_codes(select: Iterable[str] | None, ignore: Iterable[str]) -> tuple[str, ...]:
    """Return the codes that are selected and not ignored: those of rules about macros and URLs, and those of requests.

    Raises:
        ValueError: unknown code, or the beginning of none.
    """
    chosen = None if select is None else prefixes("select", select)
    ignored = prefixes("ignore", ignore)
    own, others = _parted(ignored)
    if chosen is None:
        return (*codes(None, others), *(code for code in REQUEST_FAULTS if not code.startswith(own)))
    picked, rest = _parted(chosen)
    return (
        *codes(rest, others),
        *(code for code in REQUEST_FAULTS if code.startswith(picked) and not code.startswith(own)),
    )


def _parted(prefixes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the codes that are those of requests, and the others."""
    own = tuple(prefix for prefix in prefixes if prefix and any(code.startswith(prefix) for code in REQUEST_FAULTS))
    # `ME` is the beginning of both.
    return own, tuple(prefix for prefix in prefixes if prefix not in own or "ME0".startswith(prefix))
