"""A model of a plugin: any `nn.Module` whose arguments are annotated."""

from typing import Annotated, final

from annotated_types import Ge
from torch import Tensor, nn


@final
class Gated(nn.Module):
    """One hidden layer whose units open and close each other.

    Args:
        in_features: Inputs; Litmus knows them from the data.
        out_features: Outputs; Litmus knows them from the target.
        width: Units of the hidden layer.
    """

    def __init__(self, *, in_features: int, out_features: int, width: Annotated[int, Ge(1)] = 8) -> None:
        super().__init__()
        self.hidden = nn.Linear(in_features, 2 * width)
        self.gate = nn.GLU()
        self.last = nn.Linear(width, out_features)

    def forward(self, x: Tensor) -> Tensor:
        """`(rows, in_features)` to `(rows, out_features)`, without an output activation."""
        output: Tensor = self.last(self.gate(self.hidden(x)))
        return output
