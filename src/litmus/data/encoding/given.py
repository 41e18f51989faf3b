"""Inputs that arrive as tensors, from loaders of a user's own, and are left as they are."""

from collections.abc import Mapping
from typing import Any, Literal, Self, final

import numpy as np
import torch
from torch import Tensor

from litmus.data.encoding.base import Preprocess
from litmus.data.rows import Rows
from litmus.errors import DataError


@final
class GivenPreprocess(Preprocess):
    """Passes tensors on.

    Args:
        input: image for rows `(channels, height, width)`, else table.
        features: A name for each number of a row; empty where a row is no vector.
    """

    def __init__(self, *, input: Literal["table", "image"], features: tuple[str, ...] = ()) -> None:  # noqa: A002
        self.input = input
        self.features = features

    def encode(self, rows: Rows) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(rows.inputs))

    def read(self, path: str, *, labelled: bool) -> Rows:
        """Raises DataError: only the data module knows how its rows are read."""
        raise DataError(
            "the model was trained on rows of a data module of your own, which reads no other files", file=path
        )

    def state(self) -> dict[str, Any]:
        return {"kind": "given", "input": self.input, "features": list(self.features)}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        return cls(input=state["input"], features=tuple(state["features"]))
