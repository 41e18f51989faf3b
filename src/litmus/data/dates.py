"""Text to dates, and dates to numbers that a model can use."""

import math
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y")
TIME_FORMATS = ("", " %H:%M:%S%.f", " %H:%M", " %H:%M:%S%.f%z", " %H:%M%z", " %I:%M:%S %p", " %I:%M %p")
LOOKS_LIKE = r"^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?$"
PARTS = ("year", "month", "weekday", "days")
CLOCK = ("hour sin", "hour cos")
SAMPLE = 500
MICROSECONDS_A_DAY = 86_400_000_000


def read_dates(text: pl.Series) -> pl.Series | None:
    """Moments in UTC `(n,)`, null where missing or not a date; None where the column is not mostly dates.

    Year first, or day and month with the year last: month first wins where both read the whole column.
    """
    present = text.drop_nulls()
    if not len(present) or present.head(SAMPLE).str.contains(LOOKS_LIKE).mean() < 0.5:  # type: ignore[operator]
        return None
    clean = text.str.strip_chars().str.replace(r"^(\S+)T(\d)", "${1} ${2}").str.replace(r"Z$", "+00:00")
    sample = clean.drop_nulls().head(SAMPLE)
    ranked = sorted(DATE_FORMATS, key=lambda form: _parse(sample, form).null_count())
    tries = (_parse(clean, form) for form in ranked[:2])
    best = min(tries, key=lambda series: series.null_count())
    missed = best.null_count() - text.null_count()
    return best.rename(text.name) if missed <= max(1, len(present) // 20) and missed < len(present) else None


def _parse(text: pl.Series, date_format: str) -> pl.Series:
    """The series in one way to write dates, with or without a time of day."""
    parsed = pl.Series(text.name, [None] * len(text), dtype=pl.Datetime("us"))
    for time_format in TIME_FORMATS:
        left = parsed.is_null() & text.is_not_null()
        if not left.any():
            break
        moments = text.str.to_datetime(date_format + time_format, strict=False, time_unit="us", exact=True)
        parsed = parsed.zip_with(parsed.is_not_null(), as_moments(moments))
    return parsed


def as_moments(values: pl.Series) -> pl.Series:
    """Dates or times as microseconds in UTC without a zone."""
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is not None:
        values = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return values.cast(pl.Datetime("us"))


def has_clock(values: pl.Series) -> bool:
    """Whether any moment has a time of day."""
    return bool((values.to_physical() % MICROSECONDS_A_DAY != 0).any())


def parts_of(values: pl.Series, start: int, *, clock: bool) -> NDArray[np.float64]:
    """Moments without nulls as `(n, parts)`.

    Args:
        values: Moments `(n,)`.
        start: The moment, in microseconds since 1970, from which days are counted.
        clock: Add the hour of day on a circle.
    """
    physical = values.to_physical().to_numpy()
    parts: list[Any] = [
        values.dt.year().to_numpy(),
        values.dt.month().to_numpy(),
        values.dt.weekday().to_numpy(),
        (physical - start) / MICROSECONDS_A_DAY,
    ]
    if clock:
        angle = 2 * math.pi * (physical % MICROSECONDS_A_DAY) / MICROSECONDS_A_DAY
        parts += [np.sin(angle), np.cos(angle)]
    return np.stack([np.asarray(part, dtype=np.float64) for part in parts], axis=1)
