"""Evidence from predictions alone: scores without a training behind them."""

from collections.abc import Sequence

import torch

from litmus.evidence import DataFacts, Evidence, FitFacts, ModelFacts, Score, TaskFacts, Unknown
from litmus.metrics.answers import Predictions
from litmus.scoring.score import SplitScores
from litmus.task.spec import DataSpec

NOT_LOOKED_AT = Unknown(name="training", reason="these scores say nothing of curves, layers, settings, leaks or splits")
NO_REFERENCE = Unknown(name="non_inferiority", reason="no reference model was fitted for these rows")


def evidence_of(
    predictions: Predictions,
    found: SplitScores,
    *,
    spec: DataSpec,
    task: TaskFacts,
    model: ModelFacts,
    left_out: Sequence[str] = (),
    reason: str = "",
) -> Evidence:
    """What can be judged from one split's predictions and their scores.

    Args:
        predictions: Of the rows.
        found: Their scores.
        spec: Names of target and classes.
        task: What was asked.
        model: What is known of the model.
        left_out: Metrics that are not to be believed.
        reason: Why.
    """
    split, n = predictions.split, len(predictions.target)
    counts: dict[str, dict[str, int]] = {}
    if spec.classes:
        rows = torch.bincount(predictions.target, minlength=len(spec.classes)).tolist()
        counts = {split: dict(zip(spec.classes, rows, strict=True))}
    unknown = [Unknown(name=", ".join(left_out), reason=reason)] if left_out else []
    missing = [NO_REFERENCE] if spec.numeric else []
    return Evidence(
        task=task,
        model=model,
        fit=FitFacts(epochs=0, max_epochs=0, steps=0, batches_per_epoch=0),
        data=DataFacts(input=spec.input, sizes={split: n}, class_counts=counts),
        scored=split,
        scores={
            split: {name: Score(value=None) if name in left_out else score for name, score in found.scores.items()}
        },
        per_class={split: found.per_class} if found.per_class else {},
        confusion={split: found.confusion} if found.confusion else {},
        gain={split: found.gain},
        pr_gap=found.pr_gap,
        unknown=(*unknown, NOT_LOOKED_AT, *missing),
    )
