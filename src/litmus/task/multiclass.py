"""Several classes, each row in one of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, final

from litmus.task.base import Labels

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, kw_only=True)
class Multiclass(Labels):
    """Several classes; precision, recall, F1, AUROC and average precision are macro averages.

    Args:
        calibrate: Temperature scaling of the probabilities, fitted on validation.
        outputs: What a LightningModule gives: logits or probabilities; auto: as what it gives cannot be anything else.
    """

    kind: ClassVar[str] = "multiclass"
    order: ClassVar[int] = 20
    classes: ClassVar[tuple[int, int | None]] = (2, None)
    usual_loss: ClassVar[str] = "cross_entropy"

    calibrate: Literal["none", "temperature"] = "none"

    def decide(self, activated: "Tensor", threshold: float | None) -> "tuple[Tensor, Tensor | None]":
        return activated.argmax(-1), activated
