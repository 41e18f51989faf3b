"""Signatures as schemas."""

from typing import Any

import pytest
import torch
from lightning.pytorch import callbacks

from litmus.config.hints import describe
from litmus.config.signatures import nodes, settle_node, signature
from litmus.engine.trainer import Trainer
from litmus.errors import ConfigError


def lost(size: "NoSuchName", width: int = 1) -> None:  # noqa: F821  # what a forgotten import looks like
    """A function whose annotation cannot be read."""


def free(size: int, **others: int) -> None:
    """A function that takes anything."""


def test_ranges_of_third_party_arguments_come_from_our_table():
    found = signature(torch.optim.SGD, "torch.optim.SGD").parameters
    assert describe(found["lr"].hint) == "a number > 0"
    assert describe(found["momentum"].hint) == "a number >= 0 and < 1"
    assert found["params"].required
    assert not found["lr"].required


def test_the_trainer_shows_lightnings_arguments_and_our_loop():
    found = signature(Trainer, "litmus.engine.trainer.Trainer")
    assert describe(found.parameters["max_epochs"].hint) == "a whole number >= 1, -1 or auto"
    assert describe(found.parameters["loop"].hint) == "auto, lean or stock"
    assert "fast_dev_run" in found.parameters
    assert found.parameters.keys().isdisjoint({"logger", "barebones"})
    assert not found.open


def test_our_own_annotations_that_cannot_be_read_are_an_error_not_a_pass():
    with pytest.raises(ConfigError, match=r"model: cannot read the argument types of litmus\.lost: .*NoSuchName"):
        signature(lost, "litmus.lost", "model")


def test_of_others_every_argument_is_checked_whose_annotation_can_be_read():
    found = signature(lost, "lost").parameters
    assert describe(found["width"].hint) == "a whole number"
    assert found["size"].hint is Any


@pytest.mark.parametrize(
    "module", [torch.optim, torch.optim.lr_scheduler, torch.nn, callbacks], ids=lambda m: m.__name__
)
def test_the_arguments_of_every_class_that_a_config_may_name_can_be_read_and_said(module):
    classes = {name: found for name, found in vars(module).items() if isinstance(found, type)}
    assert len(classes) > 10
    for name, found in classes.items():
        for parameter in signature(found, f"{module.__name__}.{name}").parameters.values():
            assert describe(parameter.hint)


def test_a_target_that_takes_anything_is_open():
    assert signature(free, "free").open


def test_nodes_are_found_at_any_depth():
    inner = {"_target_": "b"}
    outer = {"_target_": "a", "layers": [1, {"deep": inner}], "off": {"_target_": None}}
    assert list(nodes({"model": outer})) == [("model", outer), ("model.layers[1].deep", inner)]


def test_values_are_settled_by_the_hints_of_their_target():
    node = {"_target_": "litmus.model.mlp.MLP", "norm": False, "hidden": [8]}
    assert settle_node(node) == {"_target_": "litmus.model.mlp.MLP", "norm": "none", "hidden": [8]}
