"""Text to dates, and dates to numbers for a model."""

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import polars as pl
from numpy.typing import NDArray

YEAR_FIRST = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d")
SHORT_YEAR_FIRST = ("%y-%m-%d", "%y/%m/%d", "%y.%m.%d")
MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%m-%d-%y")
DAY_FIRST = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y", "%d/%m/%y", "%d-%m-%y")
NAMED = ("%d-%B-%Y", "%d %B %Y", "%B %d, %Y", "%B %d %Y", "%d-%B-%y", "%d. %B %Y")  # %B reads Nov and November
TIME_FORMATS = ("", " %H:%M:%S%.f", " %H:%M", " %H:%M:%S%.f%z", " %H:%M%z", " %I:%M:%S %p", " %I:%M %p")
WITH_NUMBERS = r"^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}(-\d{1,2}-(\d{4}|\d\d)|[/.]\d{1,2}[/.]\d{2,4}))( .*)?$"
WITH_NAMES = r"^(\d{1,2}\.?[- ][A-Za-z]{3,9}[- ]\d{2,4}|[A-Za-z]{3,9} \d{1,2},? \d{4})( .*)?$"
SPELLINGS = (  # replaced by the usual ones; a month without a day is taken for its first day
    (r"^(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? ", ""),
    (r"^(\S+)T(\d)", "${1} ${2}"),
    (r"(\d), (\d{1,2}:)", "${1} ${2}"),
    (r"(:\d\d(?:\.\d+)?) ?(?:Z|UTC|GMT)$", "${1}+00:00"),
    (r"(:\d\d(?:\.\d+)?) ?([+-]\d\d)$", "${1}${2}:00"),
    (r"(:\d\d(?:\.\d+)?) ([+-]\d\d:?\d\d)$", "${1}${2}"),
    (r"^(\d{4})([-/.])(\d{1,2})$", "${1}${2}${3}${2}01"),
    (r"^(\d{1,2})([-/.])(\d{4})$", "${3}-${1}-01"),
    (r"^([A-Za-z]{3,9})([- ])(\d{4}|\d\d)$", "1${2}${1}${2}${3}"),
)
PARTS = ("year", "month", "weekday", "days")
CLOCK = ("hour sin", "hour cos")
MONTHS = 12
FIRST_YEAR = 100
SAMPLE = 500
MICROSECONDS_A_DAY = 86_400_000_000


@final
@dataclass(frozen=True)
class Dates:
    """A text column read as dates.

    Args:
        values: Moments in UTC `(n,)`, null where missing or not a date.
        day_first: Whether the day is written before the month; None: the form of the dates leaves no choice.
    """

    values: pl.Series
    day_first: bool | None = None

    @property
    def ambiguous(self) -> bool:
        """Whether the column could also be read with the day first."""
        return self.day_first is False and not (self.values.dt.day() > MONTHS).any()


def read_dates(text: pl.Series, day_first: bool | None = None, *, year_first: bool = False) -> Dates | None:
    """The dates of a column; None where it is not mostly dates.

    Args:
        text: Cells as written.
        day_first: How 3/4/2025 is meant; None: the order that reads most of the column, month first where both do.
        year_first: Whether 23-11-02 is in 2023 wherever it can be; False: the reading that spans less time is taken,
            because days taken for years scatter over decades.
    """
    text = text.str.strip_chars()
    present = text.drop_nulls()
    if not resembles_dates(present):
        return None
    sample = _one_spelling(present.head(SAMPLE))
    named = _looks_like(sample, WITH_NAMES)
    tried = {form: _parse(sample, form) for form in (NAMED if named else _forms(day_first))}
    ranked = sorted(tried, key=lambda form: _rank(form, tried[form], year_first=year_first))
    form, best = ranked[0], _parse_all(text, ranked[0])
    if best.null_count() > text.null_count():  # the sample does not show everything
        tries = [(form, best), (ranked[1], _parse_all(text, ranked[1]))]
        form, best = min(tries, key=lambda pair: pair[1].null_count())
    left = _one_spelling(text.filter(best.is_null() & text.is_not_null()))
    if len(left) == len(present) or (len(left) > max(1, len(present) // 20) and not _are_slips(left, len(present))):
        return None
    return Dates(best.rename(text.name), True if form in DAY_FIRST else False if form in MONTH_FIRST else None)


def resembles_dates(present: pl.Series) -> bool:
    """Whether the first cells, none of them missing, are mostly written as dates."""
    if not len(present):
        return False
    sample = _one_spelling(present.head(SAMPLE).str.strip_chars())
    return _looks_like(sample, WITH_NAMES) or _looks_like(sample, WITH_NUMBERS)


def _are_slips(left: pl.Series, count: int) -> bool:
    """Whether the cells left unread, of `count` in all, are dates in other spellings rather than other words."""
    dated = left.str.contains(WITH_NUMBERS) | left.str.contains(WITH_NAMES)
    return bool(dated.all()) and 2 * len(left) <= count


def _one_spelling(text: pl.Series) -> pl.Series:
    for pattern, spelling in SPELLINGS:
        text = text.str.replace(pattern, spelling)
    return text


def _parse_all(text: pl.Series, form: str) -> pl.Series:
    """Cells read in one form of dates; those that are not are tried again in its usual spelling."""
    parsed = _parse(text, form)
    left = (parsed.is_null() & text.is_not_null()).arg_true()
    return parsed if not len(left) else parsed.scatter(left, _parse(_one_spelling(text[left]), form))


def _rank(form: str, parsed: pl.Series, *, year_first: bool) -> tuple[int, int]:
    """The key by which forms are sorted: cells that they do not read, then the years spanned, for short years."""
    low, high = parsed.dt.year().min(), parsed.dt.year().max()
    span = high - low if isinstance(low, int) and isinstance(high, int) else 0
    if year_first:
        span = int(form not in SHORT_YEAR_FIRST)
    return parsed.null_count(), span if "%y" in form and form not in NAMED else 0


def _looks_like(sample: pl.Series, pattern: str) -> bool:
    return len(sample) > 0 and int(sample.str.contains(pattern).sum()) >= len(sample) / 2


def _forms(day_first: bool | None) -> tuple[str, ...]:
    """The forms of numeric dates to be tried; dates with points are never read in American order."""
    dotted = tuple(form for form in DAY_FIRST if "." in form)
    slashed = tuple(form for form in DAY_FIRST if "." not in form)
    american = () if day_first else MONTH_FIRST
    short = SHORT_YEAR_FIRST if day_first is None else ()
    return (*YEAR_FIRST, *dotted, *american, *(() if day_first is False else slashed), *short)


def _parse(text: pl.Series, date_format: str) -> pl.Series:
    """Cells read in one form of dates, with or without a time of day; null where that fails."""
    parsed = pl.Series(text.name, [None] * len(text), dtype=pl.Datetime("us"))
    for time_format in TIME_FORMATS:
        left = parsed.is_null() & text.is_not_null()
        if not left.any():
            break
        moments = text.str.to_datetime(date_format + time_format, strict=False, time_unit="us", exact=True)
        parsed = parsed.zip_with(parsed.is_not_null(), as_moments(moments))
    return parsed.set(parsed.dt.year() < FIRST_YEAR, None)  # %Y takes the 24 of 3/4/24 for the year 24


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
