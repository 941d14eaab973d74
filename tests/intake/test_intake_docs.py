"""The intake page of the documentation lists every code and every reason."""

from pathlib import Path

from macroengine.intake import FAULTS
from macroengine.intake.appsflyer import StampReason

PAGE = (Path(__file__).parents[2] / "docs" / "intake.md").read_text(encoding="utf-8")


def test_the_page_lists_every_code_as_it_is():
    rows = [f"| {code} | {fault.name} | {fault.severity} | {fault.meaning} |" for code, fault in FAULTS.items()]
    section = PAGE.partition("| code |")[2].partition("\n\n")[0]
    assert section.splitlines()[2:] == rows


def test_the_page_lists_every_reason_of_a_stamp():
    assert [reason.name for reason in StampReason if f"| `{reason.name}` |" not in PAGE] == []
