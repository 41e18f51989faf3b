"""The rows that the models of a stack read, each in its own order; rows that several models share are held once.

Shapes: M models, S of them where all read the same batches (S = 1) or not (S = M), N rows, B rows of a batch.
"""

from collections.abc import Iterator, Sequence
from typing import final

import torch
from torch import Tensor

from litmus.data.loading import BatchLoader
from litmus.data.tensors import Batch, Split

GATHERED = 1 << 19  # values gathered at once, 2 MB: what stays in the cache


@final
class StackedRows:
    """Batches for M models.

    Args:
        train: Each model's training rows and their order; of one size, batch size and shuffle.
        val: Each model's validation rows, of one size.
    """

    def __init__(self, train: Sequence[BatchLoader], val: Sequence[Split]) -> None:
        self.members = len(train)
        self.loaders = train[:1] if len(set(map(_stream, train))) == 1 else train
        self.train = _SharedRows([loader.split for loader in self.loaders])
        self.val = self._expanded(_SharedRows(val).whole())

    def __len__(self) -> int:
        return len(self.loaders[0])

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Batches `(M, B, ...)` of an epoch."""
        size = self.loaders[0].batch_size
        if size >= len(self.loaders[0].split):
            yield self._expanded(self.train.whole())
            return
        orders = {
            stream: loader.order(epoch) for stream, loader in {_stream(each): each for each in self.loaders}.items()
        }
        # one gathering of many rows costs less than many of a few
        values = self.members * self.train.x[0, 0].numel()
        at_once = max(GATHERED // values // size, 1) * size
        for rows in torch.stack([orders[_stream(loader)] for loader in self.loaders]).split(at_once, dim=1):
            x, y, weight = self._expanded(self.train.take(rows))
            for start in range(0, rows.shape[1], size):
                cut = slice(start, start + size)
                yield Batch(x[:, cut], y[:, cut], None if weight is None else weight[:, cut])

    def _expanded(self, batch: Batch) -> Batch:
        """A batch `(1, B, ...)` for all models, or one `(M, B, ...)` as it is."""
        if len(batch.y) == self.members:
            return batch
        x, y, weight = batch
        weight = None if weight is None else weight.expand(self.members, -1)
        return Batch(x.expand(self.members, *x.shape[1:]), y.expand(self.members, *y.shape[1:]), weight)


def _stream(loader: BatchLoader) -> tuple[int, int]:
    """Loaders with the same value give the same batches."""
    return id(loader.split), loader.seed


@final
class _SharedRows:
    """Rows of S splits of one size, each different split held once."""

    def __init__(self, splits: Sequence[Split]) -> None:
        different = {id(split): split for split in splits}
        places = {key: place for place, key in enumerate(different)}
        self.place = torch.tensor([places[id(split)] for split in splits])
        held = list(different.values())
        self.x, self.y = (torch.stack([getattr(split, name) for split in held]) for name in ("x", "y"))
        weights = [split.weight for split in held if split.weight is not None]
        self.weight: Tensor | None = torch.stack(weights) if weights else None

    def whole(self) -> Batch:
        """All rows `(S, N, ...)`; S = 1 where all splits are the same."""
        return self._chosen(slice(0, 1) if len(self.x) == 1 else self.place)

    def take(self, rows: Tensor) -> Batch:
        """Rows `(S, B)` of each split."""
        return self._chosen((self.place.unsqueeze(1), rows))

    def _chosen(self, index: slice | Tensor | tuple[Tensor, Tensor]) -> Batch:
        return Batch(self.x[index], self.y[index], None if self.weight is None else self.weight[index])
