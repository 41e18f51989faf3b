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
    told = _told_apart(spec, x, origin, group, seed)
    area = delong(told, origin)
    wider = 1.0 if group is None else math.sqrt(counted_once(group, alikeness(torch.from_numpy(told), group)))
    columns = _carriers(spec, x, origin) if spec.input == "table" else ()
    return Shift(
        split=name,
        auroc=Estimate(
            value=area.value,
            low=max(0.0, area.value - wider * (area.value - area.low)),
            high=min(1.0, area.value + wider * (area.high - area.value)),
        ),
        label_difference=label_difference(train, held_out, classes=len(spec.classes)),
        columns=columns,
    )


def label_difference(train: Split, held_out: Split, *, classes: int) -> Estimate:
    """Largest difference of a class's share; of numbers, of the share below any one value.

    The interval holds for the largest of all at once: Bonferroni over classes, Massart's bound over values. Rows of one
    group count for as many independent ones as their labels show.

    Source: Newcombe 1998, method 10 (by Wilson's bounds); Massart 1990 (distribution functions).
    """
    ours, theirs = train.y, held_out.y
    if not classes:
        first, second = ours.double().sort().values, theirs.double().sort().values
        every = torch.cat([first, second])
        below = [torch.searchsorted(side, every, right=True) / len(side) for side in (first, second)]
        gap = (below[0] - below[1]).abs()
        value, cut = float(gap.max()), every[int(gap.argmax())]
        n, m = _independent(train, held_out, torch.cat([ours, theirs]).double() <= cut)
        reach = math.sqrt(math.log(2 / 0.05) / 2 * (1 / n + 1 / m))
        return Estimate(value=value, low=max(0.0, value - reach), high=min(1.0, value + reach))
    shares = [side.bincount(minlength=classes).double() / len(side) for side in (ours, theirs)]
    largest = int((shares[0] - shares[1]).abs().argmax())
    p, q = float(shares[0][largest]), float(shares[1][largest])
    n, m = _independent(train, held_out, torch.cat([ours, theirs]) == largest)
    (p, n), (q, m) = sorted([(p, n), (q, m)], reverse=True)
    level = 1 - 0.05 / max(1, classes - 1)
    ours_in, theirs_in = wilson(p * n, n, level=level), wilson(q * m, m, level=level)
    low = p - q - math.hypot(p - ours_in.low, theirs_in.high - q)
    high = p - q + math.hypot(ours_in.high - p, q - theirs_in.low)
    return Estimate(value=p - q, low=max(0.0, low), high=min(1.0, high))


def _independent(train: Split, held_out: Split, values: Tensor) -> tuple[float, float]:
    """For how many independent rows those of each split count, by the values `(n + m,)` of both."""
    if train.group is None or held_out.group is None:
        return float(len(train)), float(len(held_out))
    alike = alikeness(values, torch.cat([train.group, held_out.group]))
    return len(train) / counted_once(train.group, alike), len(held_out) / counted_once(held_out.group, alike)


def alikeness(values: Tensor, group: Tensor) -> float:
    """Intraclass correlation of values `(n,)`: 0 where rows of a group are no more alike than others, 1 where equal.

    Source: Fisher 1925, by the analysis of variance.

    >>> alikeness(torch.tensor([1.0, 1.0, 0.0, 0.0]), torch.tensor([0, 0, 1, 1]))
    1.0
    """
    codes, sizes = group.unique(return_inverse=True, return_counts=True)[1:]
    n, k, x = len(values), len(sizes), values.double() - values.double().mean()
    if k in {1, n}:
        return float(k == 1)
    means = torch.zeros(k, dtype=torch.float64).index_add(0, codes, x) / sizes
    between = float((sizes * means**2).sum()) / (k - 1)
    within = float(((x - means[codes]) ** 2).sum()) / (n - k)
    typical = (n - float((sizes.double() ** 2).sum()) / n) / (k - 1)
    spread = between + (typical - 1) * within
    return max(0.0, (between - within) / spread) if spread > 0 else 0.0


def counted_once(group: Tensor, alike: float) -> float:
    """How many rows count for one independent row.

    Source: the design effect of Kish 1965, for groups of unequal sizes.

    >>> counted_once(torch.tensor([0, 0, 1, 1]), 1.0)
    2.0
    """
    sizes = group.unique(return_counts=True)[1].double()
    return 1 + (float((sizes**2).sum() / sizes.sum()) - 1) * alike


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
