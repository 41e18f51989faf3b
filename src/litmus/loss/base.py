"""What every loss is: a mean over rows that a model learns by, and the meaning of the model's outputs."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from inspect import isabstract
from typing import Annotated, Any, ClassVar, Literal

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from litmus.errors import ConfigError, Problem, quote
from litmus.task import kind_of
from litmus.task.base import Task
from litmus.task.spec import DataSpec

ClassWeight = Literal["none", "balanced"] | Sequence[Annotated[float, Ge(0)]]
Smoothing = Annotated[float, Ge(0), Lt(1)]
Reduction = Literal["none", "mean"]


class Loss(nn.Module, ABC):
    """Base of the losses. Outputs are `(..., n, outputs)`, targets `(..., n)`; leading dimensions are free.

    Args:
        spec: The data's facts; injected.

    Raises:
        ConfigError: The loss does not fit the kind of target.
    """

    name: ClassVar[str]
    measurable: ClassVar[bool] = True
    """Whether it can be computed from outputs and targets; False where only the model's own steps know it."""
    weighted: bool = False
    note: str = ""
    """What was assumed where nobody chose it, in one line."""

    def __init__(self, *, spec: DataSpec) -> None:
        super().__init__()
        kind = kind_of(spec.task)
        self.one_logit = kind.has_positive
        if not self.fits(kind):
            message = f"{self.name!r} does not fit a {spec.task} target ({quote(spec.target)}); use {fitting(kind)}"
            raise ConfigError([Problem("loss", message)])

    @classmethod
    @abstractmethod
    def fits(cls, kind: type[Task]) -> bool:
        """Whether it is defined for this kind of target."""

    def outputs(self, spec: DataSpec) -> int:  # most losses need one output whatever the data
        """How many outputs the model must have."""
        return 1

    def check(self, target: Tensor) -> None:
        """Refuses targets `(n,)` for which the loss is not defined; raises DataError."""

    @abstractmethod
    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        """The loss of each row `(..., n)`, class weights included, or their plain mean."""

    def rows(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss of each row, `(..., n)`, class weights included."""
        return self.compute(output, target, "none")

    def mass(self, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """What each row counts in the mean's denominator, `(..., n)`: its row weight times its class weight."""
        return torch.ones_like(target, dtype=torch.get_default_dtype()) if weight is None else weight

    def forward(self, output: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """The weighted mean over all rows: sum of `weight * rows` over the sum of `mass`.

        Args:
            output: `(..., n, outputs)`.
            target: `(..., n)` class codes or values.
            weight: `(..., n)` row weights >= 0, or None; a batch that weighs nothing has loss 0.
        """
        if weight is None and not self.weighted:
            # torch's own mean, so that a run equals a hand-written loop bit by bit
            return self.compute(output, target, "mean")
        rows = self.rows(output, target)
        total = rows.sum() if weight is None else (rows * weight).sum()
        return total / self.mass(target, weight).sum().clamp_min(torch.finfo(total.dtype).tiny)

    def _keep(self, name: str, value: Tensor | None) -> None:
        """A constant that moves along with the module; None is no buffer, since those are looked up slowly."""
        if value is None:
            setattr(self, name, None)
        else:
            self.register_buffer(name, value, persistent=False)

    @abstractmethod
    def activate(self, output: Tensor) -> Tensor:
        """Probabilities `(..., n, classes)`, or means `(..., n)` in the loss's unit."""


class ClassLoss(Loss):
    """Base of the losses over classes, which may be weighted.

    Args:
        spec: The data's facts; injected.
        class_counts: Training rows of each class; injected.
        class_weight: none; balanced, n / (classes * rows of the class); or one weight a class, in code order.
        label_smoothing: Share of each target spread evenly over all classes.
    """

    class_weights: Tensor | None

    @classmethod
    def fits(cls, kind: type[Task]) -> bool:
        return not kind.numeric

    def __init__(
        self,
        *,
        spec: DataSpec,
        class_counts: Sequence[int] | None = None,
        class_weight: ClassWeight = "none",
        label_smoothing: Smoothing = 0.0,
    ) -> None:
        super().__init__(spec=spec)
        self.label_smoothing = label_smoothing
        weights = _class_weights(class_weight, class_counts, spec.classes)
        self.weighted = weights is not None
        self._keep("class_weights", weights)

    def mass(self, target: Tensor, weight: Tensor | None = None) -> Tensor:
        if self.class_weights is None:
            return super().mass(target, weight)
        mass = self.class_weights[target]
        return mass if weight is None else mass * weight

    def _weigh(self, rows: Tensor, target: Tensor) -> Tensor:
        return rows if self.class_weights is None else rows * self.class_weights[target]

    def _of_one_type(self, output: Tensor) -> tuple[Tensor, Tensor | None]:
        """Outputs and class weights in the more exact type of the two: torch refuses to mix them.

        Outputs are float32 while a model learns, float64 where whole splits are scored, and less in reduced precision.
        """
        if self.class_weights is None:
            return output, None
        dtype = torch.promote_types(output.dtype, self.class_weights.dtype)
        return output.to(dtype), self.class_weights.to(dtype)


class ValueLoss(Loss):
    """Base of the losses over values; on a binary target they fit its code, 0 or 1, as a probability."""

    @classmethod
    def fits(cls, kind: type[Task]) -> bool:
        return kind.numeric or kind.has_positive

    def activate(self, output: Tensor) -> Tensor:
        value = output.squeeze(-1)
        if not self.one_logit:
            return value
        positive = value.clamp(0, 1)
        return torch.stack([1 - positive, positive], dim=-1)


def _class_weights(weight: ClassWeight, counts: Sequence[int] | None, classes: Sequence[str]) -> Tensor | None:
    """`(classes,)` float32 weights, or None where all classes weigh the same."""
    if weight == "none":
        return None
    if weight == "balanced":
        if counts is None or min(counts) < 1:
            raise ConfigError([Problem("loss.class_weight", "balanced needs at least one training row of each class")])
        weights = [sum(counts) / (len(counts) * count) for count in counts]
        return torch.tensor(weights, dtype=torch.float32)
    weights = [float(value) for value in weight]
    if len(weights) != len(classes) or sum(weights) <= 0:
        named = ", ".join(classes)
        message = f"{weights} must be {len(classes)} weights >= 0, not all 0, in this order: {named}"
        raise ConfigError([Problem("loss.class_weight", message)])
    return torch.tensor(weights, dtype=torch.float32)


@cache
def losses() -> dict[str, type[Loss]]:
    """Every loss of ours by its name, in the order of the files."""
    return {loss.name: loss for loss in _below(Loss) if loss.__module__.startswith("litmus.loss.")}


def fitting(kind: type[Task]) -> str:
    """The losses that fit a kind of target, in words."""
    *others, last = [name for name, loss in losses().items() if loss.fits(kind)]
    return f"{', '.join(others)} or {last}" if others else last


def _below(loss: Any) -> list[type[Loss]]:
    """The classes that can be made of those that inherit from this one."""
    return [kind for child in loss.__subclasses__() for kind in [child, *_below(child)] if not isabstract(kind)]
