import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from litmus.statistics import (
    Interval,
    gain_over_baseline,
    mcnemar,
    non_inferior,
    paired_accuracy_difference,
    paired_bootstrap,
    paired_mean_difference,
    rescaled_gain,
)


def _correct(both, only_a, only_b, neither):
    counts = (both, only_a, only_b, neither)
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


def test_mcnemars_mid_p_is_the_exact_one_minus_half_a_point():
    exact = stats.binomtest(3, 15).pvalue
    assert mcnemar(*_correct(50, 3, 12, 5)) == pytest.approx(exact - stats.binom.pmf(3, 15, 0.5))


def test_models_that_never_disagree_do_not_differ():
    assert mcnemar([True, False], [True, False]) == 1
    interval = paired_accuracy_difference([True] * 50, [True] * 50)
    assert interval.value == 0
    assert interval.high == pytest.approx(1.96**2 / (50 + 1.96**2), abs=1e-3)


def test_the_score_statistic_is_z_at_both_bounds():
    interval = paired_accuracy_difference(*_correct(36, 5, 1, 8))
    for bound in (interval.low, interval.high):
        b, c, n = 5, 1, 50
        linear = -b - c + (2 * n - b + c) * bound
        q = (math.sqrt(linear**2 + 8 * n * c * bound * (1 - bound)) - linear) / (4 * n)
        score = (b - c - n * bound) / math.sqrt(n * (2 * q + bound * (1 - bound)))
        assert abs(score) == pytest.approx(1.959964, abs=1e-5)
    assert interval.low < 0.08 < interval.high


def test_the_difference_turns_round_with_its_models():
    a, b = _correct(30, 9, 2, 9)
    forth, back = paired_accuracy_difference(a, b), paired_accuracy_difference(b, a)
    assert (back.low, back.high) == pytest.approx((-forth.high, -forth.low))


def test_rows_without_a_partner_are_refused():
    with pytest.raises(ValueError, match="2 rows cannot be paired with 1"):
        mcnemar([True, False], [True])


def test_no_rows_exclude_nothing():
    assert paired_accuracy_difference([], []).half_width == 1


def test_groups_widen_the_difference():
    a, b = (np.repeat(side, 6) for side in _correct(30, 9, 2, 9))
    loose = paired_accuracy_difference(a, b)
    grouped = paired_accuracy_difference(a, b, groups=np.repeat(np.arange(50), 6))
    assert grouped.half_width > 2 * loose.half_width


def test_the_paired_mean_difference_is_students_where_values_are_normal():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=400), rng.normal(size=400)
    reference = stats.ttest_rel(a, b).confidence_interval()
    interval = paired_mean_difference(a, b)
    assert (interval.low, interval.high) == pytest.approx((reference.low, reference.high), abs=0.02)


def test_both_statistics_see_the_same_rows():
    values = np.random.default_rng(0).normal(size=100)
    interval = paired_bootstrap(lambda i: float(values[i].sum() + 1), lambda i: float(values[i].sum()), n=100)
    assert (interval.low, interval.high) == pytest.approx((1, 1))


def test_the_gain_in_squared_error_over_the_mean_is_r2():
    rng = np.random.default_rng(0)
    preds = rng.normal(size=200)
    target = preds + rng.normal(size=200)
    model, baseline = (preds - target) ** 2, (target.mean() - target) ** 2
    gain = gain_over_baseline(model, baseline, perfect=0)
    assert gain.value == pytest.approx(metrics.r2_score(target, preds))
    assert gain.low < gain.value - 0.06
    assert gain.high > gain.value + 0.06


def test_a_model_that_is_never_wrong_has_a_gain_of_one_that_is_not_certain():
    gain = gain_over_baseline(np.ones(50, bool), np.arange(50) % 3 > 0, perfect=1)
    assert gain.value == gain.high == 1
    assert gain.low < 0.97


def test_a_model_that_is_its_baseline_gains_nothing():
    right = np.arange(100) % 3 > 0
    assert gain_over_baseline(right, right, perfect=1).value == 0
    losses = np.arange(1.0, 9.0)
    assert gain_over_baseline(losses, losses, perfect=0).value == 0


def test_a_perfect_baseline_leaves_nothing_to_gain():
    assert math.isnan(gain_over_baseline(np.ones(5, bool), np.ones(5, bool), perfect=1).value)
    assert math.isnan(gain_over_baseline([1.0, 2.0], [0.0, 0.0], perfect=0).value)
    assert math.isnan(rescaled_gain(Interval(1, 1, 1), 1.0).value)


def test_a_gain_over_a_known_baseline_is_rescaled_whichever_way_is_better():
    assert rescaled_gain(Interval(0.75, 0.5, 1.0), 0.5) == Interval(0.5, 0.0, 1.0)
    assert rescaled_gain(Interval(1.0, 0.0, 4.0), 2.0, perfect=0) == Interval(0.5, -1.0, 1.0)


def test_grouped_gains_are_wider():
    rng = np.random.default_rng(0)
    model, baseline = np.repeat(rng.random(40) < 0.9, 8), np.repeat(rng.random(40) < 0.6, 8)
    groups = np.repeat(np.arange(40), 8)
    loose, grouped = (gain_over_baseline(model, baseline, perfect=1, groups=g) for g in (None, groups))
    assert grouped.half_width > 2 * loose.half_width


@pytest.mark.parametrize(("low", "answer"), [(-0.04, True), (-0.05, False), (-0.2, False), (math.nan, False)])
def test_only_a_bound_above_the_margin_is_non_inferior(low, answer):
    assert non_inferior(Interval(0.0, low, 0.1), 0.05) is answer


@pytest.mark.slow
@pytest.mark.parametrize(("shares", "rows"), [((0.8, 0.05, 0.05, 0.1), 100), ((0.7, 0.15, 0.05, 0.1), 60)])
def test_paired_accuracies_are_covered(coverage, shares, rows):
    def sample(rng):
        return paired_accuracy_difference(*_correct(*rng.multinomial(rows, shares))), shares[1] - shares[2]

    assert 0.93 < coverage(sample) < 0.97


@pytest.mark.slow
@pytest.mark.parametrize("shares", [(0.55, 0.35, 0.03, 0.07), (0.6, 0.2, 0.1, 0.1)])
def test_gains_of_right_and_wrong_are_covered(coverage, shares):
    truth = (shares[1] - shares[2]) / (1 - shares[0] - shares[2])

    def sample(rng):
        return gain_over_baseline(*_correct(*rng.multinomial(120, shares)), perfect=1, draws=600), truth

    assert 0.93 < coverage(sample, samples=1000) < 0.97


@pytest.mark.slow
def test_gains_of_losses_are_covered(coverage):
    def sample(rng):
        preds, error = rng.normal(size=80), rng.normal(size=80)
        return gain_over_baseline(error**2, (preds + error) ** 2, perfect=0, draws=400), 0.5

    assert 0.93 < coverage(sample) < 0.97


@pytest.mark.slow
def test_paired_mean_differences_are_covered(coverage):
    def sample(rng):
        shared = rng.normal(size=60)
        a, b = (shared + 0.3 * rng.normal(size=60)) ** 2, (shared + 0.6 * rng.normal(size=60)) ** 2
        return paired_mean_difference(a, b, draws=400), 0.09 - 0.36

    assert 0.93 < coverage(sample) < 0.97
