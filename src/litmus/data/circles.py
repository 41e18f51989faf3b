"""Two concentric circles: no straight line separates them."""

from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
import polars as pl
from annotated_types import Ge, Gt, Lt

from litmus.data.synthetic import SyntheticTable


@final
@dataclass(frozen=True, kw_only=True)
class Circles(SyntheticTable):
    """Points on an outer circle (label 0) and an inner one (label 1), equal to scikit-learn's `make_circles`.

    Args:
        noise: SD of the normal noise on both coordinates.
        factor: Radius of the inner circle; the outer one has 1.
    """

    noise: Annotated[float, Ge(0)] = 0.03
    factor: Annotated[float, Gt(0), Lt(1)] = 0.8

    target_column = "label"

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.RandomState(seed)
        outer = n // 2
        angles = [np.linspace(0, 2 * np.pi, size, endpoint=False) for size in (outer, n - outer)]
        radii = np.repeat([1.0, self.factor], [outer, n - outer])
        angle = np.concatenate(angles)
        points = np.stack((radii * np.cos(angle), radii * np.sin(angle)), axis=1)
        labels = np.repeat([0, 1], [outer, n - outer])
        order = np.arange(n)
        rng.shuffle(order)
        points = points[order] + rng.normal(scale=self.noise, size=points.shape)
        return pl.DataFrame({"x1": points[:, 0], "x2": points[:, 1], self.target_column: labels[order]})
