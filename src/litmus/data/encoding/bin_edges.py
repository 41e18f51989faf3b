"""Where the bins of each number lie, in which some networks of an ensemble see it."""

import torch
from torch import Tensor

BINS = 16
ROWS = 20
"""Training rows to a bin, at least. A convention, as the number of bins."""
FEW_VALUES = 8
"""Values of a column up to which it has no bins: its units tell them apart as it is."""


def bin_edges(x: Tensor, numbers: int) -> tuple[tuple[float, ...], ...]:
    """Quantiles of each of the first columns of `(n, columns)`, rising and distinct; none where values are few.

    Args:
        x: Encoded training rows.
        numbers: Columns that are no codes.
    """
    bins = min(BINS, len(x) // ROWS)
    return tuple(_edges(x[:, column], bins) for column in range(numbers))


def _edges(column: Tensor, bins: int) -> tuple[float, ...]:
    if bins < 2 or len(column.unique()) <= FEW_VALUES:
        return ()
    edges = column.double().quantile(torch.linspace(0, 1, bins + 1, dtype=torch.float64)).float().unique()
    return tuple(edges.tolist()) if len(edges) > 2 else ()
