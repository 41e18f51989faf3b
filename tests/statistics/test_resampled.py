"""Scores of one recipe over several splits."""

import numpy as np
import pytest

from litmus.statistics.resampled import resampled_mean


def test_the_interval_covers_what_the_recipe_scores_on_average_where_the_naive_one_does_not():
    rng, covered, naive = np.random.default_rng(0), [], []
    for _ in range(300):
        population = rng.normal(size=100)  # the score of a constant is its mean square on held-out rows
        scores = []
        for _ in range(5):
            order = rng.permutation(100)
            scores.append(np.mean((population[order[80:]] - population[order[:80]].mean()) ** 2))
        truth = 1 + 1 / 80
        found = resampled_mean(scores, ratio=20 / 80)
        covered.append(found.low <= truth <= found.high)
        half = 2.776 * np.std(scores, ddof=1) / 5**0.5
        naive.append(abs(np.mean(scores) - truth) <= half)
    assert np.mean(covered) > 0.9
    assert np.mean(naive) < np.mean(covered) - 0.05


def test_it_is_wider_than_that_of_independent_scores_and_centred_on_their_mean():
    found = resampled_mean([0.7, 0.8, 0.9], ratio=0.25)
    assert found.value == pytest.approx(0.8)
    assert found.high - 0.8 == pytest.approx(4.302653 * 0.1 * (1 / 3 + 0.25) ** 0.5, rel=1e-5)


def test_one_split_has_no_spread():
    with pytest.raises(ValueError, match="two of them"):
        resampled_mean([0.7], ratio=0.25)
