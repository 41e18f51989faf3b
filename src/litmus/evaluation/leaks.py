"""Columns that alone nearly give the target: one cheap model for each, without any library behind it."""

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.evidence import FeatureLeak
from litmus.task.base import Predictions, Task

Array = NDArray[np.float64]

MOST_BINS = 64
ROWS_A_BIN = 15
SUSPECT = 0.8
"""Share of the way from chance to perfection from which a column is reported."""


@final
@dataclass(frozen=True, kw_only=True)
class Feature:
    """One column of a table, or the columns that it was spread over.

    Args:
        name: The column's name in the source.
        train: `(n,)` values in train, codes for categories.
        val: `(m,)` values in val.
        ordered: Whether values have an order, so that neighbours may share a bin.
    """

    name: str
    train: Array
    val: Array
    ordered: bool


def feature_leaks(
    task: Task, features: list[Feature], train: Predictions, val: Predictions, *, primary: str
) -> tuple[FeatureLeak, ...]:
    """The columns with which a one-column model gets most of the way to perfection on val, best first.

    The model says the class shares, or the mean, of the value's bin in train; for numbers it is a straight line if
    that fits train better. A category's rare values share a bin.

    Args:
        task: Kind of target.
        features: The columns that the model sees.
        train: Rows of train; only the target counts.
        val: Rows of val; only the target counts.
        primary: Metric of the scores.
    """
    scored = sorted(
        ((_score(task, feature, train, val, primary=primary), feature.name) for feature in features), reverse=True
    )
    if not scored:
        return ()
    chance = 0.0 if task.kind == "regression" else _chance(task, val, primary=primary)
    suspects = [(score, name) for score, name in scored if score - chance >= SUSPECT * (1 - chance)]
    return tuple(_leak(score, name, scored, chance=chance) for score, name in suspects)


def one_column_predictions(task: Task, feature: Feature, train: Predictions, val: Predictions) -> Predictions:
    """What the one-column model says of val."""
    target = train.target.double().numpy()
    if task.kind == "regression":
        values, means = _binned(feature, target[:, None])
        line = _line(feature, target) if feature.ordered else None
        better = line is not None and _squares(line[0], target) < _squares(values[:, 0], target)
        return _predictions(val, torch.from_numpy(line[1] if better and line else means[:, 0]), None)
    onto = np.eye(len(task.spec.classes))[train.target.numpy()]
    prob = torch.from_numpy(_binned(feature, onto)[1])
    share = torch.from_numpy(onto.mean(0)).clamp_min(1e-12)
    # decided by the likelihood, as balanced accuracy wants it; scores keep the class shares in
    return _predictions(val, (prob / share).argmax(1), prob)


def _score(task: Task, feature: Feature, train: Predictions, val: Predictions, *, primary: str) -> float:
    said = one_column_predictions(task, feature, train, val)
    value = float(task.metric(primary).compute(said.answers())[0])
    return value if np.isfinite(value) else 0.0


def _chance(task: Task, val: Predictions, *, primary: str) -> float:
    """What a column without a word on the target scores."""
    k = len(task.spec.classes)
    share = torch.bincount(val.target, minlength=k).double() / len(val.target)
    said = _predictions(val, share.argmax().expand(len(val.target)), share.expand(len(val.target), k))
    value = float(task.metric(primary).compute(said.answers())[0])
    return value if np.isfinite(value) else 0.0


def _leak(score: float, name: str, scored: list[tuple[float, str]], *, chance: float) -> FeatureLeak:
    rest = [(value, other) for value, other in scored if other != name]
    value, other = rest[0] if rest else (chance, None)
    return FeatureLeak(column=name, score=score, next_best=value, next_column=other)


def _predictions(val: Predictions, pred: Tensor, prob: Tensor | None) -> Predictions:
    return Predictions(split=val.split, rows=val.rows, target=val.target, pred=pred, prob=prob)


def _binned(feature: Feature, onto: Array) -> tuple[Array, Array]:
    """Mean of `onto` (n, k) in each row's bin, shrunk towards the mean of all by one row, for train and val."""
    inside, outside = _bins(feature)
    count = int(max(inside.max(), outside.max())) + 1
    rows = np.bincount(inside, minlength=count)[:, None]
    sums = np.column_stack([np.bincount(inside, weights=column, minlength=count) for column in onto.T])
    means = (sums + onto.mean(0)) / (rows + 1)
    return means[inside], means[outside]


def _bins(feature: Feature) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    values, others = np.nan_to_num(feature.train, nan=-np.inf), np.nan_to_num(feature.val, nan=-np.inf)
    known, counts = np.unique(values, return_counts=True)
    most = max(2, min(MOST_BINS, len(values) // ROWS_A_BIN))
    if feature.ordered and len(known) > most:
        cuts = np.unique(np.quantile(values, np.linspace(0, 1, most + 1)[1:-1], method="nearest"))
        return np.searchsorted(cuts, values), np.searchsorted(cuts, others)
    place = np.searchsorted(known, values)
    found = np.minimum(np.searchsorted(known, others), len(known) - 1)
    strange = known[found] != others
    if not feature.ordered:
        rare = counts < 3
        place, found = np.where(rare[place], len(known), place), np.where(rare[found] | strange, len(known), found)
    return place.astype(np.int64), found.astype(np.int64)


def _line(feature: Feature, target: Array) -> tuple[Array, Array] | None:
    """A straight line's values in train and val; None where it cannot be drawn."""
    x, others = feature.train, feature.val
    if not np.isfinite(x).all() or not np.isfinite(others).all() or x.std() == 0:
        return None
    centre, scale = x.mean(), x.std()
    slope = float(((x - centre) / scale) @ (target - target.mean())) / len(x)
    return target.mean() + slope * (x - centre) / scale, target.mean() + slope * (others - centre) / scale


def _squares(values: Array, target: Array) -> float:
    return float(((values - target) ** 2).mean())
