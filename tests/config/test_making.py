"""From a node to an object."""

import pytest
import torch
from omegaconf import OmegaConf

from litmus.config import make
from litmus.config.signatures import FACTS
from litmus.engine.callbacks import EarlyStopping
from litmus.engine.trainer import Trainer
from litmus.errors import ConfigError, DataError
from litmus.model.mlp import MLP
from litmus.task.spec import DataSpec

SPEC = DataSpec(task="binary", input="table", in_shape=(3,), target="y", classes=("a", "b"))


def test_facts_are_passed_where_the_signature_names_them():
    model = make({"_target_": "litmus.model.mlp.MLP", "hidden": [4]}, "model", in_features=3, out_features=2, spec=SPEC)
    assert isinstance(model, MLP)
    assert model(torch.zeros(5, 3)).shape == (5, 2)


def test_what_the_config_sets_is_not_overruled_by_a_fact():
    model = make({"_target_": "torch.nn.Linear", "in_features": 7, "out_features": 1}, in_features=3)
    assert model.in_features == 7


def test_facts_arrive_as_they_are():
    loss = make({"_target_": "litmus.loss.auto"}, "loss", spec=SPEC, class_counts=[3, 4])
    assert loss.one_logit


def test_arguments_that_configs_may_not_set_can_still_be_supplied():
    trainer = make({"_target_": "litmus.engine.trainer.Trainer", "max_epochs": 1}, "trainer", callbacks=[])
    assert isinstance(trainer, Trainer)


def test_a_name_of_an_earlier_release_makes_what_took_its_place():
    stored = {"_target_": "litmus.learning.callbacks.EarlyStopping", "patience": 3}
    assert isinstance(make(stored, "callback.early_stopping", monitor="val/loss", mode="min"), EarlyStopping)


def test_a_partial_node_waits_for_the_rest():
    node = OmegaConf.create({"optimizer": {"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.5}}).optimizer
    optimizer = make(node)([torch.nn.Parameter(torch.zeros(1))])
    assert optimizer.defaults["lr"] == 0.5


def test_nested_nodes_are_built_too():
    layers = [{"_target_": "torch.nn.Linear", "in_features": 2, "out_features": 1}, {"_target_": "torch.nn.ReLU"}]
    model = make({"_target_": "torch.nn.Sequential", "_args_": layers}, "model")
    assert model(torch.zeros(4, 2)).shape == (4, 1)


@pytest.mark.parametrize("node", [None, {}, {"_target_": None}])
def test_a_node_without_target_makes_nothing(node):
    assert make(node, "scheduler") is None


def test_interpolations_are_resolved_before_the_target_is_judged():
    cfg = OmegaConf.create({"evil": "os.system", "model": {"_target_": "${evil}", "command": "true"}})
    with pytest.raises(ConfigError, match=r"model\._target_: 'os.system' is not a class that a config may name"):
        make(cfg.model)


def test_a_nested_target_is_judged_like_any_other(tmp_path):
    node = {
        "_target_": "torch.nn.Sequential",
        "_args_": [{"_target_": "pathlib.Path.touch", "self": str(tmp_path / "x")}],
    }
    with pytest.raises(ConfigError, match=r"model\._args_\[0\]\._target_"):
        make(node, "model")
    assert not (tmp_path / "x").exists()


def test_what_a_constructor_refuses_is_a_config_error_with_the_key():
    with pytest.raises(ConfigError, match=r"optimizer: refused: .*[Nn]esterov"):
        make({"_target_": "torch.optim.SGD", "nesterov": True}, "optimizer", params=[torch.zeros(1)])


def test_errors_of_ours_pass_through_unchanged(monkeypatch):
    def refuse(*_, **__):
        raise DataError("row 3 is empty")

    monkeypatch.setattr(MLP, "__init__", refuse)
    with pytest.raises(DataError, match="row 3 is empty"):
        make({"_target_": "litmus.model.mlp.MLP"}, "model")


def test_the_names_of_facts_are_no_keys_of_data_sources():
    assert "seed" not in FACTS


def test_a_reference_that_leads_nowhere_is_refused():
    with pytest.raises(ConfigError, match="Interpolation key 'nowhere' not found"):
        make({"_target_": "torch.nn.Linear", "in_features": "${nowhere}"}, "model")


def test_a_list_of_numbers_becomes_a_tensor_where_one_is_asked_for():
    loss = make({"_target_": "torch.nn.CrossEntropyLoss", "weight": [1, 2]}, "loss")
    assert torch.equal(loss.weight, torch.tensor([1.0, 2.0]))
    inside = {"_target_": "torch.nn.Sequential", "_args_": [{"_target_": "torch.nn.BCELoss", "weight": [3]}]}
    assert torch.equal(make(inside, "model")[0].weight, torch.tensor([3.0]))
    assert make({"_target_": "torch.nn.LayerNorm", "normalized_shape": [2]}, "model").normalized_shape == (2,)


def test_a_class_of_the_users_own_gets_mappings_whose_keys_are_attributes_unless_it_asks_for_a_mapping(
    tmp_path, monkeypatch
):
    (tmp_path / "theirs.py").write_text(
        "class Part:\n    def __init__(self, cfg, plain: dict):\n        self.lr, self.plain = cfg.optim.lr, plain\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("litmus.config.targets._trusted", {"theirs"})
    part = make({"_target_": "theirs.Part", "cfg": {"optim": {"lr": 0.5}}, "plain": {"a": 1}}, "model")
    assert part.lr == 0.5
    assert type(part.plain) is dict
