"""Rows of a user's data module, whatever form its batches and loaders have."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from lightning.pytorch import LightningDataModule
from lightning.pytorch.utilities import CombinedLoader
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from litmus.data.packing import Packing
from litmus.data.sources.loaders import Loaders
from litmus.errors import DataError

X = torch.randn(12, 4, generator=torch.Generator().manual_seed(0))
Y = torch.arange(12) % 3


@dataclass
class Pair:
    x: Tensor
    y: Tensor


class Module(LightningDataModule):
    def __init__(self, train=None, val=None, predict=None):
        super().__init__()
        self.train, self.val, self.predict = (batches(X, Y) if one is None else one for one in (train, val, predict))

    def train_dataloader(self):
        return self.train

    def val_dataloader(self):
        return self.val

    def predict_dataloader(self):
        return self.predict


def batches(*tensors: Tensor, **more) -> DataLoader:
    return DataLoader(TensorDataset(*tensors), 5, **more)


def read(module: LightningDataModule):
    return Loaders(module=module).read()


@pytest.mark.parametrize(
    "train",
    [
        batches(X, torch.eye(3)[Y]),
        batches(X, Y.unsqueeze(1)),
        DataLoader(TensorDataset(X, Y), 5, collate_fn=lambda rows: Pair(*map(torch.stack, zip(*rows, strict=True)))),
        DataLoader(
            [{"features": x, "label": y, "name": "a row"} for x, y in zip(X, Y, strict=True)],
            5,
        ),
        {"labelled": batches(X, Y), "unlabelled": batches(X)},
        [batches(X, Y), batches(X[:5], Y[:5])],
        CombinedLoader({"labelled": batches(X, Y), "unlabelled": batches(X)}, "max_size_cycle"),
    ],
    ids=["one-hot", "a column", "a dataclass", "a mapping", "named loaders", "several loaders", "combined loaders"],
)
def test_inputs_and_one_target_a_row_are_found_in_any_usual_form(train):
    rows = read(Module(train))
    at = rows.split == "train"
    assert np.array_equal(rows.inputs[at], X.numpy())
    assert rows.target.to_numpy()[at].tolist() == Y.tolist()


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (batches(X, torch.rand(12, 5).round() + torch.eye(5)[0]), "gives 5 targets a row, and one target a row"),
        (batches(X, X[:, :2]), "gives 2 targets a row"),
    ],
)
def test_several_targets_a_row_are_refused_in_a_line(train, message):
    with pytest.raises(DataError, match=message):
        read(Module(train))


def test_rows_are_as_the_modules_own_hooks_make_them_for_the_model():
    class Halved(Module):
        def on_after_batch_transfer(self, batch, dataloader_idx):
            return batch[0] / 2, batch[1]

    source = Loaders(module=Halved())
    assert np.array_equal(source.read().inputs[:12], X.numpy() / 2)
    assert torch.equal(next(iter(source.training_loader()))[0], X[:5] / 2)


def test_a_module_may_ask_its_trainer_for_the_number_of_processes_before_there_is_one():
    class Shared(Module):
        def train_dataloader(self):
            return DataLoader(TensorDataset(X, Y), 6 // self.trainer.world_size)

    module = Shared()
    source = Loaders(module=module)
    assert len(source.read()) == 24
    assert len(list(source.training_loader())) == 2
    assert module.trainer is None


def test_a_loader_that_the_base_class_only_complains_of_is_missing_and_a_failing_one_is_not():
    class Failing(Module):
        def test_dataloader(self):
            raise NotImplementedError("no labels")

    class Heir(Failing):
        pass

    assert set(read(Module()).split) == {"train", "val"}
    with pytest.raises(DataError, match=r"Heir test_dataloader fails \(NotImplementedError: no labels\)"):
        read(Heir())


@pytest.mark.parametrize("loader", [batches(X), batches(X, Y), DataLoader(X, 5)], ids=["tuples", "targets", "tensors"])
def test_new_rows_are_the_inputs_of_the_predict_loader(loader):
    rows = Loaders(module=Module(predict=loader)).new_rows("predict", tuple(X.shape[1:]))
    assert np.array_equal(rows.inputs, X.numpy())
    assert rows.target is None


def test_rows_that_no_loader_gives_are_refused_with_what_to_write():
    class Without(Module):
        predict_dataloader = LightningDataModule.predict_dataloader

    with pytest.raises(DataError, match="has no predict_dataloader; add one, or predict by input=test"):
        Loaders(module=Without()).new_rows("predict", tuple(X.shape[1:]))


SEVERAL = {
    "a mapping": [{"ids": x[:2].long(), "more": x, "labels": y} for x, y in zip(X, Y, strict=True)],
    "a tuple": [(x[:2].long(), x, y) for x, y in zip(X, Y, strict=True)],
    "a tuple in a tuple": [((x[:2].long(), x), y) for x, y in zip(X, Y, strict=True)],
    "a mapping in a tuple": [({"ids": x[:2].long(), "more": x}, y) for x, y in zip(X, Y, strict=True)],
}


@pytest.mark.parametrize("rows", SEVERAL.values(), ids=SEVERAL)
def test_several_inputs_a_row_become_one_and_reach_the_model_as_the_loader_gives_them(rows):
    source = Loaders(module=Module(DataLoader(rows, 5), val=DataLoader(rows, 5)))
    read = source.read()
    at = read.split == "train"
    assert np.array_equal(read.inputs[at], torch.cat([X[:, :2].long(), X], 1).numpy())
    assert read.target.to_numpy()[at].tolist() == Y.tolist()

    batch, given = next(iter(DataLoader(rows, 12))), source.packing
    again = given.batch(given.unpack(torch.from_numpy(read.inputs[at])), Y)
    flat, wanted = (_flat(one) for one in (again, batch))
    assert all(torch.equal(one, other) and one.dtype == other.dtype for one, other in zip(flat, wanted, strict=True))
    assert Packing.restore(given.state()) == given
    assert not given.numeric


def _flat(value):
    if isinstance(value, Tensor):
        return [value]
    items = [value[key] for key in sorted(value)] if isinstance(value, dict) else value
    return [tensor for item in items for tensor in _flat(item)]
