"""What becomes of the outputs kept of each epoch: columns, rows and history.csv."""

import csv

import pytest
import torch

from litmus.engine import curves as module
from litmus.engine.callbacks import write_history
from litmus.engine.curves import Curves
from litmus.loss import auto as make_loss
from litmus.task import auto as make_task
from litmus.task.spec import DataSpec

EPOCHS, ROWS = 7, 60


def filled(task: str, every: int = 1) -> Curves:
    """Curves of a few epochs, of which every so many measured val."""
    classes = {"binary": ("a", "b"), "multiclass": ("a", "b", "c"), "regression": ()}[task]
    spec = DataSpec(task=task, input="table", in_shape=(4,), target="y", classes=classes)
    curves = Curves(task=make_task(spec=spec), loss=make_loss(spec=spec))
    draw = torch.Generator().manual_seed(0)
    codes = torch.randint(0, max(len(classes), 2), (ROWS,), generator=draw)
    target = codes if classes else codes.float()
    for epoch in range(EPOCHS):
        for split in ("train", "val") if epoch % every == 0 else ("train",):
            output = torch.randn(ROWS, 3 if task == "multiclass" else 1, generator=draw)
            curves.add(split, output, target, torch.tensor(1 / (epoch + 3)))
            curves.close(split, epoch, epoch + 1)
    return curves


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_values_do_not_depend_on_how_many_epochs_are_settled_at_once(task, monkeypatch) -> None:
    whole, parts = filled(task), filled(task)
    whole.compute()
    monkeypatch.setattr(module, "CACHED_VALUES", 2 * ROWS)
    parts.compute()
    assert parts.table() == whole.table()


@pytest.mark.parametrize("rows", [3, 13, 61])
def test_outputs_that_tie_rank_alike_however_many_epochs_are_settled_at_once(rows) -> None:
    draw = torch.Generator().manual_seed(0)
    at_once, each = filled("binary"), filled("binary")
    target = torch.arange(rows) % 2
    for epoch in range(EPOCHS, EPOCHS + 40):
        output = torch.randn(8, 1, generator=draw)[torch.arange(rows) // 2 % 8]
        for curves in (at_once, each):
            curves.add("train", output, target, torch.tensor(0.5))
            curves.close("train", epoch, epoch + 1)
        each.compute()
    at_once.compute()
    assert at_once.table() == each.table()


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_values_have_nine_digits_at_most(task) -> None:
    curves = filled(task)
    curves.compute()
    values = [value for column in curves.values.values() for value in column.values()]
    assert values == [float(f"{value:.9g}") for value in values]


def test_history_is_empty_where_an_epoch_did_not_measure_a_value(tmp_path) -> None:
    curves = filled("regression", every=2)
    curves.compute()
    write_history(curves.columns(), tmp_path / "history.csv")
    with (tmp_path / "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:4] == ["epoch", "step", "train/loss", "val/loss"]
    assert [row["val/r2"] == "" for row in rows] == [epoch % 2 == 1 for epoch in range(EPOCHS)]
    assert [float(row["train/loss"]) for row in rows] == list(curves.values["train/loss"].values())
    assert [path.name for path in tmp_path.iterdir()] == ["history.csv"]
    assert [len(row) for row in curves.table()] == [12 if epoch % 2 == 0 else 7 for epoch in range(EPOCHS)]


def test_what_was_not_measured_is_not_there_after_a_restore() -> None:
    curves, again = filled("regression", every=2), filled("regression")
    again.restore(curves.state())
    assert again.table() == curves.table()


@pytest.mark.parametrize(
    "value", [0.1 + 0.2, 1 / 3, 9.9999999999, 1e-13, 3e-200, 5e-324, 1e9 / 7, 2e31 / 3, 1e300 / 3, 0.0]
)
def test_a_rounded_value_is_the_nearest_to_its_decimal_number(value) -> None:
    values = torch.tensor([[value, -value]], dtype=torch.float64).numpy()
    assert module._rounded(values).tolist() == [[float(f"{value:.9g}"), float(f"{-value:.9g}")]]


def test_rounding_leaves_what_is_not_finite() -> None:
    rounded = module._rounded(torch.tensor([[float("nan"), float("inf"), float("-inf")]]).double().numpy())
    assert [repr(value) for value in rounded[0].tolist()] == ["nan", "inf", "-inf"]
