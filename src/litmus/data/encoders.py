"""One feature column each: from typed values to one or more numbers, with all that was learned held as plain values."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.data.dates import CLOCK, PARTS, has_clock, parts_of

AUTO_EMBED = 20
MISSING_LEVEL = "(missing)"
OTHER_LEVEL = "(other)"


@final
@dataclass(frozen=True)
class Scale:
    """How numbers are centred and scaled.

    Args:
        rule: Mean and SD, minimum and range, or nothing.
    """

    rule: Literal["none", "standard", "minmax"]

    def fit(self, values: NDArray[np.float64]) -> tuple[list[float], list[float]]:
        """Centre and scale of each column of `(n, k)`; a column that does not vary is only centred."""
        if self.rule == "none":
            return [0.0] * values.shape[1], [1.0] * values.shape[1]
        if self.rule == "standard":
            centre = values.mean(axis=0)
            scale = values.std(axis=0)
        else:
            centre = values.min(axis=0)
            scale = values.max(axis=0) - centre
        flat = ~(scale > 1e-12 * np.maximum(np.abs(centre), 1e-290))
        return centre.tolist(), np.where(flat, 1.0, scale).tolist()


@dataclass(frozen=True, kw_only=True)
class Encoder(ABC):
    """A fitted feature column.

    Args:
        name: Column name in the file.
    """

    kind: ClassVar[Literal["number", "boolean", "category", "date"]]

    name: str

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

    def affine(self) -> tuple[float, float, float] | None:
        """Fill, centre and scale where encoding is no more than that."""
        return None

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The encoder of these fields."""
        return cls(**state)


@final
@dataclass(frozen=True, kw_only=True)
class NumberEncoder(Encoder):
    """A number, filled and scaled.

    Args:
        fill: In place of a missing value.
        centre: Subtracted.
        scale: Divided by.
    """

    kind = "number"

    fill: float
    centre: float
    scale: float

    @classmethod
    def fit(cls, series: pl.Series, scale: Scale, impute: str) -> Self:
        values = series.to_numpy()  # nulls as NaN
        fill = _fill_number(values[~np.isnan(values)], impute)
        (centre,), (spread,) = scale.fit(np.where(np.isnan(values), fill, values)[:, None])
        return cls(name=series.name, fill=fill, centre=centre, scale=spread)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def encode(self, series: pl.Series) -> NDArray[np.float64]:
        values = series.to_numpy()  # nulls as NaN
        filled: NDArray[np.float64] = np.where(np.isnan(values), self.fill, values)
        return ((filled - self.centre) / self.scale)[:, None]

    def affine(self) -> tuple[float, float, float]:
        return self.fill, self.centre, self.scale


@final
@dataclass(frozen=True, kw_only=True)
class BooleanEncoder(Encoder):
    """False and true as 0 and 1.

    Args:
        fill: In place of a missing value: the more frequent one.
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

    def affine(self) -> tuple[float, float, float]:
        return self.fill, 0.0, 1.0


@final
@dataclass(frozen=True, kw_only=True)
class CategoryEncoder(Encoder):
    """A category as one column a level, or as one code for an embedding.

    Args:
        levels: Values seen in training, most frequent first, with `(missing)` and `(other)` where training had them.
        rest: Rarer values of the training rows that share the level `(other)`.
        fill: In place of a missing value; None: the level `(missing)`, unseen where training had none.
        embed: One column of codes: 0 unseen, then the levels from 1.
    """

    kind = "category"

    levels: tuple[str, ...]
    rest: tuple[str, ...] = ()
    fill: str | None = None
    embed: bool = False

    @classmethod
    def fit(cls, series: pl.Series, *, impute: str, categories: str, max_levels: int) -> Self:
        text = series.cast(pl.String)
        counts = text.drop_nulls().value_counts().sort(["count", series.name], descending=[True, False])
        values: list[str] = counts[series.name].to_list()
        fill = values[0] if impute == "most_frequent" and values else None
        kept, rest = tuple(sorted(values[:max_levels])), tuple(sorted(values[max_levels:]))
        extra = (MISSING_LEVEL,) * bool(series.null_count() and fill is None) + (OTHER_LEVEL,) * bool(rest)
        embed = categories == "embed" or (categories == "auto" and len(kept) > AUTO_EMBED)
        return cls(name=series.name, levels=kept + extra, rest=rest, fill=fill, embed=embed)

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
        """Number of values, missing ones not counted, that training did not have."""
        return int(((self.codes(series) == 0) & series.is_not_null().to_numpy()).sum())

    def encode(self, series: pl.Series) -> NDArray[np.float64]:
        codes = self.codes(series)
        if self.embed:
            return codes[:, None].astype(np.float64)
        return np.eye(len(self.levels) + 1)[codes, 1:]

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        return cls(**{**state, "levels": tuple(state["levels"]), "rest": tuple(state["rest"])})


@final
@dataclass(frozen=True, kw_only=True)
class DateEncoder(Encoder):
    """A date as year, month, weekday (Monday 1), days since the first training row, and the hour on a circle.

    Args:
        fill: In place of a missing moment: the training rows' median, in microseconds since 1970.
        start: The training rows' first moment, in microseconds since 1970.
        clock: Whether there are times of day.
        centre: Subtracted from each part.
        scale: Each part is divided by.
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
    def fit(cls, series: pl.Series, scale: Scale, day_first: bool | None = None) -> Self:
        present = series.drop_nulls()
        moments = present.to_physical()
        fill, start = int(np.median(moments.to_numpy())), int(moments.to_numpy().min())
        clock = has_clock(present)
        centre, spread = scale.fit(parts_of(present, start, clock=clock))
        return cls(
            name=series.name,
            fill=fill,
            start=start,
            clock=clock,
            centre=tuple(centre),
            scale=tuple(spread),
            day_first=day_first,
        )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.name} {part}" for part in (PARTS + CLOCK if self.clock else PARTS))

    def encode(self, series: pl.Series) -> NDArray[np.float64]:
        moments = series.to_physical().fill_null(self.fill).cast(pl.Datetime("us"))
        parts = parts_of(moments, self.start, clock=self.clock)
        scaled: NDArray[np.float64] = (parts - np.array(self.centre)) / np.array(self.scale)
        return scaled

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        return cls(**{**state, "centre": tuple(state["centre"]), "scale": tuple(state["scale"])})


ENCODERS: dict[str, type[Encoder]] = {
    encoder.__name__: encoder for encoder in (NumberEncoder, BooleanEncoder, CategoryEncoder, DateEncoder)
}


def make_encoder(
    series: pl.Series,
    *,
    scale: Scale,
    impute: str,
    categories: str,
    max_levels: int,
    day_first: bool | None = None,
) -> Encoder:
    """The encoder that a typed training column asks for."""
    if series.dtype == pl.Float64:
        return NumberEncoder.fit(series, scale, impute)
    if series.dtype == pl.Boolean:
        return BooleanEncoder.fit(series)
    if isinstance(series.dtype, pl.Datetime):
        return DateEncoder.fit(series, scale, day_first)
    return CategoryEncoder.fit(series, impute=impute, categories=categories, max_levels=max_levels)


def _fill_number(present: NDArray[np.float64], impute: str) -> float:
    """What stands in for a missing number: the training rows' median, unless asked otherwise."""
    if impute == "most_frequent":
        values, counts = np.unique(present, return_counts=True)
        return float(values[counts.argmax()])
    return float(present.mean() if impute == "mean" else np.median(present))
