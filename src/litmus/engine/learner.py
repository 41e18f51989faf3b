"""The LightningModule around every model, with its loss and its task, whatever the data."""

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast, final

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim import Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from litmus.data.loading import step_seed
from litmus.data.tensors import Batch
from litmus.engine import gradients
from litmus.engine.curves import Curves
from litmus.engine.part_rates import parameter_groups
from litmus.engine.schedule import Entry, advance, forget_length
from litmus.engine.training_progress import is_cut
from litmus.errors import ConfigError, Problem
from litmus.loss.base import Loss
from litmus.task.base import Task

NEVER = 2**62
PARTS = "optimizer.parts"  # for errors
RANDOM_LAYERS = (
    *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout),
    *(nn.RReLU, nn.FractionalMaxPool2d, nn.RNNBase),
)


def fuse(optimizer: Optimizer) -> None:
    """Lets Adam step by one kernel a parameter where nothing else is set: twice to three times as fast on a processor.

    Values are the same but for rounding. Single networks keep torch's default, as a loop by hand has it.
    """
    for group in optimizer.param_groups if type(optimizer) in {Adam, AdamW} else ():
        on_processor = all(parameter.device.type == "cpu" for parameter in group["params"])
        odd = any(group.get(name) for name in ("foreach", "capturable", "differentiable", "amsgrad"))
        if on_processor and not odd and group["fused"] is None and not isinstance(group["lr"], Tensor):
            group["fused"] = True


def ensemble_size_of(model: nn.Module) -> int:
    """Networks whose mean is the model's output: more than 1 where it has that many `members` and says so."""
    size = getattr(model, "ensemble_size", 1)
    return size if isinstance(size, int) and hasattr(model, "members") else 1


@final
class Learner(LightningModule):
    """Trains `model` by `loss`, in Lightning's own fit loop or in ours.

    Args:
        model: Maps `(rows, *in_shape)` to `(rows, outputs)`; one whose `ensemble_size` is above 1 has the method
            `members`, to `(members, rows, outputs)`, each of which learns by its own loss.
        loss: Takes the raw outputs.
        task: Turns activated outputs into predictions and names the metrics.
        optimizer: From parameters to a torch optimizer.
        rates: Parts of the model to learning rates of their own, as `parameter_groups` takes them.
        schedule: From optimizer and total number of steps to Lightning's scheduler entry; None: constant rate.
        seed: Of the run; all randomness in training is a function of it and the step.
        monitor: `{split}/{metric}` that early stopping, checkpoints and plateau schedulers go by.
        manifest: What restores the model elsewhere (config, spec, preprocessing, ...): plain types and tensors.
        random_batches: Whether the data module augments, so that batches draw random numbers.
    """

    is_followed: ClassVar[bool] = True

    def __init__(
        self,
        *,
        model: nn.Module,
        loss: Loss,
        task: Task,
        optimizer: Callable[..., Optimizer],
        schedule: Callable[..., Entry] | None,
        seed: int,
        monitor: str,
        manifest: dict[str, Any],
        random_batches: bool = False,
        rates: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__()
        self.model, self.loss, self.task = model, loss, task
        self.ensemble_size = ensemble_size_of(model)
        self.rates, self.make_schedule = rates or {}, schedule
        self._optimizer_of = optimizer
        self.seed, self.monitor, self.manifest = seed, monitor, manifest
        self.curves = Curves(task=task, loss=loss)
        self.draws = random_batches or any(isinstance(module, RANDOM_LAYERS) for module in model.modules())
        self.logs = True  # whether the monitored value is logged, for callbacks that are not ours
        self.monitored_values: dict[str, float] = {}  # the last one, by its name
        self.monitored_epoch = -1
        self.lrs: list[float] = []  # largest of each epoch
        self.group_weight = 0.0  # of the rows in the open accumulation group
        self.scheduler: Entry | None = None

    def on_fit_start(self) -> None:
        self.curves.processes = self.trainer.world_size

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        if self.draws:
            number = self.trainer.current_epoch * int(self.trainer.num_training_batches) + batch_idx + 1
            seed = step_seed(self.seed, number)
            # torch.manual_seed costs a millisecond: it notes the call stack for each kind of device that is absent
            (torch.default_generator if self.device.type == "cpu" else torch).manual_seed(seed)

    def training_step(self, batch: Batch, batch_idx: int = 0) -> Tensor:
        """The batch's loss; while accumulating its sum, of which `on_before_optimizer_step` makes the group's mean."""
        loss = self._loss(batch) if self.ensemble_size == 1 else self._ensemble_loss(batch)
        if self.trainer.accumulate_grad_batches == 1:
            return loss
        # Lightning divides each micro-batch by the nominal group size, which is wrong for a short or ragged group
        weight = self.loss.mass(batch.y, batch.weight).sum()
        self.group_weight += float(weight)
        return loss * weight

    def _loss(self, batch: Batch) -> Tensor:
        output: Tensor = self.model(batch.x)
        loss: Tensor = self.loss(output, batch.y, batch.weight)
        self.curves.add("train", output, batch.y, loss)
        return loss

    def _ensemble_loss(self, batch: Batch) -> Tensor:
        """The sum of the members' losses, so that each learns as it would alone; the curve is that of their mean."""
        size, output = self.ensemble_size, cast("Any", self.model).members(batch.x)
        weight = None if batch.weight is None else batch.weight.repeat(size)
        loss: Tensor = self.loss(output.flatten(0, 1), batch.y.repeat(size), weight) * size
        with torch.no_grad():
            mean = output.mean(0)
            self.curves.add("train", mean, batch.y, self.loss(mean, batch.y, batch.weight))
        return loss

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        group = self.trainer.accumulate_grad_batches
        if group > 1:
            found = [parameter.grad for parameter in self.parameters() if parameter.grad is not None]
            gradients.average(found, self.group_weight, group)
            self.group_weight = 0.0

    def on_validation_model_zero_grad(self) -> None:
        """Nothing: gradients are cleared before each backward pass, and the trace reads them after validation."""

    def validation_step(self, batch: Batch, batch_idx: int = 0) -> None:
        self.curves.add("val", self.model(batch.x), batch.y, None, batch.weight)

    def on_validation_epoch_end(self) -> None:
        if self.trainer.sanity_checking:
            self.curves.open["val"].clear()
        else:
            self.close_validation(self.trainer.current_epoch)

    def close_validation(self, epoch: int) -> None:
        """Closes the epoch's val curve, and makes the monitored value known if it is one of val."""
        self.curves.close("val", epoch)
        if self.monitor.startswith("val/"):
            self._publish(epoch)

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        if self.trainer.is_last_batch or self.cut:
            self.curves.close("train", self.trainer.current_epoch, self.trainer.global_step)

    def on_train_epoch_end(self) -> None:
        """Makes the monitored value known if it is one of train, before the callbacks that go by it."""
        epoch = self.trainer.current_epoch
        if self.curves.open["train"]:  # a callback has stopped the epoch before its last batch
            self.curves.close("train", epoch, self.trainer.global_step)
        self.lrs[epoch:] = [max([group["lr"] for group in self.trainer.optimizers[0].param_groups])]
        if self.monitor.startswith("train/") and not self.cut:
            self._publish(epoch)
        if self.monitored is not None:
            # Lightning would do so after the callbacks that save, and in epochs without a new value too
            advance(self.scheduler, "epoch", monitored=self.monitored)

    def _publish(self, epoch: int) -> None:
        """Makes the monitored value known to our callbacks, and to others as `trainer.callback_metrics[monitor]`."""
        value = self.curves.latest(self.monitor)
        self.monitored_values[self.monitor], self.monitored_epoch = value, epoch
        if self.logs:
            self.log(self.monitor, value, rank_zero_only=True, logger=False)  # the curves have it

    @property
    def monitored(self) -> float | None:
        """The monitored value of the current epoch; None where it has none."""
        if self.monitored_epoch != self.trainer.current_epoch:
            return None
        return self.monitored_values.get(self.monitor)

    @property
    def cut(self) -> bool:
        """Whether max_steps ends the current epoch before its last batch."""
        return is_cut(self.trainer)

    def close_cut_epoch(self) -> None:
        """Gives a cut epoch its row, and keeps its batches for a resume with more steps, whose row replaces it."""
        batches = list(self.curves.open["train"])
        self.on_train_epoch_end()
        self.curves.open["train"] = batches

    def configure_optimizers(self) -> Any:
        """Lightning's dict of optimizer and, if there is one, scheduler."""
        try:
            optimizer = self.make_optimizer()
        except (TypeError, ValueError) as error:
            raise ConfigError([Problem("optimizer", f"refused: {error}")]) from error
        if self.make_schedule is None:
            return optimizer
        self.scheduler = self.make_schedule(optimizer=optimizer, total_steps=self._total_steps())
        for_lightning = dict(self.scheduler)
        if isinstance(for_lightning["scheduler"], ReduceLROnPlateau):
            for_lightning["frequency"] = NEVER  # on_train_epoch_end steps it
        return {"optimizer": optimizer, "lr_scheduler": for_lightning}

    def make_optimizer(self) -> Optimizer:
        """A new optimizer of the parameters that are trained; raises what its class raises, and ConfigError."""
        optimizer = self._optimizer_of(parameter_groups(self.model, self.rates, PARTS))
        if self.ensemble_size > 1:
            fuse(optimizer)
        return optimizer

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
        checkpoint["litmus"] = self.manifest
        checkpoint["curves"] = self.curves.state()
        checkpoint["mass"] = self.group_weight
        checkpoint["lrs"] = self.lrs
        checkpoint["shown"], checkpoint["shown_epoch"] = dict(self.monitored_values), self.monitored_epoch

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        forget_length(checkpoint["lr_schedulers"])
        self.restore_progress(checkpoint)

    def restore_progress(self, checkpoint: Mapping[str, Any]) -> None:
        """Takes over what a checkpoint holds of the training so far."""
        self.curves.restore(checkpoint["curves"])
        self.group_weight, self.lrs = checkpoint["mass"], checkpoint["lrs"]
        self.monitored_values, self.monitored_epoch = checkpoint["shown"], checkpoint["shown_epoch"]
