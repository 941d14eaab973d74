"""A template being checked, and the facts about it that several rules need."""

import re
from collections.abc import Callable, Iterable

from macroengine.caching import late_pattern, once
from macroengine.diagnostics import Span, overlapping, overlapping_places
from macroengine.language.nodes import Literal, Macro, Piece
from macroengine.plan.nesting import PLAIN
from macroengine.plan.resolve import Problem, Resolution, Resolved
from macroengine.rules import damaged
from macroengine.rules.beginnings import begins_as_template, remark_start
from macroengine.rules.enclosed import Enclosed, enclosed_macros
from macroengine.rules.intended import GAP, Foreign, Intended, beginnings, foreign_macros, own_macro
from macroengine.rules.nearly import Nearly, nearly
from macroengine.rules.structure import malformed_start, nested_urls, server_end, split_escapes
from macroengine.rules.tables import bracketed_placeholders, lookalikes, program_holes
from macroengine.rules.whole import whole_text
from macroengine.rules.whole_finding import Whole

# A longer name is not the cut-off beginning of a macro.
_LONGEST_BEGINNING = 100
_WHITE_SPACE = late_pattern(r"[\s\x00-\x1f\x7f-\x9f]+")
Overlaps = Callable[[Span], bool]


class Checked:
    """A resolved template being checked. Facts that several rules need are computed on first use, and only once."""

    inner: "Checked | None" = None
    """If something surrounds a template: the template inside, once a rule has reported what surrounds it."""

    def __init__(self, resolution: Resolution, what: str = "a URL") -> None:
        self.resolution = resolution
        self.what = what
        """What the text is, with "a" before it, for messages."""
        self.template = resolution.template
        self.source = resolution.template.source
        self.dialect = resolution.dialect
        self.syntax = resolution.dialect.syntax

    def text(self, span: Span) -> str:
        """Return the text of a span."""
        return self.source[span.start : span.stop]

    @once
    def whole(self) -> Whole | None:
        """What to report about the text as a whole, or None."""
        return whole_text(self.source, self.dialect) or (self._foreign_template if self._has_strangers else None)

    @property
    def _has_strangers(self) -> bool:
        """Whether anything looks like a macro but is not one in this dialect. False for most templates."""
        resolution = self.resolution
        return bool(resolution.foreign) or any(macro.spec is None for macro in resolution.macros)

    @property
    def _foreign_template(self) -> Whole | None:
        from macroengine.rules.foreign_template import foreign_template  # noqa: PLC0415 - it loads all catalogues

        return foreign_template(self.resolution)

    @once
    def _pieces(self) -> list[Piece]:
        template = self.template
        pieces = [*template.scheme, *template.authority, *template.path]
        for _, name, _, value in template.query:
            pieces += name
            pieces += value
        return [*pieces, *template.fragment]

    @once
    def parameter_names(self) -> list[str]:
        """The text of each parameter's name; empty for a parameter without a name."""
        query = self.template.query
        return [name[0].text if len(name) == 1 else "".join([piece.text for piece in name]) for _, name, _, _ in query]

    @once
    def _macros(self) -> list[Macro]:
        return [piece for piece in self._pieces if isinstance(piece, Macro)]

    @once
    def literals(self) -> list[Literal]:
        """The literal texts, in source order."""
        return [piece for piece in self._pieces if isinstance(piece, Literal)]

    @once
    def literal_text(self) -> str:
        """All literal texts joined, for fast tests whether a character occurs in any."""
        return "".join([literal.text for literal in self.literals])

    @once
    def by_problem(self) -> dict[Problem, list[Resolved]]:
        """The macros that have a problem, by problem, in source order."""
        found: dict[Problem, list[Resolved]] = {}
        macros: Iterable[Resolved] = self.resolution.macros
        if others := self.resolution.others:
            macros = [one for macro in macros for one in (macro, *others.get(macro.node.start, ()))]
        for macro in macros:
            for problem in macro.problems:
                found.setdefault(problem, []).append(macro)
        return found

    @once
    def placed(self) -> list[Resolved]:
        """The macros in nested URLs or in JSON, and those after half an escape. Most templates have none."""
        return [macro for macro in self.resolution.macros if macro.place is not PLAIN]

    @once
    def nested_urls(self) -> tuple[Literal, ...]:
        """The beginnings of values that are URLs with a query."""
        return tuple(nested_urls(self.template)) if "://" in self.literal_text else ()

    @once
    def malformed_start(self) -> tuple[Span, str] | None:
        """What is wrong between the scheme and the server, and its replacement."""
        return malformed_start(self.source)

    @once
    def remark_start(self) -> int:
        """Where a remark on the template may begin."""
        return remark_start(self.source)

    @once
    def begins_as_template(self) -> bool:
        """Whether the text begins like a template, rather than with a word or a bullet."""
        return begins_as_template(self.source)

    @once
    def split_escapes(self) -> tuple[tuple[Resolved, Span], ...]:
        """The macros whose values complete a percent-escape, each with the half that the template contains."""
        return tuple(split_escapes(self.placed, self.source))

    # Macros of this dialect and of other platforms

    @once
    def in_macro(self) -> Overlaps:
        """Whether a span overlaps a macro of the dialect."""
        return overlapping_places((macro.start, macro.start + len(macro.text)) for macro in self._macros)

    @once
    def foreign_macros(self) -> tuple[Foreign, ...]:
        """Texts in the syntax of another platform, in source order."""
        return foreign_macros(self.resolution.foreign, self.source, self.dialect)

    def in_server(self, span: Span) -> bool:
        """Say whether a span is in the server part: before the path, or at the start of a longer template.

        Used for macros of other platforms.
        """
        if self.template.slashes is None:
            return span.start == 0 and self.source[span.stop : span.stop + 1] in ("/", ".", ":", "?")
        return span.start < self._server_end

    @once
    def _server_end(self) -> int:
        return server_end(self.template)

    @once
    def in_foreign_macro(self) -> Overlaps:
        """Whether a span overlaps a macro of another platform."""
        return overlapping(macro.span for macro in self.foreign_macros)

    @once
    def _in_foreign_text(self) -> Overlaps:
        return overlapping(text.span for text in self.resolution.foreign)

    @once
    def _in_outer(self) -> Overlaps:
        """Whether a span is inside a macro of another platform that may contain this dialect's delimiters."""
        return overlapping(text.span for text in self.resolution.foreign if text.syntax.outer)

    # Text that is almost a macro

    @once
    def _has_stray_delimiters(self) -> bool:
        """Whether a delimiter of the dialect may be outside its macros. False for most templates."""
        if max(map(len, self.syntax.delimiters)) > 1:
            return True
        macros = "".join([macro.text for macro in self._macros])
        return any(self.source.count(sign) != macros.count(sign) for sign in self.syntax.delimiters)

    @once
    def bracketed(self) -> list[re.Match[str]]:
        """The texts between delimiters that are not names."""
        return self._outside_macros(lambda patterns: patterns.bracketed)

    @once
    def unclosed_macros(self) -> list[Intended]:
        """Macros that lack a delimiter, or have one of another syntax."""
        found = self._outside_macros(lambda patterns: patterns.unclosed)
        return self._meant((_span_of(match), match[match.lastindex or 0]) for match in found)

    @once
    def split_macros(self) -> list[Intended]:
        """Macros with white space in their names."""
        found = (match for match in self.bracketed if GAP.search(match[1]))
        return self._meant((Span(*match.span()), GAP.sub("", match[1])) for match in found)

    @once
    def doubled_macros(self) -> list[Intended]:
        """Macros with too many delimiters around them."""
        opening, closing = self.syntax.delimiters
        # If opening and closing delimiters are equal, two adjacent macros look the same.
        if not self._has_stray_delimiters or opening == closing:
            return []
        if 2 * opening not in self.source and 2 * closing not in self.source:
            return []
        found = []
        is_enclosed = overlapping(enclosed.span for enclosed in self.enclosed_macros)
        for match in self._nearly.doubled.finditer(self.source):
            opened, closed = match[1] != opening, match[3] != closing
            if not (opened or closed):
                continue
            before, after = self.source[match.start() - 1 : match.start()], self.source[match.end() : match.end() + 1]
            is_value = before == "=" and after in ("", "&", "#")
            span = Span(*match.span())
            if ((opened and closed) or is_value) and not self._in_outer(span) and not is_enclosed(span):
                found.append(Intended(span, self.syntax.write(match[2])))
        return found

    @once
    def enclosed_macros(self) -> list[Enclosed]:
        """Macros inside other macros of the dialect."""
        return enclosed_macros(self.resolution)

    @once
    def lookalike_macros(self) -> list[Intended]:
        """Macros but for letters of another alphabet that look like Latin ones, as a Cyrillic c."""
        if self.source.isascii():
            return []
        latin = self.source.translate(lookalikes())
        if latin == self.source:
            return []
        found = []
        for match in self.syntax.find.finditer(latin):
            span, reading = Span(*match.span()), self.syntax.read(match[0])
            known = reading is not None and own_macro(reading.name, self.dialect)
            if known and self.text(span) != match[0] and not self._in_outer(span):
                found.append(Intended(span, match[0]))
        return found

    @once
    def cut_off(self) -> tuple[Span, tuple[str, ...]] | None:
        """The name of a macro that is cut off at the end of the template, and the macros it may have been."""
        if not self._has_stray_delimiters:
            return None
        match = self._nearly.cut_off.search(self.source, max(0, len(self.source) - _LONGEST_BEGINNING))
        if match is None or own_macro(match[1], self.dialect) or self._in_written(Span(*match.span())):
            return None
        return Span(*match.span()), beginnings(match[1], self.dialect)

    @once
    def literal_delimiters(self) -> list[Span]:
        """Texts between delimiters that cannot be macros, unless another rule reports them."""
        found = [Span(*match.span()) for match in self.bracketed if match[1].strip(" |")]
        if not found:
            return []
        splits = (meant.span for meant in (*self.split_macros, *self.lookalike_macros))
        is_explained = overlapping([*splits, *(macro.span for macro in self.foreign_macros), *self.program_texts])
        return [span for span in found if not is_explained(span)]

    @once
    def _nearly(self) -> Nearly:
        return nearly(self.syntax)

    def _outside_macros(self, pattern: Callable[[Nearly], re.Pattern[str]]) -> list[re.Match[str]]:
        """Return the matches of a pattern that do not overlap a macro."""
        if not self._has_stray_delimiters:
            return []
        compiled = pattern(self._nearly)
        opening, closing = self.syntax.delimiters
        # If opening and closing delimiters are equal, the text between two macros is between delimiters, too.
        if len(opening) == len(closing) == 1 and opening != closing:
            return [match for start, stop in self._gaps for match in compiled.finditer(self.source, start, stop)]
        return [match for match in compiled.finditer(self.source) if not self._in_written(_span_of(match))]

    @once
    def _gaps(self) -> list[tuple[int, int]]:
        """The gaps between macros that contain a delimiter. Text that is almost a macro has one; a macro has none.

        Each gap includes the first character of the next macro, so that no gap looks like the end of a template.
        """
        source, (opening, closing) = self.source, self.syntax.delimiters
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
        return [macro.span() for macro in self.syntax.find.finditer(self.source)]

    @once
    def _in_written(self) -> Overlaps:
        """Whether a span overlaps such a text."""
        return overlapping_places(self._written)

    def _meant(self, named: Iterable[tuple[Span, str]]) -> list[Intended]:
        """Return the macros with these names, except those inside macros of other platforms."""
        macros = ((span, own_macro(name, self.dialect)) for span, name in named)
        return [Intended(span, macro) for span, macro in macros if macro is not None and not self._in_outer(span)]

    # Text that other software left behind

    @once
    def white_space(self) -> list[Span]:
        """The runs of white space and control characters outside macro names."""
        found = [Span(*match.span()) for match in _WHITE_SPACE.finditer(self.source)]
        if not self.split_macros:
            return found
        in_name = overlapping(meant.span for meant in self.split_macros)
        return [span for span in found if not in_name(span)]

    @once
    def white_space_in_names(self) -> list[list[Span]]:
        """The runs of raw white space in each macro name that contains any."""
        names = (_WHITE_SPACE.finditer(self.source, name.start, name.stop) for name, _ in self.split_macros)
        found = [[Span(*match.span()) for match in runs] for runs in names]
        return [spans for spans in found if spans]

    @once
    def has_white_space(self) -> bool:
        """Whether there is white space, or a character that does not print."""
        # Most templates have none, and both tests are single scans in C.
        return not self.source.isprintable() or " " in self.source

    @once
    def entities(self) -> list[tuple[Span, str]]:
        """Texts that became HTML entities or were read as such, each with the intended text."""
        return list(damaged.entities(self.source))

    @once
    def backslashes(self) -> list[tuple[Span, str]]:
        """Backslash escapes, each with the escaped text."""
        return list(damaged.backslashes(self.source))

    @once
    def tags(self) -> list[Span]:
        """HTML tags."""
        return [span for span in damaged.tags(self.source) if not self.in_foreign_macro(span)]

    @once
    def program_texts(self) -> list[Span]:
        """Placeholders for a program to fill in."""
        spans = [Span(*match.span()) for match in program_holes().finditer(self.source)]
        others = [macro.span for macro in self.foreign_macros if macro.for_program and not self.in_server(macro.span)]
        return [*(span for span in spans if not self._in_foreign_text(span) and not self.in_macro(span)), *others]

    @once
    def alien_text(self) -> list[Span]:
        """Texts of another language: macros of other platforms, tags, and placeholders for a person to replace."""
        return [
            *(macro.span for macro in self.foreign_macros),
            *self.tags,
            *(Span(*match.span(1)) for match in bracketed_placeholders().finditer(self.source)),
            *self.program_texts,
        ]

    @once
    def in_broken_text(self) -> Overlaps:
        """Whether a span overlaps text that another rule reports as a whole, so that its characters need no report."""
        return overlapping(
            [
                *([self.cut_off[0]] if self.cut_off else []),
                *(meant.span for meant in self.doubled_macros),
                *(enclosed.span for enclosed in self.enclosed_macros),
                *(meant.span for meant in self.lookalike_macros),
                *(span for span, _ in self.entities),
                *(span for span, _ in self.backslashes),
                *self.alien_text,
                *(meant.span for meant in self.unclosed_macros),
            ]
        )


def _span_of(match: re.Match[str]) -> Span:
    """Return the span of a match, without a leading `=` that the pattern needs but that is not part of the macro."""
    start, stop = match.span()
    return Span(start + 1 if match[0][0] == "=" else start, stop)
