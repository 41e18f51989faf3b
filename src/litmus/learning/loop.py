"""The lean fit loop: what Lightning's does for our learner on one device, without what nobody asked for.

All private Lightning API of the project is used in this file, as it is in the versions of `TESTED`; outside them, and
for whatever the list in `reason_for_stock` does not cover, Lightning's own loop drives the fit. Parameters are the same
to the bit, which tests hold: the order of operations is the stock loop's, only calls without effect are left out.
"""

import inspect
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, Final, Self, cast, final

import lightning
import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import GradientAccumulationScheduler
from lightning.pytorch.loops.fit_loop import _FitLoop
from lightning.pytorch.plugins.precision import Precision
from lightning.pytorch.profilers import PassThroughProfiler
from lightning.pytorch.strategies import SingleDeviceStrategy
from torch import nn

from litmus.data.base import Batch
from litmus.data.module import DataModule
from litmus.learning.callbacks import Checkpoint, EarlyStopping, NonFiniteGuard, Recorder
from litmus.learning.learner import Learner
from litmus.learning.trace import Trace

TESTED: Final = ("2.6.6", "2.7")  # from, up to and without
CALLBACKS = (Checkpoint, EarlyStopping, NonFiniteGuard, Recorder, Trace, GradientAccumulationScheduler)
HOOKS = (
    ("on_train_epoch_start", None),
    ("on_train_batch_start", None),
    ("on_train_batch_end", None),
    ("on_validation_end", None),
    ("on_train_epoch_end", False),
    ("on_train_epoch_end", True),
)
# layers that compute the same in training and evaluation mode
MODELESS = ("container", "linear", "conv", "activation", "pooling", "flatten", "sparse", "loss")


def reason_for_stock(trainer: Trainer, optimizer: Callable[..., Any]) -> str | None:
    """Why Lightning's own loop must drive fits by that kind of optimizer, in a few words; None if ours can."""
    version = tuple(int(part) for part in lightning.__version__.split(".")[:3] if part.isdigit())
    low, high = (tuple(int(part) for part in text.split(".")) for text in TESTED)
    asked = cast("Any", trainer)  # Lightning leaves most of its attributes untyped
    strange = [type(c).__name__ for c in asked.callbacks if type(c) not in CALLBACKS]
    reasons = {
        f"lightning {lightning.__version__} is not one that it was tested with": not low <= version < high,
        f"callback {strange and strange[0]} is not ours": bool(strange),
        "more than one device": type(trainer.strategy) is not SingleDeviceStrategy,
        "accumulation that changes": any(_varies(c) for c in asked.callbacks),
        "an optimizer that computes the loss several times a step": _wants_closure(optimizer),
        "reduced precision": type(trainer.precision_plugin) is not Precision,
        "a profiler": not isinstance(asked.profiler, PassThroughProfiler),
        "overfit_batches": asked.overfit_batches != 0,
        "val_check_interval": trainer.val_check_interval != 1.0 or trainer.check_val_every_n_epoch is None,
        "reloaded data loaders": asked.reload_dataloaders_every_n_epochs != 0,
        "detect_anomaly": trainer._detect_anomaly,  # noqa: SLF001
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


@final
class LeanFitLoop(_FitLoop):
    """Drives the fit of a `Learner` on a `DataModule`.

    Covers our callbacks, accumulation, clipping, schedulers per step and per epoch, early stopping, least and most
    epochs and steps, limits of batches, validation every n epochs, and resume, in mid-epoch too.
    """

    @classmethod
    def like(cls, trainer: Trainer) -> Self:
        """The loop that takes the place of the trainer's own, before anything has run."""
        theirs = trainer.fit_loop
        loop = cls(trainer, min_epochs=theirs.min_epochs, max_epochs=theirs.max_epochs)
        loop.epoch_loop = theirs.epoch_loop
        return loop

    def on_run_start(self) -> None:
        """Looks once at what the hot path would otherwise ask at every step."""
        learner = self.learner = cast("Learner", self.trainer.lightning_module)
        val = self.epoch_loop.val_loop
        if val._combined_loader is None:  # noqa: SLF001
            val.setup_data()
        self.train_loader = _only(self._combined_loader)
        self.val_loader = _only(val._combined_loader)  # noqa: SLF001
        learner.show = self._show  # type: ignore[method-assign]
        self.prepare = self._preparation()
        self.optimizer = _plain(self.trainer.optimizers[0])
        self.update = _update(self.optimizer)
        self.parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        self.modal = any(not _modeless(module) for module in learner.modules())
        self.called = {(name, monitoring): self._hooks(name, monitoring=monitoring) for name, monitoring in HOOKS}
        self.scheduled = bool(self.trainer.lr_scheduler_configs)
        self.steps = self.epoch_loop.automatic_optimization.optim_progress.optimizer.step
        self.val_every = self.trainer.enable_validation and self.trainer.check_val_every_n_epoch
        super().on_run_start()

    def on_advance_start(self) -> None:
        self.train_loader.set_epoch(cast("Any", self.epoch_progress.current).processed)
        if not self.restarted_mid_epoch and not self.restarted_on_epoch_end:
            if not self.restarted_on_epoch_start:
                self.epoch_progress.increment_ready()
            self._call("on_train_epoch_start")
            self.epoch_progress.increment_started()

    def advance(self) -> None:
        """One epoch: its training batches, then validation where it is due."""
        self.epoch_loop.reset()
        self.epoch_loop.on_iteration_done()  # resumed or not, the next epoch begins at its first batch
        self._train()
        due = self.val_every and (self.trainer.current_epoch + 1) % self.val_every == 0
        ends = self.epoch_loop.batch_progress.is_last_batch or (self.trainer.should_stop and self._can_stop_early)
        if due and ends:
            self._validate()
            if self.scheduled:
                self.epoch_loop.update_lr_schedulers("step", update_plateau_schedulers=True)

    def on_advance_end(self) -> None:
        self.epoch_progress.increment_processed()
        last_batch = self.epoch_loop.batch_progress.is_last_batch
        self._call("on_train_epoch_end", monitoring=False)
        self.learner.on_train_epoch_end()
        if last_batch and self.scheduled:
            # before the callbacks that save, so that a resumed plateau scheduler has seen this epoch
            self.epoch_loop.update_lr_schedulers("epoch", update_plateau_schedulers=True)
        self._call("on_train_epoch_end", monitoring=True)
        self.epoch_progress.increment_completed()

    def teardown(self) -> None:
        if hasattr(self, "learner"):
            self._publish()
        super().teardown()

    def on_run_end(self) -> None:
        self.learner.__dict__.pop("show", None)
        super().on_run_end()

    def _train(self) -> None:
        trainer, loop, learner = self.trainer, self.epoch_loop, self.learner
        progress = loop.batch_progress
        starts, ends = self.called["on_train_batch_start", None], self.called["on_train_batch_end", None]
        total = int(self.max_batches)
        for index, batch in self._batches(self.train_loader, progress.current.ready, total):
            progress.is_last_batch = index + 1 == total
            progress.increment_ready()
            for hook in starts:
                hook(trainer, learner, batch, index)
            learner.on_train_batch_start(batch, index)
            progress.increment_started()
            self._learn(batch, index)
            progress.increment_processed()
            if self.scheduled:
                self._schedule(last=progress.is_last_batch)
            for hook in ends:
                hook(trainer, learner, None, batch, index)
            learner.on_train_batch_end(None, batch, index)
            progress.increment_completed()
            if 0 <= loop.max_steps <= loop.global_step or (trainer.should_stop and self._can_stop_early):
                break

    def _learn(self, batch: Batch, index: int) -> None:
        """One micro-batch, and the step where it ends a group."""
        group, learner = self.trainer.accumulate_grad_batches, self.learner
        loss = learner.training_step(batch, index)
        if index % group == 0:
            for parameter in self.parameters:
                parameter.grad = None
        (loss if group == 1 else loss / group).backward()
        if (index + 1) % group == 0 or self.epoch_loop.batch_progress.is_last_batch:
            self._step()
            self.epoch_loop._batches_that_stepped += 1  # noqa: SLF001

    def _schedule(self, *, last: bool) -> None:
        self.epoch_loop.update_lr_schedulers("step", update_plateau_schedulers=False)
        if last:
            self.epoch_loop.update_lr_schedulers("epoch", update_plateau_schedulers=False)

    def _step(self) -> None:
        trainer, learner = self.trainer, self.learner
        if trainer.accumulate_grad_batches > 1:
            learner.on_before_optimizer_step(self.optimizer)
        if trainer.gradient_clip_val:
            learner.configure_gradient_clipping(
                self.optimizer, trainer.gradient_clip_val, trainer.gradient_clip_algorithm
            )
        with torch.no_grad():
            self.update()
        self.steps.increment_ready()
        self.steps.increment_completed()

    def _validate(self) -> None:
        trainer, learner, val = self.trainer, self.learner, self.epoch_loop.val_loop
        trainer.validating = True
        if self.modal:
            learner.eval()
        limit = int(sum(val.max_batches))
        with torch.no_grad():
            for index, batch in self._batches(self.val_loader, 0, limit):
                learner.validation_step(batch, index)
            learner.close_validation(trainer.current_epoch)
        if self.modal:
            learner.train()
        self._call("on_validation_end")
        trainer.training = True

    def _batches(self, loader: Any, first: int, limit: int) -> Iterator[tuple[int, Batch]]:
        """Batches from position `first` on, on the device and finished, with their index in the epoch."""
        batches = enumerate(islice(loader, limit - first), first)
        prepare = self.prepare
        return batches if prepare is None else ((index, prepare(batch)) for index, batch in batches)

    def _preparation(self) -> Callable[[Batch], Batch] | None:
        """What is to be done with each batch; None: nothing."""
        data = cast("Any", self.trainer).datamodule
        if self.learner.device.type != "cpu" or not isinstance(data, DataModule):
            return partial(self.trainer.strategy.batch_to_device, dataloader_idx=0)
        return partial(data.on_after_batch_transfer, dataloader_idx=0) if data.finishes or data.augments else None

    def _hooks(self, name: str, *, monitoring: bool | None = None) -> list[Callable[..., Any]]:
        """The callbacks' methods of that name that do something."""
        return [
            getattr(callback, name)
            for callback in cast("Any", self.trainer).callbacks
            if getattr(type(callback), name) is not getattr(Callback, name)
            and type(callback) is not GradientAccumulationScheduler  # constant here
            and (monitoring is None or monitoring == isinstance(callback, (Checkpoint, EarlyStopping)))
        ]

    def _call(self, name: str, *, monitoring: bool | None = None) -> None:
        for hook in self.called[name, monitoring]:
            hook(self.trainer, self.learner)

    def _show(self, name: str, value: float) -> None:
        self.learner.shown[name] = value

    def _publish(self) -> None:
        """Brings the trainer's callback_metrics up to date."""
        shown = {name: torch.tensor(value) for name, value in self.learner.shown.items()}
        self.trainer._logger_connector._callback_metrics.update(shown)  # noqa: SLF001


def at_rest(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """A checkpoint with the progress of a loop that is between two batches or two epochs, when it was saved in a hook.

    From elsewhere Lightning's own way back is wrong: the second time in one epoch, and after an epoch under max_steps.
    """
    if "loops" not in checkpoint:
        return checkpoint
    fit = checkpoint["loops"]["fit_loop"]
    epochs, batches = fit["epoch_progress"], fit["epoch_loop.batch_progress"]
    ended = epochs["current"]["processed"] == epochs["current"]["started"]
    for count in epochs.values():
        count.update(completed=count["processed"])
    batches["is_last_batch"] = False
    for part, count in (("total", batches["total"]), ("current", batches["current"])):
        done = 0 if ended and part == "current" else count["processed"]
        count.update(dict.fromkeys(count, done))
    return checkpoint


def _varies(callback: Callback) -> bool:
    """Whether a callback changes the size of accumulation groups; the Trainer adds one that does not."""
    return isinstance(callback, GradientAccumulationScheduler) and len(callback.scheduling) > 1


def _only(combined: Any) -> Any:
    """The one loader that our data module gives for a split; None if the limits leave nothing of it."""
    return None if combined is None else combined.flattened[0]


def _plain(optimizer: Any) -> torch.optim.Optimizer:
    """The torch optimizer inside Lightning's wrapper."""
    return cast("torch.optim.Optimizer", getattr(optimizer, "_optimizer", optimizer))


def _wants_closure(optimizer: Callable[..., Any]) -> bool:
    """Whether that class cannot step without a function that computes loss and gradients."""
    step = getattr(optimizer, "step", None)
    closure = None if step is None else inspect.signature(step).parameters.get("closure")
    return closure is not None and closure.default is closure.empty


def _update(optimizer: torch.optim.Optimizer) -> Callable[[], Any]:
    """The optimizer's step; torch's own without a profiler's label and calls of hooks, where there are none."""
    kind, home = type(optimizer), sys.modules[torch.optim.Optimizer.__module__]
    hooks = [getattr(optimizer, f"_optimizer_step_{when}_hooks", None) for when in ("pre", "post")]
    hooks += [getattr(home, f"_global_optimizer_{when}_hooks", None) for when in ("pre", "post")]
    plain = (
        kind.__module__.startswith("torch.optim.")
        and "step" not in vars(optimizer)  # a scheduler counts it
        and not optimizer.defaults.get("differentiable")
        and all(known is not None and not known for known in hooks)
    )
    return partial(inspect.unwrap(kind.step), optimizer) if plain else optimizer.step


def _modeless(module: nn.Module) -> bool:
    path = type(module).__module__
    if path.startswith("torch.nn.modules."):
        return path.removeprefix("torch.nn.modules.") in MODELESS and not isinstance(module, nn.RReLU)
    return path.startswith(("litmus.model.", "litmus.task.", "litmus.learning."))
