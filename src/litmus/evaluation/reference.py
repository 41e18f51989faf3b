"""Reference models: what established methods make of the same rows, which tells a poor setting from poor data."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.base import Split, SplitName
from litmus.evaluation.calibration import fit_temperature
from litmus.evaluation.estimator import Recipe, quietly, recipes
from litmus.evaluation.score import gain_over_trivial, point_scores, primary_metric, trivial_rule
from litmus.evidence import Reference
from litmus.task.base import Predictions, Task

Array = NDArray[np.float64]

FEWEST_ROWS = 10
FOLDS = (5, 3)
WARM = 0.4
"""Temperature of margins where no out-of-fold rows tell it."""


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
    seconds: float = 8.0,
    primary: str | None = None,
) -> list[Fitted]:
    """The trivial rule, then established models, fitted on the training rows.

    A method that would take too long is fitted on a stratified sample of the training rows, the size of which
    follows from rows, columns and classes alone: the same data and seed give the same references.

    Args:
        task: Kind of target; its spec says what kind of data.
        splits: train, and the splits to be scored; test only when it may be read.
        seed: Of samples, folds and methods.
        seconds: About what all of them may take on one core.
        primary: Primary metric; None: the one that the training shares ask for.
    """
    train = splits["train"]
    target = task.in_unit(train.y)
    trivial = task.trivial(target)
    primary = primary or primary_metric(task.kind, None if task.kind == "regression" else float(trivial.max()))
    held_out: dict[SplitName, Split] = {name: split for name, split in splits.items() if name != "train"}
    fitted = [_trivial(task, held_out, trivial=trivial, rows=len(train))]
    if len(train) < FEWEST_ROWS:
        return fitted
    made = recipes(task.spec, seed=seed)
    with quietly():
        fitted += [
            _Fit(task, recipe, train, target, trivial, primary, seed).run(held_out, seconds / len(made))
            for recipe in made
        ]
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


def _trivial(task: Task, held_out: Mapping[SplitName, Split], *, trivial: Tensor, rows: int) -> Fitted:
    said = {
        name: trivial_rule(as_predictions(task, split, name, torch.zeros(len(split), *_width(task))), trivial)
        for name, split in held_out.items()
    }
    return Fitted(
        reference=Reference(
            name="mean" if task.kind == "regression" else "majority",
            scores={name: point_scores(task, one) for name, one in said.items()},
        ),
        predictions=said,
        rows=rows,
    )


def as_predictions(task: Task, split: Split, name: SplitName, raw: Tensor) -> Predictions:
    """What `raw` says of a split: probabilities `(n, classes)`, or values `(n,)` in the target's unit."""
    pred, prob = (raw, None) if task.kind == "regression" else task.decide(raw, None)
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


def out_of_fold(task: Task, recipe: Recipe, sample: Split, *, folds: int, seed: int, part: float = 1.0) -> Predictions:
    """What a reference says of each row when fitted without its fold, on `part` of the other rows."""
    raw = _outside(task, recipe, sample, folds=folds, seed=seed, part=part)
    return _told(task, sample, "train", raw, heat=_heat(task, recipe, raw, sample.y))


def _outside(task: Task, recipe: Recipe, sample: Split, *, folds: int, seed: int, part: float = 1.0) -> Array:
    target, inputs = task.in_unit(sample.y), recipe.inputs(sample.x)
    fold = fold_codes(target, folds=folds, seed=seed, group=sample.group, time=sample.time)
    raw = np.zeros((len(target), *_width(task)))
    for k in fold.unique():
        inside = torch.nonzero(fold != k).flatten()
        inside = inside[stratified_sample(target[inside], round(part * len(inside)), seed=seed)]
        outside = torch.nonzero(fold == k).flatten().numpy()
        if len(inside):
            raw[outside] = _fitted(task, recipe, inputs[inside.numpy()], target[inside].numpy())(inputs[outside])
    return raw


def _fitted(task: Task, recipe: Recipe, inputs: Any, target: NDArray[Any]) -> Callable[[Any], Array]:
    """From inputs to values `(n,)`, or to probabilities or margins `(n, classes)`; a class not seen gets the least."""
    if task.kind == "regression":
        number = recipe.make(len(target)).fit(inputs, target)
        return lambda others: np.asarray(number.predict(others), dtype=np.float64)
    seen = np.unique(target)
    if len(seen) < 2:
        return lambda others: np.tile(np.eye(len(task.spec.classes))[seen[0]], (others.shape[0], 1))
    classifier = recipe.make(len(target)).fit(inputs, target)

    def say(others: Any) -> Array:
        said = classifier.decision_function(others) if recipe.margins else classifier.predict_proba(others)
        if said.ndim == 1:
            said = np.column_stack([np.zeros(len(said)), said])
        whole = np.full((len(said), *_width(task)), said.min() - 10.0 if recipe.margins else 0.0)
        whole[:, seen] = said
        return whole

    return say


def _width(task: Task) -> tuple[int, ...]:
    return () if task.kind == "regression" else (len(task.spec.classes),)


def _heat(task: Task, recipe: Recipe, raw: Array | None, codes: Tensor) -> float | None:
    """Temperature that turns margins into probabilities; None for what is no margin."""
    if not recipe.margins or task.kind == "regression":
        return None
    return WARM if raw is None else fit_temperature(torch.from_numpy(raw), codes)


def _told(task: Task, split: Split, name: SplitName, raw: Array, *, heat: float | None) -> Predictions:
    said = torch.from_numpy(raw)
    return as_predictions(task, split, name, said if heat is None else (said / heat).softmax(1))


@final
@dataclass(frozen=True)
class _Fit:
    """One reference in the making, for one task and its training rows."""

    task: Task
    recipe: Recipe
    train: Split
    target: Tensor
    trivial: Tensor
    primary: str
    seed: int

    def run(self, held_out: Mapping[SplitName, Split], allowance: float) -> Fitted:
        began, task, recipe = time.perf_counter(), self.task, self.recipe
        rows, folds = _afford(recipe, len(self.train), allowance)
        sample = take(self.train, stratified_sample(self.target, rows, seed=self.seed))
        outside = _outside(task, recipe, sample, folds=folds, seed=self.seed) if folds else None
        heat = _heat(task, recipe, outside, sample.y)
        say = _fitted(task, recipe, recipe.inputs(sample.x), task.in_unit(sample.y).numpy())
        said = {
            name: _told(task, split, name, say(recipe.inputs(split.x)), heat=heat) for name, split in held_out.items()
        }
        unseen = None if outside is None else _told(task, sample, "train", outside, heat=heat)
        return Fitted(
            reference=self._reference(said, unseen),
            predictions=said,
            out_of_fold=unseen,
            rows=rows,
            seconds=time.perf_counter() - began,
        )

    def _reference(self, said: Mapping[SplitName, Predictions], unseen: Predictions | None) -> Reference:
        gains: dict[str, Predictions] = {**said}  # type: ignore[dict-item]  # split names are text
        if unseen is not None:
            gains["out_of_fold"] = unseen
        return Reference(
            name=self.recipe.name,
            strong=self.recipe.strong,
            linear=self.recipe.linear,
            scores={name: point_scores(self.task, one) for name, one in said.items()},
            out_of_fold=None if unseen is None else point_scores(self.task, unseen)[self.primary],
            gain={
                name: gain_over_trivial(self.task, one, trivial=self.trivial, primary=self.primary)
                for name, one in gains.items()
            },
        )


def _afford(recipe: Recipe, rows: int, allowance: float) -> tuple[int, int]:
    """Rows to fit on, and folds (0: none), that fit into `allowance` seconds; half of it is left for the folds."""
    while rows > FEWEST_ROWS and recipe.cost(rows) > allowance / 2:
        rows = int(rows * 0.9)
    folds = [k for k in FOLDS if (1 + (k - 1) ** 2 / k) * recipe.cost(rows) <= allowance * 1.5]
    return rows, folds[0] if folds else 0
