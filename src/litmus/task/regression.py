"""A number for each row."""

from dataclasses import dataclass
from typing import ClassVar, final

from torch import Tensor

from litmus.data.base import TaskKind
from litmus.task import metrics
from litmus.task.base import Metric, Task


@final
@dataclass(frozen=True, kw_only=True)
class Regression(Task):
    """A number; metrics are in the target's own unit, whatever unit the loss sees."""

    kind: ClassVar[TaskKind] = "regression"
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("mse", metrics.mse, higher_is_better=False, perfect=0.0),
        Metric("rmse", metrics.rmse, higher_is_better=False, perfect=0.0),
        Metric("mae", metrics.mae, higher_is_better=False, perfect=0.0),
        Metric("r2", metrics.r2),
    )

    def decide(self, activated: Tensor, threshold: float | None) -> tuple[Tensor, Tensor | None]:
        return self.in_unit(activated), None

    def in_unit(self, target: Tensor) -> Tensor:
        return target.double() * self.spec.target_sd + self.spec.target_mean

    def trivial(self, target: Tensor) -> Tensor:
        return target.double().mean().reshape(1)
