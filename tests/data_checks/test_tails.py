import numpy as np
import torch

from litmus.data.tensors import Split
from litmus.data_checks.tails import robust_gain
from litmus.task.regression import Regression
from litmus.task.spec import DataSpec

RNG = np.random.default_rng(2)
X = RNG.normal(size=(600, 3))
SIGNAL = X[:, 0] + X[:, 1]


def gain(y, seconds=9.0):
    task = Regression(spec=DataSpec(task="regression", input="table", in_shape=(3,), target="y"))
    rows = Split(x=torch.from_numpy(X).float(), y=torch.from_numpy(y).float(), rows=torch.arange(len(y)))
    return robust_gain(task, rows, seed=0, seconds=seconds)


def test_a_robust_fit_saves_errors_where_noise_reaches_far_out_on_both_sides_and_not_where_it_is_normal():
    far = gain(SIGNAL + 0.3 * RNG.standard_t(1.1, size=600))
    assert far.low > 0.05
    near = gain(SIGNAL + 0.3 * RNG.normal(size=600))
    assert near.value < 0.02


def test_skewed_targets_and_too_much_work_are_left_out():
    assert gain(np.exp(2 * SIGNAL + 0.5 * RNG.normal(size=600))) is None
    assert gain(SIGNAL, seconds=0.01) is None


def test_a_few_targets_in_another_unit_hide_the_signal_from_squares_though_they_lie_on_one_side():
    y = SIGNAL + 5 + 0.3 * RNG.normal(size=600)
    y[[3, 90, 200, 310]] *= [1000, 200, 50, 3000]
    assert gain(y).low > 0.05
