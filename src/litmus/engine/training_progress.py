"""Whose progress callbacks follow: our learner's, or that of a user's LightningModule, which an observer keeps."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import nn

from litmus.engine.curves import Curves
from litmus.loss.base import Loss


class Followed(Protocol):
    """What is known of a training while it runs, epoch by epoch."""

    @property
    def curves(self) -> Curves:
        """Every value of every epoch."""

    @property
    def model(self) -> nn.Module:
        """From finished inputs to outputs."""

    @property
    def loss(self) -> Loss:
        """What outputs mean."""

    @property
    def monitor(self) -> str:
        """Name of the value that early stopping and checkpoints go by."""

    @property
    def lrs(self) -> list[float]:
        """Largest learning rate of each epoch."""

    @property
    def trainer(self) -> Trainer:
        """The one that it runs in."""

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    @property
    def monitored(self) -> float | None:
        """The monitored value of the current epoch; None where it has none."""

    @property
    def cut(self) -> bool:
        """Whether max_steps ends the current epoch before its last batch."""

    def close_cut_epoch(self) -> None:
        """Gives a cut epoch its row, and keeps its batches for a resume with more steps, whose row replaces it."""

    def restore_progress(self, checkpoint: Mapping[str, Any]) -> None:
        """Takes over what a checkpoint holds of it."""


def followed(trainer: Trainer, module: LightningModule) -> Followed:
    """The learner itself, or the observer among the callbacks of a user's module."""
    if getattr(module, "is_followed", False):
        return cast("Followed", module)
    observer = next(callback for callback in cast("Any", trainer).callbacks if getattr(callback, "is_followed", False))
    return cast("Followed", observer)


def is_cut(trainer: Trainer) -> bool:
    """Whether max_steps ends the current epoch before its last batch."""
    return 0 <= trainer.max_steps <= trainer.global_step and not trainer.is_last_batch
