"""The lean fit loop, and with it all private API of Lightning and torch that Litmus uses.

The loop does for our learner on one device what Lightning's own does, without the calls that have no effect there.
Parameters are the same to the bit, which tests hold: the order of operations is that of Lightning's loop.

`PRIVATE` lists the private and undocumented names of the loop with the reason for each. The module is imported only
where a fit is set up: if a name is gone, the import or `take_over` says so, and Lightning's own loop drives the fit by
public API. `look_once` needs one name more; without it a fit takes milliseconds longer.
"""

import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import islice
from operator import attrgetter
from typing import Any, Final, cast, final

import lightning
import torch
from lightning.fabric.utilities import registry
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import GradientAccumulationScheduler, Timer
from lightning.pytorch.loops import fit_loop
from lightning.pytorch.plugins.precision import Precision
from lightning.pytorch.profilers import PassThroughProfiler
from lightning.pytorch.strategies import SingleDeviceStrategy
from torch import nn

from litmus.data.module import DataModule
from litmus.data.tensors import Batch
from litmus.engine.callbacks import ByMonitor, Checkpoint, EarlyStopping, of_others, stops_early
from litmus.engine.gradients import ClipBy, clip
from litmus.engine.learner import Learner
from litmus.engine.schedule import advance

TESTED: Final = ((2, 6, 6), (2, 7))  # versions of Lightning from the first on, and before the second
_COUNTS = "increment_ready increment_started increment_processed increment_completed"
# whose they are, which, and why they are used; `fit_loop` and `optim` are modules, `optimizer` is one of torch's
_USED = (
    ("fit_loop", "_FitLoop", "what ours inherits: set-up, resuming, the end of a fit"),
    ("trainer", "_detect_anomaly", "only Lightning's loop does it"),
    ("trainer", "fit_loop", "in its place ours is put"),
    ("trainer.fit_loop", "on_run_start on_advance_start advance on_advance_end on_run_end", "are called at each stage"),
    ("trainer.fit_loop", "trainer", "the fit's settings and parts"),
    ("trainer.fit_loop", "restarted_mid_epoch", "a resumed epoch has begun already"),
    ("trainer.fit_loop", "epoch_progress", "trainer.current_epoch and checkpoints count by it"),
    ("trainer.fit_loop.epoch_progress", _COUNTS, "the same"),
    ("trainer.fit_loop", "epoch_loop", "keeps what checkpoints hold of batches and steps"),
    ("trainer.fit_loop.epoch_loop", "reset on_iteration_done", "begin an epoch, and end the state of being resumed"),
    ("trainer.fit_loop.epoch_loop", "batch_idx", "after this batch a resumed epoch goes on"),
    ("trainer.fit_loop.epoch_loop", "batch_progress", "checkpoints count by it"),
    ("trainer.fit_loop.epoch_loop.batch_progress", _COUNTS, "the same"),
    ("trainer.fit_loop.epoch_loop.batch_progress", "is_last_batch", "is what trainer.is_last_batch gives"),
    (
        "trainer.fit_loop.epoch_loop.automatic_optimization.optim_progress.optimizer.step",
        "increment_ready increment_completed",
        "trainer.global_step counts by them",
    ),
    ("trainer.fit_loop.epoch_loop.val_loop", "setup_data", "makes the loader of a validation that is due later"),
    ("optimizer", "_optimizer_step_pre_hooks _optimizer_step_post_hooks", "without hooks a step needs no wrapper"),
    ("optim", "_global_optimizer_pre_hooks _global_optimizer_post_hooks", "the same"),
)
PRIVATE: Final = tuple(f"{owner}.{name}" for owner, names, _ in _USED for name in names.split())
# layers that compute the same in training and evaluation mode
MODELESS = ("container", "linear", "conv", "activation", "pooling", "flatten", "sparse", "loss")


def take_over(trainer: Trainer, optimizer: Callable[..., Any]) -> str | None:
    """Replaces the trainer's own loop by the lean one if that covers all that is asked for, before anything has run.

    Returns:
        Why Lightning's own loop must drive fits by that kind of optimizer, in a few words; None if ours does.
    """
    reason = _untested() or _changed(trainer) or _not_covered(trainer, optimizer)
    if reason is None:
        trainer.fit_loop = LeanFitLoop(trainer)
    return reason


def look_once() -> None:
    """Has Lightning look once, not at every fit, for the callbacks that installed packages bring: it takes 4 ms."""
    module = cast("Any", registry)
    if not hasattr(module.entry_points, "cache_info"):
        module.entry_points = cache(module.entry_points)


def _untested() -> str | None:
    version = tuple(int(part) for part in lightning.__version__.split(".")[:3] if part.isdigit())
    if TESTED[0] <= version < TESTED[1]:
        return None
    return f"lightning {lightning.__version__} is not one that it was tested with"


def _changed(trainer: Trainer) -> str | None:
    optim = sys.modules[torch.optim.Optimizer.__module__]
    owners = {"fit_loop": fit_loop, "trainer": trainer, "optim": optim, "optimizer": torch.optim.SGD([torch.zeros(1)])}
    for name in PRIVATE:
        owner, _, path = name.partition(".")
        try:
            found = attrgetter(path)(owners[owner])
            if inspect.ismethod(found):
                inspect.signature(found).bind()
        except (AttributeError, TypeError):
            return f"{name} is not what it was"
    return None


def _not_covered(trainer: Trainer, optimizer: Callable[..., Any]) -> str | None:
    asked = cast("Any", trainer)  # Lightning leaves most of its attributes untyped
    # max_time adds a timer, which needs no more than the hooks that are called here
    others = [type(callback).__name__ for callback in of_others(trainer) if type(callback) is not Timer]
    reasons = {
        f"callback {others and others[0]} is not ours": bool(others),
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
class LeanFitLoop(fit_loop._FitLoop):  # noqa: SLF001
    """Drives the fit of a `Learner` on a `DataModule`.

    Covers our callbacks, accumulation, clipping, schedulers per step and per epoch, early stopping, least and most
    epochs and steps, limits of batches, validation every n epochs, and resume, in mid-epoch too.

    Args:
        trainer: Whose own loop it follows.
    """

    def __init__(self, trainer: Trainer) -> None:
        super().__init__(trainer, min_epochs=trainer.min_epochs, max_epochs=trainer.max_epochs)
        self.epoch_loop = trainer.fit_loop.epoch_loop

    def on_run_start(self) -> None:
        """Looks up once what would otherwise be asked at every step."""
        trainer = self.trainer
        learner = self.learner = cast("Learner", trainer.lightning_module)
        learner.logs = False
        if trainer.val_dataloaders is None:
            self.epoch_loop.val_loop.setup_data()
        self.train_loader, self.val_loader = cast("Any", trainer.train_dataloader), trainer.val_dataloaders
        self.prepare = self._preparation()
        self.optimizer = trainer.optimizers[0]
        self.update = _update(self.optimizer)
        self.parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        self.modal = any(not _modeless(module) for module in learner.modules())
        self.val_every = trainer.enable_validation and trainer.check_val_every_n_epoch
        self.batch_starts, self.batch_ends = self._hooks("on_train_batch_start"), self._hooks("on_train_batch_end")
        self.epoch_starts, self.validation_ends = self._hooks("on_train_epoch_start"), self._hooks("on_validation_end")
        self.epoch_ends = self._hooks("on_train_epoch_end", monitoring=False)
        self.monitored_epoch_ends = self._hooks("on_train_epoch_end", monitoring=True)
        super().on_run_start()

    def on_advance_start(self) -> None:
        self.train_loader.set_epoch(self.trainer.current_epoch)
        if not self.restarted_mid_epoch:
            self.epoch_progress.increment_ready()
            self._call(self.epoch_starts)
            self.epoch_progress.increment_started()

    def advance(self) -> None:
        """One epoch: its training batches, then validation where it is due."""
        self.epoch_loop.reset()
        self.epoch_loop.on_iteration_done()  # resumed or not, the next epoch begins at its first batch
        self._train()
        due = self.val_every and (self.trainer.current_epoch + 1) % self.val_every == 0
        if due and (self.trainer.is_last_batch or stops_early(self.trainer)):
            self._validate()

    def on_advance_end(self) -> None:
        self.epoch_progress.increment_processed()
        self._call(self.epoch_ends)
        self.learner.on_train_epoch_end()
        self._call(self.monitored_epoch_ends)
        self.epoch_progress.increment_completed()

    def on_run_end(self) -> None:
        """Writes the monitored value to trainer.callback_metrics, where users of Lightning look for it."""
        values = self.learner.monitored_values
        self.trainer.callback_metrics.update({name: torch.tensor(value) for name, value in values.items()})
        super().on_run_end()

    def _train(self) -> None:
        trainer, learner, progress = self.trainer, self.learner, self.epoch_loop.batch_progress
        total, max_steps = int(trainer.num_training_batches), trainer.max_steps
        for index, batch in self._batches(self.train_loader, self.epoch_loop.batch_idx + 1, total):
            progress.is_last_batch = last = index + 1 == total
            progress.increment_ready()
            for hook in self.batch_starts:
                hook(trainer, learner, batch, index)
            learner.on_train_batch_start(batch, index)
            progress.increment_started()
            self._learn(batch, index, last=last)
            progress.increment_processed()
            if last:
                advance(learner.scheduler, "epoch")
            for hook in self.batch_ends:
                hook(trainer, learner, None, batch, index)
            learner.on_train_batch_end(None, batch, index)
            progress.increment_completed()
            if 0 <= max_steps <= trainer.global_step or stops_early(trainer):
                break

    def _learn(self, batch: Batch, index: int, *, last: bool) -> None:
        """One micro-batch, and the optimizer's step if it ends a group."""
        trainer, learner = self.trainer, self.learner
        group = trainer.accumulate_grad_batches
        loss = learner.training_step(batch, index)
        if index % group == 0:
            for parameter in self.parameters:
                parameter.grad = None
        (loss if group == 1 else loss / group).backward()
        if not last and (index + 1) % group != 0:
            return
        if group > 1:
            learner.on_before_optimizer_step(self.optimizer)
        if trainer.gradient_clip_val:
            by: ClipBy = "value" if trainer.gradient_clip_algorithm == "value" else "norm"
            clip(self.parameters, trainer.gradient_clip_val, by)
        with torch.no_grad():
            self.update()
        steps = self.epoch_loop.automatic_optimization.optim_progress.optimizer.step
        steps.increment_ready()
        steps.increment_completed()
        advance(learner.scheduler, "step")

    def _validate(self) -> None:
        trainer, learner = self.trainer, self.learner
        trainer.validating = True
        if self.modal:
            learner.eval()
        with torch.no_grad():
            for index, batch in self._batches(self.val_loader, 0, int(sum(trainer.num_val_batches))):
                learner.validation_step(batch, index)
            learner.close_validation(trainer.current_epoch)
        if self.modal:
            learner.train()
        self._call(self.validation_ends)
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
            and (monitoring is None or monitoring == isinstance(callback, (Checkpoint, EarlyStopping, ByMonitor)))
        ]

    def _call(self, hooks: list[Callable[..., Any]]) -> None:
        for hook in hooks:
            hook(self.trainer, self.learner)


def _varies(callback: Callback) -> bool:
    """Whether a callback changes the size of accumulation groups; the Trainer adds one that does not."""
    return isinstance(callback, GradientAccumulationScheduler) and len(callback.scheduling) > 1


def _wants_closure(optimizer: Callable[..., Any]) -> bool:
    """Whether that class cannot step without a function that computes loss and gradients."""
    step = getattr(optimizer, "step", None)
    closure = None if step is None else inspect.signature(step).parameters.get("closure")
    return closure is not None and closure.default is closure.empty


def _update(optimizer: torch.optim.Optimizer) -> Callable[[], Any]:
    """The optimizer's step; torch's own without a profiler's label and calls of hooks, where there are none."""
    kind, optim = type(optimizer), cast("Any", sys.modules[torch.optim.Optimizer.__module__])
    hooked = (
        optimizer._optimizer_step_pre_hooks  # noqa: SLF001
        or optimizer._optimizer_step_post_hooks  # noqa: SLF001
        or optim._global_optimizer_pre_hooks  # noqa: SLF001
        or optim._global_optimizer_post_hooks  # noqa: SLF001
    )
    plain = (
        kind.__module__.startswith("torch.optim.")
        and "step" not in vars(optimizer)  # a scheduler counts it
        and not optimizer.defaults.get("differentiable")
        and not hooked
    )
    return partial(inspect.unwrap(kind.step), optimizer) if plain else optimizer.step


def _modeless(module: nn.Module) -> bool:
    """Whether a layer computes the same in training and evaluation mode."""
    path = type(module).__module__
    if path.startswith("torch.nn.modules."):
        return path.removeprefix("torch.nn.modules.") in MODELESS and not isinstance(module, nn.RReLU)
    if isinstance(module, nn.BatchNorm1d):  # that of our ensembles is one
        return False
    return path.startswith(("litmus.model.", "litmus.task.", "litmus.loss.", "litmus.engine."))
