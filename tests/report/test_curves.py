from dataclasses import replace

import numpy as np
import pytest

from litmus.report import curves
from litmus.report.figures import gradients, loss


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_both_losses_and_the_epochs_that_matter_are_on_one_chart(scenes):
    scene = scenes["binary"]
    figure = loss.draw(scene)
    assert legend(figure) == [
        "train",
        "val",
        "best constant output",
        "weights in use: epoch 20",
        "stopped early: epoch 39",
    ]
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    np.testing.assert_array_equal(lines["val"].get_ydata(), scene.evidence.history["val/loss"])
    assert lines["weights in use: epoch 20"].get_xdata()[0] == 20


def test_a_loss_that_is_not_finite_is_marked_and_left_out(scenes):
    figure = loss.draw(scenes["not finite"])
    assert "not finite: epoch 3" in legend(figure)
    assert figure.axes[0].get_yscale() == "log"


def test_one_epoch_is_a_point_on_whole_numbers(scenes):
    figure = loss.draw(scenes["45 classes"])
    line = figure.axes[0].get_lines()[0]
    assert line.get_marker() == "o"
    low, high = figure.axes[0].get_xlim()
    shown = [tick for tick in figure.axes[0].get_xticks() if low <= tick <= high]
    assert shown == [0]


@pytest.mark.parametrize("chance", [None, 1e9])
def test_a_constant_far_from_the_losses_does_not_squeeze_them(chance, scenes):
    scene = scenes["binary"]
    fit = replace(scene.evidence.fit, chance_loss=chance)
    figure = loss.draw(replace(scene, evidence=replace(scene.evidence, fit=fit)))
    assert figure.axes[0].get_ylim()[1] < 2


def test_any_metric_has_its_curve(scenes):
    assert curves.by_epoch(scenes["regression"], "r2").axes[0].get_ylabel() == "R²"


def test_of_many_layers_ten_are_drawn_the_first_and_last_among_them(scenes):
    names = legend(gradients.draw(scenes["not finite"]))
    assert len(names) == gradients.MAX_LAYERS
    assert (names[0], names[-1]) == ("blocks.0", "blocks.13")


def test_a_bad_start_does_not_flatten_the_rest_of_an_r2_curve(scenes):
    scene = scenes["regression"]
    history = {**scene.evidence.history, "val/r2": (-1300.0, *scene.evidence.history["val/r2"][1:])}
    ax = curves.by_epoch(replace(scene, evidence=replace(scene.evidence, history=history)), "r2").axes[0]
    low, high = ax.get_ylim()
    assert low == -1
    assert high <= 1.05
    assert ax.get_ylabel() == "R², from -1 up"


def test_values_that_differ_do_not_read_alike(scenes):
    evidence = scenes["binary"].evidence
    history = {"train/loss": (0.6950, 0.6932, 0.69299), "val/loss": (0.6940, 0.69318, 0.69326)}
    story = curves.story(replace(scenes["binary"], evidence=replace(evidence, history=history)), "loss")
    assert story == "On val, loss is lowest in epoch 1: 0.6932; in epoch 2, the last, it is 0.6933 and on train 0.693."
