"""Where a model fails: its worst rows, segments on which it does clearly worse, and the columns that it leans on."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.columns.kinds import count_levels
from litmus.data_checks.column_facts import belongs
from litmus.evidence import Estimate, Segment
from litmus.metrics import lower_is_better
from litmus.metrics.answers import Predictions
from litmus.scoring.difference import difference
from litmus.statistics.family import holm
from litmus.task.base import Task
from litmus.task.spec import DataSpec

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

WORST = 10
FEWEST_ROWS = 20
"""Rows that a segment needs at least, and its rest."""
LEVEL = 0.05
FLOOR = 0.1
"""Least difference that is worth a word: of accuracy or recall, and of the absolute error as a share of the rest's."""
MOST_LEVELS = 20
QUARTERS = 4
MOST_PERMUTED = 5000
MOST_COLUMNS = 30
FEW_ROWS = 500


def worst_rows(
    predictions: Predictions, classes: tuple[str, ...], *, most: int = WORST
) -> tuple[Mapping[str, Any], ...]:
    """The rows on which the model is most surely wrong, or farthest off, worst first.

    Each is a mapping of plain values: row (the source's number), target, pred, and prob (of the true class) or error.
    """
    if predictions.prob is None:
        error = (predictions.pred.double() - predictions.target.double()).abs()
        return tuple(
            {
                "row": int(predictions.rows[i]),
                "target": float(predictions.target[i]),
                "pred": float(predictions.pred[i]),
                "error": float(error[i]),
            }
            for i in error.argsort(descending=True, stable=True)[:most].tolist()
            if error[i] > 0
        )
    true = predictions.prob.gather(1, predictions.target.unsqueeze(1)).squeeze(1)
    wrong = predictions.pred != predictions.target
    order = torch.where(wrong, true, true + 2).argsort(stable=True)[: min(most, int(wrong.sum()))]
    return tuple(
        {
            "row": int(predictions.rows[i]),
            "target": classes[int(predictions.target[i])],
            "pred": classes[int(predictions.pred[i])],
            "prob": float(true[i]),
        }
        for i in order.tolist()
    )


def weak_segments(task: Task, predictions: Predictions, columns: pl.DataFrame) -> tuple[Segment, ...]:
    """Segments on which the model is clearly worse than on the other rows, worst first.

    Segments are the values of a category or boolean and the quarters of a number, each with at least 20 rows and as
    many others. Compared are accuracy, in binary tasks also the positive class's recall, and of numbers the mean
    absolute error; all comparisons together are wrong in at most 5 % of tables (Holm), and small differences are
    left out.

    Args:
        task: Kind of target.
        predictions: Of the split.
        columns: The split's input columns, raw, in the order of the predictions.

    Source: Welch 1947; Agresti and Caffo 2000 (a row more of either kind); Holm 1979.
    """
    found = [
        (p, segment)
        for where, inside in _segments(columns)
        for p, segment in _comparisons(task, predictions, where, inside)
    ]
    clear = holm([p for p, _ in found]) <= LEVEL
    weak = [segment for (_, segment), sure in zip(found, clear, strict=True) if sure and _large(segment)]
    return tuple(sorted(weak, key=lambda segment: -abs(segment.value - segment.rest)))


def permutation_importance(
    predict: Callable[[Tensor], Predictions],
    x: Tensor,
    spec: DataSpec,
    *,
    columns: Sequence[str],
    metric: str,
    seed: int,
) -> dict[str, Estimate]:
    """What the metric loses when one column's values are shuffled among the rows, largest loss first.

    The loss is paired over the rows, at most 5,000 of them; of more than 30 columns those count whose shuffling changes
    most predictions of 500 rows. Positive is always a loss, whichever way is good.

    Args:
        predict: From inputs `(n, features)` of the first n rows of `x` to what the model says of them.
        x: Encoded inputs of a split.
        spec: Names of the features.
        columns: Names of the table's columns; the features that belong to one are shuffled together.
        metric: Metric of the loss.
        seed: Of the shuffles.

    Source: Breiman 2001, section 10; Fisher, Rudin and Dominici 2019 (model reliance).
    """
    x = x[:MOST_PERMUTED]
    parts = {name: [j for j, feature in enumerate(spec.features) if belongs(feature, name)] for name in columns}
    parts = {name: inside for name, inside in parts.items() if inside}
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(x)))
    if len(parts) > MOST_COLUMNS:
        parts = _most_felt(predict, x[:FEW_ROWS], parts, seed)
    whole = predict(x)
    lower = lower_is_better(metric)
    found = {}
    for name, inside in parts.items():
        loss = difference(whole, predict(_shuffled(x, inside, order)), metric)
        found[name] = _flipped(loss) if lower else loss
    return dict(sorted(found.items(), key=lambda pair: -(pair[1].value or 0.0)))


def _most_felt(
    predict: Callable[[Tensor], Predictions], x: Tensor, parts: Mapping[str, list[int]], seed: int
) -> dict[str, list[int]]:
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(x)))
    whole = _answer(predict(x))
    moved = {
        name: float((_answer(predict(_shuffled(x, inside, order))) - whole).abs().mean())
        for name, inside in parts.items()
    }
    kept = sorted(moved, key=lambda name: -moved[name])[:MOST_COLUMNS]
    return {name: parts[name] for name in kept}


def _answer(predicted: Predictions) -> Tensor:
    return predicted.pred.double() if predicted.prob is None else predicted.prob


def _shuffled(x: Tensor, columns: list[int], order: Tensor) -> Tensor:
    other = x.clone()
    other[:, columns] = x[order][:, columns]
    return other


def _flipped(loss: Estimate) -> Estimate:
    if loss.value is None or loss.low is None or loss.high is None:
        return loss
    return Estimate(value=-loss.value, low=-loss.high, high=-loss.low)


def _segments(columns: pl.DataFrame) -> Iterator[tuple[str, Flags]]:
    """Descriptions of segments with the rows that belong to them."""
    for series in columns:
        name = series.name
        if isinstance(series.dtype, pl.Categorical | pl.Enum | pl.Boolean | pl.String):
            text = series.cast(pl.String)
            for level in count_levels(text.drop_nulls())["level"].to_list()[:MOST_LEVELS]:
                yield f"{name}={level}", (text == level).fill_null(value=False).to_numpy()
        elif series.dtype.is_numeric():
            yield from _quarters(name, series.cast(pl.Float64).to_numpy())
        if series.null_count():
            yield f"{name} missing", series.is_null().to_numpy()


def _quarters(name: str, values: Array) -> Iterator[tuple[str, Flags]]:
    known = values[np.isfinite(values)]
    if len(known) < QUARTERS * FEWEST_ROWS:
        return
    cuts = np.unique(np.quantile(known, np.linspace(0, 1, QUARTERS + 1)))
    for low, high in pairwise(cuts):
        last = high == cuts[-1]
        inside = (values >= low) & ((values <= high) if last else (values < high))
        yield f"{low:.4g} <= {name} {'<=' if last else '<'} {high:.4g}", inside


def _comparisons(task: Task, predicted: Predictions, where: str, inside: Flags) -> Iterator[tuple[float, Segment]]:
    """One-sided p-values that a segment is worse than the rest."""
    if predicted.prob is None:
        error = (predicted.pred.double() - predicted.target.double()).abs().numpy()
        yield from _compared(where, "mae", error, inside, np.ones(len(error), dtype=bool), sign=-1)
        return
    right, target = (predicted.pred == predicted.target).numpy().astype(float), predicted.target.numpy()
    yield from _compared(where, "accuracy", right, inside, np.ones(len(right), dtype=bool), sign=1)
    if task.has_positive:
        yield from _compared(where, "recall", right, inside, target == 1, sign=1)


def _compared(
    where: str, metric: str, values: Array, inside: Flags, counted: Flags, *, sign: int
) -> Iterator[tuple[float, Segment]]:
    """Welch's test with shares kept off 0 and 1 by one row, so that a perfect rest has a spread too."""
    ours, theirs = values[inside & counted], values[~inside & counted]
    if min(len(ours), len(theirs)) < FEWEST_ROWS:
        return
    variance = sum(_variance(side, share=metric != "mae") / len(side) for side in (ours, theirs))
    z = sign * (theirs.mean() - ours.mean()) / math.sqrt(max(variance, 1e-300))
    yield (
        1 - NormalDist().cdf(z),
        Segment(where=where, metric=metric, value=float(ours.mean()), rest=float(theirs.mean()), n=len(ours)),
    )


def _variance(values: Array, *, share: bool) -> float:
    if not share:
        return float(values.var(ddof=1))
    p = (values.sum() + 1) / (len(values) + 2)
    return float(p * (1 - p))


def _large(segment: Segment) -> bool:
    gap = abs(segment.value - segment.rest)
    return gap >= FLOOR * (abs(segment.rest) if segment.metric == "mae" else 1.0)
