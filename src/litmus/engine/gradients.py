"""What is done to gradients before an optimizer's step, for one model and for M models side by side alike."""

from collections.abc import Sequence
from typing import Any, Literal, cast

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

ClipBy = Literal["norm", "value"]

CLIP_EPSILON = 1e-6  # as in torch's clip_grad_norm_


def average(gradients: Sequence[Tensor], weight: float | Tensor, batches: int) -> None:
    """Turns the accumulated gradients of `batches` losses, each its rows' sum over `batches`, into the rows' mean.

    Args:
        gradients: Of any shapes, or one `(M, P)` of M models.
        weight: What all rows of the group weigh together, or `(M, 1)`; where it is 0, gradients stay as they are.
        batches: Batches of a full group.
    """
    if isinstance(weight, Tensor):
        factor: float | Tensor = torch.where(weight == 0, 1.0, batches / weight)
    else:
        factor = batches / weight if weight else 1.0
    for gradient in gradients:
        gradient.mul_(factor)


def clip(parameters: Sequence[Tensor], limit: float | Tensor, by: ClipBy) -> None:
    """Limits the gradients of `parameters`.

    Args:
        parameters: Of one model; of M models one `(M, P)`, each row of which is limited by itself.
        limit: The largest norm or absolute value, one number or, for M models, `(M, 1)`.
        by: Whether the norm of all gradients together is limited, or each value.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if by == "value":
        for gradient in gradients:
            gradient.clamp_(cast("Any", -limit), cast("Any", limit))  # numbers or tensors, as its stub does not say
    elif isinstance(limit, Tensor):
        for gradient in gradients:
            norm = gradient.norm(dim=1, keepdim=True)
            gradient.mul_((limit / (norm + CLIP_EPSILON)).clamp_(max=1.0))
    else:
        clip_grad_norm_(parameters, limit)
