"""Tables in CSV files."""

from dataclasses import dataclass
from typing import final

from litmus.data.file_table import FileTable
from litmus.data.large import open_csv
from litmus.data.layout import Decimal, Delimiter, Layout
from litmus.data.reading import Table


@final
@dataclass(frozen=True, kw_only=True)
class CSV(FileTable):
    """A CSV file in UTF-8 or UTF-16 with a header line; gzip is unpacked.

    Args:
        delimiter: What stands between cells, where space is any run of blanks; null: what the file says in a first line
            such as `sep=;`, else a comma, a tab in `.tsv` and `.tab` files, else what the header has in its place.
        decimal: What stands before the decimals.
        day_first: Whether 3/4/2025 is the third of April; null: as reads most of a column, month first where both do.
    """

    delimiter: Delimiter | None = None
    decimal: Decimal = "point"
    day_first: bool | None = None

    @property
    def layout(self) -> Layout:
        return Layout(delimiter=self.delimiter, decimal=self.decimal, day_first=self.day_first)

    def open(self, path: str) -> Table:
        return open_csv(path, self.layout, self.memory)
