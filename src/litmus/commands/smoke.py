"""`trainer.fast_dev_run`: a batch or a few of train and val, to see whether a run gets through; nothing is kept."""

import tempfile
from pathlib import Path

from omegaconf import DictConfig

from litmus.commands.train import opening
from litmus.config import RunConfig, to_plain
from litmus.errors import InterruptedRun, RunError
from litmus.report.terminal import Terminal
from litmus.run import Run, prepare_data

SIGNALLED = 128  # an exit status of so much more than the signal's number


def main(cfg: DictConfig) -> None:
    """Trains on so many batches in a folder that is removed again, and says that it ran through.

    Args:
        cfg: Composed and checked.

    Raises:
        InputError: Data or values that cannot be trained on.
        RunError: The loss is not finite.
        InterruptedRun: A signal ended it.
    """
    config, terminal = RunConfig(to_plain(cfg)), Terminal()
    with tempfile.TemporaryDirectory(prefix="litmus_") as folder:
        run = Run.build(config, Path(folder), data=prepare_data(config))
        terminal.opening(opening(run))
        try:
            fitted = run.fit()
        except InterruptedRun as stopped:
            raise InterruptedRun(stopped.exit_code - SIGNALLED, "nothing is kept of trainer.fast_dev_run") from stopped
        if fitted.non_finite is not None:
            raise RunError(
                "trainer.fast_dev_run: the loss is not finite in the first batches; try a lower optimizer.lr"
            )
        fitted.decide()
    count = int(config.trainer.fast_dev_run)
    batches = "one batch" if count == 1 else f"{count} batches"
    terminal.line()
    terminal.line(f"ran through: {batches} of train and val each; nothing is kept, and nothing is judged")
