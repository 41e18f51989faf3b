"""Fully connected network, with or without non-linearity between its layers."""

from collections.abc import Sequence
from typing import final

from torch import Tensor, nn

from litmus.model.layers import (
    Activation,
    Count,
    Init,
    Norm,
    OutputActivation,
    Rate,
    SomeBinned,
    Spread,
    front,
    initialise,
    stack,
)


@final
class MLP(nn.Module):
    """Hidden layers of given widths; images are flattened, categories embedded.

    An ensemble of such networks learns side by side: the rows and their order are shared, first weights and losses are
    each member's own, and their mean predicts (Lakshminarayanan et al., Deep Ensembles, NeurIPS 2017).

    Args:
        in_features: Values in one row of the input, category codes included; from the data.
        out_features: Outputs; from the loss.
        cardinalities: Codes of each category; their columns are the last ones; from the data.
        bin_edges: Edges of the bins of each number, in which every second network of an ensemble sees it as well; from
            the data.
        hidden: Units of each hidden layer; an empty list leaves a linear model.
        activation: After each hidden layer; none makes the whole stack linear.
        dropout: Share of hidden units set to 0 while training.
        norm: Before each activation: over the batch, over the layer's units, or none.
        output_activation: Applied to the outputs before the loss, which expects none.
        init: Distribution that the weights start from; default is torch's own.
        init_std: Standard deviation of init=normal, which it implies; null: 0.02.
        init_bias: Value that all biases start from; null: torch's own, or 0 where init is set.
        ensemble_size: Networks whose mean predicts; unset: 4 for a table of a file or frame with up to 20,000 training
            rows, else 1. A model without hidden layers is one network whatever is set.
    """

    def __init__(
        self,
        *,
        in_features: Count,
        out_features: Count,
        cardinalities: Sequence[Count] = (),
        bin_edges: Sequence[Sequence[float]] = (),
        hidden: Sequence[Count] = (64, 64),
        activation: Activation = "relu",
        dropout: Rate = 0.0,
        norm: Norm = "none",
        output_activation: OutputActivation = "none",
        init: Init = "default",
        init_std: Spread | None = None,
        init_bias: float | None = None,
        ensemble_size: Count = 1,
    ) -> None:
        super().__init__()
        self.ensemble_size = ensemble_size if hidden else 1  # linear models' mean is a linear model
        first, width = front(in_features, cardinalities)
        if self.ensemble_size > 1 and activation != "none" and any(bin_edges):
            first = SomeBinned(first, bin_edges, ensemble_size=self.ensemble_size)
            width += first.bins
        rest = stack(
            width,
            out_features,
            hidden=hidden,
            activation=activation,
            dropout=dropout,
            norm=norm,
            output_activation=output_activation,
            ensemble_size=self.ensemble_size,
        )
        self.layers = nn.Sequential(first, *rest)
        initialise(self, init=init, std=init_std, bias=init_bias)

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, *in_shape)` to `(n, out_features)`."""
        out: Tensor = self.layers(x)
        return out if self.ensemble_size == 1 else out.mean(0)

    def members(self, x: Tensor) -> Tensor:
        """What each member of an ensemble gives, `(members, n, out_features)`."""
        out: Tensor = self.layers(x)
        return out
