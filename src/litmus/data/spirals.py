"""Spiral arms wound around each other: hard for a linear model, easy for a small MLP."""

from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
import polars as pl
from annotated_types import Ge, Gt

from litmus.data.synthetic import SyntheticTable


@final
@dataclass(frozen=True, kw_only=True)
class Spirals(SyntheticTable):
    """Arms of equal length that start at the centre, one a class.

    Args:
        classes: Number of arms.
        turns: Times that an arm winds round the centre.
        noise: SD of the normal noise on both coordinates; an arm ends at radius 1.
    """

    classes: Annotated[int, Ge(2)] = 2
    turns: Annotated[float, Gt(0)] = 1.0
    noise: Annotated[float, Ge(0)] = 0.03

    target_column = "label"

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        labels = rng.permutation(np.arange(n) % self.classes)
        radius = np.sqrt(rng.uniform(0.01, 1, n))
        angle = 2 * np.pi * (self.turns * radius + labels / self.classes)
        x1 = radius * np.cos(angle) + rng.normal(scale=self.noise, size=n)
        x2 = radius * np.sin(angle) + rng.normal(scale=self.noise, size=n)
        return pl.DataFrame({"x1": x1, "x2": x2, self.target_column: labels})
