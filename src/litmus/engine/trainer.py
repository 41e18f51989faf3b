"""Lightning's Trainer, with one argument of ours: which loop drives the fit."""

import inspect
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, final

import torch
from annotated_types import Ge
from lightning import pytorch
from lightning.pytorch.callbacks import ProgressBar
from lightning.pytorch.profilers import PassThroughProfiler

from litmus.config.run_config import AUTO, USUAL_EPOCHS
from litmus.engine.callbacks import of_others
from litmus.engine.checkpoint import AtomicCheckpointIO
from litmus.engine.logger import CurveLogger
from litmus.engine.training_progress import Followed

Loop = Literal["auto", "lean", "stock"]
Threads = Annotated[int, Ge(1)] | Literal["auto"]
OURS: dict[str, Any] = {
    "logger": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "enable_checkpointing": True,
}
# Lightning's arguments that change nothing here, which the log names: curves, early stopping and checkpoints go by the
# epoch, our predictor scores, our loaders hold tensors and share them among processes, Lightning's loggers are off
WITHOUT_EFFECT = frozenset(
    {"val_check_interval", "log_every_n_steps", "limit_test_batches", "limit_predict_batches", "inference_mode"}
    | {"use_distributed_sampler", "reload_dataloaders_every_n_epochs", "enable_autolog_hparams", "model_registry"}
)
SCORED_BY_US = frozenset({"limit_test_batches", "limit_predict_batches", "inference_mode"})
# a CNN of 105,000 at batch 64, on two idle cores: a second thread takes 37 % off the wall time, and 23 % more processor
FEW_PARAMETERS = 100_000
THREADS = torch.get_num_threads()
NO_HALF = "precision: 16-mixed needs a GPU; bf16-mixed is used on the processor"
# what Lightning says that its users cannot act on here: loaders hold tensors, steps are logged by us
UNACTIONABLE = (
    ".*does not have many workers.*",
    ".*The number of training batches.*is smaller than the logging interval.*",
    ".*Checkpoint directory.*exists and is not empty.*",
    ".*Trying to infer the `batch_size`.*",
    ".*Starting from v1.9.0, `tensorboardX`.*",
    ".*The `srun` command is available on your system but is not used.*",  # a sweep's launcher asks SLURM itself
    ".*you defined a `validation_step` but have no `val_dataloader`.*",
    ".*It is recommended to use `self.log\\(.*sync_dist=True.*",  # the processes' curves are brought together by us
    ".*but have no `validation_step`.*",
    ".*You have overridden `on_after_batch_transfer` in both.*",
    ".*is an instance of `nn.Module` and is already saved during checkpointing.*",
    ".*AMP with fp16 is not supported on CPU.*",  # which our own note says
    ".*`isinstance\\(treespec, LeafSpec\\)` is deprecated.*",
)


@final
class Trainer(pytorch.Trainer):
    """Lightning's Trainer.

    Args:
        loop: lean: our fit loop; stock: Lightning's; auto: lean wherever it does all that the run asks for.
        threads: Of torch on the processor; auto: one for small models, all for others.
        arguments: Lightning's own, except those that the run decides (logger, callbacks, progress bar).
    """

    def __init__(
        self,
        *,
        loop: Loop = "auto",
        threads: Threads = "auto",
        callbacks: list[pytorch.Callback] | None = None,
        **arguments: Any,
    ) -> None:
        quiet()
        # a bar that was asked for as a callback needs Lightning's word that there may be one
        bar = any(isinstance(callback, ProgressBar) for callback in callbacks or [])
        decided = {**OURS, "enable_progress_bar": bar}
        if arguments.get("max_epochs") == AUTO:
            arguments["max_epochs"] = USUAL_EPOCHS
        super().__init__(callbacks=callbacks, plugins=[AtomicCheckpointIO()], **decided, **arguments)
        self.loop, self.threads = loop, threads
        self.without_effect = sorted(WITHOUT_EFFECT & arguments.keys())
        self.stock_reason: str | None = "no loop was chosen"
        asked = str(arguments.get("precision"))
        # Lightning computes so, and says it in a warning
        self.notes = (NO_HALF,) if asked in {"16", "16-mixed"} and self.precision == "bf16-mixed" else ()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Arrives in a process that Lightning has spawned, which is as quiet as the first one."""
        quiet()
        self.__dict__.update(state)

    def choose_loop(self, optimizer: Callable[..., Any] | None, *, own_loader: bool = False) -> None:
        """Decides which loop fits; `stock_reason` says why it is Lightning's, or is None.

        Args:
            optimizer: The kind of optimizer; None: the model is a LightningModule with its own steps.
            own_loader: Whether training goes by a loader of the user's.
        """
        if optimizer is None:
            self.without_effect = [name for name in self.without_effect if name in SCORED_BY_US]
            self.stock_reason = "the model is a LightningModule with steps of its own"
        elif own_loader:
            self.stock_reason = "training goes by a loader of the user's"
        else:
            self.stock_reason = "asked for" if self.loop == "stock" else self._use_lean_loop(optimizer)

    def _use_lean_loop(self, optimizer: Callable[..., Any]) -> str | None:
        """Why it cannot be used, in a few words; None if it is."""
        try:
            from litmus.engine import lean  # private API, which another release of Lightning or torch may not have
        except (ImportError, AttributeError) as error:
            return str(error)
        return lean.take_over(self, optimizer)

    def listen(self, learner: Followed, directory: Path, *, own_module: bool = False) -> None:
        """Gives the callbacks of others, and a user's module, what they look for: a logger, and a voice.

        Without any there is no logger, so that nothing is asked for one at every step.
        """
        others = of_others(self)
        if others or own_module:
            self.loggers = [CurveLogger(learner, directory, first=own_module)]
        if not others:
            return
        if "log_every_n_steps" in self.without_effect:
            self.without_effect.remove("log_every_n_steps")
        else:
            self.log_every_n_steps = 1
        for callback in others:  # their notices are what somebody wanted them for
            logging.getLogger(type(callback).__module__).setLevel(logging.INFO)

    @property
    def profile(self) -> str | None:
        """What the profiler has measured, as a table; None without one."""
        profiler = self.profiler  # type: ignore[attr-defined]  # Lightning leaves it untyped
        return None if isinstance(profiler, PassThroughProfiler) else str(profiler.summary())

    @property
    def lean(self) -> bool:
        """Whether our loop drives the fit."""
        return self.stock_reason is None

    @property
    def summary(self) -> str:
        """What drives the fit, for the log: "loop: lean; threads: 1 (auto)"."""
        loop = "lean" if self.lean else f"stock ({self.stock_reason})"
        ignored = f"; without effect: {' '.join(self.without_effect)}" if self.without_effect else ""
        return f"loop: {loop}; threads: {torch.get_num_threads()} ({self.threads}){ignored}"


def _signature() -> inspect.Signature:
    """Lightning's own arguments and ours, so that configs are checked against the real thing."""
    decided = {*OURS, "self", "plugins", "barebones", "callbacks"}
    theirs = [p for name, p in inspect.signature(pytorch.Trainer.__init__).parameters.items() if name not in decided]
    ours = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default="auto", annotation=annotation)
        for name, annotation in {"loop": Loop, "threads": Threads}.items()
    ]
    return inspect.Signature([*theirs, *ours])


Trainer.__signature__ = _signature()  # type: ignore[attr-defined]


def quiet() -> None:
    """Silences Lightning's notices: our report says what matters, and log.txt has the rest."""
    for name in ("lightning.pytorch", "lightning.fabric", "lightning"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for message in UNACTIONABLE:
        warnings.filterwarnings("ignore", message=message)


def share_machine() -> None:
    """One thread for all that `trainer.threads=auto` decides: this process is one of as many as there are cores."""
    global THREADS  # noqa: PLW0603  # a fact of the process, as torch's own number is
    THREADS = 1
    torch.set_num_threads(1)


def set_threads(threads: Threads, parameters: int) -> None:
    """As many as asked for; auto: one for small models, whose kernels are shorter than waking a second one."""
    torch.set_num_threads(threads if threads != "auto" else 1 if parameters < FEW_PARAMETERS else THREADS)
