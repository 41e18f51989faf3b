"""Linear and logistic regression: one layer from the inputs to the outputs."""

from collections.abc import Sequence
from typing import final

from torch import Tensor, nn

from litmus.model.layers import Count, Init, OutputActivation, Spread, front, initialise, stack


@final
class Linear(nn.Module):
    """One linear layer; images are flattened, categories embedded.

    Args:
        in_features: Values in one row of the input, category codes included; from the data.
        out_features: Outputs; from the loss.
        cardinalities: Codes of each category; their columns are the last ones; from the data.
        output_activation: Applied to the outputs before the loss, which expects none.
        init: Distribution that the weights start from; default is torch's own.
        init_std: Standard deviation of init=normal, which it implies; null: 0.02.
        init_bias: Value that all biases start from; null: torch's own, or 0 where init is set.
    """

    def __init__(
        self,
        *,
        in_features: Count,
        out_features: Count,
        cardinalities: Sequence[Count] = (),
        output_activation: OutputActivation = "none",
        init: Init = "default",
        init_std: Spread | None = None,
        init_bias: float | None = None,
    ) -> None:
        super().__init__()
        first, width = front(in_features, cardinalities)
        self.layers = nn.Sequential(first, *stack(width, out_features, output_activation=output_activation))
        initialise(self, init=init, std=init_std, bias=init_bias)

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, *in_shape)` to `(n, out_features)`."""
        out: Tensor = self.layers(x)
        return out
