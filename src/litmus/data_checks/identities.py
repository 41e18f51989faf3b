"""Exact identities between the target and columns that no pair of them shows: totals of many, and changes of unit."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.evidence import RowFormula

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

FEWEST_ROWS = 100
FEWEST_DISTINCT = 10
"""Distinct values from which a column is an amount, which may have a unit."""
MOST_ROWS = 5000
MOST_COLUMNS, MOST_LEVELS = 60, 60
ROWS_A_COLUMN, ROWS_A_LEVEL = 4, 10
"""Rows for each column, or level, from which an exact fit is no matter of many weights for few rows."""
MOST_MISSING = 0.2
"""Share of empty cells up to which a column may be part of a total."""
EXACT = 1e-6
"""Unexplained share of the target's variance, and weights as a share of the largest, that count as none: rounding."""
EQUAL = 1e-3
"""Relative difference up to which two weights, or two ratios, are equal."""
SAME = 0.8
"""Share of pairs of rows of one level whose ratio to the target must be equal: .9 squared, as `row_formulas` asks
that .9 of the rows meet a formula."""
ALONE = 0.5
"""The same of rows of any level, from which the column alone gives the target."""


def identity(columns: Mapping[str, Array], target: Array, *, numeric: bool) -> RowFormula | None:
    """A plain sum or difference of columns that is the target, or a column in another unit; None if there is none.

    A total of many items, of which the target may be one, has equal weights, which no fit has by chance. An amount in
    the prices of one year is the same in those of another times a factor that the year alone decides.

    Args:
        columns: `(n,)` numbers of each column that the model sees, NaN where a cell is empty.
        target: `(n,)` numbers to predict, or class labels that are numbers.
        numeric: Whether the target is an amount; only of one a unit can be changed.
    """
    step = -(-len(target) // MOST_ROWS)
    some = {name: values[::step] for name, values in list(columns.items())[:MOST_COLUMNS]}
    wanted = target[::step]
    with np.errstate(all="ignore"):  # squares and ratios of extreme values leave the range of a double
        if len(wanted) < FEWEST_ROWS or not wanted.std():
            return None
        return _total(some, wanted) or (_rescaled(some, wanted) if numeric else None)


def _total(columns: Mapping[str, Array], target: Array) -> RowFormula | None:
    names = [name for name, values in columns.items() if np.isnan(values).mean() <= MOST_MISSING]
    known = np.ones(len(target), dtype=bool)
    for name in names:
        known &= np.isfinite(columns[name])
    y = target[known]
    if len(y) < FEWEST_ROWS:
        return None
    names = [name for name in names if columns[name][known].std() > 0]
    if len(names) < 2 or len(y) < ROWS_A_COLUMN * len(names) or not 0 < y.std() < np.inf:
        return None
    y = y - y.mean()
    while len(names) >= 2:
        x = np.column_stack([columns[name][known] for name in names])
        x = x - x.mean(0)
        scale = x.std(0)
        if not np.isfinite(x / scale).all():
            return None
        weights = np.linalg.lstsq(x / scale, y, rcond=None)[0]
        if float(((y - x / scale @ weights) ** 2).sum()) > EXACT * float((y**2).sum()):
            return None
        kept = [
            name for name, weight in zip(names, weights, strict=True) if abs(weight) > EXACT * np.abs(weights).max()
        ]
        if len(kept) == len(names):
            return _named(names, weights / scale)
        names = kept
    return None


def _named(names: list[str], weights: Array) -> RowFormula | None:
    """The total, with the items beside it where the target is one of them; None where weights are not all of a size."""
    sizes = np.abs(weights)
    if len(names) < 3 or sizes.max() > (1 + EQUAL) * sizes.min():  # pairs are for `row_formulas`
        return None
    added = [name for name, weight in zip(names, weights, strict=True) if weight > 0]
    taken = [name for name in names if name not in added]
    if len(added) == 1:  # the whole, less all other items
        return RowFormula(columns=tuple(added), kind="rest", met=1.0, beside=tuple(taken))
    return RowFormula(columns=tuple(names), kind="total", met=1.0)


def _rescaled(columns: Mapping[str, Array], target: Array) -> RowFormula | None:
    levels = [(name, codes) for name, values in columns.items() if (codes := _levels(values)) is not None]
    for name, values in columns.items():
        usable = np.isfinite(values) & (values != 0) & (target != 0)
        factor = np.divide(target, values, out=np.zeros(len(target)), where=usable)[usable]
        if len(factor) < max(FEWEST_ROWS, len(target) / 3) or len(np.unique(values[usable])) < FEWEST_DISTINCT:
            continue
        if _same(factor) >= ALONE:
            continue
        for other, codes in levels:
            if other != name and (met := _same(factor, codes[usable])) >= SAME:
                return RowFormula(columns=(name,), kind="rescaled", met=met, beside=(other,))
    return None


def _same(factor: Array, codes: Codes | None = None) -> float:
    """Share of rows whose factor is that of another row, of the same level where levels are given."""
    order = np.random.default_rng(0).permutation(len(factor))  # the file may be in the order of any level
    together = np.ones(len(factor) - 1, dtype=bool)
    if codes is not None:
        order = order[np.argsort(codes[order], kind="stable")]
        together = codes[order][1:] == codes[order][:-1]
    first, second = factor[order][:-1][together], factor[order][1:][together]
    if len(first) < FEWEST_ROWS / 2:
        return 0.0
    return float((np.abs(first - second) <= EQUAL * np.maximum(np.abs(first), np.abs(second))).mean())


def _levels(values: Array) -> Codes | None:
    """The level of each row, an empty cell being one; None where values are many for so few rows."""
    known, codes = np.unique(values, return_inverse=True)
    few = 2 <= len(known) <= MOST_LEVELS and len(values) >= ROWS_A_LEVEL * len(known)
    return codes.astype(np.int64) if few else None


def numbers_of(series: pl.Series) -> Array | None:
    """The column as numbers, whole numbers that are read as names of classes too; None where it holds other names."""
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        return series.cast(pl.Float64).fill_null(np.nan).to_numpy()
    if series.dtype.is_temporal():
        return None
    numbers = series.cast(pl.String).cast(pl.Float64, strict=False)
    return None if numbers.null_count() > series.null_count() else numbers.fill_null(np.nan).to_numpy()


def target_numbers(labels: tuple[str, ...], codes: Array) -> Array | None:
    """The targets' numbers where class labels are some, codes of two classes; None where a class has another name.

    Args:
        labels: Of the classes; empty for a target of numbers.
        codes: `(n,)` the class of each row, or the number itself.
    """
    if not labels or len(labels) == 2:
        return codes
    try:
        return np.array([float(label) for label in labels])[codes.astype(np.int64)]
    except ValueError:
        return None
