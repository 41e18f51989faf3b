"""What figures are drawn from: evidence, predictions, and what the model says over a line or a plane of inputs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np
from numpy.typing import NDArray

from litmus.data.rows import Rows
from litmus.evidence import Column, Evidence
from litmus.metrics.answers import Predictions

Array = NDArray[np.float64]
MAX_POINTS = 2000  # of one scatter: more hide each other, and make a report heavy
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
@dataclass(frozen=True)
class Dependence:
    """What the model says on average if one column had this or that value in all rows.

    Args:
        name: Of the column.
        values: `(k,)` numbers in order, or k labels, the most frequent first.
        output: `(k,)` mean predictions in the target's unit, or `(k, classes)` mean probabilities.
    """

    name: str
    values: Array | tuple[str, ...]
    output: Array


@final
@dataclass(frozen=True, kw_only=True)
class Scene:
    """All that figures are drawn from.

    Args:
        evidence: What the run showed.
        predictions: By split.
        surface: Over the input space, where it has one or two dimensions.
        rows: By split, as they were read; of a large split some, evenly spread. Empty where the data are not at hand.
        dependence: Of the columns that matter most, where the rows are a table.
        examples: The rows that the page shows: mistakes, and labels in doubt.
        marks: Row number of a text to those of its words that weigh most for what was predicted.
    """

    evidence: Evidence
    predictions: Mapping[str, Predictions] = field(default_factory=dict)
    surface: Surface | None = None
    rows: Mapping[str, Rows] = field(default_factory=dict)
    dependence: tuple[Dependence, ...] = ()
    examples: Rows | None = None
    marks: Mapping[int, Sequence[str]] = field(default_factory=dict)

    @property
    def scored(self) -> Predictions | None:
        """The predictions that the verdict is about, or those of val."""
        return self.predictions.get(self.evidence.scored) or self.predictions.get("val")


def thin(n: int, limit: int = MAX_POINTS) -> NDArray[np.int64]:
    """At most `limit` positions among `n`, evenly spread, the same every time."""
    return np.arange(n) if n <= limit else np.linspace(0, n - 1, limit).round().astype(np.int64)


def the_surface(scene: Scene) -> Surface:
    """The scene's surface; raises ValueError where there is none."""
    if scene.surface is None:
        msg = "this figure needs the model's surface"
        raise ValueError(msg)
    return scene.surface


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
