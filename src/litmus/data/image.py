"""What all image sources share: pixels kept small, scaled by the training images, varied on the device."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from litmus.data.base import Preprocess, Rows, Source
from litmus.data.extra import import_extra
from litmus.data.image_files import read_like
from litmus.data.picture import full_range
from litmus.errors import DataError

Variation = Literal["flip", "shift", "rotate", "zoom", "erase"]
CHUNK = 512


@dataclass(frozen=True, kw_only=True)
class ImageSource(Source):
    """Base of the sources whose rows are images.

    Args:
        augmentation: Random variants of the training images, one or a list: flip (left to right, every second image),
            shift (up to a tenth), rotate (up to 15 degrees), zoom (down to .8 of the image), erase (a rectangle,
            every second image).
    """

    augmentation: Literal["none"] | Variation | Sequence[Variation] = "none"

    def fit(self, train: Rows) -> "ImagePreprocess":
        return ImagePreprocess.fit(_pixels(train), self.normalize)

    def augment(self, x: Tensor) -> Tensor:
        names = self.variations()
        if not names:
            return x
        with torch.no_grad():
            out: Tensor = _augmenter(names, tuple(x.shape[-2:]))(x)
        return out

    def variations(self) -> tuple[str, ...]:
        """Names of the variations, in their order."""
        if self.augmentation == "none":
            return ()
        return (self.augmentation,) if isinstance(self.augmentation, str) else tuple(self.augmentation)

    def check_extras(self) -> None:
        """Refuses an augmentation without its package before anything is read; raises ConfigError."""
        if self.variations():
            import_extra("kornia.augmentation", "data.augmentation")


@cache
def _augmenter(names: tuple[str, ...], size: tuple[int, int]) -> nn.Module:
    """The variations in a row; they draw from torch's global random state alone."""
    kornia = import_extra("kornia.augmentation", "data.augmentation")
    # a moved image is filled with its edge: zero would be the mean's grey once pixels are standardised
    makers = {
        "flip": lambda: kornia.RandomHorizontalFlip(p=0.5),
        "shift": lambda: kornia.RandomAffine(degrees=0, translate=(0.1, 0.1), padding_mode="border", p=1.0),
        "rotate": lambda: kornia.RandomAffine(degrees=15, padding_mode="border", p=1.0),
        "zoom": lambda: kornia.RandomResizedCrop(size, scale=(0.64, 1.0), ratio=(1.0, 1.0)),
        "erase": lambda: kornia.RandomErasing(scale=(0.02, 0.2), p=0.5),
    }
    return nn.Sequential(*(makers[name]() for name in names))


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
    def fit(cls, pixels: NDArray[Any], normalize: Literal["none", "standard", "minmax"]) -> Self:
        """Scales from the training images `(n, channels, height, width)` alone."""
        levels = full_range(pixels)
        channels = pixels.shape[1]
        factor, offset = np.ones(channels), np.zeros(channels)
        if normalize == "standard":
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
        pixels = _pixels(rows)
        if pixels.shape[1:] != self.shape:
            found, wanted = (" x ".join(map(str, shape)) for shape in (pixels.shape[1:], self.shape))
            raise DataError(f"images of {found} (channels, height, width), trained on {wanted}", file=rows.origin.path)
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


def _pixels(rows: Rows) -> NDArray[Any]:
    if not isinstance(rows.inputs, np.ndarray):
        raise TypeError(f"rows of {rows.origin.path} hold no images")
    return rows.inputs


def _moments(pixels: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and population standard deviation of each channel, in pieces so that no float copy of all is made."""
    count = pixels.shape[0] * pixels.shape[2] * pixels.shape[3]
    mean = sum(piece.sum((0, 2, 3)) for piece in _pieces(pixels)) / count
    centre = np.reshape(mean, (1, -1, 1, 1))
    variance = sum(((piece - centre) ** 2).sum((0, 2, 3)) for piece in _pieces(pixels)) / count
    return np.asarray(mean), np.sqrt(variance)


def _pieces(pixels: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, len(pixels), CHUNK):
        yield pixels[start : start + CHUNK].astype(np.float64)
