"""Settings that do not go together, as far as only data, model and trainer can tell: refused before the first step."""

import inspect
import math
from typing import Any, cast

from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.model_helpers import is_overridden
from torch import nn

from litmus.data.module import DataModule
from litmus.engine.learner import Learner
from litmus.engine.trainer import Trainer
from litmus.errors import ConfigError, Problem

GONE = {
    "training_epoch_end": "on_train_epoch_end",
    "validation_epoch_end": "on_validation_epoch_end",
    "test_epoch_end": "on_test_epoch_end",
}
"""Hooks of Lightning 1, with those that stand in their place."""
BY_HAND = "set self.automatic_optimization = False, and step self.optimizers() in training_step"
"""What several optimizers ask for."""


def check_together(data: DataModule, module: LightningModule, trainer: Trainer) -> None:
    """Refuses what Lightning or torch would refuse in mid-run, or would go wrong; raises ConfigError."""
    if not data.own_loader:
        _check_batches(data, module, whole=trainer.limit_train_batches == 1.0)
        _check_limits(data, trainer)
    if isinstance(module, Learner):  # others make their optimizer themselves
        _check_inputs(data, module.model)
        _check_optimizer(module, trainer)
    else:
        check_steps(module)


def _check_inputs(data: DataModule, model: nn.Module) -> None:
    """A plain module gets a row's inputs as one tensor; raises ConfigError where it asks for more of them."""
    given = inspect.signature(model.forward).parameters.values()
    several = [
        parameter.name
        for parameter in given
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    if data.own_loader and len(several) > 1:
        shape = " x ".join(map(str, data.spec.in_shape))
        takes = f"{type(model).__name__}.forward takes {' and '.join(several)}, and a row reaches it as one tensor"
        remedy = "take that apart, or make it a LightningModule, whose steps get batches as they are"
        raise ConfigError([Problem("model", f"{takes} of {shape}; {remedy}")])


def _check_batches(data: DataModule, learner: nn.Module, *, whole: bool) -> None:
    """One row has no spread to normalise by; raises ConfigError. `whole`: whether an epoch has all batches."""
    rows, size = len(data.splits["train"]), data.source.batch_size
    lone = size == 1 or (whole and size is not None and rows % size == 1)
    if lone and any(isinstance(module, nn.BatchNorm1d) for module in learner.modules()):
        message = (
            f"{size} of {rows} rows leave a batch of one, which batch norm cannot normalise; use another batch_size"
        )
        raise ConfigError([Problem("data.batch_size", message)])


def _check_limits(data: DataModule, trainer: Trainer) -> None:
    """Batches that there are not are asked for in vain; raises ConfigError, before Lightning does in mid-run."""
    rows = len(data.splits["train"])
    counts = {
        "train": math.ceil(rows / (data.source.batch_size or rows)),
        "val": len(data.scoring_loader("val")),
    }
    overfit = cast("Any", trainer).overfit_batches
    problems = []
    for split, batches in counts.items():
        key = f"limit_{split}_batches"
        limit = getattr(trainer, key)
        if isinstance(limit, float) and 0 < limit * batches < 1:
            which = f"the only {split} batch" if batches == 1 else f"{batches} {split} batches"
            message = f"{limit:g} of {which} is less than one batch; use 1.0, or a whole number of batches"
            problems.append(Problem(f"trainer.{'overfit_batches' if overfit else key}", message))
    interval, batches = trainer.val_check_interval, counts["train"]
    if isinstance(interval, int) and trainer.check_val_every_n_epoch is not None and interval > batches:
        which = "the only train batch" if batches == 1 else f"the {batches} train batches"
        message = f"{interval} is more than {which} of an epoch, after which validation is due anyway; leave it out"
        problems.append(Problem("trainer.val_check_interval", message))
    if problems:
        raise ConfigError(problems)


def check_steps(module: LightningModule) -> None:
    """A user's module lacks what training needs, or is of Lightning 1; raises ConfigError, before Lightning does."""
    lacks = [name for name in ("training_step", "configure_optimizers") if not is_overridden(name, module)]
    gone = [name for name in GONE if callable(getattr(module, name, None))]
    if lacks:
        message = f"has no {lacks[0]}; write it, or give a torch.nn.Module, which loss= and optimizer= train"
    elif gone:
        message = f"defines {gone[0]}, which Lightning 2 has taken away; use {GONE[gone[0]]}, and keep outputs yourself"
    elif "optimizer_idx" in inspect.signature(module.training_step).parameters:
        message = f"takes optimizer_idx in training_step, which Lightning 2 does not give; {BY_HAND}"
    else:
        return
    raise ConfigError([Problem("model", f"{type(module).__name__} {message}")])


def _check_optimizer(learner: Learner, trainer: Trainer) -> None:
    """Makes the optimizer once, which says what its settings do not go together with; raises ConfigError."""
    try:
        optimizer = learner.make_optimizer()
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigError([Problem("optimizer", f"refused: {error}")]) from error
    if optimizer.defaults.get("fused") and trainer.gradient_clip_val and trainer.precision.endswith("-mixed"):
        message = f"true leaves no gradients to clip in precision {trainer.precision}; use false"
        raise ConfigError([Problem("optimizer.fused", message)])
