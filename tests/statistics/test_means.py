import math
import time

import numpy as np
import pytest
from scipy.signal import lfilter
from sklearn import metrics

from litmus.statistics import block_length, bootstrap, bootstrap_mean, regression_scores


def _fit(rng, rows, r2):
    preds = rng.normal(size=rows) * r2**0.5
    return preds, preds + rng.normal(size=rows) * (1 - r2) ** 0.5


@pytest.mark.parametrize("weighted", [False, True])
def test_values_are_those_of_scikit_learn(weighted):
    rng = np.random.default_rng(0)
    preds, target = _fit(rng, 200, 0.6)
    weights = rng.random(200) if weighted else None
    scores = regression_scores(preds * 40 + 1e4, target * 40 + 1e4, weights=weights)
    pair = (target * 40 + 1e4, preds * 40 + 1e4)
    expected = {
        "mse": metrics.mean_squared_error(*pair, sample_weight=weights),
        "rmse": metrics.root_mean_squared_error(*pair, sample_weight=weights),
        "mae": metrics.mean_absolute_error(*pair, sample_weight=weights),
        "r2": metrics.r2_score(*pair, sample_weight=weights),
    }
    assert {name: interval.value for name, interval in scores.items()} == pytest.approx(expected)


def test_the_width_is_that_of_the_plain_bootstrap():
    preds, target = _fit(np.random.default_rng(1), 500, 0.6)
    ours = regression_scores(preds, target)["r2"]
    plain = bootstrap(lambda rows: metrics.r2_score(target[rows], preds[rows]), 500)
    assert (ours.low, ours.high) == pytest.approx((plain.low, plain.high), abs=0.015)


def test_a_hundred_thousand_rows_take_under_a_second():
    preds, target = _fit(np.random.default_rng(1), 100_000, 0.6)
    start = time.process_time()
    interval = regression_scores(preds, target)["r2"]
    assert time.process_time() - start < 2
    assert interval.half_width == pytest.approx(1.96 * 2 * 0.4 * (0.6 / 100_000) ** 0.5, rel=0.15)


def test_the_scale_of_the_target_does_not_matter():
    preds, target = _fit(np.random.default_rng(1), 50, 0.6)
    tiny, plain, huge = (regression_scores(preds * s, target * s) for s in (1e-120, 1.0, 1e120))
    assert tiny["r2"].low == pytest.approx(plain["r2"].low) == pytest.approx(huge["r2"].low)
    assert huge["rmse"].high == pytest.approx(plain["rmse"].high * 1e120)


def test_a_fit_without_error_is_perfect_and_a_constant_target_has_no_r2():
    scores = regression_scores([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert (scores["r2"].low, scores["rmse"].high) == (1, 0)
    constant = regression_scores([0.2, 0.1, 0.4, 0.3], [0.1] * 4)
    assert math.isnan(constant["r2"].value)
    assert constant["mae"].value == pytest.approx(0.15)


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows_exclude_nothing(rows):
    scores = regression_scores([1.0] * rows, [2.0] * rows)
    assert scores["rmse"].high == scores["r2"].high == math.inf
    assert bootstrap_mean([1.0] * rows).high == math.inf


def test_rows_of_one_group_exclude_nothing_for_other_groups():
    preds, target = _fit(np.random.default_rng(1), 50, 0.6)
    assert regression_scores(preds, target, groups=["a"] * 50)["r2"].low == -math.inf


def test_copies_of_rows_grouped_together_leave_the_interval_where_it_was():
    preds, target = _fit(np.random.default_rng(1), 60, 0.6)
    once = regression_scores(preds, target)["r2"]
    copied = regression_scores(np.repeat(preds, 9), np.repeat(target, 9), groups=np.repeat(np.arange(60), 9))["r2"]
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))


def test_a_positive_mean_on_a_logarithmic_scale_stays_positive():
    interval = bootstrap_mean([0.001, 0.002, 5.0, 0.001], scale="log")
    assert 0 < interval.low < interval.value < interval.high
    assert bootstrap_mean([0.0, 0.0], scale="log") == bootstrap_mean([0.0, 0.0], scale="log", seed=5)
    assert bootstrap_mean([0.0, 0.0], scale="log").high == 0


def test_a_single_error_does_not_break_the_studentised_interval():
    interval = bootstrap_mean([0.0] * 99 + [1.0])
    assert interval.low == pytest.approx(0.01 - 1.984 * 0.01, abs=1e-3)
    assert interval.high < 0.05


def test_a_large_mean_loses_no_digits():
    values = np.random.default_rng(0).normal(size=50)
    plain, shifted = bootstrap_mean(values), bootstrap_mean(values + 1e8)
    assert shifted.half_width == pytest.approx(plain.half_width, rel=1e-5)


def test_groups_and_blocks_exclude_each_other():
    with pytest.raises(ValueError, match="by groups or by block"):
        bootstrap_mean([1.0, 2.0], groups=[0, 1], block=1)


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "r2"), [(30, 0.5), (100, 0.5), (50, 0.9), (200, 0.7)])
def test_regression_scores_are_covered(rows, r2):
    rng, held = np.random.default_rng(4), []
    truth = {"rmse": (1 - r2) ** 0.5, "mae": ((1 - r2) * 2 / math.pi) ** 0.5, "r2": r2}
    for _ in range(2000):
        scores = regression_scores(*_fit(rng, rows, r2), draws=300)
        held.append([truth[name] in scores[name] for name in truth])
    covered = np.mean(held, axis=0)
    assert (covered > 0.93).all()
    assert (covered < 0.97).all()


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_skewed_means_are_covered(coverage, scale):
    def sample(rng):
        return bootstrap_mean(rng.exponential(size=60), scale=scale, draws=300), 1.0

    assert 0.93 < coverage(sample) < 0.97


@pytest.mark.slow
@pytest.mark.parametrize("count", [10, 30])
def test_means_over_groups_are_covered(coverage, count):
    def sample(rng):
        groups = np.repeat(np.arange(count), rng.integers(2, 20, size=count))
        values = rng.normal(size=count)[groups] * 0.3**0.5 + rng.normal(size=len(groups)) * 0.7**0.5
        return bootstrap_mean(values, groups=groups, draws=300), 0.0

    assert 0.93 < coverage(sample) < 0.97


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_means_over_time_are_covered(coverage, correlation):
    def sample(rng):
        values = lfilter([1], [1, -correlation], rng.normal(size=500))[100:]
        return bootstrap_mean(values, block=block_length(values), draws=300), 0.0

    assert 0.93 < coverage(sample) < 0.97
