"""Storage on disk for rows that exceed memory: memory-mapped files without a name, so that arrays look as usual.

The operating system reads their pages on access and drops them when memory is short. A file without a name disappears
with the process that made it, however that ends.
"""

import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any, Literal, final

import numpy as np
import polars as pl
import torch
from annotated_types import Ge
from numpy.typing import DTypeLike, NDArray
from torch import Tensor

from litmus.errors import DataError

Memory = Literal["auto"] | Annotated[int, Ge(1)]
AUTO_SHARE = 0.5  # of the machine's memory, with `auto`
WINDOWS = 8  # windows of rows within the limit: one trained on, one read ahead, and room for what is made of them
LARGE_FOLDER = Path("/var/tmp")  # noqa: S108 - only nameless files; often on a disk where /tmp is memory
CHECKED_CELL = 48  # bytes that a cell takes in the data checks, measured on numbers
LEAST_CHECKED = 2000
MB = 2**20
CELL = 20  # bytes that a typed cell takes while a table is prepared in memory, measured on numbers


@final
@dataclass(frozen=True)
class DiskStore:
    """Makes arrays and columns that are mapped from files.

    Args:
        limit: Bytes of rows that may be in memory at a time.
    """

    limit: int

    @property
    def folder(self) -> str:
        """TMPDIR where it is set, else a folder for large files, else the system's for temporary ones."""
        if "TMPDIR" not in os.environ and os.access(LARGE_FOLDER, os.W_OK):
            return str(LARGE_FOLDER)
        return tempfile.gettempdir()

    def file(self) -> IO[bytes]:
        """An empty file without a name."""
        return tempfile.TemporaryFile(dir=self.folder)

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """An array on disk, to be filled.

        Raises:
            DataError: The disk has no room for it.
        """
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if not size:
            return np.empty(shape, dtype)
        with self._room(size), self.file() as file:
            _reserve(file, size)
            return np.frombuffer(mmap.mmap(file.fileno(), size), dtype).reshape(shape)

    def tensor(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """A tensor on disk, to be filled; raises as `empty`."""
        return torch.from_numpy(self.empty(shape, torch.empty(0, dtype=dtype).numpy().dtype))

    def keep(self, series: pl.Series) -> pl.Series:
        """The same column with its values on disk; booleans and categories, which are small, stay in memory."""
        if series.dtype == pl.Float64:
            values = self.empty((len(series),), np.float64)
            values[:] = series.to_numpy()  # nulls as NaN
            return pl.Series(series.name, values, nan_to_null=True)
        if series.dtype == pl.Datetime("us") and not series.null_count():
            moments = self.empty((len(series),), np.int64)
            moments[:] = series.to_physical().to_numpy()
            return pl.Series(series.name, moments).cast(series.dtype)
        return series

    def take(self, values: NDArray[Any], index: NDArray[np.int64]) -> NDArray[Any]:
        """The rows of an array at the positions `index` (m,), on disk."""
        taken = self.empty((len(index), *values.shape[1:]), values.dtype)
        for start in range(0, len(index), size := self.window(values[0].nbytes)):
            taken[start : start + size] = values[index[start : start + size]]
        return taken

    def write_frame(self, frame: pl.DataFrame) -> IO[bytes]:
        """A nameless Parquet file of the frame; raises as `empty`."""
        file = self.file()
        with self._room(frame.estimated_size()):
            frame.write_parquet(file, compression="lz4", statistics=False)
        return file

    @contextmanager
    def _room(self, size: float) -> Iterator[None]:
        """Turns the system's error about a full disk into a DataError."""
        try:
            yield
        except OSError as error:
            message = f"{self.folder}: no room for {size / MB:,.0f} MB of rows ({error.strerror or error})"
            raise DataError(f"{message}; free some, name another folder by TMPDIR=, or raise data.memory") from error

    def sample(self, width: int) -> int:
        """Number of rows of `width` cells that the data checks look at, which hold several copies of them."""
        return max(self.limit // (width * CHECKED_CELL), LEAST_CHECKED)

    def window(self, row: int) -> int:
        """Number of rows of `row` bytes each that are read at a time."""
        return max(self.limit // (WINDOWS * max(row, 1)), 1)


def memory_limit(memory: Memory) -> int:
    """The bytes that rows may take: `memory` MB, or half of what this machine or its container has.

    What is free at the moment does not count, so that a run is reproducible on its machine.
    """
    if memory != "auto":
        return memory * MB
    present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        allowed = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
    except (OSError, ValueError):  # no container, or no limit
        allowed = present
    return int(AUTO_SHARE * min(present, allowed))


def _reserve(file: IO[bytes], size: int) -> None:
    """Allocates the file at once: a disk that is full later would end the process without a message."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
    else:
        file.truncate(size)
