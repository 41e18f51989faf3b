"""Persons or sites that no column names: rows that follow each other in the file and share what changes rarely."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

Codes = NDArray[np.int64]

FEWEST = 10
"""Stretches, and returns of a clock, from which there is a pattern."""
LASTING = 0.5
"""How much more often than by chance a column's next value is the same, for it to be a trait of a stretch."""
FEWEST_TRAITS = 2
CHANGED = 1 / 3
"""Share of the traits that change where a stretch ends: two persons may be of one sex and one town."""
STRANGE = 0.5
"""How often a trait must change where a stretch ends, beside how often two rows drawn by chance differ in it."""
RISING = 0.15
"""How much more often than by chance a column's next value is higher, for it to be a clock that each stretch starts
again."""
LARGEST = 0.1
"""Largest share of the rows that one stretch may hold; longer ones are the file's order."""
NAMED = 1.1
"""Values for each stretch, and stretches for each value, up to which a column names the stretches."""
CROSSED = 0.9
"""Share of all combinations of their traits' levels that stretches must fill for the rows to be a design, such as each
month at each latitude: a model knows them by these columns. One id and any trait fill half at most."""
MOST_ROWS = 50_000
IN_COMPANY = 0.3
"""Share of rows in stretches of two rows and more."""


def stretches(frame: pl.DataFrame, numbers: NDArray[np.int64]) -> Codes | None:
    """`(n,)` stretch of each row, told from its inputs alone; None where the file's order shows none.

    A stretch ends where a clock that has been rising falls back, such as the year of each person's visits, and where
    traits change together. None also where a column names the stretches, or two and more that are crossed: what they
    stand for the model knows by them.

    Args:
        frame: `(n, columns)` inputs of all rows.
        numbers: `(n,)` their places in the file.
    """
    n, order = len(numbers), numbers.argsort(kind="stable")
    if not 2 * FEWEST <= n <= MOST_ROWS:
        return None
    columns = [(series, series.rank("dense").fill_null(0).to_numpy().astype(np.int64)[order]) for series in frame]
    ends = _traits_end([codes for _, codes in columns if _lasts(codes)], n)
    numeric = [codes for series, codes in columns if series.dtype.is_numeric() or series.dtype.is_temporal()]
    clock = max(numeric, key=_rises, default=None)
    if clock is not None and _rises(clock) >= RISING and (clock[1:] < clock[:-1]).sum() >= FEWEST:
        ends |= clock[1:] < clock[:-1]
    places = np.concatenate([[0], ends.cumsum()])
    sizes = np.bincount(places)
    if len(sizes) < FEWEST or sizes.max() > LARGEST * n or (sizes[places] > 1).mean() < IN_COMPANY:
        return None
    if any(_names(codes, places) for series, codes in columns if not series.dtype.is_numeric()):
        return None
    if _is_crossed([codes for _, codes in columns], places):
        return None
    found = np.empty(n, dtype=np.int64)
    found[order] = places
    return found


def _traits_end(traits: list[Codes], n: int) -> NDArray[np.bool_]:
    """`(n - 1,)` where traits change together, as they do from one person to a stranger.

    What hardly changes there is no trait of the stretches but of the file's order, such as its larger parts.
    """
    changed = np.array([codes[1:] != codes[:-1] for codes in traits], dtype=np.bool_).reshape(-1, n - 1)
    strange = np.array([1 - _same_by_chance(codes) for codes in traits])
    ends = changed.mean(0) >= CHANGED if len(traits) else np.zeros(n - 1, dtype=np.bool_)
    kept = changed[:, ends].sum(1) >= STRANGE * strange * ends.sum()
    if kept.sum() < FEWEST_TRAITS:
        return np.zeros(n - 1, dtype=np.bool_)
    return np.asarray(changed[kept].mean(0) >= CHANGED)


def _lasts(codes: Codes) -> bool:
    """Whether the next value is mostly the same, in a column by which the file is not sorted."""
    steps = np.diff(codes)
    if not (steps > 0).any() or not (steps < 0).any():
        return False
    chance = _same_by_chance(codes)
    return bool((steps == 0).mean() - chance >= LASTING * (1 - chance))


def _rises(codes: Codes) -> float:
    """How much more often than by chance the next value is higher."""
    return float((codes[1:] > codes[:-1]).mean()) - (1 - _same_by_chance(codes)) / 2


def _same_by_chance(codes: Codes) -> float:
    return float(((np.bincount(codes) / len(codes)) ** 2).sum())


def _names(codes: Codes, places: Codes) -> bool:
    """Whether each value stands for a stretch or little more, and each stretch has one value."""
    pairs = len(np.unique(codes * (int(places.max()) + 1) + places))
    levels, count = len(np.unique(codes)), int(places.max()) + 1
    return pairs <= NAMED * min(levels, count) and max(levels, count) <= NAMED * min(levels, count)


def _is_crossed(columns: list[Codes], places: Codes) -> bool:
    """Whether stretches are the cells of a crossed design of the columns that are constant in them."""
    count, first = int(places.max()) + 1, np.unique(places, return_index=True)[1]
    traits = [codes[first] for codes in columns if len(np.unique(codes * count + places)) == count and np.ptp(codes)]
    cells = float(np.prod([len(np.unique(codes)) for codes in traits], dtype=np.float64))
    if len(traits) < 2:
        return False
    return len(np.unique(np.column_stack(traits), axis=0)) >= CROSSED * cells
