"""What is seen of a user's LightningModule while it trains by its own steps: curves, the monitored value, checkpoints.

The module is left as it is. Outputs are caught where its steps call it on a batch's inputs; where they do not, the
split is predicted once more at the epoch's end. What it logs is noted under its own names.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple, cast, final

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint as CheckpointBase  # Lightning calls these last, when all is logged
from lightning.pytorch.utilities.model_helpers import is_overridden
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from litmus.data.loading import step_seed
from litmus.data.tensors import Batch, Split
from litmus.engine.callbacks import Recorder
from litmus.engine.curves import Curves
from litmus.engine.module_outputs import ModuleOutputs
from litmus.engine.target_watch import TargetWatch
from litmus.engine.trace import Trace
from litmus.engine.training_progress import is_cut
from litmus.errors import ConfigError, Problem
from litmus.evidence import Unknown
from litmus.loss.base import Loss
from litmus.task.base import Task

DEFAULT_MONITOR = "val/loss"
SAMPLE = 8  # rows on which it is found out what the module gives


class Seen(NamedTuple):
    """What was seen of one batch: its mean loss, if its step gave it, and its number of rows."""

    loss: Tensor | None
    rows: int


@final
class Observer(CheckpointBase):
    """Stands beside a user's module as our own learner would in its place.

    Args:
        model: Asks the module for outputs.
        loss: What outputs mean; the loss itself is the module's own.
        task: Names the metrics.
        monitor: The value that early stopping and checkpoints go by.
        seed: Of the run: each step's randomness is a function of it and the step, so that a resumed run draws alike.
        manifest: What restores the model elsewhere: plain types and tensors.
        splits: The rows.
        predict: Outputs for a split's inputs, in evaluation mode.
        read: From a batch, as the module gets it, to its inputs and targets; None where it is of another form.
        trace: Told when an epoch's last gradients are there, before validation clears them.
        recorder: Told when an epoch's last value is logged.
    """

    is_followed: ClassVar[bool] = True

    def __init__(
        self,
        *,
        model: ModuleOutputs,
        loss: Loss,
        task: Task,
        monitor: str,
        seed: int,
        manifest: dict[str, Any],
        splits: Mapping[str, Split],
        predict: Callable[[Tensor], Tensor],
        read: Callable[[Any], Batch | None],
        trace: Trace,
        recorder: Recorder,
    ) -> None:
        super().__init__()
        self.model, self.loss, self.task, self.monitor, self.seed = model, loss, task, monitor, seed
        self.manifest, self.splits, self.predict, self.read = manifest, splits, predict, read
        self.trace, self.recorder = trace, recorder
        self.curves = Curves(task=task, loss=loss)
        self.lrs: list[float] = []
        self.logged: set[str] = set()  # names of what the module or a callback has logged
        self.known: dict[str, Tensor] = {}  # the last values of these
        self.monitored_values: dict[str, float] = {}
        self.monitored_epoch = -1
        self.ended_epoch = -1
        self.caught: list[Tensor] = []  # outputs of the batch in hand
        self.inputs: Tensor | None = None  # its inputs, while the module's step runs
        self.missed = {"train": False, "val": False}  # whether the outputs of a batch of the open epoch were not caught
        self.seen: dict[str, list[Seen]] = {"train": [], "val": []}
        self._trainer: Trainer | None = None
        self._handle: RemovableHandle | None = None
        self._watch = TargetWatch()

    @property
    def trainer(self) -> Trainer:
        assert self._trainer is not None  # noqa: S101  # set before anything asks for it
        return self._trainer

    @property
    def device(self) -> torch.device:
        return self.model.module.device

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """What cannot be told of this training, each with the reason."""
        found = []
        if self.model.way is None:
            found.append(Unknown(name="predictions", reason=self.model.reason))
        if not self._known("train/loss"):
            found.append(Unknown(name="train/loss", reason="the model's training_step returns no loss and logs none"))
        if not self._known("val/loss"):
            reason = "the model logs no val/loss"
            if self.monitor == DEFAULT_MONITOR:
                named = sorted(key for key in self.logged if not key.startswith("train"))
                remedy = f"; monitor={named[0]} would pick the best" if named else ""
                reason += f", so the last weights are used and early stopping is off{remedy}"
            found.append(Unknown(name="val/loss", reason=reason))
        reason = "the model trains by its own steps: its loss outside them and its optimizer's settings are not known"
        return (*found, Unknown(name="training", reason=reason))

    def _known(self, key: str) -> bool:
        return bool(self.curves.noted.get(key) or self.curves.values.get(key))

    # the fit

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._trainer, self.curves.processes = trainer, trainer.world_size

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.model.look(self.trace.finish(self.splits["train"].x[:SAMPLE].to(pl_module.device)))
        self._handle = pl_module.register_forward_hook(self._catch)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._watch.stop()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._watch.batches and not self._watch.used:
            self.model.leave(f"no training_step of {type(pl_module).__name__} has looked at the targets")

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if self._handle is not None:
            self._handle.remove()

    def _catch(self, _module: Any, args: tuple[Any, ...], output: Any) -> None:
        if self.inputs is not None and args and args[0] is self.inputs:
            self.caught.append(output)

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        number = trainer.current_epoch * self._batches(trainer) + batch_idx + 1
        seed = step_seed(self.seed, number)
        (torch.default_generator if pl_module.device.type == "cpu" else torch).manual_seed(seed)
        self._begin(batch)
        if self.model.way is not None and not self._watch.used:
            self._watch.start(self.read(batch), batch)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self._watch.stop()
        self._end("train", outputs, batch)
        if trainer.is_last_batch or self.cut:
            self._close("train", trainer.global_step)
            self.trace.end_epoch(trainer)

    def on_validation_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        if not dataloader_idx:
            self._begin(batch)

    def on_validation_batch_end(  # noqa: PLR0917  # Lightning's
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if dataloader_idx:  # the rows of the first of several loaders are the val split
            return
        # a tensor that validation_step returns may be anything; a loss is called so
        self._end("val", outputs if isinstance(outputs, Mapping) else None, batch)

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.sanity_checking:
            self._forget("val")
        else:
            self._close("val")

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._end_epoch()
        self.recorder.end_epoch(trainer, self)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint["litmus"] = {**self.manifest, "outputs": self.model.state()}
        checkpoint["curves"] = self.curves.state()
        checkpoint["lrs"] = self.lrs
        checkpoint["shown"], checkpoint["shown_epoch"] = dict(self.monitored_values), self.monitored_epoch
        checkpoint["observed"] = {
            "logged": sorted(self.logged),
            "missed": dict(self.missed),
            "seen": {split: [list(batch) for batch in batches] for split, batches in self.seen.items()},
        }

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        self.restore_progress(checkpoint)

    def restore_progress(self, checkpoint: Mapping[str, Any]) -> None:
        """Takes over what a checkpoint holds of the training so far."""
        self.curves.restore(checkpoint["curves"])
        self.lrs = checkpoint["lrs"]
        self.monitored_values, self.monitored_epoch = checkpoint["shown"], checkpoint["shown_epoch"]
        self.model.restore(checkpoint["litmus"]["outputs"])
        known = checkpoint["observed"]
        self.logged, self.missed = set(known["logged"]), dict(known["missed"])
        self.seen = {split: [Seen(*batch) for batch in batches] for split, batches in known["seen"].items()}

    # a batch

    def _begin(self, batch: Any) -> None:
        read = self.read(batch)
        self.inputs, self.caught = None if read is None else read.x, []

    def _end(self, split: str, outputs: Any, batch: Any) -> None:
        """Takes what a step has given: the loss that it returned, and the outputs that it has called for once."""
        self.inputs = None
        read = self.read(batch)
        loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
        loss = loss.detach().mean() if isinstance(loss, Tensor) and loss.is_floating_point() else None
        output = None if read is None or len(self.caught) != 1 else self._taken(self.caught[0], len(read.y))
        self.caught = []
        self.seen[split].append(Seen(loss, 1 if read is None else len(read.y)))
        if read is None or output is None:
            self.missed[split] = True
        else:
            self.curves.add(split, output, read.y, loss, read.weight)

    def _taken(self, output: Any, rows: int) -> Tensor | None:
        """Outputs that the module has given in a step, as tasks take them; None if they are not those of its way."""
        way = self.model.way
        if way is None or way.method != "forward" or way.takes != "inputs":
            return None
        if way.part is not None:
            output = (
                output[way.part]
                if isinstance(way.part, int) or isinstance(output, Mapping)
                else getattr(output, way.part)
            )
        return self.model.canonical(output.detach()) if self.model.fits(output, rows) else None

    # an epoch

    def _close(self, split: str, step: int | None = None) -> None:
        """Ends a split's epoch: its outputs are those that were caught, or are asked for now; its loss is noted."""
        epoch, seen, curves = self.trainer.current_epoch, self.seen[split], self.curves
        loss = _mean(seen)
        if step is not None:
            curves.steps[epoch] = step
        if self.model.way is not None and (self.missed[split] or not curves.open[split]):
            curves.open[split].clear()
            rows = self.splits[split]
            curves.add(split, self.predict(rows.x), rows.y, loss if loss is None else loss.cpu())
        curves.close(split, epoch, step)
        if split == "train":
            curves.batch_losses = [batch.loss for batch in seen if batch.loss is not None]
        if loss is not None and self.model.way is None:
            curves.note(f"{split}/loss", epoch, float(loss))
        self._forget(split)

    def _forget(self, split: str) -> None:
        self.curves.open[split].clear()
        self.seen[split], self.missed[split] = [], False

    def _end_epoch(self) -> None:
        """Makes everything known that the epoch has logged; does nothing the second time."""
        trainer, epoch = self.trainer, self.trainer.current_epoch
        if self.ended_epoch == epoch:
            return
        self.ended_epoch = epoch
        if self.seen["train"]:  # a callback has stopped the epoch before its last batch
            self._close("train", trainer.global_step)
        every = trainer.check_val_every_n_epoch or 1
        if not is_overridden("validation_step", self.model.module) and (epoch + 1) % every == 0:
            self._close("val")
        rates = [group["lr"] for optimizer in trainer.optimizers for group in optimizer.param_groups]
        self.lrs[epoch:] = [max(map(float, rates), default=0.0)]
        self._note_logged(epoch)
        self._publish(epoch)

    def _note_logged(self, epoch: int) -> None:
        """Takes what was logged since the epoch before: Lightning keeps older values, as the same objects."""
        now = dict(self.trainer.callback_metrics)
        new = {name: float(value) for name, value in now.items() if value is not self.known.get(name)}
        self.known, self.logged = now, self.logged | now.keys()
        for name, value in new.items():
            if name.partition("/")[0] != "test":
                self.curves.note(name, epoch, value)
        for split in ("train", "val"):
            named = next((name for name in _names_of_loss(split) if name in new), None)
            if named is not None:
                self.curves.note(f"{split}/loss", epoch, new[named])

    def _publish(self, epoch: int) -> None:
        """Makes the monitored value of an epoch known, if it has one."""
        name = self.monitor
        if name not in self.logged | self.curves.measured and (self.trainer.enable_validation or epoch):
            names = ", ".join(sorted(self.logged)) or "nothing"
            raise ConfigError([Problem("monitor", f"{name!r} is not logged by the model; it logs {names}"[:250])])
        if epoch in self.curves.noted.get(name, {}) or self.curves.measured_in(name, epoch):
            self.monitored_values[name], self.monitored_epoch = self.curves.latest(name), epoch

    @property
    def monitored(self) -> float | None:
        """The monitored value of the current epoch; None where it has none."""
        self._end_epoch()
        if self.monitored_epoch != self.trainer.current_epoch:
            return None
        return self.monitored_values.get(self.monitor)

    @property
    def cut(self) -> bool:
        """Whether max_steps ends the current epoch before its last batch."""
        return is_cut(self.trainer)

    def close_cut_epoch(self) -> None:
        """Gives a cut epoch its row, and keeps its batches for a resume with more steps, whose row replaces it."""
        self._end_epoch()

    def _batches(self, trainer: Trainer) -> int:
        """Batches of an epoch, or a number beyond any where that is not known."""
        batches = cast("float", trainer.num_training_batches)
        return int(batches) if batches < 2**31 else 2**31


def _names_of_loss(split: str) -> tuple[str, ...]:
    """What modules call the loss of a split, in the order in which they are believed."""
    usual = (f"{split}/loss", f"{split}_loss", f"{split}/loss_epoch", f"{split}_loss_epoch")
    return (*usual, *(f"{name}/dataloader_idx_0" for name in usual))  # of several val loaders the first is ours


def _mean(seen: list[Seen]) -> Tensor | None:
    """The mean loss over rows; None where a batch's is not known."""
    losses = [batch.loss for batch in seen]
    if not losses or any(loss is None for loss in losses):
        return None
    rows = torch.tensor([batch.rows for batch in seen], dtype=torch.float32)
    return (torch.stack(cast("list[Tensor]", losses)).cpu().float() * rows).sum() / rows.sum()
