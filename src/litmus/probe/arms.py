"""From a config to a member of a stacked training, and why some configs are trained alone."""

import math
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

import torch
from torch import nn

from litmus.config import RunConfig
from litmus.data.loading import BatchLoader
from litmus.data.module import DataModule
from litmus.data.tensors import Split
from litmus.engine.stacked import Member, Recipe
from litmus.engine.stacked_layers import NotStackable, agrees, outline
from litmus.engine.stacked_updates import reason_not_to_stack
from litmus.run.parts import make_optimizer, make_schedule
from litmus.run.predictor import Predictor, facts
from litmus.run.training import metric_mode, untrained

MOST_PARAMETERS = 300_000  # beyond it a step is more arithmetic than overhead, and nothing is gained
MOST_VALUES = 50_000_000  # of finished inputs held at once, 200 MB
TRAINER_KEYS = frozenset(
    {"max_epochs", "accumulate_grad_batches", "gradient_clip_val", "gradient_clip_algorithm", "num_sanity_val_steps"}
    | {"_target_", "accelerator", "devices", "loop", "threads", "log_every_n_steps", "deterministic", "benchmark"}
)
CALLBACKS = frozenset({"early_stopping", "checkpoint"})
FULL_PRECISION = (None, 32, "32", "32-true")


@final
@dataclass(frozen=True)
class Arm:
    """One training that can be stacked.

    Args:
        predictor: Its model with all that it needs to predict, untrained.
        member: How the model learns.
        recipe: What it must share with others of its stack.
        shape: Arms of one shape can be stacked.
    """

    predictor: Predictor
    member: Member
    recipe: Recipe
    shape: tuple[Any, ...]


def _odd_setting(config: RunConfig) -> str | None:
    trainer = config.trainer
    odd = [key for key, value in trainer.node.items() if key not in {*TRAINER_KEYS, "precision"} and value is not None]
    made = [name for name, entry in config.callback.entries().items() if entry]
    callbacks = [name for name in made if name not in CALLBACKS]
    elsewhere = trainer.accelerator not in {"auto", "cpu", None} or torch.cuda.is_available()
    reasons = {
        "the model is a LightningModule": config.model.trains_itself,
        f"trainer.{odd and odd[0]} is set": bool(odd),
        f"callback.{callbacks and callbacks[0]} is set": bool(callbacks),
        "parts of the model have rates of their own": bool(config.optimizer.parts),
        "Lightning's own loop was asked for": trainer.loop == "stock",
        "it runs on another device": elsewhere,
        "several devices": trainer.devices != 1,
        "reduced precision": trainer.precision not in FULL_PRECISION,
        "there is no last epoch": (trainer.max_epochs or 0) < 1,
        f"monitor={config.monitor}": config.monitor.startswith("train/") and config.monitor != "train/loss",
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _odd_rows(data: DataModule) -> str | None:
    values = sum(split.x.numel() for split in data.splits.values())
    few = data.preprocess.finish(data.splits["train"].x[:2])
    if data.augments and data.source.augment(few) is not few:
        return "training rows are augmented"
    return "too many values to hold finished" if values > MOST_VALUES else None


@final
class Builder:
    """Makes the arms of one config, one a seed.

    Args:
        config: Checked and resolved.
        data: Its rows.
        splits: What `finish` made of them, once for all that share them; None: not yet.

    Raises:
        NotStackable: The config's training cannot be part of a stack.
        InputError: It cannot be trained at all.
    """

    def __init__(self, config: RunConfig, data: DataModule, *, splits: Mapping[str, Split] | None = None) -> None:
        odd = _odd_setting(config) or _odd_rows(data)
        if odd is not None:
            raise NotStackable(odd)
        self.config, self.data = config, data
        self.untrained = untrained(config, data, config.tree)
        loss, counts = self.untrained.loss, self.untrained.class_counts
        known = facts(data.spec, class_counts=counts or None)
        outputs = loss.outputs(data.spec)
        self.make_model: Callable[[], nn.Module] = config.model.partial(**known, out_features=outputs)
        self.make_optimizer = make_optimizer(config)
        self.splits = splits or finish(data)
        odd = self._odd_parts()
        if odd is not None:
            raise NotStackable(odd)

    def retuned(self, config: RunConfig, **settings: float) -> "Builder":
        """The builder of a config that differs in a few settings of the optimizer, and in its trainer."""
        other = copy(self)
        other.config = config
        other.make_optimizer = partial(self.make_optimizer, **settings)
        return other

    def _odd_parts(self) -> str | None:
        model, loss = self.untrained.model, self.untrained.loss
        if not type(loss).__module__.startswith("litmus.loss."):
            return f"{type(loss).__name__} is not one of our losses"
        if sum(parameter.numel() for parameter in model.parameters()) > MOST_PARAMETERS:
            return "a large model gains nothing"
        outline(model)
        if not agrees(model, self.splits["train"].x):
            return f"{type(model).__name__} does more than its layers say"
        return reason_not_to_stack(self.make_optimizer(list(model.parameters())))

    def arm(self, seed: int) -> Arm:
        """The arm of a seed, with the weights and the order of rows that a run of that seed has."""
        config, data = self.config, self.data
        torch.manual_seed(seed)
        predictor = replace(self.untrained, model=self.make_model())
        mode = metric_mode(predictor.task, config.monitor)
        train = BatchLoader(
            self.splits["train"], batch_size=data.source.batch_size, shuffle=data.source.shuffle, seed=seed
        )
        optimizer = self.make_optimizer(list(predictor.model.parameters()))
        trainer, stopping = config.trainer, config.early_stopping
        accumulate, clip = trainer.accumulate_grad_batches or 1, trainer.gradient_clip_val
        steps, schedule = math.ceil(len(train) / accumulate), make_schedule(config, mode)
        epochs = trainer.max_epochs or 1  # there is a last one: `_odd_setting` has looked
        member = Member(
            model=predictor.model,
            optimizer=optimizer,
            schedule=schedule and schedule(optimizer=optimizer, total_steps=float(steps * epochs)),
            train=train,
            val=self.splits["val"],
            seed=seed,
            max_epochs=epochs,
            patience=stopping.patience if stopping else None,
            min_delta=stopping.min_delta,
            clip=float(clip) if clip else None,
            use=config.checkpoint.use,
        )
        recipe = Recipe(
            loss=predictor.loss,
            task=predictor.task,
            monitor=config.monitor,
            mode=mode,
            accumulate=accumulate,
            clip_by=trainer.gradient_clip_algorithm or "norm",
            threads=trainer.threads,
        )
        return Arm(predictor, member, recipe, (*member.shape, *_shared(config, data, recipe)))


def _shared(config: RunConfig, data: DataModule, recipe: Recipe) -> tuple[Any, ...]:
    """What arms of a stack share beside their members' shape: all that the recipe depends on."""
    spec, counts = data.spec, data.class_counts["train"]
    return (
        (repr(config.loss.node), recipe.loss.name),
        repr(config.task.node),
        (spec.task, spec.classes, spec.target_mean, spec.target_sd, tuple(counts)),
        (recipe.monitor, recipe.accumulate, recipe.clip_by, recipe.threads),
    )


def finish(data: DataModule) -> dict[str, Split]:
    """Training and validation rows with inputs as the model takes them."""
    rows = {name: data.splits[name] for name in ("train", "val")}
    if not data.finishes:
        return rows
    return {name: replace(split, x=data.preprocess.finish(split.x)) for name, split in rows.items()}
