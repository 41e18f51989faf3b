"""New rows beside the training rows: columns that moved, units that changed, categories and rows that came back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.data.columns.kinds import count_levels
from litmus.evidence import Drift, Moved

Array = NDArray[np.float64]

FEWEST_ROWS = 30
"""New rows below which nothing is said: chance moves so few anywhere."""
LEVEL = 0.01
"""Chance of any false word on one file (Bonferroni over its columns)."""
MOVED = 0.2
"""Least distance between two distributions (Kolmogorov's, or of one level's share) that is worth a word."""
UNIT_MOVED, UNIT_FITS = 0.5, 0.35
"""Distance from which another unit is looked for, and the share of it that may be left in the right unit."""
UNITS = (10.0, 100.0, 1000.0, 1e4, 1e6, 2.54, 25.4, 1.609, 2.205, 3.281)
REPLACED = 0.05
"""Share of rows from which a level that is new and one that is gone may be the same under another name."""
KNOTS = 200
MOST_LEVELS = 1000
MOST_HASHES = 20_000
RARE = 0.005
"""Share of new rows with a level that training has not seen, from which it is said."""


@final
@dataclass(frozen=True, kw_only=True)
class Profile:
    """What the training rows looked like, as plain types that a checkpoint may hold.

    Args:
        rows: Their number.
        numbers: Column to its knots, and the share of training values up to each.
        levels: Column to the share of each of its levels.
        hashes: Of whole rows, a sample of them where there are many.
        columns: The columns that were hashed, in order.
    """

    rows: int
    numbers: Mapping[str, tuple[list[float], list[float]]] = field(default_factory=dict)
    levels: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    hashes: list[int] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        """As a checkpoint holds it."""
        return {**vars(self)}

    @staticmethod
    def restore(state: Mapping[str, Any]) -> "Profile":
        """What `state` gave."""
        return Profile(**state)


def profile(frame: pl.DataFrame, columns: Sequence[str]) -> Profile:
    """The profile of training rows.

    Args:
        frame: Their columns, raw.
        columns: Names of those that the model sees.
    """
    numbers: dict[str, tuple[list[float], list[float]]] = {}
    levels: dict[str, dict[str, float]] = {}
    for name in columns:
        series = frame[name]
        if series.dtype.is_numeric():
            values = _finite(series)
            if len(values):
                numbers[name] = _knots(values)
        elif not series.dtype.is_temporal():
            shares = _shares(series.cast(pl.String).drop_nulls())
            if 0 < len(shares) <= MOST_LEVELS:
                levels[name] = shares
    hashes = row_hashes(frame.select(columns)) if columns else np.empty(0, dtype=np.uint64)
    kept = np.linspace(0, len(hashes) - 1, min(len(hashes), MOST_HASHES)).astype(np.int64)
    return Profile(
        rows=len(frame),
        numbers=numbers,
        levels=levels,
        # torch holds signed numbers
        hashes=hashes[kept].astype(np.int64).tolist(),
        columns=list(columns),
    )


def compare(known: Profile, frame: pl.DataFrame, *, hashed: bool = True) -> Drift | None:
    """How new rows differ from the training rows; None for fewer than 30 of them.

    Args:
        known: Of the training rows.
        frame: The new rows, raw, with the same columns.
        hashed: Whether rows that were trained on are counted.
    """
    if len(frame) < FEWEST_ROWS:
        return None
    tests = max(1, len(known.numbers) + len(known.levels))
    found = [_number(known, name, frame, tests) for name in known.numbers if name in frame.columns]
    found += [_category(known, name, frame, tests) for name in known.levels if name in frame.columns]
    moved = [Moved(column=shift.column, distance=shift.distance) for shift in found if shift.distance >= MOVED]
    return Drift(
        rows=len(frame),
        columns=tests,
        moved=tuple(sorted(moved, key=lambda shift: -shift.distance)),
        units={shift.column: shift.unit for shift in found if shift.unit is not None},
        unseen={shift.column: shift.unseen for shift in found if shift.unseen >= RARE},
        renamed=tuple(shift.column for shift in found if shift.renamed),
        seen=_seen(known, frame) if hashed else 0,
    )


@final
@dataclass(frozen=True, kw_only=True)
class _Found:
    """One column: how far it moved beyond chance, in which unit it seems to be, the share of levels that are new.

    `renamed`: whether levels have other names.
    """

    column: str
    distance: float = 0.0
    unit: float | None = None
    unseen: float = 0.0
    renamed: bool = False


def _number(known: Profile, name: str, frame: pl.DataFrame, tests: int) -> _Found:
    knots, shares = known.numbers[name]
    values = _finite(frame[name])
    if len(values) < FEWEST_ROWS:
        return _Found(column=name)
    distance = _distance(values, knots, shares)
    if _is_chance(distance, known.rows, len(values), tests):
        return _Found(column=name)
    unit = _unit(values, knots, shares, distance) if distance >= UNIT_MOVED else None
    return _Found(column=name, distance=distance, unit=unit)


def _shares(texts: pl.Series) -> dict[str, float]:
    """Each level's share of the cells, none of which is missing."""
    return {level: count / len(texts) for level, count in count_levels(texts).iter_rows()}


def _category(known: Profile, name: str, frame: pl.DataFrame, tests: int) -> _Found:
    levels, texts = known.levels[name], frame[name].cast(pl.String).drop_nulls()
    if len(texts) < FEWEST_ROWS:
        return _Found(column=name)
    found = _shares(texts)
    unseen = sum(share for level, share in found.items() if level not in levels)
    distance = max(abs(found.get(level, 0.0) - levels.get(level, 0.0)) for level in {*found, *levels})
    chance = _is_chance(distance, known.rows, len(texts), tests * len(levels))
    renamed = not chance and (
        _exchanged(levels, found, distance) or _replaced(levels, found, known.rows, len(texts), tests)
    )
    return _Found(column=name, distance=0.0 if chance else distance, unseen=unseen, renamed=renamed)


def _exchanged(levels: Mapping[str, float], found: Mapping[str, float], distance: float) -> bool:
    """Whether the same levels have each other's shares, such as the two codes of a yes and a no."""
    if distance < UNIT_MOVED or set(levels) != set(found):
        return False
    pairs = zip(sorted(levels.values()), sorted(found.values()), strict=True)
    return max(abs(ours - theirs) for ours, theirs in pairs) <= UNIT_FITS * distance


def _replaced(levels: Mapping[str, float], found: Mapping[str, float], n: int, m: int, tests: int) -> bool:
    """Whether a level is gone and a new one has its share, neither by chance."""
    surely = LEVEL / (tests * max(len(levels), len(found)))
    gone = [share for level, share in levels.items() if level not in found and (1 - share) ** m < surely]
    new = [share for level, share in found.items() if level not in levels and (1 - share) ** n < surely]
    return any(
        min(ours, theirs) >= REPLACED and abs(ours - theirs) <= UNIT_FITS * max(ours, theirs)
        for ours in gone
        for theirs in new
    )


def _seen(known: Profile, frame: pl.DataFrame) -> int:
    """How many of the rows were trained on."""
    if not known.hashes or not set(known.columns) <= set(frame.columns):
        return 0
    ours = row_hashes(frame.select(known.columns)).astype(np.int64)
    return int(np.isin(ours, np.array(known.hashes, dtype=np.int64)).sum())


def row_hashes(frame: pl.DataFrame) -> NDArray[np.uint64]:
    """A number for each row that equal rows share, whatever the file's other rows; of texts, not of codes."""
    as_text = [
        pl.col(name).cast(pl.Float64).round(9) if dtype.is_numeric() else pl.col(name).cast(pl.String)
        for name, dtype in frame.schema.items()
    ]
    return frame.select(as_text).hash_rows(seed=0).to_numpy()


def _finite(series: pl.Series) -> Array:
    values = series.cast(pl.Float64).drop_nulls().to_numpy()
    return np.asarray(values[np.isfinite(values)])


def _knots(values: Array) -> tuple[list[float], list[float]]:
    """Up to 200 of the values, and the share of values up to each."""
    ordered = np.sort(values)
    knots = np.unique(ordered[np.linspace(0, len(ordered) - 1, KNOTS).astype(np.int64)])
    return knots.tolist(), (np.searchsorted(ordered, knots, side="right") / len(ordered)).tolist()


def _distance(values: Array, knots: Sequence[float], shares: Sequence[float]) -> float:
    """Largest difference of the two distribution functions, at the knots and just below them."""
    ordered, at = np.sort(values), np.asarray(knots)
    up_to = np.searchsorted(ordered, at, side="right") / len(ordered)
    below = np.searchsorted(ordered, at[:1], side="left")[0] / len(ordered)
    return float(max(np.abs(up_to - np.asarray(shares)).max(), below))


def _is_chance(distance: float, n: int, m: int, tests: int) -> bool:
    """Whether two samples of one distribution lie so far apart often enough; Massart 1990, both samples."""
    return 2 * math.exp(-2 * distance**2 * n * m / (n + m)) * tests > LEVEL


def _unit(values: Array, knots: Sequence[float], shares: Sequence[float], distance: float) -> float | None:
    """The factor by which values must be divided to look like the training rows'; None if none makes them so."""
    factors = [factor for unit in UNITS for factor in (unit, 1 / unit)]
    left = {factor: _distance(values / factor, knots, shares) for factor in factors}
    best = min(left, key=lambda factor: left[factor])
    return best if left[best] <= UNIT_FITS * distance else None
