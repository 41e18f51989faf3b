"""Tables in Parquet files."""

from dataclasses import dataclass
from typing import final

from litmus.data.file_table import FileTable
from litmus.data.large import open_parquet
from litmus.data.reading import Table


@final
@dataclass(frozen=True, kw_only=True)
class Parquet(FileTable):
    """A Parquet file; its types are believed: text is a category, never a number."""

    def open(self, path: str) -> Table:
        return open_parquet(path, self.memory)
