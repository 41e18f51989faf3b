"""Small convolutional network for images of any size and number of channels."""

from collections.abc import Sequence
from math import ceil
from typing import Literal, final

from torch import Tensor, nn

from litmus.model.layers import Activation, Count, Init, OutputActivation, Rate, Spread, activate, initialise, stack

ImageNorm = Literal["none", "batch"]
LARGEST_MAP = 8


@final
class CNN(nn.Module):
    """Blocks of convolution, activation and max-pooling, then a dense head.

    Convolutions keep the image's size. A block whose map is already smaller than `pool` does not pool, so that small
    images pass; maps that are still larger than 8 × 8 are averaged down to that, so that the head stays small.

    Args:
        in_shape: Channels, height and width of one image; from the data.
        out_features: Outputs; from the loss.
        channels: Feature maps of each block.
        kernel_size: Height and width of the convolutions, in pixels.
        pool: Factor by which each block shrinks height and width; 1: not at all.
        hidden: Units of each hidden layer of the head.
        activation: After each convolution and hidden layer; none makes them linear.
        dropout: Share of hidden units set to 0 while training.
        norm: Before each activation: over the batch, or none.
        output_activation: Applied to the outputs before the loss, which expects none.
        init: Distribution that the weights start from; default is torch's own.
        init_std: Standard deviation of init=normal, which it implies; null: 0.02.
        init_bias: Value that all biases start from; null: torch's own, or 0 where init is set.
    """

    def __init__(
        self,
        *,
        in_shape: Sequence[Count],
        out_features: Count,
        channels: Sequence[Count] = (16, 32),
        kernel_size: Count = 3,
        pool: Count = 2,
        hidden: Sequence[Count] = (64,),
        activation: Activation = "relu",
        dropout: Rate = 0.0,
        norm: ImageNorm = "none",
        output_activation: OutputActivation = "none",
        init: Init = "default",
        init_std: Spread | None = None,
        init_bias: float | None = None,
    ) -> None:
        super().__init__()
        if len(in_shape) != 3:
            message = f"a CNN needs images (channels, height, width), and these rows have the shape {tuple(in_shape)}"
            raise ValueError(f"{message}; use model=mlp or model=linear")
        depth, *size = in_shape
        layers: list[nn.Module] = []
        for maps in channels:
            layers.append(nn.Conv2d(depth, maps, kernel_size, padding=kernel_size // 2))
            layers += [nn.BatchNorm2d(maps)] if norm == "batch" else []
            layers += activate(activation)
            size = [side + 1 - kernel_size % 2 for side in size]
            if pool > 1 and min(size) >= pool:
                layers.append(nn.MaxPool2d(pool))
                size = [side // pool for side in size]
            depth = maps
        if max(size) > LARGEST_MAP:
            reduce, size = _average(size)
            layers.append(reduce)
        head = stack(
            depth * size[0] * size[1],
            out_features,
            hidden=hidden,
            activation=activation,
            dropout=dropout,
            norm=norm,
            output_activation=output_activation,
        )
        self.layers = nn.Sequential(*layers, nn.Flatten(), *head)
        initialise(self, init=init, std=init_std, bias=init_bias)

    def forward(self, x: Tensor) -> Tensor:
        """From `(n, channels, height, width)` to `(n, out_features)`."""
        out: Tensor = self.layers(x)
        return out


def _average(size: Sequence[int]) -> tuple[nn.Module, list[int]]:
    """A layer of fixed windows (adaptive pooling does not export) and the size of its maps."""
    window = [ceil(side / LARGEST_MAP) for side in size]
    smaller = [ceil(side / step) for side, step in zip(size, window, strict=True)]
    padding = [ceil((step * n - side) / 2) for side, step, n in zip(size, window, smaller, strict=True)]
    height, width = window
    top, left = padding
    return nn.AvgPool2d((height, width), padding=(top, left), count_include_pad=False), smaller
