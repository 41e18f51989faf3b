"""Text to numbers: a cell is a number, missing, or an error that says what is in the way.

Marks for missing values are listed in `MISSING`, words that are taken for missing among numbers in `WORDS`, and numbers
that stand for missing ones, such as -999, are found by `sentinels`. Other notations are read by `notation.rewrite`.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import final

import numpy as np
import polars as pl

from litmus.data.cell_reading import PLAIN, Decimal, Reading
from litmus.data.columns.notation import doubtful_error, rewrite, with_points
from litmus.data.files.table import CSVLayout
from litmus.data.location import Location, first_true
from litmus.errors import quote

FLOAT32_MAX = float(np.finfo(np.float32).max)
MISSING = ("", "na", "n/a", "#n/a", "#na", "<na>", "nan", "nat", "null", "(null)", "\\n", "none", "?", "-", "--", ".")
WORDS = (
    *("unknown", "unk", "not known", "missing", "absent", "nil", "void", "blank", "empty", "undefined", "unspecified"),
    *("n.a.", "n.d.", "nd", "n\\a", "tbd", "no data", "no answer", "unavailable", "not available", "not applicable"),
    *("not recorded", "not measured", "error", "#div/0!", "#value!", "#ref!", "#num!", "#name?"),
)
SENTINEL = r"^-?9{2,}(\.0+)?$|^-9{1,}(\.0+)?$|^-?9{2,}\.9{1,2}$"  # -9, 99, -999, 9999, 99.99
LEAST_BULK = 20
THOUSANDS = r"^[+-]?\p{Sc}?\s?\d{1,3}((,\d{2,3})*,\d{3}|(['’_\u00a0\u202f]\d{3})+|(\.\d{3}){2,})([.,]\d+)?$"
DECIMAL_COMMA = r"^[+-]?\d{1,3}(\.?\d{3})*,\d+([eE][+-]?\d+)?$|^[+-]?\d+,\d+([eE][+-]?\d+)?$"
DECIMAL_POINT = r"^[+-]?\d*\.\d+([eE][+-]?\d+)?$"
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
}
MARKED = {
    SIGN: "has a sign of currency or per cent; write the bare number",
    r"^\d[\d.,]*\s?-$": "has its minus sign behind; write it in front",
    BRACKETS: "is in brackets; if it is negative, write a minus sign",
}
CODE = r"^([A-Za-z]{1,3}\d+|\d+[A-Za-z]{1,3})$"
OPEN = r"^([<>≤≥]=?\s?\d+|\d+\s?\+|\d+\s?(-|–|to)\s?\d+|\d+ (or|and) (more|less|over|under))$"
FEW_LEVELS = 12
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
        reading: What was assumed, for new rows.
        how: The same in words.
    """

    values: pl.Series
    stray: pl.Series | None = None
    marks: tuple[str, ...] = ()
    reading: Reading = PLAIN
    how: tuple[str, ...] = ()


def numbers_of(
    raw: pl.Series,
    location: Location,
    layout: CSVLayout,
    *,
    reading: Reading | None = None,
    forced: bool = False,
    otherwise: str | None = None,
) -> Numbers:
    """A text column as numbers, as far as it holds them, with what was assumed.

    Args:
        raw: The column as text.
        location: Where it is, for messages.
        layout: How the file is written.
        reading: How the column was read in training; None: what the cells show.
        forced: As in `check_stray`.
        otherwise: As in `check_stray`.

    Raises:
        DataError: Text in a column of numbers for which no or more than one reading is at hand.
    """
    text = without_values(raw, (*layout.missing, *(reading.missing if reading else ())))
    decimal = layout.decimal if reading is None or reading.decimal == "auto" else reading.decimal
    numbers = read_numbers(text, decimal)
    if numbers.stray is None or layout.strict:
        check_stray(raw, numbers, location, forced=forced, otherwise=otherwise)
        return numbers
    stripped, marks = without_marks(text)
    known = stripped.str.to_lowercase().is_in(WORDS).fill_null(value=False)
    notation = rewrite(stripped.set(known, None), decimal, None if reading is None else reading.affix)
    values = notation.text.cast(pl.Float64, strict=False)
    stray = values.is_null() & stripped.is_not_null() & ~known
    if notation.doubtful and stripped.filter(stray).str.contains(r"^[+-]?\d[\d,.]*$").all():
        raise doubtful_error(stripped, location)
    good = len(values) - values.null_count()
    if forced or good < max(2, int(known.sum())):
        known = known & False
    elif not known.any() and is_one_word(stripped.filter(stray)) and _is_stray(stripped.filter(stray), values, good):
        known = stray
    stray = values.is_null() & stripped.is_not_null() & ~known
    if stray.any():
        left = Numbers(values, stray, marks)
        check_stray(stripped, left, location, forced=forced, otherwise=otherwise)
        return left
    words = stripped.filter(known).unique().sort().to_list()
    counts = (f"{quote(word, 20)} as missing ({int((stripped == word).sum())} cells)" for word in words)
    assumed = Reading(affix=notation.affix, decimal=notation.decimal, missing=tuple(words))
    return Numbers(values, None, marks, assumed, (*notation.how, *counts))


def without_values(raw: pl.Series, missing: Collection[str]) -> pl.Series:
    """Text with null for cells that are one of the given values, compared as words in any case or as numbers."""
    if not missing:
        return raw
    text = raw.str.strip_chars()
    gone = text.str.to_lowercase().is_in([word.strip().lower() for word in missing])
    if numbers := _as_floats(missing):
        gone = gone | text.cast(pl.Float64, strict=False).is_in(numbers).fill_null(value=False)
    return raw.set(gone.fill_null(value=False), None)


def without_numbers(values: pl.Series, missing: Collection[str]) -> pl.Series:
    """Numbers with null in place of the given values."""
    numbers = _as_floats(missing)
    return values.set(values.is_in(numbers).fill_null(value=False), None) if numbers else values


def has_numbers(words: Collection[str]) -> bool:
    """Whether any of the words is a number."""
    return bool(_as_floats(words))


def _as_floats(words: Collection[str]) -> list[float]:
    """Those of the words that are numbers."""
    return pl.Series(words, dtype=pl.String).cast(pl.Float64, strict=False).drop_nulls().to_list()


def is_one_word(words: pl.Series) -> bool:
    """Whether text among numbers is one and the same word, without any digit but those of an empty date."""
    return words.n_unique() == 1 and not words.str.contains(r"[1-9]|^0*$").any()


def sentinels(values: pl.Series) -> tuple[str, ...]:
    """Numbers that stand for missing ones: nines such as -999, repeated, and far beyond all others.

    Far is more than the range of all other values away from them; below values none of which is negative, any -9 is.
    """
    present = values.drop_nulls()
    if len(present) < LEAST_BULK:
        return ()
    found = []
    for end in (present.min(), present.max()):
        word = f"{end:.7g}" if isinstance(end, float) else ""
        if not isinstance(end, float) or not re.match(SENTINEL, word):
            continue
        others = present.filter(present != end)
        low, high, repeats = others.min(), others.max(), len(present) - len(others)
        if not isinstance(low, float) or not isinstance(high, float) or repeats < 2 or 2 * repeats > len(present):
            continue
        gap = max(low - end, end - high)
        if others.n_unique() > 2 and (gap > max(high - low, abs(end) / 2) or (end < 0 <= low and gap > 5)):
            found.append(word)
    return tuple(found)


def read_numbers(raw: pl.Series, decimal: Decimal = "auto") -> Numbers:
    """Numbers of a text column; empty cells and the marks of `without_marks` are missing."""
    text = with_points(raw) if decimal == "comma" else raw
    values = text.cast(pl.Float64, strict=False)
    if values.null_count() == raw.null_count() and not _has_nan(values):
        return Numbers(values)
    text, marks = without_marks(text)
    values = text.str.replace("\u2212", "-").cast(pl.Float64, strict=False)  # the minus sign of web pages
    stray = values.is_null() & text.is_not_null()
    return Numbers(values, stray if stray.any() else None, marks)


def without_marks(text: pl.Series) -> tuple[pl.Series, tuple[str, ...]]:
    """Stripped text with null for empty cells and the marks in MISSING, such as NA; and the marks that occur."""
    text = text.str.strip_chars()
    missing = text.str.to_lowercase().is_in(MISSING)
    marks = sorted(text.filter(missing.fill_null(value=False)).unique().to_list())
    return text.set(missing, None), tuple(mark for mark in marks if mark)


def check_stray(
    raw: pl.Series, numbers: Numbers, location: Location, *, forced: bool = False, otherwise: str | None = None
) -> None:
    """Raises DataError for text in a column of numbers, and for numbers in a notation that is not read.

    Args:
        raw: The column as text.
        numbers: The same as numbers.
        location: Where it is, for messages.
        forced: Whether the column must hold numbers, whatever it looks like.
        otherwise: The remedy where the cell is right after all; None: to take the column for a category.

    Raises:
        DataError: A few cells, or one word again and again, are no numbers; or separators and units are in the way.
    """
    if numbers.stray is None:
        return
    text = raw.str.strip_chars()
    words = text.filter(numbers.stray)
    others = text.filter(~numbers.stray)
    if not forced and (_completes_codes(words, others) or (otherwise is None and _are_levels(words, others))):
        return
    position = first_true(numbers.stray)
    good = len(raw) - numbers.values.null_count()
    remedy = _notation(words, good)
    if remedy is None and not (forced or _is_stray(words, numbers.values, good)):
        return
    word = quote(text[position] if position is not None else "")
    if remedy is None and forced:
        remedy = "is not a number, which this column must hold; correct the cell, or leave it empty"
    elif remedy is None:
        missing = ",".join(words.unique(maintain_order=True).head(3))
        otherwise = otherwise or f"set data.kinds={{{raw.name}: category}} or data.missing_values=[{missing}]"
        remedy = f"is not a number as {good} other cells are; correct it, or {otherwise}"
    raise location.error(f"{word} {remedy}", position=position, column=raw.name)


def _is_stray(words: pl.Series, values: pl.Series, good: int) -> bool:
    """Whether text among numbers is a mistake, rather than a sign that the column holds categories."""
    if good < 2 or _are_codes(words, values):
        return False
    if len(words) <= max(1, STRAY_SHARE * (good + len(words))):
        return True
    if good < len(words) or values.drop_nulls().n_unique() <= CONTINUOUS:
        return False
    return words.n_unique() <= 3 or not words.str.contains(r"\d").any()  # codes such as 12A are another matter


def _are_codes(words: pl.Series, values: pl.Series) -> bool:
    """Whether text among whole numbers is codes: several with the same letters, such as c168 and c204 beside 117.

    One is enough where it occurs again and its number does too, such as 136A beside 136: a slip is not repeated.
    """
    if not (values == values.round(0)).all() or not words.str.contains(CODE).all():
        return False
    if words.n_unique() == 1:
        number = words.str.replace_all(r"\D", "").cast(pl.Float64)
        return len(words) > 1 and bool(number.is_in(values.implode()).all())
    return words.str.replace_all(r"\d", "").n_unique() == 1


def _completes_codes(words: pl.Series, others: pl.Series) -> bool:
    """Whether text is codes with a letter, such as 136A, beside codes with leading zeros, such as 001 and 136."""
    digits = others.drop_nulls()
    padded = digits.str.contains(r"^\d+$").all() and digits.str.contains(r"^0\d\d").any()
    return padded and digits.str.len_chars().n_unique() == 1 and bool(words.str.contains(CODE).all())


def _are_levels(words: pl.Series, others: pl.Series) -> bool:
    """Whether text is a level of few, such as `>3` beside 1, 2 and 3, or 1OT, again and again, beside quarters."""
    numbers = others.drop_nulls()
    few = words.n_unique() + numbers.n_unique() <= FEW_LEVELS and numbers.str.contains(r"^\d{1,2}$").all()
    if not few or len(words) < 2:
        return False
    coded = words.n_unique() == 1 and words.str.contains(CODE).all()
    return bool(coded or words.str.contains(OPEN).all())


def _notation(words: pl.Series, good: int) -> str | None:
    """The remedy if all the text is numbers in one other notation, else None."""
    few = good == 0 and words.n_unique() <= CONTINUOUS  # a few prices or sizes are as good as names
    remedies = NOTATIONS if few else NOTATIONS | MARKED
    remedy = next((remedy for pattern, remedy in remedies.items() if words.str.contains(pattern).all()), None)
    if words.str.contains(SPACED).all() and words.str.len_chars().n_unique() > 1:  # telephone numbers are of one length
        return NOTATIONS[THOUSANDS]
    if remedy is not None or few or not words.str.contains(UNIT).all():
        return remedy
    same_unit = words.str.extract(UNIT_NAME).n_unique() == 1
    return f"has a unit; write the bare number, or set data.kinds={{{words.name}: category}}" if same_unit else None


def check_finite(values: pl.Series, location: Location) -> pl.Series:
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
    raise location.error(
        f"{value:g} {what}; correct the cell, or leave it empty", position=position, column=values.name
    )


def _has_nan(values: pl.Series) -> bool:
    """Whether any value is NaN; nulls, which numpy shows as NaN too, do not count."""
    return int(np.isnan(values.to_numpy()).sum()) > values.null_count()
