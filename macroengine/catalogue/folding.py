"""When two spellings are the same name."""


def fold(name: str) -> str:
    """Return `name` without what people get wrong: case, `-` and `_`.

    >>> fold("Click-ID") == fold("clickid")
    True
    """
    return name.replace("-", "").replace("_", "").lower()
