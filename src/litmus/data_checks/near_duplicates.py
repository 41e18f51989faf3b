"""Near duplicates: held-out rows that lie nearer to a training row than the rows around them explain."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data_checks.exact_duplicates import words

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

NEIGHBOURS = 30
"""Neighbours that say how far apart rows are here; up to so many jittered copies of a row are seen through."""
CHANCE = 0.005
"""Share of rows that may look like near duplicates by chance."""
CLOSEST = 0.25
"""A near duplicate is at most so many times as far away as the last neighbour, whatever the dimension."""
FEWEST_COLUMNS = 3
FEWEST_OF_ANY_KIND = 8
SAME = 0.02
"""Standard deviations within which two numbers count as the same."""
DIFFER, GAP = 0.25, 0.3
"""Share of its columns in which a duplicate may differ, and in which the third nearest row must differ more."""
UNALIKE = 0.02
"""Share of rows that may look like that by chance: of 37 tables as packages ship them, those whose rows do not
belong together in pairs had at most .06."""
MOST_COMPARED, MOST_CELLS = 5000, 30_000_000
MOST_ROWS = 1000
MOST_DISTANCES = 20_000_000
MOST_TRAIN = 50_000
SHINGLE = 3
ALIKE = 0.8
"""Share of the runs of three words that two near texts have in common."""


@final
@dataclass(frozen=True, kw_only=True)
class Near:
    """Held-out rows that have a near duplicate in train.

    Args:
        looked_at: Positions of the held-out rows that were compared.
        twin: Position of the near duplicate in train for each of them, -1 where there is none.
        chance: Share of near duplicates that a smooth density explains.
    """

    looked_at: Codes
    twin: Codes
    chance: float


def near_points(train: Tensor, held_out: Tensor, *, seed: int, scale: bool = False) -> Near | None:
    """Near duplicates among points of continuous columns; None with fewer than three columns or too few rows.

    In d dimensions the nearest of k neighbours lies within t times the distance of the last one with probability
    1 - (1 - t^d)^(k - 1) wherever the density is smooth; d is estimated from the farther neighbours, on which copies
    have no say. Rows nearer than that allows at the .5 % level are near twins.

    Args:
        train: `(n, columns)` continuous columns.
        held_out: `(m, columns)`.
        seed: Of the samples of rows that are compared.
        scale: Whether columns are standardised first; else they are on comparable scales.

    Source: Levina and Bickel 2004, equation 8 (dimension); the order statistics of uniform points in a ball.
    """
    if train.shape[1] < FEWEST_COLUMNS or len(train) < 4 * NEIGHBOURS or not len(held_out):
        return None
    rng = np.random.default_rng(seed)
    kept = np.sort(rng.permutation(len(train))[:MOST_TRAIN])
    most = min(MOST_ROWS, MOST_DISTANCES // len(kept))
    looked_at = np.sort(rng.permutation(len(held_out))[:most]).astype(np.int64)
    x, y = train[torch.from_numpy(kept)], held_out[torch.from_numpy(looked_at)]
    nearest, distance = _neighbours(*(_standardised(x.double(), y.double()) if scale else (x, y)))
    first, last = distance[:, 0], np.maximum(distance[:, -1], 1e-300)
    far = np.maximum(distance[:, NEIGHBOURS // 3 :], 1e-300)
    spread = np.log(last[:, None] / far).mean(1)
    usable = spread > 0
    if not usable.any():
        return None
    dimension = max(1.0, float(1 / np.mean(spread[usable]) * harmonic(NEIGHBOURS)))
    limit = min(CLOSEST, (CHANCE / (NEIGHBOURS - 1)) ** (1 / dimension))
    close = usable & (first <= limit * last)
    twin = np.where(close, kept[nearest[:, 0]], -1).astype(np.int64)
    return Near(looked_at=looked_at, twin=twin, chance=CHANCE)


def near_rows(train: Array, held_out: Array, *, seed: int) -> Near | None:
    """Near duplicates among rows of many columns of any kind: the same in nearly all of them, as no other row is.

    A duplicate differs in at most a quarter of the columns, and the third nearest row in three tenths of them more.
    Rows of few values, or of one person or place, have several neighbours that are as near as the nearest.

    Args:
        train: `(n, columns)` numbers, standardised, or codes; NaN where a cell is empty.
        held_out: `(m, columns)` the same.
        seed: Of the samples of rows that are compared.

    Returns:
        None with fewer than eight columns, or too few rows.
    """
    columns = train.shape[1]
    if columns < FEWEST_OF_ANY_KIND or len(train) < 4 * NEIGHBOURS or not len(held_out):
        return None
    rng = np.random.default_rng(seed)
    kept = np.sort(rng.permutation(len(train))[:MOST_COMPARED])
    looked_at = np.sort(rng.permutation(len(held_out))[: min(MOST_ROWS, MOST_CELLS // (columns * len(kept)) + 1)])
    apart = np.zeros((len(looked_at), len(kept)), dtype=np.int16)
    for j in range(columns):
        x, y = train[kept, j], held_out[looked_at, j]
        missing = np.isnan(y)[:, None] & np.isnan(x)[None, :]
        apart += ~((np.abs(y[:, None] - x[None, :]) <= SAME) | missing)
    nearest = apart.argmin(1)
    ordered = np.partition(apart, 2, axis=1)
    close = (ordered[:, 0] <= DIFFER * columns) & (ordered[:, 2] - ordered[:, 0] >= GAP * columns)
    twin = np.where(close, kept[nearest], -1).astype(np.int64)
    return Near(looked_at=looked_at.astype(np.int64), twin=twin, chance=UNALIKE)


def near_texts(train: list[str], held_out: list[str], *, seed: int) -> Near | None:
    """Near duplicates among texts: four fifths of their runs of three words in common; None without texts of a length.

    Source: Broder 1997, "On the resemblance and containment of documents" (shingles, resemblance).
    """
    rng = np.random.default_rng(seed)
    looked_at = np.sort(rng.permutation(len(held_out))[:MOST_ROWS]).astype(np.int64)
    kept = np.sort(rng.permutation(len(train))[:MOST_TRAIN])
    theirs, ours = _shingles([train[i] for i in kept]), _shingles([held_out[i] for i in looked_at])
    if not len(kept) or not len(looked_at) or ours.sum() == 0:
        return None
    common = (ours @ theirs.T).tocoo()
    sizes, others = (np.asarray(matrix.sum(1)).ravel() for matrix in (ours, theirs))
    either = sizes[common.row] + others[common.col] - common.data
    close = common.data >= ALIKE * np.maximum(either, 1)
    twin = np.full(len(looked_at), -1, dtype=np.int64)
    twin[common.row[close]] = kept[common.col[close]]
    return Near(looked_at=looked_at, twin=twin, chance=0.0)


def thumbnails(x: Tensor) -> Tensor:
    """Images `(n, channels, height, width)` as 8 x 8 grey thumbnails of one brightness and contrast, `(n, 64)`."""
    grey = x.float().mean(1, keepdim=True)
    small = torch.nn.functional.adaptive_avg_pool2d(grey, (min(8, x.shape[2]), min(8, x.shape[3]))).flatten(1)
    centred = small - small.mean(1, keepdim=True)
    alike: Tensor = centred / centred.norm(dim=1, keepdim=True).clamp_min(1e-6)
    return alike


def continuous_columns(x: Tensor) -> Tensor:
    """Positions of the columns of `x` (n, columns) in which most values occur only once."""
    sample = x[:5000]
    distinct = torch.tensor([len(sample[:, j].unique()) for j in range(x.shape[1])])
    return torch.nonzero(2 * distinct >= len(sample)).flatten()


def _standardised(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Both on the scale of the first."""
    mean, deviation = x.mean(0), x.std(0, correction=0).clamp_min(1e-12)
    return (x - mean) / deviation, (y - mean) / deviation


def _neighbours(train: Tensor, held_out: Tensor) -> tuple[Codes, Array]:
    """Positions in train and distances of each held-out row's neighbours, `(m, NEIGHBOURS)`, nearest first."""
    rough = train.float()
    squares = (rough**2).sum(1)
    nearest = torch.cat(
        [
            (squares - 2 * part @ rough.T).topk(NEIGHBOURS, dim=1, largest=False).indices
            for part in held_out.float().split(256)
        ]
    )
    # differences of large squares are inexact: distances are taken anew
    exact = torch.stack(
        [(train[nearest[:, k]].double() - held_out.double()).norm(dim=1) for k in range(NEIGHBOURS)], dim=1
    )
    distance, order = exact.sort(dim=1)
    return nearest.gather(1, order).numpy(), distance.numpy()


def harmonic(k: int) -> float:
    """Of k neighbours: makes the mean log ratio of the farther neighbours an unbiased reciprocal of the dimension."""
    ranks = np.arange(k // 3 + 1, k + 1)
    return float(np.mean([np.sum(1 / np.arange(rank, k)) for rank in ranks]))


def _shingles(texts: list[str]) -> Any:
    """`(texts, 2^20)` which runs of three words each text has; shorter texts have none."""
    from zlib import crc32

    from scipy.sparse import csr_matrix

    rows, columns = [], []
    for row, text in enumerate(texts):
        tokens = words(text)
        runs = {crc32(" ".join(tokens[i : i + SHINGLE]).encode()) % 2**20 for i in range(len(tokens) - SHINGLE + 1)}
        rows += [row] * len(runs)
        columns += list(runs)
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(texts), 2**20))
