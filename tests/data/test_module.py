"""The data module: one preparation, loaders that Lightning takes as they are, notes and counts to be shown."""

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer

from litmus.data.module import DataModule
from litmus.data.sources.synthetic import Circles, Imbalanced, Noise
from litmus.data.sources.table_files import CSV
from litmus.data.tensors import Batch


class Recorder(LightningModule):
    """Keeps the rows' first inputs of every training batch."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
        self.seen: dict[int, list[float]] = {}

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        self.seen.setdefault(self.current_epoch, []).extend(batch.x[:, 0].tolist())
        return self.layer(batch.x).mean()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self.layer(batch.x)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fit(data: DataModule, epochs: int = 2) -> Recorder:
    model = Recorder()
    trainer = Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1,
    )
    trainer.fit(model, datamodule=data)
    return model


@pytest.mark.filterwarnings("ignore")
def test_lightning_trains_on_every_row_in_a_new_order_each_epoch() -> None:
    data = DataModule(Circles(n_samples=100), seed=3)
    model = fit(data)
    train = data.splits["train"].x[:, 0].tolist()
    assert sorted(model.seen[0]) == sorted(model.seen[1]) == sorted(train)
    assert model.seen[0] != model.seen[1]
    loader = data.train_dataloader()
    assert [train[i] for i in loader.order(1).tolist()] == model.seen[1]


@pytest.mark.parametrize("folds", [None, 3])
def test_a_second_split_deals_other_rows_into_val_and_leaves_test_alone(folds) -> None:
    data = DataModule(Imbalanced(n_samples=400, folds=folds), seed=3)
    other, again, third = (data.redealt(deal) for deal in (7, 7, 8))
    first, second = ({name: set(split.rows.tolist()) for name, split in one.splits.items()} for one in (data, other))
    assert not first["val"] & second["val"]
    assert first["test"] == second["test"]
    assert first["train"] | first["val"] == second["train"] | second["val"]
    assert len(first["val"]) == pytest.approx(len(second["val"]), abs=2)
    assert other.class_counts["val"] == pytest.approx(data.class_counts["val"], abs=2)
    assert torch.equal(other.splits["val"].rows, again.splits["val"].rows)
    assert not torch.equal(other.splits["val"].rows, third.splits["val"].rows)
    assert other.spec.ensemble_size == data.spec.ensemble_size


def test_a_second_split_keeps_groups_together(tmp_path) -> None:
    rows = "\n".join(f"{i * 37 % 101},{i % 20},{i % 3}" for i in range(240))
    (tmp_path / "t.csv").write_text("x,g,y\n" + rows)
    data = DataModule(CSV(path=str(tmp_path / "t.csv"), target="y", split="group", group="g"), kind="multiclass")
    other = data.redealt(7)
    groups = {name: set(split.group.tolist()) for name, split in other.splits.items()}
    assert not groups["train"] & groups["val"]
    assert not set(data.splits["val"].group.tolist()) & groups["val"]


def test_rows_in_time_and_a_fixed_val_have_one_split_only(tmp_path) -> None:
    assert DataModule(Circles(n_samples=100, split="time")).redealt(7) is None
    names = ["train"] * 60 + ["val"] * 20 + ["test"] * 20
    (tmp_path / "t.csv").write_text("x,s,y\n" + "\n".join(f"{i},{name},{i % 2}" for i, name in enumerate(names)))
    fixed = CSV(path=str(tmp_path / "t.csv"), target="y", split="column", split_column="s")
    assert DataModule(fixed).redealt(7) is None


def test_two_modules_of_one_seed_are_equal_and_set_up_once() -> None:
    first, second, other = (DataModule(Circles(), seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.splits["train"].x, second.splits["train"].x)
    assert not torch.equal(first.splits["train"].rows, other.splits["train"].rows)
    assert first.prepared is first.prepared


def test_the_split_may_have_a_seed_of_its_own() -> None:
    first, second, apart = (
        DataModule(Circles(), seed=seed, split_seed=split) for seed, split in ((1, 5), (2, 5), (1, 6))
    )
    assert torch.equal(first.splits["val"].rows, second.splits["val"].rows)
    assert not torch.equal(first.splits["val"].rows, apart.splits["val"].rows)
    assert torch.equal(DataModule(Circles(), seed=5).splits["val"].rows, first.splits["val"].rows)


def test_class_counts_and_sizes_agree() -> None:
    data = DataModule(Imbalanced(n_samples=1000))
    assert data.class_counts == {"train": [588, 12], "val": [196, 4], "test": [196, 4]}
    assert {name: sum(counts) for name, counts in data.class_counts.items()} == dict(data.spec.sizes)
    assert DataModule(Noise()).class_counts["train"] == []


def test_scoring_takes_large_batches_in_order() -> None:
    data = DataModule(Circles())
    (batch,) = list(data.val_dataloader())
    assert batch.x is data.splits["val"].x
    assert [len(list(loader)) for loader in data.predict_dataloader()] == [1, 1]


def test_without_a_test_share_there_is_no_test_split() -> None:
    data = DataModule(Circles(test_fraction=0))
    assert set(data.splits) == {"train", "val"}
    assert data.test_dataloader() == []


def test_tables_pay_nothing_for_finishing_and_augmenting() -> None:
    data = DataModule(Circles())
    batch = next(iter(data.train_dataloader()))
    assert not data.finishes
    assert not data.augments
    assert data.on_after_batch_transfer(batch, 0) is batch


def test_folds_pool_to_all_rows() -> None:
    rows = torch.cat([DataModule(Circles(folds=5), fold=fold).splits["test"].rows for fold in range(5)])
    assert sorted(rows.tolist()) == list(range(1000))


def test_inferences_are_said_in_one_line_each() -> None:
    notes = DataModule(Circles(num_workers=2)).notes
    assert "features: 2 numbers" in notes
    assert "target 'label': 2 classes -> binary; positive class '1' (conventional name)" in notes
    assert "split: stratified: 600 train, 200 val, 200 test rows" in notes
    assert any("data.num_workers=2 is not used" in note for note in notes)
    assert all("\n" not in note for note in notes)


def test_the_seed_of_the_run_does_not_change_the_rows() -> None:
    first, second = DataModule(Circles(), seed=1), DataModule(Circles(), seed=2)
    assert first.origin.sha256 == second.origin.sha256
    assert DataModule(Circles(seed=7)).origin.sha256 != first.origin.sha256
