"""Everything that a finished run leaves in its directory, and what TensorBoard and the report show of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from litmus.engine.callbacks import Sink
from litmus.evidence import Evidence
from litmus.evidence.values import SplitName
from litmus.metrics.answers import Predictions
from litmus.report import files
from litmus.report.pages import MULTIRUN, publish
from litmus.report.scene import Scene
from litmus.report.tensorboard import Writer
from litmus.report.views import make_scene
from litmus.run import Decided, Run
from litmus.verdict import Verdict

HELD_OUT: tuple[SplitName, ...] = ("val", "test")


@final
@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Args:
        run: The fitted run.
        evidence: What it showed.
        verdict: What that means.
        predictions: By split.
    """

    run: Decided
    evidence: Evidence
    verdict: Verdict
    predictions: Mapping[SplitName, Predictions]


def record_origin(run: Run, command: Sequence[str]) -> dict[str, Any]:
    """Writes provenance.json and returns it: before the fit, so that a run that was killed has it too."""
    origin = provenance(run, command)
    files.write_provenance(run.paths.directory, origin)
    return origin


def record_figures(outcome: Outcome) -> None:
    """Writes what programs read: metrics, evidence, verdict and predictions."""
    run, evidence = outcome.run, outcome.evidence
    directory = run.paths.directory
    held_out = [outcome.predictions[name] for name in HELD_OUT if name in outcome.predictions and run.scored]
    files.write_metrics(directory, evidence)
    files.write_predictions(directory, held_out, run.data.spec.classes)
    record_verdict(outcome)


def record_verdict(outcome: Outcome) -> None:
    """Writes evidence.json and verdict.json."""
    files.write_evidence(outcome.run.paths.directory, outcome.evidence)
    files.write_verdict(outcome.run.paths.directory, outcome.verdict)


def record_pages(
    outcome: Outcome, *, sinks: Iterable[Sink], provenance: Mapping[str, Any], figures: bool = True
) -> None:
    """Writes what people look at: report.html, and figures and verdict into TensorBoard; `figures` as in `publish`."""
    run, evidence = outcome.run, outcome.evidence
    predictions = {str(name): predicted for name, predicted in outcome.predictions.items()}
    scene = Scene(evidence=evidence, predictions=predictions)
    if figures and run.scored:
        # a data module's rows are numbered within each split, and may be no pictures
        shown = run.config.report.rows and not run.data.own_loader
        scene = make_scene(run.predictor, run.data, evidence, predictions, examples=shown)
    publish(
        run.paths.directory,
        scene,
        outcome.verdict,
        config=evidence.config,
        overrides=files.job_overrides(run.paths.directory) or provenance["overrides"],
        choices=files.choices(run.paths.directory),
        swept=files.swept(run.paths.directory),
        provenance=provenance,
        notes=run.data.notes,
        writer=next((sink for sink in sinks if isinstance(sink, Writer)), None),
        figures=figures,
    )


def provenance(run: Run, command: Sequence[str]) -> dict[str, Any]:
    """What it takes to make the run again."""
    first, seeds = run.config.seed, run.config.verdict.seeds
    origin = run.data.origin
    return files.provenance(
        command=["litmus", *command],
        overrides=_overrides(run.paths.directory, command),
        seeds=list(range(first, first + seeds)),
        data={"path": origin.path, "sha256": origin.sha256, "rows": origin.rows},
        hardware=str(run.trainer.strategy.root_device),
        engine="lean" if run.trainer.lean else "stock",
    )


def _overrides(directory: Path, command: Sequence[str]) -> list[str]:
    """What was typed; for a job of a sweep its own point, and not all values of all points."""
    if MULTIRUN & {*command} and (point := files.job_overrides(directory)):
        return point
    return [word for word in command if "=" in word and not word.startswith("--")]
