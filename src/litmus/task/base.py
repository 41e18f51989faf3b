"""What a kind of target decides: how many outputs, how outputs become predictions, and which metrics count."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from torch import Tensor

from litmus.data.base import DataSpec, SplitName, TaskKind


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Predictions of E epochs (or of one model, E = 1) on n rows, as the metrics take them.

    Args:
        pred: `(E, n)`: int64 class codes, or float in the target's unit.
        target: `(E, n)`: as `pred`; a loader that shuffles gives each epoch an order of its own.
        prob: `(E, n, classes)` probabilities that sum to 1; None in regression.
    """

    pred: Tensor
    target: Tensor
    prob: Tensor | None = None
    kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)  # by the metrics


@dataclass(frozen=True)
class Metric:
    """One metric as data: its logged name, how to compute it, and which way is good.

    Args:
        name: As in `{split}/{name}`.
        compute: From answers to `(E,)`, over whole splits; undefined values are NaN.
        higher_is_better: False for losses and errors.
        perfect: The value of a perfect model.
    """

    name: str
    compute: Callable[[Answers], Tensor]
    higher_is_better: bool = True
    perfect: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """What one trained model says of one split, on the CPU, in the split's order.

    Args:
        split: Which split.
        rows: `(n,)` int64 source row numbers.
        target: `(n,)` int64 class codes, or float64 in the target's unit.
        pred: `(n,)` as `target`.
        prob: `(n, classes)` float64; None in regression.
        group: `(n,)` int64 group codes or None.
        time: `(n,)` int64 rank in time or None.
    """

    split: SplitName
    rows: Tensor
    target: Tensor
    pred: Tensor
    prob: Tensor | None = None
    group: Tensor | None = None
    time: Tensor | None = None

    def answers(self) -> Answers:
        """The same as metrics take it, with a leading dimension of one."""
        prob = None if self.prob is None else self.prob.unsqueeze(0)
        return Answers(pred=self.pred.unsqueeze(0), target=self.target.unsqueeze(0), prob=prob)


@dataclass(frozen=True, kw_only=True)
class Task(ABC):
    """Base of the kinds of target.

    Args:
        spec: The data's facts; injected, never written in a config.
    """

    kind: ClassVar[TaskKind]
    metrics: ClassVar[tuple[Metric, ...]]

    spec: DataSpec

    @abstractmethod
    def decide(self, activated: Tensor, threshold: float | None) -> tuple[Tensor, Tensor | None]:
        """Predictions and probabilities from the loss's `activate(output)`.

        Args:
            activated: `(..., n, classes)` probabilities, or `(..., n)` means in the loss's unit.
            threshold: Decision threshold on the positive class's probability; None: .5 in binary tasks.

        Returns:
            `(..., n)` class codes or values in the target's unit, and `(..., n, classes)` probabilities or None.
        """

    @abstractmethod
    def trivial(self, target: Tensor) -> Tensor:
        """What the best constant rule predicts: class shares `(classes,)` or the mean `(1,)` of the targets `(n,)`."""

    def in_unit(self, target: Tensor) -> Tensor:
        """Targets `(..., n)` as the metrics take them: class codes as they are, values in the target's own unit."""
        return target

    def metric(self, name: str) -> Metric:
        """The metric of that name; KeyError if the task has none."""
        return {metric.name: metric for metric in self.metrics}[name]
