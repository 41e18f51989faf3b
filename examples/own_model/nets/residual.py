"""A model of one's own: any `nn.Module` whose arguments are annotated."""

from typing import Annotated, final

from annotated_types import Ge
from torch import Tensor, nn


@final
class Residual(nn.Module):
    """Hidden layers that add to what they are given.

    Args:
        in_features: Inputs; Litmus knows them from the data.
        out_features: Outputs; Litmus knows them from the target.
        width: Units of each layer.
        depth: Layers between the first and the last.
    """

    def __init__(
        self,
        *,
        in_features: int,
        out_features: int,
        width: Annotated[int, Ge(1)] = 32,
        depth: Annotated[int, Ge(0)] = 2,
    ) -> None:
        super().__init__()
        self.first = nn.Linear(in_features, width)
        self.blocks = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.last = nn.Linear(width, out_features)

    def forward(self, x: Tensor) -> Tensor:
        """`(rows, in_features)` to `(rows, out_features)`, without an output activation."""
        h = self.first(x).relu()
        for block in self.blocks:
            h = h + block(h).relu()
        return self.last(h)
