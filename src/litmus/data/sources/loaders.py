"""Rows of a user's LightningDataModule: read once from its loaders, for scores, references and checks.

Training itself goes by the loaders, with their own order, batches and augmentation.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from types import SimpleNamespace
from typing import Annotated, Any, cast, final

import numpy as np
import polars as pl
import torch
from annotated_types import Ge, Lt
from lightning.pytorch import LightningDataModule
from lightning.pytorch.utilities import CombinedLoader
from lightning.pytorch.utilities.model_helpers import is_overridden
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.encoding.given import GivenPreprocess
from litmus.data.packing import Outer, Packing, tensors_of
from litmus.data.rows import Origin, Rows
from litmus.data.sources.base import Source
from litmus.data.split import SplitRule
from litmus.errors import DataError, described
from litmus.evidence.values import SplitName

MOST_ROWS = 200_000
"""Rows of a split that are looked at: a stream may have no end."""
ONE_PROCESS: dict[str, Any] = {
    **dict.fromkeys(("world_size", "num_nodes", "num_devices"), 1),
    **dict.fromkeys(("global_rank", "local_rank", "node_rank", "current_epoch", "global_step"), 0),
    **dict.fromkeys(("training", "sanity_checking"), False),
    "is_global_zero": True,
}
"""What a data module may ask of its trainer before there is one: one process, which does not train yet."""
LOADED = ("predict", "test", "val", "train")
"""Loaders whose rows can be predicted."""
TARGETS = ("y", "target", "targets", "label", "labels")
INPUTS = ("x", "input", "inputs", "image", "images", "features", "data")


@final
@dataclass(frozen=True, kw_only=True)
class Loaders(Source):
    """What a LightningDataModule loads.

    Args:
        module: A user's.
        input_key: Where a batch that is a mapping holds the inputs; None: under one of the usual names.
        target_key: The same of the targets.
        limit: Training batches of an epoch; None: all.
        seed: Of the order in which training rows are read.
    """

    split: SplitRule = "column"  # as the data module has it
    test_fraction: Annotated[float, Ge(0), Lt(1)] = 0.0
    module: LightningDataModule
    input_key: str | None = None
    target_key: str | None = None
    limit: int | None = None
    seed: int = 0
    counted: dict[str, int] = field(default_factory=dict)  # what reading has shown of the training batches
    keys: dict[str, str] = field(default_factory=dict)  # what of a mapping are inputs and targets, as it was found
    packings: dict[str, Packing] = field(default_factory=dict)  # how several inputs a row became one

    def read(self) -> Rows:
        parts: dict[SplitName, tuple[Tensor, Tensor]] = {}
        notes: list[str] = []
        with torch.random.fork_rng(devices=[]), self._with_trainer():
            torch.manual_seed(self.seed)
            self._set_up()
            for name in ("train", "val", "test"):
                loader = self._loader(name)
                if loader is not None:
                    parts[name] = self._collected(name, loader, notes)
        missing = [name for name in ("train", "val") if name not in parts]
        if missing:
            raise self._error(f"has no {missing[0]}_dataloader, and a model is chosen on val rows; add one")
        return self._rows(parts, tuple(notes))

    def fit(self, train: Rows) -> GivenPreprocess:
        shape = np.shape(train.inputs)[1:]
        if len(shape) == 3:
            return GivenPreprocess(input="image")
        return GivenPreprocess(
            input="table", features=tuple(f"x{i}" for i in range(shape[0])) if len(shape) == 1 else ()
        )

    def training_loader(self) -> "Counted":
        with self._with_trainer():
            loader = self._loader("train")
        batches, size = self.counted["batches"], self.counted["batch_size"]
        return Counted(loader, batches=batches, batch_size=size, send=self.transferred)

    @property
    def batch_keys(self) -> tuple[str, str] | None:
        return (
            (self.keys["input_key"], self.keys["target_key"]) if {"input_key", "target_key"} <= set(self.keys) else None
        )

    @property
    def packing(self) -> Packing | None:
        return self.packings.get("inputs")

    @property
    def name(self) -> str:
        """What the module's class is called."""
        return type(self.module).__name__

    def parts(self, batch: Any) -> tuple[Tensor, Tensor]:
        """Inputs `(rows, *in_shape)` and targets `(rows,)` of a batch.

        Raises:
            DataError: It has another form.
        """
        batch = _named_parts(batch)
        if isinstance(batch, Mapping):
            y = self._held(batch, "target_key", self.target_key, TARGETS)
            x = self._named_inputs(batch, self.keys["target_key"])
        elif isinstance(batch, tuple | list) and len(batch) >= 2:
            x, y = self._placed(batch)
        else:
            raise self._error(
                f"gives batches of a {type(batch).__name__}, and (inputs, targets) or a mapping is needed"
            )
        y = _classes_of(y) if isinstance(y, Tensor) else y
        if isinstance(x, Tensor) and isinstance(y, Tensor) and len(x) == len(y) < y.numel():
            wanted = "one target a row is judged; give one, of several targets one data module each"
            raise self._error(f"gives {y.numel() // len(y)} targets a row, and {wanted}")
        if not isinstance(x, Tensor) or not isinstance(y, Tensor) or x.ndim < 2 or y.numel() != len(x):
            shapes = " and ".join(
                str(tuple(part.shape)) if isinstance(part, Tensor) else type(part).__name__ for part in (x, y)
            )
            raise self._error(f"gives inputs and targets of {shapes}; tensors (rows, ...) and (rows,) are needed")
        return x, y.reshape(len(x))

    def _named_inputs(self, batch: Mapping[str, Any], target: str | None = None) -> Any:
        """The inputs of a mapping: under the name that is set or usual, or all that is not the target."""
        if self.input_key is None and sum(name in batch for name in INPUTS) != 1:
            found = tensors_of({name: part for name, part in batch.items() if name not in {target, *TARGETS}})
            if len(found) > 1:
                return self._packed("mapping", found, target or "")
            if found:
                [self.keys["input_key"]] = found
                return next(iter(found.values()))
        return self._held(batch, "input_key", self.input_key, INPUTS)

    def _placed(self, batch: Sequence[Any]) -> tuple[Any, Any]:
        """Inputs and targets of a tuple: its first two parts, the first perhaps of several inputs; or the last is y."""
        x, y = batch[:2]
        if isinstance(x, Mapping | tuple | list) and x and len(found := tensors_of(x)) == len(x):
            return self._packed("nested mapping" if isinstance(x, Mapping) else "nested tuple", found), y
        last = batch[-1]
        several = len(batch) > 2 and isinstance(y, Tensor) and isinstance(last, Tensor) and isinstance(x, Tensor)
        if several and _classes_of(y).numel() != len(x) == last.numel():
            return self._packed("tuple", tensors_of(batch[:-1])), last
        return x, y

    def _packed(self, outer: Outer, found: Mapping[str, Tensor], target: str = "") -> Tensor:
        now = Packing.of(outer, found, target)
        self.packings.setdefault("inputs", now)
        return now.pack(found)

    def _held(self, batch: Mapping[str, Any], key: str, named: str | None, usual: tuple[str, ...]) -> Any:
        if named is not None and named not in batch:
            raise DataError(f"data.{key}={named}: the batches of {self.name} hold {', '.join(map(str, batch))}")
        found = [named] if named is not None else [name for name in usual if name in batch]
        if len(found) != 1:
            held = ", ".join(map(str, batch))
            raise DataError(f"data.{key}: say which of {held} it is in the batches of {self.name}")
        self.keys[key] = found[0]
        return batch[found[0]]

    def new_rows(self, name: str, shape: tuple[int, ...]) -> Rows:
        """What a loader gives, its inputs alone and in its order; targets in it are ignored.

        Args:
            name: One of LOADED.
            shape: Of a row, as the model takes it: several inputs a row are as many as fill it.

        Raises:
            DataError: There is no such loader, or its batches hold no inputs.
        """
        with torch.random.fork_rng(devices=[]), self._with_trainer():
            torch.manual_seed(self.seed)
            self._set_up("predict") if name == "predict" else self._set_up()
            loader = self._loader(name)
            if loader is None:
                raise self._error(f"has no {name}_dataloader; add one, or predict by input=test or a .npy file")
            read = partial(self._inputs, shape=shape) if name == "predict" else self._inputs_beside_targets
            found = [read(self._sent(batch)).detach().cpu() for batch in loader]
        try:
            x = torch.cat(found)
        except (RuntimeError, ValueError) as error:
            raise self._error(f"{name}_dataloader gives no rows of one shape ({described(error)})") from error
        return Rows(
            inputs=(x.float() if x.is_floating_point() else x).numpy(),
            target=None,
            numbers=np.arange(len(x), dtype=np.int64),
            origin=Origin(path=f"{self.name}.{name}_dataloader", sha256="", rows=len(x)),
        )

    def sent_rows(self, x: Tensor, keys: tuple[str, str] | None, packing: Packing | None) -> Tensor:
        """Inputs `(rows, ...)` as a loader would give them, after the module's hooks on their way to the device.

        Args:
            x: Of new rows.
            keys: Of inputs and targets, where the batches of training were mappings.
            packing: Of several inputs a row.
        """
        if not any(is_overridden(f"on_{when}_batch_transfer", self.module) for when in ("before", "after")):
            return x
        y = torch.zeros(len(x), dtype=torch.int64)
        if packing is not None:
            batch = packing.batch(packing.unpack(x), y)
        else:
            batch = [x, y] if keys is None else dict(zip(keys, (x, y), strict=True))
        with torch.random.fork_rng(devices=[]), self._with_trainer():
            torch.manual_seed(self.seed)
            self._set_up("predict")
            return self.parts(self._sent(batch))[0].detach().cpu()

    def _inputs_beside_targets(self, batch: Any) -> Tensor:
        return self.parts(batch)[0]

    def _inputs(self, batch: Any, shape: tuple[int, ...]) -> Tensor:
        """Inputs of a batch that may have no targets; of several the first ones that fill a row of that shape."""
        batch = _named_parts(batch)
        if isinstance(batch, Mapping):
            x = self._named_inputs(batch)
        else:
            x = batch[0] if isinstance(batch, tuple | list) and batch else batch
            if isinstance(batch, tuple | list) and isinstance(x, Tensor) and x.shape[1:] != shape:
                x = self._filling(batch, shape, x)
            if isinstance(x, Mapping | tuple | list) and x and len(found := tensors_of(x)) == len(x):
                x = self._packed("nested mapping" if isinstance(x, Mapping) else "nested tuple", found)
        if not isinstance(x, Tensor) or x.ndim < 2:
            raise self._error(f"gives batches of a {type(batch).__name__}; tensors of inputs (rows, ...) are needed")
        return x

    def _filling(self, batch: Sequence[Any], shape: tuple[int, ...], first: Tensor) -> Tensor:
        """The first parts of a batch that are one row of that shape together; the very first where none are."""
        for count in range(2, len(batch) + 1):
            found = tensors_of(batch[:count])
            if len(found) == count and (sum(part[0].numel() for part in found.values()),) == shape:
                return self._packed("tuple", found)
        return first

    @contextmanager
    def _with_trainer(self) -> Iterator[None]:
        """Lets the module ask its trainer for what many do, the number of processes, before there is one."""
        before, self.module.trainer = (
            self.module.trainer,
            cast("Any", self.module.trainer or SimpleNamespace(**ONE_PROCESS)),
        )
        try:
            yield
        finally:
            self.module.trainer = before

    def transferred(self, batch: Any) -> Any:
        """A batch as the data module's hooks make it on its way to the device."""
        return self.module.on_after_batch_transfer(self.module.on_before_batch_transfer(batch, 0), 0)

    def _set_up(self, *stages: str) -> None:
        try:
            self.module.prepare_data()
            for stage in stages or ("fit", "test"):
                self.module.setup(stage)
            # what was split by chance must not be split otherwise when Lightning asks for it again
            vars(self.module).update(prepare_data=_nothing, setup=_nothing)
        except Exception as error:
            raise self._error(f"cannot be set up ({described(error)})") from error

    def _loader(self, name: str) -> Any:
        """A split's loader, of several the first; None: there is none."""
        try:
            loader = getattr(self.module, f"{name}_dataloader")()
        except Exception as error:
            if not is_overridden(f"{name}_dataloader", self.module, LightningDataModule):  # Lightning's only complains
                return None
            raise self._error(f"{name}_dataloader fails ({described(error)})") from error
        return _first(loader)

    def _sent(self, batch: Any) -> Any:
        try:
            return self.transferred(batch)
        except Exception as error:
            raise self._error(f"on_after_batch_transfer fails ({described(error)})") from error

    def _collected(self, name: SplitName, loader: Iterable[Any], notes: list[str]) -> tuple[Tensor, Tensor]:
        inputs, targets, rows = [], [], 0
        for number, batch in enumerate(loader):
            if name == "train" and self.limit is not None and number >= self.limit:
                break
            x, y = self.parts(self._sent(batch))
            inputs.append(x.detach().cpu())
            targets.append(y.detach().cpu())
            rows += len(x)
            if rows >= MOST_ROWS:
                ends = "; if it has no end, trainer.limit_train_batches ends an epoch" if name == "train" else ""
                notes.append(f"{name}: the first {rows:,} rows are looked at{ends}")
                break
        if not rows:
            raise self._error(f"{name}_dataloader gives no rows")
        if name == "train":
            self.counted.update(batches=len(inputs), batch_size=max(map(len, inputs)))
        try:
            return torch.cat(inputs), torch.cat(targets)
        except RuntimeError as error:
            raise self._error(f"{name}_dataloader gives rows of different shapes ({described(error)})") from error

    def _rows(self, parts: Mapping[SplitName, tuple[Tensor, Tensor]], notes: tuple[str, ...]) -> Rows:
        x = torch.cat([part[0] for part in parts.values()])
        x = x.float() if x.is_floating_point() else x
        y = torch.cat([part[1] for part in parts.values()])
        y = y.double() if y.is_floating_point() else y
        held_out = [part for name, (_, y) in parts.items() if name != "train" for part in (parts[name][0], y)]
        return Rows(
            inputs=x.numpy(),
            target=pl.Series(self.target_key or "target", y.numpy()),
            numbers=np.concatenate([np.arange(len(part[1]), dtype=np.int64) for part in parts.values()]),
            origin=Origin(path=self.name, sha256=_digest(held_out), rows=len(y)),
            split=np.concatenate([np.full(len(part[1]), name) for name, part in parts.items()]),
            notes=(_shape_note(x), *notes),
        )

    def _error(self, message: str) -> DataError:
        return DataError(f"data: {self.name} {message}"[:290])


@final
class Counted:
    """A user's training loader, with the number of its batches, which a stream does not tell.

    Args:
        loader: Of a user's.
        batches: Of an epoch, as they were counted.
        batch_size: Rows of the largest.
        send: What is done to a batch on its way to the model.
    """

    window = None

    def __init__(self, loader: Any, *, batches: int, batch_size: int, send: Callable[[Any], Any]) -> None:
        self.loader, self.batches, self.batch_size, self.send = loader, batches, batch_size, send

    def set_epoch(self, epoch: int) -> None:
        """Passes the epoch on to a sampler that wants it."""
        sampler: Any = getattr(self.loader, "sampler", None)
        if hasattr(sampler, "set_epoch"):
            sampler.set_epoch(epoch)

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[Any]:
        return map(self.send, self.loader)


def _first(loader: Any) -> Any:
    """Of several loaders the first; None: there is none."""
    if isinstance(loader, CombinedLoader):
        return _first(loader.iterables)
    if isinstance(loader, Mapping):
        return _first(list(loader.values()))
    if isinstance(loader, list | tuple) and (not loader or not isinstance(loader[0], list | tuple)):
        return _first(loader[0]) if loader else None
    return loader


def _named_parts(batch: Any) -> Any:
    """A batch that is a dataclass as a mapping of its fields; any other as it is."""
    if is_dataclass(batch) and not isinstance(batch, type):
        return {field.name: getattr(batch, field.name) for field in fields(batch)}
    return batch


def _classes_of(y: Tensor) -> Tensor:
    """Codes `(rows,)` of one-hot targets `(rows, classes)`; other targets as they are."""
    if y.ndim != 2 or y.shape[1] < 2 or not bool(((y == 0) | (y == 1)).all() and (y.sum(1) == 1).all()):
        return y
    return y.argmax(1)


def _nothing(*_: Any, **__: Any) -> None:
    """Stands where a data module's preparation stood, which is done."""


def _digest(tensors: Iterable[Tensor]) -> str:
    """SHA-256 of the held-out rows: the order of the training rows may be another each time."""
    sha = hashlib.sha256()
    for tensor in tensors:
        array: NDArray[Any] = tensor.contiguous().numpy()
        sha.update(f"{array.dtype} {array.shape} ".encode())
        sha.update(array.tobytes())
    return sha.hexdigest()


def _shape_note(x: Tensor) -> str:
    sides = " x ".join(map(str, x.shape[1:]))
    kind = "numbers" if x.is_floating_point() else "whole numbers"
    return f"inputs: {sides} {kind} a row, as the data module gives them"
