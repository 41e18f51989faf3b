"""Grades: classes in an order, where a near miss is better than a far one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from litmus.task.base import Labels

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, kw_only=True)
class Ordinal(Labels):
    """Grades in order; the prediction is the median grade, which makes the mean absolute error in grades least.

    Args:
        grades: All labels, lowest first; null: numbers by value, and words that are known to be a scale.
        outputs: What a LightningModule gives: logits or probabilities; auto: as what it gives cannot be anything else.
    """

    kind: ClassVar[str] = "ordinal"
    order: ClassVar[int] = 30
    by_itself: ClassVar[bool] = False
    ordered: ClassVar[bool] = True
    classes: ClassVar[tuple[int, int | None]] = (3, None)
    usual_loss: ClassVar[str] = "continuation_ratio"
    baseline: ClassVar[str] = "median"
    borrowed: ClassVar[frozenset[str]] = frozenset({"accuracy", "log_loss", "mae", "loss", "gain"})

    grades: Sequence[str] | None = None

    @classmethod
    def primary(cls, majority_share: float | None) -> str:
        return "qwk"

    def decide(self, activated: "Tensor", threshold: float | None) -> "tuple[Tensor, Tensor | None]":
        return _median(activated), activated

    def constant(self, prior: "Tensor") -> "Tensor":
        return _median(prior)


def _median(probabilities: "Tensor") -> "Tensor":
    """The lowest grade `(...)` that half of the probability `(..., grades)` does not exceed."""
    below_half = probabilities.cumsum(-1) < 0.5
    # rounding may leave the last sum below 1, but not below a half
    return below_half.sum(-1)
