"""The best of a monitored value."""

import math

import pytest

from litmus.engine.best import Best


@pytest.mark.parametrize(("mode", "values"), [("min", [3, 1, 2, 1, 0]), ("max", [1, 3, 2, 3, 4])])
def test_only_a_better_value_is_the_best(mode, values):
    best = Best(mode)
    assert [best.update(value) for value in values] == [True, True, False, False, True]
    assert (best.value, best.waited) == (values[-1], 0)


def test_an_improvement_within_the_tolerance_is_none():
    best = Best("max", 0.5)
    assert [best.update(value) for value in (1.0, 1.4, 1.5, 1.6, 1.7)] == [True, False, False, True, False]
    assert (best.value, best.waited) == (1.6, 1)


def test_a_value_that_is_not_a_number_never_improves():
    best = Best("min")
    assert not best.update(math.nan)
    assert (best.value, best.waited) == (None, 1)
    assert best.update(math.inf)
    assert not best.update(math.nan)
