import pytest
import torch
from torch import nn

from litmus.engine.lazy_layers import is_lazy, take_shapes
from litmus.errors import ConfigError


class Unreached(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.left = nn.LazyLinear(2), nn.LazyLinear(2)

    def forward(self, x):
        return self.used(x)


def test_lazy_layers_take_their_shapes_from_rows_and_keep_their_mode():
    model = nn.Sequential(nn.LazyLinear(3), nn.ReLU(), nn.LazyBatchNorm1d())
    assert is_lazy(model)
    take_shapes(model, lambda: torch.ones(4, 5))
    assert not is_lazy(model)
    assert model[0].weight.shape == (3, 5)
    assert model[2].training
    assert torch.equal(model[2].running_mean, torch.zeros(3))


def test_a_model_without_them_sees_no_rows():
    asked = []
    take_shapes(nn.Linear(1, 1), lambda: asked.append(True) or torch.ones(4, 1))
    assert asked == []


def test_a_lazy_layer_that_is_never_reached_is_refused():
    with pytest.raises(ConfigError, match="model: has lazy layers that its forward does not reach"):
        take_shapes(Unreached(), lambda: torch.ones(4, 5))
