"""The columns by which train and the scored rows are told apart."""

from matplotlib.figure import Figure

from litmus.report.figures import columns
from litmus.report.plot import Plot
from litmus.report.scene import Scene

MOST = 4


def draw(scene: Scene) -> Figure:
    """One panel a column: the share of rows in each bin, or with each label, of train and of the other split."""
    return columns.panels(scene, columns.shifted(scene)[:MOST])


def applies(scene: Scene) -> bool:
    """Whether the data checks have named a column that shifted, and its rows are at hand."""
    return bool(columns.shifted(scene))


def takeaway(scene: Scene) -> str:
    """The column that differs most."""
    return columns.difference(scene, columns.shifted(scene)[:MOST])


PLOT = Plot(
    name="shift",
    title="Columns that shifted",
    order=131,
    findings=("split_shift",),
    draw=draw,
    applies=applies,
    takeaway=takeaway,
)
