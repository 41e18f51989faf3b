"""Learning-rate schedules as Lightning takes them: made when the optimizer and the number of steps are known."""

import math
from collections.abc import Callable, Iterable
from functools import partial
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Lt
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR, ReduceLROnPlateau, StepLR

from litmus.errors import ConfigError, Problem

Entry = dict[str, Any]
Epochs = Annotated[int, Ge(1)]
Factor = Annotated[float, Gt(0), Lt(1)]


def step(*, optimizer: Optimizer, step_size: Epochs = 30, gamma: Factor = 0.1) -> Entry:
    """Multiplies the learning rate by `gamma` every `step_size` epochs.

    Args:
        optimizer: Injected.
        step_size: Epochs between two drops.
        gamma: What each drop multiplies by.
    """
    return _entry(StepLR(optimizer, step_size, gamma), "epoch")


def cosine(*, optimizer: Optimizer, total_steps: float, min_lr: Annotated[float, Ge(0)] = 0.0) -> Entry:
    """Takes the learning rate down along half a cosine over the whole run, by the step.

    Args:
        optimizer: Injected.
        total_steps: Injected: updates of the whole run.
        min_lr: Where it ends.
    """
    steps = _finite(total_steps)

    def share(lr: float, step: int) -> float:
        """Of the learning rate; without regard to the last one, so that a resume may change the number of steps."""
        return (min_lr + (lr - min_lr) * (1 + math.cos(math.pi * min(step / steps, 1))) / 2) / lr

    shares: list[Callable[[int], float]] = [partial(share, group["lr"]) for group in optimizer.param_groups]
    return _entry(LambdaLR(optimizer, shares), "step")


def onecycle(*, optimizer: Optimizer, total_steps: float, warmup: Factor = 0.3) -> Entry:
    """Takes the learning rate up to optimizer.lr and down to almost 0 over the whole run, by the step.

    Args:
        optimizer: Injected.
        total_steps: Injected: updates of the whole run.
        warmup: Share of the run that goes up.

    Source: Smith and Topin, Super-Convergence, 2018.
    """
    rates = [group["lr"] for group in optimizer.param_groups]
    steps = max(_finite(total_steps), 2)  # a single step has no phases
    cycle = (
        any(name in optimizer.defaults for name in ("momentum", "betas")) and optimizer.defaults.get("momentum") != 0
    )
    return _entry(OneCycleLR(optimizer, rates, steps, pct_start=warmup, cycle_momentum=cycle), "step")


def plateau(
    *,
    optimizer: Optimizer,
    monitor: str,
    mode: Literal["min", "max"] = "min",
    factor: Factor = 0.1,
    patience: Annotated[int, Ge(0)] = 10,
    min_lr: Annotated[float, Ge(0)] = 0.0,
) -> Entry:
    """Multiplies the learning rate by `factor` when the monitored value has stopped improving.

    Args:
        optimizer: Injected.
        monitor: Injected: the value that is looked at, once an epoch.
        mode: Injected: whether lower or higher is better.
        factor: What each drop multiplies by.
        patience: Epochs without improvement before a drop.
        min_lr: Where it ends.
    """
    scheduler = ReduceLROnPlateau(optimizer, mode, factor=factor, patience=patience, min_lr=min_lr)
    return _entry(scheduler, "epoch") | {"monitor": monitor, "reduce_on_plateau": True, "strict": True}


def forget_length(states: Iterable[Entry]) -> None:
    """Takes out of the stored states how long the run was to be, so that a resumed one may be longer."""
    for state in states:
        for key in ("total_steps", "_schedule_phases"):
            state.pop(key, None)


def _entry(scheduler: object, interval: Literal["epoch", "step"]) -> Entry:
    return {"scheduler": scheduler, "interval": interval, "frequency": 1, "monitor": None}


def _finite(total_steps: float) -> int:
    if not 0 < total_steps < float("inf"):
        raise ConfigError([Problem("scheduler", "needs a run of known length; set trainer.max_epochs or max_steps")])
    return int(total_steps)
