"""The rows that the models of a stack read: held once however many read them, in each one's own order.

Shapes: M models, S different streams of batches, N rows, B rows of a batch.
"""

from collections.abc import Iterator, Sequence
from typing import final

import torch
from torch import Tensor

from litmus.data.base import Batch, Split
from litmus.data.loader import BatchLoader

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
        streams = {_stream(loader): loader for loader in train}
        places = {key: place for place, key in enumerate(streams)}
        followed = [places[_stream(loader)] for loader in train]
        self.streams = list(streams.values())
        # one stream is spread over all models, and one for each model needs no dealing
        plain = len(streams) == 1 or followed == list(range(self.members))
        self.followed = None if plain else torch.tensor(followed)
        self.train = _Held([loader.split for loader in self.streams])
        self.val = self._spread(_Held(val).whole())

    def __len__(self) -> int:
        return len(self.streams[0])

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Batches `(M, B, ...)` of an epoch."""
        loader = self.streams[0]
        if loader.batch_size >= len(loader.split):
            yield self._dealt(self.train.whole())
            return
        orders = torch.stack([stream.order(epoch) for stream in self.streams])
        # one gathering of many rows costs less than many of a few
        for some in orders.split(self._at_once(loader.batch_size), dim=1):
            x, y, weight = self._dealt(self.train.take(some))
            for start in range(0, some.shape[1], loader.batch_size):
                cut = slice(start, start + loader.batch_size)
                yield Batch(x[:, cut], y[:, cut], None if weight is None else weight[:, cut])

    def _at_once(self, batch_size: int) -> int:
        """Rows that are gathered together: whole batches, within `GATHERED` values for all models."""
        values = self.members * self.train.x[0, 0].numel()
        return max(GATHERED // values // batch_size, 1) * batch_size

    def _dealt(self, batch: Batch) -> Batch:
        """A batch of streams `(S, B, ...)` as one of models `(M, B, ...)`."""
        if self.followed is None or len(batch.y) == 1:
            return self._spread(batch)
        x, y, weight = batch
        return Batch(x[self.followed], y[self.followed], None if weight is None else weight[self.followed])

    def _spread(self, batch: Batch) -> Batch:
        """A batch `(1, B, ...)` for all models, or one `(M, B, ...)` as it is."""
        if len(batch.y) == self.members:
            return batch
        x, y, weight = (None if part is None else part.expand(self.members, *part.shape[1:]) for part in batch)
        assert x is not None  # noqa: S101  # for the type checker
        assert y is not None  # noqa: S101
        return Batch(x, y, weight)


def _stream(loader: BatchLoader) -> tuple[int, int]:
    return id(loader.split), loader.seed


@final
class _Held:
    """Rows of several splits of one size, held once for each different one."""

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
        here = slice(0, 1) if len(self.x) == 1 else self.place
        return Batch(self.x[here], self.y[here], None if self.weight is None else self.weight[here])

    def take(self, rows: Tensor) -> Batch:
        """Rows `(S, B)` of each split."""
        here = self.place.unsqueeze(1)
        return Batch(self.x[here, rows], self.y[here, rows], None if self.weight is None else self.weight[here, rows])
