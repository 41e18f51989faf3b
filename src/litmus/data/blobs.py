"""Round clouds around centres on a circle: as easy or as hard as their spread makes them."""

from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
import polars as pl
from annotated_types import Ge, Gt

from litmus.data.synthetic import SyntheticTable


@final
@dataclass(frozen=True, kw_only=True)
class Blobs(SyntheticTable):
    """Normal clouds in the plane, one a class, whose centres stand on a circle of radius 4.

    Args:
        classes: Number of clouds.
        spread: SD of each cloud in both directions.
    """

    classes: Annotated[int, Ge(2)] = 3
    spread: Annotated[float, Gt(0)] = 1.0

    target_column = "label"

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        labels = rng.permutation(np.arange(n) % self.classes)
        angle = 2 * np.pi * labels / self.classes
        x1 = 4 * np.cos(angle) + rng.normal(scale=self.spread, size=n)
        x2 = 4 * np.sin(angle) + rng.normal(scale=self.spread, size=n)
        return pl.DataFrame({"x1": x1, "x2": x2, self.target_column: labels})
