"""Numeric targets that belong to other rows."""

import numpy as np
import pytest
import torch

from litmus.data.tensors import Split
from litmus.data_checks.swapped_targets import swapped_targets
from litmus.metrics.answers import Predictions

N = 600


def noise(told, target):
    pred, truth = (torch.from_numpy(np.asarray(part, dtype=float)) for part in (told, target))
    return swapped_targets(Predictions(split="train", rows=100 + torch.arange(len(truth)), target=truth, pred=pred))


def rows(seed):
    rng = np.random.default_rng(seed)
    return rng, rng.normal(size=N)


HEALTHY = {
    "normal": lambda rng, told: told + 0.4 * rng.normal(size=N),
    "heavy tails": lambda rng, told: told + 0.2 * rng.standard_t(2, size=N),
    "very heavy tails": lambda rng, told: told + 0.1 * rng.standard_cauchy(size=N),
    "a few far out": lambda rng, told: told + np.where(rng.random(N) < 0.1, 1.0, 0.3) * rng.normal(size=N),
    "skewed": lambda rng, told: np.exp(told + 0.5 * rng.normal(size=N)),
    "one-sided errors": lambda rng, told: told + 0.3 * rng.gamma(0.5, 2, size=N),
    "spread that grows": lambda rng, told: told + 0.3 * np.exp(0.6 * told) * rng.normal(size=N),
    "bent": lambda rng, told: told**3 + told + 0.3 * rng.normal(size=N),
}


@pytest.mark.parametrize("kind", list(HEALTHY))
def test_targets_of_their_own_rows_are_not_called_swapped(kind):
    found = []
    for seed in range(5):
        rng, told = rows(seed)
        found.append(noise(told, HEALTHY[kind](rng, told)))
    assert sum(one is not None and one.share.low > 0.02 for one in found) <= 1
    assert all(one is None or one.share.low < 0.05 for one in found)


@pytest.mark.parametrize("kind", ["normal", "heavy tails", "skewed", "spread that grows"])
@pytest.mark.parametrize("share", [0.15, 0.3])
def test_the_share_of_swapped_targets_is_told_about_right_and_the_worst_rows_are_swapped(kind, share):
    rng, told = rows(1)
    target = HEALTHY[kind](rng, told)
    at = rng.permutation(N)[: round(share * N)]
    target[at] = target[rng.permutation(at)]
    found = noise(told, target)
    assert found.share.low > 0.05
    assert found.share.value == pytest.approx(share, abs=0.1)
    assert np.isin(np.array(found.rows) - 100, at).mean() >= 0.8


def test_targets_that_were_filled_with_anything_are_found_too():
    rng, told = rows(2)
    anything = rng.random(N) < 0.2
    found = noise(told, np.where(anything, 3 * rng.normal(size=N), told + 0.3 * rng.normal(size=N)))
    assert found.share.low > 0.1


def test_rows_of_which_little_is_known_beside_rows_of_which_all_is_are_not_called_swapped():
    rng, told = rows(3)
    known = rng.random(N) < 0.75
    truth = rng.normal(size=N)
    found = noise(np.where(known, truth + 0.1 * told, 0.2 * told), truth)
    assert found.share.high == 0


def test_weak_predictions_tell_nothing():
    rng, told = rows(0)
    assert noise(told, told + 2 * rng.normal(size=N)) is None


def test_beside_weaker_predictions_only_many_swapped_targets_show():
    many, few, none = [], [], []
    for seed in range(5):
        rng, told = rows(seed)
        target = told + 0.85 * rng.normal(size=N)
        none.append(noise(told, target))
        for share, found in ((0.45, many), (0.1, few)):
            at = rng.permutation(N)[: round(share * N)]
            swapped = target.copy()
            swapped[at] = target[rng.permutation(at)]
            found.append(noise(told, swapped))
    assert sum(one is not None and one.share.low > 0.2 for one in many) >= 3
    assert all(one is None or one.share.low <= 0.05 for one in (*none, *few))


def test_rows_of_one_and_the_same_target_are_left_out():
    rng, told = rows(0)
    spent = np.maximum(1 + told + 0.2 * rng.normal(size=N), 0.0)
    assert noise(told, spent).share.low < 0.02
    swapped = rng.choice(N, N // 4, replace=False)
    spent[swapped] = spent[rng.permutation(swapped)]
    assert noise(told, spent).share.low > 0.05
    assert noise(told, np.round(told)) is None


@pytest.mark.parametrize("by_kind", [False, True])
def test_rows_of_a_kind_that_is_hard_to_foresee_are_not_called_swapped(by_kind):
    rng = np.random.default_rng(3)
    n, told = 1500, rng.normal(size=1500)
    x = np.stack([told, rng.normal(size=n)], 1)
    strange = rng.random(n) < np.where(x[:, 1] > 0.5, 0.6, 0.02) if by_kind else rng.random(n) < 0.2
    target = np.where(strange, 1.1 * rng.normal(size=n), told + 0.3 * rng.normal(size=n))
    rows = torch.arange(n)
    train = Split(x=torch.from_numpy(x).float(), y=torch.from_numpy(target).float(), rows=rows)
    order = torch.from_numpy(rng.permutation(n))  # predictions come in the order of the folds
    predicted = Predictions(
        split="train", rows=order, target=torch.from_numpy(target)[order], pred=torch.from_numpy(told)[order]
    )
    assert swapped_targets(predicted).share.low > 0.1
    found = swapped_targets(predicted, train)
    assert (found.share.low == 0) is by_kind


def test_half_of_all_targets_are_rows_of_another_kind_and_not_swapped():
    rng, told = rows(3)
    known = rng.random(N) < 0.4
    target = np.where(known, told + 0.1 * rng.normal(size=N), rng.normal(size=N))
    assert noise(told, target).share.low == 0
    few = np.where(rng.random(N) < 0.7, told + 0.1 * rng.normal(size=N), rng.normal(size=N))
    assert noise(told, few).share.low > 0.2
