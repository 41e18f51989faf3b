"""How far a change moved the primary metric, with an interval that owns up to seeds, rows and the choice among many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from litmus.evidence import Estimate
from litmus.metrics.answers import Predictions
from litmus.metrics.sample import Sample
from litmus.scoring.difference import difference
from litmus.statistics import block_mean_interval
from litmus.statistics.intervals import normal_quantile

ERROR = 0.05  # two-sided: what does nothing is taken for a gain in half of that at most


@final
@dataclass(frozen=True)
class Shot:
    """What one small training gave.

    Args:
        value: Primary metric on val; of all three more is better.
        predicted: Predictions on val.
        monitored: Best monitored value.
        epochs: Epochs that it took.
        finished: Whether it came to its own end.
        outputs: Of the model on val, `(n, outputs)`, before any decision; None: not kept.
    """

    value: float
    predicted: Predictions
    monitored: float
    epochs: int
    finished: bool
    outputs: Tensor | None = None


@final
@dataclass(frozen=True)
class Compared:
    """The unchanged arm and the changed one on one split.

    Args:
        before: Trainings of the unchanged arm, a seed each; or one, of what the mean of their networks gives.
        after: The same of the changed arm, the same seeds.
        gains: What each seed gained, as a share of what all gained where `before` and `after` are means of networks.
    """

    before: Sequence[Shot]
    after: Sequence[Shot]
    gains: Sequence[float]

    @property
    def gain(self) -> float:
        """After minus before, on average."""
        pairs = zip(self.before, self.after, strict=True)
        return sum(after.value - before.value for before, after in pairs) / len(self.before)


def paired(before: Sequence[Shot], after: Sequence[Shot]) -> Compared:
    """Two arms of the same seeds, whose trainings are compared one by one."""
    return Compared(before, after, [b.value - a.value for a, b in zip(before, after, strict=True)])


def of_means(before: Shot, after: Shot, single: Compared) -> Compared:
    """Two means of networks, whose gain is as sure over seeds as that of the single networks.

    A mean gains less than its networks do, and varies less in proportion: the spread of their gains is scaled as their
    mean is. Where single networks gain nothing, it is kept.

    Args:
        before: What the mean of the unchanged arm's networks gives.
        after: The same of the changed arm.
        single: Those networks, one by one.
    """
    gain = after.value - before.value
    if single.gain > 0:
        return Compared([before], [after], [own * gain / single.gain for own in single.gains])
    return Compared([before], [after], [own + gain - single.gain for own in single.gains])


def compare(splits: Sequence[Compared], metric: str, *, screened: int = 1, confirmed: int = 1) -> Estimate:
    """After minus before, over paired seeds on one split or several: the mean of what each split gives.

    Two things vary: the seed, of which these are a sample, and the rows of val, which are the same for every seed of a
    split and on which, in the first split, the change was chosen among others. The first gives a t interval over fresh
    seeds within splits; the second each split's paired interval over rows of what the seeds gave on average, in the
    first at a level that allows for the choice. They add up in quadrature; no row is in two vals.

    Args:
        splits: The run's own first.
        metric: Primary metric.
        screened: How many changes this one was chosen from, on the first split's rows.
        confirmed: How many changes are compared on fresh seeds.

    Source: Student (1908), on differences within blocks; Bonferroni's inequality, for both kinds of choice.
    """
    mean = sum(split.gain for split in splits) / len(splits)
    over_seeds = block_mean_interval([split.gains for split in splits], level=1 - ERROR / max(confirmed, 1))
    stretch = normal_quantile(1 - ERROR / max(screened, 1)) / normal_quantile(1 - ERROR)
    over_rows = [
        (1.0 if place else stretch) * _over_rows(split.before, split.after, metric) / len(splits)
        for place, split in enumerate(splits)
    ]
    half = (((over_seeds.high - over_seeds.low) / 2) ** 2 + sum(part**2 for part in over_rows)) ** 0.5
    return Estimate(value=mean, low=mean - half, high=mean + half)


def _over_rows(before: Sequence[Shot], after: Sequence[Shot], metric: str) -> float:
    """Half the 95 % interval over the rows of val of the mean difference of these seeds; 0 where the rows differ."""
    predicted = [(a.predicted, b.predicted) for a, b in zip(before, after, strict=True)]
    if not all(len(a.rows) == len(b.rows) and bool((a.rows == b.rows).all()) for a, b in predicted):
        return 0.0  # the change draws other rows into val
    if metric not in {"r2", "mae_skill", "balanced_accuracy"}:
        halves = [_half(difference(b, a, metric)) for a, b in predicted]
        return sum(halves) / len(halves)
    first = predicted[0][0]
    parts = _centred(torch.stack([_parts(b, metric) - _parts(a, metric) for a, b in predicted]).mean(0), first, metric)
    if first.time is not None and first.group is None:
        parts = parts[first.time.argsort(stable=True)]
    found = Sample.of(first).paired_mean_interval(parts)
    # on a few rows where nothing differs some doubt is left: as if one row in each direction did
    return max(float(found.high - found.low) / 2, float(normal_quantile(1 - ERROR)) * _doubt(first, metric))


def _half(found: Estimate) -> float:
    return 0.0 if found.low is None or found.high is None else (found.high - found.low) / 2


def _parts(predicted: Predictions, metric: str) -> Tensor:
    """What each row `(n,)` adds to the metric, so that the mean over rows is the metric but for a constant."""
    if metric == "r2":
        variance = predicted.target.double().var(correction=0).clamp_min(torch.finfo(torch.float64).tiny)
        lost: Tensor = (predicted.pred.double() - predicted.target.double()) ** 2 / variance
        return -lost
    if metric == "mae_skill":
        missed: Tensor = (predicted.pred.double() - predicted.target.double()).abs() / _mean_distance(predicted)
        return -missed
    codes, place, counts = predicted.target.unique(return_inverse=True, return_counts=True)
    share: Tensor = len(predicted.target) / (len(codes) * counts[place].double())
    right: Tensor = (predicted.pred == predicted.target).double() * share
    return right


def absolute_skill(predicted: Predictions) -> float:
    """1 for a perfect model, 0 for one whose mean absolute error is that of the mean of these rows."""
    return 1 - float((predicted.pred.double() - predicted.target.double()).abs().mean() / _mean_distance(predicted))


def _mean_distance(predicted: Predictions) -> Tensor:
    """Mean distance of the target from its mean, in its unit."""
    target = predicted.target.double()
    distance: Tensor = (target - target.mean()).abs().mean().clamp_min(torch.finfo(torch.float64).tiny)
    return distance


def _centred(parts: Tensor, predicted: Predictions, metric: str) -> Tensor:
    """Each row's influence `(n,)` on the metric: without what its share of the variance, or its class, has anyway.

    Source: the infinitesimal jackknife of a ratio and of a mean over classes (Efron and Tibshirani 1993, section 22).
    """
    if metric == "mae_skill":
        return parts
    if metric == "r2":
        squares = (predicted.target.double() - predicted.target.double().mean()) ** 2
        return parts - parts.mean() * squares / squares.mean().clamp_min(torch.finfo(torch.float64).tiny)
    place = predicted.target.unique(return_inverse=True)[1]
    sums = torch.zeros(int(place.max()) + 1, dtype=torch.float64).index_add(0, place, parts)
    own: Tensor = (sums / place.bincount())[place]
    return parts - own


def _doubt(predicted: Predictions, metric: str) -> float:
    """Standard error of balanced accuracy where half a row of each class changes sides."""
    if metric in {"r2", "mae_skill"}:
        return 0.0
    counts = predicted.target.unique(return_counts=True)[1].double()
    return float((0.5 / counts**2).sum().sqrt() / len(counts))
