import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from litmus.metrics.answers import Predictions
from litmus.scoring.difference import difference
from litmus.statistics.means import bootstrap_r2_difference


def pair(n=300, k=2, seed=0, skill=(1.5, 0.8), **more):
    """Two classifiers of the same rows that share part of their noise."""
    rng = np.random.default_rng(seed)
    target = torch.from_numpy(rng.integers(k, size=n))
    shared = rng.normal(0, 1, (n, k))
    return [
        classified(
            torch.from_numpy(s * np.eye(k)[target] + 0.7 * shared + 0.7 * rng.normal(0, 1, (n, k))), target, **more
        )
        for s in skill
    ]


def classified(logit, target, **more):
    prob = logit.double().softmax(1)
    held = {"split": "test", "rows": torch.arange(len(target)), "target": target, "pred": prob.argmax(1), "prob": prob}
    return Predictions(**{**held, **more})


def numbers(noise, seed, n=300, **more):
    target = torch.from_numpy(np.random.default_rng(0).normal(5, 2, n))
    pred = target + noise * torch.from_numpy(np.random.default_rng(seed).normal(0, 1, n))
    return Predictions(split="test", rows=torch.arange(n), target=target, pred=pred, **more)


SCORES = {
    "accuracy": lambda one: sk.accuracy_score(one.target, one.pred),
    "balanced_accuracy": lambda one: sk.balanced_accuracy_score(one.target, one.pred),
    "mcc": lambda one: sk.matthews_corrcoef(one.target, one.pred),
    "f1": lambda one: sk.f1_score(one.target, one.pred, average="binary" if one.prob.shape[1] == 2 else "macro"),
    "auroc": lambda one: sk.roc_auc_score(
        one.target, one.prob[:, 1] if one.prob.shape[1] == 2 else one.prob, multi_class="ovr"
    ),
    "average_precision": lambda one: sk.average_precision_score(
        one.target if one.prob.shape[1] == 2 else np.eye(one.prob.shape[1])[one.target],
        one.prob[:, 1] if one.prob.shape[1] == 2 else one.prob,
    ),
    "log_loss": lambda one: sk.log_loss(one.target, one.prob),
    "brier": lambda one: sk.brier_score_loss(one.target, one.prob if one.prob.shape[1] > 2 else one.prob[:, 1]),
}  # fmt: skip


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("metric", SCORES)
def test_the_value_is_the_difference_of_scikit_learns_scores(metric, k):
    one, other = pair(k=k)
    found = difference(one, other, metric)
    assert found.value == pytest.approx(SCORES[metric](one) - SCORES[metric](other), abs=1e-6)
    assert found.low < found.value < found.high


@pytest.mark.parametrize("metric", ["mse", "rmse", "mae", "r2"])
def test_regression_differences_have_their_metrics_direction(metric):
    good, bad = numbers(0.5, 1), numbers(1.0, 2)
    found = difference(good, bad, metric)
    scores = {
        "mse": lambda y, p: ((y - p) ** 2).mean(),
        "rmse": lambda y, p: ((y - p) ** 2).mean() ** 0.5,
        "mae": lambda y, p: np.abs(y - p).mean(),
        "r2": sk.r2_score,
    }
    y = good.target.numpy()
    expected = scores[metric](y, good.pred.numpy()) - scores[metric](y, bad.pred.numpy())
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert (found.low > 0) if metric == "r2" else (found.high < 0)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "auroc", "average_precision", "log_loss"])
def test_a_clearly_better_model_is_seen_and_two_alike_are_not(metric):
    one, other = pair(n=600, skill=(2.5, 0.5))
    found = difference(one, other, metric)
    assert found.high < 0 if metric == "log_loss" else found.low > 0
    alike = difference(*pair(n=600, skill=(1.0, 1.0)), metric)
    assert alike.low < 0 < alike.high


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "auroc"])
def test_two_models_that_never_differ_on_few_rows_keep_some_doubt(metric):
    one = pair(n=20)[0]
    found = difference(one, one, metric)
    assert found.value == 0
    assert found.low < -0.02
    assert found.high > 0.02


def test_pairing_makes_intervals_narrower_than_for_strangers():
    one, other = pair(n=500)
    stranger = pair(n=500, seed=9)[1]
    apart = classified(stranger.prob.log(), one.target)
    paired = difference(one, other, "accuracy")
    loose = difference(one, apart, "accuracy")
    assert paired.high - paired.low < loose.high - loose.low


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "auroc", "average_precision", "brier"])
def test_rows_of_one_group_widen_the_interval(metric):
    one, other = pair(n=100)
    repeated = torch.arange(100).repeat_interleave(8)
    held = [
        Predictions(
            split="test",
            rows=torch.arange(800),
            target=predicted.target[repeated],
            pred=predicted.pred[repeated],
            prob=predicted.prob[repeated],
        )
        for predicted in (one, other)
    ]
    grouped = [Predictions(**{**vars(predicted), "group": repeated}) for predicted in held]
    narrow, wide = difference(*held, metric), difference(*grouped, metric)
    assert wide.high - wide.low > 1.8 * (narrow.high - narrow.low)


def test_neighbours_in_time_widen_the_interval():
    n = 400
    drift = torch.from_numpy(np.sin(np.arange(n) / 20))
    good, bad = numbers(0.2, 1, n=n), numbers(0.2, 2, n=n)
    bad = Predictions(**{**vars(bad), "pred": bad.pred + drift})
    timed = [Predictions(**{**vars(one), "time": torch.arange(n)}) for one in (good, bad)]
    plain, blocks = difference(good, bad, "mse"), difference(*timed, "mse")
    assert blocks.high - blocks.low > 1.5 * (plain.high - plain.low)


@pytest.mark.slow
def test_the_average_precision_interval_covers():
    hits = []
    truth = difference(*pair(n=100_000, skill=(1.5, 0.8)), "average_precision").value
    for seed in range(100):
        found = difference(*pair(n=120, seed=seed), "average_precision")
        hits.append(found.low <= truth <= found.high)
    assert np.mean(hits) >= 0.89


def test_other_rows_or_metrics_are_refused():
    one, other = pair(n=30)
    shifted = Predictions(**{**vars(other), "rows": other.rows + 1})
    with pytest.raises(ValueError, match="of the same rows"):
        difference(one, shifted, "accuracy")
    with pytest.raises(ValueError, match="no paired difference of 'ece'"):
        difference(one, other, "ece")


def test_what_is_undefined_is_none():
    one, other = pair(n=30)
    single = [
        Predictions(**{**vars(predicted), "target": torch.zeros(30, dtype=torch.int64)}) for predicted in (one, other)
    ]
    assert difference(*single, "auroc").low is None
    nothing = [Predictions(**{**vars(predicted), "prob": predicted.prob * torch.nan}) for predicted in (one, other)]
    assert difference(*nothing, "accuracy").value is None


def test_with_heavy_tails_the_difference_of_two_r2_is_known_better_than_either():
    rng = np.random.default_rng(2)
    covered = widths = 0.0
    for _ in range(60):
        target = rng.standard_t(2.5, size=240) * 2
        model, reference = target + rng.normal(scale=0.5, size=240), 0.8 * target + rng.normal(scale=0.5, size=240)
        found = bootstrap_r2_difference(model, reference, target, draws=300)
        big = rng.standard_t(2.5, size=400_000) * 2
        truth = float(((0.2 * big) ** 2).mean() / big.var())  # the noise of both cancels
        covered += found.low <= truth <= found.high
        widths += found.high - found.low
    assert covered / 60 >= 0.88
    assert widths / 60 < 0.1
