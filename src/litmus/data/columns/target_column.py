"""The target's column of a table: finite, and numbers where the file writes them in its own way.

What happens to rows whose target is missing is decided here.
"""

from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
import polars as pl

from litmus.data.cell_reading import PLAIN, Reading
from litmus.data.columns.dates import read_dates
from litmus.data.columns.numbers import (
    CONTINUOUS,
    check_finite,
    check_stray,
    numbers_of,
    read_numbers,
    sentinels,
    without_numbers,
    without_values,
)
from litmus.data.files.table import Table
from litmus.data.location import Location, first_true
from litmus.data.rows import Rows
from litmus.errors import quote

MissingTarget = Literal["drop", "error"]
MARKS = ("?", "nan", "#n/a", "<na>")  # NA, none and - may be the names of classes
LIKELY_MARKS = (*MARKS, "n/a", "#na", "nat", "null", "(null)", "\\n", "--", ".")
NOT_AVAILABLE = "NA"
LISTED = r"^\[.*\]$"
MANY = 0.2


@final
@dataclass(frozen=True)
class TargetColumn:
    """The target's column as read.

    Args:
        values: Text as it stands, or numbers; null where the target is missing.
        notes: A line on each thing that was assumed.
        reading: The same, for new rows.
    """

    values: pl.Series
    notes: tuple[str, ...] = ()
    reading: Reading = PLAIN


def read_target(table: Table, name: str, reading: Reading | None = None) -> TargetColumn:
    """The target's column; with a strict layout, complete.

    Args:
        table: As in its file.
        name: The column.
        reading: How it was read in training; None: what its cells show.

    Raises:
        DataError: A list, a date, an infinite number or a stray word among numbers; and, if strict, a missing cell.
    """
    raw, location, layout = table.frame[name], table.location, table.layout
    if raw.dtype != pl.String:
        typed = _without_values(_finite_target(raw, location, strict=layout.strict), layout.missing)
        return TargetColumn(_present(typed, location)) if layout.strict else _plausible(TargetColumn(typed), reading)
    if layout.strict:
        return TargetColumn(_strict_text(raw, table))
    text = raw.str.strip_chars()
    text = without_values(text.set(text == "", None), (*layout.missing, *(reading.missing if reading else ())))
    _check_text(text.drop_nulls(), location)
    if location.lines is not None:
        numbers = numbers_of(text, location, layout, reading=reading, otherwise="leave the row out")
        if numbers.stray is None:
            values = check_finite(numbers.values, location)
            plain = not numbers.how and read_numbers(text, layout.decimal).values.equals(values)
            how = (f"target {name!r}: read with {', '.join(numbers.how)}",) if numbers.how else ()
            labels = text.set(values.is_null(), None) if plain and layout.decimal != "comma" else values
            return _plausible(TargetColumn(labels, how, numbers.reading), reading)
    return _labels(text)


def complete_target(rows: Rows, missing: MissingTarget) -> Rows:
    """The rows that have a target, and a line on how many have none.

    Raises:
        DataError: None has one, or `missing` is error and one has none.
    """
    assert rows.target is not None  # noqa: S101 - the caller has read it
    gone = rows.target.is_null()
    count, position = int(gone.sum()), first_true(gone)
    if position is None:
        return rows
    if missing == "error":
        message = "the target is missing; fill the cell, or leave the row out (data.missing_target=drop)"
        raise rows.location.error(message, position=position, column=rows.target.name)
    if count == len(rows):
        raise rows.location.error(
            "the target is missing in every row; name another data.target", column=rows.target.name
        )
    share = count / len(rows)
    note = f"left out: {count} of {len(rows)} rows, whose target is missing (data.missing_target=error refuses them)"
    note = f"warning: {share:.0%} of the rows have no target; {note}" if share > MANY else note
    return replace(rows.take(np.flatnonzero(~gone.to_numpy()).astype(np.int64)), notes=(*rows.notes, note))


def refuse_missing_target(target: pl.Series, location: Location) -> pl.Series:
    """The target; raises DataError where it is missing."""
    position = first_true(target.is_null())
    if position is not None:
        message = "the target is missing; fill the cell, or leave the row out"
        raise location.error(message, position=position, column=target.name)
    return target


def _labels(text: pl.Series) -> TargetColumn:
    """Names of classes, of which marks for missing cells are none; NA is a class among other two-letter codes."""
    folded = text.str.to_lowercase()
    marks = set(LIKELY_MARKS)
    notes = []
    if (text == NOT_AVAILABLE).any():
        others = text.drop_nulls().unique().filter(text.drop_nulls().unique() != NOT_AVAILABLE)
        if len(others) > 1 and others.str.contains(r"^[A-Z]{2}$").all():
            notes.append(
                f"target {text.name!r}: {NOT_AVAILABLE!r} is taken for a class, as the others are two-letter codes; "
                f"if it is missing, set data.missing_values=[{NOT_AVAILABLE}]"
            )
        else:
            marks.add(NOT_AVAILABLE.lower())
    else:
        marks.add(NOT_AVAILABLE.lower())
    missing = folded.is_in(list(marks)).fill_null(value=False)
    found = text.filter(missing).unique().sort().to_list()
    if found:
        notes.append(f"target {text.name!r}: {', '.join(map(repr, found))} taken for missing")
    return TargetColumn(text.set(missing, None), tuple(notes))


def _plausible(column: TargetColumn, reading: Reading | None) -> TargetColumn:
    """The target with numbers that stand for missing ones, such as -999, taken for missing."""
    values = column.values
    if values.dtype == pl.Boolean or (values.dtype != pl.String and not values.dtype.is_numeric()):
        return column
    numbers = values.cast(pl.Float64, strict=False)
    if reading is not None:
        found: tuple[str, ...] = reading.missing
    else:
        found = sentinels(numbers) if numbers.n_unique() > CONTINUOUS else ()
    gone = without_numbers(numbers, found).is_null() & numbers.is_not_null()
    if not gone.any():
        return column
    note = f"target {values.name!r}: {', '.join(found)} taken for missing ({int(gone.sum())} cells)"
    missing = replace(column.reading, missing=(*column.reading.missing, *found))
    return TargetColumn(values.set(gone, None), (*column.notes, note), missing)


def _without_values(values: pl.Series, missing: tuple[str, ...]) -> pl.Series:
    """A typed target without the values that data.missing_values names."""
    if not missing or values.dtype == pl.Boolean:
        return values
    gone = without_values(values.cast(pl.String), missing).is_null()
    return values.set(gone, None)


def _strict_text(raw: pl.Series, table: Table) -> pl.Series:
    """Text as it stands, complete, numbers checked."""
    location = table.location
    text = _present(raw, location)
    _check_text(text, location)
    if location.lines is None:
        return text
    numbers = read_numbers(text, table.layout.decimal)
    check_stray(text, numbers, location, otherwise="leave the row out")
    if numbers.stray is not None:
        return text
    wrong = first_true(numbers.values.is_null() | numbers.values.is_nan())
    if wrong is not None:
        message = f"the target is {quote(text[wrong])}, which is not a number; fill the cell, or leave the row out"
        raise location.error(message, position=wrong, column=raw.name)
    check_finite(numbers.values, location)
    return numbers.values if table.layout.decimal == "comma" else text


def _check_text(text: pl.Series, location: Location) -> None:
    """Text that names classes or holds numbers: neither lists of labels nor dates."""
    if len(text) and text.str.contains(LISTED).all():
        message = f"{quote(text[0])}: several values in a cell: multi-label targets are not supported"
        raise location.error(f"{message}; name a plain column", position=0, column=text.name)
    # 1772.8 is a number before it is August 1772
    if text.n_unique() > 2 and read_numbers(text).stray is not None and read_dates(text) is not None:
        message = f"the target {quote(text[0])} is a date; write it as a number, such as days"
        raise location.error(message, position=0, column=text.name)


def _finite_target(raw: pl.Series, location: Location, *, strict: bool) -> pl.Series:
    if raw.dtype.is_nested():
        message = "several values in a cell: several or multi-label targets are not supported; name a plain column"
        raise location.error(message, column=raw.name)
    if raw.dtype.is_float():
        wrong = first_true(raw.is_nan())
        if wrong is not None and strict:
            message = "the target is NaN; fill the cell, or leave the row out"
            raise location.error(message, position=wrong, column=raw.name)
        raw = raw.fill_nan(None)
        check_finite(raw.cast(pl.Float64), location)
    if raw.dtype.is_temporal():
        raise location.error("the target is a date or a duration; write it as a number, such as days", column=raw.name)
    return raw


def _present(target: pl.Series, location: Location) -> pl.Series:
    """The target with text stripped.

    Raises:
        DataError: A cell is empty, or holds what can only stand for a missing value.
    """
    if target.dtype == pl.String:
        target = target.str.strip_chars()
        target = target.set(target == "", None)
        wrong = first_true(target.str.to_lowercase().is_in(MARKS))
        if wrong is not None:
            message = f"the target is {quote(target[wrong])}, a mark for missing values; fill it, or leave the row out"
            raise location.error(message, position=wrong, column=target.name)
    return refuse_missing_target(target, location)
