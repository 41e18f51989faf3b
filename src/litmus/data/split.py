"""Which rows the model is trained on, chosen by and scored on: a pure function of rows, rule and seed.

A new rule is a word of `SplitRule` and a branch of `assign`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.data.rows import Rows
from litmus.data.tensors import SPLITS
from litmus.errors import DataError, quote

SplitRule = Literal["stratified", "random", "group", "stratified_group", "time", "column"]
TRAIN, VAL, TEST, UNUSED = 0, 1, 2, -1
LEAST_ROWS = 10
STRATIFIED = ("stratified", "stratified_group", "column")
Codes = NDArray[np.int8]
Positions = NDArray[np.int64]


def assign(
    rows: Rows,
    *,
    rule: SplitRule,
    val_fraction: float,
    test_fraction: float,
    seed: int,
    numeric: bool,
    fold: int = 0,
    folds: int | None = None,
    gap: int = 0,
) -> Codes:
    """A split for every row.

    Rows that the source fixes stay where they are; a fixed test split takes the place of `test_fraction`.

    Args:
        rows: All rows; only `split`, `group`, `time` and `target` are looked at.
        rule: `stratified` is random where the target is a number; `time` without a time column keeps the order of the
            rows; `column` relies on `rows.split`.
        val_fraction: Share of the free rows.
        test_fraction: Share of the free rows.
        seed: Equal seeds give equal splits.
        numeric: Whether the target is a number, which has no classes to stratify by.
        fold: Which of the `folds` is held out as test.
        folds: Every free row is in the test split of exactly one fold; val is taken from the other folds.
        gap: With `time`: rows left out before each cut.

    Returns:
        `(n,)` int8: 0 train, 1 val, 2 test, -1 unused (in a gap, or a fixed test row under `folds`).

    Raises:
        DataError: The rows or the fractions cannot be split so.
    """
    codes = _fixed(rows)
    free = np.flatnonzero(codes == UNUSED)
    if folds is not None:
        _check_free(free, folds, rows)
        codes[codes == TEST] = UNUSED
    shares = _shares(codes, val_fraction, test_fraction, folds)
    free_rows = replace(rows, inputs=np.empty(len(rows))).take(free)  # inputs may be large, and are not looked at
    if rule == "time" and len(free):
        codes[free] = _by_time(_ranks(free_rows, folds), shares, gap)
    elif len(free):
        strata = _strata(free_rows, numeric=numeric or rule not in STRATIFIED)
        rng = np.random.default_rng([seed, 0x5B117])
        codes[free] = _free(_units(free_rows, rule), strata, rng, shares=shares, fold=fold, folds=folds)
    _check_filled(codes, rows, test_wanted=test_fraction > 0 or folds is not None)
    return codes


def positions_of(codes: Codes) -> dict[str, Positions]:
    """Positions of each split's rows, for the splits that have any."""
    positions = {name: np.flatnonzero(codes == code).astype(np.int64) for code, name in enumerate(SPLITS)}
    return {name: index for name, index in positions.items() if len(index)}


def _fixed(rows: Rows) -> Codes:
    """Codes of the rows whose split the source fixes, -1 elsewhere; raises DataError for too few rows."""
    if len(rows) < LEAST_ROWS:
        message = f"only {len(rows)} rows; at least {LEAST_ROWS} are needed to train and score a model"
        raise DataError(message, file=rows.origin.path)
    codes = np.full(len(rows), UNUSED, dtype=np.int8)
    if rows.split is not None:
        for code, name in enumerate(SPLITS):
            codes[rows.split == name] = code
    return codes


def _shares(codes: Codes, val_fraction: float, test_fraction: float, folds: int | None) -> tuple[float, float]:
    """Shares of the free rows that go to val and to test."""
    val = 0.0 if np.any(codes == VAL) else val_fraction
    test = 0.0 if np.any(codes == TEST) or folds is not None else test_fraction
    if val + test >= 1:
        raise DataError(
            f"data.val_fraction={val_fraction:g} and data.test_fraction={test_fraction:g} leave no rows to train on; "
            "their sum must be below 1"
        )
    return val, test


def _free(
    units: Positions | None,
    strata: Positions,
    rng: np.random.Generator,
    *,
    shares: tuple[float, float],
    fold: int,
    folds: int | None,
) -> Codes:
    """Codes of the rows that the source leaves free, drawn at random by classes and groups."""
    if folds is None:
        return _share_out(units, strata, _wanted(shares), rng)
    codes = _share_out(units, strata, np.full(folds, 1 / folds), rng)
    _check_fold(codes, fold, folds)
    held_out = codes == fold
    rest = np.flatnonzero(~held_out)
    codes[held_out] = TEST
    codes[rest] = _share_out(None if units is None else units[rest], strata[rest], _wanted((shares[0], 0.0)), rng)
    return codes


def _wanted(shares: tuple[float, float]) -> NDArray[np.float64]:
    return np.array([1 - sum(shares), *shares])


def _strata(rows: Rows, *, numeric: bool) -> Positions:
    """Class code of each row; all 0 where classes do not matter."""
    if numeric or rows.target is None:
        return np.zeros(len(rows), dtype=np.int64)
    return _codes_of(rows.target)


def _units(rows: Rows, rule: SplitRule) -> Positions | None:
    """Group code of each row where groups stay together, else None."""
    if rows.group is None:
        if rule in {"group", "stratified_group"}:
            raise DataError(f"data.split={rule} needs the column that names each row's group: set data.group=<column>")
        return None
    return _codes_of(rows.group) if rule in {"group", "stratified_group", "column"} else None


def _codes_of(values: pl.Series) -> Positions:
    """Codes from 0 in sorted order, so that they depend on the values and not on the order of rows."""
    return (values.rank("dense").to_numpy() - 1).astype(np.int64)


def _ranks(rows: Rows, folds: int | None) -> Positions:
    """Order in time; the order of rows where no time is given."""
    if folds is not None:
        raise DataError(
            "data.folds with data.split=time would train on rows later than its test rows; use data.folds=null"
        )
    return np.arange(len(rows), dtype=np.int64) if rows.time is None else _codes_of(rows.time)


def _share_out(
    units: Positions | None, strata: Positions, wanted: NDArray[np.float64], rng: np.random.Generator
) -> Codes:
    """Codes of rows, or of whole groups, such that every split gets its share of every class."""
    if units is None:
        return _share_rows(strata, wanted, rng)
    return _share_groups(units, strata, wanted, rng)


def _share_rows(strata: Positions, wanted: NDArray[np.float64], rng: np.random.Generator) -> Codes:
    codes = np.zeros(len(strata), dtype=np.int8)
    for members, counts in zip(*_counts(strata, wanted), strict=True):
        codes[rng.permutation(members)] = np.repeat(np.arange(len(wanted), dtype=np.int8), counts)
    return codes


def _counts(strata: Positions, wanted: NDArray[np.float64]) -> tuple[list[Positions], NDArray[np.int64]]:
    """Positions of each class's rows, and how many of them `(classes, splits)` each split gets.

    Remainders are assigned such that the totals over classes come as near to `wanted` as possible; a class of few rows
    goes to train first, then to the last split, then to the others.
    """
    order = np.argsort(strata, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(strata[order])) + 1)
    sizes = np.array([len(rows) for rows in members])
    exact = sizes[:, None] * wanted
    counts = np.floor(exact + 1e-9).astype(np.int64)
    lacking = np.rint(len(strata) * wanted) - counts.sum(axis=0)
    for row in np.argsort(sizes, kind="stable"):
        for _ in range(sizes[row] - counts[row].sum()):
            score = np.where(wanted > 0, lacking + exact[row] - counts[row], -np.inf)
            if not counts[row, 0]:
                score[0] = np.inf
            best = int(np.argmax(score))
            counts[row, best] += 1
            lacking[best] -= 1
        _fill_empty(counts[row], wanted)
    return members, counts


def _fill_empty(counts: NDArray[np.int64], wanted: NDArray[np.float64]) -> None:
    """Moves a row of the fullest split to each empty one, while the fullest keeps at least one; in place."""
    for split in (0, *range(len(counts) - 1, 0, -1)):
        fullest = int(np.argmax(counts))
        if wanted[split] > 0 and not counts[split] and counts[fullest] > 1:
            counts[split] += 1
            counts[fullest] -= 1


def _share_groups(units: Positions, strata: Positions, wanted: NDArray[np.float64], rng: np.random.Generator) -> Codes:
    """Codes of whole groups, larger ones first, each put where all splits stay most evenly filled in every class."""
    units, strata = (np.unique(codes, return_inverse=True)[1] for codes in (units, strata))
    table = np.zeros((units.max() + 1, strata.max() + 1))
    np.add.at(table, (units, strata), 1)
    splits = np.flatnonzero(wanted > 0)
    if len(table) < len(splits):
        raise DataError(
            f"{len(table)} groups cannot fill {len(splits)} splits; use a finer data.group or data.split=stratified"
        )
    size_class = np.floor(np.log2(table.sum(axis=1)))
    table /= table.sum(axis=0)
    share = wanted[splits, None]
    filled = np.zeros((len(splits), table.shape[1]))
    home = np.zeros(len(table), dtype=np.int8)
    empty = set(range(len(splits)))
    shuffled = rng.permutation(len(table))
    largest_first = shuffled[np.argsort(-size_class[shuffled], kind="stable")]
    for left, group in zip(range(len(table), 0, -1), largest_first, strict=True):
        cost = (table[group] * (2 * filled + table[group]) / share).sum(axis=1)
        allowed = sorted(empty) if left <= len(empty) else range(len(splits))
        best = min(allowed, key=lambda split: cost[split])
        empty.discard(best)
        filled[best] += table[group]
        home[group] = splits[best]
    return home[units]


def _by_time(ranks: Positions, shares: tuple[float, float], gap: int) -> Codes:
    """Train, then val, then test along time; rows of one moment stay together."""
    n = len(ranks)
    order = np.argsort(ranks, kind="stable")
    starts = np.flatnonzero(np.diff(ranks[order], prepend=ranks[order[0]] - 1))
    codes = np.zeros(n, dtype=np.int8)
    end = n
    for code, share in ((TEST, shares[1]), (VAL, shares[0])):
        if share == 0:
            continue
        inside = starts[(starts > 0) & (starts < end)]
        if not len(inside):
            raise DataError("too few distinct times to split by; use another data.time column or data.split=stratified")
        cut = int(inside[np.argmin(np.abs(inside - (end - max(1, round(share * n)))))])
        codes[order[cut:end]] = code
        codes[order[max(0, cut - gap) : cut]] = UNUSED
        end = max(0, cut - gap)
    return codes


def _check_free(free: Positions, folds: int, rows: Rows) -> None:
    if not len(free):
        message = f"data.folds={folds} shares out free rows, and all of these have a split of their own already"
        raise DataError(f"{message}; use data.folds=null", file=rows.origin.path)


def _check_fold(codes: Codes, fold: int, folds: int) -> None:
    if len(np.unique(codes)) < folds:
        raise DataError(f"data.folds={folds}: too few rows or groups to fill every fold; use fewer folds")
    if not 0 <= fold < folds:
        raise DataError(f"fold {fold} of {folds}: folds are counted from 0")


def _check_filled(codes: Codes, rows: Rows, *, test_wanted: bool) -> None:
    needed: Sequence[int] = (TRAIN, VAL, TEST) if test_wanted else (TRAIN, VAL)
    for code in needed:
        if not np.any(codes == code):
            sizes = {name: int(np.sum(codes == number)) for number, name in enumerate(SPLITS)}
            raise DataError(
                f"no row is left for {SPLITS[code]} ({quote(sizes)}); change data.split, the fractions or data.gap",
                file=rows.origin.path,
            )
