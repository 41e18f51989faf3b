"""Dates are read as they were meant, and in a new file as they were in training."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from litmus.data.columns.dates import read_dates
from litmus.data.preparation import Prepared, prepare
from litmus.data.sources.table_files import CSV
from litmus.errors import DataError

N = 60
DAYS = [dt.date(2023, 1, 1) + dt.timedelta(days=6 * i) for i in range(N)]
EARLY = [dt.date(2023, i % 12 + 1, i // 12 + 1) for i in range(N)]  # no day after the 12th


def written(form: str, days: list[dt.date], folder: Path, name: str = "t.csv") -> str:
    path = folder / name
    rows = [f'"{day.strftime(form)}",{i % 7},{("no", "yes")[day.month % 2]}\n' for i, day in enumerate(days)]
    path.write_text("".join(["when,x,y\n", *rows]))
    return str(path)


def trained(form: str, days: list[dt.date], folder: Path, **keys: bool) -> Prepared:
    return prepare(CSV(path=written(form, days, folder), target="y", **keys))


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y.%m.%d",
        "%d.%m.%Y",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d-%m-%Y",
        "%d.%m.%y",
        "%d/%m/%y",
        "%m/%d/%y",
        "%d-%b-%Y",
        "%d %b %Y",
        "%d %B %Y",
        "%B %d, %Y",
        "%b %d %Y",
        "%d-%b-%y",
        "%Y-%m-%dT00:00:00Z",
        "%m/%d/%Y 12:00 AM",
        "%m/%d/%Y, 12:00 AM",
        "%y-%m-%d",
        "%d-%m-%y",
        "%m-%d-%y",
        "%y/%m/%d",
        "%y.%m.%d",
        "%a, %d %b %Y 00:00:00 GMT",
        "%A, %B %d, %Y",
        "%Y-%m-%d 00:00:00 UTC",
        "%Y-%m-%d 00:00:00+00",
        "%Y-%m-%d 00:00:00 +0000",
    ],
)
def test_usual_spellings_are_read(form: str) -> None:
    found = read_dates(pl.Series("when", [None, *(day.strftime(form) for day in DAYS)]))
    assert found is not None
    assert found.values.dt.date().to_list() == [None, *DAYS]
    assert not found.ambiguous


@pytest.mark.parametrize("cell", ["1.12.3", "10.0.0.1", "12-34-56", "555-12-1234", "soon 1 2", "May 5", "3/4"])
def test_what_only_resembles_dates_is_none(cell: str) -> None:
    assert read_dates(pl.Series("when", [cell] * N)) is None


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d/%m/%y"])
def test_a_new_file_is_read_in_the_order_of_training_even_where_another_would_do(form: str, tmp_path: Path) -> None:
    data = trained(form, DAYS, tmp_path)
    day = dt.date(2023, 4, 3)
    rows = data.preprocess.read(written(form, [day], tmp_path, "new.csv"), labelled=False)
    assert rows.inputs["when"].dt.date().to_list() == [day]


@pytest.mark.parametrize("form", ["%y-%m-%d", "%d-%m-%y", "%m-%d-%y", "%y/%m/%d"])
def test_years_of_two_digits_stand_in_a_new_file_where_they_stood_in_training(form: str, tmp_path: Path) -> None:
    data = trained(form, DAYS, tmp_path)
    assert data.rows.inputs["when"].dt.date().to_list() == DAYS
    day = dt.date(2023, 4, 3)
    rows = data.preprocess.read(written(form, [day], tmp_path, "new.csv"), labelled=False)
    assert rows.inputs["when"].dt.date().to_list() == [day]


def test_a_month_is_its_first_day() -> None:
    for cells in (["2024-03", "2024-11"], ["03/2024", "11/2024"], ["Mar 2024", "Nov 2024"], ["Mar-24", "Nov-24"]):
        found = read_dates(pl.Series("when", cells))
        assert found is not None
        assert found.values.dt.date().to_list() == [dt.date(2024, 3, 1), dt.date(2024, 11, 1)]


def test_a_test_file_is_read_in_the_order_of_the_training_file(tmp_path: Path) -> None:
    source = CSV(
        path=written("%d/%m/%Y", DAYS, tmp_path), target="y", test_path=written("%d/%m/%Y", EARLY, tmp_path, "b.csv")
    )
    assert source.read().inputs["when"].dt.date().to_list() == [*DAYS, *EARLY]


def test_dates_that_read_both_ways_are_said_and_settled_by_a_key(tmp_path: Path) -> None:
    predicted = [note for note in trained("%d/%m/%Y", EARLY, tmp_path).notes if "month first" in note]
    assert predicted == ["dates read month first, though day first would do as well: 'when' (data.day_first=true)"]
    settled = trained("%d/%m/%Y", EARLY, tmp_path, day_first=True)
    assert not any("month first" in note for note in settled.notes)
    assert settled.rows.inputs["when"].dt.date().to_list() == EARLY


def test_a_date_in_another_order_than_training_had_is_refused(tmp_path: Path) -> None:
    data = trained("%d/%m/%Y", DAYS, tmp_path)
    with pytest.raises(
        DataError, match=r"row 0 \(line 2\), column 'when': '12/31/2023' is not a date with the day first"
    ):
        data.preprocess.read(written("%m/%d/%Y", [dt.date(2023, 12, 31)], tmp_path, "new.csv"), labelled=False)


def test_dates_that_training_gives_no_order_for_are_refused_where_they_read_both_ways(tmp_path: Path) -> None:
    data = trained("%Y-%m-%d", DAYS, tmp_path)
    with pytest.raises(DataError, match="dates with day or month first, and training had another form"):
        data.preprocess.read(written("%d/%m/%Y", EARLY, tmp_path, "new.csv"), labelled=False)
    assert len(data.preprocess.read(written("%d/%m/%Y", DAYS, tmp_path, "new.csv"), labelled=False)) == N
