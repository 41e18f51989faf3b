"""Numbers in the notations of people and countries: 1.234,5 and 1,234.5, $5, 12 %, 3 kg, (7), 5-, 12:30.

Only text that is no plain number comes here. A notation is taken from all cells of a column together; where they leave
two meanings, as in 1,234, none is taken.
"""

import re
from dataclasses import dataclass
from typing import final

import polars as pl

from litmus.data.cell_reading import Decimal
from litmus.data.files.table import CSVLayout, Table
from litmus.data.location import Location, first_true
from litmus.errors import DataError, quote

CURRENCY = r"(?:\p{Sc}|USD|EUR|GBP|CHF|JPY|INR|CNY|Rs\.?)"
BEFORE = rf"^([+-]?\s*){CURRENCY}\s*([+-]?[\d.])"
BEHIND = r"(\d[.,]?)\s*(?:%|\p{Sc}|[A-Za-zµ°][A-Za-z/²³.]{0,7})$"
AFFIX_BEFORE = rf"^[+-]?\s*({CURRENCY})\s*[+-]?[\d.]"
AFFIX_BEHIND = r"\d[.,]?\s*(%|\p{Sc}|[A-Za-zµ°][A-Za-z/²³.]{0,7})$"
MONEY = re.compile(r"[$€£¥₹¢₩₽₺₫₦฿]|USD|EUR|GBP|CHF|JPY|INR|CNY|Rs\.?")
NUMBERISH = r"^[+-]?[\d.,'’_ ]*\d[\d.,]*([eE][+-]?\d+)?$"
BRACKETS = r"^\((.*\d.*)\)$"
MINUS_BEHIND = r"^(\d[\d.,]*)\s?-$"
GROUPED = r"^[+-]?\d{1,3}(?:[ '’_]\d{3})+(?:[.,]\d+)?$"
CLOCK = r"^\d{1,3}:[0-5]\d(:[0-5]\d(\.\d+)?)?( ?[AaPp]\.?[Mm]\.?)?$"
CLOCK_SLIP = r"^\d{1,2}\.[0-5]\d$"
FEWEST_TIMES = 0.9
"""Share of the cells that must be times for 9.12 among them to be one. A convention."""
COMMA_GROUPS = r"^[+-]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?$"
POINT_GROUPS = r"^[+-]?\d{1,3}(\.\d{3})+(,\d*)?$"
DOUBTFUL_COMMA = r"^[+-]?[1-9]\d{0,2},\d{3}$"
DOUBTFUL_POINT = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
DECIMAL_COMMA = r"^[+-]?\d*,\d+([eE][+-]?\d+)?$"
DECIMAL_POINT = r"^[+-]?\d*\.\d*([eE][+-]?\d+)?$"
FEW = 20
HEAD = 2000
CLOCK_SIGN = ":"


@final
@dataclass(frozen=True)
class Notation:
    """Text rewritten as plain numbers.

    Args:
        text: `(n,)`; what is no number in the notation stays as it was.
        affix: What was left off beside each number.
        how: What was assumed, in words.
        decimal: The decimal separator that was taken; auto: none was seen.
        doubtful: Whether commas could be decimal ones or separate thousands.
    """

    text: pl.Series
    affix: str = ""
    how: tuple[str, ...] = ()
    decimal: Decimal = "auto"
    doubtful: bool = False


def rewrite(text: pl.Series, decimal: Decimal, affix: str | None = None) -> Notation:
    """Numbers of a column, written plainly.

    Args:
        text: Stripped cells, null where missing.
        decimal: The decimal separator; auto: what the cells show.
        affix: What training left off beside each number; None: what the cells show.
    """
    text = text.str.replace_all("[\u00a0\u202f\u2009]", " ").str.replace("\u2212", "-")
    if affix in {None, CLOCK_SIGN} and are_times(text, known=affix == CLOCK_SIGN):
        return Notation(_seconds(text), CLOCK_SIGN, ("times as seconds",))
    how: list[str] = []
    for pattern, word in ((BRACKETS, "brackets as minus"), (MINUS_BEHIND, "minus signs behind")):
        matches = text.str.contains(pattern).fill_null(value=False)
        if matches.any() and not (matches | text.is_null()).all():
            text = text.zip_with(~matches, "-" + text.str.replace(pattern, "$1").str.strip_chars())
            how.append(word)
    text, found = _without_affix(text, affix)
    if found:
        how.append(f"{found!r} left off")
    spaced = text.str.contains(GROUPED).fill_null(value=False)
    if spaced.any() and text.filter(spaced).str.len_chars().n_unique() > 1:  # telephone numbers are of one length
        text = text.zip_with(~spaced, text.str.replace_all("[ '’_]", ""))
        how.append("thousands separators")
    numbers = text.filter(text.str.contains(NUMBERISH).fill_null(value=False))
    meant = decimal if decimal != "auto" else decimal_of(numbers)
    doubtful = meant == "auto"
    if meant == "comma":
        text = with_points(text)
        how.append("decimal commas")
    elif meant == "point" and numbers.str.contains(COMMA_GROUPS).any():
        groups = text.str.contains(COMMA_GROUPS).fill_null(value=False)
        text = text.zip_with(~groups, text.str.replace_all(",", "", literal=True))
        how.append("thousands separators")
    return Notation(text, found, tuple(dict.fromkeys(how)), meant or "auto", doubtful)


def decimal_of(numbers: pl.Series) -> Decimal | None:
    """The decimal separator that a column's numbers show.

    Args:
        numbers: Text of digits, points and commas.

    Returns:
        auto where commas leave two meanings, None where there are no commas or they fit neither meaning.
    """
    commas = numbers.filter(numbers.str.contains(",", literal=True))
    points = numbers.filter(numbers.str.contains(".", literal=True))
    repeated = bool((points.str.count_matches(r"\.") > 1).all()) and len(points) > 0
    if not len(commas):
        return "comma" if repeated and points.str.contains(POINT_GROUPS).all() else None
    as_groups, as_decimals = bool(commas.str.contains(COMMA_GROUPS).all()), _fit_comma(commas, points)
    if as_groups and as_decimals:
        return "point" if _are_thousands(numbers, commas, points) else "auto"
    return "point" if as_groups else "comma" if as_decimals else None


def _are_thousands(numbers: pl.Series, commas: pl.Series, points: pl.Series) -> bool:
    """Whether other cells show that a comma before three digits, as in 1,020, separates thousands."""
    others = points.filter(~points.str.contains(DOUBTFUL_POINT))
    if len(others) and others.str.contains(DECIMAL_POINT).all():
        return True
    whole = numbers.filter(numbers.str.contains(r"^[+-]?\d+$"))
    short = len(whole) > 2 and bool((whole.str.strip_chars("+-").str.len_chars() <= 3).all())  # 950 beside 1,020
    return short or bool(commas.str.contains(r",000$").all())


def _fit_comma(commas: pl.Series, points: pl.Series) -> bool:
    """Whether commas can be decimal ones and points separate thousands."""
    decimals = commas.str.contains(DECIMAL_COMMA) | commas.str.contains(POINT_GROUPS)
    return bool(decimals.all()) and bool(points.str.contains(POINT_GROUPS).all())


def decimal_of_table(table: Table, layout: CSVLayout) -> Decimal:
    """The decimal separator of a file's numbers, where its columns agree; auto where they do not, or show none."""
    if layout.decimal != "auto" or layout.strict or table.location.lines is None or table.store is not None:
        return layout.decimal
    numbers = [shown for name in table.frame.columns if (shown := _numbers_with(table.frame[name], ",")) is not None]
    found = {decimal for shown in numbers if (decimal := decimal_of(shown)) in {"point", "comma"}}
    if found == {"point"}:
        return "point"
    if found != {"comma"} or any(_has_points(table.frame[name]) for name in table.frame.columns):
        return "auto"
    return "comma"


def _numbers_with(column: pl.Series, character: str) -> pl.Series | None:
    """The numbers among a column's first cells; None unless they are most of them, and some have the character."""
    head = column.head(HEAD)
    if head.dtype != pl.String or not head.str.contains(character, literal=True).any():
        return None
    text = _without_affix(head.str.strip_chars(), None)[0]
    numbers = text.filter(text.str.contains(NUMBERISH).fill_null(value=False))
    return numbers if 2 * len(numbers) > len(head) - head.null_count() else None


def _has_points(column: pl.Series) -> bool:
    """Whether a column's numbers have decimal points and cannot be thousands."""
    numbers = _numbers_with(column, ".")
    if numbers is None or numbers.str.contains(",", literal=True).any():
        return False
    points = numbers.filter(numbers.str.contains(".", literal=True))
    return bool(points.str.contains(DECIMAL_POINT).all()) and not points.str.contains(DOUBTFUL_POINT).all()


def decimal_note(asked: CSVLayout, found: CSVLayout) -> tuple[str, ...]:
    """A line on decimal commas that the file shows and nobody asked for."""
    if asked.decimal == found.decimal or found.decimal != "comma":
        return ()
    return ("numbers have decimal commas, as the columns show (data.decimal=point overrules it)",)


def doubtful_error(text: pl.Series, location: Location) -> DataError:
    """The error about commas with two meanings."""
    position = first_true(text.str.contains(DOUBTFUL_COMMA))
    cell = text[position or 0]
    whole, fraction = cell.replace(",", ""), cell.replace(",", ".")
    message = f"{quote(cell)} has a comma that means {whole} or {fraction}; set data.decimal=point or "
    return location.error(message + "data.decimal=comma", position=position, column=text.name)


def with_points(text: pl.Series) -> pl.Series:
    """Numbers with a decimal comma rewritten with a point; text with points elsewhere does not become a number."""
    groups = text.str.contains(POINT_GROUPS).fill_null(value=False)
    text = text.zip_with(~groups, text.str.replace_all(".", "", literal=True))
    return text.str.replace_many([",", "."], [".", ","])  # 3.5 becomes 3,5, which is no number, and not 35


def _without_affix(text: pl.Series, affix: str | None) -> tuple[pl.Series, str]:
    """The text without what stands beside its numbers, and what that is; "" where it is none or not the same."""
    before, behind = text.str.extract(AFFIX_BEFORE), text.str.extract(AFFIX_BEHIND)
    marks = pl.concat([before, behind]).drop_nulls().unique()
    has = before.is_not_null() | behind.is_not_null()
    if affix is not None:
        has = ((before == affix) | (behind == affix)).fill_null(value=False)
        return (text, "") if not affix else (text.zip_with(~has, _bare(text)), affix)
    if len(marks) != 1:
        return text, ""
    found = str(marks[0])
    bare = text.filter(~has & text.is_not_null())
    money = bool(MONEY.fullmatch(found))
    if not money and not bare.str.contains(r"^[+-]?0*\.?0*$").all():  # 5 % among 0.05 could be either
        return text, ""
    cells = text.filter(has)
    if (
        not money
        and found != "%"
        and not cells.str.contains(r"\.\d+\s?[A-Za-zµ°]|\s[A-Za-zµ°]|\d[A-Za-zµ°/]{2,}$").all()
    ):
        return text, ""  # 12A is a code
    few = cells.n_unique() <= FEW and not bare.str.contains(r"\d").any()
    return (text, "") if few else (text.zip_with(~has, _bare(text)), found)  # a few prices are as good as names


def _bare(text: pl.Series) -> pl.Series:
    return text.str.replace(BEFORE, "$1$2").str.replace(BEHIND, "$1").str.replace_all(" +$|^ +", "")


def are_times(text: pl.Series, *, known: bool = False) -> bool:
    """Whether all cells are times such as 9:47, a few of which may be written 9.47.

    Args:
        text: Stripped cells, null where missing.
        known: Whether the column held times in training, so that any cell may be written so.
    """
    times, slips = text.str.contains(CLOCK), text.str.contains(CLOCK_SLIP)
    if not (times | slips | text.is_null()).all():
        return False
    return known or int(times.sum()) > FEWEST_TIMES * (len(text) - text.null_count())


def _seconds(text: pl.Series) -> pl.Series:
    """Times or durations as seconds, as text; 12:30 counts as hours and minutes."""
    slips = text.str.contains(CLOCK_SLIP).fill_null(value=False)
    text = text.zip_with(~slips, text.str.replace(".", ":", literal=True))
    parts = text.str.extract_groups(r"^(\d+):(\d+)(?::(\d+(?:\.\d+)?))?(?: ?([AaPp])\.?[Mm]\.?)?$").struct
    hours, minutes, seconds, half = (parts.field(str(number)) for number in range(1, 5))
    hour = hours.cast(pl.Float64)
    afternoon = half.str.to_lowercase()
    shifted = hour.set((hour == 12).fill_null(value=False) & afternoon.is_not_null(), 0.0)
    shifted = shifted + (afternoon == "p").fill_null(value=False).cast(pl.Float64) * 12
    total = shifted * 3600 + minutes.cast(pl.Float64) * 60 + seconds.cast(pl.Float64).fill_null(0.0)
    return total.cast(pl.String).rename(text.name)
