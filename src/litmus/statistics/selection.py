"""What a choice of the best of many does to its score."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from litmus.statistics.bootstrap import IndexArray
from litmus.statistics.intervals import FloatArray, Interval


def corrected_best(
    choose: Callable[[IndexArray], npt.ArrayLike],
    report: Callable[[IndexArray], npt.ArrayLike],
    n: int,
    *,
    draws: int = 200,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """What the model that is best on n rows scores on rows that did not choose it.

    Args:
        choose: Of row indices, with repeats: (C,) by which the best of C models is chosen, the largest; NaN never is.
        report: Of row indices: (C,) what the choice is reported by, in whatever direction.
        n: Rows that chose.
        draws: Resamples.
        level: Confidence level.
        seed: Of the draws.

    Returns:
        NaN where no draw has a value.

    Source: Tsamardinos, Greasidou and Borboudakis (2018), algorithm BBC-CV: in each resample of the rows the best
        model is chosen on the rows drawn and scored on the rows left out; their mean, and their percentiles.
    """
    rng = np.random.default_rng(seed)
    found: list[float] = []
    for _ in range(draws):
        inside = rng.integers(n, size=n)
        outside = np.setdiff1d(np.arange(n), inside)
        values: FloatArray = np.asarray(choose(inside), np.float64)
        if len(outside) and not np.isnan(values).all():
            found.append(float(np.asarray(report(outside), np.float64)[np.nanargmax(values)]))
    scores = np.array([value for value in found if np.isfinite(value)])
    if not len(scores):
        return Interval(np.nan, -np.inf, np.inf)
    low, high = np.quantile(scores, [(1 - level) / 2, (1 + level) / 2])
    mean = float(scores.mean())
    return Interval(mean, min(mean, float(low)), max(mean, float(high)))
