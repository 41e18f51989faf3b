"""What a user's module gives is taken for a prediction where it can be one, and for nothing else."""

import re
from typing import NamedTuple

import pytest
import torch
from lightning.pytorch import LightningModule
from torch import nn

from litmus.data.packing import Packing
from litmus.engine.module_outputs import ModuleOutputs, evaluating
from litmus.task.spec import DataSpec

X = torch.randn(8, 4, generator=torch.Generator().manual_seed(0))
BINARY = DataSpec(task="binary", input="table", in_shape=(4,), target="y", classes=("no", "yes"))
THREE = DataSpec(task="multiclass", input="table", in_shape=(4,), target="y", classes=("a", "b", "c"))
NUMBER = DataSpec(task="regression", input="table", in_shape=(4,), target="y")


class Giving(LightningModule):
    """Gives what a function makes of its inputs."""

    def __init__(self, make, *, predict=None):
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.make = make
        if predict is not None:
            self.predict_step = predict

    def forward(self, x):
        return self.make(self.layer(x))


def outputs(spec: DataSpec, make, **more) -> ModuleOutputs:
    torch.manual_seed(0)
    found = ModuleOutputs(Giving(make), spec, **more)
    found.look(X)
    return found


@pytest.mark.parametrize(
    "make",
    [
        lambda z: z[:, 0],
        lambda z: z[:, :1],
        lambda z: z[:, :1, None, None],
        lambda z: torch.stack([torch.zeros(len(z)), z[:, 0]], 1),
        lambda z: z[:, 0].sigmoid(),
        lambda z: torch.stack([torch.zeros(len(z)), z[:, 0]], 1).softmax(-1),
        lambda z: torch.stack([torch.zeros(len(z)), z[:, 0]], 1).log_softmax(-1),
        lambda z: (z, z[:, :1]),
        lambda z: {"logits": z[:, 0], "code": z},
    ],
    ids=range(9),
)
def test_two_classes_may_be_given_in_any_usual_form(make):
    found = outputs(BINARY, make)
    torch.testing.assert_close(found(X), found.module.layer(X)[:, :1], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("make", [lambda z: z, lambda z: z.softmax(-1), lambda z: z.log_softmax(-1)], ids=range(3))
def test_several_classes_may_be_logits_or_probabilities(make):
    found = outputs(THREE, make)
    torch.testing.assert_close(found(X).softmax(-1), found.module.layer(X).softmax(-1), atol=1e-6, rtol=1e-5)


def test_what_is_said_of_outputs_goes_before_what_they_look_like():
    assert outputs(BINARY, lambda z: z[:, 0].sigmoid(), meaning="logits").way.meaning == "logits"
    assert outputs(BINARY, lambda z: z[:, 0].clamp(0.1, 0.9)).way.meaning == "probabilities"
    assert outputs(BINARY, lambda z: z[:, 0] * 0.001 + 0.5).way.meaning == "logits"


@pytest.mark.parametrize(
    ("spec", "make", "reason"),
    [
        (THREE, lambda z: z[:, 0], r"forward gives shape \(8\) for 8 rows, and a multiclass target takes \(n, 3\)"),
        (BINARY, lambda z: z, r"forward gives shape \(8, 3\) for 8 rows, and a binary target takes"),
        (NUMBER, lambda z: z, r"and a regression target takes \(n\) or \(n, 1\)"),
        (THREE, lambda z: z.argmax(1), r"shape \(8\) of int64"),
        (THREE, lambda z: (z, z), "a tuple of 2"),
        (THREE, lambda z: z[:3], r"shape \(3, 3\)"),
        (THREE, lambda z: z @ torch.ones(7, 3), "forward fails on the inputs"),
    ],
    ids=range(7),
)
def test_what_fits_no_target_is_no_prediction_and_gives_nothing(spec, make, reason):
    found = outputs(spec, make)
    assert found.way is None
    assert torch.isnan(found(X)).all()
    assert re.search(reason, found.reason)


def test_predict_step_is_asked_where_forward_does_not_fit():
    module = Giving(lambda z: z[:, :2])
    type(module).predict_step = lambda self, batch, batch_idx: self.layer(batch[0])
    try:
        found = ModuleOutputs(module, THREE)
        found.look(X)
    finally:
        del type(module).predict_step
    assert (found.way.method, found.way.takes) == ("predict_step", "batch")


def test_outputs_that_repeat_the_inputs_are_no_prediction():
    spec = DataSpec(task="binary", input="table", in_shape=(2,), target="y", classes=("no", "yes"))
    module = Giving(lambda z: z)
    module.layer = nn.Linear(2, 2)
    found = ModuleOutputs(module, spec)
    found.look(X[:, :2])
    assert found.doubt(X[:, :2]) is None
    with torch.no_grad():
        module.layer.weight.copy_(torch.eye(2))
        module.layer.bias.zero_()
    assert found.doubt(X[:, :2]) == "forward gives back its inputs"


def test_the_way_survives_a_checkpoint():
    found = outputs(BINARY, lambda z: (z, z[:, 0].sigmoid()))
    other = ModuleOutputs(found.module, BINARY)
    other.restore(found.state())
    assert torch.equal(other(X), found(X))
    assert other.state() == found.state()


def test_each_part_keeps_its_own_mode():
    model = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(4))
    model[1].eval()
    with evaluating(model):
        assert not model[0].training
    assert model[0].training
    assert not model[1].training


class Named(NamedTuple):
    code: torch.Tensor
    logits: torch.Tensor


@pytest.mark.parametrize(
    "make",
    [
        lambda z: {"code": z[:, :2], "class_scores": z},
        lambda z: Named(z.relu(), z),
        lambda z: {"code": z.relu(), "logits": z},
    ],
    ids=["the one that fits", "a named field", "a usual name"],
)
def test_of_named_parts_the_usual_name_is_taken_or_the_only_one_that_fits(make):
    found = outputs(THREE, make)
    assert torch.equal(found(X), found.module.layer(X))


def test_inputs_pass_the_modules_own_hook_on_their_way_to_it():
    class Halving(Giving):
        def on_after_batch_transfer(self, batch, dataloader_idx):
            return batch[0] / 2, batch[1]

    found = ModuleOutputs(Halving(lambda z: z), THREE)
    found.look(X)
    assert torch.equal(found(X), found.module.layer(X / 2))


@pytest.mark.parametrize("outer", ["mapping", "tuple"])
def test_several_inputs_reach_forward_as_its_arguments(outer):
    class TwoInputs(Giving):
        def forward(self, first, second):
            return self.layer(torch.cat([first, second], 1))

    found = ModuleOutputs(TwoInputs(None), THREE)
    found.packing = Packing.of(outer, {"first": X[:, :1], "second": X[:, 1:]}, "y")
    found.look(X)
    assert torch.equal(found(X), found.module.layer(X))
    again = ModuleOutputs(found.module, THREE)
    again.restore(found.state())
    assert torch.equal(again(X), found(X))
