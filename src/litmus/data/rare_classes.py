"""Classes with too few rows to be learned, chosen by and scored: left out or merged, and said with their counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
import polars as pl

from litmus.data.columns.kinds import as_text, count_levels
from litmus.data.location import first_true
from litmus.data.rows import Rows
from litmus.errors import quote

RareClasses = Literal["auto", "drop", "merge", "error"]
LEAST = 3  # one row for each of train, val and test
MANY = 5
OTHER = "other"
MOST_NAMED = 6


@final
@dataclass(frozen=True)
class Common:
    """Rows without rare classes.

    Args:
        rows: With their target as text where labels were merged.
        dropped: Labels whose rows were left out.
        merged: Labels that became one class.
        other: The name of that class.
    """

    rows: Rows
    dropped: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    other: str = OTHER


def without_rare(rows: Rows, rule: RareClasses) -> Common:
    """The rows as `rule` wants them; classes are counted without the rows that the source fixes as test.

    Labels that only such test rows have are kept, to be refused by name.

    Raises:
        DataError: A class has fewer than three rows and `rule` is error; or it has one row, and too few others remain.
    """
    assert rows.target is not None  # noqa: S101 - the caller has looked
    labels = as_text(rows.target)
    free = labels if rows.split is None else labels.filter(pl.Series(rows.split != "test"))
    counts = count_levels(free).sort("level", "count").rows()
    rare = {label: count for label, count in counts if count < LEAST}
    if not rare:
        return Common(rows)
    if len(counts) - len(rare) < 2:
        _refuse_single(rows, labels, rare)
        return Common(rows)
    shown = ", ".join(f"{quote(label, 24)} ({count})" for label, count in list(rare.items())[:MOST_NAMED])
    shown += f" and {len(rare) - MOST_NAMED} more" if len(rare) > MOST_NAMED else ""
    few = f"{len(rare)} class{'es' * (len(rare) > 1)} with fewer than {LEAST} rows"
    if rule == "error":
        position = int(labels.is_in(list(rare)).arg_max() or 0)
        message = f"{few}: {shown}; add rows, or use data.rare_classes=drop or merge"
        message += "; for quantities use task=regression" if rows.target.dtype.is_numeric() else ""
        raise rows.location.error(message, position=position, column=labels.name)
    affected = labels.is_in(list(rare))
    if rule == "merge" or (rule == "auto" and len(rare) > MANY):
        other = OTHER if OTHER not in {label for label, _ in counts} else f"({OTHER})"
        target = labels.set(affected, other)
        note = f"rare classes: {few}, {int(affected.sum())} rows, are one class {other!r} here: {shown}"
        return Common(_noted(rows, note, target=target), merged=tuple(rare), other=other)
    note = f"left out: {int(affected.sum())} rows of {few}, neither trained on nor scored: {shown} (data.rare_classes)"
    kept = _noted(rows, note, target=rows.target).take(np.flatnonzero(~affected.to_numpy()).astype(np.int64))
    return Common(kept, dropped=tuple(rare))


def _refuse_single(rows: Rows, labels: pl.Series, rare: Mapping[str, int]) -> None:
    """Raises DataError if a class has one row only, where no two classes would be left without it."""
    single = next((label for label, count in rare.items() if count == 1), None)
    if single is not None:
        message = f"the label {quote(single)} occurs only once, so it cannot be learned and scored; add rows"
        raise rows.location.error(message, position=first_true(labels == single), column=labels.name)


def without_labels(rows: Rows, labels: Sequence[str]) -> Rows:
    """Labelled rows without those whose label training left out, and a line on how many they are."""
    if not labels or rows.target is None:
        return rows
    left = as_text(rows.target).is_in(list(labels))
    if not left.any():
        return rows
    note = f"left out: {int(left.sum())} rows of classes that training left out as too rare"
    return _noted(rows, note, target=rows.target).take(np.flatnonzero(~left.to_numpy()).astype(np.int64))


def _noted(rows: Rows, note: str, *, target: pl.Series) -> Rows:
    return replace(rows, target=target, notes=(*rows.notes, note))
