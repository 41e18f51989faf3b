"""Learning-rate schedules as Lightning takes them: made when the optimizer and the number of steps are known."""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Lt
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR, ReduceLROnPlateau, StepLR

from litmus.config import make, target
from litmus.config.signatures import nodes, signature
from litmus.errors import ConfigError, Problem, quote

Entry = dict[str, Any]
Interval = Literal["epoch", "step"]
OUR_KEYS = frozenset({"interval", "_partial_"})  # what a scheduler's node may hold beside the arguments of its class
COUNTED = frozenset({"total_steps", "epochs", "steps_per_epoch"})  # how long a cycle is, in the user's own words
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


def advance(entry: Entry | None, interval: Interval, *, monitored: float | None = None) -> None:
    """Steps a scheduler that goes by `interval`: at an epoch's monitored value one that waits for it, else any other.

    Args:
        entry: Of the scheduler; None: the learning rate is constant.
        interval: What has just ended.
        monitored: The epoch's monitored value, once it is known.
    """
    if entry is None or entry["interval"] != interval:
        return
    scheduler = entry["scheduler"]
    if isinstance(scheduler, ReduceLROnPlateau):
        if monitored is not None:
            scheduler.step(monitored)
    elif monitored is None:
        scheduler.step()


def make_entry(node: Mapping[str, Any], *, optimizer: Optimizer, total_steps: float, monitor: str, mode: str) -> Entry:
    """Lightning's entry for the scheduler of a config: one of the functions above, or any class of torch's or a user's.

    Args:
        node: The config's `scheduler`; its key `interval`, epoch or step, says what such a class counts. By default
            epochs; steps where its `total_steps` is that of the run.
        optimizer: What it drives.
        total_steps: Updates of the whole run.
        monitor: The value that a plateau is looked for in.
        mode: Whether that is to fall or to rise.

    Raises:
        ConfigError: It is no scheduler, or refuses its arguments.
    """
    found = target(node["_target_"], "scheduler")
    takes = signature(found, node["_target_"], "scheduler").parameters
    own = {key: value for key, value in node.items() if key in takes or key not in OUR_KEYS}
    steps = int(total_steps) if math.isfinite(total_steps) else total_steps
    facts: dict[str, Any] = {"optimizer": optimizer}
    if "monitor" in takes or (inspect.isclass(found) and issubclass(found, ReduceLROnPlateau)):
        facts |= {"monitor": monitor, "mode": mode}  # elsewhere a mode is something else
    counted = "total_steps" in takes and not COUNTED & own.keys()
    if counted:
        facts["total_steps"] = steps
    inner = {key: [make(item, "scheduler", **facts) for item in own[key]] for key in own if any(nodes(own[key]))}
    made = make(own | inner, "scheduler", **facts)
    if isinstance(made, dict):  # one of ours, or a user's
        return made
    if not isinstance(made, LRScheduler):
        message = f"{quote(node['_target_'])} makes a {type(made).__name__}, and no scheduler of torch's"
        raise ConfigError([Problem("scheduler._target_", message)])
    interval: Any = node.get("interval") or ("step" if counted else "epoch")
    if not isinstance(made, ReduceLROnPlateau):
        return _entry(made, interval)
    if interval == "step":
        raise ConfigError([Problem("scheduler.interval", "a plateau is looked for once an epoch; leave it out")])
    return _entry(made, "epoch") | {"monitor": monitor, "reduce_on_plateau": True, "strict": True}


def forget_length(states: Iterable[Entry]) -> None:
    """Takes out of the stored states how long the run was to be, so that a resumed one may be longer."""
    for state in states:
        for key in ("total_steps", "_schedule_phases"):
            state.pop(key, None)


def _entry(scheduler: object, interval: Interval) -> Entry:
    return {"scheduler": scheduler, "interval": interval, "frequency": 1, "monitor": None}


def _finite(total_steps: float) -> int:
    if not 0 < total_steps < float("inf"):
        raise ConfigError([Problem("scheduler", "needs a run of known length; set trainer.max_epochs or max_steps")])
    return int(total_steps)
