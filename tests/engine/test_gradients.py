"""What is done to gradients, for one model as torch does it, for several models side by side as for each alone."""

import pytest
import torch

from litmus.engine.gradients import average, clip

LIMITS = (0.1, 1.0, 100.0)


def models() -> torch.Tensor:
    """Parameters `(3, 5)` of three models, with gradients."""
    draw = torch.Generator().manual_seed(0)
    theta = torch.zeros(3, 5)
    theta.grad = torch.randn(3, 5, generator=draw)
    return theta


@pytest.mark.parametrize("by", ["norm", "value"])
def test_models_side_by_side_are_clipped_each_by_its_own_limit(by):
    theta = models()
    lone = [torch.zeros(5) for _ in LIMITS]
    for parameter, gradient, limit in zip(lone, theta.grad, LIMITS, strict=True):
        parameter.grad = gradient.clone()
        clip([parameter], limit, by)
    clip([theta], torch.tensor(LIMITS).unsqueeze(1), by)
    torch.testing.assert_close(theta.grad, torch.stack([parameter.grad for parameter in lone]))
    assert torch.equal(theta.grad[2], models().grad[2])


def test_accumulated_sums_become_the_mean_of_their_rows():
    gradient = models().grad
    rows, batches = torch.tensor([[4.0], [8.0], [0.0]]), 2
    expected = torch.stack([gradient[0] * batches / 4, gradient[1] * batches / 8, gradient[2]])
    for place, weight in enumerate((4.0, 8.0, 0.0)):
        alone = gradient[place].clone()
        average([alone], weight, batches)
        torch.testing.assert_close(alone, expected[place])
    average([gradient], rows, batches)
    torch.testing.assert_close(gradient, expected)
