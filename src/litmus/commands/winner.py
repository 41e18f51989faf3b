"""The winner of a sweep gets what its job did without: reference models, its test score, and a verdict on both."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from litmus.commands.judge import stored_evidence
from litmus.commands.train import compared, judged, loggers
from litmus.config import RunConfig, to_plain
from litmus.data_checks.checks import with_twin_scores
from litmus.evidence.values import Score, SplitName
from litmus.report.record import Outcome, record_figures, record_origin, record_pages
from litmus.run import Decided, KeptRows, Paths, Predictor, Run
from litmus.run.answers import with_answers
from litmus.run.checks import check_rows
from litmus.run.labelled import own_data
from litmus.run.observe import count_test, score_split, with_scores
from litmus.run.repeat import repeat
from litmus.statistics import Interval, repeated_interval
from litmus.sweeps.leaderboard import within


def complete(directory: Path, *, test: bool) -> Outcome:
    """What a finished job comes to as a run of its own; the fit stays, the files that rest on scores are written anew.

    Args:
        directory: Of the job.
        test: Whether its test split is read, where it has one and has not been read for this run before.

    Raises:
        InputError: The data are gone or have changed, or the job left no evidence.
    """
    paths = Paths(directory)
    known = stored_evidence(paths)
    run = _restored(paths)
    names: list[SplitName] = ["train", "val"]
    if "test" in run.data.splits and (test or known.scored == "test"):
        names.append("test")
    predictions = {name: run.predictor.predict(run.data.splits[name], name) for name in names}
    task, primary = run.predictor.task, known.task.primary
    facts = with_twin_scores(check_rows(run, test="test" in names), task, predictions, primary=primary)
    evidence = replace(known, data=facts)
    if names[-1] != known.scored:
        evidence = with_scores(evidence, "test", score_split(run.predictor, predictions["test"]))
        evidence, predictions = repeat(run, evidence, predictions)
        evidence = count_test(run, evidence)
    evidence = with_answers(run, compared(run, evidence, predictions))
    outcome = Outcome(run, evidence, judged(run.config, evidence), predictions)
    record_figures(outcome)
    provenance = record_origin(run, _command(directory))
    record_pages(outcome, sinks=loggers(run.config, directory), provenance=provenance)
    return outcome


def score_setting(outcome: Outcome, others: Sequence[Path]) -> dict[str, Score]:
    """What the winning setting scores on test, over its seeds: one reading, with the winner's own.

    Args:
        outcome: Of the winner, whose test split was read.
        others: Its runs of other seeds.

    Returns:
        By metric, with an interval over seeds and rows; what is undefined for a seed is left out.
    """
    own = outcome.evidence.scores["test"]
    rows = KeptRows()
    scores = [own, *(_test_scores(Paths(place), rows) for place in others)]
    found: dict[str, Score] = {}
    for name, score in own.items():
        known = [
            _interval(measured[name]) for measured in scores if name in measured and measured[name].value is not None
        ]
        if len(known) == len(scores):
            whole = within(repeated_interval(known), name)
            low, high = (bound if math.isfinite(bound) else None for bound in (whole.low, whole.high))
            found[name] = Score(value=whole.value, low=low, high=high, n=score.n, baseline=score.baseline)
    return found


def _test_scores(paths: Paths, rows: KeptRows) -> Mapping[str, Score]:
    predictor = Predictor.restore(paths.best)
    data = own_data(predictor, paths.best, rows=rows)
    return score_split(predictor, predictor.predict(data.splits["test"], "test")).scores


def _interval(score: Score) -> Interval:
    value = math.nan if score.value is None else score.value
    low, high = (-math.inf if score.low is None else score.low), (math.inf if score.high is None else score.high)
    return Interval(value, low, high)


def _restored(paths: Paths) -> Decided:
    """The run that trained what stands in its best.ckpt, with its rows; nothing is trained."""
    predictor = Predictor.restore(paths.best)
    data = own_data(predictor, paths.best)
    config = RunConfig(to_plain(predictor.config))
    return Run.build(config, paths.directory, stored=predictor.config, data=data).restored(predictor)


def _command(directory: Path) -> list[str]:
    """The words after `litmus` that started the sweep, as the job noted them."""
    try:
        known = json.loads((directory / "provenance.json").read_text(encoding="utf-8"))
        return [str(word) for word in known["command"][1:]]
    except (OSError, ValueError, KeyError, TypeError):
        return ["train", "-m"]
