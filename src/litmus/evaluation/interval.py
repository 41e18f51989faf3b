"""Intervals of metrics that rest on scores or numbers, with rows drawn as they depend on each other."""

import math
from dataclasses import dataclass
from typing import TypedDict, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.statistics.bootstrap import block_length
from litmus.statistics.confusion import dirichlet_scores
from litmus.statistics.intervals import Interval, clustered_rows, wilson
from litmus.statistics.means import bootstrap_mean, regression_scores
from litmus.statistics.ranking import delong, delong_macro
from litmus.task import metrics
from litmus.task.base import Answers, Predictions

Array = NDArray[np.float64]

ECE_UNITS, ECE_DRAWS = 500, 500


class Options(TypedDict):
    """How the bootstrap draws rows."""

    groups: NDArray[np.int64] | None
    block: int | None


@final
@dataclass(frozen=True)
class Dependence:
    """Which rows belong together.

    Args:
        groups: `(n,)` codes, or None.
        block: Rows in a block of time, for rows in time order; None without time, or with groups.
        share: Independent rows that the rows are worth, as a share of their number.
    """

    groups: NDArray[np.int64] | None
    block: int | None
    share: float

    @classmethod
    def of(cls, predictions: Predictions, errors: Tensor) -> "Dependence":
        """As the predictions, in time order where there is time, say; `errors` (n,) tell how alike neighbours are."""
        values = errors.numpy()
        if predictions.group is not None:
            groups = predictions.group.numpy()
            return cls(groups, None, clustered_rows(values, groups) / len(values))
        if predictions.time is not None:
            block = block_length(values)
            return cls(None, block, clustered_rows(values, np.arange(len(values)) // block) / len(values))
        return cls(None, None, 1.0)

    def options(self) -> Options:
        """Arguments of the bootstrap."""
        return {"groups": self.groups, "block": self.block}


def regression_intervals(predictions: Predictions, dependence: Dependence) -> dict[str, Interval]:
    """mse, rmse, mae and r2."""
    pred, target = predictions.pred.double().numpy(), predictions.target.double().numpy()
    return regression_scores(pred, target, **dependence.options())


def probability_intervals(predictions: Predictions, dependence: Dependence) -> dict[str, Interval]:
    """auroc, average_precision, log_loss, brier and ece of predictions that hold probabilities."""
    prob, target = _prob(predictions), predictions.target
    codes = [1] if prob.shape[1] == 2 else list(range(prob.shape[1]))
    true = prob.gather(1, target.unsqueeze(1)).squeeze(1)
    squares = ((prob - torch.nn.functional.one_hot(target, prob.shape[1])) ** 2).sum(1) / (2 if len(codes) == 1 else 1)
    eps = torch.finfo(torch.float64).eps
    losses = -true.clamp(eps, 1 - eps).log()
    ranked = delong(prob[:, 1], target) if len(codes) == 1 else delong_macro(prob, target)
    return {
        "auroc": _widened(ranked, dependence.share),
        "average_precision": average_precision(predictions, codes, share=dependence.share),
        "log_loss": bootstrap_mean(losses.numpy(), scale="log", **dependence.options()),
        "brier": bootstrap_mean(squares.numpy(), scale="log", **dependence.options()),
        "ece": calibration_error(predictions, dependence),
    }


def class_interval(predictions: Predictions, metric: str) -> Interval:
    """balanced_accuracy, average_precision or another of the classification metrics, alone."""
    dependence = Dependence.of(predictions, (predictions.pred == predictions.target).double())
    if metric == "average_precision":
        codes = [1] if _prob(predictions).shape[1] == 2 else list(range(_prob(predictions).shape[1]))
        return average_precision(predictions, codes, share=dependence.share)
    counts = metrics.confusion(predictions.answers())[0].double().numpy()
    found = dirichlet_scores(dependence.share * counts, draws=1000)
    return found[metric] if metric in found else probability_intervals(predictions, dependence)[metric]


def average_precision(predictions: Predictions, codes: list[int], *, share: float) -> Interval:
    """Mean over the classes `codes` of average precision one against the rest.

    Each class's is taken for a share of its own rows, of which one row, half right, is added so that a perfect
    ranking keeps some doubt; the classes' rows are different ones, so that their variances add up.

    Source: Boyd, Eng and Page 2013, section 3.3, with Wilson's roots at the rows that the mean is worth.
    """
    prob, target = _prob(predictions), predictions.target
    values, variance = [], 0.0
    for code in codes:
        positive = target == code
        rows = share * float(positive.sum())
        if rows == 0:
            return Interval(math.nan, 0.0, 1.0)
        answers = Answers(
            pred=positive.long().unsqueeze(0),
            target=positive.long().unsqueeze(0),
            prob=torch.stack([1 - prob[:, code], prob[:, code]], -1).unsqueeze(0),
        )
        values.append(float(metrics.average_precision(answers)[0]))
        doubted = (values[-1] * rows + 0.5) / (rows + 1)
        variance += doubted * (1 - doubted) / rows / len(codes) ** 2
    value = sum(values) / len(codes)
    if len(codes) == 1:
        return wilson(value * rows, rows)
    worth = max(1.0, max(value * (1 - value), variance) / variance)
    return wilson(value * worth, worth)


def calibration_error(predictions: Predictions, dependence: Dependence) -> Interval:
    """Expected calibration error as `metrics.ece` bins it.

    Noise alone makes the error larger than 0, in the data and once more in each draw. What it may have added (the
    draws' distance from what was observed) is taken off below, so that a calibrated model's lower bound is about 0;
    the upper bound is turned round the value, which takes off the draws' own bias.

    Source: basic bootstrap, Davison and Hinkley 1997, equation 5.6; below, the triangle inequality over bins.
    """
    value = float(metrics.ece(predictions.answers())[0])
    gaps_BU = _gaps(predictions, dependence)
    n, rng, units = len(predictions.target), np.random.default_rng(0), gaps_BU.shape[1]
    cells = rng.integers(units, size=(ECE_DRAWS, units)) + np.arange(ECE_DRAWS)[:, None] * units
    counts_DU = np.bincount(cells.ravel(), minlength=ECE_DRAWS * units).reshape(ECE_DRAWS, units)
    drawn_DB = counts_DU @ gaps_BU.T / n
    added = np.quantile(np.abs(drawn_DB - gaps_BU.sum(1) / n).sum(1), 0.975)
    high = 2 * value - np.quantile(np.abs(drawn_DB).sum(1), 0.025)
    return Interval(value, max(0.0, float(value - added)), max(value, min(1.0, float(high))))


def _gaps(predictions: Predictions, dependence: Dependence) -> Array:
    """Sums of probability minus outcome `(bins, units)`, over rows, groups or blocks, at most 500 of them."""
    prob, target = _prob(predictions), predictions.target
    confidence, top = (prob[:, 1], torch.ones_like(target)) if prob.shape[1] == 2 else prob.max(1)
    gap = (confidence - (top == target).double()).numpy()
    bins = (confidence * metrics.ECE_BINS).ceil().long().sub(1).clamp(0, metrics.ECE_BINS - 1).numpy()
    n = len(gap)
    unit = np.random.default_rng(0).permutation(n)
    if dependence.groups is not None:
        unit = np.unique(dependence.groups, return_inverse=True)[1]
    elif dependence.block is not None:
        unit = np.arange(n) // dependence.block
    unit = unit % ECE_UNITS
    cells = np.bincount(bins * ECE_UNITS + unit, weights=gap, minlength=metrics.ECE_BINS * ECE_UNITS)
    return np.asarray(cells.reshape(metrics.ECE_BINS, ECE_UNITS)[:, : int(unit.max()) + 1])


def _widened(interval: Interval, share: float) -> Interval:
    """An interval of a score in [0, 1] as wide, on the logit scale, as `share` of the rows would have made it."""
    if share >= 1 or not 0 < interval.value < 1:
        return interval

    def moved(bound: float) -> float:
        if not 0 < bound < 1:
            return bound
        reach = _logit(bound) - _logit(interval.value)
        return 1 / (1 + math.exp(-_logit(interval.value) - reach / math.sqrt(share)))

    return Interval(interval.value, moved(interval.low), moved(interval.high))


def _logit(share: float) -> float:
    return math.log(share / (1 - share))


def _prob(predictions: Predictions) -> Tensor:
    if predictions.prob is None:
        msg = "intervals of probabilities need probabilities"
        raise TypeError(msg)
    return predictions.prob.double()
