"""The LightningDataModule: the rows of any source as loaders, prepared once."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast, final

import numpy as np
import polars as pl
import torch
from lightning.pytorch import LightningDataModule
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.encoding.base import Preprocess
from litmus.data.encoding.target import TargetCoder
from litmus.data.loading import BatchLoader, step_seed
from litmus.data.preparation import Prepared, prepare, redealt
from litmus.data.rows import Origin, Rows
from litmus.data.sources.base import Source
from litmus.data.tensors import Batch, Split
from litmus.errors import DataError
from litmus.evidence.values import SplitName
from litmus.task.spec import DataSpec

SCORING_VALUES = 2**18  # inputs a scoring batch: large enough for speed, small enough for a CPU's cache


@final
class DataModule(LightningDataModule):
    """Tables, images and texts alike: whatever a source reads and its preprocessing encodes.

    Args:
        source: Where rows come from and how they are split and batched.
        kind: Kind of target; None or "auto": inferred from the labels.
        positive: Positive label of a binary task; None: inferred.
        grades: Labels of an ordinal task, lowest first; None: inferred.
        seed: Decides the order of rows.
        split_seed: Decides split and sample; None: as `seed`.
        fold: Which of `source.folds` is held out; None: the first.
    """

    def __init__(
        self,
        source: Source,
        *,
        kind: str | None = None,
        positive: object = None,
        grades: Sequence[object] | None = None,
        seed: int = 42,
        split_seed: int | None = None,
        fold: int | None = None,
    ) -> None:
        super().__init__()
        self.source = source
        self.target: dict[str, Any] = {"kind": kind, "positive": positive, "grades": grades}
        self.seed = seed
        self.split_seed = seed if split_seed is None else split_seed
        self.fold = fold
        self.as_tuples = False  # whether batches are (x, y), or (x, y, weight), as users' modules unpack them
        # whether skewed amounts are learned by the logarithm of their mean; None until it is tried
        self.log_mean: bool | None = None
        self._prepared: Prepared | None = None
        self._train_loader: Any = None

    def setup(self, stage: str | None = None) -> None:
        """Read, split, fit and encode; does nothing the second time."""
        if self._prepared is None:
            self._prepared = prepare(
                self.source,
                **self.target,
                seed=self.split_seed,
                fold=self.fold,
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
        other = DataModule(
            source,
            **self.target,
            seed=seed,
            split_seed=self.split_seed,
            fold=self.fold,
        )
        other.share(self)
        return other

    def redealt(self, seed: int) -> "DataModule | None":
        """The same rows with other ones in val (see `preparation.redealt`); None where there is one split only."""
        prepared = redealt(self.source, self.prepared, seed)
        if prepared is None:
            return None
        other = self.reseeded(self.seed)
        # how the model is trained was settled on the run's own split, and a trial is of that
        skewed_up_to = self.spec.skewed_up_to and (prepared.spec.skewed_up_to or self.spec.skewed_up_to)
        known = replace(prepared.spec, ensemble_size=self.spec.ensemble_size, skewed_up_to=skewed_up_to)
        other.hold(replace(prepared, spec=known))
        return other

    def share(self, other: "DataModule") -> None:
        """Takes the rows that another one of the same `origin_key` has prepared."""
        self.hold(other.prepared)
        self.log_mean = other.log_mean

    def hold(self, prepared: Prepared) -> None:
        """Takes rows that were prepared elsewhere, in place of its own."""
        self._prepared = prepared

    def go_on(self, spec: DataSpec) -> None:
        """Takes over what a training that is gone on with has chosen on these rows, so that nothing is chosen anew."""
        self.log_mean = spec.skewed_up_to is not None
        known = replace(self.prepared.spec, ensemble_size=spec.ensemble_size, bin_edges=spec.bin_edges)
        self._prepared = replace(self.prepared, spec=known)

    @property
    def origin_key(self) -> tuple[Any, ...] | None:
        """What decides the rows, their splits and encoding, to be compared; None where that is not known."""
        state = self.source.state()
        if state is None:
            return None
        return (replace(self.source, batch_size=None, shuffle=True), self.target, self.split_seed, self.fold, state)

    @property
    def prepared(self) -> Prepared:
        self.setup()
        assert self._prepared is not None  # noqa: S101 - for the type checker
        return self._prepared

    @property
    def spec(self) -> DataSpec:
        return self.prepared.spec

    @property
    def num_classes(self) -> int:
        """Of the target, 0 for numbers; users' modules ask their data module so."""
        return len(self.spec.classes)

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

    @property
    def own_loader(self) -> bool:
        """Whether training goes by a loader of the user's."""
        return type(self.source).training_loader is not Source.training_loader

    @property
    def comparable(self) -> bool:
        """Whether rows are of a form that references and checks take: vectors of quantities, images or texts."""
        spec = self.spec
        if self.source.packing is not None and not self.source.packing.numeric:
            return False
        return spec.input == "text" or len(spec.in_shape) == (3 if spec.input == "image" else 1)

    def train_dataloader(self) -> Any:
        """The training rows in the order that `set_epoch` chooses; the same loader each time, so that it can resume."""
        if self._train_loader is None and self.own_loader:
            self._train_loader = self.source.training_loader()
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
        """A split's rows in their order, in large batches: without training, the size of a batch changes no result."""
        rank, world = self._place()
        split = self.splits[name]
        rows = max(SCORING_VALUES // max(split.x[0].numel(), 1), 1)
        # a power of two: with kernels that compute in blocks of rows, outputs hardly depend on where batches end
        size = max(self.source.batch_size or 1, 2 ** (rows.bit_length() - 1))
        return BatchLoader(split, batch_size=size, shuffle=False, seed=self.seed, rank=rank, world=world)

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        """Finishes inputs on the device, augments those of training, and hands the batch over as the model takes it."""
        finished = self._finished(batch if isinstance(batch, Batch) else self._coded(*self.source.parts(batch)))
        if not self.as_tuples:
            return finished
        plain = tuple(part for part in finished if part is not None)
        return self.trainer.lightning_module.on_after_batch_transfer(plain, dataloader_idx) if self.trainer else plain

    def read(self, batch: Any) -> Batch | None:
        """A batch of ours, whichever form it was handed over in; None: it is of another form."""
        if self.own_loader:
            with suppress(DataError):
                return self._coded(*self.source.parts(batch))
            return None
        return Batch(*batch) if isinstance(batch, tuple | list) and 2 <= len(batch) <= 3 else None

    def _coded(self, x: Tensor, y: Tensor) -> Batch:
        """Inputs and targets of a user's own loader, the targets as losses take them."""
        values = pl.Series(self.coder.name, (y.double() if y.is_floating_point() else y).detach().cpu().numpy())
        coded = self.coder.encode(values)
        if coded.is_floating_point():
            coded = ((coded - self.spec.target_mean) / self.spec.target_sd).float()
        return Batch(x.float() if x.is_floating_point() else x, coded.to(x.device))

    def _finished(self, batch: Batch) -> Batch:
        x = batch.x if not self.finishes else self.preprocess.finish(batch.x)
        if self.augments and self.trainer is not None and self.trainer.training:
            self._seed_augmentation()
            x = self.source.augment(x)
        return batch if x is batch.x else batch._replace(x=x)

    def _seed_augmentation(self) -> None:
        """Makes augmentation a function of the seed and the batch's number, from which a resumed run goes on too."""
        trainer = cast("Any", self.trainer)
        number = trainer.current_epoch * trainer.num_training_batches + self.train_dataloader().position
        seed = step_seed(self.seed, -number)  # below 0, as numbers above 0 seed what the model draws
        on_cpu = trainer.strategy.root_device.type == "cpu"
        (torch.default_generator if on_cpu else torch).manual_seed(seed)

    def state_dict(self) -> dict[str, Any]:
        """What the order of training rows depends on besides the config: how many are in memory at a time."""
        return {"window": None if self.own_loader else self.train_dataloader().window}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keeps the order of the rows, however much memory there is now."""
        if not self.own_loader:
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
