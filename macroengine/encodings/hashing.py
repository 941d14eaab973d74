"""Hashes of identifiers."""

import re
from hashlib import md5, sha1, sha256

from macroengine.kinds import HashCase

# Looked up once: in Python 3.11, looking up an enumeration member takes a tenth of the time of hashing.
_UPPER, _LOWER = HashCase.UPPER, HashCase.LOWER
# Copying a hash object is faster than creating one. The pattern matches texts that are already hashes, in hex digits.
_ALGORITHMS = {
    name: (new(usedforsecurity=False).copy, 2 * size, re.compile(f"[0-9A-Fa-f]{{{2 * size}}}").fullmatch)
    for name, new, size in (("sha1", sha1, 20), ("md5", md5, 16), ("sha256", sha256, 32))
}


def hash_identifier(algorithm: str, case: HashCase, uuid: bool, identifier: str, /) -> str | None:
    """Return the sha1, md5 or sha256 of an identifier in lower-case hex digits; None if there is none to send.

    The identifier is hashed as UTF-8 in its documented case, so that platforms can match it; this does not anonymise
    it. An empty or all-zero identifier has no hash, since everybody who opted out of tracking shares it. A `uuid` that
    already consists of as many hex digits as the hash was hashed by the sender, and is not hashed again.

    >>> hash_identifier("sha1", HashCase.UPPER, True, "9c9a82fb-d5de-4cd1-90c3-527441c11828")
    '1d074de42d20d6c1e6e1baab6aac850e4f476554'
    >>> hash_identifier("sha1", HashCase.UPPER, True, "00000000-0000-0000-0000-000000000000") is None
    True

    Raises:
        UnicodeEncodeError: `identifier` contains a lone surrogate.
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
