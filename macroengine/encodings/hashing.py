"""The SHA-1 of an identifier."""

import re
from hashlib import sha1

from macroengine.kinds import HashCase

_DIGITS = 40
_is_sha1 = re.compile(f"[0-9A-Fa-f]{{{_DIGITS}}}").fullmatch
# Looked up once: in Python 3.11 a member of an enumeration takes a tenth of the time that the hash takes.
_UPPER, _LOWER = HashCase.UPPER, HashCase.LOWER
# A copy of a hash is made faster than a hash.
_new_sha1 = sha1(usedforsecurity=False).copy


def hash_identifier(case: HashCase, uuid: bool, identifier: str, /) -> str | None:
    """Return the SHA-1 of an identifier in 40 lower-case hex digits, or None where there is none to send.

    It is hashed as UTF-8 in its documented case, for platforms to match it, which protects nobody. An empty or all-zero
    identifier has no hash: everybody who opted out of tracking shares it. A `uuid` that is already 40 hex digits was
    hashed by the sender, and is not hashed again.

    >>> hash_identifier(HashCase.UPPER, True, "9c9a82fb-d5de-4cd1-90c3-527441c11828")
    '1d074de42d20d6c1e6e1baab6aac850e4f476554'
    >>> hash_identifier(HashCase.UPPER, True, "00000000-0000-0000-0000-000000000000") is None
    True

    Raises:
        UnicodeEncodeError: `identifier` holds a lone surrogate.
    """
    if not identifier.strip("0-"):
        return None
    if uuid and len(identifier) == _DIGITS and _is_sha1(identifier):
        return identifier.lower()
    if case is _UPPER:
        identifier = identifier.upper()
    elif case is _LOWER:
        identifier = identifier.lower()
    digest = _new_sha1()
    digest.update(identifier.encode())
    return digest.hexdigest()
