"""The metrics against scikit-learn and torchmetrics, over many epochs at once."""

import math

import numpy as np
import pytest
import torch
from sklearn import metrics as reference
from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error

from litmus.metrics import metrics_of
from litmus.metrics.answers import Answers
from litmus.metrics.catalogue.rankings import AUROC
from litmus.metrics.declaration import LabelMetric

EPOCHS, ROWS = 3, 207
BRIER = {"scale_by_half": "auto"}


def binary_answers(seed: int, *, ties: bool) -> Answers:
    draw = np.random.default_rng(seed)
    target = draw.integers(0, 2, (EPOCHS, ROWS))
    score = 1 / (1 + np.exp(-draw.normal(target - 0.5, 1.5)))
    score = score.round(1).clip(0.05, 0.95) if ties else score
    prob = torch.tensor(np.stack([1 - score, score], -1))
    return Answers(pred=(prob[..., 1] >= 0.5).long(), target=torch.tensor(target), prob=prob)


def multiclass_answers(seed: int, classes: int = 4) -> Answers:
    draw = np.random.default_rng(seed)
    target = draw.integers(0, classes, (EPOCHS, ROWS))
    prob = torch.tensor(draw.normal(2 * np.eye(classes)[target], 1.5)).softmax(-1)
    return Answers(pred=prob.argmax(-1), target=torch.tensor(target), prob=prob)


BINARY = {
    "accuracy": lambda y, p, s: reference.accuracy_score(y, p),
    "precision": lambda y, p, s: reference.precision_score(y, p),
    "recall": lambda y, p, s: reference.recall_score(y, p),
    "f1": lambda y, p, s: reference.f1_score(y, p),
    "balanced_accuracy": lambda y, p, s: reference.balanced_accuracy_score(y, p),
    "mcc": lambda y, p, s: reference.matthews_corrcoef(y, p),
    "specificity": lambda y, p, s: reference.recall_score(y, p, pos_label=0),
    "auroc": lambda y, p, s: reference.roc_auc_score(y, s[:, 1]),
    "average_precision": lambda y, p, s: reference.average_precision_score(y, s[:, 1]),
    "log_loss": lambda y, p, s: reference.log_loss(y, s),
    "brier": lambda y, p, s: reference.brier_score_loss(y, s[:, 1]),
    "ece": lambda y, p, s: binary_calibration_error(torch.tensor(s[:, 1]), torch.tensor(y)).item(),
}
MULTICLASS = {
    "accuracy": lambda y, p, s: reference.accuracy_score(y, p),
    "precision": lambda y, p, s: reference.precision_score(y, p, average="macro"),
    "recall": lambda y, p, s: reference.recall_score(y, p, average="macro"),
    "f1": lambda y, p, s: reference.f1_score(y, p, average="macro"),
    "balanced_accuracy": lambda y, p, s: reference.balanced_accuracy_score(y, p),
    "mcc": lambda y, p, s: reference.matthews_corrcoef(y, p),
    "specificity": lambda y, p, s: np.mean([np.mean(p[y != k] != k) for k in np.union1d(y, p)]),
    "auroc": lambda y, p, s: reference.roc_auc_score(y, s, multi_class="ovr", average="macro"),
    "average_precision": lambda y, p, s: reference.average_precision_score(np.eye(s.shape[1])[y], s, average="macro"),
    "log_loss": lambda y, p, s: reference.log_loss(y, s),
    "brier": lambda y, p, s: reference.brier_score_loss(y, s, **BRIER),
    "ece": lambda y, p, s: multiclass_calibration_error(
        torch.tensor(s), torch.tensor(y), num_classes=s.shape[1]
    ).item(),
}
REGRESSION = {
    "mse": reference.mean_squared_error,
    "rmse": reference.root_mean_squared_error,
    "mae": reference.mean_absolute_error,
    "r2": reference.r2_score,
}


def test_every_metric_has_a_reference() -> None:
    assert {metric.name for metric in metrics_of("binary")} == set(BINARY)
    assert {metric.name for metric in metrics_of("multiclass")} == set(MULTICLASS)
    assert {metric.name for metric in metrics_of("regression")} == set(REGRESSION)


@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
@pytest.mark.parametrize("metric", metrics_of("binary"), ids=lambda metric: metric.name)
def test_binary_metrics_equal_the_reference_in_every_epoch(metric, ties) -> None:
    answers = binary_answers(3, ties=ties)
    expected = [
        BINARY[metric.name](y.numpy(), p.numpy(), s.numpy())
        for y, p, s in zip(answers.target, answers.pred, answers.prob, strict=True)
    ]
    torch.testing.assert_close(metric.compute(answers).tolist(), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("metric", metrics_of("multiclass"), ids=lambda metric: metric.name)
def test_multiclass_metrics_equal_the_reference_in_every_epoch(metric) -> None:
    answers = multiclass_answers(4)
    expected = [
        MULTICLASS[metric.name](y.numpy(), p.numpy(), s.numpy())
        for y, p, s in zip(answers.target, answers.pred, answers.prob, strict=True)
    ]
    torch.testing.assert_close(metric.compute(answers).tolist(), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("offset", "scale"), [(0.0, 1.0), (1e6, 1.0), (0.0, 1e-5)])
@pytest.mark.parametrize("metric", metrics_of("regression"), ids=lambda metric: metric.name)
def test_regression_metrics_equal_the_reference_whatever_the_unit(metric, offset, scale) -> None:
    draw = np.random.default_rng(5)
    target = torch.tensor(draw.normal(offset, 2 * scale, (EPOCHS, ROWS)))
    pred = target + torch.tensor(draw.normal(0.3 * scale, scale, (EPOCHS, ROWS)))
    expected = [REGRESSION[metric.name](y.numpy(), p.numpy()) for y, p in zip(target, pred, strict=True)]
    values = metric.compute(Answers(pred=pred, target=target)).tolist()
    torch.testing.assert_close(values, expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("classes", [2, 4])
def test_an_epoch_alone_is_measured_as_among_others(classes) -> None:
    answers = binary_answers(7, ties=True) if classes == 2 else multiclass_answers(7, classes)
    alone = Answers(pred=answers.pred[:1], target=answers.target[:1], prob=answers.prob[:1])
    for metric in metrics_of("binary") if classes == 2 else metrics_of("multiclass"):
        torch.testing.assert_close(metric.compute(alone), metric.compute(answers)[:1], rtol=1e-12, atol=1e-15)


def test_a_class_that_is_absent_counts_for_nothing_in_macro_means() -> None:
    target, pred = torch.tensor([[0, 0, 1, 1]]), torch.tensor([[0, 1, 1, 1]])
    answers = Answers(pred=pred, target=target, prob=torch.nn.functional.one_hot(pred, 3).double())
    for metric in [one for one in metrics_of("multiclass") if isinstance(one, LabelMetric)]:
        expected = MULTICLASS[metric.name](target[0].numpy(), pred[0].numpy(), None)
        assert metric.compute(answers).tolist() == pytest.approx([expected])


@pytest.mark.parametrize("row", [0, 100, ROWS - 1])
def test_an_unknown_score_makes_only_its_own_epochs_areas_unknown(row) -> None:
    answers = binary_answers(6, ties=True)
    areas = [metric for metric in metrics_of("binary") if metric.name in {"auroc", "average_precision"}]
    expected = {metric.name: metric.compute(answers) for metric in areas}
    answers.prob[1, row] = math.nan
    for metric in areas:
        values = metric.compute(Answers(pred=answers.pred, target=answers.target, prob=answers.prob))
        assert values.isnan().tolist() == [False, True, False]
        assert values[::2].tolist() == expected[metric.name][::2].tolist()


def test_what_is_undefined_is_nan() -> None:
    prob = torch.tensor([[[0.3, 0.7], [0.6, 0.4]]])
    one_class = Answers(pred=torch.tensor([[1, 0]]), target=torch.zeros(1, 2, dtype=torch.long), prob=prob)
    assert AUROC.compute(one_class).isnan().all()
    constant = Answers(pred=torch.ones(1, 5), target=torch.full((1, 5), 2.0))
    assert metrics_of("regression")[-1].compute(constant).isnan().all()
