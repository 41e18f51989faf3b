"""Text to numbers, strictly: what is missing, what is a number, and what stands where a number should be."""

from dataclasses import dataclass
from typing import final

import numpy as np
import polars as pl

from litmus.data.layout import Decimal
from litmus.data.place import Place, first_true
from litmus.errors import quote

FLOAT32_MAX = float(np.finfo(np.float32).max)
MISSING = ("", "na", "n/a", "#n/a", "#na", "<na>", "nan", "nat", "null", "(null)", "\\n", "none", "?", "-", "--", ".")
THOUSANDS = r"^[+-]?\p{Sc}?\s?\d{1,3}((,\d{2,3})*,\d{3}|(['’_\u00a0\u202f]\d{3})+|(\.\d{3}){2,})([.,]\d+)?$"
DECIMAL_COMMA = r"^[+-]?\d{1,3}(\.?\d{3})*,\d+([eE][+-]?\d+)?$|^[+-]?\d+,\d+([eE][+-]?\d+)?$"
DECIMAL_POINT = r"^[+-]?\d*\.\d+([eE][+-]?\d+)?$"
GROUPED = r"^\s*[+-]?\d{1,3}(\.\d{3})+(,\d*)?\s*$"
SPACED = r"^[+-]?\d{1,3}( \d{3})+([.,]\d+)?$"
MONEY = r"(\p{Sc}|USD|EUR|GBP|CHF|JPY|INR|CNY|Rs\.?)"
SIGN = rf"^[+-]?\s?{MONEY}\s?[+-]?\d[\d.,]*$|^[+-]?\d[\d.,]*\s?(%|{MONEY})$"
BRACKETS = r"^\(\s?\p{Sc}?\s?\d[\d.,]*\s?%?\)$"
UNIT = r"^[+-]?\d[\d.,]*(\.\d[A-Za-zµ°]|\s[A-Za-zµ°]|[A-Za-zµ°]{2})[A-Za-z/²³]{0,7}$"
UNIT_NAME = r"([A-Za-zµ°][A-Za-z/²³]*)$"
NOTATIONS = {
    THOUSANDS: "has a thousands separator; write the number without it",
    DECIMAL_COMMA: "has a decimal comma; write a point, or train with data.decimal=comma",
    DECIMAL_POINT: "has a decimal point; write a comma, or train without data.decimal=comma",
    r"^\d[\d.,]*\s?-$": "has its minus sign behind; write it in front",
}
MARKED = {
    SIGN: "has a sign of currency or per cent; write the bare number",
    BRACKETS: "is in brackets; if it is negative, write a minus sign",
}
STRAY_SHARE = 0.05
CONTINUOUS = 20


@final
@dataclass(frozen=True)
class Numbers:
    """A text column read as numbers.

    Args:
        values: `(n,)` float64; null where missing or not a number.
        stray: `(n,)` true where there is text that is neither a number nor a mark for a missing one; None: nowhere.
        marks: The marks for missing values that occur, apart from the empty cell.
    """

    values: pl.Series
    stray: pl.Series | None = None
    marks: tuple[str, ...] = ()


def read_numbers(raw: pl.Series, decimal: Decimal = "point") -> Numbers:
    """Numbers of a text column; empty cells and the marks of `without_marks` are missing."""
    text = raw if decimal == "point" else _with_points(raw)
    values = text.cast(pl.Float64, strict=False)
    if values.null_count() == raw.null_count() and not _has_nan(values):
        return Numbers(values)
    text, marks = without_marks(text)
    values = text.str.replace("\u2212", "-").cast(pl.Float64, strict=False)  # the minus sign of web pages
    stray = values.is_null() & text.is_not_null()
    return Numbers(values, stray if stray.any() else None, marks)


def without_marks(text: pl.Series) -> tuple[pl.Series, tuple[str, ...]]:
    """Stripped text with null for empty cells, NA, N/A, NaN, NaT, null, None, `?`, `-` and their like; those found."""
    text = text.str.strip_chars()
    missing = text.str.to_lowercase().is_in(MISSING)
    marks = sorted(text.filter(missing.fill_null(value=False)).unique().to_list())
    return text.set(missing, None), tuple(mark for mark in marks if mark)


def _with_points(raw: pl.Series) -> pl.Series:
    """Numbers with a decimal comma as they are written with a point; what has points elsewhere stays no number."""
    ungrouped = raw.zip_with(
        ~raw.str.contains(GROUPED).fill_null(value=False), raw.str.replace_all(".", "", literal=True)
    )
    return ungrouped.str.replace_many([",", "."], [".", ","])  # 3.5 becomes 3,5, which is no number, and not 35


def check_stray(
    raw: pl.Series, numbers: Numbers, place: Place, *, forced: bool = False, otherwise: str | None = None
) -> None:
    """Stop at text in a column of numbers, and at numbers written in a way that is not read.

    Args:
        raw: The column as text.
        numbers: The same as numbers.
        place: Where it stands.
        forced: It must be numbers whatever it looks like.
        otherwise: What to do where the cell is right; None: take the column for a category.

    Raises:
        DataError: A few cells, or one word again and again, are no numbers; or separators and units are in the way.
    """
    if numbers.stray is None:
        return
    text = raw.str.strip_chars()
    words = text.filter(numbers.stray)
    position = first_true(numbers.stray)
    good = len(raw) - numbers.values.null_count()
    remedy = _notation(words, good)
    if remedy is None and not (forced or _is_stray(words, numbers.values, good)):
        return
    word = quote(text[position] if position is not None else "")
    if remedy is None and forced:
        remedy = "is not a number, which this column must hold; correct the cell, or leave it empty"
    elif remedy is None:
        otherwise = otherwise or f"set data.kinds={{{raw.name}: category}}"
        remedy = f"is not a number as {good} other cells are; correct it, or {otherwise}"
    raise place.error(f"{word} {remedy}", position=position, column=raw.name)


def _is_stray(words: pl.Series, values: pl.Series, good: int) -> bool:
    """Whether text among numbers is a slip rather than the nature of the column."""
    if good < 2:
        return False
    if len(words) <= max(1, STRAY_SHARE * (good + len(words))):
        return True
    if good < len(words) or values.drop_nulls().n_unique() <= CONTINUOUS:
        return False
    return words.n_unique() <= 3 or not words.str.contains(r"\d").any()  # codes such as 12A are another matter


def _notation(words: pl.Series, good: int) -> str | None:
    """The remedy where all the text is numbers in another notation."""
    few = good == 0 and words.n_unique() <= CONTINUOUS  # a few prices or sizes are as good as names
    remedies = NOTATIONS if few else NOTATIONS | MARKED
    remedy = next((remedy for pattern, remedy in remedies.items() if words.str.contains(pattern).all()), None)
    if words.str.contains(SPACED).all() and words.str.len_chars().n_unique() > 1:  # telephone numbers are of one length
        return NOTATIONS[THOUSANDS]
    if remedy is not None or few or not words.str.contains(UNIT).all():
        return remedy
    one = words.str.extract(UNIT_NAME).n_unique() == 1
    return f"has a unit; write the bare number, or set data.kinds={{{words.name}: category}}" if one else None


def check_finite(values: pl.Series, place: Place) -> pl.Series:
    """The values `(n,)` with NaN as null.

    Raises:
        DataError: An infinite value, or one that does not fit into float32.
    """
    numbers = values.to_numpy()  # polars would plan a query for each of these steps; wide tables have many columns
    if _has_nan(values):
        values = values.fill_nan(None)
    with np.errstate(invalid="ignore"):
        if not (np.abs(numbers) > FLOAT32_MAX).any():
            return values
    position = first_true(values.abs() > FLOAT32_MAX)
    value = float("nan") if position is None else values[position]
    what = "is infinite" if np.isinf(value) else "does not fit into float32 (3.4e38)"
    raise place.error(f"{value:g} {what}; correct the cell, or leave it empty", position=position, column=values.name)


def _has_nan(values: pl.Series) -> bool:
    """Whether any value is NaN rather than null, which numpy shows as NaN too."""
    return int(np.isnan(values.to_numpy()).sum()) > values.null_count()
