"""Several tests at once: what may be said of the worst of them."""

import numpy as np
import numpy.typing as npt

from litmus.statistics.intervals import FloatArray, Interval, wilson


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """Adjusted p-values in the given order; a test is rejected where its own is at most the family's level.

    NaN stands for a test that could not be made: it stays NaN and is not counted.

    Source: Holm (1979): the i-th smallest of m times (m - i + 1), made monotone.

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, np.float64).ravel()
    adjusted = np.full(len(p), np.nan)
    made = np.flatnonzero(~np.isnan(p))
    order = made[np.argsort(p[made], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def class_recalls(confusion: npt.ArrayLike, *, level: float = 0.95) -> list[Interval]:
    """Recall of every class; all intervals together hold at `level`. NaN in [0, 1] for a class without rows.

    Source: Wilson (1927), each at 1 - (1 - level) / K for the K classes with rows, Holm's first step.
    """
    counts = np.asarray(confusion, np.float64)
    rows, hits = counts.sum(1), np.diagonal(counts)
    each = 1 - (1 - level) / max(1, int((rows > 0).sum()))
    return [wilson(float(hit), float(row), level=each) for hit, row in zip(hits, rows, strict=True)]


def worst_class_recall(confusion: npt.ArrayLike, *, level: float = 0.95) -> tuple[int, Interval]:
    """Index and recall of the class that is most surely poor: the lowest upper bound of `class_recalls`.

    Not the lowest value: none right of one row says less than 200 of 500. A threshold above the bound is missed by
    that class, and the chance to say so of any class that meets it is at most (1 - level) / 2.

    Raises:
        ValueError: no rows at all.
    """
    recalls = class_recalls(confusion, level=level)
    present = [index for index, recall in enumerate(recalls) if recall.value == recall.value]
    if not present:
        raise ValueError("a confusion matrix without rows has no worst class")
    worst = min(present, key=lambda index: (recalls[index].high, recalls[index].value))
    return worst, recalls[worst]
