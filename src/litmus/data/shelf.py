"""Where rows are kept that do not fit in memory: files without a name, mapped, so that arrays look as they always do.

The operating system reads their pages when they are looked at and drops them when memory is wanted. A file without a
name is gone with the process that made it, however that ends.
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
SHARE = 0.5  # of the machine's memory, with `auto`
WINDOWS = 8  # windows of rows in the bound: one learned from, one read ahead, and room for what is made of them
LARGE_FOLDER = Path("/var/tmp")  # noqa: S108 - only nameless files; often on a disk where /tmp is memory
CHECKED_CELL = 48  # bytes that a cell takes in the data checks, measured on numbers
LEAST_CHECKED = 2000
MB = 2**20
CELL = 20  # bytes that a typed cell takes while a table is prepared in memory, measured on numbers


@final
@dataclass(frozen=True)
class Shelf:
    """Makes arrays and columns that live in files.

    Args:
        limit: Bytes that rows may take in memory at a time.
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
        """An array to be filled, in a file.

        Raises:
            DataError: There is no room for it.
        """
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if not size:
            return np.empty(shape, dtype)
        with self._room(size), self.file() as file:
            _reserve(file, size)
            return np.frombuffer(mmap.mmap(file.fileno(), size), dtype).reshape(shape)

    def tensor(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """The same as a tensor."""
        return torch.from_numpy(self.empty(shape, torch.empty(0, dtype=dtype).numpy().dtype))

    def keep(self, series: pl.Series) -> pl.Series:
        """The same column with its values in a file; booleans and categories, which are small, stay in memory."""
        if series.dtype == pl.Float64:
            values = self.empty((len(series),), np.float64)
            values[:] = series.to_numpy()  # nulls as NaN
            return pl.Series(series.name, values, nan_to_null=True)
        if series.dtype == pl.Datetime("us") and not series.null_count():
            moments = self.empty((len(series),), np.int64)
            moments[:] = series.to_physical().to_numpy()
            return pl.Series(series.name, moments).cast(series.dtype)
        return series

    def picked(self, values: NDArray[Any], index: NDArray[np.int64]) -> NDArray[Any]:
        """The rows of an array at the positions `index`, in a file."""
        found = self.empty((len(index), *values.shape[1:]), values.dtype)
        for start in range(0, len(index), size := self.window(values[0].nbytes)):
            found[start : start + size] = values[index[start : start + size]]
        return found

    def stored(self, frame: pl.DataFrame) -> IO[bytes]:
        """The frame as a Parquet file; raises as `empty`."""
        file = self.file()
        with self._room(frame.estimated_size()):
            frame.write_parquet(file, compression="lz4", statistics=False)
        return file

    @contextmanager
    def _room(self, size: float) -> Iterator[None]:
        """What the system says of a full disk, as a DataError."""
        try:
            yield
        except OSError as error:
            message = f"{self.folder}: no room for {size / MB:,.0f} MB of rows ({error.strerror or error})"
            raise DataError(f"{message}; free some, name another folder by TMPDIR=, or raise data.memory") from error

    def sample(self, width: int) -> int:
        """Rows of `width` cells that the data checks look at: they hold several copies of them."""
        return max(self.limit // (width * CHECKED_CELL), LEAST_CHECKED)

    def window(self, row: int) -> int:
        """Rows of `row` bytes each that are read at a time."""
        return max(self.limit // (WINDOWS * max(row, 1)), 1)


def limit_of(memory: Memory) -> int:
    """The bytes that rows may take: so many MB, or half of what this machine or its container has.

    What is free at the moment does not count: the same run on the same machine is to take the same way.
    """
    if memory != "auto":
        return memory * MB
    present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        allowed = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
    except (OSError, ValueError):  # no container, or no limit
        allowed = present
    return int(SHARE * min(present, allowed))


def _reserve(file: IO[bytes], size: int) -> None:
    """Takes the room at once: a disk that is full later would end the process without a word."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
    else:
        file.truncate(size)
