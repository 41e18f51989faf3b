"""Metrics of how scores rank rows: for two classes of the positive one, for more the mean of one against the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from litmus.metrics.declaration import CLASSES, Metric

if TYPE_CHECKING:
    from torch import Tensor

    from litmus.metrics.answers import Answers
    from litmus.metrics.sample import Sample
    from litmus.statistics.intervals import Interval


@final
class _Auroc(Metric):
    """Share of pairs in order, ties by half; NaN where a class is missing.

    Source: Hanley & McNeil 1982 (the Mann-Whitney form).
    """

    needs = "ranks"

    def compute(self, answers: Answers) -> Tensor:
        from litmus.metrics.ranking import auroc

        return auroc(answers)

    def interval(self, sample: Sample) -> Interval:
        from litmus.metrics.ranking import auroc_interval

        return auroc_interval(sample)

    def difference(self, model: Sample, reference: Sample, level: float) -> Interval:
        from litmus.metrics.ranking import auroc_difference

        return auroc_difference(model, reference, level)


@final
class _AveragePrecision(Metric):
    """Step-wise area under the precision-recall curve; NaN without positives.

    Source: scikit-learn's definition, the sum of (R_k - R_{k-1}) P_k over distinct scores.
    """

    needs = "ranks"

    def compute(self, answers: Answers) -> Tensor:
        from litmus.metrics.ranking import average_precision

        return average_precision(answers)

    def interval(self, sample: Sample) -> Interval:
        from litmus.metrics.ranking import average_precision_interval

        return average_precision_interval(sample)

    def difference(self, model: Sample, reference: Sample, level: float) -> Interval:
        from litmus.metrics.ranking import average_precision_difference

        return average_precision_difference(model, reference, level)


AUROC = _Auroc(
    name="auroc",
    order=20,
    label="area under the ROC curve",
    short="AUROC",
    meaning="Area under the curve of recall against false alarms.",
    tasks=CLASSES,
)
AVERAGE_PRECISION = _AveragePrecision(
    name="average_precision",
    order=21,
    label="average precision",
    meaning="Area under the curve of precision against recall.",
    tasks=CLASSES,
)
