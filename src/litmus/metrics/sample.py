"""One model's predictions as a sample of rows: what intervals rest on, with rows drawn as they depend on each other."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, TypedDict, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.metrics.answers import Answers, Predictions
from litmus.metrics.counts import Counts
from litmus.statistics.bootstrap import block_length, bootstrap
from litmus.statistics.confusion import Posterior
from litmus.statistics.intervals import Interval, clustered_rows
from litmus.statistics.means import bootstrap_mean, regression_scores

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Compute = Callable[[Answers], Tensor]

DRAWS = 4000
"""Posterior draws for two classes; a quarter for more, where each draw is larger and each score a mean over classes."""
PAIRED_DRAWS = 2000


class Options(TypedDict):
    """How the bootstrap draws rows."""

    groups: Codes | None
    block: int | None


@final
@dataclass(frozen=True)
class Sample:
    """Predictions whose rows are a sample.

    Args:
        predictions: In time order, where there is a time and no group: blocks of neighbours are drawn together.
        draws: Of the posterior of a confusion matrix; None: as many as the number of classes asks for.
    """

    predictions: Predictions
    draws: int | None = None

    @staticmethod
    def of(predictions: Predictions, *, draws: int | None = None) -> "Sample":
        """The sample of predictions in any order."""
        return Sample(in_time(predictions), draws)

    @cached_property
    def answers(self) -> Answers:
        """The predictions as metrics take them."""
        return self.predictions.answers()

    @cached_property
    def prob(self) -> Tensor:
        """`(n, classes)` float64; raises TypeError where there are none."""
        return self.answers.probabilities[0]

    @cached_property
    def right(self) -> NDArray[np.bool_]:
        """`(n,)`, whether each row's label is right."""
        return (self.predictions.pred == self.predictions.target).numpy()

    @cached_property
    def errors(self) -> Tensor:
        """`(n,)` float64 by which it is told how alike neighbours and rows of a group are: hits, or absolute errors."""
        if self.predictions.prob is not None:
            return torch.from_numpy(self.right).double()
        return (self.predictions.pred - self.predictions.target).abs().double()

    @cached_property
    def groups(self) -> Codes | None:
        """`(n,)` group codes, or None."""
        return None if self.predictions.group is None else self.predictions.group.numpy()

    def options(self, values: Tensor | None = None) -> Options:
        """How rows are drawn: by group, by blocks as long as `values` (n,) stay alike, or one by one."""
        if self.groups is not None:
            return {"groups": self.groups, "block": None}
        if self.predictions.time is not None:
            return {"groups": None, "block": block_length((self.errors if values is None else values).numpy())}
        return {"groups": None, "block": None}

    @cached_property
    def share(self) -> float:
        """Independent rows that the rows are worth, as a share of their number: 1 without groups or time."""
        return self.worth(self.errors)

    def worth(self, values: Tensor) -> float:
        """The same for other `values` (n,) than the errors."""
        options, numbers = self.options(values), values.numpy()
        if options["groups"] is not None:
            return clustered_rows(numbers, options["groups"]) / len(numbers)
        if options["block"] is not None:
            return clustered_rows(numbers, np.arange(len(numbers)) // options["block"]) / len(numbers)
        return 1.0

    @cached_property
    def confusion(self) -> Array:
        """The confusion matrix, rows true, columns predicted."""
        counts: Array = self.answers.confusion[0].double().numpy()
        return counts

    @cached_property
    def posterior(self) -> Posterior:
        """What as many independent rows as these are worth allow the confusion matrix to be."""
        draws = self.draws or (DRAWS if len(self.confusion) == 2 else DRAWS // 4)
        return Posterior(self.share * self.confusion, draws=draws)

    @cached_property
    def regression_intervals(self) -> dict[str, Interval]:
        """mse, rmse, mae and r2, from the same draws."""
        pred, target = (values.double().numpy() for values in (self.predictions.pred, self.predictions.target))
        return regression_scores(pred, target, **self.options())

    def mean_interval(
        self, values: Tensor, *, scale: Literal["linear", "log"] = "linear", level: float = 0.95
    ) -> Interval:
        """Interval of the mean of values `(n,)`."""
        return bootstrap_mean(values.numpy(), scale=scale, level=level, **self.options())

    def bootstrap(self, compute: Compute) -> Interval:
        """Interval of any metric, by rows drawn again: for metrics that have none of their own."""

        def value(rows: NDArray[np.intp]) -> float:
            return float(compute(self.at(rows))[0])

        return bootstrap(value, len(self.predictions.target), draws=500, **self.options())

    def at(self, rows: NDArray[np.intp]) -> Answers:
        """The answers for some rows, with repeats."""
        at, whole = torch.from_numpy(rows), self.answers
        prob = None if whole.prob is None else whole.prob[:, at]
        return Answers(pred=whole.pred[:, at], target=whole.target[:, at], prob=prob)

    # differences from another model on the same rows, in the same order

    def paired_mean_interval(self, values: Tensor, *, level: float = 0.95) -> Interval:
        """Interval of the mean of differences `(n,)`, whose own likeness decides how rows are drawn."""
        return bootstrap_mean(values.numpy(), level=level, **self.options(values))

    def paired_bootstrap(self, other: "Sample", compute: Compute, level: float) -> Interval:
        """Interval of the difference in any metric, by the same rows drawn from both."""

        def value(rows: NDArray[np.intp]) -> float:
            ours, theirs = (float(compute(side.at(rows))[0]) for side in (self, other))
            return ours - theirs

        return bootstrap(value, len(self.predictions.target), draws=500, level=level, **self.options())

    def posterior_difference(self, other: "Sample", formula: Callable[[Counts], Any], level: float) -> Interval:
        """Interval of a difference of formulas, by the posterior of the cells (true class, our label, their label).

        To each class half a row is added on which only we are right, and half a row on which only the other model is,
        so that two models that never differ on few rows keep some doubt.

        Source: Agresti and Min 2005 (half rows for paired proportions); Goutte and Gaussier 2005 (posterior of counts).
        """
        k, target = self.prob.shape[1], self.predictions.target
        codes, counts = ((target * k + self.predictions.pred) * k + other.predictions.pred).unique(return_counts=True)
        share = self.worth(torch.from_numpy(self.right).double() - torch.from_numpy(other.right).double())
        classes = target.unique()
        wrong = (classes + 1) % k
        doubt = torch.cat([(classes * k + classes) * k + wrong, (classes * k + wrong) * k + classes])
        cells_M = torch.cat([codes, doubt]).numpy()
        weights_M = np.concatenate([share * counts.numpy(), np.full(len(doubt), 0.5)])
        draws_DM = np.random.default_rng(0).standard_gamma(weights_M, size=(PAIRED_DRAWS, len(weights_M)))
        value = float(_formula_difference(counts.numpy()[None].astype(float), codes.numpy(), k, formula)[0])
        low, high = np.quantile(_formula_difference(draws_DM, cells_M, k, formula), [(1 - level) / 2, (1 + level) / 2])
        return Interval(value, min(value, float(low)), max(value, float(high)))


def in_time(predictions: Predictions) -> Predictions:
    """The rows in time order where they have one and no group."""
    if predictions.time is None or predictions.group is not None:
        return predictions
    order = predictions.time.argsort(stable=True)
    columns = ("rows", "target", "pred", "prob", "time")
    held = {name: getattr(predictions, name) for name in columns}
    return replace(predictions, **{name: value[order] for name, value in held.items() if value is not None})


def _formula_difference(counts_DM: Array, cells_M: Codes, k: int, formula: Callable[[Counts], Any]) -> Array:
    """The formula of our confusion matrix minus that of the other model's, `(D,)`."""
    true, ours, theirs = cells_M // (k * k), cells_M // k % k, cells_M % k
    values = []
    for labels in (ours, theirs):
        onto = np.zeros((len(cells_M), k * k))
        onto[np.arange(len(cells_M)), true * k + labels] = 1
        values.append(formula(Counts.of((counts_DM @ onto).reshape(-1, k, k))))
    return np.asarray(values[0] - values[1])
