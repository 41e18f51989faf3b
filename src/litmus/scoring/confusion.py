"""Decided labels against true ones: each class's scores with intervals, and how they are averaged."""

import math

import numpy as np

from litmus.evidence import Estimate, Score
from litmus.metrics.catalogue.labels import F1, PRECISION, RECALL
from litmus.metrics.sample import Array, Sample
from litmus.statistics.confusion import Posterior
from litmus.statistics.intervals import Interval

DRAWS = 1000
"""Posterior draws for the scores of one class."""


def precision_recall_gap(posterior: Posterior) -> Estimate:
    """|precision - recall|, of the positive class or of the macro averages."""

    def gap(matrices: Array) -> Array:
        return np.asarray(np.abs(PRECISION.of_matrices(matrices) - RECALL.of_matrices(matrices)))

    interval = posterior.interval(gap)
    return Estimate(value=interval.value, low=interval.low, high=interval.high)


def class_scores(sample: Sample, baseline: Sample, classes: tuple[str, ...]) -> dict[str, dict[str, Score]]:
    """precision, recall and f1 of each class against the rest, by label; `n` is the label's number of rows.

    Args:
        sample: What the model says.
        baseline: What the constant baseline says on the same rows.
        classes: Labels in code order.
    """
    ours = class_intervals(sample.share * sample.confusion)
    theirs = class_intervals(baseline.confusion, draws=1)  # only their values are wanted
    return {
        label: {
            name: to_score(interval, n=int(rows), baseline=defined(constant[name].value))
            for name, interval in scores.items()
        }
        for label, rows, scores, constant in zip(classes, sample.confusion.sum(1), ours, theirs, strict=True)
    }


def class_intervals(confusion: Array, *, draws: int = DRAWS) -> list[dict[str, Interval]]:
    """precision, recall and f1 of every class against the rest, in class order, from counts `(K, K)`, rows true.

    NaN in [0, 1] where a score has no rows at all: recall of a class that is absent, precision of one never predicted
    (which counts 0 only while the class is present).
    """
    hits, true, predicted = np.diagonal(confusion), confusion.sum(1), confusion.sum(0)
    rest = np.maximum(confusion.sum() - true - predicted + hits, 0)
    each_K22 = np.stack([rest, predicted - hits, true - hits, hits], -1).reshape(-1, 2, 2)
    intervals = []
    for counts_22, rows, labelled in zip(each_K22, true, predicted, strict=True):
        posterior = Posterior(counts_22, draws=draws)
        intervals.append(
            {
                metric.name: posterior.interval(metric.of_matrices)
                if rows > 0 or (metric is not RECALL and labelled > 0)
                else Interval(math.nan, 0.0, 1.0)
                for metric in (PRECISION, RECALL, F1)
            }
        )
    return intervals


def averages(matrix: tuple[tuple[int, ...], ...]) -> dict[str, dict[str, float]]:
    """precision, recall and f1 averaged over labels in three ways, where what is undefined counts as 0.

    macro: every label alike, those that never occur left out; micro: every row alike, which makes all three the
    accuracy; weighted: by the labels' numbers of rows.
    """
    counts = np.array(matrix, dtype=float)
    hits, true, predicted = counts.diagonal(), counts.sum(1), counts.sum(0)
    if true.sum() == 0:
        return {}
    parts = {"precision": (hits, predicted), "recall": (hits, true), "f1": (2 * hits, true + predicted)}
    labels = {name: part / np.maximum(whole, 1) for name, (part, whole) in parts.items()}
    occurs = true + predicted > 0
    return {
        "macro": {name: float(values[occurs].mean()) for name, values in labels.items()},
        "micro": dict.fromkeys(labels, float(hits.sum() / true.sum())),
        "weighted": {name: float((values * true).sum() / true.sum()) for name, values in labels.items()},
    }


def to_score(interval: Interval, *, n: int, baseline: float | None) -> Score:
    """The interval as evidence, undefined if its value or a bound is."""
    if not all(map(math.isfinite, (interval.value, interval.low, interval.high))):
        return Score(value=defined(interval.value), n=n, baseline=baseline)
    value, low, high = float(interval.value), float(interval.low), float(interval.high)
    return Score(value=value, low=low, high=high, n=n, baseline=baseline)


def defined(value: float) -> float | None:
    """The value as plain float, None if it is not finite."""
    return float(value) if math.isfinite(value) else None
