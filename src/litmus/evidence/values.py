"""A number with its interval, and the names of the splits that it may be of."""

from dataclasses import dataclass
from typing import Literal

SplitName = Literal["train", "val", "test"]


@dataclass(frozen=True, kw_only=True)
class Score:
    """A metric on a split, its 95 % interval for this trained model, and the baseline's value on the same rows."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    baseline: float | None = None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A quantity with its 95 % interval."""

    value: float | None
    low: float | None = None
    high: float | None = None
