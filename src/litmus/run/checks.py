"""What is known of a run's rows before its first step."""

from dataclasses import replace

from litmus.data.base import SPLITS
from litmus.evaluation.checks import Checked, check_data
from litmus.evaluation.facts import plain_facts
from litmus.evaluation.hindsight import try_leaks
from litmus.evaluation.score import primary_metric
from litmus.evidence import DataFacts, Evidence, FitFacts, ModelFacts, TaskFacts
from litmus.run.training import Run

LEAK_SECONDS = 2.0  # for a reference with and without each suspected column


def check_rows(run: Run, *, test: bool, thorough: bool = True) -> Checked:
    """Facts of the rows; with `data.checks`, also twins, groups and one-column leaks between the splits.

    Args:
        run: Built, not fitted.
        test: Whether the test split may be looked at.
        thorough: Whether the checks run at all: the jobs of a sweep leave them to the winner.
    """
    data, task = run.data, run.predictor.task
    splits = {name: data.splits[name] for name in SPLITS if name in data.splits and (test or name != "test")}
    if not thorough or data.source.checks == "off":
        return Checked(facts=plain_facts(task, splits, split_rule=data.source.split), twins={})
    checked = check_data(
        task,
        data.rows,
        data.assignment,
        splits,
        split_rule=data.source.split,
        finish=data.preprocess.finish,
        seed=data.seed,
    )
    primary = bare_evidence(run, checked.facts).task.primary
    leaks = try_leaks(checked.facts, task, splits["train"], primary=primary, seed=data.seed, seconds=LEAK_SECONDS)
    return replace(checked, facts=replace(checked.facts, leaks=leaks))


def bare_evidence(run: Run, facts: DataFacts) -> Evidence:
    """Evidence of the rows alone, from which leaks can be judged before anything is trained."""
    spec = run.predictor.spec
    share = None if spec.task == "regression" else float(run.predictor.trivial.max())
    primary = primary_metric(spec.task, share)
    return Evidence(
        task=TaskFacts(kind=spec.task, target=spec.target, classes=spec.classes, primary=primary, majority_share=share),
        model=ModelFacts(name="", parameters=0, hidden_layers=0, linear=False),
        fit=FitFacts(epochs=0, max_epochs=0, steps=0, batches_per_epoch=0),
        data=facts,
        config=dict(run.config),
        scored="val",
    )
