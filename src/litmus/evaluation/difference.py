"""How much better one model is than another on the same rows, where what they share cancels out."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.evaluation.interval import Dependence
from litmus.evidence import Estimate
from litmus.statistics.confusion import confusion_scores
from litmus.statistics.intervals import Interval
from litmus.statistics.means import bootstrap_mean, bootstrap_r2_difference
from litmus.statistics.paired import paired_accuracy_difference
from litmus.statistics.ranking import delong_paired
from litmus.task.base import Predictions

Array = NDArray[np.float64]

DRAWS = 2000
LABEL_METRICS = frozenset({"precision", "recall", "f1", "balanced_accuracy", "mcc"})


def difference(model: Predictions, reference: Predictions, metric: str, *, level: float = 0.95) -> Estimate:
    """The model's value of the metric minus the reference's, with its paired interval.

    Args:
        model: What the model says.
        reference: What the other one says of the same rows, in the same order.
        metric: Name as in `{split}/{metric}`; for ece there is no paired interval.
        level: Confidence level.

    Returns:
        In the metric's own direction (a negative difference of mse is good); None where it is undefined.

    Raises:
        ValueError: The rows differ, or the metric is unknown.
    """
    if not torch.equal(model.rows, reference.rows):
        raise ValueError("differences are paired: both predictions must be of the same rows, in one order")
    if len(model.target) == 0 or not all(_finite(one) for one in (model, reference)):
        return Estimate(value=None)
    found = (
        _regression(model, reference, metric, level)
        if model.prob is None
        else _classes(model, reference, metric, level)
    )
    if not all(map(math.isfinite, (found.value, found.low, found.high))):
        return Estimate(value=float(found.value) if math.isfinite(found.value) else None)
    return Estimate(value=float(found.value), low=float(found.low), high=float(found.high))


def _regression(model: Predictions, reference: Predictions, metric: str, level: float) -> Interval:
    target = model.target.double()
    ours, theirs = ((one.pred.double() - target).abs() for one in (model, reference))
    if metric == "r2":
        return _r2(model, reference, level)
    if metric == "mae":
        return _mean(model, ours - theirs, level)
    squares = _mean(model, ours**2 - theirs**2, level)
    if metric == "mse":
        return squares
    if metric == "rmse":
        total = float(ours.square().mean().sqrt() + theirs.square().mean().sqrt())
        return _times(squares, 1 / total) if total else Interval(0.0, 0.0, 0.0)
    raise ValueError(f"no paired difference of {metric!r}")


def _r2(model: Predictions, reference: Predictions, level: float) -> Interval:
    order = slice(None) if model.time is None or model.group is not None else model.time.argsort(stable=True)
    target, ours, theirs = (one.double()[order].numpy() for one in (model.target, model.pred, reference.pred))
    errors = torch.from_numpy((theirs - target) ** 2 - (ours - target) ** 2)
    options = Dependence.of(model, errors).options()
    return bootstrap_r2_difference(ours, theirs, target, level=level, **options)


def _classes(model: Predictions, reference: Predictions, metric: str, level: float) -> Interval:
    if metric == "accuracy":
        right = [(one.pred == one.target).numpy() for one in (model, reference)]
        groups = None if model.group is None else model.group.numpy()
        return paired_accuracy_difference(*right, groups=groups, level=level)
    if metric in LABEL_METRICS:
        return _labels(model, reference, metric, level)
    ours, theirs = _prob(model), _prob(reference)
    if metric == "auroc" and ours.shape[1] == 2 and model.group is None:
        return delong_paired(ours[:, 1], theirs[:, 1], model.target, level=level)
    if metric in {"auroc", "average_precision"}:
        return _ranking(model, reference, metric, level)
    losses = {"log_loss": _log_losses, "brier": _brier_losses}
    if metric not in losses:
        raise ValueError(f"no paired difference of {metric!r}")
    return _mean(model, losses[metric](ours, model.target) - losses[metric](theirs, model.target), level)


def _labels(model: Predictions, reference: Predictions, metric: str, level: float) -> Interval:
    """Posterior of the cells (true class, model's label, reference's label).

    To each class half a row is added on which only the model is right, and half a row on which only the reference is,
    so that two models that never differ on few rows keep some doubt.

    Source: Agresti and Min 2005 (half rows for paired proportions); Goutte and Gaussier 2005 (posterior of counts).
    """
    k = _prob(model).shape[1]
    cells = (model.target * k + model.pred) * k + reference.pred
    found, counts = (part.numpy() for part in cells.unique(return_counts=True))
    right = [(one.pred == one.target).double() for one in (model, reference)]
    share = Dependence.of(model, right[0] - right[1]).share
    doubt = _doubted(model, k)
    cell_M = np.concatenate([found, doubt])
    weight_M = np.concatenate([share * counts, np.full(len(doubt), 0.5)])
    draws_DM = np.random.default_rng(0).standard_gamma(weight_M, size=(DRAWS, len(weight_M)))
    drawn = _label_score(draws_DM, cell_M, k, metric)
    value = float(_label_score(counts[None, :].astype(float), found, k, metric)[0])
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, min(value, float(low)), max(value, float(high)))


def _doubted(model: Predictions, k: int) -> NDArray[np.int64]:
    """The cells of the added half rows: for each class that occurs, one of the two right, the other one off by one."""
    codes = model.target.unique()
    other = (codes + 1) % k
    return torch.cat([(codes * k + codes) * k + other, (codes * k + other) * k + codes]).numpy()


def _label_score(counts_DM: Array, cell_M: NDArray[np.int64], k: int, metric: str) -> Array:
    """The model's score minus the reference's, `(D,)`."""
    true, ours, theirs = cell_M // (k * k), cell_M // k % k, cell_M % k
    scores = []
    for said in (ours, theirs):
        onto = np.zeros((len(cell_M), k * k))
        onto[np.arange(len(cell_M)), true * k + said] = 1
        scores.append(confusion_scores((counts_DM @ onto).reshape(-1, k, k))[metric])
    return np.asarray(scores[0] - scores[1])


def _ranking(model: Predictions, reference: Predictions, metric: str, level: float) -> Interval:
    """Difference of (macro) AUROC or average precision by each row's influence on it.

    Source: the infinitesimal jackknife, Efron and Tibshirani 1993, section 22; Hampel 1974.
    """
    sides = [_influence(_prob(one), one.target, metric) for one in (model, reference)]
    value = sides[0][0] - sides[1][0]
    centred = _mean(model, torch.from_numpy(sides[0][1] - sides[1][1]), level)
    return Interval(value, value + min(0.0, centred.low), value + max(0.0, centred.high))


def _influence(prob: Tensor, target: Tensor, metric: str) -> tuple[float, Array]:
    """Value, and influence `(n,)` of each row, scaled so that their mean's scatter is the value's."""
    function = _auroc_influence if metric == "auroc" else _precision_influence
    codes = [1] if prob.shape[1] == 2 else range(prob.shape[1])
    parts = [function(prob[:, code].numpy(), (target == code).numpy()) for code in codes]
    return float(np.mean([value for value, _ in parts])), np.asarray(
        np.mean([influence for _, influence in parts], axis=0)
    )


def _auroc_influence(score: Array, positive: NDArray[np.bool_]) -> tuple[float, Array]:
    n, positives = len(score), int(positive.sum())
    if not 0 < positives < n:
        return math.nan, np.full(n, math.nan)
    below, above = np.sort(score[~positive]), np.sort(score[positive])
    placed = np.empty(n)
    placed[positive] = _share_below(below, score[positive])
    placed[~positive] = 1 - _share_below(above, score[~positive])
    area = float(placed[positive].mean())
    return area, (placed - area) * np.where(positive, n / positives, n / (n - positives))


def _share_below(ordered: Array, values: Array) -> Array:
    return (np.searchsorted(ordered, values) + np.searchsorted(ordered, values, "right")) / (2 * len(ordered))


def _precision_influence(score: Array, positive: NDArray[np.bool_]) -> tuple[float, Array]:
    """Average precision is the positives' mean precision at their scores; a row counts in every precision below it."""
    n, positives = len(score), int(positive.sum())
    if positives == 0:
        return math.nan, np.full(n, math.nan)
    ordered = np.sort(score)
    first, last = np.searchsorted(ordered, score), np.searchsorted(ordered, score, "right")
    at_least = n - first
    precision = (positives - np.searchsorted(np.sort(score[positive]), score)) / at_least
    value = float(precision[positive].mean())
    order = np.argsort(score, kind="stable")
    # summed over the positives at or below a row's score
    gained = _running(positive * (1 - precision) / at_least, order)[last]
    lost = _running(positive * precision / at_least, order)[last]
    influence = np.where(positive, precision - value + gained, -lost) * (n / positives)
    return value, influence - influence.mean()


def _running(values: Array, order: NDArray[np.intp]) -> Array:
    return np.concatenate([[0.0], np.cumsum(values[order])])


def _log_losses(prob: Tensor, target: Tensor) -> Tensor:
    eps = torch.finfo(torch.float64).eps
    return -prob.gather(1, target.unsqueeze(1)).squeeze(1).clamp(eps, 1 - eps).log()


def _brier_losses(prob: Tensor, target: Tensor) -> Tensor:
    squares = ((prob - torch.nn.functional.one_hot(target, prob.shape[1])) ** 2).sum(1)
    return squares / 2 if prob.shape[1] == 2 else squares


def _mean(model: Predictions, values: Tensor, level: float) -> Interval:
    """Interval of a mean over rows, in time order where there is one."""
    if model.time is not None and model.group is None:
        values = values[model.time.argsort(stable=True)]
    return bootstrap_mean(values.numpy(), level=level, **Dependence.of(model, values).options())


def _times(interval: Interval, factor: float) -> Interval:
    low, high = sorted((interval.low * factor, interval.high * factor))
    return Interval(interval.value * factor, low, high)


def _finite(predictions: Predictions) -> bool:
    return bool((predictions.pred if predictions.prob is None else predictions.prob).isfinite().all())


def _prob(predictions: Predictions) -> Tensor:
    if predictions.prob is None:
        raise ValueError("one of the models has no probabilities")
    return predictions.prob.double()
