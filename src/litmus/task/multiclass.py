"""Three classes or more, each row in one of them."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import torch
from torch import Tensor

from litmus.data.base import TaskKind
from litmus.task import metrics
from litmus.task.base import Metric, Task
from litmus.task.binary import PROBABILITY_METRICS


@final
@dataclass(frozen=True, kw_only=True)
class Multiclass(Task):
    """Several classes; precision, recall, F1, AUROC and average precision are macro averages.

    Args:
        calibrate: Temperature scaling of the probabilities, fitted on validation.
    """

    kind: ClassVar[TaskKind] = "multiclass"
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("accuracy", metrics.accuracy),
        Metric("precision", metrics.precision),
        Metric("recall", metrics.recall),
        Metric("f1", metrics.f1),
        Metric("balanced_accuracy", metrics.balanced_accuracy),
        Metric("mcc", metrics.mcc),
        *PROBABILITY_METRICS,
    )

    calibrate: Literal["none", "temperature"] = "none"

    def decide(self, activated: Tensor, threshold: float | None) -> tuple[Tensor, Tensor | None]:
        return activated.argmax(-1), activated

    def trivial(self, target: Tensor) -> Tensor:
        return torch.bincount(target, minlength=len(self.spec.classes)).double() / len(target)
