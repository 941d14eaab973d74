"""One template of a file: what it is checked as, what is found in it, and what it is fixed to."""

from collections.abc import Container
from dataclasses import replace

from macroengine.diagnostics import Diagnostic
from macroengine.errors import TemplateError
from macroengine.kinds import Postback
from macroengine.rules import check
from macroengine.rules.fixing import Fixed, fix
from macroengine.rules.request_codes import request_codes
from macroengine.workspace.assumed import assumed_postback, dialect_for, parsed
from macroengine.workspace.config import Settings
from macroengine.workspace.inputs import InputError
from macroengine.workspace.record import Record


def settings_of(
    record: Record, template: str, settings: Settings, where: str, given: Container[str] = ()
) -> tuple[Settings, Postback | None]:
    """Return the settings for a template of a file, and the kind of postback where it is only assumed.

    What its row says counts, and then what its macros say; `given` are the settings that are over the row's.

    Raises:
        InputError: the row says something that is not known, in a column that was asked for.
    """
    strict = record.said.strict
    dialect = None if "dialect" in given and "dialect" not in strict else record.dialect_named(where, settings.dialects)
    postback = None if "postback" in given and "postback" not in strict else record.postback_named(where)
    ignored = record.ignored(where)
    chosen = dialect_for(dialect or settings.dialect, template)
    if chosen is not settings.dialect or postback or ignored:
        settings = replace(
            settings,
            dialect=chosen,
            postback=postback or settings.postback,
            ignore=(*settings.ignore, *ignored),
        )
    if dialect is not None:
        _check_context(settings, f"{where}:{record.place}")
    if settings.postback is not None:
        return settings, None
    assumed = assumed_postback(template, chosen)
    return replace(settings, postback=assumed), assumed


def _check_context(settings: Settings, place: str) -> None:
    try:
        settings.check_context()
    except InputError as error:
        raise InputError(f"{place}: {error}") from None


def findings(template: str | Diagnostic, settings: Settings) -> list[Diagnostic] | tuple[Diagnostic, ...]:
    """Return what is wrong with a template; of one that is too large to look at, only that.

    Of one that cannot be checked, there is a finding that says so, and nothing else is found in it.

    Raises:
        InputError: the policy denies a name that is not known.
    """
    if isinstance(template, Diagnostic):
        return [template] if template.code in request_codes(settings.select, settings.ignore) else []
    try:
        dialect = settings.dialect_of(template)
        return check(parsed(template, dialect), dialect=dialect, policy=settings.policy, select=settings.wanted)
    except TemplateError as error:
        return error.diagnostics
    except ValueError as error:
        raise InputError(str(error)) from None


def fixed_template(template: str, settings: Settings, *, unsafe: bool = False) -> Fixed:
    """Return the fixed template; one that is too large to look at stays unchanged.

    Raises:
        InputError: the policy denies a name that is not known.
    """
    dialect = settings.dialect_of(template)
    try:
        return fix(template, dialect=dialect, policy=settings.policy, unsafe=unsafe, select=settings.wanted)
    except TemplateError as error:
        return Fixed(template, (), error.diagnostics)
    except ValueError as error:
        raise InputError(str(error)) from None
