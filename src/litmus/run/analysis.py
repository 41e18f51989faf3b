"""What is learned once a run is scored: reference models beside it, where it fails, its threshold and calibration."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import torch
from torch import Tensor

from litmus.data.tensors import SPLITS, Split
from litmus.data_checks.model_checks import look_back
from litmus.data_checks.regrouped_splits import candidates, honest_splits
from litmus.data_checks.weakness import permutation_importance, weak_segments, worst_rows
from litmus.evidence import DataFacts, Estimate, Evidence, HonestSplit, Unknown
from litmus.evidence.values import SplitName
from litmus.metrics.answers import Predictions
from litmus.references.estimator import recipes
from litmus.references.reference import Fitted, baseline, fit_references, take, together
from litmus.run.checks import is_exchangeable
from litmus.run.training import Run
from litmus.scoring.calibration import calibration
from litmus.scoring.difference import difference
from litmus.scoring.expected import expected
from litmus.scoring.threshold import choose, cross_fitted_gain, curve
from litmus.task import kind_of
from litmus.task.goal import parse_goal

CHECK_SECONDS = 1.5
"""Work that the checks of the data which need established models may take, as foreseen and not as measured."""
HONEST_SECONDS = 2.5
"""The same of a split by chance beside honest ones, which few tables give a reason to try."""
LEAST_SHARED = 0.05
"""Share of held-out rows with a value that train has, from which a column of groups is tried."""
WITHOUT_REFERENCES = Unknown(
    name="references",
    reason="no reference model was fitted (verdict.references), so what these rows allow is not known",
)

EXPECTED = ("accuracy", "precision", "recall")
"""Metrics, beside the primary one, that default criteria ask for."""
TOO_MUCH_WORK = "this reference model was left out: too few rows, or too many classes for the work allowed"


def with_references(run: Run, evidence: Evidence, predictions: Mapping[SplitName, Predictions]) -> Evidence:
    """The evidence with established models fitted on the same rows, and how far the model is from each.

    Args:
        run: Its rows and task.
        evidence: What the run showed.
        predictions: The model's, by split; test only if it may be read.
    """
    splits = {name: run.data.splits[name] for name in SPLITS if name == "train" or name in predictions}
    metric = evidence.task.primary
    fitted = fit_references(run.predictor.task, splits, seed=run.config.seed, primary=metric)
    references = [
        replace(
            result.reference,
            difference={
                name: difference(predictions[name], theirs, metric)
                for name, theirs in result.predictions.items()
                if len(theirs.rows) == len(predictions[name].rows)
            },
        )
        for result in fitted
    ]
    known_better = _expected(run, evidence, predictions, fitted)
    facts, source = evidence.data, run.data.source
    if source.checks != "off":
        facts = look_back(
            facts,
            run.predictor.task,
            splits,
            fitted,
            primary=metric,
            seed=run.config.seed,
            exchangeable=is_exchangeable(run.data),
            seconds=CHECK_SECONDS,
        )
        facts = replace(facts, honest=_honest(run, facts, primary=metric))
    known = [item for item in evidence.unknown if item != WITHOUT_REFERENCES]
    names = {reference.name for reference in references}
    left_out = [recipe.name for recipe in recipes(run.data.spec, seed=0) if recipe.name not in names]
    missing = [Unknown(name=name, reason=TOO_MUCH_WORK) for name in left_out]
    return replace(
        evidence, references=tuple(references), data=facts, expected=known_better, unknown=(*known, *missing)
    )


def _expected(
    run: Run, evidence: Evidence, predictions: Mapping[SplitName, Predictions], fitted: Sequence[Fitted]
) -> dict[str, Estimate]:
    """What the model is expected to score on rows like all of these; nothing where folds score all of them."""
    held_out: list[SplitName] = [name for name in ("val", "test") if name in predictions]
    strong = [
        result
        for result in fitted
        if result.reference.strong and result.out_of_fold is not None and set(held_out) <= set(result.predictions)
    ]
    if not strong or run.data.source.folds is not None or run.data.rows.store is not None:
        return {}
    best = max(strong, key=lambda result: result.reference.out_of_fold or -math.inf)
    if best.out_of_fold is None:
        return {}
    names = [metric.name for metric in run.predictor.task.metrics]
    return expected(
        [predictions[name] for name in held_out],
        [best.predictions[name] for name in held_out],
        best.out_of_fold,
        metrics=[name for name in names if name in {*EXPECTED, evidence.task.primary}],
    )


def _honest(run: Run, facts: DataFacts, *, primary: str) -> tuple[HonestSplit, ...]:
    """Whether a split by chance flatters, where some rows may know each other.

    Where chance did not deal the rows, it is asked of ids and of equal rows alone, which were found on both sides.
    """
    data, seed = run.data, run.config.seed
    if data.spec.input != "table" or data.rows.store is not None:
        return ()
    task, seen = run.predictor.task, [name for name in ("train", "val") if name in data.splits]
    at = np.concatenate([np.flatnonzero(data.assignment == SPLITS.index(name)) for name in seen])
    rows = together([data.splits[name] for name in seen])
    columns = list(dict.fromkeys(leak.column for leak in facts.groups if leak.shared >= LEAST_SHARED))
    copies = any(twins.exact >= LEAST_SHARED * twins.n > 0 for twins in facts.twins)
    found = candidates(task, data.rows, at, rows, groups=columns, copies=copies, seed=seed)
    if not is_exchangeable(data):
        found = (candidate for candidate in found if candidate.kind in {"group", "copy"})
    return honest_splits(task, rows, list(found), primary=primary, seed=seed, seconds=HONEST_SECONDS)


def with_baseline(run: Run, evidence: Evidence, predictions: Mapping[SplitName, Predictions]) -> Evidence:
    """The evidence with the baseline alone beside the model, and what cannot be told without reference models."""
    held_out: dict[SplitName, Split] = {name: run.data.splits[name] for name in predictions if name != "train"}
    alone = baseline(run.predictor.task, held_out, prior=run.predictor.prior, rows=run.data.spec.sizes["train"])
    known = [item for item in evidence.unknown if item != WITHOUT_REFERENCES]
    return replace(evidence, references=(alone.reference,), unknown=(*known, WITHOUT_REFERENCES))


def with_weakness(run: Run, evidence: Evidence, predictions: Mapping[SplitName, Predictions]) -> Evidence:
    """The evidence with the rows and segments on which the model fails, and what it would lose without each column."""
    name: SplitName = "test" if evidence.scored == "test" else "val"
    predicted, data, predictor = predictions[name], run.data, run.predictor
    found = replace(evidence, worst_rows=worst_rows(predicted, data.spec.classes))
    rows = data.rows.take(np.flatnonzero(data.assignment == SPLITS.index(name)))
    if not isinstance(rows.inputs, pl.DataFrame) or len(rows) != len(predicted.rows):
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
        seed=run.config.seed,
    )
    return replace(found, segments=weak_segments(predictor.task, predicted, rows.inputs), importance=importance)


def with_decision(evidence: Evidence, predictions: Mapping[SplitName, Predictions]) -> Evidence:
    """The evidence with what the threshold trades off on val, and with calibration on the scored split."""
    val, scored = predictions["val"], predictions["test" if evidence.scored == "test" else "val"]
    found = replace(evidence, calibration=calibration(scored))
    if not kind_of(evidence.task.kind).has_positive or val.prob is None or not bool(val.prob.isfinite().all()):
        return found
    goal = parse_goal(evidence.task.threshold_goal or "f1")
    positive = val.prob[:, 1]
    current = 0.5 if evidence.task.threshold is None else evidence.task.threshold
    gain = cross_fitted_gain(positive, val.target, goal, current=current)
    return replace(
        found,
        threshold_curve=curve(positive, val.target, goal, current=current),
        threshold_best=choose(positive, val.target, goal),
        threshold_gain=gain,
    )
