"""Decided labels against true ones: the confusion matrix's scores with intervals, per label and averaged."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from litmus.evidence import Estimate, Score
from litmus.statistics.confusion import dirichlet_per_class, dirichlet_scores
from litmus.statistics.intervals import Interval, wilson
from litmus.task import metrics
from litmus.task.base import Predictions

Array = NDArray[np.float64]

DRAWS = 4000
"""Posterior draws for two classes; a quarter for more, where each draw is larger and each score a mean over classes."""


@final
@dataclass(frozen=True, kw_only=True)
class Confusion:
    """What a confusion matrix says.

    Args:
        counts: Rows true, columns predicted, in code order.
        intervals: accuracy, precision, recall, f1, balanced_accuracy and mcc.
        per_class: Label to precision, recall and f1 against the rest; `n` is the label's number of rows.
        gap: |precision - recall|, of the positive class or of the macro averages.
    """

    counts: tuple[tuple[int, ...], ...]
    intervals: Mapping[str, Interval]
    per_class: Mapping[str, Mapping[str, Score]]
    gap: Estimate


def read_confusion(predictions: Predictions, rule: Predictions, *, classes: tuple[str, ...], share: float) -> Confusion:
    """The confusion matrix of classified rows.

    Args:
        predictions: What the model says.
        rule: What the trivial rule says on the same rows.
        classes: Labels in code order.
        share: Independent rows that the rows are worth, as a share of their number: 1 without groups.
    """
    counts_KK = _counts(predictions)
    draws = DRAWS if len(counts_KK) == 2 else DRAWS // 4
    intervals = dict(dirichlet_scores(share * counts_KK, draws=draws))
    intervals["accuracy"] = wilson(share * counts_KK.trace(), share * counts_KK.sum())
    gap = intervals.pop("precision_recall_gap")
    return Confusion(
        counts=tuple(tuple(int(count) for count in row) for row in counts_KK),
        intervals=intervals,
        per_class=_per_class(classes, counts_KK, _counts(rule), share=share),
        gap=Estimate(value=gap.value, low=gap.low, high=gap.high),
    )


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


def _counts(predictions: Predictions) -> Array:
    counts: Array = metrics.confusion(predictions.answers())[0].double().numpy()
    return counts


def _per_class(
    classes: tuple[str, ...], counts_KK: Array, rule_KK: Array, *, share: float
) -> dict[str, dict[str, Score]]:
    # posterior draws are not wanted for the rule: the fewest allowed
    found, trivial = dirichlet_per_class(share * counts_KK, draws=DRAWS // 4), dirichlet_per_class(rule_KK, draws=1)
    return {
        label: {
            name: to_score(interval, n=int(rows), baseline=defined(trivial[k][name].value))
            for name, interval in found[k].items()
        }
        for k, (label, rows) in enumerate(zip(classes, counts_KK.sum(1), strict=True))
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
