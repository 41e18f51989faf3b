"""Which reader a file asks for by its name; a further format of tables gets its line here."""

from litmus.data.files.csv import open_csv, read_csv
from litmus.data.files.disk_store import Memory
from litmus.data.files.parquet import open_parquet, read_parquet
from litmus.data.files.table import CSVLayout, Table

PARQUET_SUFFIXES = (".parquet", ".pq", ".parq")
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".csv.gz", ".tsv.gz", *PARQUET_SUFFIXES)


def is_table(path: str) -> bool:
    """Whether the name is that of a table."""
    return path.lower().endswith(TABLE_SUFFIXES)


def read_table(path: str, layout: CSVLayout | None = None, *, memory: Memory | None = None) -> Table:
    """A CSV or Parquet file, told apart by suffix.

    Args:
        path: The file.
        layout: How a CSV is written; None: as the file shows.
        memory: MB that its rows may take, larger tables are kept on disk; None: in memory whatever their size.
    """
    layout = layout or CSVLayout()
    if path.lower().endswith(PARQUET_SUFFIXES):
        return read_parquet(path, layout) if memory is None else open_parquet(path, memory, layout)
    return read_csv(path, layout) if memory is None else open_csv(path, layout, memory)
