import math
import time

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from litmus.metrics.answers import Predictions
from litmus.scoring.score import baseline_predictions, point_scores, score
from litmus.task import kind_of
from litmus.task.binary import Binary
from litmus.task.multiclass import Multiclass
from litmus.task.regression import Regression
from litmus.task.spec import DataSpec

BINARY = Binary(spec=DataSpec(task="binary", input="table", in_shape=(2,), target="y", classes=("no", "yes")))
THREE = Multiclass(spec=DataSpec(task="multiclass", input="table", in_shape=(2,), target="y", classes=("a", "b", "c")))
NUMBER = Regression(spec=DataSpec(task="regression", input="table", in_shape=(2,), target="y"))


def classified(prob, target, **more):
    prob, target = torch.as_tensor(prob, dtype=torch.float64), torch.as_tensor(target)
    rows = torch.arange(len(target))
    return Predictions(split="test", rows=rows, target=target, pred=prob.argmax(1), prob=prob, **more)


def decided(counts):
    """Predictions whose confusion matrix is `counts`; probabilities of .9 for the class predicted."""
    pairs = [(t, p) for t, row in enumerate(counts) for p, n in enumerate(row) for _ in range(n)]
    k = len(counts)
    prob = [[0.9 if c == p else 0.1 / (k - 1) for c in range(k)] for _, p in pairs]
    return classified(prob, [t for t, _ in pairs])


def drawn(n=400, k=2, seed=0, **more):
    rng = np.random.default_rng(seed)
    prob = rng.dirichlet(np.full(k, 0.5), n)
    target = (rng.random((n, 1)) > prob.cumsum(1)).sum(1).clip(max=k - 1)
    return classified(prob, target, **more)


def numbers(n=400, noise=0.5, seed=0, **more):
    rng = np.random.default_rng(seed)
    target = torch.from_numpy(rng.normal(10, 2, n))
    pred = target + torch.from_numpy(rng.normal(0, noise, n))
    return Predictions(split="test", rows=torch.arange(n), target=target, pred=pred, **more)


def scored(task, predictions, **more):
    return score(task, predictions, prior=task.prior(predictions.target), **more)


def ordered(one):
    return one.low <= one.value <= one.high


def test_the_textbook_matrix_gives_its_figures_with_intervals():
    found = scored(BINARY, decided([[35, 5], [10, 50]]))
    scores = found.scores
    assert scores["precision"].value == pytest.approx(50 / 55)
    assert scores["recall"].value == pytest.approx(50 / 60)
    assert scores["accuracy"].value == pytest.approx(0.85)
    assert scores["f1"].value == pytest.approx(0.8696, abs=5e-5)
    assert (scores["accuracy"].low, scores["accuracy"].high) == (
        pytest.approx(0.767, abs=5e-4),
        pytest.approx(0.907, abs=5e-4),
    )
    assert (scores["f1"].low, scores["f1"].high) == (pytest.approx(0.80, abs=0.015), pytest.approx(0.93, abs=0.015))
    assert scores["accuracy"].baseline == pytest.approx(0.6)
    assert scores["accuracy"].n == 100
    assert found.confusion == ((35, 5), (10, 50))
    assert found.pr_gap.value == pytest.approx(50 / 55 - 50 / 60)


def test_values_are_scikit_learns():
    said = drawn(k=3)
    target, pred, prob = said.target.numpy(), said.pred.numpy(), said.prob.numpy()
    found = scored(THREE, said)
    expected = {
        "accuracy": sk.accuracy_score(target, pred),
        "f1": sk.f1_score(target, pred, average="macro"),
        "balanced_accuracy": sk.balanced_accuracy_score(target, pred),
        "mcc": sk.matthews_corrcoef(target, pred),
        "auroc": sk.roc_auc_score(target, prob, multi_class="ovr"),
        "average_precision": sk.average_precision_score(np.eye(3)[target], prob),
        "log_loss": sk.log_loss(target, prob),
    }
    assert {name: found.scores[name].value for name in expected} == pytest.approx(expected, abs=1e-6)
    per_class = sk.precision_recall_fscore_support(target, pred)
    for k, label in enumerate(("a", "b", "c")):
        ours = found.per_class[label]
        assert [ours[m].value for m in ("precision", "recall", "f1")] == pytest.approx(
            [per_class[i][k] for i in range(3)]
        )
        assert ours["recall"].n == per_class[3][k]


@pytest.mark.parametrize(
    ("task", "said"),
    [(BINARY, drawn()), (BINARY, drawn(n=12)), (THREE, drawn(k=3)), (NUMBER, numbers()), (NUMBER, numbers(n=5))],
    ids=["binary", "few", "three", "numbers", "few numbers"],
)
def test_every_interval_holds_its_value_and_every_metric_has_one(task, said):
    found = scored(task, said)
    assert set(found.scores) == {metric.name for metric in task.metrics}
    assert all(ordered(one) for one in found.scores.values())
    assert all(ordered(one) for scores in found.per_class.values() for one in scores.values())
    assert ordered(found.gain)


def test_a_perfect_model_keeps_some_doubt():
    scores = scored(BINARY, decided([[30, 0], [0, 30]])).scores
    for name in ("accuracy", "precision", "recall", "f1", "balanced_accuracy", "mcc", "auroc", "average_precision"):
        assert scores[name].value == 1.0
        assert 0.65 < scores[name].low < 1.0, name


def test_the_baseline_is_the_majority_rule_with_the_training_shares():
    said = drawn(n=200)
    prior = torch.tensor([0.7, 0.3], dtype=torch.float64)
    found = score(BINARY, said, prior=prior)
    negatives = float((said.target == 0).double().mean())
    assert found.scores["accuracy"].baseline == pytest.approx(negatives)
    assert found.scores["recall"].baseline == 0.0
    assert found.scores["auroc"].baseline == pytest.approx(0.5)
    assert found.scores["average_precision"].baseline == pytest.approx(1 - negatives)
    expected = -(negatives * math.log(0.7) + (1 - negatives) * math.log(0.3))
    assert found.scores["log_loss"].baseline == pytest.approx(expected)


def test_the_regression_baseline_is_the_training_mean():
    said = numbers()
    found = score(NUMBER, said, prior=torch.tensor([11.0]))
    target = said.target.numpy()
    assert found.scores["rmse"].baseline == pytest.approx(math.sqrt(((target - 11) ** 2).mean()))
    assert found.scores["r2"].baseline == pytest.approx(sk.r2_score(target, np.full(len(target), 11.0)))
    assert found.gain.value == pytest.approx(found.scores["r2"].value - found.scores["r2"].baseline)
    assert found.gain.low > 0.8


def test_a_model_that_says_the_mean_gains_nothing():
    said = numbers(noise=0)
    mean = said.target.mean()
    rng = torch.Generator().manual_seed(1)
    lost = Predictions(
        split="test", rows=said.rows, target=said.target, pred=mean + 0.3 * torch.randn(len(said.rows), generator=rng)
    )
    assert scored(NUMBER, lost).gain.low < 0


def test_noise_gains_nothing_more_often_than_it_should():
    lows = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        said = classified(rng.dirichlet([1, 1], 80), rng.integers(2, size=80))
        lows.append(scored(BINARY, said).gain.low)
    assert sum(low > 0 for low in lows) <= 3


@pytest.mark.parametrize(
    ("kind", "share", "expected"),
    [
        ("regression", None, "r2"),
        ("binary", 0.5, "balanced_accuracy"),
        ("binary", 0.79, "balanced_accuracy"),
        ("binary", 0.8, "average_precision"),
        ("multiclass", 0.95, "average_precision"),
    ],
)
def test_the_primary_metric_follows_kind_and_majority(kind, share, expected):
    assert kind_of(kind).primary(share) == expected


@pytest.mark.parametrize(
    ("kind", "shares", "expected"),
    [
        ("binary", [0.9, 0.1], "average_precision"),
        ("binary", [0.1, 0.9], "auroc"),
        ("binary", [0.25, 0.75], "balanced_accuracy"),
        ("multiclass", [0.05, 0.05, 0.9], "average_precision"),
        ("regression", [3.0], "r2"),
    ],
)
def test_a_frequent_positive_class_is_judged_by_its_ranking(kind, shares, expected):
    assert kind_of(kind).primary_of(torch.tensor(shares)) == expected


def test_the_gain_of_imbalanced_data_is_over_prevalence():
    said = drawn(n=300)
    found = score(BINARY, said, prior=torch.tensor([0.9, 0.1]))
    ap = found.scores["average_precision"]
    assert found.gain.value == pytest.approx(ap.value - float(said.target.double().mean()))


def test_a_threshold_decides_anew():
    said = drawn(n=300)
    low, high = (scored(BINARY, said, threshold=threshold).scores for threshold in (0.1, 0.9))
    assert low["recall"].value > high["recall"].value
    assert low["auroc"].value == high["auroc"].value


def test_rows_of_one_group_are_worth_less_than_independent_ones():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(40), 10)
    right = rng.random(400) < rng.beta(0.7, 0.3, 40)[group]
    target = rng.integers(2, size=400)
    sure = rng.uniform(0.5, 1, 400)
    prob = np.where(right == (target == 1), sure, 1 - sure)
    prob2 = np.column_stack([1 - prob, prob])
    alone = scored(BINARY, classified(prob2, target)).scores
    grouped = scored(BINARY, classified(prob2, target, group=torch.from_numpy(group))).scores
    for name, one in grouped.items():
        assert one.value == pytest.approx(alone[name].value)
        if name != "ece":
            assert one.high - one.low > 1.1 * (alone[name].high - alone[name].low), name


def test_neighbours_in_time_are_worth_less_than_independent_rows():
    n = 500
    rng = np.random.default_rng(0)
    error = np.convolve(rng.normal(0, 1, n + 20), np.ones(20) / 4, "valid")[:n]
    target = torch.from_numpy(rng.normal(0, 3, n))
    held = {"split": "test", "rows": torch.arange(n), "target": target, "pred": target + torch.from_numpy(error)}
    alone, timed = scored(NUMBER, Predictions(**held)), scored(NUMBER, Predictions(**held, time=torch.arange(n)))
    width = {name: one.high - one.low for name, one in alone.scores.items()}
    assert all(one.high - one.low > 1.3 * width[name] for name, one in timed.scores.items())
    order = torch.randperm(n, generator=torch.Generator().manual_seed(0))
    shuffled = Predictions(
        split="test", rows=order, target=target[order], pred=held["pred"][order], time=torch.arange(n)[order]
    )
    again = scored(NUMBER, shuffled).scores["mse"]
    assert (again.low, again.high) == pytest.approx((timed.scores["mse"].low, timed.scores["mse"].high))


@pytest.mark.parametrize("n", [0, 5])
def test_what_cannot_be_scored_is_none_and_never_nan(n):
    prob = torch.full((n, 2), math.nan, dtype=torch.float64)
    found = (
        scored(BINARY, classified(prob, torch.zeros(n, dtype=torch.int64)))
        if n
        else score(BINARY, classified(prob, torch.zeros(0, dtype=torch.int64)), prior=torch.tensor([0.5, 0.5]))
    )
    assert {one.value for one in found.scores.values()} == {None}
    assert found.gain.value is None


def test_one_class_leaves_ranking_scores_undefined():
    scores = scored(BINARY, classified([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7]], [0, 0, 0])).scores
    assert scores["auroc"].value is None
    assert scores["average_precision"].low is None
    assert scores["accuracy"].value == pytest.approx(2 / 3)


def test_a_constant_target_has_no_r2():
    said = Predictions(
        split="val", rows=torch.arange(4), target=torch.full((4,), 2.0), pred=torch.tensor([1.0, 2, 3, 2])
    )
    found = scored(NUMBER, said)
    assert found.scores["r2"].value is None
    assert found.gain.value is None
    assert found.scores["mae"].value == pytest.approx(0.5)


def test_a_calibrated_models_calibration_error_may_be_zero():
    assert scored(BINARY, drawn(n=1000)).scores["ece"].low < 0.01


def test_the_baseline_says_one_thing_of_every_row():
    rule = baseline_predictions(THREE, drawn(k=3, n=7), torch.tensor([0.2, 0.5, 0.3]))
    assert rule.pred.tolist() == [1] * 7
    assert point_scores(THREE, rule)["mcc"] == 0.0


def test_a_thousand_rows_are_scored_in_a_moment():
    said = drawn(n=1000)
    scored(BINARY, said)
    begin = time.perf_counter()
    scored(BINARY, said)
    assert time.perf_counter() - begin < 0.6


@pytest.mark.slow
def test_macro_average_precision_is_covered():
    rng = np.random.default_rng(0)

    def sample(n):
        target = rng.integers(3, size=n)
        logit = rng.normal(0, 1, (n, 3)) + 1.5 * np.eye(3)[target]
        return classified(torch.from_numpy(logit).softmax(1), target)

    truth = point_scores(THREE, sample(200_000))["average_precision"]
    found = [scored(THREE, sample(90)).scores["average_precision"] for _ in range(200)]
    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.93
