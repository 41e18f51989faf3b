"""Whether a trained model is a linear one, whatever its layers are called."""

import copy

import torch
from torch import Tensor, nn

TOLERANCE = 1e-9  # of the outputs' spread: an affine model stays near 1e-12; next to no weights bend by 1e-8


@torch.no_grad()
def is_affine(model: nn.Module, x: Tensor) -> bool:
    """Whether outputs of mixtures of rows are the mixtures of their outputs, in evaluation mode and float64.

    Args:
        model: In any mode; left as it is.
        x: Finished inputs `(rows, *in_shape)`; token ids cannot be mixed and count as not affine.
    """
    if not x.is_floating_point() or len(x) < 3:
        return False
    probe = copy.deepcopy(model).cpu().double().eval()
    rows = x.cpu().double()
    generator = torch.Generator().manual_seed(0)
    share = torch.rand(len(rows), *[1] * (rows.ndim - 1), generator=generator, dtype=torch.float64) * 3 - 1
    partner = rows[torch.randperm(len(rows), generator=generator)]
    try:
        mixed = probe(share * rows + (1 - share) * partner)
        expected = share.flatten(1) * probe(rows).flatten(1) + (1 - share).flatten(1) * probe(partner).flatten(1)
    except (RuntimeError, IndexError):  # embedded categories: codes outside their tables
        return False
    spread = expected.std().clamp_min(1e-12)
    return bool((mixed.flatten(1) - expected).abs().max() <= TOLERANCE * spread)
