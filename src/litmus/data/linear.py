"""A straight line with noise: what linear regression is made for."""

from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
import polars as pl
from annotated_types import Ge

from litmus.data.synthetic import SyntheticTable


@final
@dataclass(frozen=True, kw_only=True)
class Linear(SyntheticTable):
    """y = slope x + intercept + noise, with x uniform from 0 to 10.

    Args:
        slope: Of the line.
        intercept: Its value at 0.
        noise: SD of the normal noise on y.
    """

    slope: float = 2.0
    intercept: float = 1.0
    noise: Annotated[float, Ge(0)] = 1.0

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        x = rng.uniform(0, 10, n)
        y = self.slope * x + self.intercept + rng.normal(scale=self.noise, size=n)
        return pl.DataFrame({"x": x, self.target_column: y})
