"""What each column of a table is, inferred from its values; from then on a column's dtype says its kind.

Float64      number          Categorical  category        Datetime  date
Boolean      boolean         String       id or text, kept for the data checks but never a feature
"""

import re
from dataclasses import dataclass, replace
from typing import Literal, final

import polars as pl

from litmus.data.dates import Dates, as_moments, read_dates, resembles_dates
from litmus.data.layout import Decimal, Layout
from litmus.data.numbers import CONTINUOUS, MISSING, check_finite, check_stray, read_numbers, without_marks
from litmus.data.place import Place, first_true
from litmus.data.target import as_text
from litmus.errors import quote

ColumnKind = Literal["number", "category", "date", "boolean", "text", "id", "constant"]
FEATURE_KINDS = ("number", "category", "date", "boolean")
LEAST_UNIQUE = 20
UNIQUE_SHARE = 0.95
ID_NAME = re.compile(
    r"(^|[_\s.\-])(id|ids|uuid|guid)$|[a-z](Id|ID|UUID)$|^id[_\s]|^(index|idx|row|rowid|row_number|unnamed: \d+)$"
)
PADDED = re.compile(r"0\d\d")  # months and hours are no codes
MOST_TRUTHS = 8  # spellings of true and false, and marks for missing cells
CELLS = 2000  # that are looked at first
TRUTH = {"true": True, "false": False}
ZERO_ONE = {"1": True, "0": False, "yes": True, "no": False, "t": True, "f": False, "y": True, "n": False, **TRUTH}


@final
@dataclass(frozen=True, kw_only=True)
class Column:
    """What is known of one column, for people to look at.

    Args:
        name: As in the file.
        kind: What it is taken for.
        missing: Share of missing cells.
        distinct: Number of distinct values, the missing one not counted.
        example: The first value, as text.
    """

    name: str
    kind: ColumnKind
    missing: float
    distinct: int
    example: str

    @property
    def is_feature(self) -> bool:
        """Whether the model gets to see it."""
        return self.kind in FEATURE_KINDS


def describe(frame: pl.DataFrame) -> tuple[Column, ...]:
    """The columns of a typed frame."""
    return tuple(
        Column(
            name=series.name,
            kind=kind_of(series),
            missing=series.null_count() / max(len(series), 1),
            distinct=series.drop_nulls().n_unique(),
            example=_example(series),
        )
        for series in frame
    )


def _example(series: pl.Series) -> str:
    present = series.drop_nulls().head(1)
    if series.dtype == pl.Float64 and len(present):
        return f"{present[0]:.7g}" if abs(present[0]) < 1e6 else str(as_text(present)[0])
    return str(as_text(present)[0]).removesuffix(".000000") if len(present) else ""


def kind_of(series: pl.Series) -> ColumnKind:
    """The kind of a typed column."""
    if is_constant(series):
        return "constant"
    if series.dtype == pl.String:
        return "text" if _is_prose(series.drop_nulls()) else "id"
    kinds: dict[type[pl.DataType], ColumnKind] = {pl.Float64: "number", pl.Boolean: "boolean", pl.Datetime: "date"}
    return kinds.get(series.dtype.base_type(), "category")


def is_constant(series: pl.Series) -> bool:
    """Whether nothing can be learned from a typed column: one value, or none."""
    if series.dtype in {pl.Float64, pl.Datetime("us")}:
        return series.min() == series.max()
    if series.dtype in {pl.String, pl.Null}:
        return series.drop_nulls().n_unique() <= 1
    return series.n_unique() <= 1


@final
@dataclass(frozen=True)
class Typed:
    """A column with the dtype that its values ask for.

    Args:
        series: Its values.
        marks: The marks for missing values that it uses.
        dates: How its dates were read, where it was text.
        padded: Whether its numbers are digits of one length with leading zeros, as codes are.
    """

    series: pl.Series
    marks: tuple[str, ...] = ()
    dates: Dates | None = None
    padded: bool = False


def type_column(raw: pl.Series, place: Place, layout: Layout) -> Typed:
    """A column as read, with its kind found out.

    Raises:
        DataError: A cell that does not fit the column, or values that no column may hold.
    """
    if raw.dtype != pl.String:
        return Typed(_typed(raw, place))
    if place.lines is None:
        return _type_text(raw, place, layout)
    numbers = read_numbers(raw, layout.decimal)
    if numbers.values.null_count() == len(raw) and numbers.stray is None:
        return Typed(pl.Series(raw.name, [None] * len(raw), dtype=pl.Float64), numbers.marks)
    check_stray(raw, numbers, place)
    if numbers.stray is None:
        return Typed(check_finite(numbers.values, place), numbers.marks, padded=_is_padded(raw))
    return _type_text(raw, place, layout)


def conform(raw: pl.Series, kind: ColumnKind, place: Place, layout: Layout) -> Typed:
    """A column as read, as the given kind.

    Raises:
        DataError: A cell that cannot be read so.
    """
    if raw.dtype.is_nested() or raw.dtype in {pl.Object, pl.Binary}:
        raise place.error(f"cells of type {quote(str(raw.dtype), 30)}; write one plain value a cell", column=raw.name)
    match kind:
        case "number":
            return Typed(_as_number(raw, place, layout.decimal))
        case "boolean":
            return Typed(_as_boolean(raw, place))
        case "date":
            return _as_date(raw, place, layout)
        case "category":
            return Typed(_as_category(raw))
        case _:
            return Typed(raw.cast(pl.String))


def as_order(raw: pl.Series, place: Place, layout: Layout) -> pl.Series:
    """A column without missing cells as numbers, or as moments: text would be sorted by letters.

    Raises:
        DataError: A cell that is neither.
    """
    if raw.dtype.is_numeric() or raw.dtype.is_temporal():
        return raw
    numbers = read_numbers(raw, layout.decimal)
    if numbers.stray is None and not numbers.values.null_count():
        return numbers.values
    check_stray(raw, numbers, place)
    return conform(raw, "date", place, layout).series


def is_counter(series: pl.Series) -> bool:
    """Whether a column of numbers just counts the rows in their order."""
    if series.dtype != pl.Float64 or len(series) < 3 or series.null_count():
        return False
    start = series[0]
    return (start in {0.0, 1.0} or start > 9999) and bool((series.diff().drop_nulls() == 1).all())


def has_id_name(name: str) -> bool:
    """Whether a column's name speaks of an identifier."""
    return bool(ID_NAME.search(name) or ID_NAME.search(name.lower()))


def is_named_id(series: pl.Series, raw: pl.Series) -> bool:
    """Whether name and values both speak of an identifier; `raw` still tells wide whole numbers apart."""
    if not has_id_name(series.name):
        return False
    if series.dtype == pl.Float64 and not (series == series.round(0)).all():
        return False
    return series.dtype in {pl.Float64, pl.Categorical} and raw.n_unique() > CONTINUOUS


def _typed(raw: pl.Series, place: Place) -> pl.Series:
    """A column that its file has typed."""
    dtype = raw.dtype
    if dtype.is_nested() or dtype in {pl.Object, pl.Binary}:
        raise place.error(
            f"cells of type {quote(str(dtype), 30)}; write one plain value a cell, or data.drop_columns=[...]",
            column=raw.name,
        )
    if dtype.is_numeric() or dtype == pl.Null:
        return check_finite(raw.cast(pl.Float64), place)
    if _is_span(dtype):
        return _spans(raw)
    if dtype.is_temporal():
        return as_moments(raw)
    return raw if dtype == pl.Boolean else _as_category(raw)


def _is_span(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Duration | pl.Time)


def _spans(raw: pl.Series) -> pl.Series:
    """Durations, and times of day since midnight, in seconds."""
    spans = raw.cast(pl.Duration("us")) if raw.dtype == pl.Duration else raw.cast(pl.Time)
    return spans.to_physical().cast(pl.Float64) / (1e6 if raw.dtype == pl.Duration else 1e9)


def _type_text(raw: pl.Series, place: Place, layout: Layout) -> Typed:
    """A column of words: true and false, dates, prose, identifiers, or categories, whose levels may be called None."""
    text = _cleaned(raw)
    present = text.drop_nulls()
    distinct = present.n_unique()
    if distinct <= MOST_TRUTHS and _are_truths(present.unique()):
        words, marks = without_marks(text)
        return Typed(_as_boolean(words, place), marks)
    cells = present.head(CELLS)
    if resembles_dates(cells.filter(cells.str.contains(r"\d"))):  # which no mark for a missing cell has
        words, marks = without_marks(text)
        dates = read_dates(words, layout.day_first, year_first=layout.year_first)
        if dates is not None:
            return replace(_checked_dates(words, dates, place), marks=marks)
    unique = distinct >= max(LEAST_UNIQUE, UNIQUE_SHARE * len(present))
    if unique or (distinct > CONTINUOUS and _is_prose(present)):
        return Typed(text)
    return Typed(text.cast(pl.Categorical))


def _are_truths(levels: pl.Series) -> bool:
    return {level.lower() for level in levels.to_list()} - set(MISSING) <= TRUTH.keys()


def _is_padded(raw: pl.Series) -> bool:
    if not any(cell and PADDED.match(cell) for cell in raw.head(LEAST_UNIQUE)):  # most columns: without a query
        return False
    present = raw.drop_nulls()
    return bool(present.str.contains(r"^\d+$").all()) and present.str.len_chars().n_unique() == 1


def _is_prose(present: pl.Series) -> bool:
    """Whether most cells are sentences, and mostly different ones."""
    head = present.head(2000)
    words = head.str.count_matches(r"\S+").mean()
    return isinstance(words, float) and words >= 5 and head.n_unique() > len(head) / 2


def _cleaned(raw: pl.Series) -> pl.Series:
    text = raw.cast(pl.String).str.strip_chars()
    return text.set(text == "", None)


def _as_number(raw: pl.Series, place: Place, decimal: Decimal) -> pl.Series:
    if _is_span(raw.dtype):
        return _spans(raw)
    if raw.dtype.is_temporal():
        raise place.error(
            "dates where numbers are expected; give the column as it was when the model was trained", column=raw.name
        )
    if raw.dtype in {pl.String, pl.Categorical} or isinstance(raw.dtype, pl.Enum):
        text = raw.cast(pl.String)
        numbers = read_numbers(text, decimal)
        check_stray(text, numbers, place, forced=True)
        return check_finite(numbers.values, place)
    return check_finite(raw.cast(pl.Float64), place)


def _as_boolean(raw: pl.Series, place: Place) -> pl.Series:
    if raw.dtype == pl.Boolean:
        return raw
    text = without_marks(as_text(raw))[0].str.to_lowercase()
    values = text.replace_strict(list(ZERO_ONE), list(ZERO_ONE.values()), default=None, return_dtype=pl.Boolean)
    wrong = first_true(values.is_null() & text.is_not_null())
    if wrong is not None:
        raise place.error(f"{quote(raw[wrong])} is neither true nor false; correct it", position=wrong, column=raw.name)
    return values


def _as_date(raw: pl.Series, place: Place, layout: Layout) -> Typed:
    if isinstance(raw.dtype, pl.Date | pl.Datetime):
        return Typed(as_moments(raw))
    if raw.dtype.is_numeric():
        raise place.error("numbers where dates are expected; write them as 2026-11-30", column=raw.name)
    text, marks = without_marks(raw.cast(pl.String))
    dates = read_dates(text, layout.day_first, year_first=layout.year_first)
    if dates is None:
        first = first_true(text.is_not_null())
        if first is None:
            return Typed(pl.Series(raw.name, [None] * len(raw), dtype=pl.Datetime("us")))
        known = {None: "", True: " with the day first", False: " with the month first"}[layout.day_first]
        message = (
            f"{quote(text[first])} is not a date{known}; write it as 2026-11-30, or with a time as 2026-11-30 14:00"
        )
        raise place.error(message, position=first, column=raw.name)
    return replace(_checked_dates(text, dates, place), marks=marks)


def _checked_dates(text: pl.Series, dates: Dates, place: Place) -> Typed:
    wrong = first_true(dates.values.is_null() & text.is_not_null())
    if wrong is not None:
        good = len(text) - dates.values.null_count()
        message = f"{quote(text[wrong])} is not a date as {good} other cells are; correct it, or leave it empty"
        raise place.error(message, position=wrong, column=text.name)
    return Typed(dates.values, dates=dates)


def _as_category(raw: pl.Series) -> pl.Series:
    return _cleaned(as_text(raw)).cast(pl.Categorical)
