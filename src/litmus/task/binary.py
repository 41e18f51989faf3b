"""Two classes, one of them positive."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, final

import torch
from annotated_types import Gt, Lt
from torch import Tensor

from litmus.data.base import TaskKind
from litmus.task import metrics
from litmus.task.base import Metric, Task
from litmus.task.goal import GoalText

LABEL_METRICS = (
    Metric("accuracy", metrics.accuracy),
    Metric("precision", metrics.precision),
    Metric("recall", metrics.recall),
    Metric("f1", metrics.f1),
    Metric("balanced_accuracy", metrics.balanced_accuracy),
    Metric("mcc", metrics.mcc),
)
PROBABILITY_METRICS = (
    Metric("auroc", metrics.auroc),
    Metric("average_precision", metrics.average_precision),
    Metric("log_loss", metrics.log_loss, higher_is_better=False, perfect=0.0),
    Metric("brier", metrics.brier, higher_is_better=False, perfect=0.0),
    Metric("ece", metrics.ece, higher_is_better=False, perfect=0.0),
)


@final
@dataclass(frozen=True, kw_only=True)
class Binary(Task):
    """Two classes; precision, recall and F1 are the positive class's.

    Args:
        positive: Label of the positive class; null: the conventional one, otherwise the rarer.
        threshold: Decision threshold on the positive class's probability; "tuned": chosen on validation for the goal.
        threshold_goal: f1, youden, recall@R, precision@P or cost@FN:FP; stating one also makes it the criterion.
        calibrate: Temperature scaling of the probabilities, fitted on validation.
    """

    kind: ClassVar[TaskKind] = "binary"
    metrics: ClassVar[tuple[Metric, ...]] = LABEL_METRICS + PROBABILITY_METRICS

    positive: str | None = None
    threshold: Annotated[float, Gt(0), Lt(1)] | Literal["tuned"] = 0.5
    threshold_goal: GoalText | None = None
    calibrate: Literal["none", "temperature"] = "none"

    def decide(self, activated: Tensor, threshold: float | None) -> tuple[Tensor, Tensor | None]:
        cut = 0.5 if threshold is None else threshold
        return (activated[..., 1] >= cut).long(), activated

    def trivial(self, target: Tensor) -> Tensor:
        return torch.bincount(target, minlength=2).double() / len(target)
