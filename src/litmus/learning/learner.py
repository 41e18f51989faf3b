"""The one LightningModule: a model, its loss and its task, whatever the data."""

import math
from collections.abc import Callable
from typing import Any, cast, final

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from litmus.data.base import Batch
from litmus.data.loader import step_seed
from litmus.learning.curves import Curves
from litmus.learning.schedule import forget_length
from litmus.task.base import Task
from litmus.task.objective import Loss

NEVER = 2**62
RANDOM_LAYERS = (nn.modules.dropout._DropoutNd, nn.RReLU, nn.FractionalMaxPool2d, nn.RNNBase)  # noqa: SLF001


@final
class Learner(LightningModule):
    """Trains `model` by `loss`.

    Args:
        model: Maps `(rows, *in_shape)` to `(rows, outputs)`.
        loss: Takes the raw outputs.
        task: Turns activated outputs into predictions and names the metrics.
        optimizer: From parameters to a torch optimizer.
        schedule: From optimizer and total number of steps to Lightning's scheduler entry; None: constant rate.
        seed: Of the run; all randomness in training is a function of it and the step.
        monitor: `{split}/{metric}` that early stopping, checkpoints and plateau schedulers look at.
        card: What restores the model elsewhere (config, spec, preprocessing, ...): plain types and tensors.
        random_batches: Whether the data module augments, so that batches draw random numbers.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        loss: Loss,
        task: Task,
        optimizer: Callable[..., Optimizer],
        schedule: Callable[..., dict[str, Any]] | None,
        seed: int,
        monitor: str,
        card: dict[str, Any],
        random_batches: bool = False,
    ) -> None:
        super().__init__()
        self.model, self.loss, self.task = model, loss, task
        self.make_optimizer, self.make_schedule = optimizer, schedule
        self.seed, self.monitor, self.card = seed, monitor, card
        self.curves = Curves(task=task, loss=loss)
        self.draws = random_batches or any(isinstance(module, RANDOM_LAYERS) for module in model.modules())
        self.shown: dict[str, float] = {}  # what callbacks can monitor
        self.shown_epoch = -1
        self.lrs: list[float] = []  # largest of each epoch
        self.mass = 0.0  # of the rows in the open accumulation group

    def forward(self, x: Tensor) -> Tensor:
        """Raw outputs `(rows, outputs)` of finished inputs `(rows, *in_shape)`."""
        output: Tensor = self.model(x)
        return output

    def on_fit_start(self) -> None:
        self.curves.processes = self.trainer.world_size

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        if self.draws:
            seed = step_seed(self.seed, self.trainer.fit_loop.epoch_loop.total_batch_idx + 1)
            # torch.manual_seed costs a millisecond: it notes the call stack for each kind of device that is absent
            (torch.default_generator if self.device.type == "cpu" else torch).manual_seed(seed)

    def training_step(self, batch: Batch, batch_idx: int = 0) -> Tensor:
        """The batch's loss; while accumulating its sum, of which `on_before_optimizer_step` makes the group's mean."""
        output: Tensor = self.model(batch.x)
        loss: Tensor = self.loss(output, batch.y, batch.weight)
        self.curves.add("train", output, batch.y, loss)
        if self.trainer.accumulate_grad_batches == 1:
            return loss
        # Lightning divides each micro-batch by the nominal group size, which is wrong for a short or ragged group
        mass = self.loss.mass(batch.y, batch.weight).sum()
        self.mass += float(mass)
        return loss * mass

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        group = self.trainer.accumulate_grad_batches
        if group == 1 or self.mass == 0:
            return
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad.mul_(group / self.mass)
        self.mass = 0.0

    def on_validation_model_zero_grad(self) -> None:
        """Nothing: gradients are cleared before each backward pass, and the trace reads them after validation."""

    def validation_step(self, batch: Batch, batch_idx: int = 0) -> None:
        self.curves.add("val", self.model(batch.x), batch.y, None, batch.weight)

    def on_validation_epoch_end(self) -> None:
        if self.trainer.sanity_checking:
            self.curves.drop("val")
        else:
            self.close_validation(self.trainer.current_epoch)

    def close_validation(self, epoch: int) -> None:
        """Closes the epoch's val curve and shows the monitored value to callbacks."""
        self.curves.close("val", epoch)
        if self.monitor.startswith("val/"):
            self.shown_epoch = epoch
            self.show(self.monitor, self.curves.latest(self.monitor))

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        if self.trainer.is_last_batch or self.cut:
            self.curves.close("train", self.trainer.current_epoch, self.trainer.global_step)

    def on_train_epoch_end(self) -> None:
        """Shows the monitored value to the callbacks that monitor a metric, which come after it."""
        epoch = self.trainer.current_epoch
        if self.curves.open["train"]:  # where somebody stopped it
            self.curves.close("train", epoch, self.trainer.global_step)
        self.lrs[epoch:] = [max([group["lr"] for group in self.trainer.optimizers[0].param_groups])]
        if self.monitor.startswith("train/") and not self.cut:
            self.shown_epoch = epoch
            self.show(self.monitor, self.curves.latest(self.monitor))
        if self.measured is not None:
            self._step_plateau(self.measured)

    @property
    def cut(self) -> bool:
        """Whether max_steps ends the epoch in hand before its last batch."""
        trainer = self.trainer
        return 0 <= trainer.max_steps <= trainer.global_step and not trainer.is_last_batch

    def close_cut_epoch(self) -> None:
        """Gives a cut epoch its row, and keeps its batches for a resume with more steps, whose row replaces it."""
        batches = list(self.curves.open["train"])
        self.on_train_epoch_end()
        self.curves.open["train"] = batches

    @property
    def measured(self) -> float | None:
        """The monitored value of the epoch in hand; None where it has none."""
        return self.shown.get(self.monitor) if self.shown_epoch == self.trainer.current_epoch else None

    def _step_plateau(self, value: float) -> None:
        # Lightning would do so after the callbacks that save, and in epochs without a new value too
        for entry in self.trainer.lr_scheduler_configs:
            if isinstance(entry.scheduler, ReduceLROnPlateau):
                entry.scheduler.step(value)

    def show(self, name: str, value: float) -> None:
        """Makes a value known to our callbacks, and to others as `trainer.callback_metrics[name]`."""
        self.shown[name] = value
        self.log(name, value, rank_zero_only=True)

    def configure_optimizers(self) -> Any:
        """Lightning's dict of optimizer and, if there is one, scheduler."""
        optimizer = self.make_optimizer([p for p in self.model.parameters() if p.requires_grad])
        if self.make_schedule is None:
            return optimizer
        schedule = self.make_schedule(optimizer=optimizer, total_steps=self._total_steps())
        if isinstance(schedule["scheduler"], ReduceLROnPlateau):
            schedule["frequency"] = NEVER  # for Lightning; see _step_plateau
        return {"optimizer": optimizer, "lr_scheduler": schedule}

    def _total_steps(self) -> float:
        """Optimizer steps of the whole run; infinite where nothing limits it.

        Lightning's own estimate sets up the loaders too early for a resume to give them their position back.
        """
        trainer = self.trainer
        batches = len(trainer.datamodule.train_dataloader())  # type: ignore[attr-defined]
        limit = trainer.limit_train_batches
        batches = min(batches, limit) if isinstance(limit, int) else int(batches * limit)
        epochs = float("inf") if trainer.max_epochs in {None, -1} else trainer.max_epochs
        steps = float(math.ceil(batches / trainer.accumulate_grad_batches) * cast("float", epochs))
        return steps if trainer.max_steps == -1 else min(steps, trainer.max_steps)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["litmus"] = self.card
        checkpoint["curves"] = self.curves.state()
        checkpoint["mass"] = self.mass
        checkpoint["lrs"] = self.lrs
        checkpoint["shown"], checkpoint["shown_epoch"] = dict(self.shown), self.shown_epoch

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        forget_length(checkpoint["lr_schedulers"])
        self.curves.restore(checkpoint["curves"])
        self.mass, self.lrs = checkpoint["mass"], checkpoint["lrs"]
        self.shown, self.shown_epoch = checkpoint["shown"], checkpoint["shown_epoch"]
