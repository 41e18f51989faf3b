"""Areas under the ROC and the precision-recall curve, their intervals, and the differences between two models."""

import math
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.linalg import vecdot

from litmus.metrics.answers import Answers
from litmus.metrics.sample import Array, Sample
from litmus.statistics.intervals import Interval, wilson
from litmus.statistics.ranking import delong, delong_macro, delong_paired


class _Ranking(NamedTuple):
    """Rows by ascending score, `(..., n)` float64; each of several tied ones counts from where the tie begins.

    Args:
        score: In order; NaN, where there is any, first.
        hit: 1 for rows of the class, else 0.
        first: Rows with a lower score; `(n,)` where no scores are tied.
        below: Rows of the class with a lower score.
        n: How many rows.
    """

    score: Tensor
    hit: Tensor
    first: Tensor
    below: Tensor
    n: int


def sort(score: Tensor, hit: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities `score` in ascending order, and whether each is a hit, both `(..., n)` float64.

    Numbers from 0 to 1 are in the order of their bits read as integers, and leave two of them free: with what is sorted
    along in the lowest, a sort does it, at a third of the cost of finding the order and gathering by it twice. NaN's
    bits run over into the sign, so that it comes first and stays what it is.
    """
    keys = score.contiguous().view(torch.int64).mul(2).bitwise_or_(hit)
    keys.numpy().sort(-1)  # in a quarter of torch's time
    return (keys >> 1).view(torch.float64), (keys & 1).double()


def ranking(answers: Answers) -> _Ranking:
    """`(E, codes, n)`: of the positive class alone, or of each class against the rest."""
    hit = answers.each_class(answers.target)
    score, hit = sort(answers.probabilities[..., -hit.shape[1] :].movedim(-1, -2), hit)
    first, below = torch.arange(score.shape[-1], dtype=torch.float64), hit.cumsum(-1) - hit
    tied = score[..., 1:] == score[..., :-1]
    if tied.any():
        begins = torch.nn.functional.pad(~tied, (1, 0), value=True)
        first = torch.where(begins, first, 0.0).cummax(-1).values
        below = below.gather(-1, first.long())
    return _Ranking(score, hit, first, below, score.shape[-1])


def auroc(answers: Answers) -> Tensor:
    """Area under the ROC curve `(E,)`."""
    ranks: _Ranking = answers.once(ranking)
    positives = ranks.hit.sum(-1)
    pairs = positives * (ranks.n - positives)
    # pairs in order less pairs out of order, from what stands strictly below each row
    ordered = vecdot(ranks.hit, ranks.first) - ranks.below.sum(-1)
    area = (pairs + ordered) / (2 * pairs)
    return torch.where(ranks.score[..., 0].isnan(), torch.nan, area).mean(-1)


def average_precision(answers: Answers) -> Tensor:
    """Average precision `(E,)`."""
    ranks: _Ranking = answers.once(ranking)
    positives = ranks.hit.sum(-1)
    # where a tie begins all of it is above the threshold
    precision_at = (positives.unsqueeze(-1) - ranks.below) / (ranks.n - ranks.first)
    area = vecdot(precision_at, ranks.hit) / positives
    return torch.where(ranks.score[..., 0].isnan(), torch.nan, area).mean(-1)


def auroc_interval(sample: Sample) -> Interval:
    """DeLong's, widened where rows depend on each other."""
    prob, target = sample.prob, sample.predictions.target
    binary = prob.shape[1] == 2
    return _widened(delong(prob[:, 1], target) if binary else delong_macro(prob, target), sample.share)


def average_precision_interval(sample: Sample) -> Interval:
    """Of the positive class, or of the mean over the classes one against the rest.

    Each class's average precision is taken for a share of its own rows, of which one row, half right, is added so that
    a perfect ranking keeps some doubt; the classes' rows are different ones, so that their variances add up.

    Source: Boyd, Eng and Page 2013, section 3.3, with Wilson's roots at the rows that the mean is worth.
    """
    prob, target = sample.prob, sample.predictions.target
    codes = _codes(prob)
    values, variance = [], 0.0
    for code in codes:
        positive = (target == code).long()
        rows = sample.share * float(positive.sum())
        if rows == 0:
            return Interval(math.nan, 0.0, 1.0)
        two = torch.stack([1 - prob[:, code], prob[:, code]], -1).unsqueeze(0)
        answers = Answers(pred=positive.unsqueeze(0), target=positive.unsqueeze(0), prob=two)
        values.append(float(average_precision(answers)[0]))
        doubted = (values[-1] * rows + 0.5) / (rows + 1)
        variance += doubted * (1 - doubted) / rows / len(codes) ** 2
    value = sum(values) / len(codes)
    if len(codes) == 1:
        return wilson(value * rows, rows)
    worth = max(1.0, max(value * (1 - value), variance) / variance)
    return wilson(value * worth, worth)


def auroc_difference(model: Sample, reference: Sample, level: float) -> Interval:
    """DeLong's paired interval for two classes and independent rows, else by influences."""
    ours, theirs = model.prob, reference.prob
    if ours.shape[1] == 2 and model.groups is None:
        return delong_paired(ours[:, 1], theirs[:, 1], model.predictions.target, level=level)
    return _by_influence(model, reference, "auroc", level)


def average_precision_difference(model: Sample, reference: Sample, level: float) -> Interval:
    """By influences."""
    return _by_influence(model, reference, "average_precision", level)


def _codes(prob: Tensor) -> list[int]:
    return [1] if prob.shape[1] == 2 else list(range(prob.shape[1]))


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


def _by_influence(
    model: Sample, reference: Sample, metric: Literal["auroc", "average_precision"], level: float
) -> Interval:
    """Difference of (macro) AUROC or average precision by each row's influence on it.

    Source: the infinitesimal jackknife, Efron and Tibshirani 1993, section 22; Hampel 1974.
    """
    target = model.predictions.target
    ours, theirs = (_influence(side.prob, target, metric) for side in (model, reference))
    value = ours[0] - theirs[0]
    centred = model.paired_mean_interval(torch.from_numpy(ours[1] - theirs[1]), level=level)
    return Interval(value, value + min(0.0, centred.low), value + max(0.0, centred.high))


def _influence(prob: Tensor, target: Tensor, metric: str) -> tuple[float, Array]:
    """Value, and influence `(n,)` of each row, scaled so that their mean's scatter is the value's."""
    function = _auroc_influence if metric == "auroc" else _precision_influence
    parts = [function(prob[:, code].numpy(), (target == code).numpy()) for code in _codes(prob)]
    influences = np.mean([influence for _, influence in parts], axis=0)
    return float(np.mean([value for value, _ in parts])), np.asarray(influences)


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
