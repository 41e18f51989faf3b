"""Two classes, one of them positive."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, final

from annotated_types import Gt, Lt

from litmus.task.base import Labels
from litmus.task.goal import GoalText

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, kw_only=True)
class Binary(Labels):
    """Two classes; precision, recall and F1 are the positive class's.

    Args:
        positive: Label of the positive class; null: the conventional one, otherwise the rarer.
        threshold: Decision threshold on the positive class's probability; "tuned": chosen on validation for the goal.
        threshold_goal: f1, youden, recall@R, precision@P or cost@FN:FP; stating one also makes it the criterion.
        calibrate: Temperature scaling of the probabilities, fitted on validation.
        outputs: What a LightningModule gives: logits or probabilities; auto: as what it gives cannot be anything else.
    """

    kind: ClassVar[str] = "binary"
    order: ClassVar[int] = 10
    has_positive: ClassVar[bool] = True
    classes: ClassVar[tuple[int, int | None]] = (2, 2)
    usual_loss: ClassVar[str] = "bce"

    positive: str | None = None
    threshold: Annotated[float, Gt(0), Lt(1)] | Literal["tuned"] = 0.5
    threshold_goal: GoalText | None = None
    calibrate: Literal["none", "temperature"] = "none"

    @classmethod
    def primary_of(cls, prior: "Tensor") -> str:
        """As `primary`; auroc where the frequent class is the positive one, whose average precision starts at .8."""
        primary = cls.primary(cls.majority_share(prior))
        return "auroc" if primary == "average_precision" and prior[-1] > prior[0] else primary

    def decide(self, activated: "Tensor", threshold: float | None) -> "tuple[Tensor, Tensor | None]":
        cut = 0.5 if threshold is None else threshold
        return (activated[..., 1] >= cut).long(), activated
