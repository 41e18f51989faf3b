"""What a recipe scores over several splits of the same rows, whose training rows overlap."""

import math

import numpy as np
import numpy.typing as npt

from litmus.statistics.intervals import Interval, student_quantile


def resampled_mean(values: npt.ArrayLike, *, ratio: float, level: float = 0.95) -> Interval:
    """Mean score over random splits, with an interval that allows for the rows that their training sets share.

    Args:
        values: (n,), the score on each split, n >= 2.
        ratio: Test rows over training rows of a split.
        level: Confidence level.

    Raises:
        ValueError: Fewer than two values.

    Source: Nadeau and Bengio 2003, equation 9: the variance of the mean is (1/n + ratio) times the sample variance.

    >>> found = resampled_mean([0.8, 0.9], ratio=0.25)
    >>> round(found.value, 2), round(found.high - found.value, 2)
    (0.85, 0.78)
    """
    x = np.asarray(values, dtype=np.float64).ravel()
    if len(x) < 2:
        raise ValueError("a spread over splits needs two of them")
    half = student_quantile(level, len(x) - 1) * float(x.std(ddof=1)) * math.sqrt(1 / len(x) + ratio)
    return Interval(float(x.mean()), float(x.mean()) - half, float(x.mean()) + half)
