"""Patterns of text that is nearly a macro of a syntax."""

import re
from functools import cache, cached_property, lru_cache
from unicodedata import category

from macroengine.language.forms import Form
from macroengine.language.syntax import Syntax, syntaxes


class Nearly:
    """The patterns for one syntax, each compiled when a rule first needs it."""

    def __init__(self, syntax: Syntax) -> None:
        self._syntax = syntax
        self._opening, self._closing = map(re.escape, syntax.delimiters)

    @cached_property
    def bracketed(self) -> re.Pattern[str]:
        """Text between the delimiters that is not a name; its group is the text."""
        opening, closing = self._opening, self._closing
        return re.compile(rf"{opening}(?!{self._syntax.name}{closing})([^{opening}{closing}]*){closing}")

    @cached_property
    def unclosed(self) -> re.Pattern[str]:
        """A name that is missing a delimiter, or has one of another syntax; the only group that matches is the name.

        What lacks the first one is found with the `=` before it: where every alternative begins with a character of
        its own, `re` skips all others at once.
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
        """A name with any number of delimiters; its groups are those before it, the name, and those after it."""
        opening, closing = self._opening, self._closing
        # From the first of a run of delimiters to its last, without going back: a template may be nothing else.
        first = f"{opening}(?<!{opening}{opening})"
        return re.compile(rf"({first}(?:{opening})*+)({self._syntax.name})((?:{closing})++)")

    @cached_property
    def cut_off(self) -> re.Pattern[str]:
        """The beginning of a macro at the end of a text; its group is the beginning of the name."""
        return re.compile(rf"{self._opening}([A-Za-z0-9_-]*)\Z")


nearly = lru_cache(maxsize=8)(Nearly)


@cache
def brackets() -> tuple[Form, ...]:
    """Return the forms of a name in one pair of brackets, which people mix up."""
    forms: dict[tuple[str, str], Form] = {}
    for form in (form for syntax in syntaxes().values() for form in syntax.forms if not form.separator):
        if [len(form.opener), len(form.closer)] == [1, 1] and category(form.opener) == "Ps":
            forms.setdefault((form.opener, form.closer), form)
    return tuple(forms.values())
