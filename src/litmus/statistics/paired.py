"""Comparisons of two models on the same rows, where what they share cancels out."""

import math

import numpy as np
import numpy.typing as npt

from litmus.statistics.intervals import Interval, clustered_rows, normal_quantile
from litmus.statistics.means import bootstrap_mean


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


def p_equal_means(losses: npt.ArrayLike, *, groups: npt.ArrayLike | None = None) -> float | None:
    """Probability of means so far apart where several models lose equally much on average, on the same rows.

    Args:
        losses: (n, models), such as 0 for right and 1 for wrong, or squared errors.
        groups: (n,), rows that belong together, of which only the means count.

    Returns:
        None with fewer than two models or rows; 1.0 where the models lose the same on every row.

    Source: Cochran (1950), Q, which for losses of 0 and 1 this is; the chi-squared distribution of a large sample.
    """
    x = np.asarray(losses, np.float64)
    if groups is not None:
        codes = np.unique(np.asarray(groups).ravel(), return_inverse=True)[1]
        x = np.column_stack([np.bincount(codes, column) / np.bincount(codes) for column in x.T])
    n, models = x.shape
    if models < 2 or n < 2:
        return None
    centred = x - x.mean(1, keepdims=True)
    scatter = float((centred**2).sum())
    if scatter == 0:
        return 1.0
    from scipy.special import chdtrc

    return float(chdtrc(models - 1, (models - 1) * float((centred.sum(0) ** 2).sum()) / scatter))


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
