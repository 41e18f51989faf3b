"""The same fit again: with other seeds, on other splits, or with another fold held out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from litmus.config import RunConfig
from litmus.data.module import DataModule
from litmus.evidence import Estimate, Evidence, Unknown
from litmus.evidence.values import SplitName
from litmus.metrics.answers import Predictions, pooled
from litmus.run.observe import score_split, with_scores
from litmus.run.training import Decided, Run, prepare_data
from litmus.statistics import p_equal_means
from litmus.statistics.resampled import resampled_mean

SEED_STRIDE = 1  # seeds 42, 43, 44: what a user would type


def repeat(
    run: Decided, evidence: Evidence, predictions: Mapping[SplitName, Predictions]
) -> tuple[Evidence, dict[SplitName, Predictions]]:
    """The evidence and predictions with what `verdict.seeds`, `verdict.splits` and `data.folds` ask for."""
    seeds, folds = run.config.verdict.seeds, run.data.source.folds
    found = dict(predictions)
    if seeds > 1 and run.non_finite is None:
        values, alike = _seeds(run, evidence, predictions, seeds)
        evidence = replace(evidence, seeds=values, seeds_alike=alike)
    splits = run.config.verdict.splits
    if splits > 1 and run.non_finite is None:
        evidence = _splits(run, evidence, splits)
    if folds is not None and "test" in predictions and run.non_finite is None:
        evidence, found["test"] = _folds(run, evidence, predictions["test"], folds)
    return evidence, found


def _seeds(
    run: Decided, evidence: Evidence, predictions: Mapping[SplitName, Predictions], seeds: int
) -> tuple[dict[str, dict[str, float | None]], float | None]:
    """Scores on the scored split by seed, the run's own first, and whether chance alone may part them.

    Rows and splits stay, weights and order change.
    """
    first = run.config.seed
    values = {str(first): _values(evidence.scores[evidence.scored])}
    own = predictions["test" if evidence.scored == "test" else "val"]
    losses = [_losses(own)]
    for seed in range(first + SEED_STRIDE, first + seeds * SEED_STRIDE, SEED_STRIDE):
        other = _again(run, run.config.having(seed=seed), f"seeds/{seed}")
        name: SplitName = "test" if evidence.scored == "test" else "val"
        predicted = other.predictor.predict(other.data.splits[name], name)
        values[str(seed)] = _values(score_split(other.predictor, predicted).scores)
        losses.append(_losses(predicted))
    return values, p_equal_means(torch.stack(losses, dim=1).numpy(), groups=own.group)


def _losses(predicted: Predictions) -> Tensor:
    """`(n,)` squared errors, or 1 for each wrong class."""
    missed = predicted.pred.double() - predicted.target.double()
    return missed**2 if predicted.prob is None else (missed != 0).double()


def _splits(run: Decided, evidence: Evidence, splits: int) -> Evidence:
    """The same recipe on other random splits of the same rows, each scored on its own held-out rows."""
    rule = run.data.source.split
    if run.data.rows.split is not None or rule in {"time", "column"} or run.data.source.folds is not None:
        reason = f"there is one split only (data.split={rule}, data.folds), so the recipe was not tried on others"
        return replace(evidence, unknown=(*evidence.unknown, Unknown(name="splits", reason=reason)))
    first = run.config.seed if run.config.split_seed is None else run.config.split_seed
    name: SplitName = "test" if evidence.scored == "test" else "val"
    values = {str(first): _values(evidence.scores[name])}
    for seed in range(first + 1, first + splits):
        config = run.config.having(split_seed=seed)
        other = _again(run, config, f"splits/{seed}", data=prepare_data(config))
        predicted = other.predictor.predict(other.data.splits[name], name)
        values[str(seed)] = _values(score_split(other.predictor, predicted).scores)
    ratio = run.data.spec.sizes[name] / run.data.spec.sizes["train"]
    return replace(evidence, splits=values, recipe=_recipe(values, ratio))


def _recipe(values: Mapping[str, Mapping[str, float | None]], ratio: float) -> dict[str, Estimate]:
    """The mean of each metric over splits on which all of them are defined."""
    found = {}
    for metric in next(iter(values.values())):
        known = [value for scores in values.values() if (value := scores.get(metric)) is not None]
        if len(known) == len(values):
            mean = resampled_mean(known, ratio=ratio)
            found[metric] = Estimate(value=mean.value, low=mean.low, high=mean.high)
    return found


def _folds(run: Decided, evidence: Evidence, first: Predictions, folds: int) -> tuple[Evidence, Predictions]:
    """Scores of every fold, and the pooled held-out rows of all of them as test."""
    predicted = [first]
    values = [_values(evidence.scores["test"])]
    for fold in range(1, folds):
        other = _again(run, run.config, f"folds/{fold}", fold=fold)
        predicted.append(other.predictor.predict(other.data.splits["test"], "test"))
        values.append(_values(score_split(other.predictor, predicted[-1]).scores))
    rows = pooled(predicted)
    found = score_split(run.predictor, rows)
    return with_scores(replace(evidence, folds=tuple(values)), "test", found), rows


def _again(
    run: Run, config: RunConfig, place: str, *, fold: int | None = None, data: DataModule | None = None
) -> Decided:
    if data is None:
        data = run.data.reseeded(config.seed) if fold is None else prepare_data(config, fold=fold)
    return Run.build(config, run.paths.directory / place, stored=run.predictor.config, data=data).fit().decide()


def _values(scores: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: score.value for name, score in scores.items()}
