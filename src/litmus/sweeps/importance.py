"""Which of the settings that a sweep varied made a difference."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from litmus.statistics import holm
from litmus.sweeps.leaderboard import Entry, Leaderboard

BINS = 4  # of a setting with more values than that
DRAWN = 8  # distinct values from which they were drawn, not listed
FEWEST = 4  # entries of which anything can be told
ALPHA = 0.05
NEAR = 0.04  # of a range, from which its end counts as reached
WIDE = 50.0  # largest over smallest from which numbers are compared by their logarithms
Array = NDArray[np.float64]


@final
@dataclass(frozen=True, kw_only=True)
class Effect:
    """What one setting did by itself.

    Args:
        key: Of the setting.
        share: Of the differences in rank that it explains, 0 to 1, what chance explains taken off.
        p: Of no effect, all settings taken together (Holm); None where there are too few runs to tell.
        best: Its value in the best entry.
        edge: "largest" or "smallest" where that is the end of the numbers tried.
    """

    key: str
    share: float
    p: float | None
    best: str
    edge: str | None = None

    @property
    def matters(self) -> bool:
        """Whether it surely made a difference."""
        return self.p is not None and self.p <= ALPHA


def effects(board: Leaderboard) -> tuple[Effect, ...]:
    """Of every setting that varied by itself, the largest first.

    A model of main effects, and of the seeds where several are common, is fitted to the ranks of the runs, so that a
    few that diverged do not decide.

    Source: rank transform, Conover and Iman (1981); share: omega squared, Olejnik and Algina (2003).
    """
    columns = dict(_columns(board))
    if len(board.entries) < FEWEST or not columns:
        return ()
    owners = np.array([i for i, entry in enumerate(board.entries) for _ in entry.values])
    y = _ranks([value for entry in board.entries for value in entry.values.values()])
    seeds = np.unique([seed for entry in board.entries for seed in entry.values], return_inverse=True)[1]
    blocks = [seeds] if len(y) > len(board.entries) else []
    runs = {key: codes[owners] for key, codes in columns.items()}
    rest, used = _residual(y, [*blocks, *runs.values()])
    total = float(((y - y.mean()) ** 2).sum())
    free = len(y) - used
    noise = rest / free if free > 0 else 0.0
    shares, p_values = [], []
    for key in runs:
        without, fewer = _residual(y, [*blocks, *(codes for other, codes in runs.items() if other != key)])
        explained, degrees = max(0.0, without - rest), used - fewer
        shares.append(max(0.0, explained - degrees * noise) / (total + noise) if total else 0.0)
        p_values.append(_p_value(explained, degrees, rest, free))
    made = [
        Effect(
            key=key,
            share=round(min(share, 1.0), 4),
            p=None if math.isnan(p) else round(float(p), 6),
            best=board.entries[0].settings.get(key, ""),
            edge=edge(key, board.entries),
        )
        for key, share, p in zip(runs, shares, holm(p_values), strict=True)
    ]
    return tuple(sorted(made, key=lambda effect: -effect.share))


def separate_keys(board: Leaderboard) -> list[str]:
    """The settings that varied by themselves."""
    return [key for key, _ in _columns(board)]


def is_grid(board: Leaderboard) -> bool:
    """Whether the entries are all combinations of a few values of each setting that varies by itself."""
    columns = [_cells(board.entries, key) for key in separate_keys(board)]
    if any(len(set(cells)) > DRAWN for cells in columns):
        return False
    points = {tuple(cells[i] for cells in columns) for i in range(len(board.entries))}
    return bool(columns) and len(points) == math.prod(len(set(cells)) for cells in columns) == len(board.entries)


def number_of(text: str) -> float | None:
    """The number that a setting is: `0.1`, and `[50]` as the size of one layer; None if it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def edge(key: str, entries: Sequence[Entry]) -> str | None:
    """Whether the best entry's value is the end of the numbers tried: there may be better ones beyond."""
    numbers = [number_of(text) for text in _cells(entries, key)]
    known = [value for value in numbers if value is not None and math.isfinite(value)]
    distinct = sorted(set(known))
    if len(known) < len(entries) or len(distinct) < 3 or numbers[0] == 0:
        return None
    place, low, high = known[0], distinct[0], distinct[-1]
    near = 0.0
    if len(distinct) > DRAWN:  # drawn from a range, of which nobody draws the very end
        if low > 0 and high / low > WIDE:
            place, low, high = math.log(place), math.log(low), math.log(high)
        near = NEAR * (high - low)
    return "smallest" if place <= low + near else "largest" if place >= high - near else None


def _columns(board: Leaderboard) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Settings that vary by themselves, with a code for each entry's value, or for its quarter of many values."""
    seen: list[tuple[int, ...]] = []
    keys = [key for key in board.keys if not any(key.startswith(f"{other}.") for other in board.keys)]
    for key in keys:
        cells = _cells(board.entries, key)
        names, codes = np.unique(cells, return_inverse=True)
        numbers = [number_of(text) for text in cells]
        values = np.array([math.nan if number is None else number for number in numbers])
        if len(names) > BINS and np.isfinite(values).all():
            codes = np.searchsorted(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]), values, side="left")
        elif len(names) > max(BINS, len(cells) // 2):  # a name of its own for nearly every entry
            continue
        pattern = tuple(np.unique(codes, return_inverse=True)[1].tolist())
        if len(set(pattern)) > 1 and pattern not in seen:  # two that always go together are one
            seen.append(pattern)
            yield key, np.asarray(pattern, np.intp)


def _cells(entries: Sequence[Entry], key: str) -> list[str]:
    return [entry.settings.get(key, "") for entry in entries]


def _ranks(means: Sequence[float]) -> Array:
    from scipy.stats import rankdata

    ranks: Array = rankdata(np.asarray(means, np.float64))
    return ranks


def _residual(y: Array, columns: Sequence[NDArray[np.intp]]) -> tuple[float, int]:
    """Sum of squares that the main effects leave, and how many parameters they are."""
    parts = [np.ones((len(y), 1))]
    parts += [np.eye(int(codes.max()) + 1)[codes][:, 1:] for codes in columns]
    design = np.hstack(parts)
    fitted, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    return float(((y - design @ fitted) ** 2).sum()), int(rank)


def _p_value(explained: float, degrees: int, rest: float, free: int) -> float:
    """Of the F test; NaN where nothing is left to test against."""
    if degrees < 1 or free < 2:
        return math.nan
    from scipy.stats import f

    if rest <= 1e-9:
        return 0.0 if explained > 1e-9 else 1.0
    return float(f.sf(explained / degrees / (rest / free), degrees, free))
