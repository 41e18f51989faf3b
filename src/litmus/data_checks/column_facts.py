"""What columns, targets and scales are like, before any model."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.columns.dates import CLOCK, PARTS
from litmus.data.columns.kinds import Column as Described
from litmus.data.rows import Rows
from litmus.data.tensors import Split
from litmus.evidence import Apart, Column, DataFacts, FarValue
from litmus.evidence.values import SplitName
from litmus.task.base import Task
from litmus.task.spec import DataSpec

MOST_LOOKED_AT = 20_000
REPEATED = 3
"""Cells of one value from which it is no single outlier."""
FEWEST_APART, MOST_APART = 3, 0.03
"""Number, and share of the rows, of targets that may lie apart: fewer may be chance, more are a second kind of rows."""
WIDE_GAP, FAR_APART, MOST_SQUARES = 3.0, 20.0, 0.8
"""Ratio of distances across the gap, robust deviations from the median, share of the squares. Long tails that thin out
as a power of 2 have such a gap in less than one of a hundred samples."""
WIDE_GAP_OF_CELLS = 5.0
"""The same gap in one of many columns: in less than one of a thousand samples of such tails."""
WIDE_GAP_OF_ONE = 100.0
"""The same beyond which one or two cells lie. Of 8,138 columns that packages ship 7 have one: slips, such as an age of
5555, and a fortune."""
FEWEST_CELLS, FEWEST_LEVELS = 100, 10
"""Cells, and distinct ones, of which a few can be said to lie apart."""
ROUNDING = 1e-6
"""Of a target's mean and standard deviation together, below which it is 0: single precision rounds to 6e-8 of them."""


def plain_facts(task: Task, splits: Mapping[SplitName, Split], *, split_rule: str = "stratified") -> DataFacts:
    """Sizes, class counts and the target's shape in its own unit."""
    facts = DataFacts(
        input=task.spec.input, sizes={name: len(split) for name, split in splits.items()}, split_rule=split_rule
    )
    if task.numeric:
        scaled = (task.spec.target_mean, task.spec.target_sd) != (0.0, 1.0)
        facts = replace(facts, target_standardised=scaled)
        train = splits["train"]
        target = _with_zeros(task.in_unit(train.y).double())
        return replace(_number_facts(facts, target), target_apart=apart(target, train.rows))
    counts: dict[str, dict[str, int]] = {
        name: dict(zip(task.spec.classes, split.y.bincount(minlength=len(task.spec.classes)).tolist(), strict=True))
        for name, split in splits.items()
    }
    return replace(facts, class_counts=counts)


def _number_facts(facts: DataFacts, target: Tensor) -> DataFacts:
    median = target.median()
    spread = float((target - median).abs().median()) * 1.4826
    far = float((target - median).abs().max())
    return replace(
        facts,
        target_mean=float(target.mean()),
        target_sd=float(target.std(correction=0)),
        target_low=float(target.min()),
        target_high=float(target.max()),
        target_whole=is_whole(target),
        target_distinct=len(target.unique()),
        target_tail=far / spread if spread > 0 else None,
        target_tail_of_logs=_tail_of_logs(target),
    )


def _with_zeros(target: Tensor) -> Tensor:
    """The targets with exact zeros: back from single precision standardised ones, a count of 0 may be -2e-8."""
    size = target.mean().abs() + target.std(correction=0)
    return torch.where(target.abs() <= ROUNDING * size, 0.0, target)


def _tail_of_logs(target: Tensor) -> float | None:
    amounts = target[target > 0]
    if bool((target < 0).any()) or len(amounts) < len(target) / 2:
        return None
    logs = amounts.log()
    spread = float((logs - logs.median()).abs().median()) * 1.4826
    return float(logs.max() - logs.median()) / spread if spread > 0 else None


def apart(target: Tensor, rows: Tensor, *, wide: float = WIDE_GAP, fewest: int = FEWEST_APART) -> Apart | None:
    """The few values beyond the widest gap, if it is far out, wide, and they make most of the squares.

    Args:
        target: `(n,)` targets, or the cells of a column.
        rows: `(n,)` their source row numbers.
        wide: Ratio of distances from which a gap is wide.
        fewest: Values that may lie apart.
    """
    away = (target - target.median()).abs()
    order = away.argsort(descending=True)
    ordered = away[order]
    spread = float(away.median()) * 1.4826 or float(ordered[len(ordered) // 10 :].mean())
    most = int(MOST_APART * len(target))
    if most < FEWEST_APART or spread <= 0:
        return None
    gaps = ordered[fewest - 1 : most] / ordered[fewest : most + 1].clamp_min(spread)
    count = int(gaps.argmax()) + fewest
    gap, squares = float(gaps.max()), float((ordered[:count] ** 2).sum() / (ordered**2).sum())
    if gap < wide or float(ordered[count - 1]) < FAR_APART * spread or squares < MOST_SQUARES:
        return None
    return Apart(
        count=count,
        share=count / len(target),
        gap=gap,
        squares=squares,
        rows=tuple(sorted(rows[order[:count]].tolist())[:10]),
    )


def is_whole(target: Tensor) -> bool:
    """Whether all values are whole numbers, up to what single precision and a change of unit leave of them."""
    return bool((target - target.round()).abs().max() <= 1e-6 * target.abs().max().clamp_min(1.0))


def column_facts(
    rows: Rows, known: tuple[Described, ...], train: NDArray[np.int64], spec: DataSpec, x: Tensor
) -> tuple[Column, ...]:
    """One record for each column of a table, on the training rows.

    A used column of whole numbers that are nearly all different and lie densely is an identifier, whatever its name.

    Args:
        rows: All rows.
        known: Their columns as described.
        train: Positions of the training rows.
        spec: Names of the features.
        x: `(n, features)` training inputs as the model sees them.
    """
    if not isinstance(rows.inputs, pl.DataFrame):
        return ()
    seen = {name: j for j, name in enumerate(spec.features)}
    numbers = rows.numbers[train]
    found = (_column(rows.inputs[column.name][train], column, seen, x, numbers) for column in known)
    return tuple(replace(column, read_as_missing=_read_as_missing(rows, column)) for column in found)


def _read_as_missing(rows: Rows, column: Column) -> tuple[str, ...]:
    reading = rows.readings.get(column.name)
    return () if reading is None or column.kind != "number" else reading.missing


def _column(
    series: pl.Series, known: Described, seen: Mapping[str, int], x: Tensor, numbers: NDArray[np.int64]
) -> Column:
    column = Column(
        name=known.name,
        kind=known.kind,
        missing=series.null_count() / max(1, len(series)),
        distinct=series.drop_nulls().n_unique(),
    )
    if known.kind != "number":
        return column
    values = series.drop_nulls().to_numpy()
    if len(values):
        column = replace(
            column,
            kind="id" if _counts_rows(values) else "number",
            mean=float(values.mean()),
            sd=float(values.std()),
            low=float(values.min()),
            high=float(values.max()),
            far=far_value(values),
            apart=cells_apart(values, numbers[series.is_not_null().to_numpy()]),
        )
    if known.name in seen:
        inputs = x[:, seen[known.name]].double()
        column = replace(column, seen_mean=float(inputs.mean()), seen_sd=float(inputs.std(correction=0)))
    return column


def cells_apart(values: NDArray[np.float64], rows: NDArray[np.int64]) -> Apart | None:
    """The few cells `(n,)` of a column that lie beyond a gap from all others; even one, where the gap is very wide."""
    if len(values) < FEWEST_CELLS or len(np.unique(values)) < FEWEST_LEVELS:
        return None
    cells, numbers = torch.from_numpy(values.astype(np.float64)), torch.from_numpy(rows)
    several = apart(cells, numbers, wide=WIDE_GAP_OF_CELLS)
    return several or apart(cells, numbers, wide=WIDE_GAP_OF_ONE, fewest=1)


def far_value(values: NDArray[np.float64]) -> FarValue | None:
    """Of the smallest and the largest value the one that looks like a code, or else is farther from all others.

    None unless it is repeated and others vary.

    Args:
        values: `(n,)`, n >= 1, none of them missing.
    """
    values = values.astype(float)
    ends = []
    for value in np.unique([values.min(), values.max()]).tolist():
        others = values[values != value]
        width = float(np.ptp(others)) if len(others) else 0.0
        if len(values) - len(others) >= REPEATED and 0 < width < np.inf and np.isfinite(value):
            ends.append(
                FarValue(
                    value=value,
                    share=1 - len(others) / len(values),
                    gap=float(np.abs(others - value).min()) / width,
                    others=len(np.unique(others)),
                    alone=bool(value < 0 <= others.min()),
                )
            )
    return max(ends, key=lambda end: (end.coded, end.gap, end.value), default=None)


def _counts_rows(values: NDArray[np.float64]) -> bool:
    n = len(values)
    if n < 20 or not (values == np.round(values)).all():
        return False
    return len(np.unique(values)) >= 0.99 * n and values.max() - values.min() < 4 * n


def belongs(feature: str, column: str) -> bool:
    """Whether a feature comes from a column of the table: as it stands, one of its levels, or a part of its date."""
    parts = {f"{column} {part}" for part in PARTS + CLOCK}
    return feature == column or feature.startswith(f"{column}=") or feature in parts


def scale_facts(
    spec: DataSpec, x: Tensor, finish: Callable[[Tensor], Tensor] | None
) -> tuple[float | None, float | None]:
    """Largest over smallest standard deviation of the inputs as the model sees them, and the largest mean over its own.

    Of tables only columns of numbers count: spread-out categories have the scale of their frequency, and embedded ones
    have none. Of images the channels count. None of texts, and where nothing varies.
    """
    if spec.input == "text" or not len(x):
        return None, None
    sample = x[torch.linspace(0, len(x) - 1, min(len(x), MOST_LOOKED_AT)).long()]
    if finish is not None:
        sample = finish(sample)
    if spec.input == "image":
        columns = sample.double().transpose(0, 1).flatten(1).T
    else:
        numbers = sample.double()[:, : sample.shape[1] - len(spec.cardinalities)]
        columns = numbers[:, ((numbers != 0) & (numbers != 1)).any(0)]
    if not columns.numel():  # nothing but categories
        return None, None
    deviation, mean = columns.std(0, correction=0), columns.mean(0)
    varies = deviation > 1e-12 * columns.abs().amax(0).clamp_min(1e-12)
    if not varies.any():
        return None, None
    deviation, mean = deviation[varies], mean[varies]
    return float(deviation.max() / deviation.min()), float((mean.abs() / deviation).max())
