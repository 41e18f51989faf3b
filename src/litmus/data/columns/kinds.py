"""What each column of a table holds, inferred from its values; from then on a column's dtype says its kind.

Float64      number          Categorical  category        Datetime  date
Boolean      boolean         String       id or text, kept for the data checks but never a feature

Whether whole numbers are codes, counts or measurements is decided in `type_column`.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal, final

import polars as pl

from litmus.data.cell_reading import PLAIN, Reading
from litmus.data.columns.dates import Dates, as_moments, read_dates, resembles_dates
from litmus.data.columns.notation import are_times
from litmus.data.columns.numbers import (
    CONTINUOUS,
    MISSING,
    Numbers,
    check_finite,
    check_stray,
    is_one_word,
    numbers_of,
    read_numbers,
    sentinels,
    without_marks,
    without_numbers,
    without_values,
)
from litmus.data.columns.whole import is_numbering
from litmus.data.files.table import CSVLayout
from litmus.data.location import Location, first_true
from litmus.errors import quote

ColumnKind = Literal["number", "category", "date", "boolean", "text", "id", "constant"]
FEATURE_KINDS = ("number", "category", "date", "boolean")
LEAST_UNIQUE = 20
UNIQUE_SHARE = 0.95
ID_NAME = re.compile(
    r"(^|[_\s.\-])(id|ids|uuid|guid)$|[a-z](Id|ID|UUID)$|^id[_\s]|^(index|idx|row|rowid|row_number|unnamed: \d+)$"
)
PADDED = re.compile(r"0\d\d")  # three digits, since months and hours have two
MOST_TRUTHS = 8  # spellings of true and false, and marks for missing cells
CELLS = 2000  # cells that are looked at first
TRUTH = {"true": True, "false": False}
ZERO_ONE = {"1": True, "0": False, "yes": True, "no": False, "t": True, "f": False, "y": True, "n": False, **TRUTH}


@final
@dataclass(frozen=True, kw_only=True)
class Column:
    """A summary of one typed column, to be shown.

    Args:
        name: As in the file.
        kind: Kind that was inferred or set.
        missing: Share of missing cells.
        distinct: Number of distinct values, the missing one not counted.
        example: The first value, as text.
    """

    name: str
    kind: ColumnKind
    missing: float
    distinct: int
    example: str


def describe(frame: pl.DataFrame) -> tuple[Column, ...]:
    """A summary of each column of a typed frame."""
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
    """Whether a typed column has one distinct value or none, so that nothing can be learned from it."""
    if series.dtype in {pl.Float64, pl.Datetime("us")}:
        return series.min() == series.max()
    if series.dtype in {pl.String, pl.Null}:
        return series.drop_nulls().n_unique() <= 1
    return series.n_unique() <= 1


@final
@dataclass(frozen=True)
class TypedColumn:
    """A column with the dtype of its kind.

    Args:
        series: Its values.
        marks: The marks for missing values that occur in it, such as `NA`.
        dates: How its dates were read if they were text.
        padded: Whether its cells are digits of equal length with leading zeros, as in codes.
        reading: What was assumed, for new rows.
        how: The same in words.
    """

    series: pl.Series
    marks: tuple[str, ...] = ()
    dates: Dates | None = None
    padded: bool = False
    reading: Reading = PLAIN
    how: tuple[str, ...] = ()


def type_column(raw: pl.Series, location: Location, layout: CSVLayout) -> TypedColumn:
    """A column as read, typed as the kind that its values show.

    Raises:
        DataError: A cell that does not fit the column, or values that no column may hold.
    """
    if raw.dtype != pl.String:
        return _plausible(TypedColumn(_without_given(_typed(raw, location), layout)), layout)
    raw = without_values(raw, layout.missing)
    if location.lines is None and (layout.strict or not are_times(without_marks(raw)[0])):
        return _type_text(raw, location, layout)
    numbers = numbers_of(raw, location, layout)
    if numbers.values.null_count() == len(raw) and numbers.stray is None:
        return TypedColumn(pl.Series(raw.name, [None] * len(raw), dtype=pl.Float64), numbers.marks)
    if numbers.stray is not None:
        return _type_text(raw, location, layout)
    padded = _is_padded(raw)
    if padded and not layout.strict:
        return replace(_type_text(raw, location, layout), padded=True)
    values = check_finite(numbers.values, location)
    typed = TypedColumn(values, numbers.marks, padded=padded, reading=numbers.reading, how=numbers.how)
    return _plausible(typed, layout)


def _without_given(series: pl.Series, layout: CSVLayout) -> pl.Series:
    """A typed column without the values that the layout calls missing."""
    if not layout.missing or series.dtype not in {pl.Float64, pl.Categorical}:
        return series
    if series.dtype == pl.Float64:
        return without_numbers(series, layout.missing)
    return without_values(series.cast(pl.String), layout.missing).cast(series.dtype)


def _plausible(column: TypedColumn, layout: CSVLayout) -> TypedColumn:
    """The column with numbers that stand for missing ones, such as -999, taken for missing."""
    series = column.series
    found = () if layout.strict or series.dtype != pl.Float64 else sentinels(series)
    if not found:
        return column
    reading = replace(column.reading, missing=(*column.reading.missing, *found))
    how = (*column.how, *(f"{word} as missing ({int((series == float(word)).sum())} cells)" for word in found))
    return replace(column, series=without_numbers(series, found), reading=reading, how=how)


def conform(
    raw: pl.Series, kind: ColumnKind, location: Location, layout: CSVLayout, reading: Reading | None = None
) -> TypedColumn:
    """A column as read, typed as the given kind.

    Args:
        raw: As in the file.
        kind: What it must hold.
        location: Where it is, for messages.
        layout: How the file is written.
        reading: How the column was read in training; None: what the cells show.

    Raises:
        DataError: A cell that cannot be read so.
    """
    if raw.dtype.is_nested() or raw.dtype in {pl.Object, pl.Binary}:
        raise location.error(
            f"cells of type {quote(str(raw.dtype), 30)}; write one plain value a cell", column=raw.name
        )
    missing = (*layout.missing, *(reading.missing if reading else ()))
    if raw.dtype == pl.String:
        raw = without_values(raw, missing)
    match kind:
        case "number":
            numbers = _as_number(raw, location, layout, reading)
            return TypedColumn(without_numbers(numbers.values, missing), reading=numbers.reading, how=numbers.how)
        case "boolean":
            return TypedColumn(_as_boolean(raw, location))
        case "date":
            return _as_date(raw, location, layout)
        case "category":
            return TypedColumn(_as_category(without_values(as_text(raw), missing)))
        case _:
            return TypedColumn(raw.cast(pl.String))


def as_order(raw: pl.Series, location: Location, layout: CSVLayout) -> pl.Series:
    """A column without missing cells as numbers or dates, since text would be sorted by letters.

    Raises:
        DataError: A cell that is neither.
    """
    if raw.dtype.is_numeric() or raw.dtype.is_temporal():
        return raw
    numbers = read_numbers(raw, layout.decimal)
    if numbers.stray is None and not numbers.values.null_count():
        return numbers.values
    check_stray(raw, numbers, location)
    return conform(raw, "date", location, layout).series


def is_counter(series: pl.Series) -> bool:
    """Whether a column of numbers merely counts the rows in their order."""
    if series.dtype != pl.Float64 or len(series) < 3 or series.null_count():
        return False
    start = series[0]
    return (start in {0.0, 1.0} or start > 9999) and bool((series.diff().drop_nulls() == 1).all())


def numbers_things(series: pl.Series) -> bool:
    """Whether a column of numbers is the numbering of rows or groups in the order of the file."""
    return series.dtype == pl.Float64 and not series.null_count() and is_numbering(series)


def has_id_name(name: str) -> bool:
    """Whether a column's name is that of an identifier, such as `user_id`."""
    return bool(ID_NAME.search(name) or ID_NAME.search(name.lower()))


def is_named_id(series: pl.Series, raw: pl.Series) -> bool:
    """Whether name and values are both those of an identifier; `raw` still distinguishes large whole numbers."""
    if not has_id_name(series.name):
        return False
    if series.dtype == pl.Float64 and not (series == series.round(0)).all():
        return False
    return series.dtype in {pl.Float64, pl.Categorical} and raw.n_unique() > CONTINUOUS


def _typed(raw: pl.Series, location: Location) -> pl.Series:
    """A column of a file with types, in our dtypes."""
    dtype = raw.dtype
    if dtype.is_nested() or dtype in {pl.Object, pl.Binary}:
        raise location.error(
            f"cells of type {quote(str(dtype), 30)}; write one plain value a cell, or data.drop_columns=[...]",
            column=raw.name,
        )
    if dtype.is_numeric() or dtype == pl.Null:
        return check_finite(raw.cast(pl.Float64), location)
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


def _type_text(raw: pl.Series, location: Location, layout: CSVLayout) -> TypedColumn:
    """A column of text: booleans, dates, prose, identifiers, or categories, whose levels may be called None."""
    text = _cleaned(raw)
    present = text.drop_nulls()
    distinct = present.n_unique()
    if distinct <= MOST_TRUTHS and _are_truths(present.unique()):
        words, marks = without_marks(text)
        return TypedColumn(_as_boolean(words, location), marks)
    cells = present.head(CELLS)
    if resembles_dates(cells.filter(cells.str.contains(r"\d"))):  # which no mark for a missing cell has
        words, marks = without_marks(text)
        dates = read_dates(words, layout.day_first, year_first=layout.year_first)
        if dates is not None:
            return replace(_checked_dates(words, dates, location, strict=layout.strict), marks=marks)
    unique = distinct >= max(LEAST_UNIQUE, UNIQUE_SHARE * len(present))
    if unique or (distinct > CONTINUOUS and _is_prose(present)):
        return TypedColumn(text)
    return TypedColumn(text.cast(pl.Categorical))


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


def _as_number(raw: pl.Series, location: Location, layout: CSVLayout, reading: Reading | None) -> Numbers:
    if _is_span(raw.dtype):
        return Numbers(_spans(raw))
    if raw.dtype.is_temporal():
        raise location.error(
            "dates where numbers are expected; give the column as it was when the model was trained", column=raw.name
        )
    if raw.dtype in {pl.String, pl.Categorical} or isinstance(raw.dtype, pl.Enum):
        numbers = numbers_of(raw.cast(pl.String), location, layout, reading=reading, forced=True)
        return replace(numbers, values=check_finite(numbers.values, location))
    return Numbers(check_finite(raw.cast(pl.Float64), location))


def _as_boolean(raw: pl.Series, location: Location) -> pl.Series:
    if raw.dtype == pl.Boolean:
        return raw
    text = without_marks(as_text(raw))[0].str.to_lowercase()
    values = text.replace_strict(list(ZERO_ONE), list(ZERO_ONE.values()), default=None, return_dtype=pl.Boolean)
    wrong = first_true(values.is_null() & text.is_not_null())
    if wrong is not None:
        raise location.error(
            f"{quote(raw[wrong])} is neither true nor false; correct it", position=wrong, column=raw.name
        )
    return values


def _as_date(raw: pl.Series, location: Location, layout: CSVLayout) -> TypedColumn:
    if isinstance(raw.dtype, pl.Date | pl.Datetime):
        return TypedColumn(as_moments(raw))
    if raw.dtype.is_numeric():
        raise location.error("numbers where dates are expected; write them as 2026-11-30", column=raw.name)
    text, marks = without_marks(raw.cast(pl.String))
    dates = read_dates(text, layout.day_first, year_first=layout.year_first)
    if dates is None:
        first = first_true(text.is_not_null())
        if first is None:
            return TypedColumn(pl.Series(raw.name, [None] * len(raw), dtype=pl.Datetime("us")))
        known = {None: "", True: " with the day first", False: " with the month first"}[layout.day_first]
        message = (
            f"{quote(text[first])} is not a date{known}; write it as 2026-11-30, or with a time as 2026-11-30 14:00"
        )
        raise location.error(message, position=first, column=raw.name)
    return replace(_checked_dates(text, dates, location, strict=True), marks=marks)


def _checked_dates(text: pl.Series, dates: Dates, location: Location, *, strict: bool) -> TypedColumn:
    stray = dates.values.is_null() & text.is_not_null()
    wrong, words = first_true(stray), text.filter(stray)
    if wrong is not None and not strict and is_one_word(words):
        word = str(words[0])
        how = (f"{quote(word, 20)} as missing ({len(words)} cells)",)
        return TypedColumn(dates.values, dates=dates, reading=Reading(missing=(word,)), how=how)
    if wrong is not None:
        good = len(text) - dates.values.null_count()
        message = f"{quote(text[wrong])} is not a date as {good} other cells are; correct it, or leave it empty"
        raise location.error(message, position=wrong, column=text.name)
    return TypedColumn(dates.values, dates=dates)


def _as_category(raw: pl.Series) -> pl.Series:
    return _cleaned(as_text(raw)).cast(pl.Categorical)


def count_levels(values: pl.Series) -> pl.DataFrame:
    """Distinct values and how often each occurs, most frequent first: `level`, of the dtype of `values`, and `count`.

    polars names the column of counts, which the series could be called as well.
    """
    return values.alias("level").value_counts(sort=True, name="count")


def as_text(values: pl.Series) -> pl.Series:
    """Values as text: whole numbers without `.0`, booleans in lower case, no outer spaces."""
    fractional = values.dtype.is_float() or values.dtype.is_decimal()
    if fractional and (values == values.round(0)).all() and (values.abs() < 2**53).all():
        values = values.cast(pl.Int64)
    text = values.cast(pl.String)
    if values.dtype == pl.String:
        text = text.str.strip_chars().str.replace(r"^([+-]?\d+)\.0+$", "$1")
    return text
