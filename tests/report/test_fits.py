import numpy as np
import pytest

from litmus.report import fits


def test_the_boundary_stands_beside_both_splits(scenes):
    figure = fits.boundary(scenes["binary"])
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["train", "test"]
    for ax, split in zip(figure.axes, ("train", "test"), strict=True):
        drawn = sum(len(c.get_offsets()) for c in ax.collections if hasattr(c, "get_sizes") and len(c.get_sizes()))
        assert drawn == len(scenes["binary"].surface.points[split].y)


def test_the_line_is_the_models_own(scenes):
    figure = fits.line(scenes["regression"])
    line = figure.axes[0].get_lines()[0]
    np.testing.assert_allclose(line.get_ydata(), 0.7 * line.get_xdata())


def test_of_many_rows_the_title_says_how_many_are_drawn(scenes):
    left, right = fits.predicted(scenes["regression"]).axes
    assert "2,000 of 4,000 rows" in left.get_title(loc="left")
    true, pred = left.collections[0].get_offsets().T
    np.testing.assert_allclose(right.collections[0].get_offsets(), np.stack([pred, true - pred], 1))


def test_references_show_the_paired_difference_with_its_interval(scenes):
    left, right = fits.references(scenes["binary"]).axes
    names = [tick.get_text() for tick in left.get_yticklabels()]
    assert names == ["this model", "majority", "linear", "boosted trees"]
    segments = [c.get_segments()[0] for c in right.collections]
    assert segments[0][:, 0].tolist() == pytest.approx([0.3, 0.5])
