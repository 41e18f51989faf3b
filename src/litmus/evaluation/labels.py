"""What reference models say of the labels: which look wrong, whether more would help, whether codes have an order."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.base import Split
from litmus.evaluation.difference import difference
from litmus.evaluation.estimator import quietly, recipes
from litmus.evaluation.facts import is_whole
from litmus.evaluation.reference import Fitted, out_of_fold, stratified_sample, take
from litmus.evaluation.score import point_scores
from litmus.evidence import Estimate, LabelNoise
from litmus.statistics.intervals import normal_quantile
from litmus.task.base import Predictions, Task
from litmus.task.multiclass import Multiclass

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

FEWEST_ROWS = 100
SKILL = 0.02
"""Least gain over the trivial rule, for sure, of a reference that may call a label wrong."""
WEAK = 0.6
"""Share of the error of guessing, beyond which errors thin out too little to tell them from wrong labels."""
SHOWN = 10
FOLDS = 3
MOST_ROWS = 5000
SHUFFLES = 2000
MOST_CODES = 50
FEWEST_ERRORS = 10


def label_noise(task: Task, fitted: Sequence[Fitted]) -> LabelNoise | None:
    """How many labels are wrong, by where the best reference contradicts them out of fold.

    Where labels are right, errors thin out as a prediction gets surer: between overlapping classes the surest rows hold
    next to none. Wrong labels are as frequent there as anywhere. So how far errors are from thinning out tells the
    share of them that wrong labels make; a table that is hard everywhere shows no such excess, and is not called wrong.

    Returns:
        The share of wrong labels with its interval, and the rows whose label is contradicted most surely. None in
        regression, with fewer than 100 rows, where no reference has skill out of fold, and where the best one errs
        so often that a weak signal would look the same.

    Source: the idea of Northcutt, Jiang and Chuang 2021 (out-of-fold confidence), judged by `natural_errors`.
    """
    known = [one for one in fitted if one.out_of_fold is not None and one.reference.out_of_fold is not None]
    if task.kind == "regression" or not known:
        return None
    reference = max(known, key=lambda one: one.reference.out_of_fold or -math.inf)
    best, gain = reference.out_of_fold, reference.reference.gain.get("out_of_fold")
    if best is None or best.prob is None or len(best.rows) < FEWEST_ROWS or gain is None or (gain.low or 0.0) < SKILL:
        return None
    margin, right = _margins(best)
    if (~right).mean() > WEAK * (1 - 1 / best.prob.shape[1]):
        return None
    order = np.argsort(-margin, kind="stable")
    worst = [int(best.rows[i]) for i in order[: len(order) // 2] if not right[i]][:SHOWN]
    return LabelNoise(share=_evenly_spread(~right[order]), n=len(order), rows=tuple(worst))


def _margins(said: Predictions) -> tuple[Array, Flags]:
    """Log odds of the most likely class against the next, and whether it is the label, `(n,)` each."""
    assert said.prob is not None  # noqa: S101 - for the type checker
    top = said.prob.double().clamp(1e-6, 1).log().topk(2, dim=1)
    margin = (top.values[:, 0] - top.values[:, 1]).numpy()
    return margin, (top.indices[:, 0] == said.target).numpy()


def _evenly_spread(wrong: Flags) -> Estimate:
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
    reach = normal_quantile(0.95) * math.sqrt(float((apart**2 * variance).sum())) / size
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
            if recipe.name == "knn" or FOLDS * 1.6 * recipe.cost(len(kept)) > seconds / 2:
                continue
            whole, half = (out_of_fold(task, recipe, sample, folds=FOLDS, seed=seed, part=part) for part in (1.0, 0.5))
            gains.append((point_scores(task, whole)[primary] or -math.inf, difference(whole, half, primary)))
    return max(gains, key=lambda pair: pair[0])[1] if gains else None


def target_order(task: Task, train: Split, *, seed: int, seconds: float) -> float | None:
    """Whether the whole numbers of a regression target behave like grades or like names.

    A classifier of the numbers confuses neighbours where they are ordered, and any with any where they are codes of
    classes. Its errors out of fold are compared with those under random relabellings of the codes; where it hardly
    errs, each row's nearest row of another number counts as what it could have been taken for.

    Returns:
        Share of relabellings under which errors lie at least as near the diagonal: low where there is an order. None
        unless the target has 3 to 50 distinct whole numbers, where the classifier takes too long, and for texts whose
        numbers it hardly confuses.
    """
    target = task.in_unit(train.y)
    if task.kind != "regression" or not is_whole(target):
        return None
    values, codes = target.round().unique(return_inverse=True)
    if not 3 <= len(values) <= MOST_CODES:
        return None
    spec = replace(task.spec, task="multiclass", classes=tuple(str(int(v)) for v in values))
    classifier = Multiclass(spec=spec)
    sample = take(replace(train, y=codes), stratified_sample(codes, MOST_ROWS // 2, seed=seed))
    recipe = next((one for one in recipes(spec, seed=seed) if not one.linear), recipes(spec, seed=seed)[-1])
    if FOLDS * recipe.cost(len(sample)) > seconds:
        return None
    with quietly():
        said = out_of_fold(classifier, recipe, sample, folds=FOLDS, seed=seed)
    true, pred = said.target.numpy(), said.pred.numpy()
    if (true != pred).sum() < FEWEST_ERRORS:
        if spec.input == "text":
            return None  # words are too many to measure distances in
        pred = _nearest_other(recipe.inputs(sample.x), sample.y).numpy()
    true, pred = true[true != pred], pred[true != pred]
    rng = np.random.default_rng(seed)
    observed = float(np.abs(true - pred).mean())
    relabelled = [rng.permutation(len(values)) for _ in range(SHUFFLES)]
    nearer = [float(np.abs(labels[true] - labels[pred]).mean()) <= observed + 1e-12 for labels in relabelled]
    return (1 + sum(nearer)) / (1 + SHUFFLES)


def _nearest_other(inputs: Any, codes: Tensor) -> Tensor:
    """The code `(n,)` of each row's nearest row that has another one, in standardised inputs `(n, features)`."""
    x = torch.from_numpy(np.asarray(inputs, dtype=np.float64)).flatten(1)
    x = (x - x.mean(0)) / x.std(0, correction=0).clamp_min(1e-12)
    far = torch.cdist(x, x).masked_fill(codes[:, None] == codes[None, :], math.inf)
    nearest: Tensor = codes[far.argmin(1)]
    return nearest
