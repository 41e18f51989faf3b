"""A table that is larger than the memory it may take gives what the same table gives in memory."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from litmus.data.files import csv as csv_files
from litmus.data.files.csv import open_csv
from litmus.data.files.table import CSVLayout
from litmus.data.preparation import Prepared, prepare
from litmus.data.sources.table_files import CSV, Parquet
from litmus.errors import DataError

ROWS = 60_000


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    """Columns of every kind, with missing cells."""
    rng = np.random.default_rng(0)
    start = np.datetime64("2020-01-01")
    days = start + rng.integers(0, 1000, ROWS).astype("timedelta64[D]")
    x = rng.normal(size=ROWS)
    return pl.DataFrame(
        {
            "id": [f"row-{i}" for i in range(ROWS)],
            "number": np.where(rng.random(ROWS) < 0.1, np.nan, x),
            "whole": rng.integers(0, 1000, ROWS),
            "small": rng.normal(size=ROWS).astype(np.float32),
            "town": rng.choice(["Ulm", "Bonn", "Kiel, north"], ROWS),
            "flag": rng.random(ROWS) > 0.3,
            "day": days,
            "same": [1] * ROWS,
            "where": rng.choice(["train", "val", "test"], ROWS),
            "y": np.where(x + rng.normal(size=ROWS) > 0, "yes", "no"),
        },
        nan_to_null=True,
    )


def both(tmp_path: Path, frame: pl.DataFrame, kind: str, **keys: Any) -> tuple[Prepared, Prepared]:
    path = tmp_path / f"table.{kind}"
    if kind == "parquet":
        frame.write_parquet(path, row_group_size=10_000)
    else:
        frame.write_csv(path)
    source: Any = Parquet if kind == "parquet" else CSV
    made = [prepare(source(path=str(path), target="y", memory=memory, **keys)) for memory in ("auto", 1)]
    return made[0], made[1]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"impute": "drop", "normalize": "minmax"},
        {"split": "column", "split_column": "where", "impute": "mean"},
        {"split": "time", "time": "day", "weight": "whole", "categories": "embed"},
        {"split": "group", "group": "town", "drop_columns": ("day",), "max_rows": 50_000},
    ],
    ids=["as it is", "rows dropped", "split column", "time and weight", "groups, fewer rows"],
)
def test_a_large_table_is_prepared_as_a_small_one(tmp_path, frame, kind, keys) -> None:
    small, big = both(tmp_path, frame, kind, **keys)
    assert small.rows.store is None
    assert big.rows.store is not None
    assert big.preprocess.state() == small.preprocess.state()
    assert (big.spec, big.coder, big.rows.origin) == (small.spec, small.coder, small.rows.origin)
    assert (big.assignment == small.assignment).all()
    for name, split in small.splits.items():
        other = big.splits[name]
        assert other.window is not None
        for field in ("x", "y", "rows", "weight", "group", "time"):
            one, two = getattr(split, field), getattr(other, field)
            assert (one is None and two is None) or torch.equal(one, two)
    assert next(note for note in big.notes if note not in small.notes).startswith("rows: ")


def test_a_sample_that_fits_is_held_in_memory(tmp_path, frame) -> None:
    _, big = both(tmp_path, frame, "parquet", max_rows=1000)
    assert big.rows.store is None
    assert big.splits["train"].window is None
    assert not any(note.startswith("rows: ") for note in big.notes)


def test_whole_rows_are_not_compared_in_pieces(tmp_path, frame) -> None:
    with pytest.raises(DataError, match=r"data.dedupe compares whole rows.*data.memory"):
        both(tmp_path, frame, "csv", dedupe=True)


def test_a_test_file_beside_a_large_one_is_read_alike(tmp_path, frame) -> None:
    frame.head(5000).write_parquet(tmp_path / "test.parquet")
    small, big = both(tmp_path, frame, "parquet", test_path=str(tmp_path / "test.parquet"))
    for name, split in small.splits.items():
        assert torch.equal(split.x, big.splits[name].x)


def test_nothing_is_left_in_the_folder_of_the_disk_store(tmp_path, frame, monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    _, big = both(tmp_path, frame, "csv")
    assert big.rows.store.folder == str(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def text(cells: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in ("x,y", *cells)).encode()


GOOD = [f"{i}.5,{'ab'[i % 3 == 0]}" for i in range(40_000)]


@pytest.mark.parametrize(
    ("line", "cells", "message"),
    [
        (30_001, "1.5", r"row 30000 \(line 30002\): 1 cell, fewer than the 2"),
        (30_001, "1,2,3", r"row 30000 \(line 30002\): 3 cells, more than the 2"),
        (30_001, '1,"a', r"line 30002: a stray or unclosed quote"),
        (30_001, "1,\0", r"line 30002: a zero byte"),
        (30_001, "oops,a", r"row 30000 \(line 30002\), column 'x': 'oops' is not a number as 39999 other cells"),
        (30_001, "inf,a", r"row 30000 \(line 30002\), column 'x': inf is infinite"),
        (30_001, "1.5,", r"row 30000 \(line 30002\), column 'y': the target is missing"),
    ],
    ids=["short", "long", "quote", "zero byte", "stray word", "infinite", "no target"],
)
def test_errors_name_row_and_line_as_in_memory(tmp_path, line, cells, message) -> None:
    lines = [*GOOD]
    lines[line - 1] = cells
    path = tmp_path / "t.csv"
    path.write_bytes(text(lines))
    predicted = []
    for memory in ("auto", 1):
        with pytest.raises(DataError, match=message) as caught:
            prepare(CSV(path=str(path), target="y", memory=memory, strict=True))
        predicted.append(str(caught.value))
    assert predicted[0].split(" near ")[0] == predicted[1].split(" near ")[0]


def test_a_byte_that_is_not_utf8_is_named_with_its_line(tmp_path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text([*GOOD[:20_000], "1.5,\xe9", *GOOD]).decode().encode("latin-1"))
    with pytest.raises(DataError, match=r"line 20002: byte 0xe9 .* is not UTF-8"):
        prepare(CSV(path=str(path), target="y", memory=1, strict=True))


@given(st.lists(st.tuples(st.text('ab,"\n\r é', max_size=6), st.sampled_from("xyz")), min_size=2, max_size=40))
def test_cells_and_lines_are_those_of_a_csv_read_at_once(tmp_path_factory, rows) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    pl.DataFrame(rows, schema=["a", "b"], orient="row").write_csv(path, quote_style="always")
    whole = open_csv(str(path), CSVLayout(), "auto")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_files, "CSV_GROWTH", 10**9)
        patch.setattr(csv_files, "SMALLEST_PIECE", 64)
        patch.setattr(csv_files, "LARGEST_PIECE", 64)
        pieces = open_csv(str(path), CSVLayout(), 1)
    assert pieces.store is not None
    assert pieces.frame.columns == whole.frame.columns
    for name in whole.frame.columns:
        assert pieces.frame[name].to_list() == whole.frame[name].to_list()
    assert (pieces.location.lines == whole.location.lines).all()


def test_a_packed_csv_is_unpacked_piece_by_piece(tmp_path) -> None:
    (tmp_path / "t.csv").write_bytes(text(GOOD))
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(text(GOOD)))
    plain, packed = (prepare(CSV(path=str(tmp_path / n), target="y", memory=1)) for n in ("t.csv", "t.csv.gz"))
    assert packed.rows.store is not None
    assert torch.equal(plain.splits["train"].x, packed.splits["train"].x)


def test_damaged_gzip_is_refused(tmp_path) -> None:
    content = gzip.compress(np.random.default_rng(0).bytes(400_000).hex().encode())
    (tmp_path / "t.csv").write_bytes(content[:300_000])
    with pytest.raises(DataError, match="damaged or cut off gzip"):
        prepare(CSV(path=str(tmp_path / "t.csv"), target="y", memory=1))


def test_a_full_disk_is_said(tmp_path, frame, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)
    with pytest.raises(DataError, match=r"no room for .* MB of rows \(No space left on device\); free some"):
        both(tmp_path, frame, "parquet")


def test_an_index_column_of_pandas_is_left_out(tmp_path) -> None:
    lines = [f"{i},{cells}" for i, cells in enumerate(GOOD)]
    (tmp_path / "t.csv").write_bytes(text(lines).replace(b"x,y\n", b",x,y\n", 1))
    big = prepare(CSV(path=str(tmp_path / "t.csv"), target="y", memory=1))
    assert big.spec.features == ("x",)
    assert "the nameless first column counts the rows; not used" in big.notes
