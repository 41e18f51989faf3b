"""What a measure of a model is: declared once, and everything that shows, asks for or compares it follows.

Declarations are read without torch or numpy, so that help and verdicts know names, words and directions; what computes
is imported when it is called.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from litmus.metrics.answers import Answers
    from litmus.metrics.counts import Counts
    from litmus.metrics.sample import Sample
    from litmus.statistics.intervals import Interval

BINARY: frozenset[str] = frozenset({"binary"})
CLASSES: frozenset[str] = frozenset({"binary", "multiclass"})
NUMBERS: frozenset[str] = frozenset({"regression"})
ANY = CLASSES | NUMBERS


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A figure by which a model is judged, whether or not it has a curve.

    Args:
        name: As in `{split}/{name}`, `criteria.{name}` and the files.
        order: Where it stands in lists, the smallest first.
        label: As a sentence calls it: "area under the ROC curve".
        short: As a table calls it: "AUROC"; None: the name with spaces.
        meaning: One line of help for `criteria.{name}`; "" where nobody may ask for it.
        tasks: Kinds of target that have it.
        unit: share: read in percent; number: read as it is; target: in the target's own unit.
        higher_is_better: False for losses, errors and distances.
        perfect: The value of a perfect model.
        low: The least value it can have.
        high: The largest.
        default: The threshold that the default criteria ask for; None: none.
        threshold_range: Of `criteria.{name}`, where it is not `low` to `high`.
        relative_slack: Whether how far a bound may lie beyond the threshold is a share of the threshold.
        vetoes: Whether only a sure miss counts, as of what rests on few rows or on a difference, so that sound runs
            stay settled.
    """

    name: str
    order: int
    label: str
    short: str | None = None
    meaning: str = ""
    tasks: frozenset[str]
    unit: Literal["share", "number", "target"] = "share"
    higher_is_better: bool = True
    perfect: float = 1.0
    low: float = 0.0
    high: float = 1.0
    default: float | None = None
    threshold_range: tuple[float, float] | None = None
    relative_slack: bool = False
    vetoes: bool = False

    @property
    def in_table(self) -> str:
        """The name that a table's row has."""
        return self.short or self.name.replace("_", " ")

    @property
    def askable(self) -> bool:
        """Whether there is a key `criteria.{name}`."""
        return bool(self.meaning)

    @property
    def in_points(self) -> bool:
        """Whether a practical margin, such as .02, is meant in its points."""
        return self.higher_is_better and self.perfect == 1.0

    @property
    def threshold_type(self) -> Any:
        """The type of `criteria.{name}`: a number within its range, or null."""
        low, high = self.threshold_range or (self.low, self.high)
        bounds: list[Any] = []
        if math.isfinite(low):
            bounds.append(Gt(low) if math.isinf(high) else Ge(low))
        if math.isfinite(high):
            bounds.append(Le(high))
        number: Any = Annotated[(float, *bounds)] if bounds else float
        return number | None


class Metric(Measure, ABC):
    """A measure of predictions on the rows of a split, which has a curve over epochs."""

    needs: ClassVar[Literal["predictions", "ranks", "probabilities"]] = "predictions"
    """What must be known of each row beside its target: the label or number, an order of the rows, or probabilities."""

    @abstractmethod
    def compute(self, answers: Answers) -> Tensor:
        """Its value in each epoch, `(E,)` float64, over whole splits; NaN where it is undefined."""

    def interval(self, sample: Sample) -> Interval:
        """Its 95 % interval for one model, on rows drawn as they depend on each other."""
        return sample.bootstrap(self.compute)

    def difference(self, model: Sample, reference: Sample, level: float) -> Interval:
        """The model's value minus the reference's, paired over the same rows.

        Raises:
            ValueError: There is no paired interval for it.
        """
        return model.paired_bootstrap(reference, self.compute, level)


@dataclass(frozen=True, kw_only=True)
class LabelMetric(Metric):
    """A metric of decided labels: a formula of the confusion matrix.

    Args:
        formula: From `Counts` of tensors or arrays to `(...,)`; it must not depend on their total alone, so that it is
            the same for counts and for cell probabilities.
    """

    formula: Callable[[Counts], Any]

    def of_matrices(self, matrices: Any) -> Any:
        """Its value `(...,)` for confusion matrices `(..., K, K)`, rows true, columns predicted."""
        from litmus.metrics.counts import Counts

        return self.formula(Counts.of(matrices))

    def compute(self, answers: Answers) -> Tensor:
        value: Tensor = self.formula(answers.counts)
        return value

    def interval(self, sample: Sample) -> Interval:
        return sample.posterior.interval(self.of_matrices)

    def difference(self, model: Sample, reference: Sample, level: float) -> Interval:
        return model.posterior_difference(reference, self.formula, level)


class RowMetric(Metric):
    """A metric that is the mean over rows of what each row loses."""

    @abstractmethod
    def losses(self, answers: Answers) -> Tensor:
        """What each row loses, `(E, n)` float64, 0 or more."""

    def compute(self, answers: Answers) -> Tensor:
        return self.losses(answers).mean(-1)

    def interval(self, sample: Sample) -> Interval:
        return sample.mean_interval(self.losses(sample.answers)[0], scale="log")

    def difference(self, model: Sample, reference: Sample, level: float) -> Interval:
        losses = self.losses(model.answers)[0] - self.losses(reference.answers)[0]
        return model.paired_mean_interval(losses, level=level)
