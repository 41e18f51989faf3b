"""Kinds of columns follow from values and names, and can be shown to people."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from litmus.data.columns.kinds import (
    FEATURE_KINDS,
    Column,
    ColumnKind,
    conform,
    count_levels,
    describe,
    is_counter,
    is_named_id,
    kind_of,
    type_column,
)
from litmus.data.files.table import CSVLayout
from litmus.data.location import Location
from litmus.errors import DataError

N = 60
LINES = Location(file="t.csv", lines=pl.Series(range(2, N + 2)).to_numpy())


def typed(values: list[object], name: str = "c") -> pl.Series:
    """The column as it comes out of a CSV with these cells."""
    raw = pl.Series(name, [None if value is None else str(value) for value in values], dtype=pl.String)
    return type_column(raw, LINES, CSVLayout()).series


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([i / 3 for i in range(N)], "number"),
        ([i % 5 for i in range(N)], "number"),
        (["True", "False"] * 30, "boolean"),
        (["true", None, "FALSE"] * 20, "boolean"),
        (["yes", "no"] * 30, "category"),
        (["0", "1", "2", "3+"] * 15, "category"),
        ([f"city{i % 30}" for i in range(N)], "category"),
        ([str(dt.date(2024, 1, 1) + dt.timedelta(days=i)) for i in range(N)], "date"),
        ([f"{i % 28 + 1}/{i % 12 + 1}/2024" for i in range(N)], "date"),
        ([f"K{i:04}" for i in range(N)], "id"),
        ([f"the parcel number {i} came too late again" for i in range(N)], "text"),
        ([5] * N, "constant"),
        ([None] * N, "constant"),
        (["x"] * N, "constant"),
        (["10.0.0.1", "10.0.0.2"] * 30, "category"),
        ([f"{555 + i % 3} {100 + i} {200 + i}" for i in range(N)], "id"),
        (["5 kg", "10 kg", "$5"] * 20, "category"),
        ([f"{i}A" for i in range(N)], "id"),
        ([f"{i}A" if i % 4 == 0 else i for i in range(N)], "id"),
        ([i % 30 + 100 if i > 2 else f"c{i % 2 + 168}" for i in range(N)], "category"),
        ([i // 4 + 1 if i not in {4, 5} else "2A" for i in range(N)], "category"),
        ([1, 2, 3] * 18 + [">3"] * 6, "category"),
        (["1935-", "1940-", "1945-"] * 20, "category"),
        ([1, 2, 3, 4] * 13 + ["1OT"] * 8, "category"),
        ([0, 1, 2] * 18 + ["3-5", "6 or more"] * 3, "category"),
    ],
)
def test_the_kind_of_a_csv_column(values: list[object], kind: ColumnKind) -> None:
    assert kind_of(typed(values)) == kind


@pytest.mark.parametrize("slips", [["2A"], ["2A", "3A7"], ["99A", "99A"]])
def test_codes_that_are_not_repeated_beside_their_number_are_slips(slips: list[object]) -> None:
    values: list[object] = [*slips, *(i // 4 + 1 for i in range(N))]
    with pytest.raises(DataError, match=f"'{slips[0]}' is not a number as 60 other cells are"):
        typed(values)


def test_words_without_digits_among_many_numbers_are_slips_however_many_there_are() -> None:
    words = ["low", "mid", "high", "none at all", "unknown", "absent", "lost"]
    values = [words[i % 7] if i % 7 == 0 else i / 3 for i in range(N)]
    with pytest.raises(DataError, match=r"row 0 \(line 2\), column 'c': 'low' is not a number as 50 other cells are"):
        typed([*values[:-1], "absent"])


@pytest.mark.parametrize(
    ("name", "is_id"),
    [
        ("id", True),
        ("ID", True),
        ("customer_id", True),
        ("PassengerId", True),
        ("customerID", True),
        ("Unnamed: 0", True),
        ("index", True),
        ("humid", False),
        ("paid", False),
        ("glucose index", False),
        ("width", False),
    ],
)
def test_names_that_speak_of_identifiers(name: str, *, is_id: bool) -> None:
    raw = pl.Series(name, [str(i * 37 % 1009) for i in range(N)])
    assert is_named_id(typed(raw.to_list(), name), raw) == is_id


def test_an_identifier_of_few_values_is_a_feature_and_fractions_are_none() -> None:
    stores = pl.Series("store_id", [str(i % 5) for i in range(N)])
    assert not is_named_id(typed(stores.to_list(), "store_id"), stores)
    shares = pl.Series("paid_id", [str(i / 7) for i in range(N)])
    assert not is_named_id(typed(shares.to_list(), "paid_id"), shares)


def test_a_counter_counts_rows_in_their_order() -> None:
    assert is_counter(typed(list(range(N))))
    assert is_counter(typed(list(range(100_001, 100_001 + N))))
    assert not is_counter(typed([i % 30 for i in range(N)]))
    assert not is_counter(typed(list(range(1950, 1950 + N))))
    assert not is_counter(typed([i / 2 for i in range(N)]))


def test_columns_are_described_for_people() -> None:
    frame = pl.DataFrame([typed([None, "2", "2", "3"], "a"), typed(["x", "y", None, None], "b")])
    assert describe(frame) == (
        Column(name="a", kind="number", missing=0.25, distinct=2, example="2"),
        Column(name="b", kind="category", missing=0.5, distinct=2, example="x"),
    )
    assert [column.kind in FEATURE_KINDS for column in describe(frame)] == [True, True]


def test_spans_of_a_typed_file_are_seconds_when_trained_and_when_predicted() -> None:
    frame = pl.DataFrame(
        {
            "took": pl.Series([dt.timedelta(seconds=i * i % 77) for i in range(N)], dtype=pl.Duration("ms")),
            "at": [dt.time(i % 24, 30) for i in range(N)],
        }
    )
    for series in frame:
        column = type_column(series, Location(file="t.parquet"), CSVLayout()).series
        assert kind_of(column) == "number"
        assert conform(series, "number", Location(), CSVLayout()).series.to_list() == column.to_list()
    assert type_column(frame["took"], Location(), CSVLayout()).series[:3].to_list() == [0.0, 1.0, 4.0]
    assert type_column(frame["at"], Location(), CSVLayout()).series[1] == 5400.0


def test_parquet_types_are_believed(tmp_path: Path) -> None:
    from litmus.data.preparation import prepare
    from litmus.data.sources.table_files import Parquet

    path = tmp_path / "t.parquet"
    pl.DataFrame(
        {
            "code": [f"{i % 4}" for i in range(N)],
            "when": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=i) for i in range(N)],
            "level": pl.Series([("lo", "hi")[i % 2] for i in range(N)], dtype=pl.Enum(["lo", "hi"])),
            "price": pl.Series([i / 8 for i in range(N)]).cast(pl.Decimal(8, 3)),
            "__index_level_0__": [i * 7 % N for i in range(N)],
            "y": pl.Series([i % 2 == 0 for i in range(N)]),
        }
    ).write_parquet(path)
    data = prepare(Parquet(path=str(path), target="y"))
    assert data.spec.classes == ("false", "true")
    names = data.spec.features
    assert [name for name in names if not name.startswith("when")] == [
        *(f"code={i}" for i in range(4)),
        "level=hi",
        "level=lo",
        "price",
    ]
    assert "when hour sin" in names
    assert any("pandas' index" in note for note in data.notes)


@pytest.mark.parametrize("name", ["count", "level", "proportion", "literal"])
def test_levels_are_counted_whatever_the_column_is_called(name: str) -> None:
    counted = count_levels(pl.Series(name, ["b", "a", "b"]))
    assert counted.rows() == [("b", 2), ("a", 1)]


TIMES = [f"{7 + i % 12}:{i * 7 % 60:02}" for i in range(N)]


@pytest.mark.parametrize("location", [LINES, Location(file="t.parquet")])
@pytest.mark.parametrize("cells", [TIMES, ["9.12", *TIMES[1:]], [None, "NA", *TIMES[2:]]])
def test_times_are_numbers_of_seconds_in_any_file_and_a_point_for_a_colon_is_a_slip(location: Location, cells) -> None:
    found = type_column(pl.Series("at", cells, dtype=pl.String), location, CSVLayout())
    assert kind_of(found.series) == "number"
    assert found.how == ("times as seconds",)
    assert found.series[0] == {"9.12": 9 * 3600 + 12 * 60, TIMES[0]: 7 * 3600}.get(cells[0] or "")
    again = conform(pl.Series("at", ["9.47", "9:47"]), "number", location, CSVLayout(), found.reading)
    assert again.series.to_list() == [9 * 3600 + 47 * 60] * 2


def test_few_times_among_numbers_and_times_under_strict_reading_are_left_as_they_are() -> None:
    raw = pl.Series("at", ["9.12", "9.30"] * 20 + TIMES[:20], dtype=pl.String)
    assert kind_of(type_column(raw, Location(file="t.parquet"), CSVLayout()).series) != "number"
    strict = type_column(pl.Series("at", TIMES), Location(file="t.parquet"), CSVLayout(strict=True))
    assert kind_of(strict.series) != "number"
