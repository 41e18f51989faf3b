"""Whether held-out rows are of another kind than the training rows."""

import math
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.tensors import Split
from litmus.evidence import Estimate, Shift
from litmus.references.estimator import BESIDE, quietly, recipes
from litmus.references.reference import fold_codes, stratified_sample
from litmus.statistics.intervals import wilson
from litmus.statistics.ranking import delong
from litmus.task.spec import DataSpec

Array = NDArray[np.float64]

MOST_ROWS = 3000
FOLDS = 3
TELLING = 0.55
"""Lower bound of a column's own AUROC from which it is said to carry the shift."""
MOST_COLUMNS = 5


def split_shift(spec: DataSpec, train: Split, held_out: Split, *, name: str, seed: int) -> Shift | None:
    """How well a classifier tells held-out from training rows, and how far their targets differ.

    The classifier is scored out of fold on rows that it has not seen, whole groups apart, so that it has to tell the
    two kinds and not the rows. None with fewer than ten rows on a side.

    Args:
        spec: Facts of the data.
        train: Training rows.
        held_out: The others.
        name: Their split.
        seed: Of samples and folds.

    Source: Lopez-Paz and Oquab 2017 (classifier two-sample tests).
    """
    if min(len(train), len(held_out)) < 10:
        return None
    x, origin, group = _mixed(train, held_out, seed)
    area = delong(_told_apart(spec, x, origin, group, seed), origin)
    columns = _carriers(spec, x, origin) if spec.input == "table" else ()
    return Shift(
        split=name,
        auroc=Estimate(value=area.value, low=area.low, high=area.high),
        label_difference=label_difference(train.y, held_out.y, classes=len(spec.classes)),
        columns=columns,
    )


def label_difference(train: Tensor, held_out: Tensor, *, classes: int) -> Estimate:
    """Largest difference of a class's share; of numbers, of the share below any one value.

    The interval holds for the largest of all at once: Bonferroni over classes, Massart's bound over values.

    Source: Newcombe 1998, method 10 (by Wilson's bounds); Massart 1990 (distribution functions).
    """
    n, m = len(train), len(held_out)
    if not classes:
        ours, theirs = train.double().sort().values, held_out.double().sort().values
        every = torch.cat([ours, theirs])
        gap = torch.searchsorted(ours, every, right=True) / n - torch.searchsorted(theirs, every, right=True) / m
        value = float(gap.abs().max())
        reach = math.sqrt(math.log(2 / 0.05) / 2 * (1 / n + 1 / m))
        return Estimate(value=value, low=max(0.0, value - reach), high=min(1.0, value + reach))
    shares = [side.bincount(minlength=classes).double() / len(side) for side in (train, held_out)]
    largest = int((shares[0] - shares[1]).abs().argmax())
    p, q = float(shares[0][largest]), float(shares[1][largest])
    (p, n), (q, m) = sorted([(p, n), (q, m)], reverse=True)
    level = 1 - 0.05 / max(1, classes - 1)
    ours_in, theirs_in = wilson(p * n, n, level=level), wilson(q * m, m, level=level)
    low = p - q - math.hypot(p - ours_in.low, theirs_in.high - q)
    high = p - q + math.hypot(ours_in.high - p, q - theirs_in.low)
    return Estimate(value=p - q, low=max(0.0, low), high=min(1.0, high))


def _mixed(train: Split, held_out: Split, seed: int) -> tuple[Tensor, Tensor, Tensor | None]:
    """Inputs of a sample of both, which of the two each row is from (0 train, 1 held out), and groups."""
    origin = torch.cat([torch.zeros(len(train)), torch.ones(len(held_out))]).long()
    kept = stratified_sample(origin, MOST_ROWS, seed=seed)
    groups = None
    if train.group is not None and held_out.group is not None:
        groups = torch.cat([train.group, held_out.group])[kept]
    return torch.cat([train.x, held_out.x])[kept], origin[kept], groups


def _told_apart(spec: DataSpec, x: Tensor, origin: Tensor, group: Tensor | None, seed: int) -> Array:
    """Out-of-fold probability of being held out."""
    recipe = next(
        option
        for option in recipes(replace(spec, task="binary", classes=("train", "held_out")), seed=seed)
        if option.name not in BESIDE and (spec.input != "table" or not option.linear)
    )
    inputs, codes = recipe.inputs(x), origin.numpy()
    fold = fold_codes(origin, folds=FOLDS, seed=seed, group=group).numpy()
    predicted = np.full(len(codes), codes.mean())
    with quietly():
        for k in np.unique(fold):
            inside = fold != k
            if len(np.unique(codes[inside])) == 2:
                estimator = recipe.make(int(inside.sum())).fit(inputs[inside], codes[inside])
                predicted[~inside] = estimator.predict_proba(inputs[~inside])[:, 1]
    return predicted


def _carriers(spec: DataSpec, x: Tensor, origin: Tensor) -> tuple[str, ...]:
    """The columns that alone tell most, by the lower bound of their AUROC, Bonferroni over columns."""
    level = 1 - 0.05 / max(1, x.shape[1])
    found = []
    for j, column in enumerate(spec.features[: x.shape[1]]):
        values = x[:, j].double()
        area = max(
            (delong(side * values, origin, level=level) for side in (1, -1)), key=lambda interval: interval.value
        )
        if area.low > TELLING:
            found.append((area.low, column))
    return tuple(column for _, column in sorted(found, reverse=True)[:MOST_COLUMNS])
