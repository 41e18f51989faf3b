"""Every problem of a config, at once."""

import copy
from functools import cache

import pytest
from omegaconf import DictConfig, OmegaConf, open_dict

from litmus.config import check, compose, conf_dir, settle
from litmus.config.command_words import Library, translate


@cache
def base() -> DictConfig:
    return compose()


def problems(*words: str) -> list[str]:
    """What `check` says when values are set as the command line would; groups are composed anew."""
    chosen = [word for word in words if "." not in word.partition("=")[0]]
    cfg = copy.deepcopy(compose(chosen) if chosen else base())
    for override in translate([word for word in words if word not in chosen], Library((conf_dir(),))).parsed:
        OmegaConf.update(cfg, override.key_or_group, override.value(), force_add=True)
    return [str(problem) for problem in check(settle(cfg))]


def test_all_problems_are_found_at_once():
    found = problems("optimizer.lr=-1", "model.hiden=[3]", "trainer.max_epochs=0", "epochs=3", "seed=a")
    assert len(found) == 5


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("trainer.max_epoch=3", "trainer.max_epoch: no such key; did you mean trainer.max_epochs?"),
        ("optimizer.momentum=0.9", "optimizer.momentum: no such key; optimizer takes lr, betas, eps"),
        ("trainer.barebones=true", "no such key; a fit without metrics could not be judged"),
        ("trainer.num_nodes=2", "trainer.num_nodes: 2 machines wait for each other, and nothing has started this run"),
        ("optimizer.capturable=true", "optimizer.capturable: must be False, not true"),
        ("trainer.max_time=5", "must be a time written days:hours:minutes:seconds, such as 00:00:30:00"),
        ("trainer.val_check_interval=0", "must be a whole number >= 1, a number > 0 and <= 1 or null"),
        ("model.activation=rellu", "not 'rellu'; did you mean model.activation=relu?"),
        ("optimizer.betas=[0.9]", "optimizer.betas: must be a list, each a number >= 0 and < 1, not [0.9]"),
        ("a.b.c=3", "a.b.c: no such key"),
        ("callback.foo=3", "callback.foo: no such key"),
        ("callback.early_stopping=3", "callback.early_stopping: no such key"),
        ("scheduler.step_size=3", "scheduler.step_size: no such key"),
        ("optimizer._target_=torch.nn.Linear", "cannot be the optimizer: it is no Optimizer"),
        ("model._target_=os.system", "is not a class that a config may name"),
        ("seed=1.5", "seed: must be a whole number >= 0 and < 4294967296, not 1.5"),
        ("optimizer.lr=inf", "optimizer.lr: must be a number > 0, not inf"),
        ("optimizer.lr=nan", "optimizer.lr: must be a number > 0, not nan"),
    ],
)
def test_a_problem_names_key_value_and_remedy(word, said):
    found = problems(word)
    assert len(found) == 1
    assert said in found[0]


def test_a_group_without_a_class_is_a_problem():
    cfg = copy.deepcopy(base())
    with open_dict(cfg):
        cfg.model = None
        cfg.loss = {"_target_": None}
    said = [str(problem) for problem in check(cfg)]
    assert "model: must be one of the group's options, not null" in said
    assert "loss._target_: is required: it names the class to build" in said


def test_a_model_that_may_not_be_named_is_the_only_problem_of_a_run_whose_groups_it_replaced():
    cfg = copy.deepcopy(base())
    with open_dict(cfg):
        cfg.model = {"_target_": "mine.Lit"}
        cfg.loss = cfg.optimizer = None
    assert [one.key for one in check(cfg)] == ["model._target_"]


def test_a_group_that_is_missing_altogether_is_named():
    cfg = copy.deepcopy(base())
    with open_dict(cfg):
        del cfg["loss"]
    assert [str(problem) for problem in check(cfg)] == ["loss: is missing from the config; choose one, loss=<option>"]


@pytest.mark.parametrize(
    "words",
    [
        ["callback.early_stopping=null"],
        ["callback.early_stopping.patience=null"],
        ["logger=null"],
        ["trainer.gradient_clip_val=1"],
        ["loss=cross_entropy", "loss.class_weight=[1,2.5]"],
        ["loss.class_weight=balanced"],
        ["verdict.budget=3"],
        ["test=auto"],
        ["trainer.precision=32"],
        ["trainer.max_epochs=-1", "trainer.max_steps=10"],
    ],
)
def test_what_may_be_written_has_no_problem(words):
    assert problems(*words) == []


def test_a_missing_value_is_required():
    cfg = copy.deepcopy(base())
    cfg.optimizer.lr = "???"
    assert [str(problem) for problem in check(cfg)] == ["optimizer.lr: is required: a number > 0"]


def test_arguments_without_a_default_are_required_unless_the_run_supplies_them():
    cfg = copy.deepcopy(base())
    with open_dict(cfg):
        cfg.model = {"_target_": "torch.nn.Bilinear", "in1_features": 3, "out_features": 1}
    assert [str(problem) for problem in check(cfg)] == ["model.in2_features: is required: a whole number"]


def test_a_stack_of_torchs_own_layers_checks():
    cfg = copy.deepcopy(base())
    layers = [{"_target_": "torch.nn.LazyLinear", "out_features": 8}, {"_target_": "torch.nn.ReLU"}]
    with open_dict(cfg):
        cfg.model = {"_target_": "torch.nn.Sequential", "_args_": layers}
    assert check(cfg) == []
    cfg.model._args_[0].out_features = "many"
    assert "model._args_[0].out_features: must be a whole number, not 'many'" in [str(each) for each in check(cfg)]


def test_stored_configs_pass_the_same_check():
    plain = OmegaConf.to_container(base(), resolve=True)
    assert check(plain) == []
    plain["model"]["_target_"] = "os.system"
    assert len(check(plain)) == 1
