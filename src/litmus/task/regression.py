"""A number for each row."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from litmus.task.base import Task

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, kw_only=True)
class Regression(Task):
    """A number; metrics are in the target's own unit, whatever unit the loss sees."""

    kind: ClassVar[str] = "regression"
    order: ClassVar[int] = 40
    numeric: ClassVar[bool] = True
    usual_loss: ClassVar[str] = "mse"
    baseline: ClassVar[str] = "mean"

    @classmethod
    def primary(cls, majority_share: float | None) -> str:
        return "r2"

    def decide(self, activated: "Tensor", threshold: float | None) -> "tuple[Tensor, Tensor | None]":
        return self.in_unit(activated), None

    def in_unit(self, target: "Tensor") -> "Tensor":
        return target.double() * self.spec.target_sd + self.spec.target_mean

    def prior(self, target: "Tensor") -> "Tensor":
        return target.double().mean().reshape(1)

    def constant(self, prior: "Tensor") -> "Tensor":
        return prior.double().squeeze(-1)
