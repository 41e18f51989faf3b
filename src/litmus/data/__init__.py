"""From files to tensors, one step after another; each step hands a frozen dataclass to the next.

    sources/      where rows come from, and the keys of `data=`: files, bundled, synthetic, frames, images, texts
    files/        bytes to a `Table` with every cell as it stands (CSV, Parquet), images and texts; disk storage
    columns/      a `Table` to `SelectedColumns`: what each column holds, which ones are features; the target's column
    split         `Rows` to a split for each row
    encoding/     `Rows` to numbers, fitted on the training rows alone; labels to codes, numbers to the loss's unit
    preparation   all of this in order: a source to `Prepared`, that is `Split` tensors and a `DataSpec`
    loading       `Split` to `Batch`es in an order that depends on seed and epoch alone
    module        the LightningDataModule around them

A cell of a CSV passes `sources.table_files`, `files.csv`, `columns.selection`, `columns.kinds`, `columns.numbers` (or
`dates`), `preparation`, `encoding.features` and `encoding.column_encoders`. Imports point from `module` to `files`.
"""
