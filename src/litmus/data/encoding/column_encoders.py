"""One feature column each: typed values to one or more numbers, with all that was learned held as plain values.

A new way to encode a column, such as another embedding, a target encoding or a transform of skewed numbers, is a class
here, an entry of `ENCODERS`, and a line in `make_encoder`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Self, final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.data.cell_reading import PLAIN, Decimal, Reading
from litmus.data.columns.dates import CLOCK, PARTS, has_clock, parts_of
from litmus.data.columns.kinds import count_levels

AUTO_EMBED = 20
ONE_HOT_LEVELS = 100
EMBEDDED_LEVELS, LEAST_EMBEDDED = 2000, 2
"""Levels with a vector of their own where nobody says how many, and the training rows that each of them needs: a vector
costs no column of the tensor, and from one row nothing is learned of a level."""
MISSING_LEVEL = "(missing)"
OTHER_LEVEL = "(other)"
LONG_TAIL = 10.0
"""Robust standard deviations from the median: of normal values none in 10^20 rows lies beyond."""
FEWEST_FOR_TAIL = 50
IQR_OF_NORMAL = 1.349
FEWEST_TOLD, LEAST_TOLD = 10, 0.01
"""Missing cells of a column, and their share, from which the model is told where they are."""


@final
@dataclass(frozen=True)
class Scale:
    """How numbers are centred and scaled.

    Args:
        rule: By mean and SD, by minimum and range, or not at all; auto: by mean and SD, and columns with a long tail
            go through `bend` first.
    """

    rule: Literal["auto", "none", "standard", "minmax"]

    def fit(self, values: NDArray[np.float64]) -> tuple[list[float], list[float]]:
        """Centre and scale of each column of `(n, k)`; a column that does not vary is only centred."""
        if self.rule == "none":
            return [0.0] * values.shape[1], [1.0] * values.shape[1]
        if self.rule in {"auto", "standard"}:
            centre = values.mean(axis=0)
            scale = values.std(axis=0)
        else:
            centre = values.min(axis=0)
            scale = values.max(axis=0) - centre
        flat = ~(scale > 1e-12 * np.maximum(np.abs(centre), 1e-290))
        return centre.tolist(), np.where(flat, 1.0, scale).tolist()

    def bend(self, values: NDArray[np.float64]) -> tuple[float, float] | None:
        """Middle and width of a column `(n,)` whose tail would leave the other rows no room; None for any other.

        Near the middle the hyperbolic arcsine changes little, and far from it, it is a logarithm on either side.
        """
        if self.rule != "auto" or len(values) < FEWEST_FOR_TAIL:
            return None
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
        width = float(high - low) / IQR_OF_NORMAL or float(values.std())
        if not 0 < width < np.inf or float(np.abs(values - middle).max()) <= LONG_TAIL * width:
            return None
        return float(middle), width


class Affine(NamedTuple):
    """Arithmetic of a column: filled, bent where `width` is finite, centred, scaled; `tells` as in `NumberEncoder`."""

    fill: float
    centre: float
    scale: float
    tells: bool = False
    middle: float = 0.0
    width: float = np.inf


@dataclass(frozen=True, kw_only=True)
class Encoder(ABC):
    """A fitted feature column.

    Args:
        name: Column name in the file.
        missing: Values that stood for missing cells in the training rows.
    """

    kind: ClassVar[Literal["number", "boolean", "category", "date"]]

    name: str
    missing: tuple[str, ...] = ()

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """One name per column of the tensor."""

    @property
    def cardinality(self) -> int:
        """Number of codes of an embedded category; 0 for everything else."""
        return 0

    @abstractmethod
    def encode(self, series: pl.Series) -> NDArray[np.float64]:
        """Typed values `(n,)` as `(n, len(names))`."""

    def affine(self) -> Affine | None:
        """What encoding is where it is no more than arithmetic on one number."""
        return None

    @property
    def reading(self) -> Reading:
        """How new rows' cells are to be read."""
        return Reading(missing=self.missing)

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The encoder of these fields."""
        fields: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in state.items()}
        return cls(**fields)


@final
@dataclass(frozen=True, kw_only=True)
class NumberEncoder(Encoder):
    """A number, filled and scaled.

    Args:
        fill: Replaces a missing value.
        centre: Subtracted from each value.
        scale: Divides each centred value.
        bend: Middle and width of the hyperbolic arcsine that a long tail goes through first; empty: none.
        tells: Whether a second column says where the cell was missing.
        affix: What stood beside the numbers of the training rows, as in `Reading`.
        decimal: Their decimal separator, as in `Reading`.
    """

    kind = "number"

    fill: float
    centre: float
    scale: float
    bend: tuple[float, ...] = ()
    tells: bool = False
    affix: str = ""
    decimal: Decimal = "auto"

    @classmethod
    def fit(cls, series: pl.Series, scale: Scale, impute: str, reading: Reading = PLAIN) -> Self:
        values = series.to_numpy()  # nulls as NaN
        fill = _fill_number(values[~np.isnan(values)], impute)
        filled = np.where(np.isnan(values), fill, values)
        bend = scale.bend(filled) or ()
        (centre,), (spread,) = scale.fit(_bent(filled, bend)[:, None])
        return cls(
            name=series.name,
            missing=reading.missing,
            fill=fill,
            centre=centre,
            scale=spread,
            bend=bend,
            tells=impute == "auto" and series.null_count() >= max(FEWEST_TOLD, LEAST_TOLD * len(series)),
            affix=reading.affix,
            decimal=reading.decimal,
        )

    @property
    def reading(self) -> Reading:
        return Reading(affix=self.affix, decimal=self.decimal, missing=self.missing)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, f"{self.name}={MISSING_LEVEL}") if self.tells else (self.name,)

    def encode(self, series: pl.Series) -> NDArray[np.float64]:
        values = series.to_numpy()  # nulls as NaN
        missing = np.isnan(values)
        filled: NDArray[np.float64] = np.where(missing, self.fill, values)
        scaled = (_bent(filled, self.bend) - self.centre) / self.scale
        return np.column_stack([scaled, missing]) if self.tells else scaled[:, None]

    def affine(self) -> Affine:
        return Affine(self.fill, self.centre, self.scale, self.tells, *self.bend)


@final
@dataclass(frozen=True, kw_only=True)
class BooleanEncoder(Encoder):
    """False and true as 0 and 1.

    Args:
        fill: Replaces a missing value: the more frequent one.
    """

    kind = "boolean"

    fill: float

    @classmethod
    def fit(cls, series: pl.Series) -> Self:
        present = series.drop_nulls()
        return cls(name=series.name, fill=float(2 * int(present.sum()) >= len(present)))

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def encode(self, series: pl.Series) -> NDArray[np.float64]:
        return series.cast(pl.Float64).fill_null(self.fill).to_numpy()[:, None]

    def affine(self) -> Affine:
        return Affine(self.fill, 0.0, 1.0)


@final
@dataclass(frozen=True, kw_only=True)
class CategoryEncoder(Encoder):
    """A category as one column a level, or as one code for an embedding.

    Args:
        levels: Values kept from the training rows, sorted, then `(missing)` and `(other)` where those rows had them.
        rest: Rarer values of the training rows, which share the level `(other)`.
        fill: Replaces a missing value; None: the level `(missing)`, which counts as unseen if training had none.
        embed: One column of codes: 0 unseen, then the levels from 1.
    """

    kind = "category"

    levels: tuple[str, ...]
    rest: tuple[str, ...] = ()
    fill: str | None = None
    embed: bool = False

    @classmethod
    def fit(
        cls,
        series: pl.Series,
        *,
        impute: str,
        categories: str,
        max_levels: int | None,
        reading: Reading = PLAIN,
    ) -> Self:
        text = series.cast(pl.String)
        counts = count_levels(text.drop_nulls()).sort("count", "level", descending=[True, False])
        values: list[str] = counts["level"].to_list()
        fill = values[0] if impute == "most_frequent" and values else None
        embed = categories == "embed" or (
            categories == "auto" and min(len(values), max_levels or len(values)) > AUTO_EMBED
        )
        if max_levels is None:
            learnable = int((counts["count"] >= LEAST_EMBEDDED).sum())
            # `embed` was asked for, and then as always
            max_levels = min(learnable, EMBEDDED_LEVELS) if embed and categories == "auto" else ONE_HOT_LEVELS
        kept, rest = tuple(sorted(values[:max_levels])), tuple(sorted(values[max_levels:]))
        extra = (MISSING_LEVEL,) * bool(series.null_count() and fill is None) + (OTHER_LEVEL,) * bool(rest)
        return cls(name=series.name, levels=kept + extra, rest=rest, fill=fill, embed=embed, missing=reading.missing)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,) if self.embed else tuple(f"{self.name}={level}" for level in self.levels)

    @property
    def cardinality(self) -> int:
        return len(self.levels) + 1 if self.embed else 0

    def codes(self, series: pl.Series) -> NDArray[np.int64]:
        """Code of each value `(n,)`: 0 unseen, then the levels from 1."""
        codes = dict(zip(self.levels, range(1, len(self.levels) + 1), strict=True))
        codes.update(dict.fromkeys(self.rest, codes.get(OTHER_LEVEL, 0)))
        text = series.cast(pl.String).fill_null(MISSING_LEVEL if self.fill is None else self.fill)
        return text.replace_strict(list(codes), list(codes.values()), default=0, return_dtype=pl.Int64).to_numpy()

    def unseen(self, series: pl.Series) -> int:
        """Number of values that the training rows did not have, missing ones not counted."""
        return int(((self.codes(series) == 0) & series.is_not_null().to_numpy()).sum())

    def encode(self, series: pl.Series) -> NDArray[np.float64]:
        codes = self.codes(series)
        if self.embed:
            return codes[:, None].astype(np.float64)
        return np.eye(len(self.levels) + 1)[codes, 1:]


@final
@dataclass(frozen=True, kw_only=True)
class DateEncoder(Encoder):
    """A date as year, month, weekday (Monday 1), days since the first training row, and the hour on a circle.

    Args:
        fill: Replaces a missing date: the training rows' median, in microseconds since 1970.
        start: The training rows' earliest date, in microseconds since 1970.
        clock: Whether the dates have times of day.
        centre: Subtracted from each part.
        scale: Divides each centred part.
        day_first: Whether the training rows had the day before the month; None where that does not matter.
    """

    kind = "date"

    fill: int
    start: int
    clock: bool
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    day_first: bool | None = None

    @classmethod
    def fit(cls, series: pl.Series, scale: Scale, reading: Reading = PLAIN) -> Self:
        present = series.drop_nulls()
        moments = present.to_physical()
        fill, start = int(np.median(moments.to_numpy())), int(moments.to_numpy().min())
        clock = has_clock(present)
        centre, spread = scale.fit(parts_of(present, start, clock=clock))
        return cls(
            name=series.name,
            missing=reading.missing,
            fill=fill,
            start=start,
            clock=clock,
            centre=tuple(centre),
            scale=tuple(spread),
            day_first=reading.day_first,
        )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.name} {part}" for part in (PARTS + CLOCK if self.clock else PARTS))

    def encode(self, series: pl.Series) -> NDArray[np.float64]:
        moments = series.to_physical().fill_null(self.fill).cast(pl.Datetime("us"))
        parts = parts_of(moments, self.start, clock=self.clock)
        scaled: NDArray[np.float64] = (parts - np.array(self.centre)) / np.array(self.scale)
        return scaled

    @property
    def reading(self) -> Reading:
        return Reading(day_first=self.day_first, missing=self.missing)


ENCODERS: dict[str, type[Encoder]] = {
    encoder.__name__: encoder for encoder in (NumberEncoder, BooleanEncoder, CategoryEncoder, DateEncoder)
}


def make_encoder(
    series: pl.Series,
    *,
    scale: Scale,
    impute: str,
    categories: str,
    max_levels: int | None,
    reading: Reading = PLAIN,
) -> Encoder:
    """The encoder for a typed training column, by its dtype."""
    if series.dtype == pl.Float64:
        return NumberEncoder.fit(series, scale, impute, reading)
    if series.dtype == pl.Boolean:
        return BooleanEncoder.fit(series)
    if isinstance(series.dtype, pl.Datetime):
        return DateEncoder.fit(series, scale, reading)
    return CategoryEncoder.fit(series, impute=impute, categories=categories, max_levels=max_levels, reading=reading)


def _bent(values: NDArray[np.float64], bend: tuple[float, ...]) -> NDArray[np.float64]:
    if not bend:
        return values
    middle, width = bend
    bent: NDArray[np.float64] = np.arcsinh((values - middle) / width)
    return bent


def _fill_number(present: NDArray[np.float64], impute: str) -> float:
    """The number that replaces missing ones: the training rows' median, unless `impute` names another statistic."""
    if impute == "most_frequent":
        values, counts = np.unique(present, return_counts=True)
        return float(values[counts.argmax()])
    return float(present.mean() if impute == "mean" else np.median(present))
