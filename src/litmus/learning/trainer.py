"""Lightning's Trainer, with one argument of ours: which loop drives the fit."""

import inspect
import logging
import warnings
from collections.abc import Callable
from typing import Annotated, Any, Literal, final

import torch
from annotated_types import Ge
from lightning import pytorch

from litmus.learning.checkpoint import AtomicCheckpointIO
from litmus.learning.loop import LeanFitLoop, at_rest, reason_for_stock

log = logging.getLogger(__name__)

Loop = Literal["auto", "lean", "stock"]
Threads = Annotated[int, Ge(1)] | Literal["auto"]
OURS: dict[str, Any] = {
    "logger": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "enable_checkpointing": True,
}
# Lightning's arguments that change nothing here, which the log says: curves, early stopping and checkpoints go by the
# epoch, our predictor scores, our loaders hold tensors and share them among processes, Lightning's loggers are off
WITHOUT_EFFECT = frozenset(
    {"val_check_interval", "log_every_n_steps", "limit_test_batches", "limit_predict_batches", "inference_mode"}
    | {"use_distributed_sampler", "reload_dataloaders_every_n_epochs", "enable_autolog_hparams", "model_registry"}
)
# a CNN of 105,000 at batch 64, on two idle cores: a second thread takes 37 % off the wall time, and 23 % more processor
FEW_PARAMETERS = 100_000
THREADS = torch.get_num_threads()
# what Lightning says that its users cannot act on here: loaders hold tensors, steps are logged by us
UNACTIONABLE = (
    ".*does not have many workers.*",
    ".*The number of training batches.*is smaller than the logging interval.*",
    ".*Checkpoint directory.*exists and is not empty.*",
    ".*Trying to infer the `batch_size`.*",
    ".*Starting from v1.9.0, `tensorboardX`.*",
    ".*you defined a `validation_step` but have no `val_dataloader`.*",
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
        super().__init__(callbacks=callbacks, plugins=[AtomicCheckpointIO(at_rest)], **OURS, **arguments)
        self.loop, self.threads = loop, threads
        self.idle = sorted(WITHOUT_EFFECT & arguments.keys())
        self.loop_reason: str | None = None

    def choose_loop(self, optimizer: Callable[..., Any]) -> None:
        """Decides which loop fits by that kind of optimizer; `loop_reason` says why it is Lightning's, or None."""
        self.loop_reason = "asked for" if self.loop == "stock" else reason_for_stock(self, optimizer)
        if self.loop_reason is None:
            self.fit_loop = LeanFitLoop.like(self)

    @property
    def lean(self) -> bool:
        """Whether our loop drives the fit."""
        return isinstance(self.fit_loop, LeanFitLoop)

    @property
    def means(self) -> str:
        """What drives the fit, for the log: "loop: lean; threads: 1 (auto)"."""
        loop = "lean" if self.lean else f"stock ({self.loop_reason})"
        idle = f"; without effect: {' '.join(self.idle)}" if self.idle else ""
        return f"loop: {loop}; threads: {torch.get_num_threads()} ({self.threads}){idle}"


def _signature() -> inspect.Signature:
    """Lightning's own arguments and ours, so that configs are checked against the real thing."""
    decided = {*OURS, "self", "plugins", "barebones"}
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


def set_threads(threads: Threads, parameters: int) -> None:
    """As many as asked for; auto: one for small models, whose kernels are shorter than waking a second one."""
    torch.set_num_threads(threads if threads != "auto" else 1 if parameters < FEW_PARAMETERS else THREADS)
