"""The data checks that need established models, made beside the references when the fit is over."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from litmus.data.base import Split, SplitName
from litmus.evaluation.estimator import Recipe, quietly, recipes
from litmus.evaluation.facts import belongs
from litmus.evaluation.labels import label_noise, more_rows, target_order
from litmus.evaluation.reference import Fitted, out_of_fold, stratified_sample, take
from litmus.evaluation.score import point_scores
from litmus.evaluation.shift import split_shift
from litmus.evidence import DataFacts, FeatureLeak
from litmus.task.base import Task

MOST_ROWS = 5000
FOLDS = 3
MOST_LEAKS = 2


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
    return replace(
        facts,
        shifts=tuple(shift for shift in shifts if shift is not None),
        noise=label_noise(task, fitted),
        more_rows=more_rows(task, train, seed=seed, primary=primary, seconds=seconds / 2),
        target_order=target_order(task, train, seed=seed, seconds=seconds / 4),
        leaks=try_leaks(facts, task, train, primary=primary, seed=seed, seconds=seconds / 2),
    )


def try_leaks(
    facts: DataFacts, task: Task, train: Split, *, primary: str, seed: int, seconds: float
) -> tuple[FeatureLeak, ...]:
    """The leaks with what a reference scores out of fold with all columns, and without the one; two are tested."""
    width = task.spec.in_shape[0] if task.spec.input == "table" else 0
    tested = []
    for leak in facts.leaks[:MOST_LEAKS]:
        inside = [j for j, name in enumerate(task.spec.features) if belongs(name, leak.column)]
        tested.append(leak)
        if not inside or len(inside) == width:
            continue
        target = task.in_unit(train.y)
        sample = take(train, stratified_sample(target, MOST_ROWS, seed=seed))
        recipe = recipes(task.spec, seed=seed)[-1]
        if 2 * FOLDS * recipe.cost(len(sample)) > seconds:
            continue
        tested[-1] = replace(
            leak,
            full=_score(task, recipe, sample, primary=primary, seed=seed),
            without=_score(task, recipe, _blinded(sample, inside), primary=primary, seed=seed),
        )
    return (*tested, *facts.leaks[MOST_LEAKS:])


def _blinded(sample: Split, columns: list[int]) -> Split:
    """The rows with these columns constant, so that the others keep their places."""
    x = sample.x.clone()
    x[:, columns] = 0.0
    return replace(sample, x=x)


def _score(task: Task, recipe: Recipe, sample: Split, *, primary: str, seed: int) -> float | None:
    with quietly():
        return point_scores(task, out_of_fold(task, recipe, sample, folds=FOLDS, seed=seed))[primary]
