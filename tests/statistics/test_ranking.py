import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics
from torchmetrics.functional.classification import multiclass_auroc

from litmus.statistics import delong, delong_macro, delong_paired


def _binormal(rng, auc, positives, negatives):
    target = np.r_[np.ones(positives), np.zeros(negatives)]
    return rng.normal(size=len(target)) + stats.norm.ppf(auc) * 2**0.5 * target, target


@pytest.mark.parametrize("digits", [1, 6])
def test_values_are_those_of_scikit_learn_with_and_without_ties(digits):
    scores, target = _binormal(np.random.default_rng(0), 0.8, 40, 90)
    scores = scores.round(digits)
    assert delong(scores, target).value == pytest.approx(metrics.roc_auc_score(target, scores))


def test_the_interval_is_delongs_where_rows_are_many():
    rng = np.random.default_rng(0)
    scores, target = _binormal(rng, 0.8, 4000, 6000)
    above, below = scores[target == 1], scores[target == 0]
    wins = above[:, None] > below
    deviation = math.sqrt(wins.mean(1).var(ddof=1) / 4000 + wins.mean(0).var(ddof=1) / 6000)
    assert delong(scores, target).half_width == pytest.approx(1.959964 * deviation, rel=0.01)


def test_a_perfect_ranking_is_not_certain_and_more_rows_make_it_surer():
    few, many = (delong([1] * n + [0] * n, [1] * n + [0] * n) for n in (10, 1000))
    assert few.value == few.high == many.value == 1
    assert few.low < many.low < 1


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=30))
def test_intervals_hold_their_value_inside_0_and_1(rows):
    scores, target = zip(*rows, strict=True)
    interval = delong(scores, target)
    assert 0 <= interval.low <= interval.high <= 1
    assert math.isnan(interval.value) or interval.value in interval


def test_turning_the_scores_round_turns_the_interval_round():
    scores, target = _binormal(np.random.default_rng(1), 0.7, 20, 30)
    forth, back = delong(scores, target), delong(-scores, target)
    assert (back.low, back.high) == pytest.approx((1 - forth.high, 1 - forth.low))


def test_one_class_alone_has_no_ranking():
    assert math.isnan(delong([1, 2], [1, 1]).value)
    assert math.isnan(delong_paired([1, 2], [1, 2], [0, 0]).value)
    assert math.isnan(delong_macro([[1, 2], [0, 1]], [1, 1]).value)


def test_scores_that_are_not_numbers_are_refused():
    with pytest.raises(ValueError, match="or NaN among them"):
        delong([math.nan, 1], [0, 1])


def test_the_paired_difference_is_that_of_the_values_and_narrower_than_for_strangers():
    rng = np.random.default_rng(2)
    first, target = _binormal(rng, 0.8, 100, 100)
    second = first + rng.normal(size=200) * 0.2
    difference = delong_paired(first, second, target)
    assert difference.value == pytest.approx(delong(first, target).value - delong(second, target).value)
    assert difference.half_width < 0.5 * delong(first, target).half_width


def test_equal_scores_differ_by_nothing_within_a_little():
    scores, target = _binormal(np.random.default_rng(2), 0.8, 50, 50)
    difference = delong_paired(scores, scores, target)
    assert difference.value == 0
    assert 0 < difference.half_width < 0.03


def test_the_macro_value_is_that_of_torchmetrics():
    rng = np.random.default_rng(3)
    target = rng.integers(4, size=120)
    scores = rng.random((120, 4)) + 0.5 * np.eye(4)[target]
    scores /= scores.sum(1, keepdims=True)
    reference = multiclass_auroc(torch.from_numpy(scores), torch.from_numpy(target), 4)
    assert delong_macro(scores, target).value == pytest.approx(float(reference), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("auc", "positives", "negatives"), [(0.7, 20, 30), (0.9, 50, 50), (0.96, 40, 60), (0.8, 20, 200)]
)
def test_auc_is_covered(coverage, auc, positives, negatives):
    def sample(rng):
        return delong(*_binormal(rng, auc, positives, negatives)), auc

    assert 0.93 < coverage(sample) < 0.97


@pytest.mark.slow
@pytest.mark.parametrize(("auc", "positives", "negatives"), [(0.985, 40, 400), (0.96, 15, 200), (0.985, 15, 30)])
def test_auc_is_covered_near_one_where_plain_delong_fails(coverage, auc, positives, negatives):
    def sample(rng):
        odds = auc / (1 - auc)
        scores = np.r_[rng.exponential(odds, positives), rng.exponential(1.0, negatives)]
        return delong(scores, np.r_[np.ones(positives), np.zeros(negatives)]), auc

    assert 0.93 < coverage(sample) < 0.985


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second", "rows"), [(0.8, 0.8, 60), (0.9, 0.8, 60), (0.95, 0.9, 100)])
def test_paired_auc_is_covered(coverage, first, second, rows):
    shifts = stats.norm.ppf([first, second]) * 2**0.5

    def sample(rng):
        target = np.arange(rows) % 2
        scores = (
            rng.normal(size=(rows, 1)) * 0.5**0.5 + rng.normal(size=(rows, 2)) * 0.5**0.5 + shifts * target[:, None]
        )
        return delong_paired(scores[:, 0], scores[:, 1], target), first - second

    assert 0.93 < coverage(sample) < 0.97


@pytest.mark.slow
def test_macro_auc_is_covered(coverage):
    def draw(rng, rows):
        target = rng.integers(4, size=rows)
        return rng.normal(size=(rows, 4)) + 2.0 * np.eye(4)[target], target

    truth = delong_macro(*draw(np.random.default_rng(9), 400_000)).value
    assert 0.93 < coverage(lambda rng: (delong_macro(*draw(rng, 120)), truth)) < 0.97
