"""The SHA-1 of an identifier."""

import re
from collections.abc import Callable
from hashlib import sha1

from macroengine.kinds import HashCase

_DIGITS = 40
_is_sha1 = re.compile(f"[0-9A-Fa-f]{{{_DIGITS}}}").fullmatch
_RECASE: dict[HashCase, Callable[[str], str]] = {
    HashCase.UPPER: str.upper,
    HashCase.LOWER: str.lower,
    HashCase.AS_IS: str,
}


def hasher(case: HashCase, *, uuid: bool) -> Callable[[str], str | None]:
    """Return what gives the SHA-1 of an identifier, 40 lower-case hex digits, and None where there is none to hash.

    The identifier is hashed as UTF-8 in `case`, for platforms to match it, which protects nobody. An empty or all-zero
    one is none: everybody who opted out of tracking shares its hash. A `uuid` that is already 40 hex digits was hashed
    by the sender, and is not hashed again.

    >>> idfa = hasher(HashCase.UPPER, uuid=True)
    >>> idfa("9c9a82fb-d5de-4cd1-90c3-527441c11828")
    '1d074de42d20d6c1e6e1baab6aac850e4f476554'
    >>> idfa("00000000-0000-0000-0000-000000000000") is None
    True

    What it returns raises UnicodeEncodeError for an identifier with a lone surrogate.
    """
    recase = _RECASE[case]

    def hashed(identifier: str) -> str | None:
        if not identifier.strip("0-"):
            return None
        if uuid and len(identifier) == _DIGITS and _is_sha1(identifier):
            return identifier.lower()
        return sha1(recase(identifier).encode(), usedforsecurity=False).hexdigest()

    return hashed
