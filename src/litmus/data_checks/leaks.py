"""Columns that alone nearly give the target: one cheap model for each, without any library behind it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.evidence import ClassLeak, FeatureLeak
from litmus.metrics.answers import Predictions, joined
from litmus.task.base import Task

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Bins = tuple[NDArray[np.int64], NDArray[np.int64]]

MOST_BINS = 64
ROWS_A_BIN = 15
FEWEST_BETWEEN = 20
NEAREST = 2
"""Values on either side whose classes tell a row's own where ids were given class by class."""
WITHIN = 0.001
"""Weight of bins or neighbours beside a threshold: they rank the rows of a side, and it decides."""
SUSPECT = 0.8
"""Share of the way from chance to perfection from which a column is reported."""
BLANK = 0.5
"""The same of which cells of a column are missing, which should tell nothing of a class: by nature it was at most .35
of the way on 39 real tables. Of numbers it often tells much, such as no income of children."""
MOST_CLASSES, FEWEST_OF_CLASS = 20, 20
TELLS_CLASS, CLASS_AHEAD = 0.9, 0.4
"""How far a column must tell one class from all others, and how far ahead of the next best it must be, to be asked
about: as far as of a whole target (`target_leakage`)."""
MOST_TOGETHER = 5
"""Strong columns that are left out at once, if they are fewer than half of all: more of them are what the table is."""
COMES_BACK, DECIDES = 0.9, 0.99
"""Share of rows whose value of a column comes back, from which it can be seen to decide another, and of them those in
which it does. Conventions: all, but for a few."""


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
    task: Task,
    features: list[Feature],
    train: Predictions,
    val: Predictions,
    *,
    primary: str,
    folds: Codes | None = None,
) -> tuple[FeatureLeak, ...]:
    """The columns with which a one-column model gets most of the way to perfection on rows left out, best first.

    The model says the class shares, or the mean, of the value's bin in train; for numbers it is a straight line if
    that fits train better. A category's rare values share a bin. For classes it may be the shares of the values beside
    it.

    Args:
        task: Kind of target.
        features: The columns that the model sees.
        train: Rows of train; only the target counts.
        val: Rows of val; only the target counts.
        primary: Metric of the scores.
        folds: `(n,)` fold of each row of train and then of val: each is told by the other folds, so that few val rows
            do not decide by luck. None: val is told by train.
    """
    score = partial(column_score, task, train=train, val=val, primary=primary, folds=folds)
    scored = sorted(((score(feature), feature.name) for feature in features), reverse=True)
    if not scored:
        return ()
    told = val if folds is None else joined([train, val])
    chance = chance_score(task, told, primary=primary)
    suspects = [(score, name) for score, name in scored if score - chance >= SUSPECT * (1 - chance)]
    blank = () if task.numeric else _blanks(features, score, chance=chance)
    known = list(dict.fromkeys([*(name for _, name in suspects), *(name for _, name in blank)]))
    # cells that are missing by the outcome are so in many columns: their number makes none of them an input
    few = len(known) <= MOST_TOGETHER or len(blank) > 1
    together = tuple(known) if few and len(known) > 1 and 2 * len(known) < len(features) else ()
    make = partial(_leak, scored=scored, chance=chance, together=together)
    leaks = (*(replace(make(*found), blank=True) for found in blank), *(make(*found) for found in suspects))
    strong = [feature for feature in features if any(feature.name == name for _, name in suspects)]
    return tuple(replace(leak, rows=len(told.rows), decides=_decided(leak.column, strong)) for leak in leaks)


def _decided(column: str, strong: Sequence[Feature]) -> tuple[str, ...]:
    """The strong columns that a strong one decides; none where its values hardly come back, which decide all."""
    own = next((feature.train for feature in strong if feature.name == column), None)
    if own is None:
        return ()
    known, place, counts = np.unique(own, return_inverse=True, return_counts=True)
    repeated = counts[place] > 1
    if repeated.mean() < COMES_BACK:
        return ()
    first = np.unique(own, return_index=True)[1]
    return tuple(
        feature.name
        for feature in strong
        if feature.name != column
        and 1 < len(np.unique(feature.train)) < len(known)
        and np.isclose(feature.train[first][place], feature.train, rtol=0, atol=0, equal_nan=True)[repeated].mean()
        >= DECIDES
    )


def _blanks(features: list[Feature], score: Callable[[Feature], float], *, chance: float) -> list[tuple[float, str]]:
    """The columns of which the missing cells alone tell half of the answer, best first, with their scores."""
    found = []
    for feature in features:
        cells = replace(feature, train=np.isnan(feature.train) * 1.0, val=np.isnan(feature.val) * 1.0)
        if 0 < cells.train.sum() < len(cells.train) and (value := score(cells)) - chance >= BLANK * (1 - chance):
            found.append((value, feature.name))
    return sorted(found, reverse=True)


def class_leak(
    task: Task, features: list[Feature], train: Predictions, val: Predictions, *, folds: Codes | None = None
) -> ClassLeak | None:
    """The column that tells one of several classes from all others far better than any other column; None: none does.

    What is written down of one class alone, such as a figure that only the ill have, leads a part of the way to all
    classes, and so is no leak of the whole target.

    Args:
        task: Kind of target.
        features: The columns that the model sees.
        train: As of `feature_leaks`.
        val: Likewise.
        folds: Likewise.
    """
    labels = task.spec.classes
    if not 3 <= len(labels) <= MOST_CLASSES or len(features) < 2:
        return None
    ways = np.stack([_one_against_all(task, feature, train, val, folds) for feature in features])
    place = ways.argsort(0)
    ahead = np.take_along_axis(ways, place[-1:], 0)[0] - np.take_along_axis(ways, place[-2:-1], 0)[0]
    told = np.where(np.take_along_axis(ways, place[-1:], 0)[0] >= TELLS_CLASS, ahead, -1.0)
    k = int(told.argmax())
    if told[k] < CLASS_AHEAD:
        return None
    best, other = (features[int(place[j, k])] for j in (-1, -2))
    return ClassLeak(
        columns=(best.name,),
        label=labels[k],
        score=float((1 + ways[place[-1, k], k]) / 2),
        next_best=float((1 + ways[place[-2, k], k]) / 2),
        next_column=other.name,
    )


def _one_against_all(task: Task, feature: Feature, train: Predictions, val: Predictions, folds: Codes | None) -> Array:
    """`(k,)` for each class how far a one-column model tells it from all others, from 0 by chance to 1."""
    parts = [(feature, train, val)] if folds is None else _crossed(feature, train, val, folds)
    told = joined([one_column_predictions(task, *part) for part in parts])
    assert told.prob is not None  # noqa: S101 - for the type checker
    prob, k = told.prob.double().numpy(), len(task.spec.classes)
    own = np.eye(k)[told.target.numpy()]
    share = np.bincount(train.target.numpy(), minlength=k) / len(train.target)
    named = prob > share  # more likely than without the column
    counts = own.sum(0)
    found = (named * own).sum(0) / np.maximum(counts, 1)
    wrong = (named * (1 - own)).sum(0) / np.maximum(len(own) - counts, 1)
    return np.where(counts >= FEWEST_OF_CLASS, found - wrong, 0.0)


def one_column_predictions(task: Task, feature: Feature, train: Predictions, val: Predictions) -> Predictions:
    """What the one-column model says of val."""
    target = train.target.double().numpy()
    if task.numeric:
        values, means = _binned(_bins(feature), target[:, None])
        models = [(values[:, 0], means[:, 0])]
        if feature.ordered:
            models += [model for model in (_line(feature, target), _between(feature, target)) if model is not None]
        best = min(models, key=lambda model: _squares(model[0], target))
        return _predictions(val, torch.from_numpy(best[1]), None)
    onto = np.eye(len(task.spec.classes))[train.target.numpy()]
    prob = torch.from_numpy(_class_shares(feature, onto)[1])
    share = torch.from_numpy(onto.mean(0)).clamp_min(1e-12)
    # decided by the likelihood, as balanced accuracy wants it, or as grades are; scores keep the class shares in
    return _predictions(val, task.decide(prob, None)[0] if task.ordered else (prob / share).argmax(1), prob)


def column_score(
    task: Task, feature: Feature, train: Predictions, val: Predictions, *, primary: str, folds: Codes | None = None
) -> float:
    """The primary metric of a one-column model on val, or on all folds, each left out in turn; 0 where undefined."""
    parts = [(feature, train, val)] if folds is None else _crossed(feature, train, val, folds)
    predicted = joined([one_column_predictions(task, *part) for part in parts])
    value = float(task.metric(primary).compute(predicted.answers())[0])
    return value if np.isfinite(value) else 0.0


def _crossed(
    feature: Feature, train: Predictions, val: Predictions, folds: Codes
) -> list[tuple[Feature, Predictions, Predictions]]:
    """Each fold as val beside all others as train."""
    values, both, parts = np.concatenate([feature.train, feature.val]), joined([train, val]), []
    for fold in np.unique(folds):
        left_out = folds == fold
        inner, outer = (both.take(torch.from_numpy(kept)) for kept in (~left_out, left_out))
        parts.append((replace(feature, train=values[~left_out], val=values[left_out]), inner, outer))
    return parts


def chance_score(task: Task, val: Predictions, *, primary: str) -> float:
    """What a column without a word on the target scores."""
    if task.numeric:
        return 0.0
    k = len(task.spec.classes)
    share = torch.bincount(val.target, minlength=k).double() / len(val.target)
    predicted = _predictions(val, share.argmax().expand(len(val.target)), share.expand(len(val.target), k))
    value = float(task.metric(primary).compute(predicted.answers())[0])
    return value if np.isfinite(value) else 0.0


def _leak(
    score: float, name: str, *, scored: list[tuple[float, str]], chance: float, together: tuple[str, ...]
) -> FeatureLeak:
    rest = [(value, other) for value, other in scored if other != name and other not in together]
    value, other = rest[0] if rest else (chance, None)
    return FeatureLeak(column=name, score=score, next_best=value, next_column=other, together=together)


def _predictions(val: Predictions, pred: Tensor, prob: Tensor | None) -> Predictions:
    return Predictions(split=val.split, rows=val.rows, target=val.target, pred=pred, prob=prob)


def _class_shares(feature: Feature, onto: Array) -> tuple[Array, Array]:
    """Class shares `(n, k)` of each row's bin, or of the values beside it where these tell more, for train and val.

    Bins are judged by BIC (Schwarz 1978), neighbours by their likelihood of rows that are left out. Of two classes the
    bins may be the two sides of one threshold, which lies anywhere.
    """
    (least, best), beside = _judged(_bins(feature), onto), _beside(feature, onto)
    if beside is not None and (likelihood := _likelihood(beside[0], onto)) > least:
        least, best = likelihood, beside
    cut = _threshold(feature, onto) if feature.ordered and onto.shape[1] == 2 else None
    if cut is not None and (parted := _judged(cut, onto))[0] > least:
        inside, outside = ((1 - WITHIN) * side + WITHIN * rank for side, rank in zip(parted[1], best, strict=True))
        return inside, outside
    return best


def _judged(bins: Bins, onto: Array) -> tuple[float, tuple[Array, Array]]:
    """The likelihood of the class shares of bins, less what their number is penalised by, and the shares."""
    shares = _binned(bins, onto)
    size = (int(bins[0].max()) + 1) * (onto.shape[1] - 1)
    return _likelihood(shares[0], onto) - size * float(np.log(len(onto))) / 2, shares


def _threshold(feature: Feature, onto: Array) -> Bins | None:
    """Below and above the value at which two classes part best; None where nothing varies or cells are empty."""
    if not np.isfinite(feature.train).all() or not np.isfinite(feature.val).all():
        return None
    known, place = np.unique(feature.train, return_inverse=True)
    if len(known) < 2:
        return None
    counts = np.zeros((len(known), 2))
    np.add.at(counts, place, onto)
    below = counts.cumsum(0)[:-1]
    above = counts.sum(0) - below
    told = sum((side * np.log((side + 1) / (side.sum(1, keepdims=True) + 2))).sum(1) for side in (below, above))
    best = int(np.argmax(told))
    value = (known[best] + known[best + 1]) / 2
    return (feature.train > value).astype(np.int64), (feature.val > value).astype(np.int64)


def _likelihood(shares: Array, onto: Array) -> float:
    """Logarithm of the likelihood of the classes `onto` (n, k)."""
    return float(np.log(np.maximum((shares * onto).sum(1), 1e-12)).sum())


def _binned(bins: Bins, onto: Array) -> tuple[Array, Array]:
    """Mean of `onto` (n, k) in each row's bin, shrunk towards the mean of all by one row, for train and val."""
    inside, outside = bins
    count = int(max(inside.max(), outside.max())) + 1
    rows = np.bincount(inside, minlength=count)[:, None]
    sums = np.column_stack([np.bincount(inside, weights=column, minlength=count) for column in onto.T])
    means = (sums + onto.mean(0)) / (rows + 1)
    return means[inside], means[outside]


def _beside(feature: Feature, onto: Array) -> tuple[Array, Array] | None:
    """Class shares `(n, k)` of rows with the same value and the next few on either side, in train without the row.

    Bins are too coarse for numbers that were given class by class at many sites. None where values are so few that each
    has a bin.
    """
    values, others = np.nan_to_num(feature.train, nan=-np.inf), np.nan_to_num(feature.val, nan=-np.inf)
    known, place = np.unique(values, return_inverse=True)
    if not feature.ordered or len(known) <= _most_bins(len(values)):
        return None
    counts = np.zeros((len(known) + 1, onto.shape[1]))
    np.add.at(counts, place + 1, onto)
    sums = counts.cumsum(0)

    def shares(first: NDArray[np.int64], last: NDArray[np.int64], own: Array) -> Array:
        near = sums[np.minimum(last + NEAREST, len(known))] - sums[np.maximum(first - NEAREST, 0)] - own
        return np.asarray((near + onto.mean(0)) / (near.sum(1, keepdims=True) + 1))

    below, above = (np.searchsorted(known, others, side=side) for side in ("left", "right"))
    return shares(place, place + 1, onto), shares(below, above, np.zeros(onto.shape[1]))


def _most_bins(rows: int) -> int:
    return max(2, min(MOST_BINS, rows // ROWS_A_BIN))


def _bins(feature: Feature) -> Bins:
    values, others = np.nan_to_num(feature.train, nan=-np.inf), np.nan_to_num(feature.val, nan=-np.inf)
    known, counts = np.unique(values, return_counts=True)
    most = _most_bins(len(values))
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


def _between(feature: Feature, target: Array) -> tuple[Array, Array] | None:
    """What lies between the neighbouring values, in train with the value itself left out.

    Bins are too coarse for a long tail; a column that is worked out from the target leads through all of it.
    """
    if not np.isfinite(feature.train).all() or not np.isfinite(feature.val).all():
        return None
    known, place, counts = np.unique(feature.train, return_inverse=True, return_counts=True)
    if len(known) < FEWEST_BETWEEN:
        return None
    means = np.bincount(place, weights=target) / counts
    share = (known[1:-1] - known[:-2]) / (known[2:] - known[:-2])
    inner = means[:-2] + share * (means[2:] - means[:-2])
    left_out = np.concatenate([means[1:2], inner, means[-2:-1]])
    # of values that come back the other rows tell as well
    others = (means * counts)[place] - target
    alone = counts[place] == 1
    inside = np.where(alone, left_out[place], others / np.maximum(counts[place] - 1, 1))
    return inside, np.interp(feature.val, known, means)


def _squares(values: Array, target: Array) -> float:
    return float(((values - target) ** 2).mean())
