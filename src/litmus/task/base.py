"""What a kind of target is: one class each, in a file of its own; everything else about it follows from there."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from litmus.metrics import Measure, Metric, measures
from litmus.task.spec import DataSpec

if TYPE_CHECKING:
    from torch import Tensor

Outputs = Literal["auto", "logits", "probabilities"]
IMBALANCED = 0.8
"""Majority share from which accuracy and its kin say little."""
DECLARED: dict[str, "type[Task]"] = {}
"""Every kind of target that has been imported, a user's own too."""


@dataclass(frozen=True, kw_only=True)
class Task(ABC):
    """Base of the kinds of target; their facts are read without torch, by checks, help and verdict too.

    Args:
        spec: The data's facts; injected, never written in a config.
        own_metrics: Further metrics, of users; injected.
    """

    kind: ClassVar[str]
    """Its name: `task=<kind>`."""
    order: ClassVar[int]
    """Where it stands in lists; of the kinds that fit, `task=auto` takes the first."""
    by_itself: ClassVar[bool] = True
    """Whether `task=auto` may choose it."""
    numeric: ClassVar[bool] = False
    """Whether the target is a number, not a label."""
    has_positive: ClassVar[bool] = False
    """Whether one of two classes is positive, so that a threshold on its probability decides."""
    ordered: ClassVar[bool] = False
    """Whether the labels are grades in an order."""
    classes: ClassVar[tuple[int, int | None]] = (0, 0)
    """The fewest and the most labels that its target may have; None: any number."""
    usual_loss: ClassVar[str]
    """The name of the loss that `loss=auto` is."""
    baseline: ClassVar[str] = "majority"
    """What the constant that needs no inputs is called."""
    borrowed: ClassVar[frozenset[str]] = frozenset()
    """Measures that it has beside those whose declaration names it."""

    spec: DataSpec
    own_metrics: tuple[Metric, ...] = ()

    def __init_subclass__(cls) -> None:
        if "kind" in vars(cls):
            DECLARED[cls.kind] = cls

    @classmethod
    @abstractmethod
    def primary(cls, majority_share: float | None) -> str:
        """The metric by which models are compared.

        Args:
            majority_share: Share of the most frequent class in train; None: not known, or no classes.
        """

    @classmethod
    def primary_of(cls, prior: "Tensor") -> str:
        """The metric by which models are compared, from what the baseline knows of the training targets."""
        return cls.primary(cls.majority_share(prior))

    @classmethod
    def majority_share(cls, prior: "Tensor") -> float | None:
        """Share of the most frequent class, from what the baseline knows; None: there are no classes."""
        return None if cls.numeric else float(prior.max())

    @classmethod
    def has(cls, measure: Measure) -> bool:
        """Whether a measure is one of this kind of target."""
        return cls.kind in measure.tasks or measure.name in cls.borrowed

    @classmethod
    def all_metrics(cls) -> tuple[Metric, ...]:
        """The metrics of this kind of target, in order."""
        return tuple(measure for measure in measures().values() if isinstance(measure, Metric) and cls.has(measure))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that are computed, in order."""
        return (*self.all_metrics(), *self.own_metrics)

    def metric(self, name: str) -> Metric:
        """The metric of that name; KeyError if the task has none."""
        return {metric.name: metric for metric in self.metrics}[name]

    @abstractmethod
    def decide(self, activated: "Tensor", threshold: float | None) -> "tuple[Tensor, Tensor | None]":
        """Predictions and probabilities from the loss's `activate(output)`.

        Args:
            activated: `(..., n, classes)` probabilities, or `(..., n)` means in the loss's unit.
            threshold: Decision threshold on the positive class's probability; None: .5 in binary tasks.

        Returns:
            `(..., n)` class codes or values in the target's unit, and `(..., n, classes)` probabilities or None.
        """

    @abstractmethod
    def prior(self, target: "Tensor") -> "Tensor":
        """What the baseline knows of the targets `(n,)`: class shares `(classes,)`, or the mean `(1,)`."""

    def constant(self, prior: "Tensor") -> "Tensor":
        """The one prediction `()` that the baseline makes of all rows: the majority class, or the mean."""
        return prior.argmax()

    def in_unit(self, target: "Tensor") -> "Tensor":
        """Targets `(..., n)` as the metrics take them: class codes as they are, values in the target's own unit."""
        return target


@dataclass(frozen=True, kw_only=True)
class Labels(Task):
    """Base of the kinds of target that are classes.

    Args:
        outputs: What a LightningModule of a user's gives for them; auto: probabilities where they stay within 0 and 1
            and add up to 1 whatever the inputs.
    """

    outputs: Outputs = "auto"

    @classmethod
    def primary(cls, majority_share: float | None) -> str:
        """balanced_accuracy; where one class holds 80 % or more, average_precision (over several classes its mean).

        Such data put the usual threshold in the wrong place, and average precision needs none.
        """
        return "balanced_accuracy" if majority_share is None or majority_share < IMBALANCED else "average_precision"

    def prior(self, target: "Tensor") -> "Tensor":
        return target.bincount(minlength=len(self.spec.classes)).double() / len(target)
