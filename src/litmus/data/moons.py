"""Two interleaving half circles."""

from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
import polars as pl
from annotated_types import Ge

from litmus.data.synthetic import SyntheticTable


@final
@dataclass(frozen=True, kw_only=True)
class Moons(SyntheticTable):
    """Points on an upper moon (label 0) and a lower one (label 1), equal to scikit-learn's `make_moons`.

    Args:
        noise: SD of the normal noise on both coordinates.
    """

    noise: Annotated[float, Ge(0)] = 0.1

    target_column = "label"

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.RandomState(seed)
        upper = n // 2
        first, second = np.linspace(0, np.pi, upper), np.linspace(0, np.pi, n - upper)
        x1 = np.concatenate((np.cos(first), 1 - np.cos(second)))
        x2 = np.concatenate((np.sin(first), 1 - np.sin(second) - 0.5))
        labels = np.repeat([0, 1], [upper, n - upper])
        order = np.arange(n)
        rng.shuffle(order)
        points = np.stack((x1, x2), axis=1)[order]
        points = points + rng.normal(scale=self.noise, size=points.shape)
        return pl.DataFrame({"x1": points[:, 0], "x2": points[:, 1], self.target_column: labels[order]})
