"""What reference models say of the labels: which look wrong, whether more would help, whether codes have an order."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import permutations
from statistics import NormalDist
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.tensors import Split
from litmus.data_checks.column_facts import is_whole
from litmus.data_checks.swapped_targets import swapped_targets
from litmus.evidence import Estimate, LabelNoise
from litmus.metrics.answers import Predictions, joined
from litmus.references.estimator import BESIDE, Recipe, quietly, recipes
from litmus.references.reference import Fitted, out_of_fold, stratified_sample, take
from litmus.scoring.difference import difference
from litmus.scoring.score import point_scores
from litmus.statistics.intervals import normal_quantile, wilson
from litmus.statistics.ranking import delong
from litmus.task.base import Task
from litmus.task.multiclass import Multiclass

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST_ROWS = 100
SKILL = 0.02
"""Least gain over the baseline, for sure, of a reference that may call a label wrong."""
WEAK = 0.6
"""Share of the error of guessing, beyond which errors hardly thin out even where labels are right."""
SURELY, SURELY_WITHIN = 0.1, 0.15
"""Least lower bound of the share of wrong labels beyond that error: of all rows, and of those taken for one class. Of
231 columns of two values in tables that packages ship the first calls none wrong and the second two; with three tenths
of their labels flipped, a fifth of them are."""
SAVED = 0.25
"""Share of the errors of naming the most frequent class that a reference must save, for where it errs to tell anything:
a rare class that it hardly finds is spread over its sure rows as wrong labels are. A convention."""
FEWEST_ONE_SIDED = 8
"""Errors of a class from which it can be told whether they thin out."""
ONE_SIDED, CLEAN = 0.1, 0.17
"""Least error rate of the class that is contradicted, and the highest of all others. On real tables
that packages ship, flipping a quarter of a class's labels gave .22 to .25 against .03 to .11."""
FEWEST_FLAT, FLAT = 30, 0.59
"""Errors of a class, and the upper 95 % bound of the AUROC by which sureness tells them, up to which they surely do not
thin out: flipped labels gave .47 to .53, overlapping classes .6 to .8."""
BESIDE_OTHERS = 0.12
"""Share of a class's labels that must be wrong for sure where other classes err as well. On real tables with three
tenths of a class flipped it was .09 to .25. Of 79 columns as packages ship them .1 calls three wrong and .12 two; of
those with a sixth to a third of a class flipped, 21 and 18."""
AS_FREQUENT = 0.9
"""Predictions of a class, as a share of its labels, from which labels of it may be called others: a class whose labels
were taken for others' is predicted more often than it is labelled, one that is hard to find less often."""
AHEAD = 0.03
"""Points of the primary metric up to which a reference may be behind the best one to be asked as well."""
FEWEST_DECIDED, MOST_DECIDING = 30, 20
"""Rows of one class alone that a level decides, which is next to never chance, and levels of a column up to which they
are looked at. Conventions."""
SHOWN = 10
FOLDS = 3
MOST_ROWS = 5000
SHUFFLES = 2000
MOST_CODES = 50
FEWEST_ERRORS = 10
FEW_CLASSES = 6
"""Up to so many classes all orders of their codes are looked at."""


def label_noise(
    task: Task, fitted: Sequence[Fitted], train: Split | None = None, *, exchangeable: bool = False
) -> LabelNoise | None:
    """How many labels are wrong, by where the best reference contradicts them out of fold.

    Where labels are right, errors thin out as a prediction gets surer: between overlapping classes the surest rows hold
    next to none. Wrong labels are as frequent there as anywhere. So how far errors are from thinning out tells the
    share of them that wrong labels make; a table that is hard everywhere shows no such excess, and is not called wrong.

    Args:
        task: Kind of target.
        fitted: The references.
        train: Training rows; None: whether swapped targets hang on inputs is not looked at.
        exchangeable: Whether chance dealt the rows into splits, so that labels of val are told from as those of train.

    Returns:
        The share of wrong labels with its interval, and the rows whose label is contradicted most surely; of numbers,
        the targets that belong to other rows. None with fewer than 100 rows, where no reference has skill out of fold,
        and where the best one errs so often that only many wrong labels would show, and do not.

    Source: the idea of Northcutt, Jiang and Chuang 2021 (out-of-fold confidence), judged by `natural_errors`.
    """
    known = [model for model in fitted if model.out_of_fold is not None and model.reference.out_of_fold is not None]
    reference = _skilled(known)
    best = None if reference is None else reference.out_of_fold
    if reference is None or best is None:
        return None
    if best.prob is None:
        return swapped_targets(best, train)
    decided = None if train is None else _decided(train)
    rest = None if train is None or decided is None or not decided.any() else train.rows[~decided]
    if rest is not None and len(rest) < FEWEST_ROWS:
        return None
    unseen = [(model, _unseen(model, val=exchangeable, among=rest)) for model in known]
    return _contradicted(task, reference, unseen, skilled=rest is None)


def _contradicted(
    task: Task, reference: Fitted, unseen: Sequence[tuple[Fitted, Predictions]], *, skilled: bool
) -> LabelNoise | None:
    """How many labels the references contradict; `skilled`: whether the best one has skill on these rows."""
    best = next(rows for model, rows in unseen if model is reference)
    assert best.prob is not None  # noqa: S101 - for the type checker
    guessing = 1 - 1 / best.prob.shape[1]
    margin, right = _margins(best)
    weak = bool((~right).mean() > WEAK * guessing)
    order = np.argsort(-margin, kind="stable")
    worst = [int(best.rows[i]) for i in order[: len(order) // 2] if not right[i]][:SHOWN]
    saves = float((~right).mean()) <= (1 - SAVED) * (1 - float(best.target.bincount().max()) / len(order))
    share = _evenly_spread(~right[order]) if saves else Estimate(value=0.0, low=0.0, high=1.0)
    found = LabelNoise(share=share, n=len(order), rows=tuple(worst))
    if not (skilled or saves):
        return found  # nothing tells the classes of all other rows, so that errors cannot thin out there
    evenly = None if weak and (share.low or 0.0) < SURELY else found
    good = [
        rows
        for model, rows in unseen
        if rows.prob is not None
        and (model.reference.out_of_fold or -math.inf) >= (reference.reference.out_of_fold or 0.0) - AHEAD
    ]
    every = [(model, sided) for model in good if (sided := _one_sided(model, among=len(good))) is not None]
    if not every:
        return evenly
    best, one_sided = max(every, key=lambda pair: pair[1][1].low or 0.0)
    if weak and (one_sided[1].low or 0.0) < SURELY_WITHIN:
        return evenly
    if evenly is not None and (one_sided[1].low or 0.0) * float(one_sided[2].mean()) <= (share.low or 0.0):
        return evenly
    margin, right = _margins(best)
    order = np.argsort(-margin, kind="stable")
    code, within, inside = one_sided
    weight = float(inside.mean())
    value, low, high = (weight * (bound or 0.0) for bound in (within.value, within.low, within.high))
    return replace(
        found,
        share=Estimate(value=value, low=low, high=high),
        rows=tuple(int(best.rows[i]) for i in order if inside[i] and not right[i])[:SHOWN],
        label=task.spec.classes[code],
        within=within,
    )


def _unseen(model: Fitted, *, val: bool, among: Tensor | None = None) -> Predictions:
    """What a reference says of rows that it was not fitted on: of train out of fold and, if asked for, of val.

    Args:
        model: The reference.
        val: Whether val is asked for.
        among: Source rows of train that are asked for alone; None: all, and val.
    """
    train, held_out = model.out_of_fold, model.predictions.get("val") if val else None
    assert train is not None  # noqa: S101 - for the type checker
    if among is None:
        return train if held_out is None else joined([train, held_out])
    kept = torch.isin(train.rows, among)
    prob = None if train.prob is None else train.prob[kept]
    return replace(train, rows=train.rows[kept], target=train.target[kept], pred=train.pred[kept], prob=prob)


def _decided(train: Split) -> Tensor:
    """Rows `(n,)` whose class one level of a column decides, such as a year in college whose students are no seniors.

    They are surely right and say nothing of the others, whose errors look evenly spread beside them.
    """
    found = torch.zeros(len(train), dtype=torch.bool)
    if train.x.ndim != 2:
        return found
    for column in train.x.T:
        levels, place = column.unique(return_inverse=True)
        if len(levels) > MOST_DECIDING:
            continue
        counts = torch.stack([place[train.y == code].bincount(minlength=len(levels)) for code in train.y.unique()])
        pure = (counts.max(0).values == counts.sum(0)) & (counts.sum(0) >= FEWEST_DECIDED)
        found |= pure[place]
    return found


def _skilled(known: Sequence[Fitted]) -> Fitted | None:
    """The best reference out of fold, if it surely has skill on enough rows."""
    best = max(known, key=lambda model: model.reference.out_of_fold or -math.inf, default=None)
    gain = None if best is None else best.reference.gain.get("out_of_fold")
    if best is None or best.out_of_fold is None or gain is None or (gain.low or 0.0) < SKILL:
        return None
    return best if len(best.out_of_fold.rows) >= FEWEST_ROWS else None


def _one_sided(best: Predictions, *, among: int) -> tuple[int, Estimate, Flags] | None:
    """Labels of one class taken for another: predictions of one class are often wrong, and the surest as often.

    Between overlapping classes the less sure predictions of a class hold its errors, and other classes err as well.

    Args:
        best: A reference's, out of fold.
        among: How many references are looked at.

    Returns:
        The class whose labels are contradicted most, which share of its predictions are so evenly (Bonferroni over
        classes and references), and which rows were taken for it; None where no class shows it.
    """
    assert best.prob is not None  # noqa: S101 - for the type checker
    margin, right = _margins(best)
    wrong, predicted = ~right, best.prob.argmax(1).numpy()
    codes, found = np.unique(predicted), []
    for code in codes:
        inside = predicted == code
        errors, others = wrong[inside], wrong[~inside]
        if errors.sum() < FEWEST_ONE_SIDED or not len(others) or errors.all():
            continue
        if inside.sum() < AS_FREQUENT * int((best.target == int(code)).sum()):
            continue
        elsewhere = float(others.mean())
        order = np.argsort(-margin[inside], kind="stable")
        even = _evenly_spread(errors[order], level=1 - 0.05 / (len(codes) * among))
        clean = errors.mean() >= max(ONE_SIDED, 2 * elsewhere) and elsewhere <= CLEAN
        if clean and errors.sum() >= FEWEST_FLAT and _is_flat(margin[inside], errors):
            beyond = wilson(float(errors.sum()), len(errors))
            value, low, high = (max(0.0, bound - elsewhere) for bound in (beyond.value, beyond.low, beyond.high))
            even = Estimate(value=value, low=low, high=high)
        if clean or (even.low or 0.0) >= BESIDE_OTHERS:
            found.append((int(code), even, inside))
    return max(found, key=lambda pair: pair[1].low or 0.0, default=None)


def _is_flat(margin: Array, errors: Flags) -> bool:
    """Whether sureness `(n,)` surely tells next to nothing of errors `(n,)`."""
    return delong(-margin, torch.from_numpy(errors.astype(np.int64)), level=0.9).high <= FLAT


def _margins(predicted: Predictions) -> tuple[Array, Flags]:
    """Log odds of the most likely class against the next, and whether it is the label, `(n,)` each."""
    assert predicted.prob is not None  # noqa: S101 - for the type checker
    top = predicted.prob.double().clamp(1e-6, 1).log().topk(2, dim=1)
    margin = (top.values[:, 0] - top.values[:, 1]).numpy()
    return margin, (top.indices[:, 0] == predicted.target).numpy()


def _evenly_spread(wrong: Flags, *, level: float = 0.95) -> Estimate:
    """Share of all rows whose errors are spread evenly, rather than as those of overlapping classes.

    Errors `(n,)`, the surest row first, are a mixture of both; the weight of the even part is their regression on what
    tells the two apart.

    Source: a score test of the mixture's weight (Cox and Hinkley 1974, section 9.3), with binomial errors.
    """
    n, error = len(wrong), float(wrong.mean())
    if not wrong.any():
        return Estimate(value=0.0, low=0.0, high=0.0)
    natural = natural_errors(error, n)
    apart = error - natural
    size = float((apart**2).sum())
    if not size:
        return Estimate(value=0.0, low=0.0, high=1.0)
    weight = float((apart * (wrong - natural)).sum()) / size
    variance = np.maximum(natural * (1 - natural), n**-2.0)
    reach = normal_quantile(level) * math.sqrt(float((apart**2 * variance).sum())) / size
    value, low, high = (min(max(part * error, 0.0), 1.0) for part in (weight, weight - reach, weight + reach))
    return Estimate(value=value, low=low, high=high)


def natural_errors(error: float, n: int) -> Array:
    """Probability of an error for each of n rows, the surest first, where normal classes overlap so that `error` err.

    >>> [round(float(part.mean()), 2) for part in np.split(natural_errors(0.2, 1000), 4)]
    [0.03, 0.12, 0.24, 0.41]

    Source: log odds of two normal classes at distance d are normal with mean d^2 / 2 and deviation d.
    """
    errors, curves = _overlaps()
    above = int(np.clip(np.searchsorted(errors, error), 1, len(errors) - 1))
    share = float(np.clip((error - errors[above - 1]) / (errors[above] - errors[above - 1]), 0, 1))
    curve = (1 - share) * curves[above - 1] + share * curves[above]
    places = (np.arange(n) + 0.5) / n
    found = np.interp(places, (np.arange(len(curve)) + 0.5) / len(curve), curve)
    return np.asarray(found * (error / max(found.mean(), 1e-12)))


@cache
def _overlaps() -> tuple[Array, Array]:
    """Error of overlapping classes, rising, and how it falls on rows from the surest to the least sure one."""
    normal = np.array([NormalDist().inv_cdf((i + 0.5) / 2000) for i in range(2000)])
    curves = []
    for distance in np.linspace(8.0, 0.02, 300):
        log_odds = np.abs(distance**2 / 2 + distance * normal)
        curves.append(1 / (1 + np.exp(np.sort(log_odds)[::-1])))
    return np.array([curve.mean() for curve in curves]), np.array(curves)


def more_rows(task: Task, train: Split, *, seed: int, primary: str, seconds: float) -> Estimate | None:
    """What the last doubling of the training rows gave a reference, on rows out of fold; None if it takes too long.

    The reference (the linear one, or boosted trees where these do better) is fitted on the training part of each fold,
    and on a stratified half of it; the difference of the two in the primary metric is paired over rows.

    Args:
        task: Kind of target.
        train: Training rows.
        seed: Of folds and halves.
        primary: Metric of the gain.
        seconds: About what it may take on one core.
    """
    if len(train) < 40:
        return None
    target = task.in_unit(train.y)
    kept = stratified_sample(target, MOST_ROWS, seed=seed)
    sample = take(train, kept)
    gains = []
    with quietly():
        for recipe in recipes(task.spec, seed=seed):
            if recipe.name in BESIDE or FOLDS * 1.6 * recipe.cost(len(kept)) > seconds / 2:
                continue
            whole, half = (out_of_fold(task, recipe, sample, folds=FOLDS, seed=seed, part=part) for part in (1.0, 0.5))
            gains.append((point_scores(task, whole)[primary] or -math.inf, difference(whole, half, primary)))
    return max(gains, key=lambda pair: pair[0])[1] if gains else None


@final
@dataclass(frozen=True, kw_only=True)
class Order:
    """Whether the whole numbers of a regression target behave like grades or like names.

    Args:
        by_chance: Share of relabellings under which a classifier's errors lie at least as near the diagonal: low where
            there is an order. None for texts whose numbers it hardly confuses.
        renumbered: R2 that the classifier's probabilities explain of the same classes in another order, beyond what
            they explain of the numbers as they stand; about 0 where these are ordered.
    """

    by_chance: float | None
    renumbered: Estimate


def target_order(task: Task, train: Split, *, seed: int, seconds: float) -> Order | None:
    """Whether the whole numbers of a regression target behave like grades or like names.

    A classifier of the numbers confuses neighbours where they are ordered, and any with any where they are codes of
    classes. Its errors out of fold are compared with those under random relabellings of the codes; where it hardly
    errs, each row's nearest row of another number counts as what it could have been taken for.

    Returns:
        None unless the target has 3 to 50 distinct whole numbers, and where any classifier takes too long.
    """
    target = task.in_unit(train.y)
    if not task.numeric or not is_whole(target):
        return None
    values, codes = target.round().unique(return_inverse=True)
    if not 3 <= len(values) <= MOST_CODES:
        return None
    spec = replace(task.spec, task="multiclass", classes=tuple(str(int(v)) for v in values))
    classifier = Multiclass(spec=spec)
    options = [option for option in recipes(spec, seed=seed) if not option.linear] or recipes(spec, seed=seed)[-1:]
    most = min(len(train), MOST_ROWS // 2)
    rows, recipe = max(((_affordable(option, most, seconds), option) for option in options), key=lambda pair: pair[0])
    if not rows:
        return None
    # drift over time tells nothing of an order of the codes
    sample = take(replace(train, y=codes, time=None), stratified_sample(codes, rows, seed=seed))
    with quietly():
        predicted = out_of_fold(classifier, recipe, sample, folds=FOLDS, seed=seed)
    true, pred = predicted.target.numpy(), predicted.pred.numpy()
    assert predicted.prob is not None  # noqa: S101 - for the type checker
    better = renumbered(predicted.prob.double().numpy(), true, seed=seed)
    if (true != pred).sum() < FEWEST_ERRORS:
        if spec.input == "text":
            return Order(by_chance=None, renumbered=better)  # words are too many to measure distances in
        pred = _nearest_other(recipe.inputs(sample.x), sample.y).numpy()
    true, pred = true[true != pred], pred[true != pred]
    rng = np.random.default_rng(seed)
    observed = float(np.abs(true - pred).mean())
    relabelled = [rng.permutation(len(values)) for _ in range(SHUFFLES)]
    nearer = [float(np.abs(labels[true] - labels[pred]).mean()) <= observed + 1e-12 for labels in relabelled]
    return Order(by_chance=(1 + sum(nearer)) / (1 + SHUFFLES), renumbered=better)


def _affordable(recipe: Recipe, most: int, seconds: float) -> int:
    """Rows, at most so many, on which the recipe is fitted out of fold within the time; 0: fewer than are of use."""
    rows, least = most, min(most, FEWEST_ROWS)
    while rows >= least and FOLDS * recipe.cost(rows) > seconds:
        rows = int(0.8 * rows)
    return rows if rows >= least else 0


def renumbered(prob: Array, true: NDArray[np.int64], *, seed: int) -> Estimate:
    """How much more of the classes is explained in another order of their codes than as they stand, in points of R2.

    The mean code by the probabilities is a regression whatever the order. The other order is chosen on one half of the
    rows and scored on the other half, so that grades, of which no order explains more, gain nothing by the choice.

    Args:
        prob: `(n, classes)` out of fold.
        true: `(n,)` codes.
        seed: Of the halves and of the orders that are looked at where there are too many for all.

    Source: Stone 1974 (choice and assessment on different rows).
    """
    rng, classes = np.random.default_rng(seed), prob.shape[1]
    orders = _orders(classes, rng)
    half = rng.permutation(len(true)) % 2
    gains = np.zeros(len(true))
    given = np.arange(classes)
    for k in (0, 1):
        chosen = min(orders, key=lambda order: _unexplained(prob, true, order, half == k)[0])
        rest = half != k
        gains[rest] = _unexplained(prob, true, given, rest)[1] - _unexplained(prob, true, chosen, rest)[1]
    error = normal_quantile(0.95) * float(gains.std()) / math.sqrt(len(true))
    value = float(gains.mean())
    return Estimate(value=value, low=value - error, high=value + error)


def _orders(classes: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """All orders of a few classes, a sample of those of more, with that of the codes among them."""
    if classes <= FEW_CLASSES:
        return [np.array(order) for order in permutations(range(classes))]
    return [np.arange(classes), *(rng.permutation(classes) for _ in range(SHUFFLES // 4))]


def _unexplained(prob: Array, true: NDArray[np.int64], order: NDArray[np.int64], part: Flags) -> tuple[float, Array]:
    """Share of the variance of the codes in this order that the probabilities leave, and the part of each row in it."""
    codes = order.astype(np.float64)[true[part]]
    squares = (codes - prob[part] @ order) ** 2 / max(float(codes.var()), 1e-12)
    return float(squares.mean()), squares


def _nearest_other(inputs: Any, codes: Tensor) -> Tensor:
    """The code `(n,)` of each row's nearest row that has another one, in standardised inputs `(n, features)`."""
    x = torch.from_numpy(np.asarray(inputs, dtype=np.float64)).flatten(1)
    x = (x - x.mean(0)) / x.std(0, correction=0).clamp_min(1e-12)
    far = torch.cdist(x, x).masked_fill(codes[:, None] == codes[None, :], math.inf)
    nearest: Tensor = codes[far.argmin(1)]
    return nearest
