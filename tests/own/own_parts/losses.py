"""Losses, metrics and an optimizer as users write them."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import Optimizer
from torchmetrics import Metric


def pinball(outputs, target, q=0.5):
    error = target - outputs
    return torch.maximum(q * error, (q - 1) * error).mean()


def per_row(outputs, target):
    return (outputs - target).abs()


class Focal(nn.Module):
    """Of logits a class."""

    def __init__(self, gamma: float = 2.0) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits, target):
        log_p = F.log_softmax(logits, -1).gather(1, target[:, None]).squeeze(1)
        return (-((1 - log_p.exp()) ** self.gamma) * log_p).mean()


class Logistic:
    """Of one logit; no module."""

    def __call__(self, output, target):
        return F.softplus(-output.view(-1) * (2 * target.view(-1) - 1)).mean()


class Nothing(nn.Module):
    def forward(self, outputs, target):
        return 3


class SignSGD(Optimizer):
    """Steps by the gradient's sign."""

    def __init__(self, params, lr: float = 0.003) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        loss = None if closure is None else closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.sub_(group["lr"] * parameter.grad.sign())
        return loss


class Hits(Metric):
    """How many rows of two classes are right, as a share; probabilities of the positive class come in."""

    higher_is_better = True

    def __init__(self) -> None:
        super().__init__()
        self.add_state("right", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("rows", torch.tensor(0.0), dist_reduce_fx="sum")

    def update(self, preds, target):
        self.right += ((preds >= 0.5).long() == target).sum()
        self.rows += len(target)

    def compute(self):
        return self.right / self.rows
