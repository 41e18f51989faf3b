"""Schedules against torch's own and against what they promise."""

import math

import pytest
import torch

from litmus.config import make
from litmus.errors import ConfigError
from litmus.learning.schedule import cosine, onecycle, plateau, step


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
    for make_entry in (cosine, onecycle):
        assert len(rates(make_entry(optimizer=adam(), total_steps=1), 1)) == 1


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
    entry = make({"_target_": f"litmus.learning.schedule.{name}"}, "scheduler", **facts)
    assert set(entry) >= {"scheduler", "interval", "frequency", "monitor"}
