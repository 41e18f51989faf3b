"""Whether a user's training steps look at the targets: a module that never does predicts nothing of them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, final

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from litmus.data.tensors import Batch

SIZES = frozenset({"__get__", "size", "dim", "ndimension", "numel", "nelement", "__len__", "stride"})
"""Calls that ask for a tensor's form, and not for its values."""


@final
class TargetWatch:
    """Watches torch's calls in training steps until one of them is given the targets.

    `used` says whether that has happened, `batches` how many were watched.
    """

    def __init__(self) -> None:
        self.used, self.batches = False, 0
        self._calls: _Calls | None = None

    def start(self, read: Batch | None, batch: Any) -> None:
        """Watches from here on, where inputs and targets of the batch can be told apart; otherwise takes them as used.

        Args:
            read: Inputs and targets of the batch.
            batch: As the module gets it.
        """
        inputs = None if read is None else _place(read.x)
        others = {place for place in map(_place, _tensors(batch)) if place is not None and place != inputs}
        if inputs is None or not others:
            self.used = True
            return
        self.batches += 1
        self._calls = _Calls(others)
        self._calls.__enter__()  # type: ignore[no-untyped-call]

    def stop(self) -> None:
        """Ends it; does nothing where nothing is watched."""
        if self._calls is not None:
            calls, self._calls = self._calls, None
            calls.__exit__(None, None, None)  # type: ignore[no-untyped-call]
            self.used = self.used or calls.met


class _Calls(TorchFunctionMode):
    """Notes whether a call was given a tensor that lies in one of these places.

    Args:
        places: Of the memory of all that a batch holds beside its inputs.
    """

    def __init__(self, places: set[int]) -> None:
        super().__init__()
        self.places, self.met = places, False

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if not self.met and not torch.compiler.is_compiling() and getattr(func, "__name__", "") not in SIZES:
            self.met = any(_place(tensor) in self.places for tensor in _tensors((args, kwargs or {})))
        return func(*args, **(kwargs or {}))


def _tensors(value: Any) -> Iterator[Tensor]:
    """All tensors in tuples, lists, mappings and objects with attributes."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _tensors(item)


def _place(tensor: Tensor) -> int | None:
    """Where its values lie in memory; None: nowhere."""
    try:
        return tensor.untyped_storage().data_ptr() or None
    except (RuntimeError, NotImplementedError):
        return None
