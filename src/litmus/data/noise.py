"""Inputs and a target that have nothing to do with each other: nothing can be learned, and a verdict must say so."""

from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
import polars as pl
from annotated_types import Ge

from litmus.data.synthetic import SyntheticTable


@final
@dataclass(frozen=True, kw_only=True)
class Noise(SyntheticTable):
    """Standard normal inputs and an independent target.

    Args:
        inputs: Number of input columns.
        classes: Number of classes, equally likely; null: the target is a standard normal number.
    """

    inputs: Annotated[int, Ge(1)] = 10
    classes: Annotated[int, Ge(2)] | None = None

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(n, self.inputs))
        y = rng.normal(size=n) if self.classes is None else rng.integers(self.classes, size=n)
        columns = {f"x{i + 1}": x[:, i] for i in range(self.inputs)}
        return pl.DataFrame({**columns, self.target_column: y})
