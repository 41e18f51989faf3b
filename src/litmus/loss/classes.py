"""Losses over classes: of logits, with class weights."""

from collections.abc import Sequence
from typing import Annotated, final

import torch
import torch.nn.functional as F
from annotated_types import Ge, Gt
from torch import Tensor

from litmus.loss.base import ClassLoss, ClassWeight, Reduction, Smoothing
from litmus.task.base import Task
from litmus.task.spec import DataSpec

PosWeight = Annotated[float, Gt(0)] | None


@final
class BCE(ClassLoss):
    """Binary cross-entropy on one logit, that of the positive class.

    Args:
        class_weight: none; balanced, n / (classes * rows of the class); or [negative, positive].
        pos_weight: Factor on the loss of positive rows, as in torch; unlike class_weight it raises the mean.
        label_smoothing: Share of each target spread evenly over both classes.
    """

    name = "bce"

    @classmethod
    def fits(cls, kind: type[Task]) -> bool:
        return kind.has_positive

    def __init__(
        self,
        *,
        spec: DataSpec,
        class_counts: Sequence[int] | None = None,
        class_weight: ClassWeight = "none",
        pos_weight: PosWeight = None,
        label_smoothing: Smoothing = 0.0,
    ) -> None:
        super().__init__(
            spec=spec, class_counts=class_counts, class_weight=class_weight, label_smoothing=label_smoothing
        )
        self.pos_weight: Tensor | None
        self._keep("pos_weight", None if pos_weight is None else torch.tensor(pos_weight, dtype=torch.float32))

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        soft = target.to(output.dtype)
        if self.label_smoothing:
            soft = soft * (1 - self.label_smoothing) + self.label_smoothing / 2
        logit = output.squeeze(-1)
        rows = F.binary_cross_entropy_with_logits(logit, soft, pos_weight=self.pos_weight, reduction=reduction)
        return self._weigh(rows, target)

    def activate(self, output: Tensor) -> Tensor:
        return _two_sided(output)


@final
class CrossEntropy(ClassLoss):
    """Cross-entropy on one logit a class.

    Args:
        class_weight: none; balanced, n / (classes * rows of the class); or one weight a class, in code order.
        label_smoothing: Share of each target spread evenly over all classes.
    """

    name = "cross_entropy"

    def outputs(self, spec: DataSpec) -> int:
        return len(spec.classes)

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        output, weights = self._of_one_type(output)
        flat = F.cross_entropy(
            output.reshape(-1, output.shape[-1]),
            target.reshape(-1),
            weight=weights,
            label_smoothing=self.label_smoothing,
            reduction=reduction,
        )
        return flat.view(target.shape) if reduction == "none" else flat

    def activate(self, output: Tensor) -> Tensor:
        return output.softmax(dim=-1)


@final
class Focal(ClassLoss):
    """Cross-entropy that counts easy rows less, by the factor (1 - p)^gamma of the true class's probability p.

    Source: Lin et al., 2017, equation 4.

    Args:
        class_weight: none; balanced, n / (classes * rows of the class); or one weight a class, in code order.
        gamma: 0 is cross-entropy; the higher, the less easy rows count.
    """

    name = "focal"

    def __init__(
        self,
        *,
        spec: DataSpec,
        class_counts: Sequence[int] | None = None,
        class_weight: ClassWeight = "none",
        gamma: Annotated[float, Ge(0)] = 2.0,
    ) -> None:
        super().__init__(spec=spec, class_counts=class_counts, class_weight=class_weight)
        self.gamma = gamma

    def outputs(self, spec: DataSpec) -> int:
        return 1 if self.one_logit else len(spec.classes)

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        log_p = self._log_p(output, target)
        # 1 - p by expm1: where p rounds to 1 the gradient of its power would else be lost
        rows = self._weigh(-((-torch.expm1(log_p)) ** self.gamma) * log_p, target)
        return rows.mean() if reduction == "mean" else rows

    def _log_p(self, output: Tensor, target: Tensor) -> Tensor:
        """Log-probability of each row's true class, a hair below 0 so that any power of 1 - p has a gradient."""
        if self.one_logit:
            log_p = F.logsigmoid(output.squeeze(-1) * (2 * target - 1))
        else:
            log_p = output.log_softmax(dim=-1).gather(-1, target.unsqueeze(-1)).squeeze(-1)
        return log_p.clamp_max(-torch.finfo(output.dtype).tiny)

    def activate(self, output: Tensor) -> Tensor:
        return _two_sided(output) if self.one_logit else output.softmax(dim=-1)


@final
class ContinuationRatio(ClassLoss):
    """Negative log-likelihood of ordered grades: each output is the logit of going on above one grade once there.

    With s_k the sigmoid of output k, P(y > k) = s_0 * ... * s_k, so that probabilities fall along the grades by
    themselves and one number a step is learned. Source: Agresti 2010, "Analysis of Ordinal Categorical Data", 4.2; for
    networks Shi, Cao and Raschka 2023 (CORN).

    Args:
        class_weight: none; balanced, n / (classes * rows of the class); or one weight a grade, in order.
    """

    name = "continuation_ratio"

    def __init__(
        self,
        *,
        spec: DataSpec,
        class_counts: Sequence[int] | None = None,
        class_weight: ClassWeight = "none",
    ) -> None:
        super().__init__(spec=spec, class_counts=class_counts, class_weight=class_weight)

    @classmethod
    def fits(cls, kind: type[Task]) -> bool:
        return kind.ordered

    def outputs(self, spec: DataSpec) -> int:
        return len(spec.classes) - 1

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        log_p = self._log_p(output).gather(-1, target.unsqueeze(-1)).squeeze(-1)
        rows = self._weigh(-log_p, target)
        return rows.mean() if reduction == "mean" else rows

    def activate(self, output: Tensor) -> Tensor:
        return self._log_p(output).exp()

    def _log_p(self, output: Tensor) -> Tensor:
        """`(..., n, grades)` log-probabilities: above every lower grade, and not above this one."""
        above = F.logsigmoid(output).cumsum(-1)
        start, end = torch.zeros_like(output[..., :1]), torch.zeros_like(output[..., :1])
        return torch.cat([start, above], -1) + torch.cat([F.logsigmoid(-output), end], -1)


def _two_sided(output: Tensor) -> Tensor:
    """Probabilities of both classes from the positive one's logit, each exact near 0."""
    logit = output.squeeze(-1)
    # each class by itself in memory, as the metrics read them
    return torch.stack([(-logit).sigmoid(), logit.sigmoid()]).movedim(0, -1)
