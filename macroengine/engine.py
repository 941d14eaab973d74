"""The main entry points: compile a template, render an event, match a URL."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from macroengine.arguments import check_flag, check_type, choice, member, names_in, text_of
from macroengine.caching import sized_cache
from macroengine.catalogue import DEFAULT_DIALECT, Dialect, dialect_of
from macroengine.compiled_template import CompiledTemplate, made, unpickled
from macroengine.errors import PolicyError, TemplateError
from macroengine.event import Event
from macroengine.kinds import HashCase, HashCaseWord
from macroengine.limits import Limits
from macroengine.plan.missing import AnyMissing, planned_missing
from macroengine.plan.options import Options
from macroengine.plan.planner import plan
from macroengine.plan.resolve import resolve
from macroengine.plan.segments import Missing
from macroengine.policy import Policy
from macroengine.rules import RULES, errors
from macroengine.template import Template, parse

if TYPE_CHECKING:
    from macroengine.matching.result import Match

# Where the pickles of version 0.1 look for it; they are told to be compiled again.
_unpickled = unpickled


class CompileOptions(TypedDict, total=False):
    """The keyword arguments of `compile_template`."""

    dialect: str | Dialect
    policy: Policy
    missing: AnyMissing | Mapping[str, AnyMissing]
    unknown: Literal["error", "keep", "empty"]
    nested: bool
    allow_host_macros: bool
    booleans: Literal["true/false", "1/0"]
    hash_case: HashCase | HashCaseWord | None
    ignore: Iterable[str]
    limits: Limits


def compile_template(
    source: str,
    *,
    dialect: str | Dialect = DEFAULT_DIALECT,
    policy: Policy = Policy(),  # noqa: B008 - immutable
    missing: AnyMissing | Mapping[str, AnyMissing] = Missing.EMPTY,
    unknown: Literal["error", "keep", "empty"] = "error",
    nested: bool = True,
    allow_host_macros: bool = False,
    booleans: Literal["true/false", "1/0"] = "true/false",
    hash_case: HashCase | HashCaseWord | None = None,
    ignore: Iterable[str] = (),
    limits: Limits = Limits(),  # noqa: B008 - immutable
) -> CompiledTemplate:
    """Return the template ready to render. Results are cached: compiling the same template again is a look-up.

    Args:
        source: The template, a URL with macros in it.
        dialect: The dialect of its macros: the name of a built-in one, `"appsflyer"` by default, or a Dialect.
        policy: Which event the postback is for, and what its receiver may be told. Anything it forbids is an error.
        missing: What to send for a value that is missing or withheld: a member of Missing or its value, or a Default
            with a custom text. A mapping sets it for single macros or fields, and under `"*"` for all others.
        unknown: What to do with a macro that the dialect does not have: `"error"` rejects the template, `"keep"` sends
            the macro literally, `"empty"` treats it as a missing value.
        nested: Whether to encode a value once more for each URL that it is nested in. False encodes it once.
        allow_host_macros: Whether macros may be labels of the host. Each value must then be a single label, or
            rendering raises a RenderError.
        booleans: What to send for True and False. Macros of the type `flag` always send 1 and 0.
        hash_case: The case in which identifiers are hashed; None: the documented case of each identifier.
        ignore: Rules that should not reject the template: codes, or prefixes of codes such as `"ME2"`.
        limits: The maximum size of the template and of what is rendered from it.

    >>> from macroengine import Default
    >>> compile_template("https://n.example/pb?c=(clickid)", missing=Default("none")).render(Event())
    'https://n.example/pb?c=none'

    Raises:
        TemplateError: the template has errors; the exception lists all of them. PolicyError if only the policy forbids
            it, LimitError if it is too large.
        UnsupportedError: a macro has an argument, and no event can have a value for that.
        ValueError: an option has an invalid value, or names a macro that the template does not have.
        TypeError: an argument is of the wrong type.
    """
    source = text_of("source", source)
    check_type("policy", Policy, "a Policy", policy)
    check_type("limits", Limits, "a Limits", limits)
    check_flag("nested", nested)
    check_flag("allow_host_macros", allow_host_macros)
    choice("unknown", ("error", "keep", "empty"), unknown)
    choice("booleans", ("true/false", "1/0"), booleans)
    chosen = dialect_of(dialect)
    default, exceptions = planned_missing(missing, chosen)
    case = None if hash_case is None else member("hash_case", HashCase, hash_case)
    options = Options(default, exceptions, unknown, nested, allow_host_macros, booleans, case, limits)
    ignored = frozenset((ignore,)) if isinstance(ignore, str) else names_in("ignore", ignore, "code")
    return _compile(source, chosen, policy, options, ignored)


def render(source: str, event: Event, **options: Unpack[CompileOptions]) -> str:
    """Compile `source` with the options of `compile_template`, and return the URL for one event.

    >>> render("https://n.example/pb?c=(clickid)", Event(link={"click_id": "8594845"}))
    'https://n.example/pb?c=8594845'

    Raises:
        TemplateError: the template has errors.
        RenderError: the event cannot be sent.
    """
    check_type("event", Event, "an Event", event)
    return compile_template(source, **options).render(event)


def match(
    template: str | Template | CompiledTemplate,
    url: str,
    *,
    dialect: str | Dialect | None = None,
    event: Event | None = None,
) -> "Match":
    """Return the values in a URL that was rendered from a template, and what is wrong with the URL.

    A string or a Template may have any errors and can still be matched. Its macros are those of the dialect, which is
    "appsflyer" for a string by default. No URL raises an error. With an `event`, each value is compared with the one
    that would be sent for it, and hashes are verified.

    >>> found = match("https://n.example/pb?c=(clickid)", "https://n.example/pb?c=%28clickid%29&x=1")
    >>> [diagnostic.name for diagnostic in found.diagnostics]
    ['literal-macro', 'unknown-parameter']
    """
    from macroengine.matching.front import match_source  # noqa: PLC0415 - not needed for rendering

    check_type("template", str | Template | CompiledTemplate, "a string, a Template or a CompiledTemplate", template)
    url = text_of("url", url)
    check_type("event", Event | None, "an Event", event)
    if isinstance(template, CompiledTemplate):
        if dialect is not None and dialect_of(dialect) != template.dialect:
            raise ValueError(f"template was compiled as one of {template.dialect.title}; omit its dialect")
        return template.match(url, event=event)
    if isinstance(template, Template):
        chosen = template.dialect if dialect is None else dialect_of(dialect)
        return match_source(template.source, chosen, url, event)
    chosen = dialect_of(DEFAULT_DIALECT if dialect is None else dialect)
    return match_source(text_of("template", template), chosen, url, event)


# A template of 512 characters takes 30 KB after its first render, one of 16,000 almost 1 MB.
@sized_cache({512: 1024, 4_096: 128, 65_536: 16})
def _compile(
    source: str, dialect: Dialect, policy: Policy, options: Options, ignore: frozenset[str]
) -> CompiledTemplate:
    resolution = resolve(parse(source, dialect, limits=options.limits), dialect, policy)
    found = errors(resolution, ignore, {"unknown": options.unknown, "allow_host_macros": options.allow_host_macros})
    if found:
        only_policy = all(RULES[error.code].about_policy for error in found)
        raise (PolicyError if only_policy else TemplateError)(source, found)
    return made(source, dialect, policy, options, ignore, plan(resolution, options))
