"""Schedules against torch's own and against what they promise."""

import math

import pytest
import torch

from litmus.config import make
from litmus.engine.schedule import cosine, make_entry, onecycle, plateau, step
from litmus.errors import ConfigError


def adam(lr: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=lr)


def rates(entry, steps: int) -> list[float]:
    """The learning rate before each of so many steps of the schedule."""
    found, scheduler = [], entry["scheduler"]
    for _ in range(steps):
        found.append(scheduler.optimizer.param_groups[0]["lr"])
        scheduler.optimizer.step()
        scheduler.step()
    return found


def test_step_drops_by_gamma_every_few_epochs():
    entry = step(optimizer=adam(), step_size=2, gamma=0.5)
    assert entry["interval"] == "epoch"
    assert rates(entry, 5) == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.025])


def test_cosine_ends_where_it_was_told_after_all_steps():
    entry = cosine(optimizer=adam(), total_steps=10, min_lr=0.01)
    assert entry["interval"] == "step"
    wanted = [0.01 + 0.09 * (1 + math.cos(math.pi * k / 10)) / 2 for k in range(11)]
    assert rates(entry, 11) == pytest.approx(wanted)


def test_onecycle_peaks_at_the_learning_rate_after_the_warm_up():
    found = rates(onecycle(optimizer=adam(), total_steps=100, warmup=0.3), 100)
    assert max(found) == pytest.approx(0.1)
    assert found.index(max(found)) == pytest.approx(30, abs=1)
    assert found[-1] < 1e-4 < found[0] < 0.1


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_onecycle_moves_momentum_only_where_there_is_some(momentum):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=momentum)
    onecycle(optimizer=optimizer, total_steps=10)
    assert (optimizer.param_groups[0]["momentum"] == 0) == (momentum == 0)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_onecycle_works_with_rmsprop(momentum):
    optimizer = torch.optim.RMSprop([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=momentum)
    assert len(rates(onecycle(optimizer=optimizer, total_steps=5), 5)) == 5


def test_a_run_of_one_step_has_a_schedule_too():
    for schedule in (cosine, onecycle):
        assert len(rates(schedule(optimizer=adam(), total_steps=1), 1)) == 1


@pytest.mark.parametrize(("mode", "value"), [("min", 1.0), ("max", -1.0)])
def test_plateau_drops_when_the_monitor_has_stopped_improving(mode, value):
    entry = plateau(optimizer=adam(), monitor="val/loss", mode=mode, patience=1, factor=0.5)
    assert (entry["monitor"], entry["interval"], entry["reduce_on_plateau"]) == ("val/loss", "epoch", True)
    for reading in (0.0, value, value):
        entry["scheduler"].step(reading)
    assert entry["scheduler"].optimizer.param_groups[0]["lr"] == pytest.approx(0.05)


@pytest.mark.parametrize("schedule", [cosine, onecycle])
def test_a_run_without_end_cannot_be_scheduled_over_its_length(schedule):
    with pytest.raises(ConfigError, match=r"scheduler: needs a run of known length; set trainer.max_epochs"):
        schedule(optimizer=adam(), total_steps=float("inf"))


@pytest.mark.parametrize("name", ["step", "cosine", "onecycle", "plateau"])
def test_every_schedule_is_made_from_a_config_and_the_runs_facts(name):
    facts = {"optimizer": adam(), "total_steps": 10, "monitor": "val/loss", "mode": "min"}
    entry = make({"_target_": f"litmus.engine.schedule.{name}"}, "scheduler", **facts)
    assert set(entry) >= {"scheduler", "interval", "frequency", "monitor"}


def entry(name: str, **settings):
    node = {"_target_": name if "." in name else f"torch.optim.lr_scheduler.{name}", **settings}
    return make_entry(node, optimizer=adam(), total_steps=12.0, monitor="val/f1", mode="max")


@pytest.mark.parametrize(("interval", "counted"), [({}, "epoch"), ({"interval": "step"}, "step")])
def test_any_scheduler_of_torchs_counts_epochs_unless_it_is_to_count_steps(interval, counted):
    made = entry("ExponentialLR", gamma=0.5, **interval)
    assert made["interval"] == counted
    assert rates(made, 3) == pytest.approx([0.1, 0.05, 0.025])


def test_one_whose_length_is_that_of_the_run_counts_steps():
    made = entry("OneCycleLR", max_lr=1.0)
    assert (made["interval"], made["scheduler"].total_steps) == ("step", 12)
    made = entry("OneCycleLR", max_lr=1.0, total_steps=5)
    assert (made["interval"], made["scheduler"].total_steps) == ("epoch", 5)
    made = entry("OneCycleLR", max_lr=1.0, epochs=3, steps_per_epoch=2, interval="step")
    assert (made["interval"], made["scheduler"].total_steps) == ("step", 6)


def test_torchs_plateau_watches_what_the_run_watches():
    made = entry("ReduceLROnPlateau", patience=0)
    assert (made["monitor"], made["scheduler"].mode) == ("val/f1", "max")
    with pytest.raises(ConfigError, match=r"scheduler\.interval: a plateau is looked for once an epoch"):
        entry("ReduceLROnPlateau", interval="step")


def test_a_mode_that_is_no_direction_is_left_to_the_scheduler():
    assert entry("CyclicLR", base_lr=0.1, max_lr=0.2)["scheduler"].mode == "triangular"


def test_what_makes_no_scheduler_is_refused():
    with pytest.raises(
        ConfigError, match=r"scheduler\._target_: 'torch.nn.Identity' makes a Identity, and no scheduler"
    ):
        entry("torch.nn.Identity")
    with pytest.raises(ConfigError, match="scheduler: refused: 'float' object is not callable"):
        entry("LambdaLR", lr_lambda=0.5)
