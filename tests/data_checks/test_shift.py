import numpy as np
import pytest
import torch

from litmus.data.tensors import Split
from litmus.data_checks.shift import alikeness, counted_once, label_difference, split_shift
from litmus.task.spec import DataSpec

SPEC = DataSpec(
    task="binary", input="table", in_shape=(4,), target="y", classes=("no", "yes"), features=("a", "b", "c", "d")
)


def rows(n=300, seed=0, move=0.0, share=0.5, **more):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    x[:, 2] += move
    y = (rng.random(n) < share).astype(int)
    return Split(x=torch.from_numpy(x).float(), y=torch.from_numpy(y), rows=torch.arange(n), **more)


def test_rows_of_one_kind_cannot_be_told_apart():
    lows = [split_shift(SPEC, rows(seed=2 * s), rows(seed=2 * s + 1), name="test", seed=s).auroc.low for s in range(5)]
    assert sum(low > 0.5 for low in lows) <= 1
    assert max(lows) < 0.6


def test_a_moved_column_is_seen_and_named():
    found = split_shift(SPEC, rows(), rows(seed=1, move=1.2), name="test", seed=0)
    assert found.auroc.low > 0.65
    assert found.columns == ("c",)
    assert found.label_difference.low == 0


def test_groups_apart_are_not_taken_for_a_shift():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(40, 4))

    def grouped(groups):
        code = torch.tensor([g for g in groups for _ in range(10)])
        x = torch.from_numpy(centres[code.numpy()] + 0.05 * rng.normal(size=(len(code), 4))).float()
        return Split(x=x, y=torch.zeros(len(code), dtype=torch.int64), rows=torch.arange(len(code)), group=code)

    found = split_shift(SPEC, grouped(range(30)), grouped(range(30, 40)), name="test", seed=0)
    assert found.auroc.low < 0.6


def test_label_shares_are_compared_with_an_interval():
    found = split_shift(SPEC, rows(share=0.5), rows(seed=1, share=0.8), name="val", seed=0).label_difference
    assert found.low < 0.3 < found.high
    assert found.low > 0.15


def targets(y, *, group=None):
    return Split(x=torch.zeros(len(y), 1), y=y, rows=torch.arange(len(y)), group=group)


@pytest.mark.parametrize("classes", [2, 5, 0])
def test_equal_shares_are_covered(classes):
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        if classes:
            one, other = (torch.from_numpy(rng.integers(classes, size=n)) for n in (200, 80))
        else:
            one, other = (torch.from_numpy(rng.normal(size=n)) for n in (200, 80))
        covered += label_difference(targets(one), targets(other), classes=classes).low == 0
    assert covered >= 92


def test_numbers_are_compared_by_their_distribution():
    found = label_difference(targets(torch.arange(100.0)), targets(torch.arange(50.0, 150.0)), classes=0)
    assert found.value == pytest.approx(0.5)
    assert found.low > 0.25


@pytest.mark.parametrize("classes", [2, 0])
def test_groups_of_one_target_count_once_each(classes):
    def grouped(seed, groups):
        rng = np.random.default_rng(seed)
        values = rng.integers(2, size=groups) if classes else rng.normal(size=groups)
        code = torch.arange(groups).repeat_interleave(20)
        return targets(torch.from_numpy(values)[code], group=code + 100 * seed)

    found = [label_difference(grouped(seed, 30), grouped(1000 + seed, 10), classes=classes) for seed in range(60)]
    assert sum(difference.low == 0 for difference in found) >= 54


def test_rows_of_a_group_that_are_not_alike_count_in_full():
    group = torch.arange(400) // 20
    assert counted_once(group, alikeness(torch.randn(400, generator=torch.manual_seed(0)), group)) < 1.5


def test_few_rows_are_not_compared():
    assert split_shift(SPEC, rows(), rows(n=5), name="test", seed=0) is None
