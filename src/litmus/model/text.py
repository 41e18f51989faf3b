"""Small text models over token ids: an embedding bag, and a convolutional network over words."""

from collections.abc import Sequence
from typing import Literal, final

import torch
from torch import Tensor, nn

from litmus.model.layers import (
    Activation,
    Count,
    Init,
    Norm,
    OutputActivation,
    Rate,
    Spread,
    activate,
    initialise,
    stack,
)


@final
class Text(nn.Module):
    """Embeds tokens, pools them into one vector a text, and classifies or regresses that.

    Args:
        vocab_size: Number of token ids, of which 0 pads; from the data.
        out_features: Outputs; from the loss.
        kind: bag: the mean of the tokens' vectors, word order ignored; cnn: the strongest response of each filter
            over neighbouring tokens.
        dim: Size of a token's vector.
        channels: Filters of each width (kind=cnn).
        kernel_sizes: Widths of the filters in tokens (kind=cnn).
        hidden: Units of each hidden layer of the head.
        activation: After each convolution and hidden layer.
        dropout: Share of pooled values and hidden units set to 0 while training.
        norm: Before each activation of the head: over the batch, over the layer's units, or none.
        output_activation: Applied to the outputs before the loss, which expects none.
        init: Distribution that the weights start from; default is torch's own. Embeddings keep torch's.
        init_std: Standard deviation of init=normal, which it implies; null: 0.02.
        init_bias: Value that all biases start from; null: torch's own, or 0 where init is set.
    """

    def __init__(
        self,
        *,
        vocab_size: Count,
        out_features: Count,
        kind: Literal["bag", "cnn"] = "bag",
        dim: Count = 64,
        channels: Count = 64,
        kernel_sizes: Sequence[Count] = (3, 4, 5),
        hidden: Sequence[Count] = (),
        activation: Activation = "relu",
        dropout: Rate = 0.0,
        norm: Norm = "none",
        output_activation: OutputActivation = "none",
        init: Init = "default",
        init_std: Spread | None = None,
        init_bias: float | None = None,
    ) -> None:
        super().__init__()
        if not vocab_size:
            raise ValueError("a text model needs texts, and these rows hold none; use model=mlp or model=cnn")
        self.embedding = nn.Embedding(vocab_size, dim, padding_idx=0)
        self.pool = Bag() if kind == "bag" else Filters(dim, channels, kernel_sizes=kernel_sizes, activation=activation)
        width = dim if kind == "bag" else channels * len(kernel_sizes)
        head = stack(
            width,
            out_features,
            hidden=hidden,
            activation=activation,
            dropout=dropout,
            norm=norm,
            output_activation=output_activation,
        )
        self.head = nn.Sequential(nn.Dropout(dropout), *head)
        initialise(self, init=init, std=init_std, bias=init_bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """From `(n, tokens)` int64 to `(n, out_features)`."""
        out: Tensor = self.head(self.pool(self.embedding(tokens), tokens != 0))
        return out


@final
class Bag(nn.Module):
    """The mean of the vectors of real tokens."""

    def forward(self, vectors: Tensor, real: Tensor) -> Tensor:
        """From vectors `(n, tokens, dim)`, zero where not `real` `(n, tokens)`, to `(n, dim)`."""
        count = real.sum(dim=1, keepdim=True).clamp(min=1)
        return vectors.sum(dim=1) / count


@final
class Filters(nn.Module):
    """Convolutions of several widths over the tokens, each reduced to its maximum.

    Args:
        dim: Size of a token's vector.
        channels: Filters of each width.
        kernel_sizes: Widths in tokens.
        activation: After each convolution.
    """

    def __init__(self, dim: int, channels: int, *, kernel_sizes: Sequence[int], activation: Activation) -> None:
        super().__init__()
        if not kernel_sizes:
            raise ValueError("kernel_sizes=[] leaves a text CNN without filters; give at least one width")
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Conv1d(dim, channels, width, padding=width // 2), *activate(activation))
            for width in kernel_sizes
        )

    def forward(self, vectors: Tensor, real: Tensor) -> Tensor:  # padding has zero vectors already
        """From vectors `(n, tokens, dim)` to `(n, channels * widths)`."""
        sequence = vectors.transpose(1, 2)
        return torch.cat([branch(sequence).amax(dim=2) for branch in self.branches], dim=1)
