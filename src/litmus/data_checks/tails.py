"""Whether a few targets far out spoil what squared error learns: established models with and without it, compared."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from litmus.data.tensors import Split
from litmus.evidence import Estimate
from litmus.references.estimator import quietly, recipes
from litmus.references.reference import out_of_fold, stratified_sample, take
from litmus.statistics.means import bootstrap_mean
from litmus.task.base import Task

Array = NDArray[np.float64]

FOLDS = 3
MOST_ROWS = 2000
FEWEST_ROWS = 60
SLOWER = 3.0
"""How many times as long boosted trees take with absolute error."""
LITTLE = 0.02
"""R2 out of fold up to which squared error sees nothing at all. The practical margin."""
ENDS = 0.02
"""Share of the residuals at either end by which tails are compared."""
EVEN = 0.2
"""How long the shorter tail must be, as a share of the longer one, for mean and median to be about the same."""


def robust_gain(task: Task, train: Split, *, seed: int, seconds: float) -> Estimate | None:
    """How much lower the absolute error is out of fold of trees that were fitted by it than of those fitted by squares.

    As a share of the median's own error. Both aim at the same value only where errors lie on both sides alike: a median
    is no mean of skewed targets, whose squared error serves another purpose, unless it finds nothing whatever.

    Args:
        task: Kind of target.
        train: Training rows.
        seed: Of samples and folds.
        seconds: About what it may take on one core.

    Returns:
        None for classes, for what is no table, for fewer than 60 rows, where it takes too long, and where residuals
        are skewed.
    """
    if not task.numeric or task.spec.input != "table" or len(train) < FEWEST_ROWS:
        return None
    target = task.in_unit(train.y)
    sample = take(train, stratified_sample(target, MOST_ROWS, seed=seed))
    squared = next((recipe for recipe in recipes(task.spec, seed=seed) if recipe.name == "boosted_trees"), None)
    if squared is None or (1 + SLOWER) * FOLDS * squared.cost(len(sample)) > seconds:
        return None
    robust = replace(squared, make=lambda rows: squared.make(rows).set_params(loss="absolute_error"))
    with quietly():
        by_squares, by_size = (
            out_of_fold(task, recipe, sample, folds=FOLDS, seed=seed) for recipe in (squared, robust)
        )
    true = by_size.target.double().numpy()
    errors = [np.abs(predicted.pred.double().numpy() - true) for predicted in (by_squares, by_size)]
    whole = float(np.abs(true - np.median(true)).mean())
    if not whole or not (is_even(true - by_size.pred.double().numpy()) or _sees_nothing(errors[0], true)):
        return None
    found = bootstrap_mean((errors[0] - errors[1]) / whole)
    return Estimate(value=found.value, low=found.low, high=found.high)


def _sees_nothing(errors: Array, true: Array) -> bool:
    """Whether absolute errors `(n,)` of a fit by squares are, squared, about those of the mean: then no aim was met."""
    return float((errors**2).sum()) >= (1 - LITTLE) * float(((true - true.mean()) ** 2).sum())


def is_even(residuals: Array) -> bool:
    """Whether residuals `(n,)` reach about as far below their median as above it, by the means of both ends.

    >>> is_even(np.arange(-50.0, 51.0)), is_even(np.exp(np.linspace(0, 6, 101)))
    (True, False)
    """
    ordered = np.sort(residuals - np.median(residuals))
    count = max(2, round(ENDS * len(ordered)))
    below, above = abs(float(ordered[:count].mean())), abs(float(ordered[-count:].mean()))
    return min(below, above) >= EVEN * max(below, above)
