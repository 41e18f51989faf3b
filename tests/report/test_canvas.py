import io
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from PIL import Image

from litmus.report import canvas
from litmus.report.scene import thin


@given(st.text(max_size=80))
def test_a_label_is_one_printable_line_that_is_never_a_formula(text):
    shown = canvas.label(text)
    assert 1 <= len(shown.replace(r"\$", "$")) <= 28
    assert shown.isprintable()
    assert Text()._preprocess_math(shown)[1] is False


def test_a_long_label_keeps_its_end():
    assert canvas.label("measurement number 1 of the left hand", 20).endswith("t hand")


def test_a_series_shows_what_is_not_finite_as_a_gap():
    assert np.isnan(canvas.values([None, math.inf, -math.inf, math.nan])).all()
    assert canvas.values([1.0, None])[0] == 1.0


@given(st.integers(1, 10_000))
def test_thinning_keeps_first_and_last_and_the_limit(n):
    kept = thin(n, 100)
    assert kept[0] == 0
    assert kept[-1] == n - 1
    assert len(kept) == min(n, 100)


@pytest.mark.parametrize(("values", "scale"), [([1, 2, 3], "linear"), ([1e-3, 1, 5], "log"), ([-1, 1e6], "linear")])
def test_wide_positive_values_get_a_logarithmic_axis(values, scale):
    host = canvas.figure()
    ax = canvas.axes(host)
    ax.plot(values)
    canvas.log_if_wide(ax, canvas.values(values))
    assert ax.get_yscale() == scale


@pytest.mark.parametrize(
    ("low", "high", "shown"), [(0.003, 0.06, {"0.005", "0.01", "0.02", "0.05"}), (1e-5, 5, {"0.0001", "0.01", "1"})]
)
def test_a_logarithmic_axis_says_some_round_numbers(low, high, shown):
    host = canvas.figure()
    ax = canvas.axes(host)
    ax.plot([low, high])
    canvas.logarithmic(ax)
    host.draw_without_rendering()
    bottom, top = ax.get_ylim()
    labels = {label.get_text() for label in ax.get_yticklabels() if bottom <= label.get_position()[1] <= top}
    assert shown <= labels
    assert len(labels) < 10


def test_lines_take_few_colours_in_png_and_pictures_keep_all_theirs():
    def opened(draw):
        host = canvas.figure()
        draw(canvas.axes(host))
        return Image.open(io.BytesIO(canvas.png(host)))

    lines = opened(lambda ax: ax.plot([1, 2], color=canvas.COLOURS[1]))
    picture = opened(lambda ax: ax.imshow(np.arange(10_000).reshape(100, 100), cmap="cividis"))
    assert lines.mode == "P"
    assert min(lines.convert("RGB").getpixel((2, 2))) > 250
    assert len(picture.getcolors(1 << 20)) > 256


def test_svg_keeps_text_as_text_and_escapes_it():
    host = canvas.figure()
    canvas.axes(host, "<script>alert(1)</script>")
    text = canvas.svg(host)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert text.startswith("<svg")


def test_svgs_of_two_names_share_no_ids():
    def ids(name):
        host = canvas.figure()
        canvas.axes(host).plot([1, 2], marker="o")
        return set(re.findall(r'id="([mp][0-9a-f]{10})"', canvas.svg(host, name)))

    assert ids("a")
    assert not ids("a") & ids("b")
    assert ids("a") == ids("a")


def test_the_ink_is_what_the_page_recolours():
    host = canvas.figure()
    canvas.axes(host, "title")
    assert f"fill: {canvas.INK}" in canvas.svg(host)


def test_a_narrow_page_gets_the_panels_of_a_figure_one_by_one_each_with_the_labels_it_shares():
    host = canvas.figure(8.6, 3.0)
    left, right = host.subplots(1, 2, sharey=True)
    left.set_yticks([0, 1], ["first model", "second model"])
    right.tick_params(labelleft=False)
    drawn = canvas.svg(host, "pair")
    parts = canvas.parts(host, "pair")
    assert '<g id="drawing-pair">' in drawn
    shown = re.findall(r'<svg viewBox="0 0 [\d.]+ [\d.]+" width="\d+">(.*?</svg>)</svg>', parts)
    assert [part.count('<use href="#drawing-pair"/>') for part in shown] == [1, 2]
    views = [tuple(map(float, view)) for view in re.findall(r'viewBox="([-\d.]+) [-\d.]+ ([\d.]+) [\d.]+"><use', parts)]
    (start, width), (labels, strip), (other, _) = views
    assert labels == pytest.approx(start, abs=0.2)
    assert strip < width / 2 < other


def test_a_figure_with_one_panel_and_its_colour_bar_is_shown_whole():
    host = canvas.figure(8.6, 3.0)
    ax = host.subplots()
    host.colorbar(ax.imshow([[0.0, 1.0]]), ax=ax)
    canvas.svg(host)
    assert canvas.parts(host) == ""


def test_a_legend_of_the_whole_figure_comes_last():
    host = canvas.figure(8.6, 3.0)
    for ax in host.subplots(1, 2):
        ax.plot([0, 1], label="train")
    host.legend(loc="lower center")
    canvas.svg(host)
    assert canvas.parts(host).count("<use ") == 3
