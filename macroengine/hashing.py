"""The SHA-1 of an identifier."""

import re
from hashlib import sha1

from macroengine.kinds import HashCase

_is_sha1 = re.compile(r"[0-9A-Fa-f]{40}").fullmatch


def sha1_hex(text: str) -> str:
    """Return the SHA-1 of `text` as UTF-8, in 40 lower-case hex digits.

    Platforms use it to match identifiers, not to protect them.

    >>> sha1_hex("")
    'da39a3ee5e6b4b0d3255bfef95601890afd80709'

    Raises:
        UnicodeEncodeError: `text` holds a lone surrogate.
    """
    return sha1(text.encode(), usedforsecurity=False).hexdigest()


def hash_identifier(identifier: str, case: HashCase, *, uuid: bool) -> str | None:
    """Return the SHA-1 of an identifier in its documented case, or None where there is none to send.

    An empty or all-zero identifier has none: everybody who opted out of tracking shares it. A `uuid` that is already
    40 hex digits was hashed by the sender, and is not hashed again.

    >>> hash_identifier("00000000-0000-0000-0000-000000000000", HashCase.UPPER, uuid=True) is None
    True
    """
    if not identifier.strip("0-"):
        return None
    if uuid and _is_sha1(identifier):
        return identifier.lower()
    match case:
        case HashCase.UPPER:
            return sha1_hex(identifier.upper())
        case HashCase.LOWER:
            return sha1_hex(identifier.lower())
        case HashCase.AS_IS:  # pragma: no branch - there is no other case
            return sha1_hex(identifier)
