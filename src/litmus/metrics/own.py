"""Metrics of torchmetrics or of a user's own, by `metrics.<name>`: logged, monitored and asked for as ours."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, final

from litmus.metrics import Metric, declare, direction, measure_of_others

if TYPE_CHECKING:
    from torch import Tensor

    from litmus.metrics.answers import Answers

DISTANCES = frozenset({"Distance", "Divergence", "Deviance", "Coverage"})


@final
@dataclass(frozen=True, kw_only=True)
class OwnMetric(Metric):
    """A torchmetrics metric over whole splits.

    Args:
        made: Takes labels where it would decide by a threshold itself, so that the task's counts; probabilities
            otherwise, and numbers in regression.
    """

    made: Any = field(compare=False)

    def compute(self, answers: Answers) -> Tensor:
        import torch

        return torch.tensor([self._value(answers, epoch) for epoch in range(len(answers.pred))], dtype=torch.float64)

    def _value(self, answers: Answers, epoch: int) -> float:
        predicted, target = self._said(answers, epoch), answers.target[epoch]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is undefined, which a NaN says too
            self.made.reset()
            self.made.update(predicted, target)
            value = self.made.compute()
        if getattr(value, "ndim", 0) and value.numel() != 1:
            raise ValueError(f"metrics.{self.name} gives {value.numel()} values, and one is needed; use average=macro")
        return float(value)

    def _said(self, answers: Answers, epoch: int) -> Tensor:
        if answers.prob is None or hasattr(self.made, "threshold"):
            return answers.pred[epoch]
        prob = answers.prob[epoch].float()
        return prob[:, 1] if prob.shape[1] == 2 and not getattr(self.made, "num_classes", None) else prob


def own_metric(name: str, made: Any, kind: str) -> OwnMetric:
    """The declaration of a metric object, known under its name from then on."""
    higher = _higher_is_better(made)
    shown = measure_of_others(name, higher_is_better=higher)
    own = OwnMetric(**{**vars(shown), "tasks": frozenset({kind}), "made": made})
    declare(own)
    return own


def _higher_is_better(made: Any) -> bool:
    """As the class says; some of torchmetrics do not, and then their names do."""
    if made.higher_is_better is not None:
        return bool(made.higher_is_better)
    words = re.findall(r"[A-Z][a-z]+", type(made).__name__)
    known = [way for word in words if (way := direction(word.lower())) is not None]
    return "min" not in known and not DISTANCES & {*words}
