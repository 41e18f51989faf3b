"""Metrics of decided labels: of two classes the positive one's, of more the mean over them (macro)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from litmus.metrics.counts import Counts, average, ratio
from litmus.metrics.declaration import CLASSES, LabelMetric

if TYPE_CHECKING:
    from litmus.metrics.sample import Sample
    from litmus.statistics.intervals import Interval


@final
@dataclass(frozen=True, kw_only=True)
class _Accuracy(LabelMetric):
    """A proportion of rows, which has an interval and a paired test of its own."""

    def interval(self, sample: Sample) -> Interval:
        from litmus.statistics.intervals import wilson

        counts = sample.share * sample.confusion
        return wilson(counts.trace(), counts.sum())

    def difference(self, model: Sample, reference: Sample, level: float) -> Interval:
        from litmus.statistics.paired import paired_accuracy_difference

        return paired_accuracy_difference(
            *(side.right for side in (model, reference)), groups=model.groups, level=level
        )


def _mcc(counts: Counts) -> Any:
    """Source: Gorodkin 2004, equation 8 (the R_K statistic); 0 where a margin is empty, as scikit-learn has it."""
    total, true, predicted = counts.total, counts.true, counts.predicted
    covariance = counts.hits.sum(-1) * total - (true * predicted).sum(-1)
    spreads = [(total**2 - (margin**2).sum(-1)).clip(0) for margin in (true, predicted)]
    return ratio(covariance, (spreads[0] * spreads[1]) ** 0.5)


ACCURACY = _Accuracy(
    name="accuracy",
    order=10,
    label="accuracy",
    meaning="Share of right predictions; shown without a vote where one class holds 80 % of the rows or more.",
    tasks=CLASSES,
    default=0.8,
    formula=lambda counts: ratio(counts.hits.sum(-1), counts.total),
)
PRECISION = LabelMetric(
    name="precision",
    order=11,
    label="precision",
    meaning="Of the positive class; over several classes the mean of them all (macro).",
    tasks=CLASSES,
    default=0.8,
    formula=lambda counts: counts.pick(ratio(counts.hits, counts.predicted)),
)
RECALL = LabelMetric(
    name="recall",
    order=12,
    label="recall",
    meaning="As precision.",
    tasks=CLASSES,
    default=0.8,
    formula=lambda counts: counts.pick(ratio(counts.hits, counts.true)),
)
F1 = LabelMetric(
    name="f1",
    order=13,
    label="F1",
    short="F1",
    meaning="Harmonic mean of precision and recall, as precision. Shown beside .85 where nothing is asked.",
    tasks=CLASSES,
    formula=lambda counts: counts.pick(ratio(2 * counts.hits, counts.true + counts.predicted)),
)
# Source: Brodersen et al. 2010, "The balanced accuracy and its posterior distribution"
BALANCED_ACCURACY = LabelMetric(
    name="balanced_accuracy",
    order=14,
    label="balanced accuracy",
    meaning="Mean recall of the classes.",
    tasks=CLASSES,
    formula=lambda counts: average(ratio(counts.hits, counts.true), counts.true > 0),
)
MCC = LabelMetric(
    name="mcc",
    order=15,
    label="Matthews correlation",
    short="MCC",
    meaning="Matthews correlation of predictions and labels, -1 to 1.",
    tasks=CLASSES,
    unit="number",
    low=-1.0,
    formula=_mcc,
)
