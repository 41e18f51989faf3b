"""The one LightningDataModule: any source's rows as loaders, made once and sliced in memory."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, cast, final

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from numpy.typing import NDArray

from litmus.data.base import Batch, DataSpec, Origin, Preprocess, Rows, Source, Split, SplitName, TaskKind
from litmus.data.loader import BatchLoader, step_seed
from litmus.data.prepared import Prepared, prepare
from litmus.data.target import TargetCoder

SCORING_VALUES = 2**18  # inputs a scoring batch: large enough for speed, small enough for a CPU's cache


@final
class DataModule(LightningDataModule):
    """Tables, images and texts alike: whatever a source reads and its preprocessing encodes.

    Args:
        source: Where rows come from and how they are split and batched.
        kind: Kind of target; None or "auto": inferred from the labels.
        positive: Positive label of a binary task; None: inferred.
        seed: Decides split, sample and order of rows.
        fold: Which of `source.folds` is held out; None: the first.
    """

    def __init__(
        self,
        source: Source,
        *,
        kind: TaskKind | Literal["auto"] | None = None,
        positive: object = None,
        seed: int = 42,
        fold: int | None = None,
    ) -> None:
        super().__init__()
        self.source = source
        self.kind = kind
        self.positive = positive
        self.seed = seed
        self.fold = fold
        self._prepared: Prepared | None = None
        self._train_loader: BatchLoader | None = None

    def setup(self, stage: str | None = None) -> None:
        """Read, split, fit and encode; does nothing the second time."""
        if self._prepared is None:
            self._prepared = prepare(
                self.source, kind=self.kind, positive=self.positive, seed=self.seed, fold=self.fold
            )

    def reseeded(self, seed: int, changed: Mapping[str, Any] | None = None) -> "DataModule":
        """The same rows and splits with another order of training rows, for a repeated fit.

        Args:
            seed: Decides the order.
            changed: The data's config, of which batch_size and shuffle are taken; None: as they are.
        """
        keys = ("batch_size", "shuffle")
        source = (
            self.source if changed is None else replace(self.source, **{k: changed[k] for k in keys if k in changed})
        )
        other = DataModule(source, kind=self.kind, positive=self.positive, seed=seed, fold=self.fold)
        other._prepared = self.prepared
        return other

    @property
    def prepared(self) -> Prepared:
        self.setup()
        assert self._prepared is not None  # noqa: S101 - for the type checker
        return self._prepared

    @property
    def spec(self) -> DataSpec:
        return self.prepared.spec

    @property
    def splits(self) -> Mapping[str, Split]:
        return self.prepared.splits

    @property
    def preprocess(self) -> Preprocess:
        return self.prepared.preprocess

    @property
    def coder(self) -> TargetCoder:
        return self.prepared.coder

    @property
    def rows(self) -> Rows:
        return self.prepared.rows

    @property
    def assignment(self) -> NDArray[np.int8]:
        return self.prepared.assignment

    @property
    def origin(self) -> Origin:
        return self.rows.origin

    @property
    def notes(self) -> tuple[str, ...]:
        return self.prepared.notes

    @property
    def class_counts(self) -> Mapping[str, list[int]]:
        return self.prepared.class_counts

    def train_dataloader(self) -> BatchLoader:
        """The training rows, in an order that `set_epoch` chooses; the same loader each time, so that it can resume."""
        if self._train_loader is None:
            rank, world = self._place()
            self._train_loader = BatchLoader(
                self.splits["train"],
                batch_size=self.source.batch_size,
                shuffle=self.source.shuffle and not getattr(self.trainer, "overfit_batches", 0),
                seed=self.seed,
                rank=rank,
                world=world,
                pad=world > 1,
            )
        return self._train_loader

    def val_dataloader(self) -> BatchLoader:
        return self.scoring_loader("val")

    def test_dataloader(self) -> BatchLoader | list[BatchLoader]:
        return self.scoring_loader("test") if "test" in self.splits else []

    def predict_dataloader(self) -> list[BatchLoader]:
        return [self.scoring_loader(name) for name in ("val", "test") if name in self.splits]

    def scoring_loader(self, name: SplitName) -> BatchLoader:
        """A split's rows in their order, in large batches: nothing is learned from them, so size changes no number."""
        rank, world = self._place()
        split = self.splits[name]
        rows = max(SCORING_VALUES // max(split.x[0].numel(), 1), 1)
        # a power of two: with kernels that compute in blocks of rows, outputs hardly depend on where batches end
        size = max(self.source.batch_size or 1, 2 ** (rows.bit_length() - 1))
        return BatchLoader(split, batch_size=size, shuffle=False, seed=self.seed, rank=rank, world=world)

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Finish inputs on the device and vary the training ones."""
        x = batch.x if not self.finishes else self.preprocess.finish(batch.x)
        if self.augments and self.trainer is not None and self.trainer.training:
            self._seed_augmentation()
            x = self.source.augment(x)
        return batch if x is batch.x else batch._replace(x=x)

    def _seed_augmentation(self) -> None:
        """Makes what varies a batch a function of the seed and its number, which a resumed run begins with too."""
        trainer = cast("Any", self.trainer)
        # this batch is not counted yet; numbers below 0, as those from 0 on seed what the model draws
        seed = step_seed(self.seed, -2 - trainer.fit_loop.epoch_loop.total_batch_idx)
        on_cpu = trainer.strategy.root_device.type == "cpu"
        (torch.default_generator if on_cpu else torch).manual_seed(seed)

    def state_dict(self) -> dict[str, Any]:
        """What the order of training rows depends on beside the config: how many are held at a time."""
        return {"window": self.train_dataloader().window}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The order stays what it was, however much memory there is now."""
        self.train_dataloader().window = state_dict["window"]

    @property
    def finishes(self) -> bool:
        """Whether batches need `preprocess.finish`."""
        return type(self.preprocess).finish is not Preprocess.finish

    @property
    def augments(self) -> bool:
        """Whether training batches are varied by `source.augment`."""
        return type(self.source).augment is not Source.augment

    def _place(self) -> tuple[int, int]:
        """Rank and number of processes; one process without a trainer."""
        return (0, 1) if self.trainer is None else (self.trainer.global_rank, self.trainer.world_size)
