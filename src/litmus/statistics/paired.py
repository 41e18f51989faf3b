"""Comparisons of two models on the same rows, where what they share cancels out."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from litmus.statistics.bootstrap import IndexArray, bootstrap
from litmus.statistics.confusion import confusion_interval
from litmus.statistics.intervals import FloatArray, Interval, clustered_rows, normal_quantile
from litmus.statistics.means import bootstrap_gain, bootstrap_mean


def mcnemar(correct_a: npt.ArrayLike, correct_b: npt.ArrayLike) -> float:
    """Two-sided p-value that two classifiers err equally often; 1 where they never disagree in being right.

    Source: McNemar (1947); mid-p: Fagerland, Lydersen and Laake (2013), eq. 6.
    """
    _, only_a, only_b = _disagreements(correct_a, correct_b)
    if not only_a + only_b:
        return 1.0
    from scipy.stats import binom

    fewer, discordant = min(only_a, only_b), only_a + only_b
    return min(1.0, float(2 * binom.cdf(fewer, discordant, 0.5) - binom.pmf(fewer, discordant, 0.5)))


def paired_accuracy_difference(
    correct_a: npt.ArrayLike, correct_b: npt.ArrayLike, *, level: float = 0.95, groups: npt.ArrayLike | None = None
) -> Interval:
    """Accuracy of a minus accuracy of b on the same rows; of some width even where they never disagree.

    Args:
        correct_a: (n,), whether a is right on a row.
        correct_b: (n,), the same of b.
        level: confidence level.
        groups: (n,), rows that belong together; they count for as many rows as they are worth (`clustered_rows`).

    Source: Tango (1998), eq. 6: the differences d at which the score statistic
        (b - c - n d) / sqrt(n (2 q(d) + d (1 - d))) is ± z, q(d) the likeliest share of "only b is right".
    """
    n, only_a, only_b = _disagreements(correct_a, correct_b)
    if not n:
        return Interval(math.nan, -1.0, 1.0)
    share = 1.0
    if groups is not None:
        difference = np.asarray(correct_a, np.float64).ravel() - np.asarray(correct_b, np.float64).ravel()
        share = clustered_rows(difference, groups, level=level) / n
    cells = (n * share, only_a * share, only_b * share)
    value, z = (only_a - only_b) / n, normal_quantile(level)
    return Interval(value, _tango_bound(cells, value, -1.0, z), _tango_bound(cells, value, 1.0, z))


def paired_mean_difference(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    block: int | None = None,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Mean of a - b over rows, such as two models' squared errors or log losses; options as in `bootstrap_mean`."""
    difference = np.asarray(a, np.float64).ravel() - np.asarray(b, np.float64).ravel()
    return bootstrap_mean(difference, groups=groups, block=block, draws=draws, level=level, seed=seed)


def paired_bootstrap(
    statistic_a: Callable[[IndexArray], float],
    statistic_b: Callable[[IndexArray], float],
    *,
    n: int,
    groups: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
    block: int | None = None,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Difference of any two statistics, both taken on the same resampled rows; options as in `bootstrap`."""

    def difference(rows: IndexArray) -> float:
        return statistic_a(rows) - statistic_b(rows)

    return bootstrap(difference, n, groups=groups, strata=strata, block=block, draws=draws, level=level, seed=seed)


def gain_over_baseline(
    model: npt.ArrayLike,
    baseline: npt.ArrayLike,
    *,
    perfect: float,
    groups: npt.ArrayLike | None = None,
    block: int | None = None,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """(model - baseline) / (perfect - baseline) of mean scores a row: 0 is no better than the baseline, 1 is perfect.

    Whether a row is right (booleans, perfect = 1) gets a posterior over the four outcomes, which has width even where
    the model is never wrong; anything else (losses, perfect = 0) the studentised bootstrap.

    Args:
        model: (n,), the model's score on each row.
        baseline: (n,), the baseline's on the same rows.
        perfect: the score of a perfect model on a row.
        groups: (n,), rows that belong together.
        block: rows in a moving block, for rows in time order; booleans are then treated as numbers.
        draws: resamples.
        level: confidence level.
        seed: of the draws.

    Source: skill score, Murphy (1988), eq. 3; 1 - MSE / MSE of the mean is R2.
    """
    m, b = np.asarray(model).ravel(), np.asarray(baseline).ravel()
    if m.dtype != bool or b.dtype != bool or block is not None or not len(m):
        return bootstrap_gain(m, b, perfect=perfect, groups=groups, block=block, draws=draws, level=level, seed=seed)
    outcomes = np.bincount(2 * m + b, minlength=4).reshape(2, 2).astype(np.float64)
    if groups is not None:
        outcomes *= clustered_rows(m.astype(np.float64) - b, groups, level=level) / len(m)
    return confusion_interval(outcomes, _gain_of_outcomes, draws=max(draws, 4000), level=level, seed=seed)


def rescaled_gain(score: Interval, baseline: float, *, perfect: float = 1.0) -> Interval:
    """The same where the baseline's score is a known number, such as 1 / K of balanced accuracy."""
    if not perfect - baseline:
        return Interval(math.nan, -math.inf, math.inf)
    value, first, second = ((x - baseline) / (perfect - baseline) for x in (score.value, score.low, score.high))
    return Interval(value, min(first, second), max(first, second))


def non_inferior(difference: Interval, margin: float) -> bool:
    """Whether model minus reference, in a score where more is better, is surely above -margin.

    Source: Blackwelder (1982): the bound decides, not a test that finds no difference.
    """
    return difference.low > -margin


def _disagreements(correct_a: npt.ArrayLike, correct_b: npt.ArrayLike) -> tuple[int, int, int]:
    a, b = np.asarray(correct_a).ravel().astype(bool), np.asarray(correct_b).ravel().astype(bool)
    if len(a) != len(b):
        raise ValueError(f"{len(a)} rows cannot be paired with {len(b)}")
    return len(a), int((a & ~b).sum()), int((b & ~a).sum())


def _tango_bound(cells: tuple[float, float, float], value: float, end: float, z: float) -> float:
    """The difference between `value` and `end` (-1 or 1) where the score statistic reaches z, by halving."""
    n, only_a, only_b = cells
    inside, outside = value, end
    for _ in range(60):
        d = (inside + outside) / 2
        b, c = -only_a - only_b + (2 * n - only_a + only_b) * d, -only_b * d * (1 - d)
        q = (math.sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
        variance = n * (2 * q + d * (1 - d))
        if (only_a - only_b - n * d) ** 2 <= z * z * max(variance, 0.0):
            inside = d
        else:
            outside = d
    return inside


def _gain_of_outcomes(outcomes: FloatArray) -> FloatArray:
    """Outcomes (..., 2, 2): the model wrong or right, by the baseline wrong or right."""
    missed_by_model, missed_by_baseline = outcomes[..., 0, :].sum(-1), outcomes[..., :, 0].sum(-1)
    gain = np.full(np.shape(missed_by_model), math.nan)
    np.divide(missed_by_baseline - missed_by_model, missed_by_baseline, out=gain, where=missed_by_baseline > 0)
    return gain
