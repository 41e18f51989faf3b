import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn import metrics
from torchmetrics.functional.classification import multiclass_f1_score, multiclass_precision, multiclass_recall

from litmus.statistics import (
    confusion_interval,
    confusion_scores,
    dirichlet_per_class,
    dirichlet_scores,
    posterior_draws,
)

BINARY = [[35, 5], [10, 50]]  # rows true; 50 true positives, 10 missed, 5 false alarms
matrices = st.integers(2, 5).flatmap(
    lambda k: arrays.arrays(np.int64, (k, k), elements=st.integers(0, 6)).filter(lambda m: m.sum() > 0)
)


def _rows(matrix):
    true, pred = np.indices(np.shape(matrix)).reshape(2, -1)
    counts = np.ravel(matrix)
    return np.repeat(true, counts), np.repeat(pred, counts)


def test_the_worked_example_is_reproduced():
    scores = dirichlet_scores(BINARY)
    expected = {"accuracy": 0.85, "precision": 50 / 55, "recall": 50 / 60, "f1": 100 / 115}
    assert {name: scores[name].value for name in expected} == pytest.approx(expected)
    assert (scores["f1"].low, scores["f1"].high) == pytest.approx((0.80, 0.93), abs=0.015)
    assert (scores["accuracy"].low, scores["accuracy"].high) == pytest.approx((0.767, 0.907), abs=0.003)


@pytest.mark.filterwarnings("ignore:A single label was found")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(matrices)
def test_values_are_those_of_scikit_learn(matrix):
    target, preds = _rows(matrix)
    scores = confusion_scores(matrix.astype(float))
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
    scores = confusion_scores(matrix.astype(float))
    for name, reference in (
        ("precision", multiclass_precision),
        ("recall", multiclass_recall),
        ("f1", multiclass_f1_score),
    ):
        assert scores[name] == pytest.approx(float(reference(preds, target, len(matrix))), abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(matrices)
def test_every_interval_holds_its_value_inside_the_scores_range(matrix):
    for name, interval in dirichlet_scores(matrix, draws=500).items():
        assert (-1 if name == "mcc" else 0) <= interval.low <= interval.value <= interval.high <= 1


@pytest.mark.parametrize("matrix", [np.diag([20, 30]), np.diag([10] * 10), np.diag([3, 3, 3])])
def test_a_perfect_score_is_not_certain(matrix):
    for name, interval in dirichlet_scores(matrix).items():
        if name != "precision_recall_gap":
            assert (interval.value, interval.high) == (1, 1)
            assert interval.low < 1 - 1 / matrix.sum()


def test_absent_classes_leave_every_draw_as_they_leave_the_value():
    with_absent = np.zeros((4, 4))
    with_absent[np.ix_([0, 2], [0, 2])] = BINARY
    scores = dirichlet_scores(with_absent)
    assert scores["recall"].value == pytest.approx((35 / 40 + 50 / 60) / 2)
    assert scores["recall"].low > 0.7


def test_a_class_that_is_absent_has_no_recall_and_one_never_predicted_no_precision():
    first, second, third, fourth = dirichlet_per_class([[5, 1, 0, 0], [2, 7, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    assert first["recall"].value == pytest.approx(5 / 6)
    assert second["f1"].value == pytest.approx(14 / 17)
    assert (third["precision"].value, third["recall"].value) == (0, 0)
    assert third["precision"].high > 0.9
    assert all(math.isnan(interval.value) and interval.half_width == 0.5 for interval in fourth.values())


def test_scores_of_one_class_among_two_are_the_binary_ones():
    assert dirichlet_per_class(BINARY)[1]["recall"] == dirichlet_scores(BINARY)["recall"]


def test_any_score_gets_an_interval():
    def cost(matrices_KK):
        return (matrices_KK[..., 0, 1] + 10 * matrices_KK[..., 1, 0]) / matrices_KK.sum((-2, -1))

    interval = confusion_interval(BINARY, cost)
    assert interval.value == pytest.approx(1.05)
    assert interval.low < 0.8
    assert interval.high > 1.5


def test_draws_are_probabilities_and_repeat_with_their_seed():
    draws = posterior_draws(BINARY, draws=100, seed=3)
    assert draws.shape == (100, 2, 2)
    assert draws.sum((-2, -1)) == pytest.approx(np.ones(100))
    assert np.array_equal(draws, posterior_draws(BINARY, draws=100, seed=3))
    assert not np.array_equal(draws, posterior_draws(BINARY, draws=100, seed=4))


def test_a_hundred_classes_get_fewer_draws():
    assert len(posterior_draws(np.eye(100))) == 500


def test_an_empty_matrix_excludes_nothing():
    interval = dirichlet_scores([[0, 0], [0, 0]])["f1"]
    assert interval.low < 0.05
    assert interval.high > 0.95


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
        dirichlet_scores(matrix)


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
    expected, held = confusion_scores(truth), []
    for _ in range(2000):
        matrix = rng.multinomial(n, truth.ravel() / truth.sum()).reshape(truth.shape)
        scores = dirichlet_scores(matrix, draws=600)
        held.append([expected[name] in scores[name] for name in ("precision", "recall", "f1", "mcc")])
    covered = np.mean(held, axis=0)
    assert (covered > 0.925).all()
    assert 0.93 < covered.mean() < 0.97
    assert (covered < 0.975).all()
