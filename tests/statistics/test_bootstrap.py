import math

import numpy as np
import pytest
from scipy import stats

from litmus.statistics import block_length, bootstrap


def test_percentiles_agree_with_scipy():
    values = np.random.default_rng(0).exponential(size=400)
    ours = bootstrap(lambda rows: float(np.median(values[rows])), 400, draws=4000)
    theirs = stats.bootstrap((values,), np.median, n_resamples=4000, method="percentile", rng=1).confidence_interval
    assert ours.value == np.median(values)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_the_same_seed_gives_the_same_interval():
    values = np.arange(50.0)
    first, second, third = (bootstrap(lambda rows: float(values[rows].mean()), 50, seed=s) for s in (1, 1, 2))
    assert first == second != third


def test_strata_keep_their_sizes():
    classes = np.repeat(["a", "b", "c"], [3, 7, 40])
    sizes = set()

    def statistic(rows):
        sizes.add(tuple(np.unique(classes[rows], return_counts=True)[1]))
        return 0.0

    bootstrap(statistic, 50, strata=classes)
    assert sizes == {(3, 7, 40)}


def test_rows_of_a_group_are_drawn_together():
    groups = np.array([0, 1, 1, 2, 2, 2, 0, 3])

    def statistic(rows):
        counts = np.bincount(rows, minlength=8)
        assert all(len(set(counts[groups == g])) == 1 for g in range(4))
        return float(len(rows))

    interval = bootstrap(statistic, 8, groups=groups)
    assert interval.low < 8 < interval.high


def test_blocks_hold_neighbours_and_every_row_is_as_likely():
    seen = np.zeros(40)

    def statistic(rows):
        seen[:] += np.bincount(rows, minlength=40)
        assert ((np.diff(rows) % 40) == 1).mean() > 0.8
        return 0.0

    bootstrap(statistic, 40, block=8, draws=2000)
    assert seen.min() > 0.9 * seen.max()


def test_two_ways_of_drawing_are_refused():
    with pytest.raises(ValueError, match="give one of them"):
        bootstrap(lambda rows: 0.0, 4, groups=[1, 1, 2, 2], block=2)


def test_groups_of_another_length_are_refused():
    with pytest.raises(ValueError, match="3 groups or strata for 4 rows"):
        bootstrap(lambda rows: 0.0, 4, groups=[1, 1, 2])


def test_one_group_excludes_nothing():
    interval = bootstrap(lambda rows: 1.0, 4, groups=[1, 1, 1, 1])
    assert (interval.low, interval.high) == (-math.inf, math.inf)


def test_a_statistic_undefined_on_most_draws_has_no_bounds():
    interval = bootstrap(lambda rows: 1.0 if len(set(rows)) == 5 else math.nan, 5)
    assert interval.value == 1
    assert math.isnan(interval.low)


def test_a_few_undefined_draws_are_left_out():
    target = np.repeat([0, 1], [30, 4])
    interval = bootstrap(lambda rows: math.nan if target[rows].all() else float(target[rows].mean()), 34)
    assert 0 <= interval.low < interval.high < 0.4


def test_blocks_grow_with_autocorrelation():
    rng = np.random.default_rng(0)
    white, walk = rng.normal(size=1000), np.cumsum(rng.normal(size=1000))
    assert block_length(white) <= 12
    assert block_length(walk) == 125
    assert block_length([1.0, 2.0]) == 1
    assert block_length([3.0] * 80) == 5


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["rows", "groups", "strata"])
def test_any_statistic_is_covered(coverage, scheme):
    codes = np.repeat(np.arange(30), 2)

    def sample(rng):
        shared = rng.normal(size=30)[codes] * 0.5 if scheme == "groups" else 0.0
        values = rng.normal(size=60) + shared + (3.0 * (codes % 2) if scheme == "strata" else 0.0)
        drawn = {"rows": {}, "groups": {"groups": codes}, "strata": {"strata": codes % 2}}[scheme]
        interval = bootstrap(lambda rows: float(values[rows].sum()) / 60, 60, draws=400, **drawn)
        return interval, 1.5 if scheme == "strata" else 0.0

    assert 0.93 < coverage(sample, samples=1200) < 0.97
