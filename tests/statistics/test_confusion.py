import math

import numpy as np
import pytest

from litmus.statistics import Posterior

BINARY = [[35, 5], [10, 50]]  # rows true; 50 true positives, 10 missed, 5 false alarms


def cost(matrices_KK):
    return (matrices_KK[..., 0, 1] + 10 * matrices_KK[..., 1, 0]) / matrices_KK.sum((-2, -1))


def test_any_score_gets_an_interval():
    interval = Posterior(BINARY).interval(cost)
    assert interval.value == pytest.approx(1.05)
    assert interval.low < 0.8
    assert interval.high > 1.5


def test_draws_are_probabilities_and_repeat_with_their_seed():
    draws = Posterior(BINARY, draws=100, seed=3).draws_DKK
    assert draws.shape == (100, 2, 2)
    assert draws.sum((-2, -1)) == pytest.approx(np.ones(100))
    assert np.array_equal(draws, Posterior(BINARY, draws=100, seed=3).draws_DKK)
    assert not np.array_equal(draws, Posterior(BINARY, draws=100, seed=4).draws_DKK)


def test_a_hundred_classes_get_fewer_draws():
    assert len(Posterior(np.eye(100)).draws_DKK) == 500


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([[1, 2]], "square with two classes or more"),
        ([[1]], "square with two classes or more"),
        ([[1, -1], [0, 1]], "finite and not negative"),
        ([[1, math.nan], [0, 1]], "finite and not negative"),
    ],
)
def test_what_is_no_confusion_matrix_is_refused(matrix, message):
    with pytest.raises(ValueError, match=message):
        Posterior(matrix)
