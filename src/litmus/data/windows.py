"""Rows in a file that is larger than memory: mixed block by block, and read ahead of the batches that need them."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

BLOCKS = 16  # of neighbouring rows in a window


def mixed(total: int, window: int, rng: np.random.Generator) -> Tensor:
    """All rows `(total,)` in an order of which every `window` in a row lie in few blocks.

    The blocks of neighbouring rows come in random order, and the rows of a window of blocks are mixed.
    """
    blocks = torch.arange(total).split(max(window // BLOCKS, 1))
    near = torch.cat([blocks[block] for block in rng.permutation(len(blocks))])
    return torch.cat([part[torch.from_numpy(rng.permutation(len(part)))] for part in near.split(window)])


def read_ahead(x: Tensor, parts: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
    """Copies of some rows of `x`, part by part; the next part is copied in the background.

    Args:
        x: `(n, *in_shape)` in a mapped file.
        parts: Rows of each part, in any order.

    Yields:
        The part's rows in the file's order, which disks read fastest, and the place of each asked row among them.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        coming = [pool.submit(_copied, x, part) for part in parts[:1]]
        for place in range(len(parts)):
            copy = coming.pop().result()
            coming += [pool.submit(_copied, x, part) for part in parts[place + 1 : place + 2]]
            yield copy


def _copied(x: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    ordered, origin = rows.sort()
    place = torch.empty_like(origin)
    place[origin] = torch.arange(len(rows))
    return x[ordered], place
