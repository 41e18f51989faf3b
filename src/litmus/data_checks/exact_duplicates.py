"""Rows that stand on both sides of a split: exact copies beyond what discrete columns explain."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.data.rows import Rows
from litmus.evidence.values import SplitName

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
Hashes = NDArray[np.uint64]

MOST_LOOKED_AT = 5000
MOST_COLUMNS = 60
FEW_DIFFERENT = 0.1
"""Share of different rows up to which rows repeat because there are few values, and not because they were copied."""
SHORT_TEXT = 4
"""Texts of fewer words repeat by chance."""


@final
@dataclass(frozen=True, kw_only=True)
class Matches:
    """Held-out rows and the training row that each one equals.

    Args:
        twin: `(n,)` position of a training row with the same inputs, -1 where there is none.
        chance: Probability that a row without any copying has a duplicate, for the rows or a random sample of them.
        within_train: Share of training rows that equal another training row.
    """

    twin: Codes
    chance: Array
    within_train: float


def row_hashes(rows: Rows, columns: tuple[str, ...] | None = None) -> Hashes:
    """`(n,)` one number for the inputs of each row, equal where all of them are equal.

    Args:
        rows: Of any kind; texts count as equal when they differ in case, punctuation and spaces only.
        columns: Columns of a table that count; None: all.
    """
    if isinstance(rows.inputs, pl.DataFrame):
        frame = rows.inputs if columns is None else rows.inputs.select(columns)
        return _hashed(column_codes(frame))
    if isinstance(rows.inputs, list):
        return np.fromiter((hash_text(text) for text in rows.inputs), dtype=np.uint64, count=len(rows))
    return np.fromiter(
        (_hash_bytes(np.ascontiguousarray(array)) for array in rows.inputs), dtype=np.uint64, count=len(rows)
    )


def match(train: Codes, held_out: Codes) -> Matches:
    """Which held-out rows of a table equal a training row, and how many would without any copying.

    A row of discrete columns meets its like by chance. How often follows from rows that agree with it in all columns
    but one: such near misses are many where rows are drawn from few values, and hardly any where rows are copied.
    With d of them in a column, and a share p of its values equal to the row's own, about d p / (1 - p) duplicates by
    chance are expected; copies of the row are left out of both counts. Where columns depend on each other, values next
    to the row's own say more than all others: as many duplicates are expected as rows have the value before or behind.
    Columns that another one determines say nothing new and are left out, or else every row would be its own proof.

    Args:
        train: `(n, columns)` codes of values, equal where values are.
        held_out: `(m, columns)` codes of the same values.
    """
    kept = _undetermined(_sample(train, held_out))
    if len(kept) < train.shape[1]:
        train, held_out = train[:, kept], held_out[:, kept]
    whole_train, whole_out = _hashed(train), _hashed(held_out)
    twin, copies = _find(whole_train, whole_out)
    within = _repeated(whole_train)
    if train.shape[1] < 2 or not (twin >= 0).any():
        chance = within if train.shape[1] < 2 else 0.0
        return Matches(twin=twin, chance=np.full(len(held_out), chance), within_train=within)
    looked_at = sample_rows(len(held_out), MOST_LOOKED_AT, seed=0)
    seen = held_out[looked_at]
    expected, beside = np.zeros(len(looked_at)), np.zeros(len(looked_at))
    for j in _discrete(train):
        rest_train, rest_out = whole_train - _mixed(train[:, j], j), whole_out[looked_at] - _mixed(seen[:, j], j)
        near = _find(rest_train, rest_out)[1] - copies[looked_at]
        same = _find(train[:, j], seen[:, j])[1]
        share = np.clip((same - copies[looked_at]) / len(train), 0, 0.99)
        expected = np.maximum(expected, near * share / (1 - share))
        next_to = [_find(whole_train, rest_out + _mixed(code, j))[1] for code in _next_to(train[:, j], seen[:, j])]
        beside = max(beside, np.mean(next_to, axis=0), key=_share)  # the largest for each row would be largest by luck
    return Matches(twin=twin, chance=1 - np.exp(-max(expected, beside, key=_share)), within_train=within)


def _share(expected: Array) -> float:
    """Share of rows with a duplicate, if so many are expected for each of them."""
    return float(np.mean(1 - np.exp(-expected)))


def _next_to(train: Codes, seen: Codes) -> tuple[Codes, Codes]:
    """For each value seen the ones of train before and behind it; at an end, the same one twice.

    Codes are ordered as values are, those of negative numbers the other way round, which keeps neighbours together.
    """
    values = np.unique(train)
    below, above = np.searchsorted(values, seen) - 1, np.searchsorted(values, seen, "right")
    last = len(values) - 1
    below, above = np.where(below < 0, above, below), np.where(above > last, below, above)
    return values[np.clip(below, 0, last)], values[np.clip(above, 0, last)]


def match_hashes(train: Hashes, held_out: Hashes, *, chance: Array) -> Matches:
    """The same for rows that are compared whole, such as images and texts."""
    return Matches(twin=_find(train, held_out)[0], chance=chance, within_train=_repeated(train))


def column_codes(frame: pl.DataFrame) -> Codes:
    """`(n, columns)` a code for each value of each column; missing cells are a value of their own."""
    codes = np.empty((frame.width, frame.height), dtype=np.int64)
    for row, series in zip(codes, frame, strict=True):
        row[:] = _codes(series)
    return codes.T


def hash_text(text: str) -> int:
    """A number for the words of a text, whatever their case and punctuation."""
    return _hash_bytes(" ".join(words(text)).encode())


def words(text: str) -> list[str]:
    """The text's words in lower case without punctuation."""
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def _codes(series: pl.Series) -> Codes:
    if series.dtype == pl.Float64:  # the bits of numbers do, and ranks would be ten times as slow
        bits: Codes = (series.to_numpy() + 0.0).view(np.int64)  # nulls as NaN, and no negative zero
        return bits
    values = series.cast(pl.String) if series.dtype == pl.Categorical else series
    return values.rank("dense").fill_null(0).to_numpy().astype(np.int64)


def _hash_bytes(data: Any) -> int:
    from hashlib import blake2b

    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


def _hashed(codes: Codes) -> Hashes:
    """`(n,)` a number for the values of each row of `(n, columns)`."""
    total = np.zeros(len(codes), dtype=np.uint64)
    for j, column in enumerate(codes.T):
        total += _mixed(column, j)
    return total


def _mixed(codes: Codes, column: int) -> Hashes:
    """`(n,)` pseudo-random numbers for (column, value), so that sums over columns tell rows apart.

    Source: the finaliser of splitmix64, Steele, Lea and Flood 2014.
    """
    z = codes.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z += np.uint64((column + 1) * 0xD1342543DE82EF95 % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def _find(train: Hashes | Codes, held_out: Hashes | Codes) -> tuple[Codes, Codes]:
    """For each held-out hash the position of an equal training one (-1: none), and how many there are."""
    order = np.argsort(train, kind="stable")
    ordered = train[order]
    first, last = np.searchsorted(ordered, held_out), np.searchsorted(ordered, held_out, "right")
    found = last > first
    twin = np.where(found, order[np.minimum(first, len(train) - 1)], -1)
    return twin.astype(np.int64), (last - first).astype(np.int64)


def _repeated(hashes: Hashes) -> float:
    counts = np.unique(hashes, return_counts=True)[1]
    return float(counts[counts > 1].sum() / max(1, len(hashes)))


def _discrete(codes: Codes) -> list[int]:
    """Columns in which rows agree by chance at all, those with the most agreement first."""
    ties = [len(codes) - len(np.unique(codes[:, j])) for j in range(codes.shape[1])]
    return [int(j) for j in np.argsort(ties)[::-1][:MOST_COLUMNS] if ties[j] > 0]


def _sample(train: Codes, held_out: Codes) -> Codes:
    """At most 5,000 rows of both."""
    picked = np.random.default_rng(0).permutation(len(train) + len(held_out))[:5000]
    inside = picked < len(train)
    sample = np.empty((len(picked), train.shape[1]), dtype=np.int64)
    sample[inside], sample[~inside] = train[picked[inside]], held_out[picked[~inside] - len(train)]
    return sample


def _undetermined(sample: Codes) -> list[int]:
    """Columns without those that follow from one other column, such as a height in another unit."""
    different = np.unique(sample, axis=0)
    if len(different) > FEW_DIFFERENT * len(sample):
        sample = different  # or else copies of rows would make every column follow from every other
    sizes = [len(np.unique(sample[:, j])) for j in range(sample.shape[1])]
    kept = [j for j, size in enumerate(sizes) if size > 1][:MOST_COLUMNS] + list(range(MOST_COLUMNS, sample.shape[1]))
    sample = np.column_stack([_dense(column) for column in sample.T])
    # a column without ties determines every other one, which says nothing about them
    tied = [j for j in kept if j < MOST_COLUMNS and sizes[j] < 0.5 * len(sample)]
    dropped: set[int] = set()
    for j in sorted(tied, key=lambda j: sizes[j]):
        others = [i for i in tied if i != j and i not in dropped and sizes[i] >= sizes[j]]
        pairs = (len(np.unique(sample[:, i] * (sizes[j] + 1) + sample[:, j])) for i in others)
        if any(pair == sizes[i] for pair, i in zip(pairs, others, strict=True)):
            dropped.add(j)
    return [j for j in kept if j not in dropped]


def _dense(values: Codes) -> Codes:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def sample_rows(count: int, most: int, *, seed: int) -> Codes:
    """At most `most` random positions of `count` in rising order."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).permutation(count)[:most]).astype(np.int64)


def positions(assignment: NDArray[np.int8]) -> Mapping[SplitName, Codes]:
    """Positions of each split's rows; splits without rows are left out."""
    names: tuple[SplitName, ...] = ("train", "val", "test")
    found: dict[SplitName, Codes] = {
        name: np.flatnonzero(assignment == k).astype(np.int64) for k, name in enumerate(names)
    }
    return {name: index for name, index in found.items() if len(index)}
