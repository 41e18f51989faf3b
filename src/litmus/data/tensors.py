"""What rows become: tensors by split, the batches cut from them, and the facts that model and report need."""

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from litmus.evidence.values import SplitName

SPLITS: tuple[SplitName, ...] = ("train", "val", "test")


class Batch(NamedTuple):
    """What a loader yields: `x` (rows, *in_shape), `y` (rows,) int64 codes or float32, `weight` (rows,) or None."""

    x: Tensor
    y: Tensor
    weight: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class Split:
    """The rows of one split as tensors on the CPU.

    Args:
        x: `(n, *in_shape)`: float32 for tables, uint8 or float32 for images, int64 token ids for text.
        y: `(n,)` int64 class codes, or float32 in the loss's unit (standardised with `normalize_target`).
        rows: `(n,)` int64 source row numbers.
        weight: `(n,)` float32 or None.
        group: `(n,)` int64 group codes or None.
        time: `(n,)` int64 rank in time or None.
        window: Number of rows of `x` to hold in memory at a time where it is mapped from disk; None: `x` is in memory.
    """

    x: Tensor
    y: Tensor
    rows: Tensor
    weight: Tensor | None = None
    group: Tensor | None = None
    time: Tensor | None = None
    window: int | None = None

    def __len__(self) -> int:
        return len(self.y)
