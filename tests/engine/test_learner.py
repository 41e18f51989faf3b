"""The LightningModule around every model."""

import torch

from litmus.engine.learner import fuse


def _stepped(*, fused: bool) -> list[torch.Tensor]:
    torch.manual_seed(0)
    weights = [torch.nn.Parameter(torch.randn(4, 8, 8)), torch.nn.Parameter(torch.randn(4, 8))]
    optimizer = torch.optim.AdamW(weights, lr=0.01, weight_decay=0.1)
    if fused:
        fuse(optimizer)
        assert all(group["fused"] for group in optimizer.param_groups)
    for _ in range(20):
        optimizer.zero_grad()
        sum((weight**3).sum() for weight in weights).backward()
        optimizer.step()
    return [weight.detach() for weight in weights]


def test_a_fused_step_is_the_same_step_but_for_rounding():
    for fused, plain in zip(_stepped(fused=True), _stepped(fused=False), strict=True):
        torch.testing.assert_close(fused, plain, rtol=1e-5, atol=1e-6)


def test_what_somebody_has_set_of_an_optimizer_is_left_as_it_is():
    weights = [torch.nn.Parameter(torch.randn(3))]
    for optimizer in (
        torch.optim.Adam(weights, foreach=True),
        torch.optim.Adam(weights, fused=False),
        torch.optim.Adam(weights, amsgrad=True),
        torch.optim.SGD(weights, lr=0.1),
    ):
        before = [dict(group) for group in optimizer.param_groups]
        fuse(optimizer)
        assert [group["fused"] for group in before] == [group["fused"] for group in optimizer.param_groups]
