"""The same fit again: with other seeds, or with another fold held out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from litmus.data.base import SplitName
from litmus.evidence import Evidence
from litmus.run.observe import score_split
from litmus.run.training import Run, prepare_data
from litmus.task.base import Predictions

SEED_STRIDE = 1  # seeds 42, 43, 44: what a user would type


def repeat(
    run: Run, evidence: Evidence, predictions: Mapping[SplitName, Predictions]
) -> tuple[Evidence, dict[SplitName, Predictions]]:
    """The evidence and predictions with what `verdict.seeds` and `data.folds` ask for; as they are without."""
    seeds, folds = int(run.config["verdict"]["seeds"]), run.data.source.folds
    found = dict(predictions)
    if seeds > 1 and run.non_finite is None:
        evidence = replace(evidence, seeds=_seeds(run, evidence, seeds))
    if folds is not None and "test" in predictions and run.non_finite is None:
        evidence, found["test"] = _folds(run, evidence, predictions["test"], folds)
    return evidence, found


def _seeds(run: Run, evidence: Evidence, seeds: int) -> dict[str, dict[str, float | None]]:
    """Scores on the scored split by seed, the run's own first; rows and splits stay, weights and order change."""
    first = int(run.config["seed"])
    values = {str(first): _values(evidence.scores[evidence.scored])}
    for seed in range(first + SEED_STRIDE, first + seeds * SEED_STRIDE, SEED_STRIDE):
        other = _again(run, {**run.config, "seed": seed}, f"seeds/{seed}")
        name: SplitName = "test" if evidence.scored == "test" else "val"
        said = other.predictor.predict(other.data.splits[name], name)
        values[str(seed)] = _values(score_split(other.predictor, said).scores)
    return values


def _folds(run: Run, evidence: Evidence, first: Predictions, folds: int) -> tuple[Evidence, Predictions]:
    """Scores of every fold, and the pooled held-out rows of all of them as test."""
    said = [first]
    values = [_values(evidence.scores["test"])]
    for fold in range(1, folds):
        other = _again(run, run.config, f"folds/{fold}", fold=fold)
        said.append(other.predictor.predict(other.data.splits["test"], "test"))
        values.append(_values(score_split(other.predictor, said[-1]).scores))
    pooled = _pool(said)
    found = score_split(run.predictor, pooled)
    changed = replace(
        evidence,
        folds=tuple(values),
        scores={**evidence.scores, "test": found.scores},
        per_class={**evidence.per_class, "test": found.per_class} if found.per_class else evidence.per_class,
        confusion={**evidence.confusion, "test": found.confusion} if found.confusion else evidence.confusion,
        gain={**evidence.gain, "test": found.gain},
        pr_gap=found.pr_gap,
    )
    return changed, pooled


def _again(run: Run, config: Mapping[str, Any], place: str, *, fold: int | None = None) -> Run:
    data = run.data.reseeded(int(config["seed"])) if fold is None else prepare_data(config, fold=fold)
    other = Run.build(config, run.paths.directory / place, stored=run.predictor.config, data=data)
    other.fit()
    other.decide()
    return other


def _values(scores: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: score.value for name, score in scores.items()}


def _pool(said: list[Predictions]) -> Predictions:
    """Disjoint predictions as one, in the order of the source's rows."""
    order = torch.cat([one.rows for one in said]).argsort()
    columns = ("rows", "target", "pred", "prob", "group", "time")
    held: dict[str, list[Any]] = {name: [getattr(one, name) for one in said] for name in columns}
    pooled: dict[str, Any] = {name: torch.cat(parts)[order] for name, parts in held.items() if parts[0] is not None}
    return replace(said[0], **pooled)
