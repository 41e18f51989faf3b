"""The callbacks of every training: early stopping, checkpoints, signals, non-finite losses, and history.csv."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, cast, final

import torch
from annotated_types import Ge, Gt
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch import callbacks as lightning
from lightning.pytorch.callbacks import Checkpoint as CheckpointBase
from torch import Tensor

from litmus.config.run_config import USUAL_PATIENCE
from litmus.disk import write_text
from litmus.engine.best import Best, Mode
from litmus.engine.trace import Trace
from litmus.engine.training_progress import Followed, followed
from litmus.errors import InterruptedRun
from litmus.evidence import NonFinite

WRITE_SECONDS = 2.0  # between two writings, at least
WRITE_SHARE = 50.0  # writing may take a fiftieth of the time


class Sink(Protocol):
    """Where curves go besides history.csv: TensorBoard, a progress bar, a tracking service."""

    def write(self, rows: list[dict[str, float]]) -> None:
        """Takes new epochs in order, each a mapping of `epoch` and `{split}/{metric}` to values."""

    def update(self, epoch: int, monitor: float, loss: float) -> None:
        """Called after every epoch with its latest values; must be cheap, and may do nothing."""


@final
class EarlyStopping(lightning.EarlyStopping):
    """Stops when the monitored value has not improved for `patience` epochs.

    Args:
        patience: Validations without improvement; null: off; auto: 20, and for tables of few rows up to 100.
        min_delta: What counts as an improvement, in the metric's unit.
        monitor: Injected.
        mode: Injected: "min" or "max".
    """

    def __init__(
        self,
        *,
        monitor: str,
        mode: Mode,
        patience: Annotated[int, Ge(1)] | Literal["auto"] | None = "auto",
        min_delta: Annotated[float, Ge(0)] = 0.0,
    ) -> None:
        # a non-finite value is for NonFiniteGuard to name
        epochs = USUAL_PATIENCE if patience == "auto" else patience or 2**62
        super().__init__(monitor, min_delta, epochs, mode=mode, check_finite=False)
        self.best = Best(mode, min_delta)
        self.stopped = False

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.stopped:  # before this run was resumed
            trainer.should_stop = True

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Does nothing: an epoch is compared once, at its end."""

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Lightning's own check with Python floats, which takes a tenth of the time on tiny models."""
        value = followed(trainer, pl_module).monitored
        if value is not None and not self.best.update(value) and self.best.waited >= self.patience:
            self.stopped_epoch = trainer.current_epoch
            self.stopped = trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        self.wait_count = self.best.waited
        best = float(self.best_score) if self.best.value is None else self.best.value
        self.best_score = torch.tensor(best, dtype=torch.float64)
        return {**super().state_dict(), "stopped": self.stopped}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self.best.value, self.best.waited = float(self.best_score), self.wait_count
        self.stopped = state_dict["stopped"]


@final
class Checkpoint(CheckpointBase):
    """Keeps the best weights in memory and writes best.ckpt and last.ckpt at most every few seconds and at the end.

    Args:
        use: Which weights are evaluated: those of the best monitored value, or the last ones.
        every_seconds: `last.ckpt` is never older than this, a batch and its own writing.
        mode: Injected: "min" or "max".
        directory: Injected: where the two files go.
        remedy: Injected: how to go on after a signal.

    A signal handler sets `signal`; the state is then saved at the end of the current batch or epoch, and InterruptedRun
    ends the fit.
    """

    def __init__(
        self,
        *,
        mode: Mode,
        directory: str,
        remedy: str = "start it again",
        use: Literal["best", "last"] = "best",
        every_seconds: Annotated[float, Gt(0)] = 30.0,
    ) -> None:
        super().__init__()
        self.use, self.every_seconds = use, every_seconds
        self.last_path = Path(directory) / "last.ckpt"
        self.best = Best(mode)
        self.best_epoch: int | None = None
        self.best_state: dict[str, Tensor] = {}
        self.current_state: dict[str, Tensor] = {}
        self.written = time.monotonic()
        self.remedy = remedy
        self.signal: int | None = None
        self.complete = False  # whether max_steps has ended the fit inside an epoch, and last.ckpt holds that state

    @property
    def best_value(self) -> float | None:
        """The best monitored value so far."""
        return self.best.value

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        # parameters are changed in place, so that their tensors need to be looked up only once
        self.current_state = pl_module.state_dict()

    def _keep_best(self, trainer: Trainer, learner: Followed) -> None:
        value = learner.monitored
        if value is None or not self.best.update(value):
            return
        self.best_epoch = trainer.current_epoch
        if self.best_state.keys() != self.current_state.keys():
            self.best_state = {name: tensor.clone() for name, tensor in self.current_state.items()}
        else:
            for name, tensor in self.current_state.items():
                self.best_state[name].copy_(tensor)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        # no checkpoint keeps the gradients of an open group, nor the validation that is due after an epoch's last batch
        grouped = (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if not grouped or trainer.is_last_batch or trainer.world_size > 1 or stops_early(trainer):
            return
        learner = followed(trainer, pl_module)
        if learner.cut:
            learner.close_cut_epoch()
            if learner.curves.first_non_finite() is None:
                self.write_last(trainer)
            self.complete = True
        else:
            self._write_if_due(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._keep_best(trainer, followed(trainer, pl_module))
        self._write_if_due(trainer)

    def _write_if_due(self, trainer: Trainer) -> None:
        due = self.signal is not None or time.monotonic() - self.written > self.every_seconds
        if trainer.world_size > 1:
            # writing is a meeting of all processes, so the first one's clock and signal count for all
            due, self.signal = trainer.strategy.broadcast((due, self.signal))
        if due and not self.complete:
            self.write_last(trainer)
        self.raise_if_asked()

    def raise_if_asked(self) -> None:
        """Raises InterruptedRun if a signal was received."""
        if self.signal is not None:
            raise InterruptedRun(self.signal, self.remedy)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self.complete:
            self.write_last(trainer)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Loads the chosen weights; on_train_end is not reached by a resumed run that has nothing left to do."""
        self.load_chosen(pl_module, last_epoch=max(followed(trainer, pl_module).curves.steps, default=0))

    def load_chosen(self, module: LightningModule, *, last_epoch: int) -> None:
        """Loads the weights that `use` names into the model."""
        if self.use == "last" or self.best_value is None:
            self.best_epoch = last_epoch
        else:
            self.restore_best(module)

    def restore_best(self, pl_module: LightningModule) -> None:
        """Loads the best weights so far into the model; leaves it as it is if there are none."""
        if self.best_state:
            pl_module.load_state_dict(self.best_state)

    def write_last(self, trainer: Trainer) -> None:
        """Writes last.ckpt with everything a resume needs, the best weights so far included."""
        trainer.save_checkpoint(self.last_path)
        self.written = time.monotonic()

    def state_dict(self) -> dict[str, Any]:
        return {
            "use": self.use,
            "best_value": self.best_value,
            "best_epoch": self.best_epoch,
            "best_state": self.best_state,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best.value, self.best_epoch = state_dict["best_value"], state_dict["best_epoch"]
        self.best_state = state_dict["best_state"]


def stops_early(trainer: Trainer) -> bool:
    """Whether the fit was asked to stop and has reached its minimum of epochs and steps."""
    if not trainer.should_stop or trainer.current_epoch < (trainer.min_epochs or 0):
        return False
    return trainer.global_step >= (trainer.min_steps or 0)


@final
class NonFiniteLoss(Exception):  # noqa: N818  # ends a fit; the run turns it into a verdict and exit status 1
    """The loss is no longer finite, from `found` on."""

    def __init__(self, found: NonFinite) -> None:
        super().__init__(f"the loss is not finite from epoch {found.epoch}, step {found.step} on")
        self.found = found


@final
class NonFiniteGuard(Callback):
    """Stops a training whose loss is no longer finite.

    Raises NonFiniteLoss where the fit runs in this process. One of several processes cannot: it keeps what it has found
    for last.ckpt, and all of them stop at the end of an epoch.
    """

    def __init__(self) -> None:
        self.found: NonFinite | None = None

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        found = self._look(trainer, followed(trainer, pl_module))
        if trainer.world_size == 1:
            if found is not None:
                raise NonFiniteLoss(found)
        elif trainer.strategy.reduce_boolean_decision(found is not None, all=False):
            found = found or NonFinite(epoch=trainer.current_epoch, step=trainer.global_step, where="loss")
            self.found = self.found or found  # trainer.min_epochs may ask for further epochs
            trainer.should_stop = True

    def _look(self, trainer: Trainer, learner: Followed) -> NonFinite | None:
        """The first step of the epoch whose loss is not finite."""
        batch = learner.curves.first_non_finite()
        if batch is None:
            return None
        steps = -(-(batch + 1) // trainer.accumulate_grad_batches)
        of_epoch = -(-len(learner.curves.batch_losses) // trainer.accumulate_grad_batches)
        step = trainer.global_step - of_epoch + steps
        return NonFinite(epoch=trainer.current_epoch, step=step, where="loss")

    def state_dict(self) -> dict[str, Any]:
        return {"found": None if self.found is None else asdict(self.found)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.found = None if state_dict["found"] is None else NonFinite(**state_dict["found"])


@final
class Recorder(Callback):
    """Writes history.csv and passes new epochs to the sinks, a few times a minute and at the end.

    Args:
        path: history.csv.
        sinks: Where else curves go.
        waits: Whether somebody else calls `end_epoch`, once a user's module has logged the last of an epoch's values.
    """

    def __init__(self, path: Path, *, sinks: list[Sink], waits: bool = False) -> None:
        self.path, self.sinks, self.waits = path, sinks, waits
        self.sent = 0  # rows
        self.due = time.monotonic() + WRITE_SECONDS

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self.waits:
            self.end_epoch(trainer, followed(trainer, pl_module))

    def end_epoch(self, trainer: Trainer, learner: Followed) -> None:
        """Passes an epoch on whose values are all known."""
        for sink in self.sinks:
            sink.update(
                trainer.current_epoch, learner.curves.latest(learner.monitor), learner.curves.latest("train/loss")
            )
        if learner.curves.full or time.monotonic() > self.due:
            self.write(learner)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.write(followed(trainer, pl_module))

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self.write(followed(trainer, pl_module))

    def write(self, learner: Followed) -> None:
        """Brings file and sinks up to date; of several processes, the first one does so."""
        began = time.monotonic()
        learner.curves.compute()
        if learner.curves.steps and learner.trainer.is_global_zero:
            write_history(learner.curves.columns(), self.path)
            rows = learner.curves.table() if self.sinks else []
            for sink in self.sinks:
                sink.write(rows[self.sent :])
            self.sent = len(rows)
        now = time.monotonic()
        self.due = now + max(WRITE_SECONDS, WRITE_SHARE * (now - began))


class ByMonitor(Callback):
    """A callback that does no more than look at `learner.monitored` at an epoch's end, which both loops allow for."""


@final
class TimeLimit(ByMonitor):
    """Ends a fit at the end of the epoch in which its time is over.

    Args:
        seconds: From the fit's start, or from where it is resumed.
    """

    def __init__(self, *, seconds: float) -> None:
        self.seconds, self._began = seconds, time.monotonic()

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._began = time.monotonic()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if time.monotonic() - self._began > self.seconds:
            trainer.should_stop = True


OURS = (Checkpoint, EarlyStopping, NonFiniteGuard, Recorder, Trace, lightning.GradientAccumulationScheduler)


def of_others(trainer: Trainer) -> list[Callback]:
    """The trainer's callbacks that are neither ours nor what Lightning adds by itself."""
    every = [callback for callback in cast("Any", trainer).callbacks if type(callback) not in OURS]
    return [
        callback
        for callback in every
        if not isinstance(callback, ByMonitor) and not getattr(callback, "is_followed", False)
    ]


def write_history(columns: dict[str, list[Any]], path: Path) -> None:
    """history.csv: one row an epoch, loss columns first, those of callbacks last; empty where a value is None."""
    header = ["epoch", "step", *sorted(columns.keys() - {"epoch", "step"}, key=_order)]
    cells = (map(_cell, columns[name]) for name in header)
    lines = [",".join(row) for row in zip(*cells, strict=True)]
    write_text(path, "\n".join([",".join(header), *lines, ""]))


def _cell(value: float | None) -> str:
    # some readers take nan for text, and NaN for a number
    return "" if value is None else repr(value) if value == value else "NaN"  # noqa: PLR0124


def _order(key: str) -> tuple[bool, bool, str, str]:
    split, _, name = key.partition("/")
    return split not in {"train", "val"}, name != "loss", name, split
