import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.signal import lfilter

from litmus.statistics import minimum, noise, projected_change, smooth, still_falling, trend

EPOCHS = np.arange(200)


def _decay(rng, *, time, scale=0.01, level=0.1):
    return level + np.exp(-EPOCHS / time) + scale * rng.normal(size=200)


def test_a_straight_line_is_left_as_it_is_up_to_its_ends():
    assert smooth(3 - 0.01 * EPOCHS) == pytest.approx(3 - 0.01 * EPOCHS)


def test_smoothing_comes_nearer_to_the_course():
    noisy, course = _decay(np.random.default_rng(0), time=60, scale=0.05), 0.1 + np.exp(-EPOCHS / 60)
    assert np.std(smooth(noisy) - course) < 0.4 * np.std(noisy - course)


def test_spikes_are_ignored():
    spiked = 3 - 0.01 * EPOCHS
    spiked[[20, 90, 199]] = 100
    assert smooth(spiked) == pytest.approx(3 - 0.01 * EPOCHS, abs=0.02)


def test_gaps_are_bridged():
    gaps = 3 - 0.01 * EPOCHS
    gaps[[5, 50, 51]] = [math.nan, math.inf, math.nan]
    assert smooth(gaps) == pytest.approx(3 - 0.01 * EPOCHS)


@given(arrays.arrays(np.float64, st.integers(0, 40), elements=st.floats(allow_subnormal=False, width=32)))
def test_any_curve_is_answered(curve):
    assert smooth(curve).shape == curve.shape
    assert noise(curve) >= 0 or math.isnan(noise(curve))
    assert not trend(curve).low > trend(curve).high
    assert still_falling(curve) in {True, False}
    assert minimum(curve).epoch < len(curve)


def test_a_curve_that_ends_in_infinity_does_not_fall():
    assert not still_falling([3.0, 2.0, 1.0, 0.5, *[math.inf] * 10])


def test_noise_is_told_from_the_course():
    assert noise(_decay(np.random.default_rng(0), time=20, scale=0.03)) == pytest.approx(0.03, rel=0.2)
    assert noise(np.exp(-EPOCHS / 50)) < 1e-4
    assert math.isnan(noise([1, 2]))


@pytest.mark.parametrize("length", [40, 5000])
def test_the_slope_is_that_of_the_last_part(length):
    curve = np.r_[np.linspace(9, 1, length), np.linspace(1, 0.5, length)]
    assert trend(curve).value == pytest.approx(-0.5 / (length - 1))
    assert trend(curve).high == pytest.approx(-0.5 / (length - 1), rel=1e-6)


def test_a_spike_does_not_turn_the_slope():
    curve = 1 - 0.001 * EPOCHS + 0.002 * np.random.default_rng(0).normal(size=200)
    curve[-1] = 50
    assert -0.001 in trend(curve)
    assert trend(curve).high < 0


def test_too_few_epochs_have_no_known_slope():
    assert trend([3.0, 2.0, 1.0]).value == pytest.approx(-1)
    assert trend([3.0, 2.0, 1.0]).high == math.inf
    assert math.isnan(trend([3.0]).value)


def test_the_projection_is_the_slope_times_the_epochs_to_come():
    curve = 1 - 0.001 * EPOCHS
    assert projected_change(curve, ahead=0.5).value == pytest.approx(-0.1)


@pytest.mark.parametrize(("time", "answer"), [(100, True), (60, True), (10, False), (1, False)])
def test_a_curve_falls_until_it_rests(time, answer):
    assert still_falling(_decay(np.random.default_rng(0), time=time)) is answer


def test_a_fall_too_small_to_matter_is_none():
    stuck = 0.6931 + 0.01 * np.exp(-EPOCHS / 60)
    assert trend(stuck).high < 0
    assert not still_falling(stuck)
    assert not still_falling(np.exp(-EPOCHS / 20.0))


def test_resting_curves_are_rarely_called_falling():
    rng = np.random.default_rng(0)
    noise_of_epochs = lfilter([1], [1, -0.4], rng.normal(size=(500, 160)))[:, 60:]
    assert np.mean([still_falling(1 + 0.1 * curve) for curve in noise_of_epochs]) < 0.05


def test_the_minimum_is_where_overfitting_starts():
    rng = np.random.default_rng(0)
    curve = 0.3 + ((EPOCHS - 80) / 100.0) ** 2 + 0.01 * rng.normal(size=200)
    curve[150] = 0.0
    lowest = minimum(curve)
    assert abs(lowest.epoch - 80) < 15
    assert lowest.value == pytest.approx(0.3, abs=0.02)
    assert lowest.rise == pytest.approx(1.19**2, abs=0.1)
    assert lowest.noise == pytest.approx(0.01, rel=0.3)


def test_a_curve_without_values_has_no_minimum():
    assert minimum([math.nan, math.inf]).epoch == -1
    assert minimum([]).epoch == -1


@pytest.mark.slow
@pytest.mark.parametrize(("epochs", "correlation"), [(12, 0.0), (50, 0.0), (50, 0.4), (100, 0.6), (400, 0.7)])
def test_slopes_are_covered_whatever_neighbouring_epochs_share(coverage, epochs, correlation):
    def sample(rng):
        errors = lfilter([1], [1, -correlation], rng.normal(size=epochs + 60))[60:]
        return trend(errors - 0.1 * np.arange(epochs), tail=1.0), -0.1

    assert 0.93 < coverage(sample) < 0.97
