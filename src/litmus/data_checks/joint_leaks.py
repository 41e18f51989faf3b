"""Columns that give the target together and not alone: by sums, products or quotients, or by being equal."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import final

import numpy as np
from numpy.typing import NDArray

from litmus.data_checks.leaks import Codes, Feature, chance_score, column_score
from litmus.evidence import JointLeak
from litmus.metrics.answers import Predictions
from litmus.statistics import normal_scores
from litmus.task.base import Task

Array = NDArray[np.float64]

FEWEST_DISTINCT = 10
"""Distinct values from which a column of numbers is an amount that a formula may hold."""
MOST_COLUMNS = 60
MOST_JOINED = 4
"""Columns that a formula may have; they must be fewer than half of the table's, or they are what it is about, unless
they are opposed."""
OPPOSED = 0.4
"""How much farther columns must lead together than all of them alone added up, each counted as the best of them. Where
inputs do not cancel each other their shares of R2 add up; accounts do, such as a balance before and after (Currie and
Korabinski 1984, enhancement). As far as a single column must be ahead of the next best."""
MOST_ROWS = 5000
KEPT = 0.97
"""Share of the explained variation that fewer columns must keep; of what is missing, at most three times as much."""
FITTED = 0.8
"""R2 on the rows that a formula of numbers was fitted to, from which it is scored."""
WIDEST_LOG = 40.0
"""Span of a column's values beyond which they are no natural logarithms: e^40 is beyond any unit."""
OF_ONE_KIND = 0.9
"""R2 with which the table's other amounts foresee a column, from which it is one more measure of the same things, such
as another length of a crab: their contrasts are what tells kinds apart. A convention."""
SHOWN = 0.9
"""How far on the way from chance to perfection the formula must lead; `SHOWN_NUMBER` of R2."""
SHOWN_NUMBER = 0.98
AGREE = (0.05, 0.95)
"""Between which shares of rows two columns hold the same number, for that to be news. Conventions."""
TOLD = 0.6
"""How far on the way from chance to perfection it must lead that two columns are equal, to be asked about."""
MOST_ALONE = 0.9
"""How far one of the columns may lead by itself: one that leads farther is looked at alone."""


@final
@dataclass(frozen=True, kw_only=True)
class _Form:
    """What is done to columns before they are added up.

    Args:
        name: raw, log (a product or quotient) or exp (a sum of what the columns are logarithms of).
        apply: The function, value by value.
    """

    name: str
    apply: Callable[[Array], Array]


RAW, LOG = _Form(name="raw", apply=np.asarray), _Form(name="log", apply=np.log)
EXP = _Form(name="exp", apply=lambda values: np.exp(np.minimum(values, 700.0)))


def joint_leak(
    task: Task,
    features: list[Feature],
    train: Predictions,
    val: Predictions,
    *,
    primary: str,
    folds: Codes | None = None,
) -> JointLeak | None:
    """The fewest columns of numbers whose weighted sum, or product of powers, gives the target; None if none do.

    Of classes it may also be that two columns hold the same number, or do not.

    Formulas have the two columns that explain most together, or those that are left of a least-squares fit on all
    numbers once the ones whose loss costs least are gone, as long as next to nothing is lost (backward elimination).
    Each is scored on val as a column is.

    Args:
        task: Kind of target; of two classes, or ordered ones, their codes are fitted.
        features: The columns that the model sees.
        train: Rows of train; only the target counts.
        val: Rows of val; only the target counts.
        primary: Metric of the scores.
        folds: As of `feature_leaks`; the few weights of a formula are those of train.
    """
    amounts = [feature for feature in features if is_amount(feature)][:MOST_COLUMNS]
    target = train.target.double().numpy()
    if len(amounts) < 2 or len(features) < 3 or len(target) < 4 * len(amounts):
        return None
    score_of = partial(column_score, task, train=train, val=val, primary=primary, folds=folds)
    chance = chance_score(task, val, primary=primary)
    best = None if task.numeric else _equals(amounts, score_of, chance=chance, most=len(features) - 1)
    if best is not None or (len(task.spec.classes) > 2 and not task.ordered):
        return best  # the codes of names are no numbers that a formula could give
    for kept, form, joined in _formulas(task, amounts, target):
        if not 2 <= len(kept) <= min(MOST_JOINED, len(features) - 1):
            continue
        if not task.numeric and _are_of_one_kind(kept, amounts):
            continue
        score = score_of(joined)
        way = (score - chance) / max(1 - chance, 1e-9)
        if way < (SHOWN_NUMBER if task.numeric else SHOWN) or (best is not None and score <= best.score):
            continue
        alone = max(score_of(feature) for feature in kept)
        one_way = (alone - chance) / max(1 - chance, 1e-9)
        opposed = way - len(kept) * max(one_way, 0.0) >= OPPOSED
        if one_way < MOST_ALONE and (opposed or 2 * len(kept) < len(features)):
            best = JointLeak(
                columns=tuple(feature.name for feature in kept),
                product=form is LOG,
                exponential=form is EXP,
                score=score,
                alone=alone,
                opposed=opposed,
            )
    return best


def _equals(
    amounts: list[Feature], score_of: Callable[[Feature], float], *, chance: float, most: int
) -> JointLeak | None:
    """Columns that tell a class by whether two of them hold the same number, as two dates that one event ends.

    All pairs that tell it belong together, as each of them tells it without the others.

    Args:
        amounts: The columns to choose from.
        score_of: What a column scores by itself.
        chance: What a column without a word on the target scores.
        most: Columns there may be.
    """
    found: dict[str, float] = {}
    for first, second in combinations(amounts, 2):
        train, val = first.train == second.train, first.val == second.val
        if not AGREE[0] <= train.mean() <= AGREE[1]:
            continue
        score = score_of(Feature(name="", train=train * 1.0, val=val * 1.0, ordered=False))
        if score - chance >= TOLD * (1 - chance):
            found |= {feature.name: max(score, found.get(feature.name, score)) for feature in (first, second)}
    if not 2 <= len(found) <= most:
        return None
    alone = max(score_of(feature) for feature in amounts if feature.name in found)
    score = max(found.values())
    if alone - chance >= MOST_ALONE * (1 - chance) or alone >= score:
        return None
    return JointLeak(columns=tuple(found), product=False, equal=True, score=score, alone=alone)


def _are_of_one_kind(kept: list[Feature], amounts: list[Feature]) -> bool:
    """Whether the amounts outside a formula foresee each of its columns on train, and so are measures of the same."""
    inside = {feature.name for feature in kept}
    others = [_filled(feature.train, feature, RAW) for feature in amounts if feature.name not in inside]
    if not others:
        return False
    x = np.column_stack([np.ones(len(others[0])), *others])
    columns = np.column_stack([_filled(feature.train, feature, RAW) for feature in kept])
    left = columns - x @ np.linalg.lstsq(x, columns, rcond=None)[0]
    return bool((left.var(0) <= (1 - OF_ONE_KIND) * columns.var(0)).all())


def _formulas(task: Task, amounts: list[Feature], target: Array) -> Iterator[tuple[list[Feature], _Form, Feature]]:
    """Sums of columns, of their logarithms and of what they are logarithms of, fitted to the target in several scales.

    The scales are the target's own, its logarithm and the order of its values: what leads to the target through any
    increasing function has its order, and a column's own model finds the function.
    """
    wanted = [(target, False)]
    if task.numeric:
        wanted.append((normal_scores(target), False))
        if target.min() > 0:
            wanted.append((np.log(target), True))
    for form, some in ((RAW, amounts), (LOG, _positive(amounts)), (EXP, _logarithms(amounts) if task.numeric else [])):
        for scale, logarithm in wanted if len(some) >= 2 else ():
            for kept, joined in _fits(some, scale, form, logarithm=logarithm, least=FITTED if task.numeric else 0.0):
                yield kept, form, joined


def is_amount(feature: Feature) -> bool:
    """Whether a column holds amounts, of which a formula may be made."""
    known = feature.train[np.isfinite(feature.train)]
    varied = feature.ordered and len(np.unique(known[:MOST_ROWS])) >= FEWEST_DISTINCT
    return varied and bool(np.isfinite(feature.val).any())


def _positive(amounts: list[Feature]) -> list[Feature]:
    return [feature for feature in amounts if min(np.nanmin(feature.train), np.nanmin(feature.val)) > 0]


def _logarithms(amounts: list[Feature]) -> list[Feature]:
    """The columns that may hold natural logarithms."""
    spans = [
        (feature, np.concatenate([feature.train[np.isfinite(feature.train)], feature.val[np.isfinite(feature.val)]]))
        for feature in amounts
    ]
    return [feature for feature, values in spans if np.ptp(values) <= WIDEST_LOG and np.abs(values).max() <= WIDEST_LOG]


def _fits(
    amounts: list[Feature], target: Array, form: _Form, *, logarithm: bool, least: float
) -> Iterator[tuple[list[Feature], Feature]]:
    """Columns and their fitted sum as a column of its own, in the unit of what was no logarithm.

    Args:
        amounts: The columns to choose from.
        target: `(n,)` of train, in the scale that is fitted.
        form: What is done to the columns.
        logarithm: Whether the scale is the target's logarithm.
        least: R2 on the fitted rows below which a sum is not worth a score.
    """
    step = -(-len(target) // MOST_ROWS)
    x = np.column_stack([_filled(feature.train, feature, form) for feature in amounts])
    some, wanted = x[::step], target[::step]
    centre, scale = some.mean(0), some.std(0)
    scale[scale == 0] = 1.0
    z, y = (some - centre) / scale, wanted - wanted.mean()
    total = float(y @ y)
    if not total:
        return
    gram, cross = z.T @ z + 1e-9 * len(z) * np.eye(z.shape[1]), z.T @ y
    for kept in {tuple(sorted(kept)) for kept in (_best_pair(gram, cross), _eliminate(gram, cross, total))}:
        at = list(kept)
        weights = np.linalg.solve(gram[np.ix_(at, at)], cross[at])
        if float(cross[at] @ weights) < least * total:
            continue
        parts: dict[str, Array] = {}
        for split in ("train", "val"):
            columns = [_filled(getattr(amounts[j], split), amounts[j], form) for j in at]
            fitted = (np.column_stack(columns) - centre[at]) / scale[at] @ weights + wanted.mean()
            parts[split] = np.exp(np.clip(fitted, -700.0, 700.0)) if logarithm else fitted
        yield [amounts[j] for j in at], Feature(name="", train=parts["train"], val=parts["val"], ordered=True)


def _filled(values: Array, feature: Feature, form: _Form) -> Array:
    """The values with their median in empty cells."""
    return form.apply(np.where(np.isfinite(values), values, np.nanmedian(feature.train)))


def _best_pair(gram: Array, cross: Array) -> list[int]:
    """Positions of the two columns that explain most together."""
    own = np.diag(gram)
    squares = cross**2
    left = np.outer(own, own) - gram**2
    explained = np.outer(squares, own) + np.outer(own, squares) - 2 * gram * np.outer(cross, cross)
    # copies of each other explain what one of them does
    apart = left > 1e-9 * np.outer(own, own)
    shares = np.where(apart, explained / np.where(apart, left, 1.0), -np.inf)
    np.fill_diagonal(shares, -np.inf)
    first, second = np.unravel_index(int(shares.argmax()), shares.shape)
    return [int(first), int(second)]


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
