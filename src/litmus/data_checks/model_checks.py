"""The data checks that need established models, made beside the references when the fit is over."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from litmus.data.tensors import Split
from litmus.data_checks.column_facts import belongs
from litmus.data_checks.labels import label_noise, more_rows, target_order
from litmus.data_checks.shift import split_shift
from litmus.data_checks.tails import robust_gain
from litmus.evidence import ClassLeak, DataFacts, FeatureLeak, FollowUp, JointLeak, RowFormula
from litmus.evidence.values import SplitName
from litmus.references.estimator import Recipe, quietly, recipes
from litmus.references.reference import Fitted, out_of_fold, stratified_sample, take
from litmus.scoring.score import point_scores
from litmus.task.base import Task

Together = TypeVar("Together", ClassLeak, JointLeak, RowFormula, FollowUp)

MOST_ROWS, FEWER_ROWS = 5000, 1500
FOLDS = 3
MOST_LEAKS = 2
ROBUST_SECONDS = 3.0
"""Work that a robust fit may take, where a target lies far out."""
FAR_OUT = 20.0
"""Robust deviations from the median of the farthest target, from which it may rule a squared error."""


def look_back(
    facts: DataFacts,
    task: Task,
    splits: Mapping[SplitName, Split],
    fitted: Sequence[Fitted],
    *,
    primary: str,
    seed: int,
    exchangeable: bool,
    seconds: float = 4.0,
) -> DataFacts:
    """The facts with shift, label noise, the worth of more rows, the order of the target, and leaks put to the test.

    Args:
        facts: What `check_data` found.
        task: Kind of target.
        splits: train, val, and test if it may be looked at.
        fitted: The references.
        primary: Primary metric.
        seed: Of samples and folds.
        exchangeable: Whether rows were dealt into splits at random, which leaves no shift to be found.
        seconds: About what all of it may take on one core.
    """
    train = splits["train"]
    shifts = (
        []
        if exchangeable
        else [
            split_shift(task.spec, train, split, name=name, seed=seed)
            for name, split in splits.items()
            if name != "train"
        ]
    )
    facts = try_leaks(facts, task, train, primary=primary, seed=seed, seconds=seconds / 2)
    far = (facts.target_tail or 0.0) >= FAR_OUT and facts.target_apart is None
    robust = robust_gain(task, train, seed=seed, seconds=ROBUST_SECONDS) if far else None
    order = target_order(task, train, seed=seed, seconds=seconds / 4)
    return replace(
        facts,
        shifts=tuple(shift for shift in shifts if shift is not None),
        noise=label_noise(task, fitted, train, exchangeable=exchangeable),
        more_rows=more_rows(task, train, seed=seed, primary=primary, seconds=seconds / 2),
        target_order=None if order is None else order.by_chance,
        robust_gain=robust,
        target_renumbered=None if order is None else order.renumbered,
    )


def try_leaks(facts: DataFacts, task: Task, train: Split, *, primary: str, seed: int, seconds: float) -> DataFacts:
    """The facts with what a reference scores out of fold with all columns, and without those that leak.

    Strong columns that may hide each other are left out together; of others two are tested. What was tested before is
    not tested again.
    """
    suspects = (facts.class_leak, facts.joint_leak, facts.formula, facts.between, facts.follow_up, facts.pieces)
    if task.spec.input != "table" or not (facts.leaks or any(suspects)):
        return facts
    planned = _affordable(task, len(train), seconds=seconds, seed=seed)
    if planned is None:
        return facts
    recipe, rows = planned
    sample = take(train, stratified_sample(task.in_unit(train.y), rows, seed=seed))
    known: dict[tuple[str, ...], float | None] = {}

    def without(columns: tuple[str, ...]) -> float | None:
        if columns not in known:
            inside = [
                j for j, name in enumerate(task.spec.features) if any(belongs(name, column) for column in columns)
            ]
            whole = columns and (not inside or len(inside) == task.spec.in_shape[0])
            blind = _blinded(sample, inside) if columns else sample
            known[columns] = None if whole else _score(task, recipe, blind, primary=primary, seed=seed)
        return known[columns]

    def tried(leak: FeatureLeak) -> FeatureLeak:
        rest = without(leak.together or (leak.column,))
        return leak if rest is None else replace(leak, without=rest, full=without(()))

    together = [leak for leak in facts.leaks if leak.together]
    tested = {leak.column for leak in together or facts.leaks[:MOST_LEAKS] if leak.full is None}
    leaks = tuple(tried(leak) if leak.column in tested else leak for leak in facts.leaks)

    def compared(leak: Together | None) -> Together | None:
        columns = () if leak is None else leak.columns + (leak.also if isinstance(leak, RowFormula) else ())
        if leak is None or leak.full is not None or (rest := without(columns)) is None:
            return leak
        return replace(leak, without=rest, full=without(()))

    return replace(
        facts,
        leaks=leaks,
        class_leak=compared(facts.class_leak),
        joint_leak=compared(facts.joint_leak),
        formula=compared(facts.formula),
        between=compared(facts.between),
        follow_up=compared(facts.follow_up),
        pieces=compared(facts.pieces),
    )


def _affordable(task: Task, rows: int, *, seconds: float, seed: int) -> tuple[Recipe, int] | None:
    """The best method that may be tried twice in the time, and on how many rows: fewer where columns are many."""
    for most in (MOST_ROWS, FEWER_ROWS):
        used = min(most, rows)
        able = [recipe for recipe in recipes(task.spec, seed=seed) if 2 * FOLDS * recipe.cost(used) <= seconds]
        if able:
            return able[-1], used
    return None


def _blinded(sample: Split, columns: list[int]) -> Split:
    """The rows with these columns constant, so that the others keep their places."""
    x = sample.x.clone()
    x[:, columns] = 0.0
    return replace(sample, x=x)


def _score(task: Task, recipe: Recipe, sample: Split, *, primary: str, seed: int) -> float | None:
    with quietly():
        return point_scores(task, out_of_fold(task, recipe, sample, folds=FOLDS, seed=seed))[primary]
