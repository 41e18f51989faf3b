"""The figures of a finished run, each drawn once: into report.html and into TensorBoard."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from litmus.report.hparams import hparams
from litmus.report.html import Drawing, render, write_html
from litmus.report.scene import Scene
from litmus.report.tensorboard import Status, Writer
from litmus.verdict import Verdict

MAX_PR_CURVES = 12
WIDE = 1.6  # width over height from which a figure takes the page's whole width


def publish(
    directory: Path,
    scene: Scene,
    verdict: Verdict,
    *,
    config: Mapping[str, Any],
    overrides: Iterable[str] = (),
    provenance: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    writer: Writer | None = None,
    title: str | None = None,
    figures: bool = True,
) -> None:
    """Writes report.html and, with a writer, all that TensorBoard shows besides the curves; closes the writer.

    Args:
        directory: The run's.
        scene: What figures are drawn from.
        verdict: Of the run.
        config: As stored, secrets left as references.
        overrides: Of the run, as `key=value`.
        provenance: As in provenance.json.
        notes: What the data module says of its rows.
        writer: The run's, where TensorBoard is its logger.
        title: Of the page; None: the directory's last two names.
        figures: Whether to draw, which takes longer than a small training: the jobs of a sweep do without.
    """
    from litmus.report import canvas
    from litmus.report.plots import draw

    step = _step(scene)
    drawings = []
    for plot, figure in draw(scene) if figures else ():
        wide = figure.get_figwidth() > WIDE * figure.get_figheight() and figure.get_figwidth() > canvas.WIDTH
        drawings.append(Drawing(plot.name, plot.title, canvas.svg(figure, plot.name), wide=wide))
        if writer is not None:
            writer.image(f"figures/{plot.name}", canvas.png(figure), step)
    name = title or " / ".join(directory.resolve().parts[-2:])
    page = render(
        verdict, scene.evidence, title=name, drawings=drawings, provenance=provenance, config=config, notes=notes
    )
    write_html(directory, page)
    if writer is not None:
        _close(writer, scene, verdict, hparams(config, overrides))


def _close(writer: Writer, scene: Scene, verdict: Verdict, settings: Mapping[str, bool | float | str]) -> None:
    _pr_curves(writer, scene)
    writer.verdict(verdict, scene.evidence)
    fit = scene.evidence.fit
    status: Status = "failure" if fit.non_finite else "unknown" if fit.interrupted else "success"
    writer.hparams(settings, status=status)
    writer.close()


def _pr_curves(writer: Writer, scene: Scene) -> None:
    """Of the positive class, or of each of several classes."""
    classes = scene.evidence.task.classes
    codes = [1] if len(classes) == 2 else range(len(classes))[:MAX_PR_CURVES]
    for split in ("val", "test"):
        said = scene.predictions.get(split)
        if said is None or said.prob is None:
            continue
        for code in codes:
            hit = (said.target == code).tolist()
            writer.pr_curve(f"{split}/{classes[code]}", hit, said.prob[:, code].tolist(), _step(scene))


def _step(scene: Scene) -> int:
    """Epoch of the weights in use."""
    fit = scene.evidence.fit
    return max(fit.epochs - 1, 0) if fit.best_epoch is None else fit.best_epoch
