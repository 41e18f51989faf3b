"""Losses over numbers; on a binary target most of them fit its code, 0 or 1, as a probability."""

from typing import Annotated, final

import torch
import torch.nn.functional as F
from annotated_types import Gt
from torch import Tensor

from litmus.errors import ConfigError, DataError, Problem
from litmus.loss.base import Loss, Reduction, ValueLoss
from litmus.task.base import Task
from litmus.task.spec import DataSpec

ROUNDING = 1e-6
"""Of the mean and the deviation of a target, by which a 0 that was standardised may miss 0 when it is taken back."""


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
    """Negative log-likelihood of counts, up to a constant; the output is the logarithm of the mean.

    It finds the mean of any amounts, not only of counts. Skewed ones that were standardised are taken back to amounts,
    in units of their training mean, and half the deviance is computed, whose least value is 0; a predicted mean is no
    larger than `spec.skewed_up_to`.

    Source: Gourieroux, Monfort and Trognon, Pseudo maximum likelihood methods: applications to Poisson models, 1984.
    """

    name = "poisson"

    @classmethod
    def fits(cls, kind: type[Task]) -> bool:
        return kind.numeric

    def __init__(self, *, spec: DataSpec) -> None:
        super().__init__(spec=spec)
        self.mean, self.sd, self.limit = spec.target_mean, spec.target_sd, spec.skewed_up_to
        self.standardised = (self.mean, self.sd) != (0.0, 1.0)
        if self.standardised and self.limit is None:
            message = "true spoils the counts that loss=poisson needs; use false or another loss"
            raise ConfigError([Problem("data.normalize_target", message)])

    def check(self, target: Tensor) -> None:
        rounding = ROUNDING * (self.mean + self.sd) if self.standardised else 0.0
        below = (target < -rounding).nonzero()
        if len(below):
            value = float(target[below[0, 0]])
            raise DataError(f"the target has {value:g}, and loss=poisson needs values >= 0; use loss=mse or loss=huber")

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        log, known = output.squeeze(-1), target.to(output.dtype)
        if not self.standardised:
            return F.poisson_nll_loss(log, known, reduction=reduction)
        amount = (known * (self.sd / self.mean) + 1).clamp_min(0)  # rounding takes a 0 below it
        rows = log.exp() - amount * log + torch.xlogy(amount, amount) - amount
        return rows.mean() if reduction == "mean" else rows

    def activate(self, output: Tensor) -> Tensor:
        mean = output.squeeze(-1).exp()
        if self.standardised:
            mean = mean * self.mean
        if self.limit is not None:
            mean = mean.clamp_max(self.limit)
        return (mean - self.mean) / self.sd if self.standardised else mean
