"""The columns of a table, over train and the scored rows."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from litmus.data.columns.kinds import count_levels
from litmus.report import canvas
from litmus.report.plot import Plot
from litmus.report.scene import Scene
from litmus.verdict.wording import name_from_data, percent

MOST = 8
BINS = 24
LEVELS = 6
MOST_BARS = 10  # of whole numbers, each of which has a bar
LEVEL = 0.05  # of the test that a column shifted, divided by the number of columns shown (Bonferroni)
Shares = tuple[list[str] | NDArray[np.float64], dict[str, NDArray[np.float64]]]


def draw(scene: Scene) -> Figure:
    """One panel a column: the share of rows in each bin, or with each of the most frequent labels."""
    return panels(scene, _names(scene))


def panels(scene: Scene, names: Sequence[str]) -> Figure:
    """The columns of those names, over train and the other split."""
    columns = 2 if len(names) > 1 else 1
    lines = -(-len(names) // columns)
    host = canvas.figure(4.2 * columns + 0.4, 2.0 * lines + 0.4)
    canvas.frame(host, left=0.6)
    host.subplots_adjust(wspace=0.2, hspace=0.75)
    panels = host.subplots(lines, columns, squeeze=False)
    for place, ax in enumerate(panels.flat):
        if place >= len(names):
            ax.remove()
            continue
        canvas.dress(ax, canvas.label(names[place], 36))
        _panel(ax, _shares(scene, names[place]), first=place == 0)
    canvas.legend(host)
    return host


def applies(scene: Scene) -> bool:
    """Whether the rows of a table are at hand."""
    return bool(_names(scene))


def takeaway(scene: Scene) -> str:
    """The column that differs most between the splits, where one surely does."""
    return difference(scene, _names(scene))


def difference(scene: Scene, names: Sequence[str]) -> str:
    """Of some columns the one that differs most between the splits, where one surely does."""
    split = _other(scene)
    chance = {name: _p_value(scene, name) for name in names}
    name = min(chance, key=lambda column: chance[column])
    if chance[name] * len(names) > LEVEL:
        return f"No column shown surely differs between train and {split}."
    share = percent(_distance(_shares(scene, name)[1]))
    return (
        f"The column {name_from_data(name)} differs between train and {split}: {share} of the rows would have to move."
    )


def _names(scene: Scene) -> list[str]:
    """The columns to show: those that shifted, then those on which the score rests, then the others."""
    train = scene.rows.get("train")
    if train is None or _other(scene) not in scene.rows or not isinstance(train.inputs, pl.DataFrame):
        return []
    frame = train.inputs
    important = sorted(scene.evidence.importance, key=lambda name: -(scene.evidence.importance[name].value or 0.0))
    names = dict.fromkeys(name for name in (*shifted(scene), *important, *frame.columns) if name in frame.columns)
    return [name for name in names if can_show(frame[name])][:MOST]


def shifted(scene: Scene) -> list[str]:
    """The columns by which a classifier tells the splits apart, and that can be shown."""
    train = scene.rows.get("train")
    if train is None or _other(scene) not in scene.rows or not isinstance(train.inputs, pl.DataFrame):
        return []
    frame = train.inputs
    names = dict.fromkeys(name for shift in scene.evidence.data.shifts for name in shift.columns)
    return [name for name in names if name in frame.columns and can_show(frame[name])]


def _other(scene: Scene) -> str:
    return scene.evidence.scored if scene.evidence.scored in scene.rows else "val"


def can_show(series: pl.Series) -> bool:
    """Whether a column has values that can be counted."""
    kinds = pl.String | pl.Categorical | pl.Enum | pl.Boolean
    return (series.dtype.is_numeric() or isinstance(series.dtype, kinds)) and series.null_count() < len(series)


def _p_value(scene: Scene, name: str) -> float:
    """Of the hypothesis that both splits are of one distribution (Kolmogorov and Smirnov; Pearson's chi-squared)."""
    from scipy import stats

    first, second = (cast("pl.DataFrame", scene.rows[split].inputs)[name].drop_nulls() for split in _splits(scene))
    if min(len(first), len(second)) < 2:
        return 1.0
    if first.dtype.is_numeric():
        return float(stats.ks_2samp(first.cast(pl.Float64).to_numpy(), second.cast(pl.Float64).to_numpy()).pvalue)
    table = np.array([list(counts.values()) for counts in _counts(first, second)])
    return float(stats.chi2_contingency(table).pvalue) if table.shape[1] > 1 else 1.0


def _counts(*series: pl.Series) -> list[dict[str, int]]:
    """How often each label stands in each series."""
    text = [column.cast(pl.String).to_list() for column in series]
    labels = sorted({label for counts in text for label in counts})
    return [{label: counts.count(label) for label in labels} for counts in text]


def _splits(scene: Scene) -> tuple[str, str]:
    return "train", _other(scene)


def _shares(scene: Scene, name: str) -> Shares:
    """Edges of bins or names of labels, and for train and the other split the share of rows in each."""
    parts: dict[str, Any] = {split: scene.rows[split].inputs for split in _splits(scene)}
    series = {split: frame[name].drop_nulls() for split, frame in parts.items()}
    if series["train"].dtype.is_numeric():
        numbers = {split: column.cast(pl.Float64).to_numpy() for split, column in series.items()}
        numbers = {split: values[np.isfinite(values)] for split, values in numbers.items()}
        edges = edges_of(np.concatenate(list(numbers.values())))
        whole = len(edges) <= MOST_BARS + 1 and edges[0] % 1 == 0.5
        counts = {
            split: np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] for split, values in numbers.items()
        }
        names = [f"{edge + 0.5:.0f}" for edge in edges[:-1]]
        return names if whole else edges, {split: count / max(count.sum(), 1) for split, count in counts.items()}
    text = {split: column.cast(pl.String) for split, column in series.items()}
    levels = count_levels(text["train"])["level"].to_list()[:LEVELS]
    labels = {
        split: np.array([(counts == level).sum() for level in levels], dtype=np.float64)
        for split, counts in text.items()
    }
    rest = {split: len(text[split]) - label.sum() for split, label in labels.items()}
    if any(rest.values()):
        levels, labels = [*levels, "others"], {split: np.r_[label, rest[split]] for split, label in labels.items()}
    return levels, {split: label / max(label.sum(), 1) for split, label in labels.items()}


def edges_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges of bins; a few whole numbers have one each."""
    if not len(values):
        return np.array([0.0, 1.0])
    low, high = np.quantile(values, (0.005, 0.995))
    if not high > low:
        low, high = float(values.min()), float(values.max())
    if (values == np.round(values)).all() and high - low < BINS:
        return np.arange(low, high + 2) - 0.5
    return np.linspace(low, high if high > low else low + 1, BINS + 1)


def _distance(shares: dict[str, NDArray[np.float64]]) -> float:
    """Total variation: the share of rows that would have to move."""
    first, second = shares.values()
    return float(np.abs(first - second).sum() / 2)


def _panel(ax: Axes, found: Shares, *, first: bool) -> None:
    places, shares = found
    for rank, (split, share) in enumerate(shares.items()):
        colour, label = canvas.SPLIT_COLOURS[split], split if first else "_"
        if isinstance(places, list):
            at = np.arange(len(places)) + (rank - 0.5) * 0.4
            ax.bar(at, share, width=0.38, color=colour, alpha=0.6, label=label)
        elif rank == 0:
            ax.stairs(share, places, fill=True, color=colour, alpha=0.4, label=label)
        else:
            ax.stairs(share, places, color=colour, linewidth=1.8, label=label)
    if isinstance(places, list):
        names = [canvas.label(place, 12) for place in places]
        ax.set_xticks(range(len(names)), names, fontsize=8, rotation=0 if sum(map(len, names)) < 40 else 25)
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")


PLOT = Plot(
    name="columns", title="Columns of train and held-out rows", order=130, draw=draw, applies=applies, takeaway=takeaway
)
