"""Formulas of two columns that the target meets row by row, and columns between which it lies in every row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from litmus.data_checks.joint_leaks import MOST_COLUMNS, is_amount
from litmus.data_checks.leaks import Feature
from litmus.evidence import FormulaKind, RowFormula

Array = NDArray[np.float64]

FEWEST_ROWS = 100
FEWEST_DISTINCT = 10
"""Distinct targets from which a formula can be told from chance."""
FIRST_LOOK = 500
"""Rows on which all pairs are looked at; those that look right are fitted on all rows."""
NEAR = 0.02
"""Deviations of the target by which a row may miss the formula: rounding. Normal residuals would lie so near in half of
the rows only where R2 is .999 anyway."""
PROMISING = 0.1
"""Median of the first look's misses, in deviations, from which a pair is fitted."""
MET = 0.9
"""Share of the rows that must meet the formula: the others may be capped, rounded or wrong."""
MET_ALONE = 0.5
"""Share that one of the columns may meet by itself: one that meets more is looked at alone."""
USUAL = 0.1
"""Share of the most frequent target from which its rows are left aside: zeros and caps meet many a formula."""
STEPS = 3
MOST_FORMULAS = 3
"""Formulas of different columns that are looked for one after the other, lest they excuse each other."""
INSIDE = 0.95
"""Share of the rows in which the target lies between two columns."""
STRICTLY = 0.5
"""Share of the rows in which it equals neither of them: otherwise one of them is the target."""
NARROW = 2.0
"""Root mean square of the distance between them, in deviations of the target: most quantities lie between a much
smaller and a much larger one."""
EXPLAINED = 0.95
"""R2 of the best point between them."""


def row_formulas(features: Sequence[Feature], target: Array) -> RowFormula | None:
    """Sum, difference, product or quotient of two columns that the target follows, but for a line, in most rows.

    A least-squares fit of a few capped or wrong rows misses what all others meet; so the line is fitted to the half of
    the rows that lie nearest to it. Of further formulas without these columns the columns are named as well.

    Args:
        features: The columns that the model sees, with the rows of train and val one after the other.
        target: `(n,)` numbers to predict, of the same rows.

    Source: Rousseeuw and Van Driessen 1999 (concentration steps of least trimmed squares).
    """
    known = _telling(target)
    if len(known) < FEWEST_ROWS or len(np.unique(target[known])) < FEWEST_DISTINCT:
        return None
    amounts = [(feature.name, _all(feature)[known]) for feature in features if is_amount(feature)][:MOST_COLUMNS]
    wanted = target[known] / _deviation(target[known])
    amounts = [(name, values) for name, values in amounts if _share_met(values, wanted) < MET_ALONE]
    found: list[RowFormula] = []
    while len(found) < MOST_FORMULAS and (best := _best(amounts, wanted)) is not None:
        found.append(best)
        amounts = [(name, values) for name, values in amounts if name not in best.columns]
    if not found:
        return None
    also = tuple(name for formula in found[1:] for name in formula.columns)
    return RowFormula(columns=found[0].columns, kind=found[0].kind, met=found[0].met, also=also)


def between(features: Sequence[Feature], target: Array) -> RowFormula | None:
    """The two columns nearest to each other between which the target lies in next to every row; None if there are none.

    Args:
        features: As for `row_formulas`.
        target: `(n,)` numbers to predict.
    """
    amounts = [(feature.name, _all(feature)) for feature in features if is_amount(feature)][:MOST_COLUMNS]
    deviation = float(target.std())
    if len(target) < FEWEST_ROWS or not deviation:
        return None
    found: list[tuple[float, RowFormula]] = []
    for j, (first, lower) in enumerate(amounts):
        for second, upper in amounts[j + 1 :]:
            met, width = _enclosed(lower, upper, target)
            if met >= INSIDE and width <= NARROW * deviation:
                found.append((width, RowFormula(columns=(first, second), kind="between", met=met)))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _enclosed(first: Array, second: Array, target: Array) -> tuple[float, float]:
    """Share of the rows whose target lies between two values, and the width; 0 where no point between tells it."""
    known = np.isfinite(first) & np.isfinite(second)
    y, low, high = target[known], np.minimum(first, second)[known], np.maximum(first, second)[known]
    if len(y) < FEWEST_ROWS or np.mean((low < y) & (y < high)) < STRICTLY:
        return 0.0, 0.0
    width, place = high - low, y - low
    share = float(width @ place) / max(float(width @ width), 1e-300)
    if float(((place - share * width) ** 2).mean()) > (1 - EXPLAINED) * float(y.var()):
        return 0.0, 0.0
    return float(np.mean((low <= y) & (y <= high))), float(np.sqrt((width**2).mean()))


def _all(feature: Feature) -> Array:
    return np.concatenate([feature.train, feature.val])


def _telling(target: Array) -> NDArray[np.int64]:
    """Rows without the most frequent target, where that is usual."""
    _, place, counts = np.unique(target, return_inverse=True, return_counts=True)
    usual = int(counts.argmax())
    return np.flatnonzero(place != usual) if counts[usual] >= USUAL * len(target) else np.arange(len(target))


def _deviation(target: Array) -> float:
    """The target's spread, by its middle half where that is smaller: a long tail would make every row look near."""
    low, high = np.quantile(target, (0.25, 0.75))
    robust = float(high - low) / 1.349
    return min(robust, float(target.std())) if robust > 0 else float(target.std())


@final
@dataclass(frozen=True)
class _Pair:
    first: str
    second: str
    kind: FormulaKind
    values: Array


def _best(amounts: list[tuple[str, Array]], wanted: Array) -> RowFormula | None:
    """The formula that most rows meet; of equals the one that a first look finds first."""
    best: RowFormula | None = None
    step = -(-len(wanted) // FIRST_LOOK)
    for pair in _pairs(amounts, step):
        if _first_miss(pair.values, wanted[::step]) > PROMISING:
            continue
        columns = dict(amounts)
        met = _share_met(_combined(columns[pair.first], columns[pair.second], pair.kind), wanted)
        if met >= MET and (best is None or met > best.met):
            best = RowFormula(columns=(pair.first, pair.second), kind=pair.kind, met=met)
    return best


def _pairs(amounts: list[tuple[str, Array]], step: int) -> Iterator[_Pair]:
    some = [(name, values[::step]) for name, values in amounts]
    for j, (first, left) in enumerate(some):
        for k, (second, right) in enumerate(some):
            kinds: tuple[FormulaKind, ...] = ("sum", "difference", "product") if j < k else ()
            for kind in (*kinds, "quotient") if j != k else ():
                yield _Pair(first, second, kind, _combined(left, right, kind))


def _combined(left: Array, right: Array, kind: FormulaKind) -> Array:
    with np.errstate(all="ignore"):
        values = {"sum": np.add, "difference": np.subtract, "product": np.multiply, "quotient": np.divide}[kind](
            left, right
        )
    return np.where(np.isfinite(values), values, np.nan)


def _first_miss(values: Array, wanted: Array) -> float:
    """Median distance from the line through the quartiles of both, rising or falling."""
    known = np.isfinite(values)
    if known.sum() < FEWEST_ROWS / 2:
        return np.inf
    x, y = values[known], wanted[known]
    (low, high), (bottom, top) = (np.partition(part, (len(x) // 4, 3 * len(x) // 4))[[len(x) // 4, 3 * len(x) // 4]]
                                  for part in (x, y))  # fmt: skip
    if not high > low or not np.isfinite(high - low):
        return np.inf
    at = (x - low) / (high - low)
    misses = (np.abs(bottom + at * (top - bottom) - y), np.abs(top - at * (top - bottom) - y))
    return float(min(np.median(miss) for miss in misses))


def _share_met(values: Array, wanted: Array) -> float:
    """Share of the rows that lie near the line through most of them; empty cells meet nothing."""
    known = np.isfinite(values)
    x, y = values[known], wanted[known]
    if len(x) < FEWEST_ROWS / 2 or not np.ptp(x):
        return 0.0
    best = 0.0
    low, high = np.quantile(x, (0.25, 0.75))
    bottom, top = np.quantile(y, (0.25, 0.75))
    for start, end in ((bottom, top), (top, bottom)):
        slope = (end - start) / (high - low) if high > low else 0.0
        miss = np.abs(start + slope * (x - low) - y)
        for _ in range(STEPS):
            kept = np.argpartition(miss, len(x) // 2)[: len(x) // 2 + 1]
            centre, deviation = x[kept].mean(), x[kept].var()
            slope = float(((x[kept] - centre) * (y[kept] - y[kept].mean())).mean()) / deviation if deviation else 0.0
            miss = np.abs(y[kept].mean() + slope * (x - centre) - y)
        best = max(best, float((miss <= NEAR).sum()) / len(values))
    return best
