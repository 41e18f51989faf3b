"""The losses that a config can name, and `auto`, which picks the usual one for the kind of target."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, final

import torch
import torch.nn.functional as F
from annotated_types import Ge, Gt
from torch import Tensor

from litmus.data.base import DataSpec
from litmus.errors import ConfigError, DataError, Problem
from litmus.task.objective import ClassLoss, ClassWeight, Loss, Reduction, Smoothing, ValueLoss

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
    tasks = ("binary",)

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
        self._keep("pos_weight", None if pos_weight is None else torch.tensor(pos_weight))

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
    tasks = ("binary", "multiclass")

    def outputs(self, spec: DataSpec) -> int:
        return len(spec.classes)

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        flat = F.cross_entropy(
            output.reshape(-1, output.shape[-1]),
            target.reshape(-1),
            weight=self.class_weights,
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
    tasks = ("binary", "multiclass")

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
        return 1 if self.kind == "binary" else len(spec.classes)

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        log_p = self._log_p(output, target)
        # 1 - p by expm1: where p rounds to 1 the gradient of its power would else be lost
        rows = self._weigh(-((-torch.expm1(log_p)) ** self.gamma) * log_p, target)
        return rows.mean() if reduction == "mean" else rows

    def _log_p(self, output: Tensor, target: Tensor) -> Tensor:
        """Log-probability of each row's true class, a hair below 0 so that any power of 1 - p has a gradient."""
        if self.kind == "binary":
            log_p = F.logsigmoid(output.squeeze(-1) * (2 * target - 1))
        else:
            log_p = output.log_softmax(dim=-1).gather(-1, target.unsqueeze(-1)).squeeze(-1)
        return log_p.clamp_max(-torch.finfo(output.dtype).tiny)

    def activate(self, output: Tensor) -> Tensor:
        return _two_sided(output) if self.kind == "binary" else output.softmax(dim=-1)


@final
class MSE(ValueLoss):
    """Squared error; its best constant is the mean."""

    name = "mse"

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        return F.mse_loss(output.squeeze(-1), target.to(output.dtype), reduction=reduction)


@final
class L1(ValueLoss):
    """Absolute error; its best constant is the median."""

    name = "l1"

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        return F.l1_loss(output.squeeze(-1), target.to(output.dtype), reduction=reduction)


@final
class Huber(ValueLoss):
    """Half the squared error up to `delta`, linear beyond it, so that outliers pull less.

    Source: Huber, 1964.

    Args:
        delta: In the target's unit (its standard deviations with data.normalize_target).
    """

    name = "huber"

    def __init__(self, *, spec: DataSpec, delta: Annotated[float, Gt(0)] = 1.0) -> None:
        super().__init__(spec=spec)
        self.delta = delta

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        return F.huber_loss(output.squeeze(-1), target.to(output.dtype), delta=self.delta, reduction=reduction)


@final
class Poisson(Loss):
    """Negative log-likelihood of counts, up to a constant; the output is the logarithm of the mean."""

    name = "poisson"
    tasks = ("regression",)

    def __init__(self, *, spec: DataSpec) -> None:
        super().__init__(spec=spec)
        if (spec.target_mean, spec.target_sd) != (0.0, 1.0):
            message = "true spoils the counts that loss=poisson needs; use false or another loss"
            raise ConfigError([Problem("data.normalize_target", message)])

    def check(self, target: Tensor) -> None:
        below = (target < 0).nonzero()
        if len(below):
            value = float(target[below[0, 0]])
            raise DataError(f"the target has {value:g}, and loss=poisson needs values >= 0; use loss=mse or loss=huber")

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        return F.poisson_nll_loss(output.squeeze(-1), target.to(output.dtype), reduction=reduction)

    def activate(self, output: Tensor) -> Tensor:
        return output.squeeze(-1).exp()


def auto(
    *,
    spec: DataSpec,
    class_counts: Sequence[int] | None = None,
    class_weight: ClassWeight = "none",
    pos_weight: PosWeight = None,
    label_smoothing: Smoothing = 0.0,
) -> Loss:
    """The usual loss for the kind of target: bce, cross_entropy or mse.

    Args:
        spec: The data's facts; injected.
        class_counts: Training rows of each class; injected.
        class_weight: none; balanced, n / (classes * rows of the class); or one weight a class, in code order.
        pos_weight: Factor on the loss of positive rows; binary targets only.
        label_smoothing: Share of each target spread evenly over all classes.

    Raises:
        ConfigError: An argument that the kind of target has no use for.
    """
    given = {"pos_weight": pos_weight is not None and spec.task != "binary"}
    if spec.task == "regression":
        given |= {"class_weight": class_weight != "none", "label_smoothing": label_smoothing > 0}
    problems = [Problem(f"loss.{key}", f"has no meaning for a {spec.task} target") for key, bad in given.items() if bad]
    if problems:
        raise ConfigError(problems)
    if spec.task == "regression":
        return MSE(spec=spec)
    usual: Callable[..., Loss] = partial(BCE, pos_weight=pos_weight) if spec.task == "binary" else CrossEntropy
    return usual(spec=spec, class_counts=class_counts, class_weight=class_weight, label_smoothing=label_smoothing)


def _two_sided(output: Tensor) -> Tensor:
    """Probabilities of both classes from the positive one's logit, each exact near 0."""
    logit = output.squeeze(-1)
    # each class by itself in memory, as the metrics read them
    return torch.stack([(-logit).sigmoid(), logit.sigmoid()]).movedim(0, -1)
