"""The figures of a finished run, each drawn once: into report.html and into TensorBoard."""

from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litmus.report.hparams import hparams
from litmus.report.html import Drawing, render, write_html
from litmus.report.markdown import mistakes_text
from litmus.report.phrases import clean
from litmus.report.scene import Scene
from litmus.report.tensorboard import Status, Writer
from litmus.verdict import Verdict

if TYPE_CHECKING:
    from litmus.report.examples import Example

MAX_PR_CURVES = 12
MULTIRUN = frozenset({"-m", "--multirun"})


def publish(
    directory: Path,
    scene: Scene,
    verdict: Verdict,
    *,
    config: Mapping[str, Any],
    overrides: Iterable[str] = (),
    choices: Mapping[str, str] | None = None,
    swept: Set[str] | None = None,
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
        choices: Config group to the option chosen.
        swept: As in `hparams`.
        provenance: As in provenance.json.
        notes: What the data module says of its rows.
        writer: The run's, where TensorBoard is its logger.
        title: Of the page; None: the directory's last two names.
        figures: Whether to draw, which takes longer than a small training: the jobs of a sweep do without.
    """
    from litmus.report import canvas
    from litmus.report.examples import doubtful, gallery
    from litmus.report.figures import draw

    step = _step(scene)
    drawings = []
    for plot, figure in draw(scene) if figures else ():
        drawings.append(Drawing.of(figure, plot.name, plot.title, plot.takeaway(scene), plot.findings))
        if writer is not None:
            writer.image(f"figures/{plot.name}", canvas.png(figure), step)
    shown = gallery(scene)
    name = title or " / ".join(directory.resolve().parts[-2:])
    page = render(
        verdict,
        scene.evidence,
        title=name,
        drawings=drawings,
        provenance=provenance,
        config=config,
        notes=notes,
        gallery=shown,
        doubtful=doubtful(scene),
        words=typed(provenance, overrides) if provenance else None,
        directory=from_here(directory),
    )
    write_html(directory, page)
    if writer is not None:
        _mistakes(writer, shown, step)
        _close(writer, scene, verdict, hparams(config, overrides, choices, swept) | {"verdict": verdict.verdict})


def _mistakes(writer: Writer, shown: "Sequence[tuple[str, Sequence[Example]]]", step: int) -> None:
    """The rows that the page shows, as a text and where they are images as a sheet of each kind."""
    from litmus.report.examples import sheet

    if shown:
        writer.text("mistakes", mistakes_text(shown), step)
    for title, examples in shown:
        if (png := sheet(examples)) is not None:
            writer.image(f"mistakes/{clean(title.partition(':')[0], 60)}", png, step)


def typed(provenance: Mapping[str, Any], overrides: Iterable[str]) -> list[str]:
    """What stood behind `litmus train`, flags included; of a sweep's job or a resumed run what it was made of."""
    words = [str(word) for word in provenance.get("command", ())]
    if words[:2] != ["litmus", "train"] or MULTIRUN & {*words} or any(word.startswith("resume=") for word in words):
        return list(overrides)
    return words[2:]


def from_here(path: Path) -> Path:
    """The path from the current directory where it lies below it."""
    whole, here = path.resolve(), Path.cwd()
    return whole.relative_to(here) if whole.is_relative_to(here) else whole


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
        predicted = scene.predictions.get(split)
        if predicted is None or predicted.prob is None or not bool(predicted.prob.isfinite().all()):
            continue
        for code in codes:
            hit = (predicted.target == code).tolist()
            writer.pr_curve(f"{split}/{classes[code]}", hit, predicted.prob[:, code].tolist(), _step(scene))


def _step(scene: Scene) -> int:
    """Epoch of the weights in use."""
    fit = scene.evidence.fit
    return max(fit.epochs - 1, 0) if fit.best_epoch is None else fit.best_epoch
