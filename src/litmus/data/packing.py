"""Several inputs a row as one tensor, and back: batches of a user's loader may hold more than one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import Any, Literal, Self, final

import torch
from torch import Tensor

Outer = Literal["mapping", "tuple", "nested mapping", "nested tuple"]


@final
@dataclass(frozen=True, kw_only=True)
class Packing:
    """How a batch holds its inputs.

    Args:
        outer: mapping: beside the target under its name; tuple: before the target; nested: together, as the first of
            two parts.
        names: What the inputs are called, or their places.
        shapes: Of one row of each.
        dtypes: Of each, as torch names them.
        target: The target's name in a mapping; "" elsewhere.
    """

    outer: Outer
    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[str, ...]
    target: str = ""

    @property
    def numeric(self) -> bool:
        """Whether all inputs are quantities, and none codes or flags."""
        return all(getattr(torch, dtype).is_floating_point for dtype in self.dtypes)

    @classmethod
    def of(cls, outer: Outer, inputs: Mapping[str, Tensor], target: str = "") -> Self:
        """That of a batch with these inputs, each `(rows, ...)`."""
        return cls(
            outer=outer,
            names=tuple(inputs),
            shapes=tuple(tuple(array.shape[1:]) for array in inputs.values()),
            dtypes=tuple(str(array.dtype).removeprefix("torch.") for array in inputs.values()),
            target=target,
        )

    def pack(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """One row of numbers `(rows, sizes added up)` in float32, which holds whole numbers up to 2^24."""
        return torch.cat([inputs[name].reshape(len(inputs[name]), -1).float() for name in self.names], 1)

    def unpack(self, x: Tensor) -> dict[str, Tensor] | tuple[Tensor, ...]:
        """The inputs again, as a mapping or a tuple."""
        parts = x.split([prod(shape) for shape in self.shapes], 1)
        found = {
            name: part.reshape(x.shape[0], *shape).to(getattr(torch, dtype))
            for name, part, shape, dtype in zip(self.names, parts, self.shapes, self.dtypes, strict=True)
        }
        return found if self.outer.endswith("mapping") else tuple(found.values())

    def batch(self, inputs: dict[str, Tensor] | tuple[Tensor, ...], target: Tensor) -> Any:
        """Inputs and targets as the loader gives them."""
        if self.outer.startswith("nested"):
            return inputs, target
        return {**inputs, self.target: target} if isinstance(inputs, dict) else (*inputs, target)

    def inputs(self, batch: Any) -> Any:
        """What of such a batch the inputs are."""
        if self.outer.startswith("nested"):
            return batch[0]
        return {name: batch[name] for name in self.names} if isinstance(batch, Mapping) else batch[: len(self.names)]

    def state(self) -> dict[str, Any]:
        """Plain types."""
        return asdict(self)

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        """The packing whose `state()` this is."""
        lists = {name: tuple(state[name]) for name in ("names", "dtypes")}
        shapes = tuple(tuple(shape) for shape in state["shapes"])
        return cls(outer=state["outer"], target=state["target"], shapes=shapes, **lists)


def tensors_of(parts: Mapping[Any, Any] | Sequence[Any], rows: int | None = None) -> dict[str, Tensor]:
    """Those of some parts that are tensors with a row each, by name or place.

    Args:
        parts: Of a batch.
        rows: How many; None: as the first one has.
    """
    items = parts.items() if isinstance(parts, Mapping) else enumerate(parts)
    found = {str(name): item for name, item in items if isinstance(item, Tensor) and item.ndim}
    rows = len(next(iter(found.values()))) if rows is None and found else rows
    return {name: array for name, array in found.items() if len(array) == rows}
