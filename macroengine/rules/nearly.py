"""Patterns for text that is almost a macro of a syntax."""

import re
from functools import cache, cached_property, lru_cache
from unicodedata import category

from macroengine.language.forms import Form
from macroengine.language.syntax import Syntax, syntaxes


class Nearly:
    """The patterns for one syntax, each compiled on first use."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self._opening, self._closing = map(re.escape, syntax.delimiters)

    @cached_property
    def bracketed(self) -> re.Pattern[str]:
        """Text between the delimiters that is not a name. Its group is the text."""
        opening, closing = self._opening, self._closing
        return re.compile(rf"{opening}(?!{self._syntax.name}{closing})([^{opening}{closing}]*){closing}")

    @cached_property
    def unclosed(self) -> re.Pattern[str]:
        """A name that lacks a delimiter, or has one of another syntax. The only group that matches is the name.

        A name without an opening delimiter is matched with the `=` before it. Then each alternative begins with a
        different character, and `re` can skip all other characters at once.
        """
        opening, closing, name = self._opening, self._closing, self._syntax.name
        own = self._syntax.delimiters
        openings = [re.escape(other.opener) for other in brackets() if other.opener != own[0]]
        closings = "|".join(re.escape(other.closer) for other in brackets() if other.closer != own[1])
        return re.compile(
            "|".join(
                [
                    rf"{opening}({name})(?:(?=[&#]|$)|(?:{closings}))",
                    *(rf"{other}({name}){closing}" for other in openings),
                    rf"=({name}){closing}",
                ]
            )
        )

    @cached_property
    def doubled(self) -> re.Pattern[str]:
        """A name with any number of delimiters. Groups: the delimiters before it, the name, the delimiters after it."""
        opening, closing = self._opening, self._closing
        # Match a whole run of delimiters without backtracking, since a template may consist of nothing else.
        first = f"{opening}(?<!{opening}{opening})"
        return re.compile(rf"({first}(?:{opening})*+)({self._syntax.name})((?:{closing})++)")

    @cached_property
    def cut_off(self) -> re.Pattern[str]:
        """The beginning of a macro at the end of a text. Its group is the beginning of the name."""
        return re.compile(rf"{self._opening}([A-Za-z0-9_-]*)\Z")


nearly = lru_cache(maxsize=8)(Nearly)


@cache
def brackets() -> tuple[Form, ...]:
    """Return the macro forms with one pair of brackets, which people confuse with each other."""
    forms: dict[tuple[str, str], Form] = {}
    for form in (form for syntax in syntaxes().values() for form in syntax.forms if not form.separator):
        if [len(form.opener), len(form.closer)] == [1, 1] and category(form.opener) == "Ps":
            forms.setdefault((form.opener, form.closer), form)
    return tuple(forms.values())
