"""Batches cut from tensors in memory or on disk, in an order that depends on seed and epoch alone."""

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from litmus.data.tensors import Batch, Split

STEP_STRIDE = 0x9E3779B97F4A7C15  # odd and irregular, so that nearby (seed, step) give unrelated streams
BLOCKS = 16  # blocks of neighbouring rows in a window


def step_seed(seed: int, step: int) -> int:
    """The seed of one micro-batch: a pure function, so that there is no random state to save."""
    return (seed * 1_000_003 + step * STEP_STRIDE) % 2**63


@final
class BatchLoader:
    """Iterates over a split in whole-batch slices; holds no random state, so that a resumed epoch equals its first try.

    A batch that covers all rows is the split's own tensors, the same objects every epoch, without a shuffle: the order
    of rows within one batch changes nothing. Rows in a file are mixed by blocks and read ahead, a window at a time.

    Args:
        split: The rows.
        batch_size: Rows a batch on each process; None: all of them.
        shuffle: Draw a new order for every epoch.
        seed: Together with the epoch it decides the order.
        rank: Which of the `world` processes this is; it takes every `world`-th row.
        world: Number of processes that share the rows.
        pad: Repeat a few rows so that every process gets equally many, as training in step needs; never for scoring.
        drop_last: Leave out a last batch that is not full.
    """

    def __init__(
        self,
        split: Split,
        *,
        batch_size: int | None,
        shuffle: bool,
        seed: int,
        rank: int = 0,
        world: int = 1,
        pad: bool = False,
        drop_last: bool = False,
    ) -> None:
        self.split = split
        self.shuffle = shuffle
        self.seed = seed
        self.rank = rank
        self.world = world
        self.pad = pad
        self.drop_last = drop_last
        self.epoch = 0
        total = len(split)
        self.rows = math.ceil(total / world) if pad else len(range(rank, total, world))
        self.batch_size = min(batch_size or max(self.rows, 1), max(self.rows, 1))
        self.window = split.window
        self._start = 0
        self._done = 0
        self._whole = Batch(split.x, split.y, split.weight) if world == 1 and self.batch_size >= total else None

    @property
    def sampler(self) -> Self:
        """Lightning passes the epoch only to a loader's sampler."""
        return self

    @property
    def batch_sampler(self) -> Self:
        """Lightning looks for it on whatever has a sampler."""
        return self

    @property
    def position(self) -> int:
        """Batches of the epoch that were given out."""
        return self._done

    def set_epoch(self, epoch: int) -> None:
        """Chooses the order of that epoch; a position loaded for another epoch is dropped."""
        if epoch != self.epoch:
            self.epoch = epoch
            self._start = self._done = 0

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "batch": self._done}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues after the last batch that was yielded; after an epoch's last batch, with the next epoch."""
        finished = state["batch"] >= len(self)
        self.epoch = int(state["epoch"]) + finished
        self._start = self._done = 0 if finished else int(state["batch"])

    def __len__(self) -> int:
        return self.rows // self.batch_size if self.drop_last else math.ceil(self.rows / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        start, self._start = self._start, 0
        if self._whole is not None:
            if start == 0 and len(self):
                self._done = 1
                yield self._whole
            return
        order = self._order()
        batches = self._cut(order, start) if order is None or self.window is None else self._read(order, start)
        for number, batch in enumerate(batches, start + 1):
            self._done = number
            yield batch

    def order(self, epoch: int) -> Tensor:
        """All rows `(n,)` in the order of that epoch, before they are shared among processes."""
        total = len(self.split)
        if not self.shuffle:
            return torch.arange(total)
        rng = np.random.default_rng([self.seed, epoch])
        if self.window is not None:
            return mixed(total, self.window, rng)
        return torch.from_numpy(rng.permutation(total))

    def _order(self) -> Tensor | None:
        """This process's rows in order; None where the tensors themselves can be sliced."""
        if not self.shuffle and self.world == 1:
            return None
        order = self.order(self.epoch)
        if self.pad and len(order):
            order = order.repeat(math.ceil(self.rows * self.world / len(order)))[: self.rows * self.world]
        return order[self.rank :: self.world]

    def _cut(self, order: Tensor | None, start: int) -> Iterator[Batch]:
        """Batches from number `start` on, cut from the split's tensors."""
        split = self.split
        for batch in range(start, len(self)):
            cut = slice(batch * self.batch_size, min((batch + 1) * self.batch_size, self.rows))
            rows = cut if order is None else order[cut]
            yield Batch(split.x[rows], split.y[rows], None if split.weight is None else split.weight[rows])

    def _read(self, order: Tensor, start: int) -> Iterator[Batch]:
        """The same batches, cut from copies of one window of rows after another."""
        split, size = self.split, self.batch_size
        window = max((self.window or 0) // size, 1) * size
        rest = order[start * size : len(self) * size]
        parts = rest.split(window) if len(rest) else ()
        for rows, (x, positions) in zip(parts, read_ahead(split.x, parts), strict=True):
            for part, at in zip(rows.split(size), positions.split(size), strict=True):
                yield Batch(x[at], split.y[part], None if split.weight is None else split.weight[part])


def mixed(total: int, window: int, rng: np.random.Generator) -> Tensor:
    """All rows `(total,)` in a random order in which each `window` of consecutive rows comes from few blocks on disk.

    Blocks of neighbouring rows are shuffled, and then the rows within each window of blocks.
    """
    blocks = torch.arange(total).split(max(window // BLOCKS, 1))
    by_block = torch.cat([blocks[block] for block in rng.permutation(len(blocks))])
    return torch.cat([part[torch.from_numpy(rng.permutation(len(part)))] for part in by_block.split(window)])


def read_ahead(x: Tensor, parts: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
    """Copies of some rows of `x`, part by part; the next part is copied in the background.

    Args:
        x: `(n, *in_shape)` in a mapped file.
        parts: Rows of each part, in any order.

    Yields:
        The part's rows in the order of the file, which disks read fastest, and the position of each row of the part
        among them.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        coming = [pool.submit(_copied, x, part) for part in parts[:1]]
        for number in range(len(parts)):
            copy = coming.pop().result()
            coming += [pool.submit(_copied, x, part) for part in parts[number + 1 : number + 2]]
            yield copy


def _copied(x: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    ordered, origin = rows.sort()
    positions = torch.empty_like(origin)
    positions[origin] = torch.arange(len(rows))
    return x[ordered], positions
