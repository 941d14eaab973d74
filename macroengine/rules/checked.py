"""A template under check, with what several rules ask of it."""

import re
from collections.abc import Callable, Iterable

from macroengine.caching import once
from macroengine.diagnostics import Span, overlapping, overlapping_places
from macroengine.language.nodes import Literal, Macro, Piece
from macroengine.plan.nesting import PLAIN
from macroengine.plan.resolve import Problem, Resolution, Resolved
from macroengine.rules import damaged
from macroengine.rules.beginnings import begins_as_template, remark_start
from macroengine.rules.intended import GAP, Foreign, Intended, beginnings, foreign_macros, own_macro
from macroengine.rules.nearly import Nearly, nearly
from macroengine.rules.structure import malformed_start, nested_urls, server_end, split_escapes
from macroengine.rules.tables import bracketed_placeholders, program_holes
from macroengine.rules.whole import whole_text
from macroengine.rules.whole_finding import Whole

# A name that is longer was not cut off.
_LONGEST_BEGINNING = 100
_WHITE_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
Overlaps = Callable[[Span], bool]


class Checked:
    """A resolved template under check. What several rules ask is found once, when the first of them asks."""

    inner: "Checked | None" = None
    """What is in the text where something surrounds a template, once a rule has spoken of that."""

    def __init__(self, resolution: Resolution) -> None:
        self.resolution = resolution
        self.template = resolution.template
        self.source = resolution.template.source
        self.dialect = resolution.dialect
        self.syntax = resolution.dialect.syntax

    def text(self, span: Span) -> str:
        """Return the text of a span."""
        return self.source[span.start : span.stop]

    @once
    def whole(self) -> Whole | None:
        """What is to be said of the text as a whole."""
        return whole_text(self.source, self.dialect) or (self._foreign_template if self._has_strangers else None)

    @property
    def _has_strangers(self) -> bool:
        """Whether anything is written as a macro that is none here: in most templates nothing is."""
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
        """The text of the name of each parameter, empty where it has none."""
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
        """All of them in one, to ask whether a character is in any: in most templates it is not."""
        return "".join([literal.text for literal in self.literals])

    @once
    def by_problem(self) -> dict[Problem, list[Resolved]]:
        """The macros that have a problem, in source order."""
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
        """The macros in URLs inside the URL or in JSON, and those after half an escape; most templates have none."""
        return [macro for macro in self.resolution.macros if macro.place is not PLAIN]

    @once
    def nested_urls(self) -> tuple[Literal, ...]:
        """The beginnings of values that are URLs with a query."""
        return tuple(nested_urls(self.template)) if "://" in self.literal_text else ()

    @once
    def malformed_start(self) -> tuple[Span, str] | None:
        """What is wrong between the scheme and the server, and what to write there."""
        return malformed_start(self.source)

    @once
    def remark_start(self) -> int:
        """Where a remark on the template could begin."""
        return remark_start(self.source)

    @once
    def begins_as_template(self) -> bool:
        """Whether the text begins as a template does, rather than with a word or a bullet."""
        return begins_as_template(self.source)

    @once
    def split_escapes(self) -> tuple[tuple[Resolved, Span], ...]:
        """The macros whose values complete a percent-escape, with the half that is written."""
        return tuple(split_escapes(self.placed, self.source))

    # Macros, of the dialect and of others

    @once
    def in_macro(self) -> Overlaps:
        """Whether a span has a part of a macro of the dialect in it."""
        return overlapping_places((macro.start, macro.start + len(macro.text)) for macro in self._macros)

    @once
    def foreign_macros(self) -> tuple[Foreign, ...]:
        """What is written in the syntax of another platform, in source order."""
        return foreign_macros(self.resolution.foreign, self.source, self.dialect)

    def in_server(self, span: Span) -> bool:
        """Say whether a text is where the server is named: before the path, or at the start of a longer template.

        It is asked of macros of other platforms.
        """
        if self.template.slashes is None:
            return span.start == 0 and self.source[span.stop : span.stop + 1] in ("/", ".", ":", "?")
        return span.start < self._server_end

    @once
    def _server_end(self) -> int:
        return server_end(self.template)

    @once
    def in_foreign_macro(self) -> Overlaps:
        """Whether a span has a part of a macro of another platform in it."""
        return overlapping(macro.span for macro in self.foreign_macros)

    @once
    def _in_foreign_text(self) -> Overlaps:
        return overlapping(text.span for text in self.resolution.foreign)

    @once
    def _in_outer(self) -> Overlaps:
        """Whether a span is in a macro of another platform that may hold delimiters of the dialect."""
        return overlapping(text.span for text in self.resolution.foreign if text.syntax.outer)

    # Text that is nearly a macro

    @once
    def _has_stray_delimiters(self) -> bool:
        """Whether a delimiter of the dialect can be outside its macros: in most templates none is."""
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
        """Macros of which one delimiter is missing, or is that of another syntax."""
        found = self._outside_macros(lambda patterns: patterns.unclosed)
        return self._meant((_span_of(match), match[match.lastindex or 0]) for match in found)

    @once
    def split_macros(self) -> list[Intended]:
        """Macros with white space in their names."""
        found = (match for match in self.bracketed if GAP.search(match[1]))
        return self._meant((Span(*match.span()), GAP.sub("", match[1])) for match in found)

    @once
    def doubled_macros(self) -> list[Intended]:
        """Macros with more delimiters around them than they have."""
        opening, closing = self.syntax.delimiters
        # Where both are the same, two macros side by side look like that.
        if not self._has_stray_delimiters or opening == closing:
            return []
        if 2 * opening not in self.source and 2 * closing not in self.source:
            return []
        found = []
        for match in self._nearly.doubled.finditer(self.source):
            opened, closed = match[1] != opening, match[3] != closing
            if not (opened or closed):
                continue
            before, after = self.source[match.start() - 1 : match.start()], self.source[match.end() : match.end() + 1]
            is_value = before == "=" and after in ("", "&", "#")
            span = Span(*match.span())
            if ((opened and closed) or is_value) and not self._in_outer(span):
                found.append(Intended(span, self.syntax.write(match[2])))
        return found

    @once
    def cut_off(self) -> tuple[Span, tuple[str, ...]] | None:
        """Where the template ends in the name of a macro, and the macros that can have been meant."""
        if not self._has_stray_delimiters:
            return None
        match = self._nearly.cut_off.search(self.source, max(0, len(self.source) - _LONGEST_BEGINNING))
        if match is None or own_macro(match[1], self.dialect) or self._in_written(Span(*match.span())):
            return None
        return Span(*match.span()), beginnings(match[1], self.dialect)

    @once
    def literal_delimiters(self) -> list[Span]:
        """Texts in the delimiters of a macro that can be none, and of which no other rule speaks."""
        found = [Span(*match.span()) for match in self.bracketed if match[1].strip(" |")]
        if not found:
            return []
        splits = (meant.span for meant in self.split_macros)
        is_explained = overlapping([*splits, *(macro.span for macro in self.foreign_macros), *self.program_texts])
        return [span for span in found if not is_explained(span)]

    @once
    def _nearly(self) -> Nearly:
        return nearly(self.syntax)

    def _outside_macros(self, pattern: Callable[[Nearly], re.Pattern[str]]) -> list[re.Match[str]]:
        """Return what a pattern finds, without what has a part of a macro in it."""
        if not self._has_stray_delimiters:
            return []
        compiled = pattern(self._nearly)
        opening, closing = self.syntax.delimiters
        # Where both are the same, what is between two macros is in delimiters, too.
        if len(opening) == len(closing) == 1 and opening != closing:
            return [match for start, stop in self._gaps for match in compiled.finditer(self.source, start, stop)]
        return [match for match in compiled.finditer(self.source) if not self._in_written(_span_of(match))]

    @once
    def _gaps(self) -> list[tuple[int, int]]:
        """Where a delimiter is between macros: what is nearly a macro has one, and a macro has none inside.

        The first character of the macro after it ends each, so that no gap ends as a template does.
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
        """Where something is written as a macro of the dialect, though it may be a part of another."""
        return [macro.span() for macro in self.syntax.find.finditer(self.source)]

    @once
    def _in_written(self) -> Overlaps:
        """Whether a span has a part of such a text in it."""
        return overlapping_places(self._written)

    def _meant(self, named: Iterable[tuple[Span, str]]) -> list[Intended]:
        """Return the macros of these names, except those in macros of other platforms."""
        macros = ((span, own_macro(name, self.dialect)) for span, name in named)
        return [Intended(span, macro) for span, macro in macros if macro is not None and not self._in_outer(span)]

    # What other software has left

    @once
    def white_space(self) -> list[Span]:
        """The runs of white space and controls that are not inside the name of a macro."""
        # Nearly every template has none: both tests are single scans in C.
        if self.source.isprintable() and " " not in self.source:
            return []
        found = [Span(*match.span()) for match in _WHITE_SPACE.finditer(self.source)]
        if not self.split_macros:
            return found
        in_name = overlapping(meant.span for meant in self.split_macros)
        return [span for span in found if not in_name(span)]

    @once
    def entities(self) -> list[tuple[Span, str]]:
        """What was taken for an entity of HTML or made one, and what was meant."""
        return list(damaged.entities(self.source))

    @once
    def backslashes(self) -> list[tuple[Span, str]]:
        """Escapes with a backslash, and what they escape."""
        return list(damaged.backslashes(self.source))

    @once
    def tags(self) -> list[Span]:
        """Tags of HTML."""
        return [span for span in damaged.tags(self.source) if not self.in_foreign_macro(span)]

    @once
    def program_texts(self) -> list[Span]:
        """Where a program was to fill in something."""
        spans = [Span(*match.span()) for match in program_holes().finditer(self.source)]
        return [span for span in spans if not self._in_foreign_text(span) and not self.in_macro(span)]

    @once
    def alien_text(self) -> list[Span]:
        """What belongs to another language: macros of others, tags, what a person is to replace."""
        return [
            *(macro.span for macro in self.foreign_macros),
            *self.tags,
            *(Span(*match.span(1)) for match in bracketed_placeholders().finditer(self.source)),
            *self.program_texts,
        ]

    @once
    def in_broken_text(self) -> Overlaps:
        """Whether a span has in it what rules speak of as a whole, so that none need speak of its characters."""
        return overlapping(
            [
                *([self.cut_off[0]] if self.cut_off else []),
                *(meant.span for meant in self.doubled_macros),
                *(span for span, _ in self.entities),
                *(span for span, _ in self.backslashes),
                *self.alien_text,
                *(meant.span for meant in self.unclosed_macros),
            ]
        )


def _span_of(match: re.Match[str]) -> Span:
    """Return where a text is that is nearly a macro, without an `=` that was only found with it."""
    start, stop = match.span()
    return Span(start + 1 if match[0][0] == "=" else start, stop)
