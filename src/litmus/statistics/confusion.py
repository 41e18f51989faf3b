"""Scores of a confusion matrix with posterior intervals, which stay honest at a perfect score.

The prior weighs two rows whatever the number of classes K: one right (shared by the diagonal) and one wrong (shared by
the other cells). At K = 2 that is Jeffreys' 1/2 in every cell, so that precision and recall get the Jeffreys interval;
at larger K a constant per cell would outweigh the data (50 rows at K = 10). Scores of one class among many use the
2 x 2 matrix of that class against the rest with the same prior. At K > 2 the cells of classes that never occur keep 0,
so that the conventions for absent classes hold in every draw.

Shape suffixes: D draws, K classes, rows true, columns predicted.

Source: Goutte and Gaussier (2005), section 3 (posterior of precision, recall and F1); Brown, Cai and DasGupta (2001),
section 4.1.2 (Jeffreys' interval, opened to 0 and 1 at the ends).
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from litmus.statistics.intervals import FloatArray, Interval, check_level

_GAMMAS = 4_000_000  # random numbers for one matrix: below a tenth of a second


def posterior_draws(confusion: npt.ArrayLike, *, draws: int = 4000, seed: int = 0) -> FloatArray:
    """Matrices of cell probabilities (D, K, K) that the counts allow; fewer draws (500 at least) at very large K.

    Raises:
        ValueError: not a square matrix of counts, fractional ones included, for two classes or more.
    """
    counts_KK = _checked(confusion)
    classes = len(counts_KK)
    draws = min(draws, max(500, _GAMMAS // classes**2))
    weights_DKK = np.random.default_rng(seed).standard_gamma(counts_KK + _prior(counts_KK), (draws, classes, classes))
    total_D11 = weights_DKK.sum((-2, -1), keepdims=True)
    return np.asarray(weights_DKK / np.maximum(total_D11, np.finfo(np.float64).tiny), np.float64)


def confusion_interval(
    confusion: npt.ArrayLike,
    score: Callable[[FloatArray], npt.ArrayLike],
    *,
    draws: int = 4000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Interval of any score of a confusion matrix, such as a cost or the gap between precision and recall.

    Args:
        confusion: counts (K, K).
        score: maps matrices (..., K, K), counts or probabilities, to scores (...); it must not depend on their sum.
        draws: posterior draws.
        level: confidence level.
        seed: of the draws.
    """
    draws_DKK = posterior_draws(confusion, draws=draws, seed=seed)
    return _between(float(np.asarray(score(_checked(confusion)))), np.asarray(score(draws_DKK), np.float64), level)


def dirichlet_scores(
    confusion: npt.ArrayLike, *, draws: int = 4000, level: float = 0.95, seed: int = 0
) -> dict[str, Interval]:
    """accuracy, balanced_accuracy, precision, recall, f1, mcc, and precision_recall_gap, each with its interval.

    For K = 2 precision, recall and F1 are those of class 1, for K > 2 macro averages. Values are torchmetrics' and
    scikit-learn's: 0/0 counts 0, classes neither present nor predicted are left out of macro averages, and balanced
    accuracy averages over the classes that are present.

    >>> f1 = dirichlet_scores([[35, 5], [10, 50]])["f1"]
    >>> round(f1.value, 4), round(f1.low, 2), round(f1.high, 2)
    (0.8696, 0.79, 0.92)
    """
    values = confusion_scores(_checked(confusion))
    sampled = confusion_scores(posterior_draws(confusion, draws=draws, seed=seed))
    return {name: _between(float(value), sampled[name], level) for name, value in values.items()}


def dirichlet_per_class(
    confusion: npt.ArrayLike, *, draws: int = 4000, level: float = 0.95, seed: int = 0
) -> list[dict[str, Interval]]:
    """precision, recall and f1 of every class against the rest, in class order.

    NaN in [0, 1] where a score has no rows at all: recall of a class that is absent, precision of one never predicted
    (which counts 0 only while the class is present).
    """
    counts_KK = _checked(confusion)
    hits, rows, columns = np.diagonal(counts_KK), counts_KK.sum(1), counts_KK.sum(0)
    rest = np.maximum(counts_KK.sum() - rows - columns + hits, 0)
    one_against_rest = np.stack([rest, columns - hits, rows - hits, hits], -1).reshape(-1, 2, 2)
    return [
        {
            name: interval if row > 0 or (name != "recall" and column > 0) else Interval(math.nan, 0.0, 1.0)
            for name, interval in dirichlet_scores(matrix, draws=draws, level=level, seed=seed).items()
            if name in {"precision", "recall", "f1"}
        }
        for matrix, row, column in zip(one_against_rest, rows, columns, strict=True)
    ]


def confusion_scores(confusion: FloatArray) -> dict[str, FloatArray]:
    """The plug-in scores of matrices (..., K, K), vectorised, without intervals; names as in `dirichlet_scores`.

    Source: Sokolova and Lapalme (2009), tables 2 and 3; MCC for K classes: Gorodkin (2004), eq. 8.
    """
    hits, rows, columns = np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(-1), confusion.sum(-2)
    precision, recall = _ratio(hits, columns), _ratio(hits, rows)
    f1, total = _ratio(2 * hits, rows + columns), rows.sum(-1)
    counted = rows + columns > 0
    pick = (lambda score: score[..., 1]) if confusion.shape[-1] == 2 else (lambda score: _mean(score, counted))
    product = np.sqrt((total**2 - (rows**2).sum(-1)).clip(0) * (total**2 - (columns**2).sum(-1)).clip(0))
    return {
        "accuracy": _ratio(hits.sum(-1), total),
        "balanced_accuracy": _mean(recall, rows > 0),
        "precision": pick(precision),
        "recall": pick(recall),
        "f1": pick(f1),
        "mcc": _ratio(hits.sum(-1) * total - (rows * columns).sum(-1), product),
        "precision_recall_gap": np.abs(pick(precision) - pick(recall)),
    }


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


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Quotient with 0/0 = 0, as scikit-learn and torchmetrics count it."""
    quotient = np.divide(numerator, denominator, out=np.zeros(np.shape(denominator)), where=denominator > 0)
    return np.asarray(quotient, np.float64)


def _mean(scores: FloatArray, counted: npt.NDArray[np.bool_]) -> FloatArray:
    return _ratio((scores * counted).sum(-1), counted.sum(-1, dtype=np.float64))


def _between(value: float, sampled: FloatArray, level: float) -> Interval:
    """Equal-tailed quantiles, opened to the value itself where it lies at an end of its range."""
    check_level(level)
    low, high = np.quantile(sampled, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, min(float(low), value), max(float(high), value))
