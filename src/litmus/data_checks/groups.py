"""Groups on both sides of a split: columns whose repeated values mark one customer, patient or device."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from litmus.data.rows import Rows
from litmus.data_checks.moments import tells_when
from litmus.evidence import Estimate, GroupLeak
from litmus.evidence.values import SplitName
from litmus.statistics.means import bootstrap_mean

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

FEWEST_VALUES = 10
REPEATED = 0.1
"""Share of rows whose value occurs again, from which an id-like column is one of groups."""
LARGEST = 0.1
"""Largest share of all rows that one value of a group may hold; beyond it the column is a category."""

ALIKE = 0.8
"""Intraclass correlation from which a column of numbers counts as a trait of what another column names."""
TRAITS = 0.6
"""Share of the other columns of numbers that must be its traits, and `FEWEST_TRAITS` of them, for it to be a group."""
FEWEST_TRAITS = 3
MOSTLY = 0.5
"""Share of rows whose value comes back, from which numbers that never differ within it are no chance. A convention."""
FIRST_LOOK = 1000
"""Rows that show of most columns that they differ within a value."""
SAME_TARGET = 0.99
"""How much more alike targets are within a value than chance has it, from which it decides them: a person's income in
each of his answers. A convention: all of them, but for a few."""
TRANSFORMED = 0.999
"""Rank correlation from which a number is the column itself in another scale."""

ENTITIES = (
    "customer client patient subject user person individual participant member account session device household family"
    " animal machine sensor vehicle engine farm employee student pupil donor volunteer respondent speaker author"
    " specimen"
)
MARKS = "id ids uuid guid no nr num number key code hash ref"
FEWEST_MOMENTS = 3
FILLED, UNIQUE = 0.5, 0.99
"""Share of all pairs of unit and moment that a panel must hold, and of its rows that must be one of a kind: pairs drawn
by chance would repeat themselves in a fifth of the rows or more."""
_CALENDAR = re.compile(r"year|month|day|week|quarter|season|date|time|hour|period", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+|\d+")


def looks_like_entity(name: str) -> bool:
    """Whether a column's name speaks of one thing or person that may come back: customer_id, PatientNo, userId."""
    parts = _WORD.findall(re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())
    entities, marks = set(ENTITIES.split()), set(MARKS.split())
    joined = "".join(parts)
    if any(joined == entity + mark for entity in entities for mark in ("", *marks)):
        return True
    return bool(parts) and (parts[-1] in {"id", "uuid", "guid"} or (parts[0] in entities and set(parts[1:]) <= marks))


@final
@dataclass(frozen=True, kw_only=True)
class Values:
    """A column that may be one of groups: a code for each row, `missing` where the cell is empty.

    `moment`: the column with whose values each of its own occurs once at most, where it is the unit of a panel.
    `own`: columns of numbers that are about the same in all rows of each of its values, where it is known by them.
    """

    column: str
    codes: Codes
    missing: NDArray[np.bool_]
    inferred: bool
    moment: str | None = None
    own: tuple[str, ...] = ()


def group_leaks(
    rows: Rows,
    target: Array,
    split: Mapping[SplitName, Codes],
    *,
    kinds: Mapping[str, str],
    classified: bool,
    called: str = "target",
) -> tuple[GroupLeak, ...]:
    """Columns whose values stand in train and in a held-out split, one entry for each held-out split.

    Looked at are the group that the rows name, and the columns of a table whose name or kind speaks of an identifier,
    or whose values decide most of the other numbers (as who wore a sensor decides what it measures), used as a feature
    or not, if their values come back: at least ten values, a tenth of the rows not alone, and none with a tenth of all.
    So are the units of a panel, such as states observed each year, and what some numbers, or the target, never differ
    within.

    Args:
        rows: All rows.
        target: `(n,)` class codes or numbers.
        split: Positions of each split's rows.
        kinds: Kind of each column; "id" is an identifier.
        classified: Whether the target is of classes.
        called: The target's name.
    """
    leaks, known = [], target[split["train"]]
    agree = partial(target_agreement, target=known, classified=classified)
    found = _candidates(rows, kinds) or _deciding(rows, split["train"], known, agree, called)
    for values in found:
        agreement = agree(values.codes[split["train"]])
        train = np.unique(values.codes[split["train"]][~values.missing[split["train"]]])
        for name, index in split.items():
            if name != "train":
                shared = np.isin(values.codes[index], train) & ~values.missing[index]
                leaks.append(
                    GroupLeak(
                        column=values.column,
                        split=name,
                        shared=float(shared.mean()),
                        values=len(np.unique(values.codes)),
                        inferred=values.inferred,
                        agreement=agreement,
                        moment=values.moment,
                        own=values.own,
                    )
                )
    return tuple(leak for leak in leaks if leak.shared > 0)


def target_agreement(codes: Codes, target: Array, *, classified: bool) -> Estimate | None:
    """How much more alike targets are within a value than between values: 0 as alike as any two rows, 1 always equal.

    For classes the excess of the probability that two rows of one value have the same class; for numbers the
    intraclass correlation. The interval draws values, not rows. None where no value is repeated.

    Source: Donner and Koval 1980 (intraclass correlation by pairs); Cohen 1960 (agreement beyond chance).
    """
    _, dense, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    if not (sizes > 1).any():
        return None
    alike, chance = _alike_classes(dense, sizes, target) if classified else _alike_numbers(dense, sizes, target)
    if chance >= 1:
        return None
    # a value of many rows would outweigh all others by its pairs: each counts by its rows
    repeated = sizes > 1
    found = bootstrap_mean(alike[repeated], weights=sizes[repeated].astype(np.float64))
    value, low, high = ((bound - chance) / (1 - chance) for bound in (found.value, found.low, found.high))
    if not np.isfinite([value, low, high]).all():
        return None
    return Estimate(value=float(value), low=float(low), high=float(high))


def _alike_classes(dense: Codes, sizes: Codes, target: Array) -> tuple[Array, float]:
    """Share of pairs of the same class within each value, and among all rows."""
    labels = np.unique(target, return_inverse=True)[1]
    k = int(labels.max()) + 1
    cells, counts = np.unique(dense * k + labels, return_counts=True)
    pairs = np.bincount(cells // k, weights=counts * (counts - 1.0), minlength=len(sizes))
    share = np.bincount(labels) / len(labels)
    return pairs / np.maximum(sizes * (sizes - 1.0), 1), float((share**2).sum())


def _alike_numbers(dense: Codes, sizes: Codes, target: Array) -> tuple[Array, float]:
    """Mean product of two standardised targets within each value, which is 0 among strangers."""
    z = (target - target.mean()) / (target.std() or 1.0)
    total, squares = np.bincount(dense, weights=z), np.bincount(dense, weights=z**2)
    return (total**2 - squares) / np.maximum(sizes * (sizes - 1.0), 1), 0.0


def _candidates(rows: Rows, kinds: Mapping[str, str]) -> list[Values]:
    named = [_values(rows.group, inferred=False)] if rows.group is not None else []
    if not isinstance(rows.inputs, pl.DataFrame):
        return named
    known = set() if rows.group is None else {rows.group.name}
    others = [series for series in rows.inputs if series.name not in known and not _is_measured(series)]
    coming = [values for values in (_values(series, inferred=True) for series in others) if _comes_back(values)]
    numbers = _numbers(rows.inputs, kinds)
    levels = {series.name: series.n_unique() for series in rows.inputs}
    called = [values for values in coming if looks_like_entity(values.column)]
    units = [
        replace(values, moment=_moment(rows.inputs, values.column, levels))
        for values in coming
        if not looks_like_entity(values.column)
    ]
    traits = {values.column: _traits(values, numbers) for values in units}
    owners = _owners(rows, units)
    ids = [values for values in units if kinds.get(values.column) == "id"]
    inferred = [
        *called,
        *(replace(values, own=traits[values.column] or owners.get(values.column, ())) for values in ids),
        *(
            replace(values, own=own)
            for values in units
            if kinds.get(values.column) != "id" and (own := traits[values.column])
        ),
    ]
    panel = [values for values in units if values.moment is not None][:1]
    places = [replace(values, own=owners[values.column]) for values in units if values.column in owners]
    return named + (inferred or panel or places)


def _deciding(
    rows: Rows, train: Codes, target: Array, agree: Callable[[Codes], Estimate | None], called: str
) -> list[Values]:
    """The column within whose values the target never differs, of those that most of them share with few others.

    A person whose rows all have the target of the person is one, whatever the column is called. Numbers in the order of
    the target are none: they tell it by what they are.
    """
    if not isinstance(rows.inputs, pl.DataFrame):
        return []
    found = []
    for series in rows.inputs:
        if _is_measured(series) or _CALENDAR.search(series.name):
            continue
        values = _values(series, inferred=True)
        codes = values.codes[train]
        sizes = np.bincount(codes)
        if values.missing.any() or not _comes_back(values) or (sizes[codes] > 1).mean() < MOSTLY:
            continue
        alike = agree(codes)
        ranked = pl.DataFrame({"unit": codes, "target": target}).select(pl.corr("unit", "target", method="spearman"))
        if alike is not None and (alike.value or 0.0) >= SAME_TARGET and abs(ranked.item()) < TRANSFORMED:
            found.append((len(np.unique(codes)), replace(values, own=(called,))))
    return [values for _, values in sorted(found, key=lambda pair: -pair[0])[:1]]


def _moment(inputs: pl.DataFrame, unit: str, levels: Mapping[str, int]) -> str | None:
    """The column with whose values each unit was observed once, as states are each year; None: it is of no panel.

    Names may be observed at the levels of any column; numbers, of which two may make a grid by design, at a time.
    """
    if _CALENDAR.search(unit):
        return None
    for series in sorted(inputs, key=lambda series: not tells_when(series)):
        cells = levels[unit] * levels[series.name]
        grid = levels[series.name] >= FEWEST_MOMENTS and FILLED * cells <= len(inputs) <= cells
        timed = tells_when(series) or not inputs[unit].dtype.is_numeric()
        if grid and timed and series.name != unit:
            pairs = inputs.select(pl.struct(unit, series.name)).n_unique()
            if pairs >= UNIQUE * len(inputs):
                return series.name
    return None


def _owners(rows: Rows, coming: list[Values]) -> dict[str, tuple[str, ...]]:
    """What rows belong to, such as the place of a sample, by the numbers that are its own: the same in all its rows.

    A transform of the column is none of them, nor is what hardly has values.
    """
    assert isinstance(rows.inputs, pl.DataFrame)  # noqa: S101 - for the type checker
    numbers = {
        series.name: series.cast(pl.Float64).fill_null(np.nan).to_numpy()
        for series in rows.inputs
        if series.dtype.is_numeric() and series.n_unique() >= FEWEST_MOMENTS and series.null_count() <= len(rows) / 2
    }
    found = {}
    for values in coming:
        sizes = np.bincount(values.codes)
        if values.missing.any() or (sizes[values.codes] > 1).mean() < MOSTLY or _CALENDAR.search(values.column):
            continue
        order = np.argsort(values.codes, kind="stable")
        own = [name for name, column in numbers.items() if name != values.column and _is_own(values, column, order)]
        if len(own) >= FEWEST_TRAITS:
            found[values.column] = tuple(own)
    return found


def _is_own(values: Values, column: Array, order: Codes) -> bool:
    """Whether numbers never differ within a value, and are no transform of it; `order` puts its rows side by side."""
    for part in (order[:FIRST_LOOK], order):
        codes, numbers = values.codes[part], column[part]
        differs = (numbers[1:] != numbers[:-1]) & ~(np.isnan(numbers[1:]) & np.isnan(numbers[:-1]))
        if (differs & (codes[1:] == codes[:-1])).any():
            return False
    first = order[np.unique(values.codes[order], return_index=True)[1]]
    known = pl.DataFrame({"unit": values.codes[first], "own": column[first]}).filter(pl.col("own").is_not_nan())
    alike = known.select(pl.corr("unit", "own", method="spearman")).item()
    return alike is not None and abs(alike) < TRANSFORMED


def _is_measured(series: pl.Series) -> bool:
    """Whether it holds fractions, which name nothing; whole numbers may have been read as floats."""
    return series.dtype.is_float() and bool((series % 1 != 0).any())


def _numbers(inputs: pl.DataFrame, kinds: Mapping[str, str]) -> dict[str, Array]:
    """The columns of numbers that vary, standardised, with 0 for empty cells."""
    found = {}
    for series in inputs:
        if kinds.get(series.name) == "number" and series.dtype.is_numeric():
            column = series.cast(pl.Float64).to_numpy()
            deviation = np.nanstd(column) if np.isfinite(column).any() else 0.0
            if deviation > 0:
                found[series.name] = np.nan_to_num((column - np.nanmean(column)) / deviation)
    return found


def _traits(values: Values, numbers: Mapping[str, Array]) -> tuple[str, ...]:
    """The other numbers that are about the same in all rows of one value, if most of them are."""
    others = [name for name in numbers if name != values.column]
    if len(others) < FEWEST_TRAITS:
        return ()
    _, dense, sizes = np.unique(values.codes, return_inverse=True, return_counts=True)
    repeated = sizes > 1
    traits = []
    for name in others:
        alike = _alike_numbers(dense, sizes, numbers[name])[0]
        if float(np.average(alike[repeated], weights=sizes[repeated])) >= ALIKE:
            traits.append(name)
    return tuple(traits) if len(traits) >= max(FEWEST_TRAITS, TRAITS * len(others)) else ()


def _values(series: pl.Series, *, inferred: bool) -> Values:
    text = series.cast(pl.String) if series.dtype == pl.Categorical else series
    codes = text.rank("dense").fill_null(0).to_numpy().astype(np.int64)
    return Values(column=series.name, codes=codes, missing=codes == 0, inferred=inferred)


def _comes_back(values: Values) -> bool:
    sizes = np.bincount(values.codes[~values.missing])
    sizes = sizes[sizes > 0]
    if len(sizes) < FEWEST_VALUES:
        return False
    n = len(values.codes)
    return bool(sizes[sizes > 1].sum() >= REPEATED * n and sizes.max() <= max(LARGEST * n, 2))
