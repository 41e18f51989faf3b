"""The target's column of a table: complete, finite, and numbers where the file writes them in its own way."""

import polars as pl

from litmus.data.dates import read_dates
from litmus.data.numbers import check_finite, check_stray, read_numbers
from litmus.data.place import Place, first_true
from litmus.data.reading import Table
from litmus.errors import quote

MARKS = ("?", "nan", "#n/a", "<na>")  # NA, none and - may be the names of classes
LISTED = r"^\[.*\]$"


def read_target(table: Table, name: str) -> pl.Series:
    """The target's column: text as it stands, numbers checked.

    Raises:
        DataError: An empty cell, NaN, an infinite number, or a stray word among numbers.
    """
    raw, place = table.frame[name], table.place
    if raw.dtype != pl.String:
        return _present(_finite_target(raw, place), place)
    text = _present(raw, place)
    _check_text(text, place)
    if place.lines is None:
        return text
    numbers = read_numbers(text, table.layout.decimal)
    check_stray(text, numbers, place, otherwise="leave the row out")
    if numbers.stray is not None:
        return text
    wrong = first_true(numbers.values.is_null() | numbers.values.is_nan())
    if wrong is not None:
        message = f"the target is {quote(text[wrong])}, which is no number; fill the cell, or leave the row out"
        raise place.error(message, position=wrong, column=name)
    check_finite(numbers.values, place)
    return text if table.layout.decimal == "point" else numbers.values


def _check_text(text: pl.Series, place: Place) -> None:
    """Text that names classes or holds numbers: neither lists of labels nor dates."""
    if text.str.contains(LISTED).all():
        message = f"{quote(text[0])}: several values in a cell: multi-label targets are not supported"
        raise place.error(f"{message}; name a plain column", position=0, column=text.name)
    if text.n_unique() > 2 and read_dates(text) is not None:
        message = f"the target {quote(text[0])} is a date; write it as a number, such as days"
        raise place.error(message, position=0, column=text.name)


def _finite_target(raw: pl.Series, place: Place) -> pl.Series:
    if raw.dtype.is_nested():
        message = "several values in a cell: several or multi-label targets are not supported; name a plain column"
        raise place.error(message, column=raw.name)
    if raw.dtype.is_float():
        wrong = first_true(raw.is_nan())
        if wrong is not None:
            message = "the target is NaN; fill the cell, or leave the row out"
            raise place.error(message, position=wrong, column=raw.name)
        check_finite(raw.cast(pl.Float64), place)
    if raw.dtype.is_temporal():
        raise place.error("the target is a date or a duration; write it as a number, such as days", column=raw.name)
    return raw


def _present(target: pl.Series, place: Place) -> pl.Series:
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
            raise place.error(message, position=wrong, column=target.name)
    wrong = first_true(target.is_null())
    if wrong is not None:
        raise place.error(
            "the target is missing; fill the cell, or leave the row out", position=wrong, column=target.name
        )
    return target
