"""The share of each class in each split."""

import numpy as np
from matplotlib.figure import Figure

from litmus.report import canvas
from litmus.report.plot import Plot
from litmus.report.scene import Scene
from litmus.verdict.wording import name_from_data, percent

MOST = 20  # classes, the most frequent ones


def draw(scene: Scene) -> Figure:
    """Bars of train, val and test beside each other, a group for each class."""
    labels, shares = _labels(scene), _shares(scene)
    host = canvas.figure(canvas.WIDTH, min(6.5, 1.4 + 0.42 * len(labels)))
    canvas.frame(host, left=0.4 + max(canvas.inches(canvas.label(label, 18)) for label in labels))
    ax = canvas.axes(host, "Class shares", "share of the split's rows")
    for rank, (split, share) in enumerate(shares.items()):
        at = np.arange(len(labels)) + (rank - (len(shares) - 1) / 2) * 0.8 / len(shares)
        values = [share[label] for label in labels]
        ax.barh(at, values, height=0.76 / len(shares), color=canvas.SPLIT_COLOURS[split], alpha=0.7, label=split)
    ax.set_yticks(range(len(labels)), [canvas.label(label, 18) for label in labels])
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    canvas.legend(host)
    return host


def applies(scene: Scene) -> bool:
    """Whether classes were counted."""
    return bool(scene.evidence.data.class_counts.get("train"))


def takeaway(scene: Scene) -> str:
    """The largest and the smallest class, and the largest difference between splits."""
    train = _shares(scene)["train"]
    largest, smallest = max(train, key=lambda label: train[label]), min(train, key=lambda label: train[label])
    text = f"In train, {percent(train[largest])} of the rows are {name_from_data(largest)}"
    text += f" and {percent(train[smallest])} {name_from_data(smallest)}"
    if train[largest] == train[smallest]:
        text = f"In train, each of {len(train)} classes has {percent(train[largest])} of the rows"
    apart, label, split = max(
        (abs(share[label] - train[label]), label, split) for split, share in _shares(scene).items() for label in train
    )
    if apart < 0.02:
        return f"{text}; the splits have the same shares to within {percent(max(apart, 0.01))}."
    return f"{text}; in {split}, {percent(_shares(scene)[split][label])} are {name_from_data(label)}."


def _labels(scene: Scene) -> list[str]:
    train = _shares(scene)["train"]
    return sorted(train, key=lambda label: -train[label])[:MOST]


def _shares(scene: Scene) -> dict[str, dict[str, float]]:
    counts = scene.evidence.data.class_counts
    labels = list(dict.fromkeys(label for split in counts.values() for label in split))
    return {
        split: {label: counts[split].get(label, 0) / max(sum(counts[split].values()), 1) for label in labels}
        for split in ("train", "val", "test")
        if counts.get(split)
    }


PLOT = Plot(name="shares", title="Class shares", order=125, draw=draw, applies=applies, takeaway=takeaway)
