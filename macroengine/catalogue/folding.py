"""Decide whether two spellings are the same name."""


def fold(name: str) -> str:
    """Return `name` in lower case, without `-` and `_`, which people often confuse.

    >>> fold("Click-ID") == fold("clickid")
    True
    """
    return name.replace("-", "").replace("_", "").lower()
