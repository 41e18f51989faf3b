import io
import math
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from PIL import Image

from litmus.evidence import Layer
from litmus.report import canvas
from litmus.report.plots import FIGURES, draw
from litmus.report.scene import Scene

APPLY = {
    "binary": {"loss", "metric", "boundary", "confusion", "roc", "precision_recall", "threshold", "calibration"},
    "multiclass": {"loss", "metric", "boundary", "confusion", "roc", "precision_recall"},
    "regression": {"loss", "metric", "line", "predicted"},
}
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("45 classes", "multiclass", "regression")]
SCENES = ["binary", "nasty names", "not finite", *SLOW]


def test_figures_have_names_of_their_own():
    assert len({plot.name for plot in FIGURES}) == len(FIGURES)


@pytest.mark.parametrize("kind", APPLY)
def test_each_kind_of_run_gets_its_figures(kind, scenes):
    drawn = {plot.name for plot in FIGURES if plot.applies(scenes[kind])}
    assert drawn == APPLY[kind] | {"references", "gradients"}


def test_what_holds_no_finite_value_is_not_drawn(scenes, make_evidence, make_predictions):
    lost = {"train/loss": (None,), "val/loss": (math.nan,), "train/r2": (None,), "val/r2": (math.inf,)}
    layers = (Layer(name="layers.0", width=1, gradient=(None, math.nan)),)
    said = make_predictions("regression", n=20)
    evidence = make_evidence("regression", history=lost, layers=layers, references=(), epochs=1)
    scene = Scene(evidence=evidence, predictions={"test": replace(said, pred=said.pred * math.nan)})
    assert list(draw(scene)) == []


@pytest.fixture(scope="module")
def drawn(scenes):
    """Figures by scene, each scene drawn once."""
    found = {}
    return lambda name: found.setdefault(name, list(draw(scenes[name])))


@pytest.mark.parametrize("name", SCENES)
def test_every_figure_that_applies_becomes_well_formed_svg(name, drawn):
    for plot, figure in drawn(name):
        assert ET.fromstring(canvas.svg(figure, plot.name)).tag.endswith("svg")


def test_every_figure_becomes_a_picture_that_shows_something(drawn):
    pictures = {plot.name: figure for name in ("regression", "binary") for plot, figure in drawn(name)}
    assert set(pictures) == {plot.name for plot in FIGURES}
    for name, figure in pictures.items():
        picture = Image.open(io.BytesIO(canvas.png(figure)))
        assert picture.width > 500, name
        assert len(picture.convert("L").getcolors(1 << 16)) > 10, f"{name} is empty"


@pytest.mark.parametrize("name", SCENES)
def test_nothing_stands_outside_its_figure_or_on_its_legend(name, drawn):
    for plot, figure in drawn(name):
        with canvas._quiet():
            figure.draw_without_rendering()
            boxes = [ax.get_tightbbox() for ax in figure.axes]
            legends = [legend.get_window_extent() for legend in figure.legends]
        for box in boxes + legends:
            assert box.x0 > -2, plot.name
            assert box.y0 > -2, plot.name
            assert box.x1 < figure.bbox.width + 2, plot.name
            assert box.y1 < figure.bbox.height + 2, plot.name
        for legend in legends:
            assert legend.y1 < min(box.y0 for box in boxes) + 2, f"{plot.name}: legend on axes"
