"""What a checkpoint knows of its training rows, and how new rows differ from them."""

from typing import Any

import numpy as np
import polars as pl
import torch

from litmus.data.encoding.features import TablePreprocess
from litmus.data.module import DataModule
from litmus.data.rows import Rows
from litmus.data.tensors import SPLITS
from litmus.data_checks.drift import FEWEST_ROWS, Profile, compare, profile
from litmus.evidence import Drift
from litmus.run.predictor import Predictor

MOST_ROWS = 50_000
"""Training rows that the profile is made of."""
MUCH_UNSEEN = 0.05
"""Share of rows with an unseen level, from which it is drift and not a stray word."""
SHOWN = 3


def training_profile(data: DataModule) -> dict[str, Any] | None:
    """What the checkpoint keeps of the training rows; None where they are no table."""
    if not isinstance(data.preprocess, TablePreprocess):
        return None
    columns = [column.name for column in data.preprocess.columns]
    at = np.flatnonzero(data.assignment == SPLITS.index("train"))
    if not columns or not len(at) or not isinstance(data.rows.inputs, pl.DataFrame):
        return None
    kept = at[np.linspace(0, len(at) - 1, min(len(at), MOST_ROWS)).astype(np.int64)]
    frame = data.rows.take(kept).inputs
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - as looked at above
    if not set(columns) <= set(frame.columns):
        return None
    state = profile(frame, columns).state()
    return {**state, "hashes": torch.tensor(state["hashes"], dtype=torch.int64)}


def drift_of(predictor: Predictor, rows: Rows, *, hashed: bool = True) -> Drift | None:
    """How rows differ from the training rows; None for a few of them, and where the checkpoint does not know."""
    known, frame = predictor.profile, rows.inputs
    if known is None or not isinstance(frame, pl.DataFrame) or len(rows) < FEWEST_ROWS:
        return None
    kept = np.linspace(0, len(rows) - 1, min(len(rows), MOST_ROWS)).astype(np.int64)
    some = rows.take(kept).inputs if len(kept) < len(rows) else frame
    assert isinstance(some, pl.DataFrame)  # noqa: S101 - as looked at above
    return compare(Profile.restore({**known, "hashes": known["hashes"].tolist()}), some, hashed=hashed)


def has_drifted(drift: Drift | None) -> bool:
    """Whether rows are of another kind than the training rows."""
    if drift is None:
        return False
    return bool(
        drift.moved or drift.units or drift.renamed or any(share >= MUCH_UNSEEN for share in drift.unseen.values())
    )


def drift_lines(drift: Drift | None) -> list[str]:
    """What is to be said of it, a line each; nothing where rows are like the training rows."""
    if drift is None:
        return []
    lines = [
        f"column {name!r}: its values are about {_times(factor)} those trained on; is it another unit?"
        for name, factor in drift.units.items()
    ]
    lines += [f"column {name!r}: levels seem to have other names than those trained on" for name in drift.renamed]
    others = [shift for shift in drift.moved if shift.column not in {*drift.units, *drift.renamed}]
    if others:
        shown = ", ".join(f"{other.column} ({other.distance:.0%})" for other in others[:SHOWN])
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        lines.append(
            f"drift: {len(others)} of {drift.columns} columns are distributed otherwise than in training: {shown}{more}"
        )
    much = {name: share for name, share in drift.unseen.items() if share >= MUCH_UNSEEN}
    if much:
        shown = ", ".join(f"{name} ({share:.0%} of the rows)" for name, share in list(much.items())[:SHOWN])
        lines.append(f"drift: values that training has not seen: {shown}")
    if drift.seen:
        lines.append(f"{drift.seen} of {drift.rows} rows were trained on, input for input")
    return lines


def _times(factor: float) -> str:
    return f"{factor:g} times" if factor >= 1 else f"1/{1 / factor:g} of"
