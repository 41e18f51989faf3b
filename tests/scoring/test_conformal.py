"""Intervals with a stated coverage."""

import numpy as np
import pytest
import torch

from litmus.metrics.answers import Predictions
from litmus.scoring.conformal import conformity, fewest_rows, reach


def predicted(pred, target, prob=None):
    rows = torch.arange(len(target))
    return Predictions(split="val", rows=rows, target=target, pred=pred, prob=prob)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.95])
def test_new_rows_are_covered_as_often_as_was_promised(level):
    rng, hits = np.random.default_rng(0), []
    for _ in range(400):
        errors = torch.from_numpy(rng.standard_t(2, size=80))
        far = reach(conformity(predicted(errors, torch.zeros(80))), level)
        hits.append((np.abs(rng.standard_t(2, size=80)) <= far).mean())
    assert level - 0.01 < np.mean(hits) < level + 0.02


def test_sets_of_labels_cover_as_promised_whatever_the_probabilities_are_worth():
    rng, hits = np.random.default_rng(0), []
    for _ in range(200):
        target = torch.from_numpy(rng.integers(3, size=200))
        prob = torch.from_numpy(rng.dirichlet([1, 1, 1], size=200))
        scores = conformity(predicted(prob.argmax(1)[:100], target[:100], prob[:100]))
        new = 1 - prob[100:].gather(1, target[100:, None]).squeeze(1)
        hits.append(float((new <= reach(scores, 0.9)).double().mean()))
    assert 0.89 < np.mean(hits) < 0.92


def test_too_few_rows_promise_nothing():
    scores = torch.arange(1.0, 9.0)
    assert reach(scores, 0.9) is None
    assert fewest_rows(0.9) == 9
    assert reach(torch.arange(1.0, 10.0), 0.9) == 9.0
