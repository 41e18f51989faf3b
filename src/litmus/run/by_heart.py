"""`trainer.overfit_batches`: can a few batches be learnt by heart? The usual look at a model that does not learn."""

from typing import Any, cast

from litmus.config import RunConfig
from litmus.evidence import Memorised
from litmus.run.training import Fitted
from litmus.task import kind_of

EXPLAINED = 0.99
"""Share of a number's variation from which it counts as learnt by heart."""


def asked(config: RunConfig) -> bool:
    """Whether a run trains on a few batches alone."""
    return bool(config.trainer.overfit_batches)


def settled(config: RunConfig) -> RunConfig:
    """The config with what such a run needs: no early stopping, and the last weights, for val says nothing."""
    if not asked(config):
        return config
    checkpoint = {**config.checkpoint.node, "use": "last"}
    return config.having(callback={**config.callback.node, "early_stopping": None, "checkpoint": checkpoint})


def memorised(run: Fitted) -> Memorised | None:
    """Whether a fitted run knows its batches by heart; None if it trained on all rows, broke, or is not understood."""
    if not asked(run.config) or not run.scored or run.non_finite is not None:
        return None
    train = run.data.splits["train"]
    batches = int(cast("Any", run.trainer).num_training_batches)
    rows = min(len(train), batches * (run.data.source.batch_size or len(train)))
    target = run.predictor.task.in_unit(train.y[:rows])
    pred, _ = run.predictor.decide(run.predictor.outputs(train.x[:rows]))
    if not kind_of(run.data.spec.task).numeric:
        right = int((pred == target).sum())
        return Memorised(learnt=right == rows, batches=batches, rows=rows, right=right)
    error, spread = (pred - target).square().sum(), (target - target.double().mean()).square().sum()
    r2 = float(1 - error / spread) if spread > 0 else float(error == 0)
    return Memorised(learnt=r2 >= EXPLAINED, batches=batches, rows=rows, r2=r2)
