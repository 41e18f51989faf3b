"""Reference models: what established methods make of the same rows, which tells a poor setting from poor data."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.tensors import Split
from litmus.evidence import Reference
from litmus.evidence.values import SplitName
from litmus.metrics.answers import Predictions
from litmus.references.estimator import Recipe, quietly, recipes
from litmus.scoring.calibration import fit_temperature
from litmus.scoring.score import baseline_predictions, gain_over_baseline, point_scores
from litmus.task.base import Task

Array = NDArray[np.float64]

FEWEST_ROWS = 10
FEWEST_OF_A_CLASS = 5
FOLDS = (5, 3)
SECONDS = 3.0
"""Work that all references of a run may take, as foreseen and not as measured: a busy machine changes none of them."""
SHARES = (1.0, 0.75, 0.5, 0.25)
"""How far a classifier may keep from the baseline, whose class shares its probabilities are mixed with."""
NEARLY_ALL = 0.97
"""From here a regression's predictions are left as they are."""
MARGIN_OF_RANGE = 0.5
"""Share of the target's range by which predictions may leave it: a trend goes on, an outlier does not run away."""


@final
@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A reference and what it says.

    Args:
        reference: As the evidence holds it, without differences from the model: see `difference`.
        predictions: By split, train left out: what a reference says of its own training rows is no yardstick.
        out_of_fold: What it says of training rows (a sample of them, if it was fitted on one) when fitted without them.
        rows: Training rows it was fitted on.
        seconds: What it cost.
    """

    reference: Reference
    predictions: Mapping[SplitName, Predictions]
    out_of_fold: Predictions | None = None
    rows: int = 0
    seconds: float = 0.0


def fit_references(
    task: Task,
    splits: Mapping[SplitName, Split],
    *,
    seed: int,
    seconds: float = SECONDS,
    primary: str | None = None,
) -> list[Fitted]:
    """The baseline, then established models, fitted on the training rows.

    A method that would take too long is fitted on a stratified sample of the training rows, the size of which
    follows from rows, columns and classes alone: the same data and seed give the same references. One that is no better
    than the baseline on training rows out of fold is moved towards it, until it is: none stands below the baseline but
    by the chance of the held-out rows. Left out is what the work allowed does not fit on a few rows of each class.

    Args:
        task: Kind of target; its spec says what kind of data.
        splits: train, and the splits to be scored; test only when it may be read.
        seed: Of samples, folds and methods.
        seconds: Work that all of them may take, as foreseen for one core.
        primary: Primary metric; None: the one that the training shares ask for.
    """
    train = splits["train"]
    target = task.in_unit(train.y)
    prior = task.prior(target)
    primary = primary or task.primary_of(prior)
    held_out: dict[SplitName, Split] = {name: split for name, split in splits.items() if name != "train"}
    fitted = [baseline(task, held_out, prior=prior, rows=len(train))]
    if len(train) < FEWEST_ROWS:
        return fitted
    made = recipes(task.spec, seed=seed)
    least = min(len(train), max(FEWEST_ROWS, FEWEST_OF_A_CLASS * len(task.spec.classes)))
    with quietly():
        for place, recipe in enumerate(made):
            # what a cheap method leaves of its part is the next one's
            planned = plan(recipe, len(train), least=least, seconds=seconds / (len(made) - place))
            if planned is not None:
                fitted.append(_Fit(task, recipe, train, target, prior, primary, seed).run(held_out, planned))
                seconds -= planned.seconds
    return fitted


def fold_codes(
    target: Tensor, *, folds: int, seed: int, group: Tensor | None = None, time: Tensor | None = None
) -> Tensor:
    """`(n,)` fold of each row: whole groups, stretches of time, or rows, with class shares kept.

    Args:
        target: `(n,)` int64 class codes, or floats, which are not stratified.
        folds: Number of folds.
        seed: Of the shuffle.
        group: `(n,)` codes of rows that stay together.
        time: `(n,)` ranks; neighbours stay together.
    """
    rng = np.random.default_rng(seed)
    if group is not None:
        codes = group.unique(return_inverse=True)[1]
        return torch.from_numpy(rng.permutation(int(codes.max()) + 1) % folds)[codes]
    if time is not None:
        return time.argsort(stable=True).argsort(stable=True) * folds // len(time)
    shuffled = torch.from_numpy(rng.permutation(len(target)))
    if target.is_floating_point():
        return shuffled % folds
    # rows ordered by class, shuffled within, are dealt out in turn
    order = shuffled[target[shuffled].argsort(stable=True)]
    dealt = torch.empty(len(target), dtype=torch.int64)
    dealt[order] = torch.arange(len(target)) % folds
    return dealt


def stratified_sample(target: Tensor, rows: int, *, seed: int) -> Tensor:
    """Positions of `rows` random rows in rising order, with class shares kept; all if there are no more."""
    if rows >= len(target):
        return torch.arange(len(target))
    shuffled = torch.from_numpy(np.random.default_rng(seed).permutation(len(target)))
    if target.is_floating_point():
        return shuffled[:rows].sort().values
    codes = target[shuffled]
    order = codes.argsort(stable=True)
    counts = codes.bincount()
    start = (counts.cumsum(0) - counts)[codes[order]]
    place = (torch.arange(len(target)) - start).double() / counts[codes[order]]
    return shuffled[order[place.argsort(stable=True)[:rows]]].sort().values


def baseline(task: Task, held_out: Mapping[SplitName, Split], *, prior: Tensor, rows: int) -> Fitted:
    """The best constant, which needs no inputs: the majority class with the class shares, or the mean."""
    predicted = {
        name: baseline_predictions(
            task, as_predictions(task, split, name, torch.zeros(len(split), *_width(task))), prior
        )
        for name, split in held_out.items()
    }
    return Fitted(
        reference=Reference(
            name=task.baseline,
            scores={name: point_scores(task, predictions) for name, predictions in predicted.items()},
        ),
        predictions=predicted,
        rows=rows,
    )


def as_predictions(task: Task, split: Split, name: SplitName, raw: Tensor) -> Predictions:
    """What `raw` says of a split: probabilities `(n, classes)`, or values `(n,)` in the target's unit."""
    pred, prob = (raw, None) if task.numeric else task.decide(raw, None)
    return Predictions(
        split=name,
        rows=split.rows,
        target=task.in_unit(split.y),
        pred=pred,
        prob=prob,
        group=split.group,
        time=split.time,
    )


def take(split: Split, index: Tensor) -> Split:
    """The rows at the positions `index`, in that order."""
    return Split(
        x=split.x[index],
        y=split.y[index],
        rows=split.rows[index],
        weight=None if split.weight is None else split.weight[index],
        group=None if split.group is None else split.group[index],
        time=None if split.time is None else split.time[index],
    )


def together(splits: Sequence[Split]) -> Split:
    """The rows of several splits, one after another, without weights, groups and times."""
    x, y, rows = (torch.cat([getattr(split, name) for split in splits]) for name in ("x", "y", "rows"))
    return Split(x=x, y=y, rows=rows)


def out_of_fold(task: Task, recipe: Recipe, sample: Split, *, folds: int, seed: int, part: float = 1.0) -> Predictions:
    """What a reference says of each row when fitted without its fold, on `part` of the other rows."""
    raw, kept = _outside(task, recipe, sample, folds=folds, seed=seed, part=part)
    seen = take(sample, kept)
    heat_map = _heat(task, recipe, raw, seen.y)
    values = torch.from_numpy(raw)
    return as_predictions(task, seen, "train", values if heat_map is None else (values / heat_map).softmax(1))


def _outside(
    task: Task, recipe: Recipe, sample: Split, *, folds: int, seed: int, part: float = 1.0
) -> tuple[Array, Tensor]:
    """What a reference says of rows that it was not fitted on, and their positions in the sample.

    Rows in time order are predicted from those before them, as held-out rows will be; the first stretch is not.
    """
    target, inputs = task.in_unit(sample.y), recipe.inputs(sample.x)
    fold = fold_codes(target, folds=folds, seed=seed, group=sample.group, time=sample.time)
    raw, predicted = np.zeros((len(target), *_width(task))), np.zeros(len(target), dtype=np.bool_)
    for k in fold.unique():
        inside = torch.nonzero(fold < k if sample.time is not None and sample.group is None else fold != k).flatten()
        inside = inside[stratified_sample(target[inside], round(part * len(inside)), seed=seed)]
        outside = torch.nonzero(fold == k).flatten().numpy()
        if len(inside):
            raw[outside] = _fitted(task, recipe, inputs[inside.numpy()], target[inside].numpy())(inputs[outside])
            predicted[outside] = True
    return raw[predicted], torch.from_numpy(np.flatnonzero(predicted))


def _fitted(task: Task, recipe: Recipe, inputs: Any, target: NDArray[Any]) -> Callable[[Any], Array]:
    """From inputs to values `(n,)`, or to probabilities or margins `(n, classes)`; a class not seen gets the least."""
    if task.numeric:
        number = recipe.make(len(target)).fit(inputs, target)
        room = MARGIN_OF_RANGE * float(np.ptp(target))
        low, high, middle = float(target.min()) - room, float(target.max()) + room, float(target.mean())
        return lambda others: np.nan_to_num(np.asarray(number.predict(others), np.float64), nan=middle).clip(low, high)
    seen = np.unique(target)
    if len(seen) < 2:
        return lambda others: np.tile(np.eye(len(task.spec.classes))[seen[0]], (others.shape[0], 1))
    classifier = recipe.make(len(target)).fit(inputs, target)

    def say(others: Any) -> Array:
        predicted = classifier.decision_function(others) if recipe.margins else classifier.predict_proba(others)
        if predicted.ndim == 1:
            predicted = np.column_stack([np.zeros(len(predicted)), predicted])
        whole = np.full((len(predicted), *_width(task)), predicted.min() - 10.0 if recipe.margins else 0.0)
        whole[:, seen] = predicted
        return whole

    return say


def _width(task: Task) -> tuple[int, ...]:
    return () if task.numeric else (len(task.spec.classes),)


def _heat(task: Task, recipe: Recipe, raw: Array, codes: Tensor) -> float | None:
    """Temperature that turns margins into probabilities; None for what is no margin."""
    if not recipe.margins or task.numeric:
        return None
    return fit_temperature(torch.from_numpy(raw), codes)


@final
@dataclass(frozen=True)
class _Tuned:
    """A way to make a reference, with what rows out of fold chose.

    Args:
        recipe: With the estimator chosen.
        heat: Temperature of margins; None for what says probabilities or values.
        share: How far predictions go from the baseline (0) to what the estimator says (1).
        out_of_fold: What it says of training rows that it was not fitted on.
        level: Primary metric there; minus infinity where it is undefined.
    """

    recipe: Recipe
    heat_map: float | None
    share: float
    out_of_fold: Predictions
    level: float


@final
@dataclass(frozen=True)
class Plan:
    """Training rows to fit a reference on, folds to tune it by, and the seconds that both are foreseen to take."""

    rows: int
    folds: int
    seconds: float


def plan(recipe: Recipe, rows: int, *, least: int, seconds: float) -> Plan | None:
    """The most rows that `seconds` of work allow with folds; None where they do not allow even `least` rows."""
    while True:
        for folds in FOLDS:
            inside = (1 + len(recipe.variants)) * folds * recipe.cost(rows * (folds - 1) // folds)
            if (total := recipe.cost(rows) + inside) <= seconds:
                return Plan(rows, folds, total)
        if rows <= least:
            return None
        rows = max(least, int(rows * 0.9))


@final
@dataclass(frozen=True)
class _Fit:
    """One reference in the making, for one task and its training rows."""

    task: Task
    recipe: Recipe
    train: Split
    target: Tensor
    prior: Tensor
    primary: str
    seed: int

    def run(self, held_out: Mapping[SplitName, Split], plan: Plan) -> Fitted:
        began, task = time.perf_counter(), self.task
        sample = take(self.train, stratified_sample(self.target, plan.rows, seed=self.seed))
        tried = [self._tuned(make, sample, plan.folds) for make in (self.recipe.make, *self.recipe.variants)]
        tuned = max(tried, key=lambda result: result.level)
        predict = _fitted(task, tuned.recipe, tuned.recipe.inputs(sample.x), task.in_unit(sample.y).numpy())
        predictions = {
            name: self._predictions(
                split, name, predict(tuned.recipe.inputs(split.x)), heat_map=tuned.heat_map, share=tuned.share
            )
            for name, split in held_out.items()
        }
        return Fitted(
            reference=self._reference(predictions, tuned),
            predictions=predictions,
            out_of_fold=tuned.out_of_fold,
            rows=plan.rows,
            seconds=time.perf_counter() - began,
        )

    def _tuned(self, make: Callable[[int], Any], sample: Split, folds: int) -> _Tuned:
        """One way to make the reference, with its temperature and its share of the baseline as rows out of fold ask."""
        recipe = replace(self.recipe, make=make)
        raw, kept = _outside(self.task, recipe, sample, folds=folds, seed=self.seed)
        seen = take(sample, kept)
        heat_map = _heat(self.task, recipe, raw, seen.y)
        shares = SHARES if not self.task.numeric else (self._least_squares(raw, seen),)
        for share in (*shares, 0.0):
            predictions = self._predictions(seen, "train", raw, heat_map=heat_map, share=share)
            if share == 0 or self._beats_baseline(predictions):
                break
        level = point_scores(self.task, predictions)[self.primary]
        return _Tuned(recipe, heat_map, share, predictions, -math.inf if level is None else level)

    def _least_squares(self, raw: Array, seen: Split) -> float:
        """How far to go from the mean to what was predicted, so that squared error out of fold is least: 0 to 1."""
        center = float(self.prior)
        way, wanted = raw - center, self.task.in_unit(seen.y).double().numpy() - center
        length = float(way @ way)
        share = float(way @ wanted) / length if length > 0 else 0.0
        return 1.0 if share > NEARLY_ALL else max(share, 0.0)

    def _beats_baseline(self, predictions: Predictions) -> bool:
        """Whether it is better than the baseline by more than a standard error, and in accuracy at least as good."""
        gain = gain_over_baseline(self.task, predictions, prior=self.prior, primary=self.primary)
        if gain.value is None or gain.low is None or gain.value <= (gain.value - gain.low) / 1.959964:
            return False
        if predictions.prob is None:
            return True
        right, by_rule = (predictions.target == answer for answer in (predictions.pred, self.prior.argmax()))
        return int(right.sum()) >= int(by_rule.sum())

    def _predictions(
        self, split: Split, name: SplitName, raw: Array, *, heat_map: float | None, share: float
    ) -> Predictions:
        values, constant = torch.from_numpy(raw), self.prior.double()
        if heat_map is not None:
            values = (values / heat_map).softmax(1)
        return as_predictions(self.task, split, name, values if share == 1 else constant + share * (values - constant))

    def _reference(self, predictions: Mapping[SplitName, Predictions], tuned: _Tuned) -> Reference:
        everywhere: dict[str, Predictions] = dict(predictions.items())
        everywhere["out_of_fold"] = tuned.out_of_fold
        return Reference(
            name=self.recipe.name,
            strong=self.recipe.strong,
            linear=self.recipe.linear,
            scores={name: point_scores(self.task, result) for name, result in predictions.items()},
            out_of_fold=tuned.level if math.isfinite(tuned.level) else None,
            gain={
                name: gain_over_baseline(self.task, result, prior=self.prior, primary=self.primary)
                for name, result in everywhere.items()
            },
        )
