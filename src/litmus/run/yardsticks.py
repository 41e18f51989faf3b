"""What stands beside a model's scores: reference models, the threshold's trade-off, calibration."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl
import torch
from torch import Tensor

from litmus.data.base import SPLITS, SplitName
from litmus.evaluation.calibration import calibration
from litmus.evaluation.difference import difference
from litmus.evaluation.hindsight import look_back
from litmus.evaluation.reference import fit_references, take
from litmus.evaluation.threshold import choose, cross_fitted_gain, curve
from litmus.evaluation.weakness import permutation_importance, weak_segments, worst_rows
from litmus.evidence import Evidence
from litmus.run.training import Run
from litmus.task.base import Predictions
from litmus.task.goal import parse_goal


def with_references(
    run: Run, evidence: Evidence, predictions: Mapping[SplitName, Predictions], *, seconds: float
) -> Evidence:
    """The evidence with established models fitted on the same rows, and how far the model is from each.

    Args:
        run: Its rows and task.
        evidence: What the run showed.
        predictions: The model's, by split; test only if it may be read.
        seconds: About what the references may take.
    """
    splits = {name: run.data.splits[name] for name in SPLITS if name == "train" or name in predictions}
    metric = evidence.task.primary
    fitted = fit_references(run.predictor.task, splits, seed=int(run.config["seed"]), seconds=seconds, primary=metric)
    references = [
        replace(
            one.reference,
            difference={
                name: difference(predictions[name], said, metric)
                for name, said in one.predictions.items()
                if len(said.rows) == len(predictions[name].rows)
            },
        )
        for one in fitted
    ]
    facts, source = evidence.data, run.data.source
    if source.checks != "off":
        facts = look_back(
            facts,
            run.predictor.task,
            splits,
            fitted,
            primary=metric,
            seed=int(run.config["seed"]),
            exchangeable=source.split in {"random", "stratified"} and run.data.rows.split is None,
            seconds=seconds / 2,
        )
    return replace(evidence, references=tuple(references), data=facts)


def with_weakness(run: Run, evidence: Evidence, predictions: Mapping[SplitName, Predictions]) -> Evidence:
    """The evidence with the rows and segments on which the model fails, and what it would lose without each column."""
    name: SplitName = "test" if evidence.scored == "test" else "val"
    said, data, predictor = predictions[name], run.data, run.predictor
    found = replace(evidence, worst_rows=worst_rows(said, data.spec.classes))
    rows = data.rows.take(np.flatnonzero(data.assignment == SPLITS.index(name)))
    if not isinstance(rows.inputs, pl.DataFrame) or len(rows) != len(said.rows):
        return found
    split = data.splits[name]

    def predict(x: Tensor) -> Predictions:
        part = take(split, torch.arange(len(x)))
        return predictor.predict(replace(part, x=x), name)

    importance = permutation_importance(
        predict,
        split.x,
        data.spec,
        columns=rows.inputs.columns,
        metric=evidence.task.primary,
        seed=int(run.config["seed"]),
    )
    return replace(found, segments=weak_segments(predictor.task, said, rows.inputs), importance=importance)


def with_decision(evidence: Evidence, predictions: Mapping[SplitName, Predictions]) -> Evidence:
    """The evidence with what the threshold trades off on val, and with calibration on the scored split."""
    val, scored = predictions["val"], predictions["test" if evidence.scored == "test" else "val"]
    found = replace(evidence, calibration=calibration(scored))
    if evidence.task.kind != "binary" or val.prob is None or not bool(val.prob.isfinite().all()):
        return found
    goal = parse_goal(evidence.task.threshold_goal or "f1")
    positive = val.prob[:, 1]
    gain = cross_fitted_gain(positive, val.target, goal, current=evidence.task.threshold or 0.5)
    return replace(
        found,
        threshold_curve=curve(positive, val.target, goal),
        threshold_best=choose(positive, val.target, goal),
        threshold_gain=gain,
    )
