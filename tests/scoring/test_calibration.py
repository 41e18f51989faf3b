import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from litmus.metrics.answers import Predictions
from litmus.scoring.calibration import calibration, fit_temperature


def honest(n=4000, k=2, seed=0, factor=1.0):
    """Predictions whose true log-odds are `factor` times what they say: below 1 they are overconfident."""
    rng = np.random.default_rng(seed)
    logit = torch.from_numpy(rng.normal(0, 1.5, (n, k)))
    target = torch.multinomial((factor * logit).softmax(1), 1, generator=torch.Generator().manual_seed(seed)).squeeze(1)
    prob = logit.softmax(1)
    return logit, Predictions(split="test", rows=torch.arange(n), target=target, pred=prob.argmax(1), prob=prob)


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("factor", [0.4, 1.0, 2.0])
def test_the_temperature_undoes_over_and_underconfidence(k, factor):
    logit, predicted = honest(k=k, factor=factor)
    assert fit_temperature(logit, predicted.target) == pytest.approx(1 / factor, rel=0.15)
    assert fit_temperature(predicted.prob.log(), predicted.target) == pytest.approx(
        fit_temperature(logit, predicted.target), rel=1e-4
    )


def test_the_temperature_has_the_least_log_loss():
    logit, predicted = honest(n=300, k=3, factor=0.6)

    def loss(temperature):
        return torch.nn.functional.cross_entropy(logit / temperature, predicted.target).item()

    best = fit_temperature(logit, predicted.target)
    assert loss(best) <= min(loss(best * 1.02), loss(best / 1.02), loss(1.0))


def test_few_or_separated_rows_give_a_bounded_temperature():
    logit = torch.tensor([[3.0, -3.0], [-3.0, 3.0]]).repeat(20, 1)
    assert fit_temperature(logit[:4], torch.tensor([0, 1, 0, 1])) == 1.0
    assert 0.05 <= fit_temperature(logit, torch.tensor([0, 1] * 20)) <= 20
    assert fit_temperature(logit, torch.tensor([1, 0] * 20)) == pytest.approx(20, rel=1e-3)


def test_the_slope_is_that_of_a_logistic_regression():
    logit, predicted = honest(factor=0.6, n=800)
    fitted = LogisticRegression(C=1e9, tol=1e-10).fit((logit[:, 1] - logit[:, 0]).reshape(-1, 1), predicted.target)
    slope = calibration(predicted).slope
    assert slope.value == pytest.approx(fitted.coef_[0, 0], rel=1e-4)
    assert slope.low < 0.6 < slope.high


@pytest.mark.parametrize("k", [2, 4])
def test_honest_probabilities_pass_and_overconfident_ones_do_not(k):
    good, bad = calibration(honest(k=k)[1]), calibration(honest(k=k, factor=0.5)[1])
    assert good.slope.low < 1 < good.slope.high
    assert good.ece.low < 0.005
    assert bad.slope.high < 0.7
    assert bad.ece.low > 0.03


@pytest.mark.slow
def test_the_slopes_interval_covers_one_for_honest_probabilities():
    found = [calibration(honest(n=300, k=k, seed=seed)[1]).slope for seed in range(60) for k in (2, 3)]
    assert sum(one.low <= 1 <= one.high for one in found) >= 108


def test_bins_hold_every_row_once():
    predicted = honest(n=500)[1]
    bins = calibration(predicted).bins
    assert sum(rows for _, _, rows in bins) == 500
    assert sum(abs(p - o) * rows for p, o, rows in bins) / 500 == pytest.approx(calibration(predicted).ece.value)


def test_what_has_no_calibration_is_none():
    numbers = Predictions(split="val", rows=torch.arange(3), target=torch.rand(3), pred=torch.rand(3))
    assert calibration(numbers) is None
    sure = torch.eye(2, dtype=torch.float64).repeat(10, 1)
    target = torch.tensor([0, 1] * 10)
    perfect = Predictions(split="val", rows=torch.arange(20), target=target, pred=target, prob=sure)
    assert calibration(perfect).slope is None
    assert calibration(perfect).ece.value == 0
