"""Find text that is almost a macro of the dialect."""

import re
from collections.abc import Callable, Iterable
from functools import cache, cached_property, lru_cache
from unicodedata import category

from macroengine.caching import once
from macroengine.diagnostics import Span, overlapping, overlapping_places
from macroengine.language.forms import Form
from macroengine.language.nodes import Macro, Piece
from macroengine.language.syntax import Syntax, syntaxes
from macroengine.plan.resolve import Resolution
from macroengine.rules.enclosed import Enclosed, enclosed_macros
from macroengine.rules.intended import GAP, Intended, beginnings, own_macro
from macroengine.rules.tables import lookalikes

# A longer name is not the cut-off beginning of a macro.
_LONGEST_BEGINNING = 100


class NearMacros:
    """The texts of a template that are almost macros of its dialect, each kind found on first use, and only once."""

    def __init__(self, resolution: Resolution, pieces: Iterable[Piece]) -> None:
        self._resolution = resolution
        self._pieces = pieces
        self._source = resolution.template.source
        self._dialect = resolution.dialect
        self._syntax = resolution.dialect.syntax

    @once
    def bracketed(self) -> list[re.Match[str]]:
        """The texts between delimiters that are not names."""
        return self._outside_macros(lambda patterns: patterns.bracketed)

    @once
    def unclosed(self) -> list[Intended]:
        """Macros that lack a delimiter, or have one of another syntax."""
        found = self._outside_macros(lambda patterns: patterns.unclosed)
        return self._meant((_span_of(match), match[match.lastindex or 0]) for match in found)

    @once
    def split(self) -> list[Intended]:
        """Macros with white space in their names."""
        found = (match for match in self.bracketed if GAP.search(match[1]))
        return self._meant((Span(*match.span()), GAP.sub("", match[1])) for match in found)

    @once
    def doubled(self) -> list[Intended]:
        """Macros with too many delimiters around them."""
        opening, closing = self._syntax.delimiters
        # If opening and closing delimiters are equal, two adjacent macros look the same.
        if not self._has_stray_delimiters or opening == closing:
            return []
        if 2 * opening not in self._source and 2 * closing not in self._source:
            return []
        found = []
        is_enclosed = overlapping(enclosed.span for enclosed in self.enclosed)
        for match in self._patterns.doubled.finditer(self._source):
            opened, closed = match[1] != opening, match[3] != closing
            if not (opened or closed):
                continue
            before, after = self._source[match.start() - 1 : match.start()], self._source[match.end() : match.end() + 1]
            is_value = before == "=" and after in ("", "&", "#")
            span = Span(*match.span())
            if ((opened and closed) or is_value) and not self._in_outer(span) and not is_enclosed(span):
                found.append(Intended(span, self._syntax.write(match[2])))
        return found

    @once
    def enclosed(self) -> list[Enclosed]:
        """Macros inside other macros of the dialect."""
        return enclosed_macros(self._resolution)

    @once
    def with_lookalikes(self) -> list[Intended]:
        """Macros but for letters of another alphabet that look like Latin ones, as a Cyrillic c."""
        if self._source.isascii():
            return []
        latin = self._source.translate(lookalikes())
        if latin == self._source:
            return []
        found = []
        for match in self._syntax.find.finditer(latin):
            span, reading = Span(*match.span()), self._syntax.read(match[0])
            known = reading is not None and own_macro(reading.name, self._dialect)
            if known and self._source[span.start : span.stop] != match[0] and not self._in_outer(span):
                found.append(Intended(span, match[0]))
        return found

    @once
    def cut_off(self) -> tuple[Span, tuple[str, ...]] | None:
        """The name of a macro that is cut off at the end of the template, and the macros it may have been."""
        if not self._has_stray_delimiters:
            return None
        match = self._patterns.cut_off.search(self._source, max(0, len(self._source) - _LONGEST_BEGINNING))
        if match is None or own_macro(match[1], self._dialect) or self._in_written(Span(*match.span())):
            return None
        return Span(*match.span()), beginnings(match[1], self._dialect)

    @once
    def _has_stray_delimiters(self) -> bool:
        """Whether a delimiter of the dialect may be outside its macros. False for most templates."""
        if max(map(len, self._syntax.delimiters)) > 1:
            return True
        if self._resolution.foreign:
            macros = "".join([piece.text for piece in self._pieces if isinstance(piece, Macro)])
        else:  # then all macros are resolved
            macros = "".join([macro.node.text for macro in self._resolution.macros])
        return any(self._source.count(sign) != macros.count(sign) for sign in self._syntax.delimiters)

    @once
    def _patterns(self) -> "_Patterns":
        return _patterns(self._syntax)

    def _outside_macros(self, pattern: "Callable[[_Patterns], re.Pattern[str]]") -> list[re.Match[str]]:
        """Return the matches of a pattern that do not overlap a macro."""
        if not self._has_stray_delimiters:
            return []
        compiled = pattern(self._patterns)
        opening, closing = self._syntax.delimiters
        # If opening and closing delimiters are equal, the text between two macros is between delimiters, too.
        if len(opening) == len(closing) == 1 and opening != closing:
            return [match for start, stop in self._gaps for match in compiled.finditer(self._source, start, stop)]
        return [match for match in compiled.finditer(self._source) if not self._in_written(_span_of(match))]

    @once
    def _gaps(self) -> list[tuple[int, int]]:
        """The gaps between macros that contain a delimiter. Text that is almost a macro has one; a macro has none.

        Each gap includes the first character of the next macro, so that no gap looks like the end of a template.
        """
        source, (opening, closing) = self._source, self._syntax.delimiters
        gaps, done = [], 0
        for start, stop in (*self._written, (len(source), len(source))):
            between = source[done:start]
            if opening in between or closing in between:
                gaps.append((done, start + 1))
            done = stop
        return gaps

    @once
    def _written(self) -> list[tuple[int, int]]:
        """Where something looks like a macro of the dialect, even if it is part of another platform's macro."""
        return [macro.span() for macro in self._syntax.find.finditer(self._source)]

    @once
    def _in_written(self) -> Callable[[Span], bool]:
        """Whether a span overlaps such a text."""
        return overlapping_places(self._written)

    def _meant(self, named: Iterable[tuple[Span, str]]) -> list[Intended]:
        """Return the macros with these names, except those inside macros of other platforms."""
        macros = ((span, own_macro(name, self._dialect)) for span, name in named)
        return [Intended(span, macro) for span, macro in macros if macro is not None and not self._in_outer(span)]

    @once
    def _in_outer(self) -> Callable[[Span], bool]:
        """Whether a span is inside a macro of another platform that may contain this dialect's delimiters."""
        return overlapping(text.span for text in self._resolution.foreign if text.syntax.outer)


def _span_of(match: re.Match[str]) -> Span:
    """Return the span of a match, without a leading `=` that the pattern needs but that is not part of the macro."""
    start, stop = match.span()
    return Span(start + 1 if match[0][0] == "=" else start, stop)


class _Patterns:
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


_patterns = lru_cache(maxsize=8)(_Patterns)


@cache
def brackets() -> tuple[Form, ...]:
    """Return the macro forms with one pair of brackets, which people confuse with each other."""
    forms: dict[tuple[str, str], Form] = {}
    for form in (form for syntax in syntaxes().values() for form in syntax.forms if not form.separator):
        if [len(form.opener), len(form.closer)] == [1, 1] and category(form.opener) == "Ps":
            forms.setdefault((form.opener, form.closer), form)
    return tuple(forms.values())
