"""Check and fix one template of a file, with the settings for that template."""

from collections.abc import Container
from typing import TYPE_CHECKING, NamedTuple

from macroengine.diagnostics import Diagnostic
from macroengine.errors import TemplateError
from macroengine.kinds import Postback
from macroengine.rules import check
from macroengine.rules.request_codes import request_codes
from macroengine.workspace.assumed import AUTO, assumed_postback, dialect_for, parsed
from macroengine.workspace.config import Settings
from macroengine.workspace.inputs import InputError
from macroengine.workspace.record import Record

if TYPE_CHECKING:
    from macroengine.rules.fixing import Fixed


class Chosen(NamedTuple):
    """The settings for a template of a file, and what they do not rest on."""

    settings: Settings
    assumed: Postback | None
    """The kind of postback, if it was inferred from the macros."""
    unknown: str = ""
    """A word in the row that may be meant as the name of a dialect, but is not one."""


def settings_of(record: Record, template: str, settings: Settings, where: str, given: Container[str] = ()) -> Chosen:
    """Return the settings for a template of a file.

    The row overrides `settings`, except for settings named in `given`. Anything still open is inferred from the macros.

    Raises:
        InputError: a word in the row is unknown or misspelt.
    """
    strict = record.said.strict
    is_read = record.said.dialect and ("dialect" not in given or "dialect" in strict)
    dialect = record.dialect_named(where, settings.named) if is_read else None
    unknown = record.unknown_platform() if is_read and dialect is None and settings.dialect != AUTO else ""
    postback = None if "postback" in given and "postback" not in strict else record.postback_named(where)
    ignored = record.ignored(where)
    chosen = dialect_for(dialect or settings.dialect, template)
    if chosen is not settings.dialect or postback or ignored:
        settings = settings._replace(
            dialect=chosen,
            postback=postback or settings.postback,
            ignore=(*settings.ignore, *ignored),
        )
    if dialect is not None:
        _check_context(settings, f"{where}:{record.place}")
    if settings.postback is not None:
        return Chosen(settings, None, unknown)
    assumed = assumed_postback(template, chosen)
    return Chosen(settings._replace(postback=assumed), assumed, unknown)


def _check_context(settings: Settings, place: str) -> None:
    try:
        settings.check_context()
    except InputError as error:
        raise InputError(f"{place}: {error}") from None


def findings(template: str | Diagnostic, settings: Settings) -> list[Diagnostic] | tuple[Diagnostic, ...]:
    """Return the problems of a template. If it is too large, that is the only one.

    A template that cannot be checked is given as the finding that says so, and has no others.

    Raises:
        InputError: the policy denies an unknown name.
    """
    if isinstance(template, Diagnostic):
        return [template] if template.code in request_codes(settings.select, settings.ignore) else []
    try:
        dialect = settings.dialect_of(template)
        return check(
            parsed(template, dialect),
            dialect=dialect,
            policy=settings.policy,
            select=settings.wanted,
            ignore=settings.ignored,
        )
    except TemplateError as error:
        return error.diagnostics
    except ValueError as error:
        raise InputError(str(error)) from None


def fixed_template(template: str, settings: Settings, *, unsafe: bool = False) -> "Fixed":
    """Return the fixed template. A template that is too large is not changed.

    Raises:
        InputError: the policy denies an unknown name.
    """
    # Here because most templates are only checked.
    from macroengine.rules.fixing import Fixed, fix  # noqa: PLC0415 - see above

    dialect = settings.dialect_of(template)
    try:
        return fix(
            template,
            dialect=dialect,
            policy=settings.policy,
            unsafe=unsafe,
            select=settings.wanted,
            ignore=settings.ignored,
        )
    except TemplateError as error:
        return Fixed(template, (), error.diagnostics)
    except ValueError as error:
        raise InputError(str(error)) from None
