"""Columns that give the target together and not alone: sums, differences, products and quotients of a few numbers."""

import numpy as np
from numpy.typing import NDArray

from litmus.data_checks.leaks import Feature, chance_score, column_score
from litmus.evidence import JointLeak
from litmus.metrics.answers import Predictions
from litmus.task.base import Task

Array = NDArray[np.float64]

FEWEST_DISTINCT = 10
"""Distinct values from which a column of numbers is an amount that a formula may hold."""
MOST_COLUMNS = 60
MOST_JOINED = 4
"""Columns that a formula may have; they must be fewer than half of the table's, or they are what it is about."""
MOST_ROWS = 5000
KEPT = 0.97
"""Share of the explained variation that fewer columns must keep; of what is missing, at most three times as much."""
SHOWN = 0.9
"""How far on the way from chance to perfection the formula must lead; `SHOWN_NUMBER` of R2."""
SHOWN_NUMBER = 0.98
MOST_ALONE = 0.9
"""How far one of the columns may lead by itself: one that leads farther is looked at alone."""


def joint_leak(
    task: Task, features: list[Feature], train: Predictions, val: Predictions, *, primary: str
) -> JointLeak | None:
    """The fewest columns of numbers whose weighted sum, or product of powers, gives the target; None if none do.

    Of a least-squares fit on all numbers those are left out whose loss costs least, as long as next to nothing is lost
    (backward elimination). The formula that remains is scored on val as a column is.

    Args:
        task: Kind of target; of classes their codes are fitted.
        features: The columns that the model sees.
        train: Rows of train; only the target counts.
        val: Rows of val; only the target counts.
        primary: Metric of the scores.
    """
    amounts = [feature for feature in features if _is_amount(feature)][:MOST_COLUMNS]
    target = train.target.double().numpy()
    if len(amounts) < 2 or len(features) < 2 * 2 + 1 or len(target) < 4 * len(amounts):
        return None
    chance = chance_score(task, val, primary=primary)
    found = [_formula(amounts, target, product=False)]
    positive = [feature for feature in amounts if min(np.nanmin(feature.train), np.nanmin(feature.val)) > 0]
    if task.numeric and target.min() > 0 and len(positive) >= 2:
        found.append(_formula(positive, np.log(target), product=True))
    best: JointLeak | None = None
    for formula in found:
        if formula is None or not 2 <= len(formula[0]) <= MOST_JOINED or 2 * len(formula[0]) >= len(features):
            continue
        kept, product, joined = formula
        score = column_score(task, joined, train, val, primary=primary)
        way = (score - chance) / max(1 - chance, 1e-9)
        if way < (SHOWN_NUMBER if task.numeric else SHOWN):
            continue
        alone = max(column_score(task, feature, train, val, primary=primary) for feature in kept)
        if (alone - chance) / max(1 - chance, 1e-9) < MOST_ALONE and (best is None or score > best.score):
            names = tuple(feature.name for feature in kept)
            best = JointLeak(columns=names, product=product, score=score, alone=alone)
    return best


def _is_amount(feature: Feature) -> bool:
    known = feature.train[np.isfinite(feature.train)]
    varied = feature.ordered and len(np.unique(known[:MOST_ROWS])) >= FEWEST_DISTINCT
    return varied and bool(np.isfinite(feature.val).any())


def _formula(amounts: list[Feature], target: Array, *, product: bool) -> tuple[list[Feature], bool, Feature] | None:
    """The columns that are kept, and their fitted sum as a column of its own, in the target's unit."""
    step = -(-len(target) // MOST_ROWS)
    x = np.column_stack([_filled(feature.train, feature, log=product) for feature in amounts])
    some, wanted = x[::step], target[::step]
    centre, scale = some.mean(0), some.std(0)
    scale[scale == 0] = 1.0
    z, y = (some - centre) / scale, wanted - wanted.mean()
    if not (y**2).sum():
        return None
    gram, cross, total = z.T @ z + 1e-9 * len(z) * np.eye(z.shape[1]), z.T @ y, float(y @ y)
    kept = _eliminate(gram, cross, total)
    weights = np.linalg.solve(gram[np.ix_(kept, kept)], cross[kept])

    def value(split: str) -> Array:
        columns = [_filled(getattr(amounts[j], split), amounts[j], log=product) for j in kept]
        fitted = (np.column_stack(columns) - centre[kept]) / scale[kept] @ weights + wanted.mean()
        return np.asarray(np.exp(np.minimum(fitted, 700.0)) if product else fitted)

    joined = Feature(name="", train=value("train"), val=value("val"), ordered=True)
    return [amounts[j] for j in kept], product, joined


def _filled(values: Array, feature: Feature, *, log: bool) -> Array:
    """The values with their median in empty cells."""
    filled = np.where(np.isfinite(values), values, np.nanmedian(feature.train))
    return np.asarray(np.log(filled) if log else filled)


def _eliminate(gram: Array, cross: Array, total: float) -> list[int]:
    """Positions of the fewest columns that keep what all of them explain.

    Leaving column j out of a least-squares fit costs b_j^2 / (G^-1)_jj.
    """
    kept = list(range(len(cross)))
    inverse = np.linalg.inv(gram)
    explained = float(cross @ inverse @ cross)
    most = min((1 - KEPT) * explained, 2 * max(total - explained, 1e-6 * total))
    lost = 0.0
    while len(kept) > 1:
        inverse = np.linalg.inv(gram[np.ix_(kept, kept)])
        weights = inverse @ cross[kept]
        costs = weights**2 / np.diag(inverse)
        cheapest = int(costs.argmin())
        if lost + costs[cheapest] > most:
            break
        lost += float(costs[cheapest])
        del kept[cheapest]
    return kept
