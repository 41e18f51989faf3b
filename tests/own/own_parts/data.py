"""LightningDataModules in five styles, of the same three blobs."""

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset, random_split


def blobs(rows: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(rows) % 3
    centres = torch.tensor([[0.0, 0, 1, 2], [3, 0, 2, 1], [0, 3, 0, 0]])
    return centres[y] + torch.randn(rows, 4, generator=generator), y


class Tuples(LightningDataModule):
    """As in the templates: batches `(x, y)`, split by chance in setup, and only where it was not done already."""

    num_classes = 3

    def __init__(self, rows: int = 240, batch_size: int = 16) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        self.train = self.val = self.test = None

    def setup(self, stage=None):
        if self.train is None:
            parts = random_split(TensorDataset(*blobs(self.hparams.rows)), [0.6, 0.2, 0.2])
            self.train, self.val, self.test = parts

    def train_dataloader(self):
        return DataLoader(self.train, batch_size=self.hparams.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val, batch_size=64)

    def test_dataloader(self):
        return DataLoader(self.test, batch_size=64)


class Several(Tuples):
    """Two val loaders, scaled on their way to the device, and rows to predict."""

    def val_dataloader(self):
        return {"of the split": super().val_dataloader(), "others": DataLoader(TensorDataset(*blobs(30, 9)), 10)}

    def predict_dataloader(self):
        return DataLoader(blobs(30, 6)[0], 10)

    def on_after_batch_transfer(self, batch, dataloader_idx):
        return [batch[0] / 10, *batch[1:]] if isinstance(batch, list | tuple) else batch / 10


class Pairs(LightningDataModule):
    """Two inputs a row, `(a, b, y)`, and `(a, b)` to predict."""

    def _loader(self, rows, seed, *, target=True):
        x, y = blobs(rows, seed)
        return DataLoader(TensorDataset(x[:, :2], x[:, 2:], *([y] if target else [])), 20)

    def train_dataloader(self):
        return self._loader(150, 1)

    def val_dataloader(self):
        return self._loader(60, 2)

    def predict_dataloader(self):
        return self._loader(30, 6, target=False)


class Rows(Dataset):
    def __init__(self, rows: int, seed: int) -> None:
        self.x, self.y = blobs(rows, seed)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, place):
        return {"image": self.x[place], "label": self.y[place], "index": place}


class Mappings(LightningDataModule):
    """Batches are mappings with named inputs and targets, and something else beside them; there is no test split."""

    def train_dataloader(self):
        return DataLoader(Rows(150, 1), batch_size=25, shuffle=True, drop_last=True)

    def val_dataloader(self):
        return [DataLoader(Rows(60, 2), batch_size=25)]


class Stream(IterableDataset):
    def __init__(self, rows: int, seed: int) -> None:
        self.rows, self.seed = rows, seed

    def __iter__(self):
        yield from zip(*blobs(self.rows, self.seed), strict=True)


class Streams(LightningDataModule):
    """Iterable streams, which do not know how long they are."""

    def train_dataloader(self):
        return DataLoader(Stream(130, 1), batch_size=20)

    def val_dataloader(self):
        return DataLoader(Stream(60, 2), batch_size=20)

    def test_dataloader(self):
        return DataLoader(Stream(90, 3), batch_size=20)


class Numbers(LightningDataModule):
    """A regression: targets `(rows, 1)` in float64."""

    def _loader(self, rows, seed):
        x, _ = blobs(rows, seed)
        return DataLoader(TensorDataset(x.double(), (x @ torch.tensor([1.0, -2, 0.5, 3])).double().unsqueeze(1)), 20)

    def train_dataloader(self):
        return self._loader(200, 1)

    def val_dataloader(self):
        return self._loader(60, 2)

    def test_dataloader(self):
        return self._loader(80, 3)


class Images(LightningDataModule):
    """Pictures `(1, 8, 8)` of two kinds, with row numbers as a third part of each batch."""

    def _loader(self, rows, seed):
        generator = torch.Generator().manual_seed(seed)
        y = torch.arange(rows) % 2
        x = torch.rand(rows, 1, 8, 8, generator=generator) + y.view(-1, 1, 1, 1) * torch.eye(8)
        return DataLoader(TensorDataset(x, y, torch.arange(rows)), 20)

    def train_dataloader(self):
        return self._loader(160, 1)

    def val_dataloader(self):
        return self._loader(60, 2)

    def test_dataloader(self):
        return self._loader(80, 3)


class NoVal(LightningDataModule):
    def train_dataloader(self):
        return DataLoader(TensorDataset(*blobs(60)), 20)


class NoTargets(LightningDataModule):
    def train_dataloader(self):
        return DataLoader(blobs(60)[0], 20)

    def val_dataloader(self):
        return DataLoader(blobs(60)[0], 20)
