"""Metrics with intervals and a verdict for a trained model on labelled data, alone or beside another model."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

from litmus.commands.judge import asked, save, stored_evidence, without_references
from litmus.config import RunConfig, to_plain
from litmus.errors import InputError
from litmus.evidence import Drift, Estimate, Evidence, ModelFacts, Unknown
from litmus.metrics import lower_is_better
from litmus.metrics.answers import Predictions
from litmus.report import tables
from litmus.report.files import split_metrics, write_json
from litmus.report.phrases import interval, metric, number
from litmus.report.terminal import Terminal
from litmus.run.labelled import Labelled, own_test, predict_labelled, predict_same, read_labelled, run_of, seen_by
from litmus.run.ledger import count_reading, ledger_folder
from litmus.run.new_rows import drift_lines, drift_of
from litmus.run.observe import score_split, task_facts, with_scores
from litmus.run.paths import Paths
from litmus.run.predictor import Predictor
from litmus.scoring.difference import difference
from litmus.scoring.score import SplitScores
from litmus.scoring.standalone import evidence_of
from litmus.sweeps.places import find_checkpoint
from litmus.task import kind_of
from litmus.verdict import Verdict
from litmus.verdict.judge import judge

WORST = 10
UNPAIRED = frozenset({"ece"})


def main(
    *,
    checkpoint: str,
    data_path: str | None = None,
    against: str | None = None,
    output_dir: str = "outputs",
    overrides: Sequence[str] = (),
) -> None:
    """Prints scores and verdict, and writes evaluation.json: in the checkpoint's run, or in the current directory.

    evaluation.json is metrics.json of the scored rows, with `verdict` as in verdict.json, `data`, `worst_rows`, `drift`
    (how the rows differ from those trained on) and `against`; a later evaluation replaces it.

    Args:
        checkpoint: File, run directory or last.
        data_path: Labelled file or folder like the one trained on; None: the run's own test split.
        against: Another checkpoint, scored on the same rows.
        output_dir: Where `last` is looked for.
        overrides: Of `criteria` and `verdict`, on top of the run's own.

    Raises:
        InputError: A checkpoint or data that cannot be used.
    """
    terminal = Terminal()
    file = find_checkpoint(checkpoint, output_dir=output_dir, tell=terminal.line)
    other = None if against is None else find_checkpoint(against, output_dir=output_dir, tell=terminal.line)
    found = evaluated(file, data_path, other, overrides)
    evidence = found.evidence
    terminal.opening([f"model: {file}", *_opening(found.labelled)])
    terminal.line()
    terminal.table(scores(evidence))
    if len(evidence.task.classes) > 2:
        terminal.line()
        terminal.table(tables.classes(evidence, evidence.scored))
    terminal.verdict(found.verdict, evidence)
    if found.against is not None:
        show(found.against, terminal)
    for line in drift_lines(found.drift):
        terminal.line(line)
    output = (run_of(file) or Path()) / "evaluation.json"
    save(lambda: write_json(output, found.document()), output)
    terminal.line()
    terminal.line(f"scores:  {output}")


@final
@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """What labelled rows show of a trained model.

    Args:
        file: The checkpoint.
        predictor: What it holds.
        labelled: The rows.
        predictions: Of them.
        evidence: What they show.
        verdict: What that comes to.
        drift: How its rows differ from the training rows; None where that is not known.
        against: The difference from another model; None: there is none.
    """

    file: Path
    predictor: Predictor
    labelled: Labelled
    predictions: Predictions
    evidence: Evidence
    verdict: Verdict
    drift: Drift | None
    against: dict[str, Any] | None

    def document(self) -> dict[str, Any]:
        """The content of evaluation.json."""
        found = document(self.predictor, self.labelled, self.predictions, evidence=self.evidence, verdict=self.verdict)
        found["drift"] = None if self.drift is None else asdict(self.drift)
        return {"checkpoint": str(self.file), **found, "against": self.against}


def evaluated(file: Path, data_path: str | None, other: Path | None, overrides: Sequence[str]) -> Evaluated:
    """Scores and judges the model of a checkpoint; arguments and errors as in `main`."""
    predictor = Predictor.restore(file)
    criteria, settings = asked(predictor.config, overrides)
    labelled = own_test(predictor, file) if data_path is None else read_labelled(predictor, data_path, file)
    predictions = predict_labelled(predictor, labelled)
    evidence = observe(predictor, labelled, predictions, file)
    verdict = _sober(judge(evidence, without_references(criteria, evidence), settings), labelled)
    return Evaluated(
        file=file,
        predictor=predictor,
        labelled=labelled,
        predictions=predictions,
        evidence=evidence,
        verdict=verdict,
        drift=drift_of(predictor, labelled.rows, hashed=labelled.data is None and not labelled.trained_on),
        against=None if other is None else compare(predictor, predictions, labelled, other),
    )


def observe(predictor: Predictor, labelled: Labelled, predictions: Predictions, file: Path) -> Evidence:
    """What the scores show; for the run's own test split beside all that the run showed."""
    found = score_split(predictor, predictions)
    if labelled.data is not None:
        folder = RunConfig(to_plain(predictor.config)).output_dir
        reads = count_reading(ledger_folder(folder, file), labelled.origin.sha256)
        known = _of_run(predictor, file)
        evidence = _alone(predictor, predictions, found) if known is None else with_scores(known, "test", found)
        return replace(evidence, test_reads=reads)
    evidence = _alone(predictor, predictions, found)
    if labelled.trained_on:
        reason = "this is the file trained on: its training rows are scored too, which flatters the model"
        evidence = replace(evidence, unknown=(Unknown(name="held_out", reason=reason), *evidence.unknown))
    return evidence


def _sober(verdict: Verdict, labelled: Labelled) -> Verdict:
    """Rows that the model was trained on can condemn it, never clear it."""
    if not labelled.trained_on or verdict.verdict != "adequate":
        return verdict
    summary = "Undetermined: the model was trained on these rows, so that a good score on them shows nothing.\n"
    summary += "Labelled rows that it has not seen would settle it."
    return replace(verdict, verdict="undetermined", summary=summary)


def _alone(predictor: Predictor, predictions: Predictions, found: SplitScores) -> Evidence:
    parameters = sum(parameter.numel() for parameter in predictor.model.parameters())
    model = ModelFacts(name=type(predictor.model).__name__, parameters=parameters, hidden_layers=0, linear=False)
    return evidence_of(predictions, found, spec=predictor.spec, task=task_facts(predictor), model=model)


def _of_run(predictor: Predictor, file: Path) -> Evidence | None:
    """The evidence of the checkpoint's run; None where it left its run, or where folds were pooled in it."""
    directory = run_of(file)
    if directory is None or RunConfig(predictor.config).data.folds or not Paths(directory).evidence.is_file():
        return None
    return stored_evidence(Paths(directory))


def document(
    predictor: Predictor, labelled: Labelled, predictions: Predictions, *, evidence: Evidence, verdict: Verdict
) -> dict[str, Any]:
    """What evaluation.json holds, without the comparison."""
    origin = labelled.origin
    return {
        "data": {"path": origin.path, "sha256": origin.sha256, "rows": len(predictions.rows)},
        "own_test": labelled.data is not None,  # the run's own test split, and no other rows
        "test": split_metrics(evidence, evidence.scored),
        "threshold": predictor.threshold,
        "verdict": asdict(verdict),
        "worst_rows": worst_rows(predictor, predictions, labelled.rows.names),
    }


def worst_rows(
    predictor: Predictor, predictions: Predictions, names: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """The rows that the model gets most wrong: the largest error, or the surest wrong class; by the file's numbers."""
    target, pred = predictions.target, predictions.pred
    if predictions.prob is None:
        wrongness = (pred - target).abs()
    else:
        true = predictions.prob.gather(1, target.unsqueeze(1)).squeeze(1)
        wrongness = (1 - true).where(pred != target, 0.0)
    order = wrongness.argsort(descending=True, stable=True)[:WORST]
    order = order[wrongness[order] > 0]
    decode = predictor.coder.decode if predictor.spec.classes else lambda values: values.tolist()
    columns = (predictions.rows[order].tolist(), decode(target[order]), decode(pred[order]), wrongness[order].tolist())
    kind = "error" if predictions.prob is None else "wrong_by"
    found = [
        {"row": row, "target": true, "pred": predicted, kind: value}
        for row, true, predicted, value in zip(*columns, strict=True)
    ]
    if names is not None:
        found = [{**finding, "name": names[place]} for finding, place in zip(found, order.tolist(), strict=True)]
    return found


def scores(evidence: Evidence) -> tables.Table:
    """Every metric of the scored split with its interval, beside the baseline's."""
    rule = kind_of(evidence.task.kind).baseline
    rows = tuple(
        (metric(name), number(score.value), interval(score.low, score.high), number(score.baseline))
        for name, score in evidence.scores[evidence.scored].items()
    )
    return tables.Table(("metric", "model", "95 % interval", rule), rows)


def compare(predictor: Predictor, predictions: Predictions, labelled: Labelled, other_file: Path) -> dict[str, Any]:
    """The two models on the same rows: each metric's difference, this model minus the other, with its interval.

    Raises:
        InputError: The other model predicts something else, or the rows cannot be found for it.
    """
    other = Predictor.restore(other_file)
    predicted = predict_same(other, predictor, labelled)
    if not predicted.target.equal(predictions.target):
        raise InputError(f"against: {other_file} reads other true values from these rows; give data.path=<file>")
    theirs = score_split(predictor, replace(predicted, group=predictions.group, time=predictions.time)).scores
    ours = score_split(predictor, predictions).scores
    primary = task_facts(predictor).primary
    found = {
        name: _difference(predictions, predicted, name, ours=score.value, theirs=theirs[name].value)
        for name, score in ours.items()
        if name not in UNPAIRED
    }
    return {
        "checkpoint": str(other_file),
        "n": len(predictions.rows),
        "metric": primary,
        "conclusion": _conclusion(primary, found[primary]),
        "seen": seen_by(other, labelled),
        "differences": found,
    }


def _difference(
    ours_said: Predictions, theirs_said: Predictions, name: str, *, ours: float | None, theirs: float | None
) -> dict[str, float | None]:
    estimate = Estimate(value=None) if ours is None or theirs is None else difference(ours_said, theirs_said, name)
    return {"this": ours, "against": theirs, "value": estimate.value, "low": estimate.low, "high": estimate.high}


def _conclusion(name: str, found: Mapping[str, float | None]) -> str:
    """better or worse where the interval leaves out 0, else undetermined."""
    low, high = found["low"], found["high"]
    if low is None or high is None or low <= 0 <= high:
        return "undetermined"
    return "better" if (low > 0) != lower_is_better(name) else "worse"


def show(compared: Mapping[str, Any], terminal: Terminal) -> None:
    """The comparison on the terminal."""
    name, found = metric(compared["metric"]), compared["differences"]
    words = {
        "better": "this model is better",
        "worse": "this model is worse",
        "undetermined": "no difference is shown",
    }
    terminal.line()
    terminal.line(
        f"against {compared['checkpoint']}: {words[compared['conclusion']]} by {name} on {compared['n']} rows"
    )
    if compared["seen"]:
        terminal.line(f"the other model was trained or tuned on {compared['seen']} of these rows, which flatters it")
    rows = tuple(
        (
            metric(key),
            number(value["this"]),
            number(value["against"]),
            number(value["value"]),
            interval(value["low"], value["high"]),
        )
        for key, value in found.items()
    )
    terminal.table(tables.Table(("metric", "this", "against", "difference", "95 % interval"), rows))


def _opening(labelled: Labelled) -> list[str]:
    what = "its own test split" if labelled.data is not None else "labelled rows"
    lines = [f"data: {labelled.origin.path}, {len(labelled.rows)} rows ({what})"]
    if labelled.trained_on:
        lines.append("this is the file trained on: its training rows are scored too, which flatters the model")
    return [*lines, *(labelled.rows.notes if labelled.data is None else ())]
