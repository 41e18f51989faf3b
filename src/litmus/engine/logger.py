"""The logger that callbacks of others find at the trainer: what they log joins the curves, epoch by epoch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from lightning.pytorch.loggers import Logger
from torch import Tensor

from litmus.engine.training_progress import Followed

LIGHTNINGS_OWN = frozenset({"epoch", "step"})


class LazyWriter:
    """TensorBoard's writer into a directory, made at its first use: Lightning asks every logger for its own.

    Args:
        directory: Where the events' file is to lie.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._writer: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(self._directory, filename_suffix=".own")
        return getattr(self._writer, name)

    def close(self) -> None:
        """Closes what was written, if anything was."""
        if self._writer is not None:
            self._writer.close()


@final
class CurveLogger(Logger):
    """Takes numbers from callbacks into the learner's curves, and so into history.csv, TensorBoard and services.

    Curves go by the epoch: of several values of one name in an epoch the last one counts. What the curves measure
    themselves is left to them.

    Args:
        learner: Whose curves.
        directory: Where callbacks may write files: the run's.
        first: Whether what is logged here stands before what the curves measure, as it does of a user's own module.
    """

    def __init__(self, learner: Followed, directory: Path, *, first: bool = False) -> None:
        super().__init__()
        self.learner, self.directory = learner, directory
        self.left_out = LIGHTNINGS_OWN if first else learner.curves.measured | LIGHTNINGS_OWN
        self._events = LazyWriter(str(directory))

    @property
    def name(self) -> str:
        """Empty: files of callbacks lie in the run's own folder."""
        return ""

    @property
    def version(self) -> str:
        """Empty, as the name."""
        return ""

    @property
    def root_dir(self) -> str:
        return str(self.directory)

    @property
    def log_dir(self) -> str:
        return str(self.directory)

    @property
    def save_dir(self) -> str:
        return str(self.directory)

    @property
    def experiment(self) -> LazyWriter:
        """A writer of TensorBoard's events in the run's directory, for figures and the like."""
        return self._events

    def finalize(self, status: str) -> None:
        self._events.close()

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Numbers of the epoch in hand; anything else is left out."""
        for name, value in metrics.items():
            number = value.item() if isinstance(value, Tensor) and value.numel() == 1 else value
            if name not in self.left_out and isinstance(number, int | float):
                self.learner.curves.note(name, self.learner.trainer.current_epoch, float(number))

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing: config.yaml has them."""
