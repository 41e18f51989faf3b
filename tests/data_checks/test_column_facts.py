"""What columns are like: values that stand apart from all others."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn import datasets

from litmus.data.tensors import Split
from litmus.data_checks.column_facts import apart as lie_apart
from litmus.data_checks.column_facts import cells_apart, far_value, plain_facts, scale_facts
from litmus.evidence import FarValue
from litmus.task.regression import Regression
from litmus.task.spec import DataSpec


@pytest.mark.parametrize("mark", [-999.0, 9999.0])
def test_a_repeated_value_far_from_all_others_is_reported_with_its_distance(mark):
    values = np.concatenate([np.linspace(0, 100, 90), np.full(10, mark)])
    gap = pytest.approx(9.99 if mark < 0 else 98.99)
    assert far_value(values) == FarValue(value=mark, share=pytest.approx(0.1), gap=gap, others=90, alone=mark < 0)


def test_small_whole_numbers_do_not_overflow():
    far = far_value(np.array([250] * 5 + list(range(20)), dtype=np.uint8))
    assert far.gap == pytest.approx(231 / 19)


@pytest.mark.parametrize(
    "values", [[1.0], [1.0] * 9, [5.0, 1.0, 2.0, 3.0], [0.0] * 5 + [1.0] * 5, [np.inf] * 3 + [1.0, 2.0]]
)
def test_single_outliers_constants_and_flags_have_none(values):
    assert far_value(np.array(values)) is None


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes", "digits"])
def test_no_value_of_a_clean_table_stands_apart_from_many_others(name):
    x = getattr(datasets, f"load_{name}")().data
    far = [value for j in range(x.shape[1]) if (value := far_value(x[:, j])) is not None]
    assert not [value for value in far if value.gap >= 1 and value.others >= 10 and value.value != 0]


def apart(target):
    spec = DataSpec(task="regression", input="table", in_shape=(1,), target="y")
    y = torch.from_numpy(np.asarray(target, dtype=np.float64))
    split = Split(x=torch.zeros(len(y), 1), y=y, rows=torch.arange(len(y)))
    return plain_facts(Regression(spec=spec), {"train": split}).target_apart


def test_a_few_targets_times_a_thousand_lie_apart_with_their_rows():
    rng = np.random.default_rng(0)
    target = rng.gamma(4, size=800)
    target[[5, 50, 500, 700]] *= 1000
    found = apart(target)
    assert found.rows == (5, 50, 500, 700)
    assert found.gap > 10
    assert found.squares > 0.99


@pytest.mark.parametrize("seed", range(20))
def test_long_tails_and_many_zeros_have_no_targets_apart(seed):
    rng = np.random.default_rng(seed)
    for target in (
        rng.lognormal(sigma=1.5, size=500),
        rng.standard_t(2, size=500),
        rng.poisson(0.3, size=500),
        np.where(rng.random(500) < 0.8, 0.0, rng.lognormal(sigma=1, size=500)),
        rng.normal(size=60),
        np.ones(100),
    ):
        assert apart(target) is None


def test_cells_in_another_unit_lie_apart_and_long_tails_of_a_column_do_not():
    rng = np.random.default_rng(0)
    values = torch.from_numpy(rng.normal(50, 10, size=400))
    slipped = values.clone()
    slipped[[5, 70, 300]] *= 1000
    rows = torch.arange(400) + 10
    assert lie_apart(slipped, rows, wide=5.0).rows == (15, 80, 310)
    assert lie_apart(values, rows, wide=5.0) is None
    tails = [torch.from_numpy(rng.pareto(2.0, size=400)) for _ in range(200)]
    assert sum(lie_apart(tail, rows, wide=5.0) is not None for tail in tails) <= 2


def test_a_single_cell_lies_apart_where_it_is_very_far_out():
    rng = np.random.default_rng(0)
    values, rows = rng.normal(50, 10, size=400), np.arange(400) + 10
    values[70] *= 1000
    found = cells_apart(values, rows)
    assert (found.count, found.rows) == (1, (80,))
    values[70] /= 20
    assert cells_apart(values, rows) is None
    assert not any(cells_apart(rng.pareto(2.0, size=400), rows) for _ in range(200))


def test_a_table_of_categories_alone_has_no_scale():
    spread_out = torch.eye(3).repeat(4, 1)
    assert scale_facts(SimpleNamespace(input="table", cardinalities=()), spread_out, None) == (None, None)


def test_zeros_that_single_precision_made_negative_are_zeros():
    counts = torch.from_numpy(np.random.default_rng(0).poisson(2, 300)).float()
    counts[0] = 40.0
    nearly = torch.where(counts == 0, -2e-8, counts)
    rows = Split(x=torch.zeros(300, 1), y=nearly, rows=torch.arange(300))
    spec = DataSpec(task="regression", input="table", in_shape=(1,), target="y")
    facts = plain_facts(Regression(spec=spec), {"train": rows}, split_rule="random")
    assert facts.target_low == 0.0
    assert facts.target_tail_of_logs is not None
