"""What figures are drawn from: evidence, predictions, and what the model says over a line or a plane of inputs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
from numpy.typing import NDArray

from litmus.evidence import Column, Evidence
from litmus.task.base import Predictions

Array = NDArray[np.float64]
MARGIN = 0.08  # of the points' range, shown around them


@final
@dataclass(frozen=True)
class Points:
    """Rows of one split: `x` (n, 1 or 2) inputs as on the axes, `y` (n,) class codes or target values."""

    x: Array
    y: Array


@final
@dataclass(frozen=True)
class Surface:
    """What the model says over all of a one- or two-dimensional input space.

    Args:
        names: Of the inputs.
        grid: One array of coordinates per input.
        output: `(len(grid[0]),)` values of a regression, or `(len(grid[1]), len(grid[0]), classes)` probabilities.
        points: Split to its rows.
    """

    names: tuple[str, ...]
    grid: tuple[Array, ...]
    output: Array
    points: Mapping[str, Points]


@final
@dataclass(frozen=True, kw_only=True)
class Scene:
    """All that figures are drawn from.

    Args:
        evidence: What the run showed.
        predictions: By split.
        surface: Over the input space, where it has one or two dimensions.
    """

    evidence: Evidence
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    surface: Surface | None = None

    @property
    def scored(self) -> Predictions | None:
        """The predictions that the verdict is about, or those of val."""
        return self.predictions.get(self.evidence.scored) or self.predictions.get("val")


def make_surface(
    predict: Callable[[Array], Array],
    points: Mapping[str, Points],
    *,
    names: Sequence[str],
    columns: Sequence[Column] = (),
    resolution: int = 240,
) -> Surface:
    """The surface of a model with one or two inputs.

    Args:
        predict: From `(m, inputs)` as the model sees them to `(m,)` values or `(m, classes)` probabilities.
        points: Inputs as the model sees them.
        names: Of the inputs.
        columns: Their facts; where raw and seen scales are known, the axes are in raw units.
        resolution: Grid points per input.
    """
    every = np.concatenate([p.x for p in points.values()])
    low, high = every.min(0), every.max(0)
    pad = np.where(high > low, (high - low) * MARGIN, 1.0)
    grid = tuple(np.linspace(a, b, resolution) for a, b in zip(low - pad, high + pad, strict=True))
    mesh = np.meshgrid(*grid)
    output = predict(np.stack([m.ravel() for m in mesh], axis=1))
    raw = [_to_raw(name, columns) for name in names]
    return Surface(
        names=tuple(names),
        grid=tuple(f(g) for f, g in zip(raw, grid, strict=True)),
        output=output.reshape(*mesh[0].shape, *output.shape[1:]),
        points={
            split: Points(np.stack([f(p.x[:, i]) for i, f in enumerate(raw)], axis=1), p.y)
            for split, p in points.items()
        },
    )


def _to_raw(name: str, columns: Sequence[Column]) -> Callable[[Array], Array]:
    """From the model's units to the column's: every scaling is affine, so two moments of each give it."""
    column = next((c for c in columns if c.name == name), None)
    if column is None or None in (column.mean, column.sd, column.seen_mean, column.seen_sd) or not column.seen_sd:
        return lambda seen: seen
    mean, sd = column.mean or 0.0, column.sd or 0.0
    shift, scale = column.seen_mean or 0.0, column.seen_sd
    return lambda seen: (seen - shift) / scale * sd + mean
