"""What a model is expected to score on rows like all of these."""

import numpy as np
import pytest
import torch

from litmus.metrics.answers import Predictions
from litmus.scoring.expected import expected

ROWS = 600
RIGHT = 0.8


def said(rows, right):
    """Two classes of which every other row is positive, with the rows in `right` predicted right."""
    target = torch.from_numpy(rows % 2)
    pred = torch.where(torch.from_numpy(right[rows]), target, 1 - target)
    prob = torch.stack([1.0 - pred, 1.0 * pred], dim=1).double() * 0.8 + 0.1
    return Predictions(split="test", rows=torch.from_numpy(rows), target=target, pred=pred, prob=prob)


def over_splits(metric="accuracy", splits=40):
    """Expected and plain scores of one model on many splits of the same rows; the reference errs on much the same."""
    rng = np.random.default_rng(0)
    model = rng.random(ROWS) < RIGHT
    reference = np.where(rng.random(ROWS) < 0.15, rng.random(ROWS) < RIGHT, model)
    found, plain = [], []
    for _ in range(splits):
        train, val, test = np.split(rng.permutation(ROWS), [360, 480])
        found.append(
            expected(
                [said(val, model), said(test, model)],
                [said(val, reference), said(test, reference)],
                said(train, reference),
                metrics=[metric],
            )[metric]
        )
        plain.append(model[test].mean())
    return model.mean(), found, np.array(plain)


def test_it_hardly_depends_on_the_split_and_is_right_on_average():
    truth, found, plain = over_splits()
    values = np.array([estimate.value for estimate in found])
    assert values.mean() == pytest.approx(truth, abs=0.01)
    assert values.std() < plain.std() / 2


def test_its_interval_is_narrower_than_that_of_the_scored_rows():
    _, found, _ = over_splits(splits=5)
    binomial = 2 * 1.96 * (RIGHT * (1 - RIGHT) / 120) ** 0.5
    assert all(0.3 * binomial < estimate.high - estimate.low < 0.8 * binomial for estimate in found)


def test_recall_and_precision_are_expected_too_and_what_has_no_such_metric_is_left_out():
    for metric in ("recall", "precision", "balanced_accuracy"):
        truth, found, _ = over_splits(metric, splits=3)
        assert found[0].value == pytest.approx(truth, abs=0.06)
    rows = np.arange(20)
    everything = said(rows, np.ones(20, dtype=bool))
    assert expected([everything], [everything], said(rows + 20, np.ones(40, dtype=bool)), metrics=["no_such"]) == {}


def test_nothing_beyond_what_a_metric_can_be_is_expected():
    rows, perfect = np.arange(40), np.ones(40, dtype=bool)
    nearly = np.arange(200) != 7
    found = expected(
        [said(rows, perfect)], [said(rows, np.arange(40) > 3)], said(np.arange(40, 200), nearly), metrics=["accuracy"]
    )["accuracy"]
    assert found.value == found.high == 1.0
    assert found.low < 1.0
