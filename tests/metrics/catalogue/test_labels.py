import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn import metrics
from torchmetrics.functional.classification import multiclass_f1_score, multiclass_precision, multiclass_recall

from litmus.metrics import metrics_of
from litmus.metrics.declaration import LabelMetric
from litmus.scoring.confusion import class_intervals
from litmus.statistics import Posterior

LABEL_METRICS = [metric for metric in metrics_of("binary") if isinstance(metric, LabelMetric)]

BINARY = np.array([[35, 5], [10, 50]])  # rows true; 50 true positives, 10 missed, 5 false alarms
matrices = st.integers(2, 5).flatmap(
    lambda k: arrays.arrays(np.int64, (k, k), elements=st.integers(0, 6)).filter(lambda m: m.sum() > 0)
)


def values(matrix):
    return {metric.name: metric.of_matrices(np.asarray(matrix, float)) for metric in LABEL_METRICS}


def intervals(matrix, draws=4000):
    posterior = Posterior(matrix, draws=draws)
    return {metric.name: posterior.interval(metric.of_matrices) for metric in LABEL_METRICS}


def _rows(matrix):
    true, pred = np.indices(np.shape(matrix)).reshape(2, -1)
    counts = np.ravel(matrix)
    return np.repeat(true, counts), np.repeat(pred, counts)


def test_the_worked_example_is_reproduced():
    scores = intervals(BINARY)
    expected = {"accuracy": 0.85, "precision": 50 / 55, "recall": 50 / 60, "f1": 100 / 115}
    assert {name: scores[name].value for name in expected} == pytest.approx(expected)
    assert (scores["f1"].low, scores["f1"].high) == pytest.approx((0.80, 0.93), abs=0.015)
    assert (scores["accuracy"].low, scores["accuracy"].high) == pytest.approx((0.767, 0.907), abs=0.003)


@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(matrices)
def test_values_are_those_of_scikit_learn(matrix):
    target, preds = _rows(matrix)
    scores = values(matrix)
    average = {"average": "binary", "pos_label": 1} if len(matrix) == 2 else {"average": "macro"}
    for name, reference in (
        ("precision", metrics.precision_score),
        ("recall", metrics.recall_score),
        ("f1", metrics.f1_score),
    ):
        assert scores[name] == pytest.approx(reference(target, preds, zero_division=0, **average))
    present = [np.mean(preds[target == k] == k) for k in np.unique(target)]
    assert scores["balanced_accuracy"] == pytest.approx(np.mean(present))
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(target, preds))
    assert scores["mcc"] == pytest.approx(metrics.matthews_corrcoef(target, preds))


@settings(max_examples=30, deadline=None)
@given(matrices.filter(lambda m: len(m) > 2))
def test_macro_averages_are_those_of_torchmetrics(matrix):
    target, preds = (torch.from_numpy(side) for side in _rows(matrix))
    scores = values(matrix)
    for name, reference in (
        ("precision", multiclass_precision),
        ("recall", multiclass_recall),
        ("f1", multiclass_f1_score),
    ):
        assert scores[name] == pytest.approx(float(reference(preds, target, len(matrix))), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(matrices)
def test_every_interval_holds_its_value_inside_the_scores_range(matrix):
    for name, interval in intervals(matrix, draws=500).items():
        assert (-1 if name == "mcc" else 0) <= interval.low <= interval.value <= interval.high <= 1


@pytest.mark.parametrize("matrix", [np.diag([20, 30]), np.diag([10] * 10), np.diag([3, 3, 3])])
def test_a_perfect_score_is_not_certain(matrix):
    for name, interval in intervals(matrix).items():
        assert (interval.value, interval.high) == (1, 1)
        # specificity rests on the rows of all other classes, which are more
        assert interval.low < (1 if name == "specificity" else 1 - 1 / matrix.sum())


def test_absent_classes_leave_every_draw_as_they_leave_the_value():
    with_absent = np.zeros((4, 4))
    with_absent[np.ix_([0, 2], [0, 2])] = BINARY
    scores = intervals(with_absent)
    assert scores["recall"].value == pytest.approx((35 / 40 + 50 / 60) / 2)
    assert scores["recall"].low > 0.7


def test_a_class_that_is_absent_has_no_recall_and_one_never_predicted_no_precision():
    first, second, third, fourth = class_intervals(np.array([[5, 1, 0, 0], [2, 7, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]))
    assert first["recall"].value == pytest.approx(5 / 6)
    assert second["f1"].value == pytest.approx(14 / 17)
    assert (third["precision"].value, third["recall"].value) == (0, 0)
    assert third["precision"].high > 0.9
    assert all(math.isnan(interval.value) and interval.half_width == 0.5 for interval in fourth.values())


def test_scores_of_one_class_among_two_are_the_binary_ones():
    assert class_intervals(BINARY, draws=4000)[1]["recall"] == intervals(BINARY)["recall"]


def test_an_empty_matrix_excludes_nothing():
    interval = intervals([[0, 0], [0, 0]])["f1"]
    assert interval.low < 0.05
    assert interval.high > 0.95


@pytest.mark.slow
@pytest.mark.parametrize(
    ("truth", "n"),
    [
        ([[0.35, 0.05], [0.10, 0.50]], 100),
        ([[0.35, 0.05], [0.10, 0.50]], 400),
        ([[0.85, 0.03], [0.04, 0.08]], 300),
        (np.eye(3) * 0.25 + 0.25 / 9, 90),
        (np.eye(5) * 0.15 + 0.01, 200),
        (np.eye(10) * 0.09 + 0.001, 500),
    ],
)
def test_classification_scores_are_covered(truth, n):
    truth, rng = np.array(truth), np.random.default_rng(1)
    expected, held = values(truth), []
    for _ in range(2000):
        matrix = rng.multinomial(n, truth.ravel() / truth.sum()).reshape(truth.shape)
        scores = intervals(matrix, draws=600)
        held.append([expected[name] in scores[name] for name in ("precision", "recall", "f1", "mcc")])
    covered = np.mean(held, axis=0)
    assert (covered > 0.925).all()
    assert 0.93 < covered.mean() < 0.97
    assert (covered < 0.975).all()
