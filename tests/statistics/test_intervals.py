import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from litmus.statistics import (
    Interval,
    block_mean_interval,
    clustered_rows,
    mean_interval,
    paired_t_interval,
    repeated_interval,
    rows_to_settle,
    spread,
    wilson,
)


def test_85_of_100_gives_the_published_interval():
    interval = wilson(85, 100)
    assert (interval.value, round(interval.low, 3), round(interval.high, 3)) == (0.85, 0.767, 0.907)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
@pytest.mark.parametrize(("successes", "n"), [(0, 7), (1, 7), (7, 7), (50, 100), (99_999, 100_000)])
def test_wilson_equals_scipy(successes, n, level):
    reference = stats.binomtest(successes, n).proportion_ci(level, method="wilson")
    interval = wilson(successes, n, level=level)
    assert (interval.low, interval.high) == pytest.approx((reference.low, reference.high), abs=1e-12)


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_stays_inside_0_and_1_around_its_value(counts):
    interval = wilson(*counts)
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    assert interval.half_width > 0


def test_no_rows_exclude_nothing():
    interval = wilson(0, 0)
    assert math.isnan(interval.value)
    assert (interval.low, interval.high) == (0, 1)


def test_more_successes_than_rows_are_refused():
    with pytest.raises(ValueError, match="3 successes in 2 rows"):
        wilson(3, 2)


def test_a_level_in_percent_is_refused():
    with pytest.raises(ValueError, match="level=95 must lie between 0 and 1"):
        wilson(1, 2, level=95)


def test_wilson_covers_95_percent_on_average_over_proportions():
    for n in (10, 20, 50, 200):
        bounds = [wilson(k, n) for k in range(n + 1)]
        covered = [
            sum(chance for chance, bound in zip(stats.binom.pmf(range(n + 1), n, p), bounds, strict=True) if p in bound)
            for p in np.linspace(0.02, 0.98, 97)
        ]
        assert 0.94 < np.mean(covered) < 0.965


def test_the_mean_interval_equals_scipy():
    values = [0.91, 0.93, 0.88, 0.95, 0.9]
    reference = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    interval = mean_interval(values)
    assert (interval.low, interval.high) == pytest.approx(reference)


def test_one_seed_excludes_nothing_and_none_is_undefined():
    assert mean_interval([0.9]) == Interval(0.9, -math.inf, math.inf)
    assert math.isnan(mean_interval([]).value)


def test_paired_seeds_equal_scipys_paired_test():
    a, b = [0.91, 0.93, 0.88, 0.95], [0.9, 0.9, 0.87, 0.91]
    reference = stats.ttest_rel(a, b).confidence_interval(0.9)
    interval = paired_t_interval(a, b, level=0.9)
    assert (interval.low, interval.high) == pytest.approx((reference.low, reference.high))


def test_one_block_is_students_interval_and_blocks_of_one_value_exclude_nothing():
    one, whole = block_mean_interval([[0.1, 0.3, 0.2]]), mean_interval([0.1, 0.3, 0.2])
    assert (one.value, one.low, one.high) == pytest.approx((whole.value, whole.low, whole.high))
    assert block_mean_interval([[0.1], [0.3]]) == Interval(pytest.approx(0.2), -math.inf, math.inf)


def test_blocks_whose_levels_differ_hold_the_mean_of_their_means(coverage):
    def sample(rng):
        return block_mean_interval([rng.normal(0.0, 1.0, size=3), rng.normal(10.0, 1.0, size=5)]), 5.0

    assert 0.93 < coverage(sample) < 0.97


def test_unequal_numbers_of_seeds_cannot_be_paired():
    with pytest.raises(ValueError, match="2 values cannot be paired with 1"):
        paired_t_interval([1, 2], [1])


def test_the_spread_holds_the_true_deviation(coverage):
    def sample(rng):
        return spread(rng.normal(scale=3.0, size=6)), 3.0

    assert 0.93 < coverage(sample) < 0.97


def test_the_spread_of_one_value_is_unknown():
    assert math.isnan(spread([1.0]).value)
    assert spread([1.0]).high == math.inf


def test_rows_that_repeat_within_a_group_count_once():
    rng = np.random.default_rng(0)
    values = np.repeat(rng.integers(0, 2, 200), 5)
    assert clustered_rows(values, np.repeat(np.arange(200), 5)) == pytest.approx(200, rel=0.03)


def test_equal_values_count_a_group_as_one_row():
    assert clustered_rows(np.ones(1000), np.repeat(np.arange(200), 5)) == pytest.approx(200, rel=0.02)


def test_groups_of_one_row_change_almost_nothing():
    values = np.random.default_rng(0).integers(0, 2, 500)
    assert clustered_rows(values, np.arange(500)) == pytest.approx(500, rel=0.01)


def test_one_group_counts_as_at_most_one_row():
    assert clustered_rows([0, 1, 1], ["a", "a", "a"]) == 1


@pytest.mark.slow
@pytest.mark.parametrize("groups", [10, 40])
def test_grouped_accuracy_is_covered(coverage, groups):
    def sample(rng):
        codes = np.repeat(np.arange(groups), rng.integers(2, 20, size=groups))
        latent = rng.normal(size=groups)[codes] * 0.3**0.5 + rng.normal(size=len(codes)) * 0.7**0.5
        correct = latent > -1
        rows = clustered_rows(correct, codes)
        return wilson(correct.mean() * rows, rows), stats.norm.cdf(1)

    assert 0.93 < coverage(sample) < 0.97


def test_no_number_of_rows_settles_a_tie():
    assert rows_to_settle(Interval(0.8, 0.7, 0.9), 0.8, n=50) is None
    assert rows_to_settle(Interval(math.nan, 0, 1), 0.8, n=0) is None


def test_rows_to_settle_is_the_textbook_number_for_a_share():
    textbook = 0.85 * 0.15 * ((1.959964 + 0.8416212) / 0.05) ** 2
    assert rows_to_settle(wilson(850, 1000), 0.8, n=1000) == pytest.approx(textbook, rel=0.01)


def test_rows_and_seeds_add_up_as_independent_parts_do():
    fits = [Interval(0.7, 0.6, 0.75), Interval(0.8, 0.7, 0.85), Interval(0.9, 0.8, 0.95)]
    seeds = mean_interval([0.7, 0.8, 0.9])
    found = repeated_interval(fits)
    assert found.value == pytest.approx(0.8)
    assert found.value - found.low == pytest.approx(math.hypot(0.1, seeds.half_width))
    assert found.high - found.value == pytest.approx(math.hypot(0.05, seeds.half_width))
    one = repeated_interval(fits[:1])
    assert (one.low, one.high) == (pytest.approx(0.6), pytest.approx(0.75))
