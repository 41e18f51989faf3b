import io
import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from litmus.evidence import Layer
from litmus.report import canvas
from litmus.report.figures import boundary, draw, figures, line, names, predicted, references
from litmus.report.scene import Scene

APPLY = {  # of the scenes in conftest, which hold no rows
    "binary": {
        *("loss", "metric", "boundary", "confusion", "roc", "precision_recall", "threshold", "calibration", "shares"),
    },
    "multiclass": {"loss", "metric", "boundary", "confusion", "roc", "precision_recall", "shares"},
    "regression": {"loss", "metric", "line", "predicted"},
}
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("45 classes", "multiclass", "regression")]
SCENES = ["binary", "nasty names", "not finite", "table", "numbers of a table", "ten classes", *SLOW]


def test_figures_have_names_of_their_own():
    assert {name: plot.name for name, plot in figures().items()} == {name: name for name in names()}


@pytest.mark.parametrize("kind", APPLY)
def test_each_kind_of_run_gets_its_figures(kind, scenes):
    drawn = {plot.name for plot in figures().values() if plot.applies(scenes[kind])}
    assert drawn == APPLY[kind] | {"references", "gradients", "importance"}


def test_residuals_say_where_predictions_are_off(scenes):
    said = figures()["residuals"].takeaway(scenes["numbers of a table"])
    assert re.fullmatch(r"Where rooms is about [67][.\d]*, predictions are (19|20)[.\d]* too low on average\.", said)


def test_what_holds_no_finite_value_is_not_drawn(scenes, make_evidence, make_predictions):
    lost = {"train/loss": (None,), "val/loss": (math.nan,), "train/r2": (None,), "val/r2": (math.inf,)}
    layers = (Layer(name="layers.0", width=1, gradient=(None, math.nan)),)
    said = make_predictions("regression", n=20)
    nothing = {"references": (), "importance": {}, "segments": ()}
    evidence = make_evidence("regression", history=lost, layers=layers, epochs=1, **nothing)
    scene = Scene(evidence=evidence, predictions={"test": replace(said, pred=said.pred * math.nan)})
    assert list(draw(scene)) == []


def test_probabilities_that_are_no_numbers_are_not_ranked(scenes):
    said = scenes["multiclass"].predictions["test"]
    scene = replace(scenes["multiclass"], predictions={"test": replace(said, prob=said.prob * math.nan)})
    assert not {"roc", "precision_recall"} & {plot.name for plot in figures().values() if plot.applies(scene)}


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
    pictures = {
        plot.name: figure
        for name in ("regression", "binary", "table", "numbers of a table", "ten classes")
        for plot, figure in drawn(name)
    }
    assert set(pictures) == {plot.name for plot in figures().values()}
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


@pytest.mark.parametrize("name", SCENES)
def test_every_figure_says_in_one_whole_sentence_what_it_shows(name, scenes):
    for plot in figures().values():
        if plot.applies(scenes[name]):
            text = plot.takeaway(scenes[name])
            assert text.endswith("."), plot.name
            assert text[0].isupper() or not text[0].isalpha(), (plot.name, text)
            assert "nan" not in text, (plot.name, text)
            assert "\n" not in text, plot.name


def test_takeaways_hold_the_figures_that_they_speak_of(scenes):
    said = {
        plot.name: plot.takeaway(scenes[name])
        for name in ("ten classes", "table")
        for plot in figures().values()
        if plot.applies(scenes[name])
    }
    assert said["importance"] == (
        "The score rests most on age: shuffling it costs 0.2 of balanced accuracy (95 % interval 0.1 to 0.3); "
        "1 of 5 columns surely matters."
    )
    assert said["segments"] == "Where plan=pro, recall is 40 % on 50 rows; elsewhere 90 %."
    assert said["columns"].startswith("The column age differs between train and test: ")
    assert said["shift"].startswith("The column age differs between train and test: ")
    assert said["giveaway"] == "The column calls alone gives balanced accuracy 97 %, age alone 60 %."
    assert said["shares"] == "In train, 70 % of the rows are no and 30 % yes; in test, 50 % are yes."
    assert said["dependence"] == (
        "Over age, the mean probability of yes goes from 10 % at 20 to 90 % at 80, all other columns as they are."
    )
    assert said["pairs"].endswith("; most rows are lost of c3, 20 of 50.")


def test_columns_of_one_distribution_are_not_said_to_differ(scenes):
    scene = scenes["table"]
    same = replace(scene, rows={"train": scene.rows["train"], "test": scene.rows["train"]})
    assert figures()["columns"].takeaway(same) == "No column shown surely differs between train and test."


def test_the_boundary_stands_beside_both_splits(scenes):
    figure = boundary.draw(scenes["binary"])
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["train", "test"]
    for ax, split in zip(figure.axes, ("train", "test"), strict=True):
        drawn = sum(len(c.get_offsets()) for c in ax.collections if hasattr(c, "get_sizes") and len(c.get_sizes()))
        assert drawn == len(scenes["binary"].surface.points[split].y)


def test_the_line_is_the_models_own(scenes):
    figure = line.draw(scenes["regression"])
    drawn = figure.axes[0].get_lines()[0]
    np.testing.assert_allclose(drawn.get_ydata(), 0.7 * drawn.get_xdata())


def test_of_many_rows_the_title_says_how_many_are_drawn(scenes):
    left, right = predicted.draw(scenes["regression"]).axes
    assert "2,000 of 4,000 rows" in left.get_title(loc="left")
    true, pred = left.collections[0].get_offsets().T
    np.testing.assert_allclose(right.collections[0].get_offsets(), np.stack([pred, true - pred], 1))


def test_references_that_nothing_was_paired_with_have_no_empty_panel(scenes):
    evidence = scenes["binary"].evidence
    alone = replace(evidence, references=tuple(replace(r, difference={}) for r in evidence.references))
    (only,) = references.draw(replace(scenes["binary"], evidence=alone)).axes
    assert len(only.get_yticklabels()) == 4


def test_references_show_the_paired_difference_with_its_interval(scenes):
    left, right = references.draw(scenes["binary"]).axes
    names = [tick.get_text() for tick in left.get_yticklabels()]
    assert names == ["this model", "majority", "linear", "boosted trees"]
    segments = [c.get_segments()[0] for c in right.collections]
    assert segments[0][:, 0].tolist() == pytest.approx([0.3, 0.5])
