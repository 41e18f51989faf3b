import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from litmus.statistics import p_equal_means, paired_accuracy_difference, paired_mean_difference
from litmus.statistics.means import bootstrap_gain


def _correct(both, only_a, only_b, neither):
    counts = (both, only_a, only_b, neither)
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


def test_models_that_never_disagree_do_not_differ():
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
        paired_accuracy_difference([True, False], [True])


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


def test_the_gain_in_squared_error_over_the_mean_is_r2():
    rng = np.random.default_rng(0)
    preds = rng.normal(size=200)
    target = preds + rng.normal(size=200)
    model, baseline = (preds - target) ** 2, (target.mean() - target) ** 2
    gain = bootstrap_gain(model, baseline, perfect=0)
    assert gain.value == pytest.approx(metrics.r2_score(target, preds))
    assert gain.low < gain.value - 0.06
    assert gain.high > gain.value + 0.06


def test_a_model_that_is_its_baseline_gains_nothing():
    losses = np.arange(1.0, 9.0)
    assert bootstrap_gain(losses, losses, perfect=0).value == 0


def test_a_perfect_baseline_leaves_nothing_to_gain():
    assert math.isnan(bootstrap_gain([1.0, 2.0], [0.0, 0.0], perfect=0).value)


def test_grouped_gains_are_wider():
    rng = np.random.default_rng(0)
    model, baseline = np.repeat(rng.random(40), 8), np.repeat(1 + rng.random(40), 8)
    groups = np.repeat(np.arange(40), 8)
    loose, grouped = (bootstrap_gain(model, baseline, perfect=0, groups=g) for g in (None, groups))
    assert grouped.half_width > 2 * loose.half_width


@pytest.mark.slow
@pytest.mark.parametrize(("shares", "rows"), [((0.8, 0.05, 0.05, 0.1), 100), ((0.7, 0.15, 0.05, 0.1), 60)])
def test_paired_accuracies_are_covered(coverage, shares, rows):
    def sample(rng):
        return paired_accuracy_difference(*_correct(*rng.multinomial(rows, shares))), shares[1] - shares[2]

    assert 0.93 < coverage(sample) < 0.97


@pytest.mark.slow
def test_gains_of_losses_are_covered(coverage):
    def sample(rng):
        preds, error = rng.normal(size=80), rng.normal(size=80)
        return bootstrap_gain(error**2, (preds + error) ** 2, perfect=0, draws=400), 0.5

    assert 0.93 < coverage(sample) < 0.97


@pytest.mark.slow
def test_paired_mean_differences_are_covered(coverage):
    def sample(rng):
        shared = rng.normal(size=60)
        a, b = (shared + 0.3 * rng.normal(size=60)) ** 2, (shared + 0.6 * rng.normal(size=60)) ** 2
        return paired_mean_difference(a, b, draws=400), 0.09 - 0.36

    assert 0.93 < coverage(sample) < 0.97


def test_of_two_models_that_are_right_or_wrong_the_test_of_equal_means_is_mcnemars():
    a, b = _correct(30, 9, 2, 9)
    losses = np.column_stack([~a, ~b]).astype(float)
    assert p_equal_means(losses) == pytest.approx(stats.chi2.sf((9 - 2) ** 2 / (9 + 2), 1))
    assert p_equal_means(losses[:, :1]) is None
    assert p_equal_means(losses[:, [0, 0, 0]]) == 1.0


def test_equal_models_differ_by_chance_as_often_as_the_test_says_and_grouped_rows_count_once():
    rng = np.random.default_rng(0)
    found = [p_equal_means(rng.random((200, 3)) < 0.2) for _ in range(400)]
    assert 0.02 < np.mean(np.array(found) < 0.05) < 0.09
    rows = (rng.random((50, 3)) < [0.2, 0.2, 0.5]).astype(float)
    groups = np.repeat(np.arange(50), 4)
    assert p_equal_means(np.repeat(rows, 4, axis=0), groups=groups) == pytest.approx(p_equal_means(rows))
