"""Metrics of how far probabilities can be believed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

from litmus.metrics.declaration import CLASSES, Metric, RowMetric

if TYPE_CHECKING:
    from torch import Tensor

    from litmus.metrics.answers import Answers
    from litmus.metrics.sample import Sample
    from litmus.statistics.intervals import Interval


@final
class _LogLoss(RowMetric):
    """Negative log-probability of the true class, clipped at float64's epsilon as scikit-learn does."""

    needs = "probabilities"

    def losses(self, answers: Answers) -> Tensor:
        eps = 2.0**-52
        return -answers.prob_of_target.clamp(eps, 1 - eps).log_()


@final
class _Brier(RowMetric):
    """Squared error of the probabilities: in [0, 1] for two classes, [0, 2] for more.

    Source: Brier 1950; halved for two classes, as is usual.
    """

    needs = "probabilities"

    def losses(self, answers: Answers) -> Tensor:
        prob = answers.probabilities
        if prob.shape[-1] == 2:
            return (prob[..., 1] - answers.target).square()
        target = answers.target.unsqueeze(-1)
        return prob.scatter_add(-1, target, prob.new_full((), -1.0).expand(target.shape)).square().sum(-1)


@final
class _CalibrationError(Metric):
    """Over equal bins: of the positive class's probability, or of the top class's.

    Source: Naeini et al. 2015.
    """

    needs = "probabilities"

    def compute(self, answers: Answers) -> Tensor:
        from litmus.metrics.calibration import calibration_error

        return calibration_error(answers)

    def interval(self, sample: Sample) -> Interval:
        from litmus.metrics.calibration import calibration_error_interval

        return calibration_error_interval(sample)

    def difference(self, model: Sample, reference: Sample, level: float) -> Interval:
        raise ValueError(f"no paired difference of {self.name!r}")


LOG_LOSS = _LogLoss(
    name="log_loss",
    order=30,
    label="log loss",
    meaning="Mean negative log-likelihood, at most this.",
    tasks=CLASSES,
    unit="number",
    higher_is_better=False,
    perfect=0.0,
    high=math.inf,
    relative_slack=True,
)
BRIER = _Brier(
    name="brier",
    order=31,
    label="Brier score",
    short="Brier score",
    meaning="Mean squared error of the probabilities, at most this.",
    tasks=CLASSES,
    unit="number",
    higher_is_better=False,
    perfect=0.0,
    high=2.0,
    threshold_range=(0.0, 1.0),
)
ECE = _CalibrationError(
    name="ece",
    order=32,
    label="calibration error",
    short="ECE",
    meaning="Expected calibration error, at most this.",
    tasks=CLASSES,
    higher_is_better=False,
    perfect=0.0,
)
