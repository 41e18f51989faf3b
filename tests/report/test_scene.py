import numpy as np
import pytest

from litmus.evidence import Column
from litmus.report.scene import Points, Scene, make_surface


def test_a_surface_asks_the_model_in_its_own_units_and_shows_raw_ones():
    asked = []
    column = Column(name="age", kind="number", mean=40.0, sd=10.0, seen_mean=0.0, seen_sd=1.0)

    def predict(x):
        asked.append(x)
        return 2 * x[:, 0]

    points = {"train": Points(np.array([[-1.0], [1.0]]), np.array([-2.0, 2.0]))}
    surface = make_surface(predict, points, names=("age",), columns=(column,), resolution=5)
    assert asked[0].min() == pytest.approx(-1.16)
    np.testing.assert_allclose(surface.grid[0], 40 + 10 * asked[0][:, 0])
    np.testing.assert_allclose(surface.points["train"].x[:, 0], [30, 50])
    np.testing.assert_allclose(surface.output, 2 * asked[0][:, 0])


def test_a_surface_over_two_inputs_has_its_rows_along_the_second():
    points = {"train": Points(np.array([[0.0, 0.0], [1.0, 2.0]]), np.array([0, 1]))}
    surface = make_surface(lambda x: x[:, 1], points, names=("a", "b"), resolution=4)
    np.testing.assert_allclose(surface.output[:, 0], surface.grid[1])


def test_constant_inputs_still_span_a_plane():
    points = {"train": Points(np.zeros((3, 1)), np.zeros(3))}
    surface = make_surface(lambda x: x[:, 0], points, names=("a",))
    assert np.ptp(surface.grid[0]) > 0


def test_where_test_was_not_read_val_is_shown(make_evidence, make_predictions):
    scene = Scene(evidence=make_evidence(), predictions={"val": make_predictions(split="val")})
    assert scene.scored.split == "val"
