"""Scores of a confusion matrix with posterior intervals, which stay honest at a perfect score.

The prior weighs two rows whatever the number of classes K: one right (shared by the diagonal) and one wrong (shared by
the other cells). At K = 2 that is Jeffreys' 1/2 in every cell, so that precision and recall get the Jeffreys interval;
at larger K a constant per cell would outweigh the data (50 rows at K = 10). At K > 2 the cells of classes that never
occur keep 0, so that the conventions for absent classes hold in every draw.

Shape suffixes: D draws, K classes, rows true, columns predicted.

Source: Goutte and Gaussier (2005), section 3 (posterior of precision, recall and F1); Brown, Cai and DasGupta (2001),
section 4.1.2 (Jeffreys' interval, opened to 0 and 1 at the ends).
"""

from collections.abc import Callable
from typing import final

import numpy as np
import numpy.typing as npt

from litmus.statistics.intervals import FloatArray, Interval, check_level

_GAMMAS = 4_000_000  # random numbers for one matrix: below a tenth of a second


@final
class Posterior:
    """What the counts of a confusion matrix allow: matrices of cell probabilities, which give any score an interval.

    Args:
        confusion: counts (K, K), fractional ones included.
        draws: of the posterior; fewer (500 at least) at very large K.
        seed: of the draws.

    Raises:
        ValueError: not a square matrix of counts for two classes or more.
    """

    def __init__(self, confusion: npt.ArrayLike, *, draws: int = 4000, seed: int = 0) -> None:
        self.counts_KK = _checked(confusion)
        classes = len(self.counts_KK)
        draws = min(draws, max(500, _GAMMAS // classes**2))
        prior_KK = self.counts_KK + _prior(self.counts_KK)
        weights_DKK = np.random.default_rng(seed).standard_gamma(prior_KK, (draws, classes, classes))
        total_D11 = weights_DKK.sum((-2, -1), keepdims=True)
        self.draws_DKK = np.asarray(weights_DKK / np.maximum(total_D11, np.finfo(np.float64).tiny), np.float64)

    def interval(self, score: Callable[[FloatArray], npt.ArrayLike], *, level: float = 0.95) -> Interval:
        """Equal-tailed quantiles of a score, opened to the value itself where it lies at an end of its range.

        Args:
            score: maps matrices (..., K, K), counts or probabilities, to scores (...); it must not depend on their sum.
            level: confidence level.
        """
        check_level(level)
        value, sampled_D = float(np.asarray(score(self.counts_KK))), np.asarray(score(self.draws_DKK), np.float64)
        low, high = np.quantile(sampled_D, [(1 - level) / 2, (1 + level) / 2])
        return Interval(value, min(float(low), value), max(float(high), value))


def _checked(confusion: npt.ArrayLike) -> FloatArray:
    counts_KK = np.asarray(confusion, np.float64)
    if counts_KK.ndim != 2 or counts_KK.shape[0] != counts_KK.shape[1] or len(counts_KK) < 2:
        raise ValueError(f"a confusion matrix is square with two classes or more, not of shape {counts_KK.shape}")
    if not np.isfinite(counts_KK).all() or (counts_KK < 0).any():
        raise ValueError("a confusion matrix holds counts: finite and not negative")
    return counts_KK


def _prior(counts_KK: FloatArray) -> FloatArray:
    """One row on the diagonal and one off it; with more classes than two nothing where one is absent."""
    if len(counts_KK) == 2:
        return np.full((2, 2), 0.5)
    present = counts_KK.sum(1) > 0
    allowed = np.outer(present, present | (counts_KK.sum(0) > 0)) if present.any() else np.ones(counts_KK.shape, bool)
    diagonal = np.eye(len(counts_KK), dtype=bool)
    right, wrong = allowed & diagonal, allowed & ~diagonal
    return np.asarray(right / max(1, right.sum()) + wrong / max(1, wrong.sum()), np.float64)
