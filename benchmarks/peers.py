"""Other template engines: the same template in each engine's language.

Each function does all preparation, and returns a function that renders a flat dict of values. It imports the engine
itself, and engines that are not installed are left out of the table.
"""

import re
import string
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from benchmarks.workloads import Workload, text_of

Row = Mapping[str, object]
Prepared = Callable[[Row], str]


def str_replace(workload: Workload) -> Prepared:
    """`str.replace` for each macro in turn, with `quote`."""
    template = workload.written("{{{name}}}")
    macros = [("{" + piece.name + "}", piece.field, piece.hashed) for piece in workload.placeholders]

    def render(row: Row) -> str:
        url = template
        for macro, field, hashed in macros:
            url = url.replace(macro, quote(text_of(row.get(field), hashed=hashed), safe=""))
        return url

    return render


def re_sub(workload: Workload) -> Prepared:
    """`re.sub` with a function that looks up the value and calls `quote`."""
    template, sub = workload.written("{{{name}}}"), re.compile(r"\{(sha1_)?(\w+)\}").sub

    def render(row: Row) -> str:
        return sub(lambda found: quote(text_of(row.get(found[2]), hashed=found[1] is not None), safe=""), template)

    return render


def string_template(workload: Workload) -> Prepared:
    """`string.Template`, with values quoted before."""
    template = string.Template(workload.written("${{{name}}}"))
    return lambda row: template.substitute(_quoted(workload, row))


def wheezy(workload: Workload) -> Prepared:
    """wheezy.template with `quote`."""
    from wheezy.template.engine import Engine
    from wheezy.template.ext.core import CoreExtension
    from wheezy.template.loader import DictLoader

    names = ", ".join(dict.fromkeys(piece.field for piece in workload.placeholders))
    source = f"@require({names})\n{workload.written('@{field}!q', '@{field}!hashed')}"
    engine = Engine(loader=DictLoader({"t": source}), extensions=[CoreExtension()])
    engine.global_vars.update(
        q=lambda value: "" if value is None else quote(str(value), safe=""),
        hashed=lambda value: quote(text_of(value, hashed=True), safe=""),
    )
    return _with_all(workload, engine.get_template("t").render)


def jinja2(workload: Workload) -> Prepared:
    """Jinja2, `{{ x | urlencode }}`."""
    from jinja2 import Environment

    environment = Environment()
    environment.filters["sha1"] = lambda value: text_of(value, hashed=True)
    source = workload.written("{{{{ {field}|default('', true)|urlencode }}}}", "{{{{ {field}|sha1|urlencode }}}}")
    return environment.from_string(source).render


def minijinja(workload: Workload) -> Prepared:
    """minijinja (Rust), `{{ x | urlencode }}`."""
    from minijinja import Environment

    source = workload.written("{{{{ {field}|default('')|urlencode }}}}", "{{{{ {field}|sha1|urlencode }}}}")
    environment = Environment(templates={"t": source}, filters={"sha1": lambda value: text_of(value, hashed=True)})
    return lambda row: environment.render_template("t", **row)


def mako(workload: Workload) -> Prepared:
    """Mako, `${x | u}`."""
    from mako.template import Template

    render = Template(workload.written("${{{field} or '' | str, u}}", "${{sha1({field}) | u}}")).render
    return _with_all(workload, lambda row: render(sha1=lambda value: text_of(value, hashed=True), **row))


def chevron(workload: Workload) -> Prepared:
    """chevron (Mustache), with values quoted before."""
    from chevron.renderer import render
    from chevron.tokenizer import tokenize

    tokens = list(tokenize(workload.written("{{{{{{{name}}}}}}}")))
    return lambda row: render(tokens, _quoted(workload, row))


def uritemplate(workload: Workload) -> Prepared:
    """uritemplate (RFC 6570), simple expansion."""
    from uritemplate import URITemplate

    expand = URITemplate(workload.written("{{{name}}}")).expand
    return lambda row: expand(workload.texts(row))


def adcp(workload: Workload) -> Prepared:
    """AdCP's `translate_universal_macros`."""
    from adcp.substitution import ValueMacroMapping, translate_universal_macros

    template = re.sub(r"\{\w+\}", lambda found: found[0].upper(), workload.written("{{{name}}}"))
    names = {name: "{" + name.upper() + "}" for name in workload.texts(workload.row)}

    def render(row: Row) -> str:
        values = {names[name]: ValueMacroMapping(text) for name, text in workload.texts(row).items()}
        return translate_universal_macros(template, values).url

    return render


# By the name of the distribution; None for the standard library.
PEERS: dict[str, tuple[str | None, Callable[[Workload], Prepared]]] = {
    "wheezy.template + quote": ("wheezy.template", wheezy),
    "minijinja urlencode (Rust)": ("minijinja", minijinja),
    "str.replace + quote": (None, str_replace),
    "re.sub + quote": (None, re_sub),
    "string.Template + quote": (None, string_template),
    "Jinja2 urlencode": ("jinja2", jinja2),
    "Mako u": ("mako", mako),
    "chevron + quote": ("chevron", chevron),
    "uritemplate": ("uritemplate", uritemplate),
    "AdCP substitution": ("adcp", adcp),
}


def _quoted(workload: Workload, row: Row) -> dict[str, str]:
    return {name: quote(text, safe="") for name, text in workload.texts(row).items()}


def _with_all(workload: Workload, render: Callable[[Any], str]) -> Prepared:
    """Add missing names with the value None, for engines that fail without them."""
    missing = {piece.field: None for piece in workload.placeholders if piece.field not in workload.row}
    return (lambda row: render({**row, **missing})) if missing else render
