"""Handwritten digits of 8 x 8 pixels that scikit-learn ships, as arrays or as an image folder."""

import hashlib
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.config.words import path_of
from litmus.data.base import Origin, Rows
from litmus.data.image import ImageSource
from litmus.data.image_folder import ImageFolder

BRIGHTEST = 16


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
    from PIL import Image

    for number, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        file = path_of(folder) / str(label) / f"{number:04d}.png"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((image[0] * 255).round().astype(np.uint8)).save(file)


def _digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Shares of white `(1797, 1, 8, 8)` and digits `(1797,)`."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pixels = (bunch.images / BRIGHTEST).astype(np.float32)
    return pixels[:, np.newaxis], bunch.target.astype(np.int64)
