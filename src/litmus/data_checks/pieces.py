"""Columns that are the target cut into pieces, such as `low` beside a weight: no two levels have a target in common."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from litmus.data_checks.leaks import Feature

MOST_LEVELS = 10
FEWEST_ROWS = 10
"""Rows that each of two levels must have: fewer lie apart by chance, in many columns. A convention."""
FEWEST_APART = 100
"""Rows in all."""
ROUNDED = 0.05
"""Share of the smaller level's rows that may have the very target at which it is cut off. A convention."""


def pieces(features: Sequence[Feature], target: NDArray[np.float64]) -> tuple[str, ...]:
    """Names of the columns whose levels each hold targets that lie between those of the others.

    Args:
        features: The columns that the model sees.
        target: `(n,)` numbers to predict, of the training rows.
    """
    if len(target) < FEWEST_APART:
        return ()
    return tuple(feature.name for feature in features if _cuts(feature.train, target))


def _cuts(values: NDArray[np.float64], target: NDArray[np.float64]) -> bool:
    known = np.isfinite(values)
    levels, place, counts = np.unique(values[known], return_inverse=True, return_counts=True)
    if not 2 <= len(levels) <= MOST_LEVELS or (counts >= FEWEST_ROWS).sum() < 2:
        return False
    parts = [target[known][place == level] for level in range(len(levels))]
    return all(_apart(below, above) for below, above in pairwise(sorted(parts, key=lambda part: part.min())))


def _apart(below: NDArray[np.float64], above: NDArray[np.float64]) -> bool:
    """Whether one level's targets end where the other's begin, which rounding may give a few of both."""
    end, start = below.max(), above.min()
    at_the_cut = min((below == end).sum(), (above == end).sum())
    return bool(end < start or (end == start and at_the_cut <= ROUNDED * min(len(below), len(above))))
