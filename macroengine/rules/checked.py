"""A template being checked, and the facts about it that several rules need."""

from collections.abc import Callable, Iterable

from macroengine.caching import late_pattern, once
from macroengine.diagnostics import Span, overlapping, overlapping_places
from macroengine.language.nodes import Literal, Macro, Piece
from macroengine.plan.nesting import PLAIN
from macroengine.plan.resolve import Problem, Resolution, Resolved
from macroengine.rules import damaged
from macroengine.rules.beginnings import begins_as_template, remark_start
from macroengine.rules.intended import Foreign, foreign_macros
from macroengine.rules.nearly import NearMacros
from macroengine.rules.structure import malformed_start, nested_urls, server_end, split_escapes
from macroengine.rules.tables import bracketed_placeholders, program_holes
from macroengine.rules.whole import whole_text
from macroengine.rules.whole_finding import Whole

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
        macros = (piece for piece in self._pieces if isinstance(piece, Macro))
        return overlapping_places((macro.start, macro.start + len(macro.text)) for macro in macros)

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

    # Text that is almost a macro

    @once
    def near_macros(self) -> NearMacros:
        """The texts that are almost macros of the dialect."""
        return NearMacros(self.resolution, self._pieces)

    @once
    def literal_delimiters(self) -> list[Span]:
        """Texts between delimiters that cannot be macros, unless another rule reports them."""
        near = self.near_macros
        found = [Span(*match.span()) for match in near.bracketed if match[1].strip(" |")]
        if not found:
            return []
        splits = (meant.span for meant in (*near.split, *near.with_lookalikes))
        is_explained = overlapping([*splits, *(macro.span for macro in self.foreign_macros), *self.program_texts])
        return [span for span in found if not is_explained(span)]

    # Text that other software left behind

    @once
    def white_space(self) -> list[Span]:
        """The runs of white space and control characters outside macro names."""
        found = [Span(*match.span()) for match in _WHITE_SPACE.finditer(self.source)]
        split = self.near_macros.split
        if not split:
            return found
        in_name = overlapping(meant.span for meant in split)
        return [span for span in found if not in_name(span)]

    @once
    def white_space_in_names(self) -> list[list[Span]]:
        """The runs of raw white space in each macro name that contains any."""
        names = (_WHITE_SPACE.finditer(self.source, name.start, name.stop) for name, _ in self.near_macros.split)
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
        near = self.near_macros
        return overlapping(
            [
                *([near.cut_off[0]] if near.cut_off else []),
                *(meant.span for meant in near.doubled),
                *(enclosed.span for enclosed in near.enclosed),
                *(meant.span for meant in near.with_lookalikes),
                *(span for span, _ in self.entities),
                *(span for span, _ in self.backslashes),
                *self.alien_text,
                *(meant.span for meant in near.unclosed),
            ]
        )
