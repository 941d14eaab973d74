"""The names that somebody may have meant."""

from collections.abc import Iterable


def fold(name: str) -> str:
    """Return `name` without what people get wrong: case, `-` and `_`.

    >>> fold("Click-ID") == fold("clickid")
    True
    """
    return name.replace("-", "").replace("_", "").lower()


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return the known names that are like `name`, the likeliest first.

    >>> nearest("instal-time", ["install_time", "install_unix_ts", "city"])
    ['install_time']
    """
    from difflib import get_close_matches  # noqa: PLC0415 - good names need no suggestions

    # A name longer than any real one is not a slip; comparing it with all others would be slow.
    folded = fold(name[:100])
    spellings: dict[str, str] = {}
    for spelling in known:
        spellings.setdefault(fold(spelling), spelling)
    return [spellings[match] for match in get_close_matches(folded, spellings, most, cutoff=0.75)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x' or 'y'?`, or an empty string.

    >>> did_you_mean("clickd", ["clickid", "city"])
    "; did you mean 'clickid'?"
    """
    names = [repr(match) for match in nearest(name, known)]
    return f"; did you mean {' or '.join(names)}?" if names else ""
