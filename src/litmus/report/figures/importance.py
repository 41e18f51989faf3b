"""What the score rests on: what it loses when a column is shuffled."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from litmus.evidence import Estimate
from litmus.report import canvas, phrases
from litmus.report.plot import Plot
from litmus.report.scene import Scene
from litmus.verdict.wording import figure, metric, name_from_data

MOST = 15


def draw(scene: Scene) -> Figure:
    """The loss of the primary metric without each column, with its interval; what is noise together is one bar."""
    evidence = scene.evidence
    shown, noise = _parts(scene)
    names = [canvas.label(name, 24) for name, _ in shown]
    if noise:
        names.append(f"{len(noise)} other{'' if len(noise) == 1 else 's'}: noise")
    host = canvas.figure(canvas.WIDTH, 1.1 + 0.34 * len(names))
    canvas.frame(host, left=max(map(canvas.inches, names)) + 0.3)
    primary = phrases.metric(evidence.task.primary)
    ax = canvas.axes(host, "What the score rests on")
    ax.set_xlabel(f"{primary} lost when shuffled, 95 % interval", loc="right", color=canvas.INK)  # it is long
    for i, (_, estimate) in enumerate(shown):
        colour = canvas.COLOURS[0] if (estimate.low or 0.0) > 0 else canvas.COLOURS[7]
        value, low, high = _bounds(estimate)
        ax.barh([i], [value], color=colour, alpha=0.45, height=0.6)
        ax.errorbar([value], [i], xerr=[[value - low], [high - value]], fmt="none", ecolor=colour, capsize=3, lw=1.6)
    if noise:
        ends = [bound for _, estimate in noise for bound in _bounds(estimate)[1:]]
        ax.plot([min(ends), max(ends)], [len(shown)] * 2, color=canvas.FAINT, linewidth=6, solid_capstyle="butt")
    ax.axvline(0, color=canvas.FAINT, linestyle="-.", linewidth=1.2)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    return host


def applies(scene: Scene) -> bool:
    """Whether columns were shuffled."""
    return any(estimate.value is not None for estimate in scene.evidence.importance.values())


def takeaway(scene: Scene) -> str:
    """The column on which most rests, and how many surely matter."""
    ranked = _ranked(scene)
    sure = [name for name, estimate in ranked if (estimate.low or 0.0) > 0]
    what = metric(scene.evidence.task.primary)
    if not sure:
        return f"No column surely matters: what {what} loses when any one of them is shuffled may be chance."
    name, first = next(pair for pair in ranked if pair[0] in sure)
    value, low, high = map(figure, (first.value, first.low, first.high))
    lost = f"shuffling it costs {value} of {what} (95 % interval {low} to {high})"
    count = f"{len(sure)} of {len(ranked)} columns surely matter" + ("s" if len(sure) == 1 else "")
    return f"The score rests most on {name_from_data(name)}: {lost}; {count}."


def _ranked(scene: Scene) -> list[tuple[str, Estimate]]:
    known = [
        (name, importance) for name, importance in scene.evidence.importance.items() if importance.value is not None
    ]
    return sorted(known, key=lambda pair: -(pair[1].value or 0.0))


def _parts(scene: Scene) -> tuple[Sequence[tuple[str, Estimate]], Sequence[tuple[str, Estimate]]]:
    """The columns to show, and those whose interval holds 0, where these are more than a few."""
    ranked = _ranked(scene)
    noise = [pair for pair in ranked if (pair[1].low or 0.0) <= 0 <= (pair[1].high or 0.0)]
    if len(noise) < 3:
        return ranked[:MOST], ranked[MOST:]
    return [pair for pair in ranked if pair not in noise][:MOST], noise


def _bounds(estimate: Estimate) -> tuple[float, float, float]:
    value = estimate.value or 0.0
    low = value if estimate.low is None else min(estimate.low, value)
    high = value if estimate.high is None else max(estimate.high, value)
    return value, low, high


PLOT = Plot(name="importance", title="What the score rests on", order=62, draw=draw, applies=applies, takeaway=takeaway)
