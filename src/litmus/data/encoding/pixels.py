"""Images to the model's tensor: 8-bit pixels stay so in memory, and are scaled batch by batch on the device."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from litmus.data.encoding.base import Preprocess
from litmus.data.files.image_files import full_range, read_like
from litmus.data.rows import Rows
from litmus.errors import DataError

CHUNK = 512


@final
@dataclass(frozen=True, kw_only=True)
class ImagePreprocess(Preprocess):
    """Pixels as shares of their full range, then `x * factor + offset` in each channel.

    Args:
        shape: Channels, height and width.
        levels: Full range of the raw pixels: 255 for 8 bits, 65535 for 16.
        factor: One number a channel.
        offset: One number a channel.
    """

    shape: tuple[int, int, int]
    levels: float
    factor: tuple[float, ...]
    offset: tuple[float, ...]

    input = "image"

    @classmethod
    def fit(cls, pixels: NDArray[Any], normalize: Literal["auto", "none", "standard", "minmax"]) -> Self:
        """Scales from the training images `(n, channels, height, width)` alone."""
        levels = full_range(pixels)
        channels = pixels.shape[1]
        factor, offset = np.ones(channels), np.zeros(channels)
        if normalize in {"auto", "standard"}:
            mean, sd = _moments(pixels)
            factor = levels / np.where(sd > 0, sd, levels)
            offset = -mean / levels * factor
        elif normalize == "minmax":
            low, high = pixels.min((0, 2, 3)).astype(float), pixels.max((0, 2, 3)).astype(float)
            factor = levels / np.where(high > low, high - low, levels)
            offset = -low / levels * factor
        shape = (channels, pixels.shape[2], pixels.shape[3])
        return cls(shape=shape, levels=levels, factor=tuple(factor.tolist()), offset=tuple(offset.tolist()))

    def encode(self, rows: Rows) -> Tensor:
        """8-bit pixels as they are, which is a quarter of the memory; any others as float32 shares of their range."""
        pixels = pixels_of(rows)
        if pixels.shape[1:] != self.shape:
            given, trained = (" x ".join(map(str, shape)) for shape in (pixels.shape[1:], self.shape))
            raise DataError(f"images of {given} (channels, height, width), trained on {trained}", file=rows.origin.path)
        if pixels.dtype == np.uint8 and self.levels == 255:
            return torch.from_numpy(np.ascontiguousarray(pixels))
        return torch.from_numpy(pixels.astype(np.float32) / np.float32(full_range(pixels)))

    def finish(self, x: Tensor) -> Tensor:
        factor = torch.tensor(self.factor, device=x.device).view(-1, 1, 1)
        offset = torch.tensor(self.offset, device=x.device).view(-1, 1, 1)
        return torch.addcmul(offset, x.float(), factor / 255 if x.dtype == torch.uint8 else factor)

    def read(self, path: str, *, labelled: bool) -> Rows:
        """Class folders, a folder of images or one image, brought to the size and channels trained on."""
        return read_like(path, shape=self.shape, labelled=labelled)

    def state(self) -> dict[str, Any]:
        return {
            "kind": "image",
            "shape": list(self.shape),
            "levels": self.levels,
            "factor": list(self.factor),
            "offset": list(self.offset),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        channels, height, width = state["shape"]
        return cls(
            shape=(channels, height, width),
            levels=state["levels"],
            factor=tuple(state["factor"]),
            offset=tuple(state["offset"]),
        )

    def module(self) -> nn.Module:
        return Pixels(self)


@final
class Pixels(nn.Module):
    """Raw pixels `(n, channels, height, width)` as floats from 0 to the full range, to the model's input.

    Args:
        preprocess: Whose scales it holds.
    """

    factor: Tensor
    offset: Tensor

    def __init__(self, preprocess: ImagePreprocess) -> None:
        super().__init__()
        factor = torch.tensor(preprocess.factor) / preprocess.levels
        self.register_buffer("factor", factor.view(-1, 1, 1))
        self.register_buffer("offset", torch.tensor(preprocess.offset).view(-1, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        return pixels * self.factor + self.offset


def pixels_of(rows: Rows) -> NDArray[Any]:
    """The rows' images `(n, channels, height, width)`; raises TypeError if they hold something else."""
    if not isinstance(rows.inputs, np.ndarray):
        raise TypeError(f"rows of {rows.origin.path} hold no images")
    return rows.inputs


def _moments(pixels: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and population standard deviation of each channel, in pieces so as not to copy all pixels as floats."""
    count = pixels.shape[0] * pixels.shape[2] * pixels.shape[3]
    mean = sum(piece.sum((0, 2, 3)) for piece in _pieces(pixels)) / count
    centre = np.reshape(mean, (1, -1, 1, 1))
    variance = sum(((piece - centre) ** 2).sum((0, 2, 3)) for piece in _pieces(pixels)) / count
    return np.asarray(mean), np.sqrt(variance)


def _pieces(pixels: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(pixels), CHUNK):
        yield pixels[start : start + CHUNK].astype(np.float64)
