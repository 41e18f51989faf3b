"""Columns that are the target cut into pieces."""

import numpy as np
import pytest

from litmus.data_checks.leaks import Feature
from litmus.data_checks.pieces import pieces

RNG = np.random.default_rng(0)
Y = RNG.normal(3, 1, 200)
BAND = np.digitize(Y, [2.5, 3.5]).astype(float)


@pytest.mark.parametrize(
    ("values", "cut"),
    [
        (BAND, True),
        ((BAND == 0).astype(float), True),
        (np.where(RNG.random(200) < 0.1, np.nan, BAND), True),
        (np.where(RNG.random(200) < 0.1, 1.0, BAND), False),
        (np.argsort(np.argsort(Y)).astype(float), False),
        ((Y.max() == Y).astype(float), False),
        (np.round(RNG.random(200)), False),
    ],
)
def test_levels_without_a_target_in_common_are_pieces_of_it(values, cut):
    found = pieces([Feature(name="band", train=values, val=values, ordered=True)], Y)
    assert found == (("band",) if cut else ())


def test_a_level_that_meets_another_one_in_a_target_is_no_piece():
    target = np.repeat([1.0, 2.0, 3.0], 50)
    band = np.r_[np.zeros(75), np.ones(75)]
    assert pieces([Feature(name="band", train=band, val=band, ordered=True)], target) == ()


def test_a_few_rows_of_both_levels_may_have_the_target_at_which_they_are_cut():
    low = np.repeat([1.0, 0.0], [50, 150])
    target = np.r_[np.linspace(1, 1.49, 49), 1.5, 1.5, np.linspace(1.51, 3, 149)]
    assert pieces([Feature(name="low", train=low, val=low, ordered=True)], target) == ("low",)
