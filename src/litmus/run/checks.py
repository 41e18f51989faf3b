"""What is known of a run's rows before its first step."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from litmus.data.module import DataModule
from litmus.data.rows import Rows
from litmus.data.tensors import SPLITS, Split
from litmus.data_checks.checks import Checked, check_data
from litmus.data_checks.column_facts import plain_facts
from litmus.data_checks.exact_duplicates import positions, sample_rows
from litmus.data_checks.model_checks import try_leaks
from litmus.evidence import DataFacts, Evidence, FitFacts, ModelFacts, TaskFacts
from litmus.evidence.values import SplitName
from litmus.references.reference import take
from litmus.run.training import Run
from litmus.task.base import Task

LEAK_SECONDS = 2.0  # for a reference with and without each suspected column


def check_rows(run: Run, *, test: bool, thorough: bool = True) -> Checked:
    """Facts of the rows; with `data.checks`, also duplicates, groups and one-column leaks between the splits.

    Args:
        run: Built, not fitted.
        test: Whether the test split may be looked at.
        thorough: Whether the checks run at all: the jobs of a sweep leave them to the winner.
    """
    data, task = run.data, run.predictor.task
    splits = {name: data.splits[name] for name in SPLITS if name in data.splits and (test or name != "test")}
    if not thorough or data.source.checks == "off" or not data.comparable:
        return Checked(facts=plain_facts(task, splits, split_rule=data.source.split), twins={})
    rows, assignment, some = _looked_at(data, splits)
    checked = check_data(
        task,
        rows,
        assignment,
        some,
        split_rule=data.source.split,
        finish=data.preprocess.finish,
        seed=data.seed,
        exchangeable=is_exchangeable(data),
    )
    if rows is not data.rows:
        checked = replace(checked, facts=_whole_facts(checked.facts, task, splits))
    primary = bare_evidence(run, checked.facts).task.primary
    facts = try_leaks(checked.facts, task, some["train"], primary=primary, seed=data.seed, seconds=LEAK_SECONDS)
    return replace(checked, facts=facts)


def is_exchangeable(data: DataModule) -> bool:
    """Whether chance alone dealt the rows into splits."""
    return data.source.split in {"random", "stratified"} and data.rows.split is None


def _looked_at(
    data: DataModule, splits: Mapping[SplitName, Split]
) -> tuple[Rows, NDArray[np.int8], Mapping[SplitName, Split]]:
    """The rows that the checks compare with each other: all, or as many as fit into memory several times over."""
    rows, store = data.rows, data.rows.store
    if store is None:
        return rows, data.assignment, splits
    picked = sample_rows(len(rows), store.sample(rows.width), seed=data.seed)
    inside = np.zeros(len(rows), dtype=np.bool_)
    inside[picked] = True
    at = {name: np.flatnonzero(inside[index]) for name, index in positions(data.assignment).items()}
    some = {name: take(split, torch.from_numpy(at[name])) for name, split in splits.items()}
    return replace(rows, store=None).take(picked), data.assignment[picked], some


def _whole_facts(found: DataFacts, task: Task, splits: Mapping[SplitName, Split]) -> DataFacts:
    """What was found in a part of the rows, with sizes, classes and targets of all."""
    facts = plain_facts(task, splits, split_rule=found.split_rule)
    names = (
        "columns",
        "twins",
        "groups",
        "leaks",
        "class_leak",
        "joint_leak",
        "formula",
        "between",
        "follow_up",
        "pieces",
        "drifts",
        "scale_ratio",
        "seen_mean_ratio",
    )
    return replace(facts, **{name: getattr(found, name) for name in names})


def bare_evidence(run: Run, facts: DataFacts) -> Evidence:
    """Evidence of the rows alone, from which leaks can be judged before anything is trained."""
    spec = run.predictor.spec
    task = run.predictor.task
    share = task.majority_share(run.predictor.prior)
    primary = task.primary_of(run.predictor.prior)
    return Evidence(
        task=TaskFacts(kind=spec.task, target=spec.target, classes=spec.classes, primary=primary, majority_share=share),
        model=ModelFacts(name="", parameters=0, hidden_layers=0, linear=False),
        fit=FitFacts(epochs=0, max_epochs=0, steps=0, batches_per_epoch=0),
        data=facts,
        config=dict(run.config.tree),
        scored="val",
    )
