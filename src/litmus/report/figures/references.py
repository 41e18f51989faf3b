"""The model beside reference models."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from litmus.evidence import Estimate, Evidence, Reference
from litmus.metrics import lower_is_better
from litmus.report import canvas, phrases
from litmus.report.plot import Plot
from litmus.report.scene import Scene
from litmus.verdict import wording


def draw(scene: Scene) -> Figure:
    """The model's primary score with its interval beside references, and the paired differences where there are any."""
    evidence = scene.evidence
    primary, split = evidence.task.primary, evidence.scored
    shown = [r for r in evidence.references if r.scores.get(split, {}).get(primary) is not None]
    paired = any(split in reference.difference for reference in shown)  # of pooled folds there are none
    names = ["this model", *(_reference_name(r) for r in shown)]
    host = canvas.figure(8.6 if paired else canvas.WIDTH, 1.3 + 0.4 * len(names))
    canvas.frame(host, left=max(map(canvas.inches, names)) + 0.3)
    panels = host.subplots(1, 1 + paired, sharey=True, squeeze=False, gridspec_kw={"wspace": 0.08})[0]
    left = panels[0]
    canvas.dress(left, f"{canvas.sentence(phrases.metric(primary))} on {split}", phrases.metric(primary))
    _model(left, evidence)
    for i, reference in enumerate(shown, start=1):
        left.plot([reference.scores[split][primary]], [i], "s", color=canvas.COLOURS[7], markersize=7)
    for right in panels[1:]:
        canvas.dress(right, "Model minus reference", f"difference of {phrases.metric(primary)}, 95 % interval")
        for i, reference in enumerate(shown, start=1):
            _difference(right, reference.difference.get(split), i)
        right.axvline(0, color=canvas.FAINT, linestyle="-.", linewidth=1.4)
        right.tick_params(labelleft=False)
    left.set_yticks(range(len(names)), names)
    left.set_ylim(len(names) - 0.4, -0.6)
    return host


def applies(scene: Scene) -> bool:
    """Whether a reference has a score."""
    evidence = scene.evidence
    return any(r.scores.get(evidence.scored, {}).get(evidence.task.primary) is not None for r in evidence.references)


def _model(ax: Axes, evidence: Evidence) -> None:
    score = evidence.scores.get(evidence.scored, {}).get(evidence.task.primary)
    if score is None or score.value is None:
        return
    low = score.value if score.low is None else score.low
    high = score.value if score.high is None else score.high
    bars = [[max(score.value - low, 0)], [max(high - score.value, 0)]]
    ax.errorbar([score.value], [0], xerr=bars, fmt="o", color=canvas.COLOURS[0], markersize=8, capsize=4, linewidth=1.8)


def _difference(ax: Axes, estimate: Estimate | None, i: int) -> None:
    if estimate is None or estimate.value is None:
        return
    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    colour = canvas.COLOURS[2] if low > 0 else (canvas.COLOURS[1] if high < 0 else canvas.COLOURS[7])
    bars = [[max(estimate.value - low, 0)], [max(high - estimate.value, 0)]]
    ax.errorbar([estimate.value], [i], xerr=bars, fmt="o", color=colour, markersize=6, capsize=4, linewidth=1.6)


def _reference_name(reference: Reference) -> str:
    return canvas.label(reference.name.replace("_", " "), 24)


def takeaway(scene: Scene) -> str:
    """The best reference beside the model, and whether the difference is sure."""
    evidence = scene.evidence
    primary, split = evidence.task.primary, evidence.scored
    known = [(r, value) for r in evidence.references if (value := r.scores.get(split, {}).get(primary)) is not None]
    best, theirs = (min if lower_is_better(primary) else max)(known, key=lambda pair: pair[1])
    ours = evidence.scores.get(split, {}).get(primary)
    own = wording.points(primary, ours.value if ours else None)
    beside = f"with {wording.reference(best.name)}, the best reference there, {wording.points(primary, theirs)}"
    text = f"On {split}, {wording.metric(primary)} is {own}; {beside}"
    gap = best.difference.get(split)
    if gap is None or gap.low is None or gap.high is None:
        return f"{text}."
    sure = "surely better" if gap.low > 0 else "surely worse" if gap.high < 0 else "not surely better or worse"
    return f"{text}: this model is {sure}."


PLOT = Plot(
    name="references", title="Beside reference models", order=110, draw=draw, applies=applies, takeaway=takeaway
)
