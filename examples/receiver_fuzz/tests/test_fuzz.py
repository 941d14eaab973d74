"""The fuzzer finds the bug, and finds nothing if there is none."""

import pytest
from receiver_fuzz.fuzz import fuzz
from receiver_fuzz.receiver import parameters, received


def test_the_bug_is_found():
    with pytest.raises(AssertionError, match=r"parameter '\w+' is encoded twice"):
        fuzz(received)


@pytest.mark.slow
def test_nothing_is_found_without_the_bug():
    fuzz(parameters)


@pytest.mark.slow
def test_a_receiver_that_loses_a_parameter_is_found():
    with pytest.raises(AssertionError, match="parameter 'ip' differs"):
        fuzz(lambda url: {**parameters(url), "ip": ""})
