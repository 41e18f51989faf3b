"""A straight line without noise, split in order: the smallest problem that a sound set-up must solve."""

from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
import polars as pl
from annotated_types import Ge

from litmus.data.base import SplitRule
from litmus.data.synthetic import SyntheticTable


@final
@dataclass(frozen=True, kw_only=True)
class Line(SyntheticTable):
    """y = slope x + intercept at evenly spaced x from 0 up to 1: 50 rows, .02 apart, the later ones held out.

    Args:
        slope: Of the line.
        intercept: Its value at 0.
    """

    n_samples: Annotated[int, Ge(10)] = 50
    split: SplitRule = "time"
    slope: float = 0.7
    intercept: float = 0.3

    in_order = True

    def sample(self, n: int, seed: int) -> pl.DataFrame:  # nothing is random here
        return self._at(np.arange(n) / n)

    def fresh(self, n: int) -> pl.DataFrame:
        """Points half a step beside the others' grid."""
        return self._at((np.arange(n) + 0.5) / n)

    def _at(self, x: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pl.DataFrame:
        return pl.DataFrame({"x": x, self.target_column: self.slope * x + self.intercept})
