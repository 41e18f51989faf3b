"""How far a change moved a metric: the interval covers what it claims, whatever varies."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from litmus.metrics.answers import Predictions
from litmus.probe.comparison import Shot, compare, of_means, paired
from litmus.statistics import wilson

PAIRS = 5
SIMULATIONS = 400


def said_of(target: torch.Tensor, pred: torch.Tensor, prob: torch.Tensor | None = None, **more) -> Predictions:
    return Predictions(split="val", rows=torch.arange(len(target)), target=target, pred=pred, prob=prob, **more)


def claims(make_shots, *, right: float, screened: int, best_of: int = 1) -> int:
    """In how many of the simulations a change that does nothing is taken for a gain."""
    rng = np.random.default_rng(0)
    count = 0
    for _ in range(SIMULATIONS):
        before = make_shots(rng, PAIRS, right=right)
        arms = [make_shots(rng, PAIRS, right=right) for _ in range(best_of)]
        after = max(arms, key=lambda shots: sum(shot.value for shot in shots))
        count += (compare([paired(before, after)], "balanced_accuracy", screened=screened).low or 0.0) > 0
    return count


@pytest.mark.parametrize("right", [0.5, 0.8, 0.98])
def test_what_does_nothing_is_seldom_taken_for_a_gain(make_shots, right):
    found = wilson(claims(make_shots, right=right, screened=1), SIMULATIONS)
    assert found.low <= 0.025


def test_the_best_of_many_that_do_nothing_is_seldom_taken_for_a_gain_on_rows_that_all_share():
    """Rows differ and seeds hardly do: what chose among ten changes on these rows is what is compared on them."""
    rng = np.random.default_rng(1)
    n, count = 60, 0
    target = torch.arange(n) % 2

    def shots(hit: np.ndarray) -> list[Shot]:
        pred = torch.where(torch.from_numpy(hit), target, 1 - target)
        predicted = said_of(target, pred)
        recalls = [float(torch.from_numpy(hit)[target == code].double().mean()) for code in (0, 1)]
        return [Shot(value=sum(recalls) / 2, predicted=predicted, monitored=0.0, epochs=1, finished=True)] * PAIRS

    for _ in range(SIMULATIONS):
        before = shots(rng.random(n) < 0.7)
        arms = [shots(rng.random(n) < 0.7) for _ in range(10)]
        best = max(arms, key=lambda arm: arm[0].value)
        count += (compare([paired(before, best)], "balanced_accuracy", screened=10).low or 0.0) > 0
    assert wilson(count, SIMULATIONS).low <= 0.05


def test_a_clear_gain_is_found(make_shots):
    rng = np.random.default_rng(2)
    before = make_shots(rng, PAIRS, right=0.5)
    after = make_shots(rng, PAIRS, right=0.9)
    found = compare([paired(before, after)], "balanced_accuracy", screened=20, confirmed=2)
    assert found.low > 0.1
    assert found.value == pytest.approx(np.mean([b.value - a.value for a, b in zip(before, after, strict=True)]))


def test_two_splits_count_alike_and_say_more_than_the_weaker(make_shots):
    rng = np.random.default_rng(8)
    first, second = (paired(make_shots(rng, 4, right=0.6), make_shots(rng, 4, right=right)) for right in (0.8, 0.9))
    both = compare([first, second], "balanced_accuracy")
    alone = [compare([arms], "balanced_accuracy") for arms in (first, second)]
    assert both.value == pytest.approx((alone[0].value + alone[1].value) / 2)
    assert both.high - both.low < max(found.high - found.low for found in alone)


def test_what_does_nothing_on_two_splits_is_seldom_taken_for_a_gain(make_shots):
    rng, count = np.random.default_rng(9), 0
    for _ in range(SIMULATIONS):
        arms = [paired(make_shots(rng, 2, right=0.7), make_shots(rng, 2, right=0.7)) for _ in range(2)]
        count += (compare(arms, "balanced_accuracy").low or 0.0) > 0
    assert wilson(count, SIMULATIONS).low <= 0.025


def test_seeds_that_disagree_widen_the_interval(make_shots):
    rng = np.random.default_rng(3)
    steady = compare([paired(make_shots(rng, 4, right=0.6), make_shots(rng, 4, right=0.8))], "balanced_accuracy")
    shaky = compare(
        [paired(make_shots(rng, 4, right=0.6), make_shots(rng, 4, right=0.8, spread=0.2))], "balanced_accuracy"
    )
    assert shaky.high - shaky.low > 1.5 * (steady.high - steady.low)


def test_choosing_among_more_widens_the_interval_and_moves_nothing(make_shots):
    rng = np.random.default_rng(4)
    before, after = make_shots(rng, 4, right=0.6), make_shots(rng, 4, right=0.8)
    one, many = (compare([paired(before, after)], "balanced_accuracy", screened=k) for k in (1, 30))
    assert one.value == many.value
    assert many.low < one.low
    both = compare([paired(before, after)], "balanced_accuracy", confirmed=2)
    assert both.low < one.low


def test_on_few_rows_without_a_difference_some_doubt_is_left(make_shots):
    rng = np.random.default_rng(5)
    perfect = make_shots(rng, 3, right=1.0, n=20)
    found = compare([paired(perfect, perfect)], "balanced_accuracy")
    assert found.value == 0
    assert found.low < -0.05
    assert found.high > 0.05


def test_other_rows_in_val_leave_only_the_spread_over_seeds(make_shots):
    rng = np.random.default_rng(6)
    before, after = make_shots(rng, 3, right=0.7), make_shots(rng, 3, right=0.7)
    moved = [replace(shot, predicted=replace(shot.predicted, rows=shot.predicted.rows + 1)) for shot in after]
    same, other = (compare([paired(before, arm)], "balanced_accuracy") for arm in (after, moved))
    assert other.value == same.value
    assert other.high - other.low < same.high - same.low


@pytest.mark.parametrize("metric", ["r2", "average_precision", "accuracy"])
def test_every_primary_metric_has_an_interval_around_its_difference(metric):
    rng = np.random.default_rng(7)
    n = 200
    target = torch.from_numpy(rng.normal(size=n)) if metric == "r2" else torch.arange(n) % 2

    def shot(noise: float) -> Shot:
        if metric == "r2":
            pred = target + noise * torch.from_numpy(rng.normal(size=n))
            value = 1 - float(((pred - target) ** 2).mean() / target.var(correction=0))
            return Shot(
                value=value,
                predicted=said_of(target, pred),
                monitored=0.0,
                epochs=1,
                finished=True,
            )
        score = torch.sigmoid(2 * (2 * target - 1) + 4 * noise * torch.from_numpy(rng.normal(size=n)))
        pred = (score > 0.5).long()
        value = float((pred == target).double().mean())
        predicted = said_of(target, pred, torch.stack([1 - score, score], 1))
        return Shot(value=value, predicted=predicted, monitored=0.0, epochs=1, finished=True)

    found = compare([paired([shot(0.9) for _ in range(4)], [shot(0.2) for _ in range(4)])], metric)
    assert 0 < found.low < found.value < found.high


def test_rows_in_time_are_compared_in_their_order():
    """Errors that come in runs say less than as many errors that are scattered."""
    n = 400
    target = torch.arange(n) % 2
    clumped = torch.arange(n) < 60
    scattered = torch.arange(n) % 20 < 3
    widths = []
    for wrong in (clumped, scattered):
        predicted = [
            said_of(target, torch.where(hit, 1 - target, target), time=torch.arange(n))
            for hit in (wrong, torch.zeros(n, dtype=torch.bool))
        ]
        arms = [
            [Shot(value=0.85 + 0.15 * i, predicted=one, monitored=0.0, epochs=1, finished=True)] * 3
            for i, one in enumerate(predicted)
        ]
        found = compare([paired(*arms)], "balanced_accuracy")
        widths.append(found.high - found.low)
    assert widths[0] > 1.5 * widths[1]


def test_the_gain_of_a_mean_is_as_sure_as_that_of_its_networks(make_shots):
    rng = np.random.default_rng(10)
    networks = paired(make_shots(rng, 4, right=0.6, spread=0.1), make_shots(rng, 4, right=0.9))
    means = [replace(make_shots(rng, 1, right=0.5)[0], value=value) for value in (0.8, 0.9)]
    found = of_means(*means, networks)
    assert found.gain == pytest.approx(0.1)
    assert np.mean(found.gains) == pytest.approx(0.1)
    share = [np.std(gains) / np.mean(gains) for gains in (found.gains, networks.gains)]
    assert share[0] == pytest.approx(share[1])


def test_the_gain_of_a_mean_whose_networks_gain_nothing_keeps_their_spread(make_shots):
    rng = np.random.default_rng(11)
    networks = paired(make_shots(rng, 4, right=0.9), make_shots(rng, 4, right=0.8))
    means = [replace(make_shots(rng, 1, right=0.5)[0], value=value) for value in (0.8, 0.9)]
    found = of_means(*means, networks)
    assert np.mean(found.gains) == pytest.approx(found.gain)
    assert np.std(found.gains) == pytest.approx(np.std(networks.gains))
