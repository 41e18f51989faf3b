"""What trains a model beside the model: loss, optimizer, schedule and callbacks, as the config names them."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from lightning.pytorch import Callback
from lightning.pytorch.callbacks import EarlyStopping, StochasticWeightAveraging, WeightAveraging
from torch import nn
from torch.optim import Optimizer
from torchmetrics import Metric as TorchMetric

from litmus.config import RunConfig
from litmus.config.signatures import signature
from litmus.engine.callbacks import Checkpoint
from litmus.engine.observer import DEFAULT_MONITOR
from litmus.engine.own_loss import OwnLoss
from litmus.engine.schedule import make_entry
from litmus.errors import ConfigError, Problem, described
from litmus.loss.base import Loss
from litmus.metrics import measures
from litmus.metrics.answers import Answers
from litmus.metrics.own import OwnMetric, own_metric
from litmus.run.paths import Paths
from litmus.task.base import Outputs
from litmus.task.spec import DataSpec


def make_callbacks(config: RunConfig, paths: Paths, mode: str) -> tuple[Checkpoint, list[Callback]]:
    """The checkpoint keeper of the config's `callback` group, and whatever else stands there."""
    # the loss on val that stands for no other choice may have another name in a user's module
    chosen = not config.model.trains_itself or config.monitor != DEFAULT_MONITOR
    known = {"directory": str(paths.checkpoints), "remedy": f"go on with litmus train resume={paths.directory}"}
    watched = {"monitor": config.monitor, "mode": mode}
    made: dict[str, Any] = {}
    for name, entry in config.callback.entries().items():
        if not entry:
            continue
        # elsewhere, a `mode` without a monitor is not which way that is to go
        takes = signature(entry.target(), entry.target_name, entry.key).parameters
        watches = entry.is_ours or ("monitor" in takes and (chosen or takes["monitor"].required))
        made[name] = entry.make(**known, **(watched if watches else {}))
    checkpoint: Checkpoint = made.pop("checkpoint")
    problems = [
        Problem(f"callback.{name}._target_", f"makes a {type(part).__name__}, and no callback")
        for name, part in made.items()
        if not isinstance(part, Callback)
    ]
    if problems:
        raise ConfigError(problems)
    return checkpoint, list(made.values())


def for_averages(checkpoint: Checkpoint, others: list[Callback]) -> tuple[list[Callback], tuple[str, ...]]:
    """The callbacks without early stopping where one averages weights: its average is ready at the last epoch's end."""
    averages = [
        type(other).__name__ for other in others if isinstance(other, StochasticWeightAveraging | WeightAveraging)
    ]
    if not averages:
        return others, ()
    checkpoint.use = "last"
    stops = any(isinstance(other, EarlyStopping) for other in others)
    rest = [other for other in others if not isinstance(other, EarlyStopping)]
    note = f"callback: {averages[0]} gives the weights of the last epoch's end, and these are used"
    return rest, (note + ("; early stopping is off" if stops else ""),)


def make_optimizer(config: RunConfig) -> Callable[..., Optimizer]:
    """From parameters to the config's optimizer, whether or not its node says `_partial_`."""
    made: Callable[..., Optimizer] = config.optimizer.partial()
    return made


def make_loss(config: RunConfig, known: Mapping[str, Any], outputs: Outputs = "auto") -> Loss:
    """The config's loss: one of ours, or any module or function of outputs and targets.

    Args:
        config: Checked and resolved.
        known: What the data tell constructors, `spec` among it.
        outputs: What outputs mean to a loss of others, where somebody says it.

    Raises:
        ConfigError: It is no such thing, or does not fit the target.
    """
    loss, found = config.loss, config.loss.target()
    if inspect.isroutine(found) and not found.__module__.startswith("litmus."):
        takes = signature(found, loss.target_name, loss.key).parameters
        free = [word for word, take in takes.items() if take.required and word not in loss.node]
        made = loss.partial(**known) if len(free) >= 2 else loss.make(**known)
    else:
        made = loss.make(**known)
    if isinstance(made, Loss):
        return made
    if not callable(made):
        raise ConfigError(
            [Problem("loss._target_", f"makes a {type(made).__name__}, which cannot be called with outputs")]
        )
    return OwnLoss(spec=known["spec"], function=made, name=loss.class_name, outputs=outputs)


def make_metrics(config: RunConfig, spec: DataSpec) -> tuple[OwnMetric, ...]:
    """The config's own metrics; those that ask for the number of classes or the kind of target are told.

    Raises:
        ConfigError: What is named is no metric, does not say which way is good, or takes another kind of target.
    """
    facts = {"num_classes": len(spec.classes) or None, "task": spec.task, "num_labels": len(spec.classes) or None}
    found = []
    for name, entry in config.metrics.entries().items():
        key = entry.key
        made = entry.make(**{word: fact for word, fact in facts.items() if fact is not None})
        if made is None:
            continue
        if name in {*measures(), "loss"}:
            raise ConfigError([Problem(key, "is the name of a metric of ours; choose another one")])
        if not isinstance(made, TorchMetric):
            raise ConfigError(
                [Problem(f"{key}._target_", f"makes a {type(made).__name__}, and no torchmetrics metric")]
            )
        found.append(own_metric(name, made, spec.task))
        _try(found[-1], spec, key)
    return tuple(found)


def _try(metric: OwnMetric, spec: DataSpec, key: str) -> None:
    """Computes a metric on a few made-up rows; raises ConfigError where it cannot."""
    k, rows = len(spec.classes), 4 * max(len(spec.classes), 3)
    target = (torch.arange(rows) % k if k else torch.arange(rows).double() / rows).unsqueeze(0)
    prob = nn.functional.one_hot(target, k).double() * 0.5 + 0.5 / k if k else None
    try:
        metric.compute(Answers(pred=target, target=target, prob=prob))
    except Exception as error:
        raise ConfigError([Problem(key, f"cannot be computed for a {spec.task} target: {described(error)}")]) from error


def injected(config: RunConfig, wanted: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    """What a LightningModule's constructor gets of the groups that it takes, by its arguments' names.

    A loss is made; of an optimizer and a scheduler it gets what makes them, from parameters and from the optimizer.

    Args:
        config: Checked and resolved.
        wanted: Groups, each with the argument that takes it.
        known: What the data tell constructors.
    """
    found: dict[str, Any] = {}
    for group, word in wanted.items():
        if group == "loss":
            found[word] = config.loss.make(**known)
        elif group == "optimizer" and config.optimizer.parts:
            message = "the module makes its optimizer of parameters that it chooses itself; leave it out"
            raise ConfigError([Problem(f"{config.optimizer.key}.parts", message)])
        else:
            part = config.optimizer if group == "optimizer" else config.scheduler
            found[word] = part.partial() if part else None
    return found


def make_schedule(config: RunConfig, mode: str) -> Callable[..., dict[str, Any]] | None:
    """From optimizer and total steps to the scheduler's entry; None for a constant rate."""
    if not config.scheduler:
        return None
    return partial(make_entry, config.scheduler.node, monitor=config.monitor, mode=mode)
