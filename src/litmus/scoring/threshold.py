"""The decision threshold of a binary task: chosen on validation for a stated goal, with what the choice gains."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from litmus.evidence import Estimate, ThresholdPoint
from litmus.task.goal import Goal

Array = NDArray[np.float64]

CURVE_POINTS = 101
FOLDS = 5
DRAWS = 2000


def choose(prob: Tensor, target: Tensor, goal: Goal) -> float:
    """The threshold that serves the goal best on these rows; rows with `prob >= threshold` count as positive.

    All distinct decisions are compared. Thresholds lie halfway between scores, so that neither a tie nor rounding at
    predict time changes a decision; of several that are equally good it is the middle of the widest run. Where no
    threshold reaches the floor (`attainable` says so) it is the one that comes nearest.

    Args:
        prob: `(n,)` probability of the positive class; validation rows only.
        target: `(n,)` 0 or 1.
        goal: What to achieve.

    Returns:
        A threshold in [0, 1]; .5 if there are no rows.
    """
    if len(target) == 0:
        return 0.5
    cuts = _cuts(_floats(prob), _floats(target))
    return _middle(cuts, _rank(cuts, goal))


def attainable(prob: Tensor, target: Tensor, goal: Goal) -> bool:
    """Whether some threshold reaches the goal's floor on these rows; True for goals without one."""
    if goal.floor is None:
        return True
    cuts = _cuts(_floats(prob), _floats(target))
    return bool(np.any(_reached(cuts, goal)))


def curve(prob: Tensor, target: Tensor, goal: Goal, *, current: float | None = None) -> tuple[ThresholdPoint, ...]:
    """Precision, recall, F1 and cost over the thresholds from 0 to 1, in rising order, at 101 points at most.

    Half of the points are spread evenly over the rows as the score orders them, half evenly from 0 to 1, where few rows
    may be; the best threshold and the one in use are among them. `cost` is the mean cost of a row at the goal's cost
    ratio, None for other goals.

    Args:
        prob: `(n,)` probability of the positive class; validation rows only.
        target: `(n,)` 0 or 1.
        goal: What the best threshold is to achieve.
        current: The threshold in use.
    """
    if len(target) == 0:
        return ()
    cuts = _cuts(_floats(prob), _floats(target))
    steps = np.unique(np.linspace(0, len(cuts.threshold) - 1, CURVE_POINTS // 2 - 2).round().astype(int))
    points = {float(cuts.threshold[i]): int(i) for i in steps}
    chosen = [_middle(cuts, _rank(cuts, goal)), *([] if current is None else [current])]
    for threshold in (*np.linspace(0, 1, CURVE_POINTS // 2 + 1).tolist(), *chosen):
        points.setdefault(threshold, min(int(np.searchsorted(cuts.upper, threshold)), len(cuts.upper) - 1))
    return tuple(_point(cuts, i, threshold, goal) for threshold, i in sorted(points.items()))


def cross_fitted_gain(prob: Tensor, target: Tensor, goal: Goal, *, current: float, seed: int = 0) -> Estimate:
    """What a threshold chosen for the goal gains over `current` on rows that it was not chosen on.

    Thresholds are chosen on four fifths of the rows and applied to the last fifth, in turn, for several shuffles. The
    gain is measured in the goal's own metric: F1; Youden's J; for floors, recall (precision) up to the floor
    where `current` misses it, otherwise the other one; for costs, the share of the cheaper constant rule's cost that
    is saved.

    Returns:
        The gain with its 95 % interval from a paired bootstrap over rows; None if a class has fewer rows than folds.
    """
    score, positive = _floats(prob), _floats(target) > 0.5
    if min(positive.sum(), (~positive).sum()) < FOLDS:
        return Estimate(value=None)
    rng = np.random.default_rng(seed)
    before = score >= current
    utility = _utility(goal, positive, before)
    repeats = 4 if len(score) <= 20_000 else 1
    gains = np.concatenate(
        [_gains(utility, positive, before, _cross_fit(score, positive, goal, rng), rng=rng) for _ in range(repeats)]
    )
    observed = gains[:: DRAWS + 1]
    low, high = np.quantile(gains, [0.025, 0.975])
    return Estimate(value=float(observed.mean()), low=float(low), high=float(high))


@final
@dataclass(frozen=True)
class _Cuts:
    """All distinct decisions: cut i takes every row with a score >= upper[i] for positive, the last one no row.

    `lower[i] < threshold <= upper[i]` gives the same decision; `tp`, `fp`, `fn`, `tn` are its counts, `(cuts,)` each.
    """

    lower: Array
    upper: Array
    threshold: Array
    tp: Array
    fp: Array
    fn: Array
    tn: Array

    @cached_property
    def recall(self) -> Array:
        return _ratio(self.tp, self.tp + self.fn)

    @cached_property
    def precision(self) -> Array:
        return _ratio(self.tp, self.tp + self.fp)

    @cached_property
    def f1(self) -> Array:
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def cost(self, goal: Goal) -> Array:
        return (goal.false_negative * self.fn + goal.false_positive * self.fp) / (self.tp + self.fp + self.fn + self.tn)


def _cuts(score: Array, target: Array) -> _Cuts:
    value, inverse = np.unique(score, return_inverse=True)
    positive = np.bincount(inverse, weights=target, minlength=len(value))
    negative = np.bincount(inverse, minlength=len(value)) - positive
    below_positive = np.concatenate([[0.0], np.cumsum(positive)])
    below_negative = np.concatenate([[0.0], np.cumsum(negative)])
    # above a score of 1 no threshold of [0, 1] is left that takes no row for positive
    kept = slice(len(value) + int(value[-1] < 1))
    lower = np.concatenate([[min(0.0, value[0])], value])[kept]
    upper = np.concatenate([value, [1.0]])[kept]
    return _Cuts(
        lower=lower,
        upper=upper,
        threshold=_halfway(lower, upper),
        tp=(below_positive[-1] - below_positive)[kept],
        fp=(below_negative[-1] - below_negative)[kept],
        fn=below_positive[kept],
        tn=below_negative[kept],
    )


def _halfway(lower: Array, upper: Array) -> Array:
    return lower + (upper - lower) / 2


def _rank(cuts: _Cuts, goal: Goal) -> Array:
    """How well each cut serves the goal, higher is better, undefined is -inf; equal numbers are equally good."""
    if goal.kind == "f1":
        return cuts.f1
    if goal.kind == "youden":
        return _zero(cuts.recall) - _zero(_ratio(cuts.fp, cuts.fp + cuts.tn))
    if goal.kind == "cost":
        return -cuts.cost(goal)
    floored, other = (cuts.recall, cuts.precision) if goal.kind == "recall" else (cuts.precision, cuts.recall)
    # reached: 2 + the other one; not reached: the floored one, so that the nearest wins
    return np.where(_reached(cuts, goal), 2.0 + _zero(other), np.where(np.isnan(floored), -np.inf, floored))


def _reached(cuts: _Cuts, goal: Goal) -> NDArray[np.bool_]:
    floored = cuts.recall if goal.kind == "recall" else cuts.precision
    return floored >= (goal.floor or 0.0) - 1e-12


def _middle(cuts: _Cuts, rank: Array) -> float:
    """The middle of the widest run of best cuts."""
    rank = np.where(np.isnan(rank), -np.inf, rank)
    best = np.flatnonzero(rank >= rank.max() - 1e-12)
    runs = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    widest = max(runs, key=lambda run: float(cuts.upper[run[-1]] - cuts.lower[run[0]]))
    return float(_halfway(cuts.lower[widest[:1]], cuts.upper[widest[-1:]])[0])


def _point(cuts: _Cuts, i: int, threshold: float, goal: Goal) -> ThresholdPoint:
    return ThresholdPoint(
        threshold=threshold,
        precision=_defined(cuts.precision[i]),
        recall=_defined(cuts.recall[i]),
        f1=_defined(cuts.f1[i]),
        cost=float(cuts.cost(goal)[i]) if goal.kind == "cost" else None,
    )


def _cross_fit(score: Array, positive: NDArray[np.bool_], goal: Goal, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Each row's decision by a threshold chosen without its fold; folds are stratified."""
    fold = np.empty(len(score), dtype=int)
    for side in (positive, ~positive):
        fold[side] = rng.permutation(np.arange(side.sum()) % FOLDS)
    decided = np.empty(len(score), dtype=bool)
    for k in range(FOLDS):
        cuts = _cuts(score[fold != k], positive[fold != k].astype(float))
        decided[fold == k] = score[fold == k] >= _middle(cuts, _rank(cuts, goal))
    return decided


def _gains(
    utility: "_Utility",
    positive: NDArray[np.bool_],
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
    *,
    rng: np.random.Generator,
) -> Array:
    """The observed gain, then one for each bootstrap draw of rows: `(1 + DRAWS,)`."""
    # only (target, before, after) of a row matters: resampling rows is a multinomial draw over eight cells
    cell = 4 * positive + 2 * before + after
    counts = np.bincount(cell, minlength=8).astype(float)
    drawn = rng.multinomial(len(cell), counts / counts.sum(), size=DRAWS)
    cells = np.vstack([counts, drawn]).reshape(-1, 2, 2, 2)  # draw, target, before, after
    return utility(cells.sum(axis=2)) - utility(cells.sum(axis=3))


@final
@dataclass(frozen=True)
class _Utility:
    """The goal's metric of `(draws, target, decision)` counts, higher is better."""

    goal: Goal
    kind: str
    cap: float

    def __call__(self, counts: Array) -> Array:
        tn, fp, fn, tp = counts[:, 0, 0], counts[:, 0, 1], counts[:, 1, 0], counts[:, 1, 1]
        if self.kind == "f1":
            return _zero(_ratio(2 * tp, 2 * tp + fp + fn))
        if self.kind == "youden":
            return _zero(_ratio(tp, tp + fn)) - _zero(_ratio(fp, fp + tn))
        if self.kind == "cost":
            missed, alarm = self.goal.false_negative, self.goal.false_positive
            return 1 - (missed * fn + alarm * fp) / np.maximum(np.minimum(missed * (tp + fn), alarm * (fp + tn)), 1e-12)
        share = _ratio(tp, tp + fn) if self.kind == "recall" else _ratio(tp, tp + fp)
        return np.minimum(_zero(share), self.cap)


def _utility(goal: Goal, positive: NDArray[np.bool_], before: NDArray[np.bool_]) -> _Utility:
    if goal.floor is None:
        return _Utility(goal, goal.kind, 1.0)
    hits = float((positive & before).sum())
    base = positive.sum() if goal.kind == "recall" else before.sum()
    if hits < goal.floor * max(1.0, float(base)) - 1e-9:
        return _Utility(goal, goal.kind, goal.floor)
    return _Utility(goal, "precision" if goal.kind == "recall" else "recall", 1.0)


def _floats(values: Tensor) -> Array:
    floats: Array = values.detach().cpu().double().numpy()
    return floats


def _ratio(part: Array, whole: Array) -> Array:
    """`part / whole`, NaN where the whole is 0."""
    ratio = np.full(np.broadcast(part, whole).shape, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


def _zero(values: Array) -> Array:
    return np.where(np.isnan(values), 0.0, values)


def _defined(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
