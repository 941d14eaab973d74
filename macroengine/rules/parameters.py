"""Rules about the names of a URL's parameters."""

from collections.abc import Iterator

from macroengine.catalogue.folding import fold
from macroengine.diagnostics import Finding, Span
from macroengine.language.nodes import Literal, Macro, Pair
from macroengine.plan.resolve import Problem
from macroengine.rules.checked import Checked
from macroengine.rules.intended import documented_names
from macroengine.rules.structure import lacks_equals, named_after_semicolons, separated_by_ampersands


def duplicate_parameter(checked: Checked) -> Iterator[Finding]:
    """Duplicate parameter.

    What it does:
        Finds parameters whose name has occurred before. Names that end in `[]` are lists and may repeat.

    Why it matters:
        Receivers read the first, the last, or both.

    Example:
        https://n.example/pb?id=(clickid)&id=(af_siteid)

    Use instead:
        https://n.example/pb?id=(clickid)&site=(af_siteid)
    """
    names = checked.parameter_names
    if len(set(names)) == len(names):
        return
    seen: set[str] = set()
    for pair, name in zip(checked.template.query, names, strict=True):
        if name in seen and not name.endswith(("[]", "%5B%5D")):
            yield Finding(_name_span(pair), f"duplicate parameter {name!r}", "give it another name")
        if name:
            seen.add(name)


def macro_as_name(checked: Checked) -> Iterator[Finding]:
    """Macro in the name of a parameter.

    What it does:
        Finds macros before the `=` of a parameter. In a query without `&`, servers may begin a parameter at a `;` too.

    Why it matters:
        The value of the macro decides the name of the parameter.

    Example:
        https://n.example/pb?(af_sub1)=1

    Use instead:
        https://n.example/pb?sub1=(af_sub1)
    """
    for pair in checked.template.query:
        for piece in pair.name:
            if not isinstance(piece, Literal) and not lacks_equals(pair):
                yield Finding(piece.span, f"{piece.text} is in the name of a parameter")
    # Most templates have no semicolon.
    if ";" in checked.source and not separated_by_ampersands(checked.template):
        for pair in checked.template.query:
            for _, macro in named_after_semicolons(pair):
                message = f"{macro.text} is in the name of a parameter if the server separates parameters at ;"
                yield Finding(macro.span, message)


def mismatched_parameter(checked: Checked) -> Iterator[Finding]:
    """Parameter with the name of a macro other than its own.

    What it does:
        Finds parameters that are named exactly like one macro and filled from another with a different value.

    Why it matters:
        Readers of reports mistake it for the other value. AppsFlyer's own page sends the IP address as a country.

    Example:
        https://n.example/pb?country_code=(ip)

    Use instead:
        https://n.example/pb?ip=(ip)
    """
    documented = documented_names(checked.dialect)
    called: dict[int, str] = {}
    for pair, name in zip(checked.template.query, checked.parameter_names, strict=True):
        if name in documented and len(name) > 1:
            named, value = pair.name, pair.value
            if len(named) == 1 == len(value) and isinstance(value[0], Macro) and value[0].name != name:
                called[value[0].start] = name
    for macro in checked.resolution.macros if called else ():
        name = called.get(macro.node.start, "")
        # The value of a tracking link parameter is unknown.
        if not name or macro.spec is None or Problem.PARAMETER in macro.problems:
            continue
        # idfa={IDFA} is a typo in the macro's name; another rule reports it.
        if documented[name].field != macro.spec.field and fold(name) != fold(macro.spec.name):
            message = f"{name!r} is filled with {macro.node.text}, another value than {name}"
            yield Finding(macro.node.span, message)


def _name_span(pair: Pair) -> Span:
    last = pair.name[-1]
    return Span(pair.name[0].start, last.start + len(last.text))
