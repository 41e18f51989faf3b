"""Whole numbers: counts, grades and scores are numbers, codes of classes and the numbering of things are not.

They are told apart by their shape: codes run from 0 or 1 without gaps and in no order of frequency, counts thin out
towards their largest, grades and scores have one hump. How many there are decides nothing but what is left open.
"""

import math
import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

CLASS_NAME = re.compile(
    r"(^|[_\s.\-])(class|classes|label|labels|type|species|category|cat|cluster|code|group|segment|kind|target_class)$",
    re.IGNORECASE,
)
NUMBER_NAME = re.compile(
    r"(^|[_\s.\-])(rating|rate|score|grade|quality|count|counts|number|num|age|year|years|size|rank|level|visits|rings)$"
    r"|^(n|num|nb|no)[_.\s]",
    re.IGNORECASE,
)
TIME_NAME = re.compile(
    r"(^|[_\s.\-])(time|t|hours?|days?|weeks?|waves?|periods?|visits?|rounds?|trials?|sessions?|steps?|lags?)$",
    re.IGNORECASE,
)
MOST_CODES = 20
FEWEST_ROWS_A_CODE = 10  # below that the order of an input's values says more than each value by itself
DENSE = 0.9
"""Share of the numbers up to the largest that occur where things are numbered, a few of which are gone."""
MOST_NAMED_CODES = 100
BALANCED = 1.5
FEWEST_FROM_1, FEWEST_FROM_0 = 5, 7  # of fewer frequencies many orders have one hump, and encoders begin with 0
CODES = "\0codes"  # no column of a file is called so
FEWEST_IN_ORDER = 7
BY_CHANCE = 0.001
MOST_ROWS = 20_000
TAIL = 0.05
FEWEST_ALIKE = 8
ALIKE = 0.6
CHANCE = 0.6


def are_codes(values: pl.Series) -> tuple[bool, str]:
    """Whether whole numbers are codes of classes, and why, in words.

    Args:
        values: Whole numbers, none missing, of any numeric type.
    """
    levels, counts = np.unique(values.cast(pl.Float64).to_numpy(), return_counts=True)
    if len(levels) <= 2:
        return True, "two values"
    if reason := _no_codes(levels, len(values)):
        return False, reason
    if CLASS_NAME.search(values.name):
        return True, "whole numbers, and the name is that of classes"
    if reason := _quantity(str(values.name), levels, counts):
        return False, reason
    return True, f"{len(levels)} whole numbers from {levels[0]:g} on without a count's or a score's shape"


def are_input_codes(values: pl.Series) -> bool:
    """Whether whole numbers of an input are codes of classes, each with rows enough to be learned by itself.

    Args:
        values: None missing, of any numeric type.
    """
    levels = values.n_unique()
    if not 2 < levels <= min(MOST_NAMED_CODES, len(values) / FEWEST_ROWS_A_CODE) or _names_quantity(str(values.name)):
        return False
    return bool((values == values.round(0)).all()) and are_codes(values)[0]


def follow_an_order(values: pl.Series, inputs: pl.DataFrame) -> str:
    """The input whose means rise or fall with whole numbers as with a quantity, beyond chance; "" where none does.

    Codes of classes are in no order that an input knows of. Of k of them the means of an input are in order with
    probability 2 / k!, and about so with Spearman's correlation; all inputs together (Bonferroni) are to be at most
    `BY_CHANCE`, so that fewer than seven numbers show nothing.

    Args:
        values: Whole numbers, none missing.
        inputs: The typed columns of the same rows.
    """
    names = [name for name, dtype in inputs.schema.items() if dtype == pl.Float64]
    if not names or CLASS_NAME.search(values.name):
        return ""
    step = max(1, len(values) // MOST_ROWS)
    some = inputs.select(names).gather_every(step).with_columns(values.gather_every(step).cast(pl.Float64).alias(CODES))
    sizes = some[CODES].value_counts(name="rows")
    levels = sizes.filter(pl.col("rows") >= FEWEST_ROWS_A_CODE)[CODES].sort()
    if len(levels) < FEWEST_IN_ORDER:
        return ""
    means = some.filter(pl.col(CODES).is_in(levels.to_list())).group_by(CODES).mean().sort(CODES)
    ranks = np.arange(len(levels))
    for name in names:
        column = means[name].to_numpy()
        if not np.isfinite(column).all() or len(np.unique(column)) < len(levels):
            continue
        rho = abs(float(np.corrcoef(ranks, column.argsort().argsort())[0, 1]))
        if len(names) * _by_chance(rho, len(levels)) <= BY_CHANCE:
            return name
    return ""


def _by_chance(rho: float, k: int) -> float:
    """Probability of a rank correlation as large among k values in any order (t approximation, at least 2 / k!)."""
    from scipy.stats import t

    exact = 2 / math.factorial(k)
    if rho >= 1 - 1e-12:
        return exact
    return max(exact, 2 * float(t.sf(rho * math.sqrt((k - 2) / (1 - rho**2)), k - 2)))


def is_numbering(values: pl.Series) -> bool:
    """Whether whole numbers name what comes first, second, third in the file: rows, or groups of a few rows each.

    New numbers appear in rising order and hardly leave one out, and there are more of them than rows of each; a
    quantity has more rows than values, and a time says so by its name.

    Args:
        values: None missing, of any numeric type.
    """
    first = values.unique(maintain_order=True)
    levels = len(first)
    if levels <= MOST_CODES or levels**2 <= len(values) or first[0] not in {0, 1}:
        return False
    if not first.is_sorted() or levels < DENSE * (first[-1] - first[0] + 1) or _names_quantity(str(values.name)):
        return False
    counts = np.unique(values.to_numpy(), return_counts=True)[1]
    shaped = not _are_even(counts) and (_thin_out(counts) or _has_one_hump(counts))
    return bool((first == first.round(0)).all()) and not shaped


def _names_quantity(name: str) -> bool:
    return bool(NUMBER_NAME.search(name) or TIME_NAME.search(name))


def _quantity(name: str, levels: NDArray[np.float64], counts: NDArray[np.int64]) -> str:
    """Why values that could be codes are counts or scores all the same, in words; "" if they are not."""
    if len(levels) > MOST_CODES:
        return f"{len(levels)} whole numbers"
    if len(levels) > 3 and NUMBER_NAME.search(name):
        return "whole numbers, and the name is that of a quantity"
    if len(levels) == 3 or _are_even(counts):
        return ""
    if _thin_out(counts):
        return "whole numbers that thin out as counts do"
    fewest = FEWEST_FROM_1 if levels[0] == 1 else FEWEST_FROM_0
    return (
        "whole numbers with one hump, as grades and scores have"
        if len(levels) >= fewest and _has_one_hump(counts)
        else ""
    )


def _no_codes(levels: NDArray[np.float64], rows: int) -> str:
    """Why values cannot be the codes of classes, in words; "" if they can."""
    low, high = levels[0], levels[-1]
    if low not in {-1.0, 0.0, 1.0}:
        return f"whole numbers from {low:g} to {high:g}"
    span = high - low + 1
    if len(levels) < 0.75 * span:
        return f"whole numbers with gaps, {low:g} to {high:g}"
    if len(levels) > min(MOST_NAMED_CODES, rows / 2):
        return f"{len(levels)} whole numbers"
    return ""


def _thin_out(counts: NDArray[np.int64]) -> bool:
    """Whether frequencies fall from the first or second on to a thin end, as those of counts do."""
    peak = int(counts.argmax())
    return peak <= 1 and _falls(counts[peak:]) and bool(counts[-1] <= TAIL * counts.sum())


def _has_one_hump(counts: NDArray[np.int64]) -> bool:
    """Whether frequencies rise to a peak and fall from there, up to chance; or neighbours, if many, are alike."""
    peak = int(counts.argmax())
    if _falls(counts[peak::-1]) and _falls(counts[peak:]):
        return True
    ranks = counts.argsort().argsort()
    return len(counts) >= FEWEST_ALIKE and bool(np.corrcoef(ranks[:-1], ranks[1:])[0, 1] > ALIKE)


def _falls(counts: NDArray[np.int64]) -> bool:
    """Whether no step up is larger than chance makes of equal frequencies."""
    return bool((np.diff(counts) <= CHANCE * np.sqrt(counts[:-1] + counts[1:])).all())


def _are_even(counts: NDArray[np.int64]) -> bool:
    """Whether all frequencies are about the same, or differ no more than chance makes them."""
    mean, free = counts.mean(), len(counts) - 1
    chi_squared = float(((counts - mean) ** 2).sum() / mean)
    return bool(counts.max() <= BALANCED * counts.min()) or chi_squared <= free + 2 * (2 * free) ** 0.5
