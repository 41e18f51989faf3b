import numpy as np
import pytest
import torch
from scipy import stats
from sklearn import metrics

from litmus.metrics.answers import Predictions
from litmus.metrics.catalogue.rankings import AVERAGE_PRECISION
from litmus.metrics.sample import Sample


def binormal(rng, positives, negatives):
    target = np.r_[np.ones(positives, int), np.zeros(negatives, int)]
    score = stats.norm.cdf(rng.normal(size=len(target)) + stats.norm.ppf(0.9) * 2**0.5 * target - 1)
    prob = torch.tensor(np.stack([1 - score, score], 1))
    rows = torch.arange(len(target))
    return Sample(Predictions(split="test", rows=rows, target=torch.tensor(target), pred=prob.argmax(1), prob=prob))


def value(sample):
    return float(AVERAGE_PRECISION.compute(sample.answers)[0])


def test_the_value_is_that_of_scikit_learn():
    sample = binormal(np.random.default_rng(0), 40, 90)
    assert value(sample) == pytest.approx(
        metrics.average_precision_score(sample.predictions.target, sample.prob[:, 1]), abs=1e-12
    )


@pytest.mark.slow
def test_average_precision_is_covered_or_better():
    truth, rng = value(binormal(np.random.default_rng(9), 100_000, 900_000)), np.random.default_rng(1)
    held = [truth in AVERAGE_PRECISION.interval(binormal(rng, 30, 270)) for _ in range(1000)]
    assert np.mean(held) > 0.94
