"""A run's config in types: settings, their defaults, parts of the user's own."""

from pathlib import Path

import pytest

from litmus.config import RunConfig, compose, to_plain

PLAIN = {
    "model": {"_target_": "mine.Net", "hidden": [5], "dropout": "often", "width": 3},
    "optimizer": {"_target_": "torch.optim.SGD", "lr": 0.5},
    "scheduler": None,
    "callback": {"early_stopping": None, "checkpoint": {"use": "last"}},
    "output_dir": "~/runs",
    "seed": 7,
}


def test_a_setting_has_its_value_or_its_default():
    config = RunConfig(PLAIN)
    assert (config.model.hidden, config.model.init, config.optimizer.lr) == ([5], None, 0.5)
    assert config.checkpoint.use == "last"
    assert RunConfig({}).checkpoint.use == "best"
    assert (config.seed, config.split_seed, config.monitor) == (7, None, "val/loss")
    assert config.output_dir == Path.home() / "runs"


def test_what_is_no_number_counts_as_the_default():
    assert RunConfig(PLAIN).model.dropout == 0.0


def test_a_part_says_what_it_names():
    config = RunConfig(PLAIN)
    assert (config.model.target_name, config.model.class_name, config.model.is_ours) == ("mine.Net", "Net", False)
    assert (bool(config.model), bool(config.scheduler), bool(config.loss)) == (True, False, False)
    assert {name: bool(entry) for name, entry in config.callback.entries().items()} == {
        "early_stopping": False,
        "checkpoint": False,
    }


def test_keys_of_the_users_own_are_there():
    config = RunConfig(PLAIN)
    assert config.value("model.width") == 3
    assert config.value("model.depth", 9) == 9
    assert config.value("model.width.further") is None


def test_another_value_leaves_the_config_as_it_is():
    config = RunConfig(PLAIN)
    assert config.having(seed=8).seed == 8
    assert config.seed == 7


@pytest.mark.parametrize("words", [[], ["data=digits", "model=cnn"], ["data=diabetes"]])
def test_a_composed_config_makes_its_parts(words):
    config = RunConfig(to_plain(compose(words)))
    assert config.model.is_ours
    assert type(config.criteria.make()).__name__ == "Criteria"
    assert config.early_stopping.ends_early
    assert isinstance(config.trainer.max_epochs, int)
