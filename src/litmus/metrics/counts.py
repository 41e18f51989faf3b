"""Counts of labels, of which the metrics of decided labels are formulas: the same for tensors and for arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final


@final
@dataclass(frozen=True)
class Counts:
    """What a confusion matrix of K classes says of each class; tensors or arrays, counts or probabilities.

    Args:
        hits: `(..., K)`, of the class and predicted to be.
        true: `(..., K)`, of the class.
        predicted: `(..., K)`, predicted to be.
        matrix: Gives the whole matrix `(..., K, K)`, rows true, columns predicted.
    """

    hits: Any
    true: Any
    predicted: Any
    matrix: Callable[[], Any]

    @staticmethod
    def of(matrix: Any) -> Counts:
        """The counts of confusion matrices `(..., K, K)`, rows true, columns predicted."""
        return Counts(matrix.diagonal(0, -2, -1), matrix.sum(-1), matrix.sum(-2), lambda: matrix)

    @property
    def total(self) -> Any:
        """All rows, `(...)`."""
        return self.true.sum(-1)

    def pick(self, values: Any) -> Any:
        """Of values `(..., K)` of each class the positive one's, or of more than two classes the mean.

        Classes that neither occur nor are predicted are left out, as torchmetrics and scikit-learn do.
        """
        return values[..., 1] if values.shape[-1] == 2 else average(values, self.true + self.predicted > 0)


def ratio(part: Any, whole: Any) -> Any:
    """The quotient, with 0/0 = 0 as scikit-learn and torchmetrics count it."""
    return part / (whole + (whole == 0))


def average(values: Any, counted: Any) -> Any:
    """The mean over the last dimension of what is counted; 0 where nothing is."""
    return ratio((values * counted).sum(-1), counted.sum(-1))
