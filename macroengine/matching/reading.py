"""Read the parts of a URL in order: the text before the query, the parameters, the fragment."""

import re
from typing import NamedTuple

from macroengine.catalogue.folding import fold
from macroengine.diagnostics import Diagnostic, Span
from macroengine.matching.decoding import unquote
from macroengine.matching.faults import (
    DOUBLE_ENCODED,
    MISSING_PARAMETER,
    NOT_A_URL,
    NOT_ENCODED,
    OTHER_TEMPLATE,
    REPEATED_PARAMETER,
    UNKNOWN_PARAMETER,
    WRONG_CASE,
    Fault,
)
from macroengine.matching.fitting import Aligned, align, fit_parameter, name_of, pairs_of, unsure
from macroengine.matching.flat import Bound, Misfit, Part
from macroengine.matching.loosely import as_sent, depth_fault, fit_as_sent
from macroengine.matching.result import ReceivedPair
from macroengine.matching.shape import Parameter, Pieces, Shape, holes_of, lower

PATH, FRAGMENT = "(path)", "(fragment)"
# The maximum number of listed items. The rest is only counted.
_MAX_LISTED = 50
_SHOWN = 30
_DEPTHS = {
    DOUBLE_ENCODED.name: "double-encoded: parameter {} is encoded once more",
    NOT_ENCODED.name: "not encoded: parameter {} is encoded once less",
}
_begins_as_url = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[/?]").match


class Read(NamedTuple):
    """A value in the URL, and the name of its parameter."""

    bound: Bound
    parameter: str


class Reader:
    """Reads one URL by the shape of a template."""

    def __init__(self, shape: Shape, url: str, prepared: str) -> None:
        self._shape, self._url, self._text = shape, url, prepared
        self.found: list[tuple[str, Diagnostic]] = []
        self.reads: list[Read] = []
        self.pairs: tuple[ReceivedPair, ...] = ()
        self.unmatched: list[Span] = []
        """The parts that the template does not have."""
        self.places: list[tuple[str, Span]] = []
        """The texts that may contain macros that were not replaced."""

    def report(self, fault: Fault, span: Span, message: str, parameter: str, hint: str | None = None) -> None:
        """Report a problem of a parameter."""
        self.found.append((parameter, fault.on(self._url, span, message, hint)))

    def read(self) -> bool:
        """Read everything. Return False if the URL is of another template, so that only its pairs were read."""
        shape, text = self._shape, self._text
        end = text.find("#")
        end = len(text) if end < 0 else end
        is_bare = shape.is_query and not _begins_as_url(text)
        mark = -1 if is_bare else text.find("?", 0, end)
        path = Part(text, 0, 0 if is_bare else end if mark < 0 else mark)
        start = path.stop if mark < 0 else mark + 1
        query = Part(text, start + (is_bare and text.startswith("&")), end)
        self._take_pairs(path, query, end)
        if not self._read_before(path):
            return False
        self._read_query(query)
        self._read_fragment(Part(text, end + 1, len(text)))
        return True

    def _take_pairs(self, path: Part, query: Part, end: int) -> None:
        self.places.append((PATH, Span(path.start, path.stop)))
        taken = []
        for pair in pairs_of(self._shape.separator, query):
            written = self._written(pair)
            name, equals, value = written.partition("=")
            span = Span(pair.start, pair.stop)
            taken.append(ReceivedPair(unquote(name), unquote(value) if equals else None, span))
            at = pair.start + len(name) + len(equals) if equals else pair.start
            self.places.append((taken[-1].name, Span(at, pair.stop)))
        self.pairs = tuple(taken)
        self.places.append((FRAGMENT, Span(min(end + 1, len(self._text)), len(self._text))))

    def _written(self, part: Part) -> str:
        return self._url[part.start : part.stop]

    # Before the query

    def _read_before(self, path: Part) -> bool:
        pieces = self._shape.before
        first = pieces[0] if pieces else ""
        has_origin = isinstance(first, str) and "://" in first
        origin = _origin_end(path)
        text = lower(path.text[:origin]) + path.text[origin:]
        if has_origin and path.text.startswith("/") and not path.text.startswith("//"):
            # A path and query, as servers log them.
            pieces = _without_origin(pieces)
        elif isinstance(first, str) and first.startswith("/") and not first.startswith("//"):
            self._skip(path._replace(stop=origin))
            path = path._replace(start=origin)
        elif has_origin and not _begins_as_url(self._url):
            hint = "give the whole URL, or what follows its server"
            self.report(NOT_A_URL, Span(0, path.stop), f"not a URL: {self._shown(0, path.stop)}", PATH, hint)
            return False
        if not pieces:
            self._skip(path)
            return True
        if pieces == (text[path.start : path.stop].removesuffix("/"),):
            return True
        return self._take(fit_as_sent(pieces, path._replace(text=text)), path, PATH)

    def _skip(self, part: Part) -> None:
        if part.start < part.stop:
            self.unmatched.append(Span(part.start, part.stop))

    def _shown(self, start: int, stop: int) -> str:
        return repr(self._url[start : min(stop, start + _SHOWN)])

    def _take(self, fitted: list[Bound] | Misfit, part: Part, parameter: str, *, sure: bool = True) -> bool:
        """Store the values that were read. If the text differs, report where, and return False."""
        if isinstance(fitted, Misfit):
            self._report_difference(fitted, part, parameter)
            return False
        self.reads += [Read(bound._replace(sure=bound.sure and sure), parameter) for bound in fitted]
        return True

    def _report_difference(self, misfit: Misfit, part: Part, parameter: str) -> None:
        has = self._shown(misfit.at, part.stop) if misfit.at < part.stop else "nothing"
        wanted = repr(misfit.expected.replace("\0", "…")[:_SHOWN]) if misfit.expected else "nothing"
        where = "" if parameter in (PATH, FRAGMENT) else f" in parameter {parameter!r}"
        message = f"other template: the first difference{where} is {has}, where this template has {wanted}"
        self.report(OTHER_TEMPLATE, Span(misfit.at, part.stop), message, parameter)

    # Parameters

    def _read_query(self, query: Part) -> None:
        wanted = self._shape.parameters
        aligned = align(wanted, self._shape.separator, query)
        aligned = self._read_misspelt(wanted, aligned) if aligned.extra else aligned
        for index, found in sorted(aligned.matched.items()):
            name = unquote(self._written_name(found.pair))
            self._read_pair(wanted[index], found.pair, name, sure=found.sure)
        for index in aligned.missing:
            name = shown_name(wanted[index])
            hint = "the template has it; look for where it is lost"
            self.report(MISSING_PARAMETER, Span(query.stop, query.stop), f"missing parameter {name!r}", name, hint)
        self._report_extra(wanted, aligned)

    def _read_pair(self, parameter: Parameter, pair: Part, name: str, *, sure: bool) -> None:
        fitted = as_sent(parameter.pieces, pair, fit_parameter(parameter, pair))
        if isinstance(fitted, Misfit) and not sure:
            fitted = [*unsure(parameter.pieces, pair)]
            self._skip(pair)
        fault = depth_fault(parameter.pieces, pair) if isinstance(fitted, Misfit) else None
        if fault is None:
            self._take(fitted, pair, name, sure=sure)
        else:
            message = f"{_DEPTHS[fault.name].format(repr(name[:_SHOWN]))} than in the template"
            self.report(fault, Span(pair.start, pair.stop), message, name, "its values were not read")
            self._skip(pair)

    def _written_name(self, pair: Part) -> str:
        return self._url[pair.start : pair.start + len(name_of(pair))]

    def _read_misspelt(self, wanted: tuple[Parameter, ...], aligned: Aligned) -> Aligned:
        """Read missing parameters from pairs whose name differs in case, `-`, `_` or encoding."""
        folded = {fold(unquote(name_of(pair))): pair for pair in reversed(aligned.extra)}
        read: dict[int, Part] = {}
        for index, parameter in enumerate(wanted):
            if index not in aligned.matched and parameter.name:  # `_` is not another spelling of no name
                pair = folded.pop(fold(unquote(parameter.name)), None)
                if pair is not None:
                    read[index] = pair
                    self._read_renamed(parameter, parameter.name, pair)
        taken = {pair.start for pair in read.values()}
        missing = [index for index in aligned.missing if index not in read]
        return aligned._replace(missing=missing, extra=[pair for pair in aligned.extra if pair.start not in taken])

    def _read_renamed(self, parameter: Parameter, name: str, pair: Part) -> None:
        """Read a pair as if it had the name of the parameter."""
        at = pair.start + len(name_of(pair))
        written, shown = unquote(self._written_name(pair)), unquote(name)
        if written != shown:
            message = f"wrong case: parameter {written[:_SHOWN]!r} is {shown!r} in the template"
            self.report(WRONG_CASE, Span(pair.start, at), message, shown, f"write {shown!r}")
        first, *others = parameter.pieces
        renamed = pair.text[pair.start : at] + str(first)[len(name) :]
        self._read_pair(parameter._replace(pieces=(renamed, *others)), pair, shown, sure=True)

    def _report_extra(self, wanted: tuple[Parameter, ...], aligned: Aligned) -> None:
        names = {parameter.name for parameter in wanted}
        for pair in aligned.extra:
            self._skip(pair)
        for pair in aligned.extra[:_MAX_LISTED]:
            written, span = unquote(self._written_name(pair)), Span(pair.start, pair.stop)
            shown = written[:_SHOWN]
            if name_of(pair) in names:
                hint = "send it once; receivers differ in which one they read"
                self.report(REPEATED_PARAMETER, span, f"repeated parameter {shown!r}", written, hint)
            else:
                hint = "it is not in the template; if a value was cut at '&', the value was not encoded"
                self.report(UNKNOWN_PARAMETER, span, f"unknown parameter {shown!r}", written, hint)
        rest = aligned.extra[_MAX_LISTED:]
        if rest:
            span = Span(rest[0].start, rest[-1].stop)
            self.report(UNKNOWN_PARAMETER, span, f"{len(rest):,} more unknown or repeated parameters", "")

    # The fragment

    def _read_fragment(self, part: Part) -> None:
        pieces, hash_sign = self._shape.fragment, part.start - 1
        if part.start > part.stop:
            if any(holes_of(pieces or ())):
                hint = "clients do not send what follows '#'; move its macros into the query"
                end = Span(part.stop, part.stop)
                self.report(MISSING_PARAMETER, end, "missing parameter: the URL has no fragment", FRAGMENT, hint)
        elif pieces is None:
            self._skip(part)
            message = (
                f"not encoded: '#' begins a fragment, {self._shown(hash_sign, part.stop)}, and the template has none"
            )
            self.report(NOT_ENCODED, Span(hash_sign, part.stop), message, FRAGMENT, "encode '#' as %23")
        else:
            self._take(fit_as_sent(pieces, part), part, FRAGMENT)


def shown_name(parameter: Parameter) -> str:
    """Return the decoded name of a parameter, for messages."""
    if parameter.name is not None:
        return unquote(parameter.name)
    macros = ", ".join(hole.macro for hole in holes_of(parameter.pieces))
    return f"(name with {macros})"


def _origin_end(path: Part) -> int:
    """Return where the scheme and the server end."""
    slashes = path.text.find("://", 0, path.stop)
    if slashes < 0:
        return 0
    end = path.text.find("/", slashes + 3, path.stop)
    return path.stop if end < 0 else end


def _without_origin(pieces: Pieces) -> Pieces:
    """Return the pieces of the path, for a template with a server."""
    for index, piece in enumerate(pieces):
        if isinstance(piece, str):
            at = piece.find("/", 0 if index else piece.find("://") + 3)
            if at >= 0:
                return (piece[at:], *pieces[index + 1 :])
    return ("/",)
