"""Metrics of predicted numbers, in the target's own unit, whatever unit the loss sees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from litmus.metrics.declaration import NUMBERS, Metric

if TYPE_CHECKING:
    from torch import Tensor

    from litmus.metrics.answers import Answers
    from litmus.metrics.sample import Sample
    from litmus.statistics.intervals import Interval


@final
@dataclass(frozen=True, kw_only=True)
class _NumberMetric(Metric):
    """One of torchmetrics' regression scores."""

    def compute(self, answers: Answers) -> Tensor:
        from litmus.metrics import regression

        return regression.COMPUTED[self.name](answers)

    def interval(self, sample: Sample) -> Interval:
        return sample.regression_intervals[self.name]

    def difference(self, model: Sample, reference: Sample, level: float) -> Interval:
        from litmus.metrics import regression

        return regression.DIFFERENCES[self.name](model, reference, level)


MSE = _NumberMetric(
    name="mse",
    order=40,
    label="mean squared error",
    short="MSE",
    meaning="Mean squared error, at most this, in the target's unit squared.",
    tasks=NUMBERS,
    unit="target",
    higher_is_better=False,
    perfect=0.0,
    high=math.inf,
    relative_slack=True,
)
RMSE = _NumberMetric(
    name="rmse",
    order=41,
    label="root mean squared error",
    short="RMSE",
    meaning="Root of the mean squared error, at most this, in the target's unit.",
    tasks=NUMBERS,
    unit="target",
    higher_is_better=False,
    perfect=0.0,
    high=math.inf,
    relative_slack=True,
)
MAE = _NumberMetric(
    name="mae",
    order=42,
    label="mean absolute error",
    short="MAE",
    meaning="Mean absolute error, at most this, in the target's unit.",
    tasks=NUMBERS,
    unit="target",
    higher_is_better=False,
    perfect=0.0,
    high=math.inf,
    relative_slack=True,
)
R2 = _NumberMetric(
    name="r2",
    order=43,
    label="explained variation",
    short="R²",
    meaning="Share of the target's variation that the model explains; at 0 its lower bound must be above.",
    tasks=NUMBERS,
    low=-math.inf,
    default=0.0,
)
