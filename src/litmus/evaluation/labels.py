"""What reference models say of the labels: which look wrong, whether more would help, whether codes have an order."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from litmus.data.base import Split
from litmus.evaluation.difference import difference
from litmus.evaluation.estimator import quietly, recipes
from litmus.evaluation.facts import is_whole
from litmus.evaluation.reference import Fitted, out_of_fold, stratified_sample, take
from litmus.evaluation.score import point_scores
from litmus.evidence import Estimate, LabelNoise
from litmus.statistics.intervals import normal_quantile, wilson
from litmus.task.base import Predictions, Task
from litmus.task.multiclass import Multiclass

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

SURE = 0.5
"""Share of the rows, the surest ones, among which labels are held against predictions."""
FEWEST_ROWS = 100
SKILL = 0.02
"""Least gain over the trivial rule, for sure, of a reference that may call a label wrong."""
SHOWN = 10
FOLDS = 3
MOST_ROWS = 5000
SHUFFLES = 2000
MOST_CODES = 50


def label_noise(task: Task, fitted: Sequence[Fitted]) -> LabelNoise | None:
    """Labels that the best reference contradicts out of fold where it is surest, and how many it should.

    Where labels are right, errors thin out as a prediction gets surer, and how fast is seen on the less sure rows: a
    logistic curve of being right on the reference's own margin is fitted there and carried on to the surer half. Wrong
    labels are as frequent there as anywhere, so that errors stay above the curve. A table that is hard everywhere
    shows no such excess, and is not called wrong.

    Returns:
        The share of contradicted labels among the surer half, with an interval that also holds the curve's doubt, what
        the curve expects there, and the rows whose label is contradicted most surely. None in regression, with fewer
        than 100 rows, and where no reference has skill out of fold.

    Source: the idea of Northcutt, Jiang and Chuang 2021 (out-of-fold confidence), judged by extrapolated calibration.
    """
    known = [one for one in fitted if one.out_of_fold is not None and one.reference.out_of_fold is not None]
    if task.kind == "regression" or not known:
        return None
    reference = max(known, key=lambda one: one.reference.out_of_fold or -math.inf)
    best, gain = reference.out_of_fold, reference.reference.gain.get("out_of_fold")
    if best is None or best.prob is None or len(best.rows) < FEWEST_ROWS or gain is None or (gain.low or 0.0) < SKILL:
        return None
    margin, right = _margins(best)
    order = np.argsort(-margin, kind="stable")
    sure = np.zeros(len(margin), dtype=bool)
    sure[order[: round(SURE * len(margin))]] = True
    expected, doubt = _carried_on(margin, right, sure)
    share = wilson(int((~right[sure]).sum()), int(sure.sum()))
    low = share.value - math.hypot(share.value - share.low, doubt)
    high = share.value + math.hypot(share.high - share.value, doubt)
    worst = [int(best.rows[i]) for i in order if not right[i] and sure[i]][:SHOWN]
    return LabelNoise(
        share=Estimate(value=share.value, low=max(0.0, low), high=min(1.0, high)),
        expected=expected,
        n=int(sure.sum()),
        rows=tuple(worst),
    )


def _margins(said: Predictions) -> tuple[Array, Flags]:
    """Log odds of the most likely class against the next, and whether it is the label, `(n,)` each."""
    assert said.prob is not None  # noqa: S101 - for the type checker
    top = said.prob.double().clamp(1e-6, 1).log().topk(2, dim=1)
    margin = (top.values[:, 0] - top.values[:, 1]).numpy()
    return margin, (top.indices[:, 0] == said.target).numpy()


def _carried_on(margin: Array, right: Flags, sure: Flags) -> tuple[float, float]:
    """Share of errors among the sure rows that the less sure ones lead to expect, and half its 95 % interval."""
    design = np.column_stack([np.ones(len(margin)), margin / max(margin.std(), 1e-9)])
    x, y = design[~sure], right[~sure].astype(float)
    weights, information = np.zeros(2), np.eye(2)
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ weights))
        # a weak prior keeps the curve finite where the less sure rows are all right
        information = (x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(2)
        step = np.linalg.solve(information, x.T @ (y - p) - 1e-3 * weights)
        weights = weights + np.clip(step, -3, 3)
        if np.abs(step).max() < 1e-8:
            break
    weights[1] = max(weights[1], 0.0)
    wrong = 1 / (1 + np.exp(design[sure] @ weights))
    gradient = (design[sure] * (wrong * (1 - wrong))[:, None]).mean(0)
    error = math.sqrt(float(gradient @ np.linalg.solve(information, gradient)))
    return float(wrong.mean()), min(1.0, normal_quantile(0.95) * error)


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
    classes. Its errors out of fold are compared with those under random relabellings of the codes.

    Returns:
        Share of relabellings under which errors lie at least as near the diagonal: low where there is an order. None
        unless the target has 3 to 50 distinct whole numbers, and where the classifier hardly errs or takes too long.
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
    wrong = true != pred
    if wrong.sum() < 10:
        return None
    true, pred = true[wrong], pred[wrong]
    rng = np.random.default_rng(seed)
    observed = float(np.abs(true - pred).mean())
    relabelled = [rng.permutation(len(values)) for _ in range(SHUFFLES)]
    nearer = [float(np.abs(labels[true] - labels[pred]).mean()) <= observed + 1e-12 for labels in relabelled]
    return (1 + sum(nearer)) / (1 + SHUFFLES)
