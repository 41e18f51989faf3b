"""What watches a training: early stopping, checkpoints, signals, non-finite values, and the record of its curves."""

import os
import time
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, cast, final

import torch
from annotated_types import Ge, Gt
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch import callbacks as lightning
from lightning.pytorch.callbacks import Checkpoint as CheckpointBase
from torch import Tensor

from litmus.errors import InterruptedRun
from litmus.evidence import NonFinite
from litmus.learning.learner import Learner

SETTLE_SECONDS = 2.0
SETTLE_SHARE = 50.0  # settling may take a fiftieth of the time


class Sink(Protocol):
    """Where curves go besides history.csv: TensorBoard, a progress bar, a tracking service."""

    def write(self, rows: list[dict[str, float]]) -> None:
        """Takes new epochs in order: `epoch` and `{split}/{metric}` values."""

    def update(self, epoch: int, monitor: float, loss: float) -> None:
        """Told of every epoch, cheaply; may do nothing."""


@final
class EarlyStopping(lightning.EarlyStopping):
    """Stops when the monitored value has not improved for `patience` epochs.

    Args:
        patience: Validations without improvement; null: off.
        min_delta: What counts as an improvement, in the metric's unit.
        monitor: Injected.
        mode: Injected: "min" or "max".
    """

    def __init__(
        self,
        *,
        monitor: str,
        mode: Literal["min", "max"],
        patience: Annotated[int, Ge(1)] | None = 20,
        min_delta: Annotated[float, Ge(0)] = 0.0,
    ) -> None:
        # a non-finite value is for NonFiniteGuard to name
        super().__init__(monitor, min_delta, patience or 2**62, mode=mode, check_finite=False)
        self.sign = 1.0 if mode == "min" else -1.0
        self.best = float(self.best_score)
        self.stopped = False

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.stopped:  # and resumed
            trainer.should_stop = True

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Nothing: an epoch is compared once, at its end."""

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Lightning's own check in plain numbers, at a tenth of its cost on tiny models."""
        value = cast("Learner", pl_module).measured
        if value is None:
            return
        if self.sign * value < self.sign * self.best - abs(self.min_delta):
            self.best, self.wait_count = value, 0
            return
        self.wait_count += 1
        if self.wait_count >= self.patience:
            self.stopped_epoch = trainer.current_epoch
            self.stopped = trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        self.best_score = torch.tensor(self.best, dtype=torch.float64)
        return {**super().state_dict(), "stopped": self.stopped}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self.best, self.stopped = float(self.best_score), state_dict["stopped"]


@final
class Checkpoint(CheckpointBase):
    """Keeps the best weights in memory and writes best.ckpt and last.ckpt at most every few seconds and at the end.

    Args:
        use: Which weights are evaluated: those of the best monitored value, or the last ones.
        every_seconds: `last.ckpt` is never older than this, a batch and its own writing.
        monitor: Injected.
        mode: Injected: "min" or "max".
        directory: Injected: where the two files go.
        remedy: Injected: how to go on after a signal.

    A signal handler sets `signal`; the state is then saved at the end of the batch or epoch in hand, and
    InterruptedRun ends the fit.
    """

    def __init__(
        self,
        *,
        monitor: str,
        mode: Literal["min", "max"],
        directory: str,
        remedy: str = "start it again",
        use: Literal["best", "last"] = "best",
        every_seconds: Annotated[float, Gt(0)] = 30.0,
    ) -> None:
        super().__init__()
        self.monitor, self.mode, self.use, self.every_seconds = monitor, mode, use, every_seconds
        self.best_path, self.last_path = Path(directory) / "best.ckpt", Path(directory) / "last.ckpt"
        self.best_value: float | None = None
        self.best_epoch: int | None = None
        self.best_state: dict[str, Tensor] = {}
        self.live: dict[str, Tensor] = {}
        self.written = time.monotonic()
        self.remedy = remedy
        self.signal: int | None = None
        self.final = False  # whether last.ckpt holds where max_steps ended the fit, inside an epoch

    def _compare(self, trainer: Trainer, learner: Learner) -> None:
        value = learner.measured
        if value is None:
            return
        better = self.best_value is None or (value < self.best_value if self.mode == "min" else value > self.best_value)
        if better and value == value:  # noqa: PLR0124  # NaN is never better
            self.best_value, self.best_epoch = value, trainer.current_epoch
            self._remember()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        # parameters are changed in place, so that their tensors need to be looked up only once
        self.live = pl_module.state_dict()

    def _remember(self) -> None:
        if self.best_state.keys() != self.live.keys():
            self.best_state = {name: tensor.clone() for name, tensor in self.live.items()}
        else:
            torch._foreach_copy_(list(self.best_state.values()), list(self.live.values()))

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        # no checkpoint keeps the gradients of an open group, nor the validation that is due after an epoch's last batch
        grouped = (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if not grouped or trainer.is_last_batch or trainer.world_size > 1 or _stops(trainer):
            return
        learner = cast("Learner", pl_module)
        if learner.cut:
            learner.close_cut_epoch()
            if learner.curves.first_non_finite() is None:
                self.write_last(trainer)
            self.final = True
        else:
            self._write_if_due(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._compare(trainer, cast("Learner", pl_module))
        self._write_if_due(trainer)

    def _write_if_due(self, trainer: Trainer) -> None:
        due = self.signal is not None or time.monotonic() - self.written > self.every_seconds
        if trainer.world_size > 1:
            # writing is a meeting of all processes, so the first one's clock and signal count for all
            due, self.signal = trainer.strategy.broadcast((due, self.signal))
        if due and not self.final:
            self.write_last(trainer)
        self.raise_if_asked()

    def raise_if_asked(self) -> None:
        """Raises InterruptedRun if a signal has come."""
        if self.signal is not None:
            raise InterruptedRun(self.signal, self.remedy)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self.final:
            self.write_last(trainer)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Not in on_train_end, which a resumed run with nothing left to do never reaches."""
        self.choose(cast("Learner", pl_module))

    def choose(self, learner: Learner) -> None:
        """Puts the weights in use into the model."""
        if self.use == "last" or self.best_value is None:
            self.best_epoch = max(learner.curves.steps, default=0)
        else:
            self.restore_best(learner)

    def restore_best(self, pl_module: LightningModule) -> None:
        """Puts the best weights so far into the model; leaves it as it is where there are none."""
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
        self.best_value, self.best_epoch = state_dict["best_value"], state_dict["best_epoch"]
        self.best_state = state_dict["best_state"]


def _stops(trainer: Trainer) -> bool:
    """Whether the epoch in hand ends here because it was asked to, and then with its validation."""
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
    """Stops a training whose loss is no longer finite; raises NonFiniteLoss."""

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        learner = cast("Learner", pl_module)
        batch = learner.curves.first_non_finite()
        if batch is not None:
            steps = -(-(batch + 1) // trainer.accumulate_grad_batches)
            of_epoch = -(-len(learner.curves.batch_losses) // trainer.accumulate_grad_batches)
            step = trainer.global_step - of_epoch + steps
            raise NonFiniteLoss(NonFinite(epoch=trainer.current_epoch, step=step, where="loss"))


@final
class Recorder(Callback):
    """Writes history.csv and tells the sinks, a few times a minute and at the end.

    Args:
        path: history.csv.
        sinks: Where else curves go.
    """

    def __init__(self, path: Path, *, sinks: list[Sink]) -> None:
        self.path, self.sinks = path, sinks
        self.told = 0
        self.due = time.monotonic() + SETTLE_SECONDS

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        learner = cast("Learner", pl_module)
        for sink in self.sinks:
            sink.update(
                trainer.current_epoch, learner.curves.latest(learner.monitor), learner.curves.latest("train/loss")
            )
        if learner.curves.full or time.monotonic() > self.due:
            self.settle(learner)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.settle(cast("Learner", pl_module))

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self.settle(cast("Learner", pl_module))

    def settle(self, learner: Learner) -> None:
        """Brings file and sinks up to date, in the first of several processes."""
        began = time.monotonic()
        learner.curves.settle()
        if learner.trainer.is_global_zero and learner.curves.values:
            write_history(learner.curves.columns(), self.path)
            rows = learner.curves.table() if self.sinks else []
            for sink in self.sinks:
                sink.write(rows[self.told :])
            self.told = len(rows)
        now = time.monotonic()
        self.due = now + max(SETTLE_SECONDS, SETTLE_SHARE * (now - began))


def write_history(columns: dict[str, list[Any]], path: Path) -> None:
    """history.csv: one row an epoch, loss columns first, empty where a value is None; replaced as a whole."""
    header = ["epoch", "step", *sorted(columns.keys() - {"epoch", "step"}, key=_order)]
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    cells = (map(_cell, columns[name]) for name in header)
    lines = [",".join(row) for row in zip(*cells, strict=True)]
    part.write_text("\n".join([",".join(header), *lines, ""]), encoding="utf-8")
    part.replace(path)


def _cell(value: float | None) -> str:
    # tools that take nan for a word take NaN for a number
    return "" if value is None else repr(value) if value == value else "NaN"  # noqa: PLR0124


def _order(key: str) -> tuple[bool, str, str]:
    split, name = key.split("/", 1)
    return name != "loss", name, split
