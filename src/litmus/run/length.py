"""How long a training goes on where nobody says, which for few rows goes by steps: their epochs have next to none."""

import math

from litmus.config import RunConfig
from litmus.config.run_config import AUTO, USUAL_EPOCHS, USUAL_PATIENCE
from litmus.data.module import DataModule

STEPS, MOST_EPOCHS = 8_000, 500
"""Optimizer steps that a training may take at least, in so many epochs at most. Set on 51 tables of R packages, up
to 5,000 rows, on which longer training lowered the error by more than 1 % in nine and raised it in three."""
PATIENT_STEPS, MOST_PATIENCE = 1_500, 100
"""The same without an improvement: Adam's usual rate moves a weight by one or two in so many steps."""


def with_length(config: RunConfig, data: DataModule) -> RunConfig:
    """The config with numbers for `trainer.max_epochs=auto` and `callback.early_stopping.patience=auto`.

    They are what is usual, 100 and 20, and more for a table of a file or frame with few rows.
    """
    trainer, callback = config.trainer.node, config.callback.node
    stopping = callback.get("early_stopping") or {}
    if trainer.get("max_epochs") == AUTO:
        config = config.having(
            trainer={**trainer, "max_epochs": _epochs(config, data, STEPS, USUAL_EPOCHS, MOST_EPOCHS)}
        )
    if stopping.get("patience") == AUTO:
        patience = _epochs(config, data, PATIENT_STEPS, USUAL_PATIENCE, MOST_PATIENCE)
        config = config.having(callback={**callback, "early_stopping": {**stopping, "patience": patience}})
    return config


def length_note(config: RunConfig, data: DataModule) -> tuple[str, ...]:
    """A line where the rows' number makes a training longer than usual."""
    settled = with_length(config, data)
    epochs, patience = settled.trainer.max_epochs, settled.early_stopping.patience
    if epochs == config.trainer.max_epochs or config.trainer.fast_dev_run:
        return ()
    said = f"training: up to {epochs} epochs"
    said += f", {patience} without a better {config.monitor}" if settled.early_stopping.ends_early else ""
    return (f"{said}, as epochs of few rows have few steps (trainer.max_epochs, callback.early_stopping.patience)",)


def _epochs(config: RunConfig, data: DataModule, steps: int, usual: int, most: int) -> int:
    """So many epochs as have the steps, but no fewer than usual, and no more than `most`."""
    if data.source.ensemble_size == 1:  # rows of our own examples, of users' loaders, texts and images
        return usual
    rows = len(data.splits["train"])
    batches = math.ceil(rows / (data.source.batch_size or rows))
    return min(most, max(usual, math.ceil(steps / math.ceil(batches / (config.trainer.accumulate_grad_batches or 1)))))
