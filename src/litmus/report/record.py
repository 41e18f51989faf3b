"""Everything that a finished run leaves in its directory, and what TensorBoard and the report show of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from litmus.data.base import SplitName
from litmus.evidence import Evidence
from litmus.learning.callbacks import Sink
from litmus.report import files
from litmus.report.pages import publish
from litmus.report.scene import Points, Scene, Surface, make_surface
from litmus.report.tensorboard import Writer
from litmus.run import Run
from litmus.task.base import Predictions
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

    run: Run
    evidence: Evidence
    verdict: Verdict
    predictions: Mapping[SplitName, Predictions]


def record_figures(outcome: Outcome, *, command: Sequence[str]) -> dict[str, Any]:
    """Writes what programs read: metrics, evidence, verdict, predictions and provenance, which it returns."""
    run, evidence = outcome.run, outcome.evidence
    directory = run.paths.directory
    held_out = [outcome.predictions[name] for name in HELD_OUT if name in outcome.predictions]
    files.write_metrics(directory, evidence)
    files.write_predictions(directory, held_out, run.data.spec.classes)
    origin = provenance(run, command)
    files.write_provenance(directory, origin)
    record_verdict(outcome)
    return origin


def record_verdict(outcome: Outcome) -> None:
    """Writes evidence.json and verdict.json."""
    files.write_evidence(outcome.run.paths.directory, outcome.evidence)
    files.write_verdict(outcome.run.paths.directory, outcome.verdict)


def record_pages(
    outcome: Outcome, *, sinks: Iterable[Sink], provenance: Mapping[str, Any], figures: bool = True
) -> None:
    """Writes what people look at: report.html, and figures and verdict into TensorBoard; `figures` as in `publish`."""
    run, evidence = outcome.run, outcome.evidence
    surface = _surface(run, evidence) if figures else None
    publish(
        run.paths.directory,
        Scene(
            evidence=evidence,
            predictions={str(name): said for name, said in outcome.predictions.items()},
            surface=surface,
        ),
        outcome.verdict,
        config=evidence.config,
        overrides=provenance["overrides"],
        provenance=provenance,
        notes=run.data.notes,
        writer=next((sink for sink in sinks if isinstance(sink, Writer)), None),
        figures=figures,
    )


def provenance(run: Run, command: Sequence[str]) -> dict[str, Any]:
    """What it takes to make the run again."""
    first, seeds = int(run.config["seed"]), int(run.config["verdict"]["seeds"])
    origin = run.data.origin
    return files.provenance(
        command=["litmus", *command],
        overrides=_overrides(command),
        seeds=list(range(first, first + seeds)),
        data={"path": origin.path, "sha256": origin.sha256, "rows": origin.rows},
        hardware=str(run.learner.device),
    )


def _overrides(command: Sequence[str]) -> list[str]:
    return [word for word in command if "=" in word and not word.startswith("--")]


def _surface(run: Run, evidence: Evidence) -> Surface | None:
    """The model over its inputs, where there are one or two of them."""
    spec, predictor = run.data.spec, run.predictor
    if spec.input != "table" or spec.in_shape[0] > 2 or spec.cardinalities or run.non_finite is not None:
        return None

    def predict(x: NDArray[np.float64]) -> NDArray[np.float64]:
        pred, prob = predictor.decide(predictor.outputs(torch.from_numpy(x).float()))
        return (pred if prob is None else prob).double().numpy()

    points = {
        name: Points(split.x.double().numpy(), predictor.task.in_unit(split.y).numpy())
        for name, split in run.data.splits.items()
    }
    return make_surface(predict, points, names=spec.features, columns=evidence.data.columns)
