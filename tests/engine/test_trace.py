"""What is seen of layers: their order, spread, dead units and saturation."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from litmus.engine.trace import RECORDED, inspect_layers


def test_epochs_are_recorded_densely_first_and_thin_out():
    epochs = [epoch for epoch in range(1000) if epoch in RECORDED]
    assert epochs[:6] == [0, 1, 2, 3, 4, 5]
    assert len(epochs) < 45
    gaps = [b - a for a, b in pairwise(epochs)]
    assert max(gaps) <= 0.25 * 1000


def test_layers_come_in_the_order_in_which_data_pass_them():
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.first = nn.Linear(4, 1), nn.Linear(3, 4)

        def forward(self, x):
            return self.last(self.first(x).relu())

    assert list(inspect_layers(Backwards(), [torch.randn(8, 3)])) == ["first", "last"]


def test_units_that_are_zero_on_every_row_are_dead():
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, 0]]))
        model[0].bias.copy_(torch.tensor([0.0, 0, -50, -1]))
    rows = torch.tensor([[1.0, -1], [-1, 1]])
    assert inspect_layers(model, [rows[:1], rows[1:]])["0"].dead == pytest.approx(0.5)
    assert inspect_layers(model, [rows])["2"].dead is None


def test_identical_units_and_spreads_are_seen_before_training():
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
    nn.init.zeros_(model[0].weight)
    layers = inspect_layers(model, [torch.randn(32, 3)])
    assert layers["0"].identical
    assert layers["0"].width == 5
    assert not layers["2"].identical or model[2].weight.shape[0] == 1


def test_saturated_outputs_are_counted_after_training():
    model = nn.Sequential(nn.Linear(1, 1), nn.Sigmoid(), nn.Linear(1, 1))
    with torch.no_grad():
        model[0].weight.fill_(100.0)
        model[0].bias.zero_()
    x = torch.tensor([[-5.0], [5.0], [0.0], [0.001]])
    before = inspect_layers(model, [x])
    assert inspect_layers(model, [x], before)["0"].saturated == pytest.approx(0.5)


def test_the_model_is_left_in_its_mode_without_hooks():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.ReLU())
    model[1].eval()
    inspect_layers(model, [torch.randn(4, 2)])
    assert model.training
    assert not model[1].training
    assert not any(module._forward_hooks for module in model.modules())
