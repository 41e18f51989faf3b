"""Intervals of scores that judge a ranking: ROC AUC and average precision.

A placement is the share of the other class that a row outranks (ties count half); the AUC is the mean placement of
either class. DeLong's variance, their scatter, is 0 at a perfect ranking and too small near one: over 36 settings
(three families of scores, 10 to 200 positives, AUC .7 to .985) the usual logit interval covered 75 to 98 %. Half a row
without skill, placed at 1/2, is therefore added to either class, as Jeffreys' prior adds half a success: 92 to 98 %,
95.5 % on average, and a lower bound below 1 always.
"""

import math

import numpy as np
import numpy.typing as npt

from litmus.statistics.intervals import FloatArray, Interval, normal_quantile

_PSEUDO_ROWS = 0.5


def delong(scores: npt.ArrayLike, target: npt.ArrayLike, *, level: float = 0.95) -> Interval:
    """ROC AUC with an interval inside [0, 1]; NaN in [0, 1] while a class is missing.

    Args:
        scores: (n,), higher for the positive class.
        target: (n,), 0 or 1.
        level: confidence level.

    Source: DeLong, DeLong and Clarke-Pearson (1988), eq. 3-5, by placements as in Sun and Xu (2014); logit scale:
        Pepe (2003), section 5.2.4; half pseudo-rows: after Agresti and Caffo (2000), measured as the module says.
    """
    positive, negative = _placements(scores, target)
    if not len(positive) or not len(negative):
        return Interval(math.nan, 0.0, 1.0)
    return _logit_interval(float(positive.mean()), [_shrunk(positive), _shrunk(negative)], level)


def normal_scores(values: npt.ArrayLike) -> FloatArray:
    """What a standard normal distribution has at the rank of each value (n,); equal values share their middle rank.

    >>> normal_scores([30, 10, 20]).round(2).tolist()
    [0.67, -0.67, 0.0]

    Source: Van der Waerden (1952).
    """
    from scipy.special import ndtri

    _, place, counts = np.unique(np.asarray(values, np.float64).ravel(), return_inverse=True, return_counts=True)
    middle = counts.cumsum() - (counts - 1) / 2
    return np.asarray(ndtri(middle[place] / (len(place) + 1)), np.float64)


def delong_paired(
    scores_a: npt.ArrayLike, scores_b: npt.ArrayLike, target: npt.ArrayLike, *, level: float = 0.95
) -> Interval:
    """AUC of a minus AUC of b on the same rows, inside [-1, 1]; never of width 0, since only n rows were seen.

    Source: DeLong, DeLong and Clarke-Pearson (1988), eq. 6-8: the variance of differences of placements; half a row
        of either sign and class is added, as Agresti and Min (2005) do for paired proportions.
    """
    first, second = _placements(scores_a, target), _placements(scores_b, target)
    if not len(first[0]) or not len(first[1]):
        return Interval(math.nan, -1.0, 1.0)
    differences = [a - b for a, b in zip(first, second, strict=True)]
    value = float(differences[0].mean())
    means, variances = zip(*(_shrunk_difference(difference) for difference in differences), strict=True)
    centre, half = sum(means) / 2, normal_quantile(level) * math.sqrt(sum(variances))
    return Interval(value, max(-1.0, min(value, centre - half)), min(1.0, max(value, centre + half)))


def delong_macro(scores: npt.ArrayLike, target: npt.ArrayLike, *, level: float = 0.95) -> Interval:
    """Mean over classes of one-against-rest AUC; classes without rows are left out, as torchmetrics does.

    Args:
        scores: (n, K).
        target: (n,), class indices.
        level: confidence level.

    Source: the AUC of each class as a sum over rows (DeLong et al. 1988, eq. 3), so that a row's share in the mean
        over classes is the sum of its shares; the variance is that of the rows' sums.
    """
    matrix, labels = np.asarray(scores, np.float64), np.asarray(target).ravel()
    present = [k for k in range(matrix.shape[1]) if 0 < (labels == k).sum() < len(labels)]
    if not present:
        return Interval(math.nan, 0.0, 1.0)
    influence, areas = np.zeros(len(labels)), []
    for k in present:
        positive, negative = _placements(matrix[:, k], labels == k)
        area = float(positive.mean())
        areas.append(area)
        influence[labels == k] += (positive - area) * len(labels) / len(positive)
        influence[labels != k] += (negative - area) * len(labels) / len(negative)
    return _logit_interval(float(np.mean(areas)), [_shrunk(influence / len(present) + np.mean(areas))], level)


def _placements(scores: npt.ArrayLike, target: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Share of negatives below each positive, and of positives above each negative."""
    values, positive = np.asarray(scores, np.float64).ravel(), np.asarray(target).ravel().astype(bool)
    if len(values) != len(positive) or np.isnan(values).any():
        raise ValueError(f"{len(values)} scores for {len(positive)} rows, or NaN among them")
    above, below = np.sort(values[positive]), np.sort(values[~positive])
    return _share_below(below, values[positive]), 1 - _share_below(above, values[~positive])


def _share_below(ordered: FloatArray, values: FloatArray) -> FloatArray:
    ranks = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(ranks / (2 * max(1, len(ordered))), np.float64)


def _shrunk(placements: FloatArray) -> tuple[float, float]:
    """Mean, and variance of the mean, with half a row at 1/2 added."""
    rows = len(placements) + _PSEUDO_ROWS
    mean = (float(placements.sum()) + _PSEUDO_ROWS / 2) / rows
    squares = float(np.square(placements - mean).sum()) + _PSEUDO_ROWS * (0.5 - mean) ** 2
    # Below two rows the scatter says nothing; a row's placement varies at most as a coin does.
    return mean, (squares / (rows - 1) if len(placements) > 1 else 0.25) / rows


def _shrunk_difference(differences: FloatArray) -> tuple[float, float]:
    """The same for differences of placements, with half a row at +1/4 and half a row at -1/4.

    Measured as the module says, over 18 settings: 94 to 100 % (96.6 % on average), against 86 to 98 % without.
    """
    rows = len(differences) + 2 * _PSEUDO_ROWS
    mean = float(differences.sum()) / rows
    squares = float(np.square(differences - mean).sum()) + 2 * _PSEUDO_ROWS * (1 / 16 + mean**2)
    return mean, squares / max(rows - 1, 1) / rows


def _logit_interval(value: float, parts: list[tuple[float, float]], level: float) -> Interval:
    centre = sum(mean for mean, _ in parts) / len(parts)
    deviation = math.sqrt(sum(variance for _, variance in parts)) / (centre * (1 - centre))
    logit, reach = math.log(centre / (1 - centre)), normal_quantile(level) * deviation
    low, high = (1 / (1 + math.exp(-max(-700.0, min(700.0, logit + side)))) for side in (-reach, reach))
    return Interval(value, min(low, value), max(high, value))
