"""Checking a template: 300 characters compared with a bare Lark parse, and 16,000 hostile characters."""

from collections.abc import Iterator

from lark import Lark

from benchmarks.measure import interleaved
from benchmarks.pairing import LENGTH, WORST, functions, milliseconds
from benchmarks.report import Row, Table, Target
from benchmarks.suites.compiling import BARE, TEMPLATE
from macroengine import check, fix

_WHOLE = TEMPLATE[: TEMPLATE.rindex("&wifi")] + "&lat=(is_lat)"
_APPMETRICA = (
    "https://n.example/pb?c={click_id}&p={publisher_id}&d={device_type}&ip={device_ip}&l={device_locale}"
    "&m={device_model}&o={os_version}&ov={os_name}&i={ios_ifa}&g={google_aid}&a={app_package_name}"
    "&ad={appmetrica_device_id}&t={install_timestamp}&ct={click_timestamp}&co={country_iso_code}&n={conversion_id}"
)
# Each with its dialect, and the time of its check in the first edition as a multiple of a bare Lark parse.
_TEMPLATES = {
    "AppsFlyer": (_WHOLE, "appsflyer", 2.62),
    "AppsFlyer, cut off": (TEMPLATE, "appsflyer", 2.83),
    "AppMetrica": (_APPMETRICA, "appmetrica", 3.59),
}
_OF_FIRST = 0.6
_MILLISECONDS = 100


def run() -> Iterator[Table]:
    yield _short()
    yield _hostile()


def _short() -> Table:
    calls = {"bare Lark parse": (Lark(BARE, parser="lalr").parse, TEMPLATE)}
    for name, (source, dialect, _) in _TEMPLATES.items():
        for function in (check, fix):
            calls[f"{function.__name__}: {name}"] = (_called, function, source, dialect)
    timings = interleaved(calls)
    rows = tuple(Row(name, timing.best, timing.median) for name, timing in timings.items())
    bare = timings["bare Lark parse"].best
    targets = tuple(
        Target("P13", f"check, {name}: of the first edition", timings[f"check: {name}"].best / bare / first, _OF_FIRST)
        for name, (_, _, first) in _TEMPLATES.items()
    )
    return Table("check: 300 characters, 20 macros", "us", rows, targets, "bare Lark parse")


def _called(function, source, dialect):
    return function(source, dialect=dialect)


def _hostile() -> Table:
    measured = functions()
    rows = []
    for name, source in WORST:
        taken = milliseconds(measured[name], source, LENGTH, 5) / 1000
        how = "by turns" if source.by_turns else "in halves"
        rows.append(Row(f"{name}: {source.first!r} and {source.second!r} {how}, {source.dialect}", taken, taken))
    worst = max(row.best for row in rows) * 1000
    target = Target("P13", "the worst of these: ms of CPU", worst, _MILLISECONDS)
    return Table(f"hostile templates of {LENGTH:,} characters", "ms", tuple(rows), (target,))
