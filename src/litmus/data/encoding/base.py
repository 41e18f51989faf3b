"""What every fitted encoding does: rows to tensors, new files to rows like those trained on, itself to plain values."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal, Self, cast

import torch
from torch import Tensor

from litmus.data.rows import Rows
from litmus.errors import CheckpointError

PREPROCESSES = {
    "table": ("litmus.data.encoding.features", "TablePreprocess"),
    "image": ("litmus.data.encoding.pixels", "ImagePreprocess"),
    "text": ("litmus.data.encoding.tokens", "TextPreprocess"),
    "given": ("litmus.data.encoding.given", "GivenPreprocess"),
}


class Preprocess(ABC):
    """Turns inputs into the model's tensor; fitted on the training split only, stored with the model."""

    input: Literal["table", "image", "text"]

    @abstractmethod
    def encode(self, rows: Rows) -> Tensor:
        """`rows.inputs` as `(n, *in_shape)` on the CPU, computed once; raises DataError naming row and column."""

    def finish(self, x: Tensor) -> Tensor:
        """The last step, done per batch on the device where that is cheaper, as for uint8 pixels to floats."""
        return x

    @abstractmethod
    def read(self, path: str, *, labelled: bool) -> Rows:
        """Rows of a new file or folder like the one trained on; the target is read when it is there.

        Raises:
            DataError: The file cannot be read, a column is missing, or `labelled` and the target is missing.
        """

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Plain types and tensors only, with `kind` as in PREPROCESSES; `restore(state)` gives an equal object."""

    @classmethod
    @abstractmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The object whose `state()` this is."""

    def module(self) -> "torch.nn.Module | None":
        """The numeric part as a module for export: raw float columns or pixels to `x`; None where there is text."""
        return None


def restore_preprocess(state: Mapping[str, Any]) -> Preprocess:
    """The preprocessing whose `state()` this is; raises CheckpointError if its kind is unknown."""
    kind = state.get("kind")
    if kind not in PREPROCESSES:
        raise CheckpointError(f"preprocessing of an unknown kind {kind!r}; the checkpoint is of another version")
    module, name = PREPROCESSES[kind]
    return cast("type[Preprocess]", getattr(import_module(module), name)).restore(state)
