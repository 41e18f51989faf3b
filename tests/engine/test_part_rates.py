import pytest
import torch
from torch import nn

from litmus.engine.part_rates import parameter_groups
from litmus.errors import ConfigError


@pytest.fixture
def model():
    return nn.ModuleDict({"backbone": nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 3)), "head": nn.Linear(3, 2)})


def test_without_rates_all_parameters_are_one_group(model):
    assert parameter_groups(model, {}, "parts") == list(model.parameters())


def test_a_part_has_its_own_rate_and_what_is_named_more_closely_wins(model):
    groups = parameter_groups(model, {"backbone": 0.1, "backbone.1.bias": 0.2}, "parts")
    rates = {id(p): group.get("lr") for group in groups for p in group["params"]}
    named = {name: rates[id(p)] for name, p in model.named_parameters()}
    assert named == {
        "backbone.0.weight": 0.1,
        "backbone.0.bias": 0.1,
        "backbone.1.weight": 0.1,
        "backbone.1.bias": 0.2,
        "head.weight": None,
        "head.bias": None,
    }


def test_a_rate_of_nought_freezes_a_part(model):
    assert parameter_groups(model, {"backbone": 0.0}, "parts") == list(model["head"].parameters())
    assert not any(p.requires_grad for p in model["backbone"].parameters())


def test_the_statistics_of_a_frozen_batch_norm_stay_and_those_of_others_move():
    model = nn.Sequential(nn.BatchNorm1d(2), nn.BatchNorm1d(2))
    parameter_groups(model, {"0": 0.0, "1": 0.1}, "parts")
    model.train()(torch.randn(8, 2) + 5)
    assert torch.equal(model[0].running_mean, torch.zeros(2))
    assert not torch.equal(model[1].running_mean, torch.zeros(2))


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ({"bakbone": 0.1}, r"parts\.bakbone: the model has no such part; it has .*; did you mean backbone\?"),
        ({"head": 0.0, "backbone": 0.0}, "parts: freezes the whole model"),
    ],
)
def test_what_the_model_does_not_have_and_what_leaves_nothing_to_train_are_refused(model, rates, message):
    with pytest.raises(ConfigError, match=message):
        parameter_groups(model, rates, "parts")
