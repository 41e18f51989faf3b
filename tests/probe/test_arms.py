"""Arms: what cannot be stacked and why, and what two arms of a stack share."""

import re

import pytest
import torch

from litmus.engine.stacked_layers import NotStackable
from litmus.probe import arms
from litmus.probe.arms import Builder, finish
from litmus.run import Run, prepare_data


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trainer": {"devices": 2}}, "several devices"),
        ({"trainer": {"accelerator": "gpu"}}, "another device"),
        ({"trainer": {"max_epochs": None}}, "no last epoch"),
        ({"trainer": {"max_epochs": -1}}, "no last epoch"),
        ({"trainer": {"overfit_batches": 2}}, "trainer.overfit_batches is set"),
        ({"callback": {"swa": {"_target_": "lightning.pytorch.callbacks.Timer"}}}, "callback.swa is set"),
    ],
)
def test_a_setting_that_a_stack_does_not_know_is_named(config, changes, reason):
    settings = config()
    changed = settings.having(**{key: {**settings.tree[key], **new} for key, new in changes.items()})
    with pytest.raises(NotStackable, match=re.escape(reason)):
        Builder(changed, prepare_data(settings))


def test_a_loss_of_the_users_own_is_left_to_a_lone_training(config, monkeypatch):
    settings = config()
    data = prepare_data(settings)
    loss = type(Builder(settings, data).untrained.loss)
    monkeypatch.setattr(loss, "__module__", "theirs.losses")
    with pytest.raises(NotStackable, match=f"{loss.__name__} is not one of our losses"):
        Builder(settings, data)


def test_rows_that_do_not_fit_into_memory_finished_are_left_to_a_lone_training(config, monkeypatch):
    settings = config()
    data = prepare_data(settings)
    monkeypatch.setattr(arms, "MOST_VALUES", 100)
    with pytest.raises(NotStackable, match="too many values to hold finished"):
        Builder(settings, data)


def test_a_model_that_does_more_than_its_layers_say_is_left_to_a_lone_training(config, monkeypatch):
    settings = config()
    data = prepare_data(settings)
    model = type(Builder(settings, data).untrained.model)
    monkeypatch.setattr(model, "forward", lambda self, x: 2 * self.layers(x))
    with pytest.raises(NotStackable, match=f"{model.__name__} does more than its layers say"):
        Builder(settings, data)


def test_an_arm_starts_with_the_weights_and_the_order_of_rows_of_a_run_of_that_seed(config, tmp_path):
    settings = config("data.batch_size=16")
    data = prepare_data(settings)
    arm = Builder(settings, data).arm(7)
    run = Run.build(settings.having(seed=7), tmp_path / "run", data=data.reseeded(7))
    torch.testing.assert_close(arm.predictor.model.state_dict(), run.predictor.model.state_dict(), rtol=0, atol=0)
    loader = run.data.train_dataloader()
    for epoch in (0, 3):
        assert arm.member.train.order(epoch).tolist() == loader.order(epoch).tolist()


@pytest.mark.parametrize(
    ("words", "together"),
    [
        (("optimizer.lr=0.5",), True),
        (("model.activation=tanh",), True),
        (("trainer.max_epochs=9",), True),
        (("model.hidden=[7]",), False),
        (("optimizer=sgd",), False),
        (("data.batch_size=8",), False),
        (("loss.label_smoothing=0.1",), False),
        (("monitor=val/f1",), False),
        (("trainer.accumulate_grad_batches=2",), False),
    ],
)
def test_arms_share_a_stack_where_the_recipe_and_the_shapes_are_the_same(config, words, together):
    plain, other = config("loss=bce"), config("loss=bce", *words)
    shapes = [Builder(one, prepare_data(one)).arm(1).shape for one in (plain, other)]
    assert (shapes[0] == shapes[1]) is together


def test_a_retuned_builder_makes_the_arm_of_the_retuned_config(config):
    plain, other = config(), config("optimizer.lr=0.3", "optimizer.weight_decay=0.1", "trainer.max_epochs=3")
    data = prepare_data(plain)
    retuned = Builder(plain, data).retuned(other, lr=0.3, weight_decay=0.1).arm(5)
    fresh = Builder(other, data).arm(5)
    assert retuned.shape == fresh.shape
    assert retuned.member.max_epochs == fresh.member.max_epochs == 3
    settings = [arm.member.optimizer.param_groups[0] for arm in (retuned, fresh)]
    assert [(one["lr"], one["weight_decay"]) for one in settings] == [(0.3, 0.1)] * 2


def test_only_training_and_validation_rows_are_finished(config):
    data = prepare_data(config("data=digits", "model=cnn"))
    found = finish(data)
    assert set(found) == {"train", "val"}
    assert found["val"].x.equal(data.preprocess.finish(data.splits["val"].x))
