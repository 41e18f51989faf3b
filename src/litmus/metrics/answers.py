"""Predictions as metrics take them: of many epochs at once, or of one trained model.

A leading dimension of epochs makes a curve of a thousand epochs cost one call, not a thousand. torchmetrics counts hits
and misses, once for all metrics of labels.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torchmetrics.functional.classification import multilabel_stat_scores

from litmus.evidence.values import SplitName
from litmus.metrics.counts import Counts


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
    kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, compute: Callable[["Answers"], Any]) -> Any:
        """What `compute` gives for these answers, kept for the next metric that needs it."""
        if compute not in self.kept:
            self.kept[compute] = compute(self)
        return self.kept[compute]

    @cached_property
    def probabilities(self) -> Tensor:
        """`(E, n, classes)` float64; raises TypeError where there are none."""
        if self.prob is None:
            msg = "classification metrics need probabilities"
            raise TypeError(msg)
        return self.prob.double()

    @cached_property
    def prob_of_target(self) -> Tensor:
        """Probability of each row's true class, `(E, n)` float64."""
        prob = self.probabilities
        if prob.shape[-1] == 2:
            return torch.where(self.target == 1, prob[..., 1], prob[..., 0])
        return prob.gather(-1, self.target.unsqueeze(-1)).squeeze(-1)

    @cached_property
    def confusion(self) -> Tensor:
        """`(E, classes, classes)` int64 counts, rows true, columns predicted."""
        k = self.probabilities.shape[-1]
        epochs = torch.arange(len(self.pred)).unsqueeze(1) * (k * k)
        cells = (epochs + self.target * k + self.pred).flatten()
        return torch.bincount(cells, minlength=len(self.pred) * k * k).view(-1, k, k)

    def each_class(self, codes: Tensor) -> Tensor:
        """Whether rows with these codes `(E, n)` are of each class, `(E, classes, n)`; of two, of the positive one."""
        k = self.probabilities.shape[-1]
        return codes.unsqueeze(-2) == torch.arange(1 if k == 2 else 0, k).unsqueeze(-1)

    @cached_property
    def counts(self) -> Counts:
        """Rows of each class against the rest, `(E, classes)` float64."""
        pred, target = (self.each_class(codes) for codes in (self.pred, self.target))
        labels = pred.shape[0] * pred.shape[1]  # to torchmetrics a class of an epoch is a label
        scores = multilabel_stat_scores(
            *(pred.flatten(0, 1).unsqueeze(0), target.flatten(0, 1).unsqueeze(0), labels),
            average="none",
            validate_args=False,
        )
        tp, fp, tn, fn, _ = scores.double().view(*pred.shape[:2], 5).unbind(-1)
        if pred.shape[1] == 1:  # of two classes, what is rightly not taken for one is a hit of the other
            tp, fp, fn = (torch.cat(pair, -1) for pair in ((tn, tp), (fn, fp), (fp, fn)))
        # the whole matrix only where a formula asks for it
        return Counts(tp, tp + fn, tp + fp, lambda: self.confusion.double())  # noqa: PLW0108


BY_ROW = ("rows", "target", "pred", "prob", "group", "time")


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

    def take(self, kept: Tensor) -> "Predictions":
        """The rows at `kept`, places or a mask of them."""
        held: dict[str, Any] = {name: getattr(self, name) for name in BY_ROW}
        return replace(self, **{name: column[kept] for name, column in held.items() if column is not None})

    def answers(self) -> Answers:
        """The same as metrics take it, with a leading dimension of one."""
        prob = None if self.prob is None else self.prob.unsqueeze(0)
        return Answers(pred=self.pred.unsqueeze(0), target=self.target.unsqueeze(0), prob=prob)


def joined(parts: Sequence[Predictions]) -> Predictions:
    """The rows of all parts, one part after the other."""
    held: dict[str, list[Any]] = {name: [getattr(part, name) for part in parts] for name in BY_ROW}
    columns: dict[str, Any] = {name: torch.cat(pieces) for name, pieces in held.items() if pieces[0] is not None}
    return replace(parts[0], **columns)


def pooled(parts: Sequence[Predictions]) -> Predictions:
    """Predictions of disjoint rows as one, in the order of the source's rows."""
    return joined(parts).take(torch.cat([part.rows for part in parts]).argsort())
