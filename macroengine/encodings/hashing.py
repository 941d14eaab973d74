"""Hashes of identifiers."""

import re
from hashlib import md5, sha1, sha256

from macroengine.kinds import HashCase

# Looked up once: in Python 3.11 a member of an enumeration takes a tenth of the time that the hash takes.
_UPPER, _LOWER = HashCase.UPPER, HashCase.LOWER
# A copy of a hash is made faster than a hash. What matches is a hash already, in hex digits.
_ALGORITHMS = {
    name: (new(usedforsecurity=False).copy, 2 * size, re.compile(f"[0-9A-Fa-f]{{{2 * size}}}").fullmatch)
    for name, new, size in (("sha1", sha1, 20), ("md5", md5, 16), ("sha256", sha256, 32))
}


def hash_identifier(algorithm: str, case: HashCase, uuid: bool, identifier: str, /) -> str | None:
    """Return the sha1, md5 or sha256 of an identifier in lower-case hex digits, or None where there is none to send.

    It is hashed as UTF-8 in its documented case, for platforms to match it, which protects no one. An empty or all-zero
    identifier has no hash: everybody who opted out of tracking shares it. A `uuid` that already is as many hex
    digits was hashed by the sender, and is not hashed again.

    >>> hash_identifier("sha1", HashCase.UPPER, True, "9c9a82fb-d5de-4cd1-90c3-527441c11828")
    '1d074de42d20d6c1e6e1baab6aac850e4f476554'
    >>> hash_identifier("sha1", HashCase.UPPER, True, "00000000-0000-0000-0000-000000000000") is None
    True

    Raises:
        UnicodeEncodeError: `identifier` holds a lone surrogate.
    """
    if not identifier.strip("0-"):
        return None
    new, digits, is_hash = _ALGORITHMS[algorithm]
    if uuid and len(identifier) == digits and is_hash(identifier):
        return identifier.lower()
    if case is _UPPER:
        identifier = identifier.upper()
    elif case is _LOWER:
        identifier = identifier.lower()
    digest = new()
    digest.update(identifier.encode())
    return digest.hexdigest()
