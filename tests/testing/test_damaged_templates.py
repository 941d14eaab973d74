"""Templates as they arrive: that each way of damaging them does damage, and damage that is found."""

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from macroengine import check, fix
from macroengine.testing import damaged_templates
from macroengine.testing.damage import DAMAGES
from tests.support.floors import reached, reaching
from tests.support.trying import slow_after

TEMPLATE = "https://n.example/pb?click_id=(clickid)&campaign=(C)&region=1&currency=EUR&x=--&ts=(install_unix_ts)"
# Nothing says what a typographic sign was before.
NOT_MENDED = {"spreadsheet: autocorrected"}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_and_mended(damage):
    assert {finding.severity for finding in check(TEMPLATE)} <= {"info"}
    damaged = DAMAGES[damage](TEMPLATE)
    assert {finding.severity for finding in check(damaged)} & {"error", "warning"}
    assert (fix(damaged).source == TEMPLATE) is (damage not in NOT_MENDED)


@pytest.mark.parametrize("damage", slow_after(3, DAMAGES))
def test_all_damage_is_drawn(damage):
    # The first one will do: looking for the smallest takes a hundred times as long.
    first = settings(phases=[Phase.generate], max_examples=2_000)
    drawn = find(damaged_templates(), lambda damaged: damaged.damage == damage, settings=first)
    assert drawn.source == DAMAGES[damage](drawn.meant) != drawn.meant


@pytest.mark.parametrize("dialect", ["appsflyer", "appmetrica"])
def test_what_is_drawn_is_damaged(dialect):
    @reaching(fixed=40)
    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(damaged_templates(dialect))
    def law(damaged):
        assert damaged.source != damaged.meant
        fixed = fix(damaged.source, dialect=dialect)
        assert fix(fixed.source, dialect=dialect).applied == ()
        reached(*["fixed"] * bool(fixed.applied))

    law()
