import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_curve, precision_score, recall_score, roc_curve

from litmus.errors import ConfigError
from litmus.scoring.threshold import attainable, choose, cross_fitted_gain, curve
from litmus.task.goal import Goal, parse_goal


def scored(n=300, share=0.3, seed=0, decimals=None):
    """Scores of an honest, imperfect model: prob is the chance of a positive."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(np.log(share / (1 - share)), 1.5, n)
    prob = 1 / (1 + np.exp(-logit))
    target = (rng.random(n) < prob).astype(np.int64)
    if decimals is not None:
        prob = prob.round(decimals)
    return torch.from_numpy(prob), torch.from_numpy(target)


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("f1", Goal("f1")),
        ("Youden", Goal("youden")),
        ("recall@.95", Goal("recall", floor=0.95)),
        ("recall@1", Goal("recall", floor=1.0)),
        ("precision@0.9", Goal("precision", floor=0.9)),
        ("cost@10:1", Goal("cost", false_negative=10.0, false_positive=1.0)),
        ("cost@2.5:.5", Goal("cost", false_negative=2.5, false_positive=0.5)),
    ],
)
def test_a_goal_is_read_and_written_back(text, goal):
    assert parse_goal(text) == goal
    assert parse_goal(str(goal)) == goal


@pytest.mark.parametrize(
    "text", ["", "f2", "recall", "recall@", "recall@x", "recal@.9", "cost@10", "f1@.5", "recall@-1"]
)
def test_what_is_no_goal_is_refused_with_the_grammar(text):
    with pytest.raises(ConfigError, match=r"task\.threshold_goal: .* is no goal; write f1, youden, recall@R"):
        parse_goal(text)


@pytest.mark.parametrize("text", ["recall@0", "recall@1.1", "precision@95", "cost@0:1", "cost@1:0"])
def test_numbers_of_a_goal_that_are_out_of_range_are_refused(text):
    with pytest.raises(ConfigError, match="out of range; numbers must be above 0"):
        parse_goal(text)


@pytest.mark.parametrize("decimals", [None, 1])
@pytest.mark.parametrize("seed", range(3))
def test_the_f1_threshold_is_as_good_as_the_best_of_scikit_learns_curve(seed, decimals):
    prob, target = scored(seed=seed, decimals=decimals)
    precision, recall, _ = precision_recall_curve(target, prob)
    best = np.nanmax(2 * precision * recall / np.maximum(precision + recall, 1e-12))
    assert f1_score(target, prob >= choose(prob, target, Goal("f1"))) == pytest.approx(best, abs=1e-12)


def test_the_youden_threshold_is_as_good_as_the_best_of_scikit_learns_curve():
    prob, target = scored()
    false_rate, true_rate, _ = roc_curve(target, prob)
    decided = (prob >= choose(prob, target, Goal("youden"))).numpy()
    got = decided[target.numpy() == 1].mean() - decided[target.numpy() == 0].mean()
    assert got == pytest.approx((true_rate - false_rate).max(), abs=1e-12)


@pytest.mark.parametrize("floor", [0.5, 0.8, 0.95, 1.0])
def test_a_recall_floor_is_kept_at_the_best_precision(floor):
    prob, target = scored()
    decided = prob >= choose(prob, target, Goal("recall", floor=floor))
    precision, recall, _ = precision_recall_curve(target, prob)
    assert recall_score(target, decided) >= floor
    assert precision_score(target, decided) == pytest.approx(precision[:-1][recall[:-1] >= floor].max(), abs=1e-12)


def test_a_precision_floor_is_kept_at_the_best_recall():
    prob, target = scored()
    decided = prob >= choose(prob, target, Goal("precision", floor=0.8))
    precision, recall, _ = precision_recall_curve(target, prob)
    assert precision_score(target, decided) >= 0.8
    assert recall_score(target, decided) == pytest.approx(recall[:-1][precision[:-1] >= 0.8].max(), abs=1e-12)


def test_a_floor_out_of_reach_is_said_and_the_nearest_taken():
    prob = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.2])
    target = torch.tensor([0, 1, 1, 0, 0])
    goal = Goal("precision", floor=0.9)
    assert not attainable(prob, target, goal)
    assert attainable(prob, target, Goal("recall", floor=1.0))
    assert choose(prob, target, goal) == pytest.approx(0.65)


@pytest.mark.parametrize(("missed", "alarm"), [(1, 1), (10, 1), (1, 10)])
def test_the_cost_threshold_costs_no_more_than_any_other(missed, alarm):
    prob, target = scored()

    def cost(threshold):
        decided = prob >= threshold
        return (missed * ((target == 1) & ~decided).sum() + alarm * ((target == 0) & decided).sum()).item()

    best = cost(choose(prob, target, Goal("cost", false_negative=missed, false_positive=alarm)))
    assert best == min(cost(threshold) for threshold in np.linspace(0, 1, 2001))


def test_of_equally_good_thresholds_the_middle_of_the_widest_gap_is_taken():
    prob, target = torch.tensor([0.1, 0.2, 0.6, 0.9]), torch.tensor([0, 0, 1, 1])
    assert choose(prob, target, Goal("f1")) == pytest.approx(0.4)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40),
    st.sampled_from(["f1", "youden", "recall@.9", "precision@.9", "cost@5:1"]),
)
@settings(max_examples=100, deadline=None)
def test_any_scores_give_a_threshold_within_bounds_and_a_curve(rows, text):
    prob = torch.tensor([p for p, _ in rows], dtype=torch.float64)
    target = torch.tensor([int(t) for _, t in rows])
    goal = parse_goal(text)
    assert 0 <= choose(prob, target, goal) <= 1
    assert all(0 <= point.threshold <= 1 for point in curve(prob, target, goal))


@pytest.mark.parametrize("current", [0.0, 0.05, 0.5, 1.0])
def test_the_curve_reaches_from_0_to_1_and_has_the_threshold_in_use(current):
    prob, target = torch.tensor([0.01, 0.02, 0.1, 0.2]), torch.tensor([0, 0, 0, 1])
    points = {point.threshold: point for point in curve(prob, target, Goal("f1"), current=current)}
    assert (min(points), max(points)) == (0.0, 1.0)
    assert points[current].recall == float(current <= 0.2)
    assert points[1.0].precision is None


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.booleans()), min_size=2, max_size=30))
@settings(max_examples=50, deadline=None)
def test_every_point_of_the_curve_is_what_its_threshold_does(rows):
    prob = torch.tensor([p for p, _ in rows], dtype=torch.float64)
    target = torch.tensor([int(t) for _, t in rows])
    for point in curve(prob, target, Goal("cost", false_negative=3.0)):
        decided = prob >= point.threshold
        hits, alarms = ((target == 1) & decided).sum().item(), ((target == 0) & decided).sum().item()
        missed = target.sum().item() - hits
        assert point.cost == pytest.approx((3 * missed + alarms) / len(rows))
        assert point.precision == (pytest.approx(hits / (hits + alarms)) if hits + alarms else None)
        assert point.recall == (pytest.approx(hits / (hits + missed)) if hits + missed else None)


def test_a_curve_has_at_most_101_points_in_rising_order_and_holds_the_best():
    prob, target = scored(n=5000)
    points = curve(prob, target, Goal("f1"))
    thresholds = [point.threshold for point in points]
    assert 90 <= len(points) <= 101
    assert thresholds == sorted(thresholds)
    assert choose(prob, target, Goal("f1")) in thresholds
    assert all(point.cost is None for point in points)


def test_no_rows_give_one_half_and_no_curve():
    nothing = torch.zeros(0)
    assert choose(nothing, nothing.long(), Goal("f1")) == 0.5
    assert curve(nothing, nothing.long(), Goal("f1")) == ()


def test_a_threshold_far_off_gains_clearly():
    prob, target = scored(n=600, share=0.15, seed=1)
    gain = cross_fitted_gain(prob, target, Goal("f1"), current=0.85)
    assert gain.low > 0.1
    assert gain.low < gain.value < gain.high


def test_a_stated_recall_that_is_missed_gains_recall():
    prob, target = scored(n=1000, share=0.1, seed=1)
    gain = cross_fitted_gain(prob, target, Goal("recall", floor=0.9), current=0.5)
    assert gain.low > 0.2


def test_the_gain_of_a_cost_is_in_shares_of_the_cheaper_constant_rules_cost():
    prob, target = scored(n=2000, share=0.2, seed=2)
    gain = cross_fitted_gain(prob, target, Goal("cost", false_negative=10.0), current=0.5)
    assert 0 < gain.low < gain.high < 3


def test_no_gain_is_claimed_for_a_threshold_that_is_already_right():
    lows = [
        cross_fitted_gain(*scored(n=400, share=0.4, seed=seed), Goal("cost"), current=0.5).low for seed in range(40)
    ]
    assert sum(low > 0 for low in lows) <= 2


def test_too_few_rows_of_a_class_give_no_gain():
    prob, target = scored(n=30)
    assert cross_fitted_gain(prob, torch.zeros_like(target), Goal("f1"), current=0.5).value is None


def test_a_hundred_thousand_rows_take_less_than_a_second_each():
    prob, target = scored(n=100_000)
    begin = time.perf_counter()
    cross_fitted_gain(prob, target, Goal("f1"), current=0.5)
    curve(prob, target, Goal("f1"))
    assert time.perf_counter() - begin < 2
