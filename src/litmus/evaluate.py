"""Metrics with intervals and a verdict for a trained model on labelled data, alone or beside another model."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from litmus.errors import InputError
from litmus.evaluation.difference import difference
from litmus.evaluation.score import SplitScores
from litmus.evaluation.standalone import evidence_of
from litmus.evidence import Estimate, Evidence, ModelFacts, Unknown
from litmus.judge import asked, save, stored_evidence, without_references
from litmus.report import tables
from litmus.report.files import split_metrics, write_json
from litmus.report.phrases import interval, metric, number
from litmus.report.terminal import Terminal
from litmus.run.labelled import Labelled, own_test, predict_labelled, predict_same, read_labelled, run_of, seen_by
from litmus.run.observe import count_reading, score_split, task_facts
from litmus.run.paths import Paths, find_checkpoint
from litmus.run.predictor import Predictor
from litmus.task.base import Predictions
from litmus.verdict import Verdict
from litmus.verdict.criteria import lower_is_better
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

    evaluation.json is metrics.json of the scored rows, with `verdict` as in verdict.json, `data`, `worst_rows` and
    `against`; a later evaluation replaces it.

    Args:
        checkpoint: File, run directory or last.
        data_path: Labelled file or folder like the one trained on; None: the run's own test split.
        against: Another checkpoint, scored on the same rows.
        output_dir: Where `last` is looked for.
        overrides: Of `criteria` and `verdict`, on top of the run's own.

    Raises:
        InputError: A checkpoint or data that cannot be used.
    """
    file = find_checkpoint(checkpoint, output_dir=output_dir)
    other = None if against is None else find_checkpoint(against, output_dir=output_dir)
    predictor = Predictor.restore(file)
    criteria, settings = asked(predictor.config, overrides)
    labelled = own_test(predictor, file) if data_path is None else read_labelled(predictor, data_path, file)
    predictions = predict_labelled(predictor, labelled)
    evidence = observe(predictor, labelled, predictions, file)
    verdict = _sober(judge(evidence, without_references(criteria, evidence), settings), labelled)
    compared = None if other is None else compare(predictor, predictions, labelled, other)
    terminal = Terminal()
    terminal.opening([f"model: {file}", *_opening(labelled)])
    terminal.line()
    terminal.table(scores(evidence))
    if len(evidence.task.classes) > 2:
        terminal.line()
        terminal.table(tables.classes(evidence, evidence.scored))
    terminal.verdict(verdict, evidence)
    if compared is not None:
        show(compared, terminal)
    output = (run_of(file) or Path()) / "evaluation.json"
    found = document(predictor, labelled, predictions, evidence=evidence, verdict=verdict)
    save(lambda: write_json(output, {"checkpoint": str(file), **found, "against": compared}), output)
    terminal.line()
    terminal.line(f"scores:  {output}")


def observe(predictor: Predictor, labelled: Labelled, predictions: Predictions, file: Path) -> Evidence:
    """What the scores show; for the run's own test split beside all that the run showed."""
    found = score_split(predictor, predictions)
    if labelled.data is not None:
        reads = count_reading(labelled.data, str(predictor.config["output_dir"]))
        known = _of_run(predictor, file)
        evidence = _alone(predictor, predictions, found) if known is None else _with_scores(known, found)
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
    summary = "Undetermined: the model was trained on these rows, and does well on them.\n"
    summary += "What would settle it: labelled rows that it has not seen."
    return replace(verdict, verdict="undetermined", summary=summary)


def _alone(predictor: Predictor, predictions: Predictions, found: SplitScores) -> Evidence:
    parameters = sum(parameter.numel() for parameter in predictor.model.parameters())
    model = ModelFacts(name=type(predictor.model).__name__, parameters=parameters, hidden_layers=0, linear=False)
    return evidence_of(predictions, found, spec=predictor.spec, task=task_facts(predictor), model=model)


def _of_run(predictor: Predictor, file: Path) -> Evidence | None:
    """The evidence of the checkpoint's run; None where it left its run, or where folds were pooled in it."""
    directory = run_of(file)
    if directory is None or predictor.config["data"].get("folds") or not Paths(directory).evidence.is_file():
        return None
    return stored_evidence(Paths(directory))


def _with_scores(known: Evidence, found: SplitScores) -> Evidence:
    return replace(
        known,
        scored="test",
        scores={**known.scores, "test": found.scores},
        per_class={**known.per_class, "test": found.per_class} if found.per_class else known.per_class,
        confusion={**known.confusion, "test": found.confusion} if found.confusion else known.confusion,
        gain={**known.gain, "test": found.gain},
        pr_gap=found.pr_gap,
    )


def document(
    predictor: Predictor, labelled: Labelled, predictions: Predictions, *, evidence: Evidence, verdict: Verdict
) -> dict[str, Any]:
    """What evaluation.json holds, without the comparison."""
    origin = labelled.origin
    return {
        "data": {"path": origin.path, "sha256": origin.sha256, "rows": len(predictions.rows)},
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
        {"row": row, "target": true, "pred": said, kind: value} for row, true, said, value in zip(*columns, strict=True)
    ]
    if names is not None:
        found = [{**one, "name": names[place]} for one, place in zip(found, order.tolist(), strict=True)]
    return found


def scores(evidence: Evidence) -> tables.Table:
    """Every metric of the scored split with its interval, beside the trivial rule's."""
    rule = "mean" if evidence.task.kind == "regression" else "majority"
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
    said = predict_same(other, predictor, labelled)
    if not said.target.equal(predictions.target):
        raise InputError(f"against: {other_file} reads other true values from these rows; give data.path=<file>")
    theirs = score_split(predictor, replace(said, group=predictions.group, time=predictions.time)).scores
    ours = score_split(predictor, predictions).scores
    primary = task_facts(predictor).primary
    found = {
        name: _difference(predictions, said, name, ours=score.value, theirs=theirs[name].value)
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
            number(one["this"]),
            number(one["against"]),
            number(one["value"]),
            interval(one["low"], one["high"]),
        )
        for key, one in found.items()
    )
    terminal.table(tables.Table(("metric", "this", "against", "difference", "95 % interval"), rows))


def _opening(labelled: Labelled) -> list[str]:
    what = "its own test split" if labelled.data is not None else "labelled rows"
    lines = [f"data: {labelled.origin.path}, {len(labelled.rows)} rows ({what})"]
    if labelled.trained_on:
        lines.append("this is the file trained on: its training rows are scored too, which flatters the model")
    return [*lines, *(labelled.rows.notes if labelled.data is None else ())]
