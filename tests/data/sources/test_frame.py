"""Frames in memory are sources like files."""

import polars as pl
import pytest

from litmus.data.preparation import prepare
from litmus.data.sources.frame import Frame, table_of
from litmus.errors import DataError

COLUMNS = {"x": [i / 3 for i in range(30)], "y": ["a", "b"] * 15}


@pytest.mark.parametrize(
    "frame", [COLUMNS, pl.DataFrame(COLUMNS), pl.LazyFrame(COLUMNS)], ids=["dict", "eager", "lazy"]
)
def test_any_frame_will_do(frame: object) -> None:
    data = prepare(Frame(frame=frame, target="y"))
    assert data.spec.features == ("x",)
    assert data.rows.origin.path == "frame"


@pytest.mark.parametrize(
    ("frame", "match"),
    [([1, 2], "'list' is not a table"), ({"x": []}, "the frame has no rows"), ("a.csv", "'str' is not a table")],
    ids=["list", "empty", "path"],
)
def test_what_is_no_frame_is_refused(frame: object, match: str) -> None:
    with pytest.raises(DataError, match=match):
        table_of(frame)


def test_names_are_stripped_as_those_of_files_are() -> None:
    assert table_of(pl.DataFrame({" x ": [1], "y": [2]})).frame.columns == ["x", "y"]
    with pytest.raises(DataError, match="columns 1 and 2 are both named 'x'"):
        table_of({"x": [1], "x ": [2]})


def test_whole_numbers_of_any_size_will_do() -> None:
    wide = [2**70 + i % 3 for i in range(30)]
    assert prepare(Frame(frame=COLUMNS | {"wide": wide}, target="y")).spec.features == ("x",)


def test_a_misspelled_target_names_the_nearest() -> None:
    with pytest.raises(DataError, match="target=yy: no such column; did you mean 'y'"):
        prepare(Frame(frame=COLUMNS, target="yy"))


def test_two_pandas_columns_of_one_name_are_refused() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([[1, 2, "a"]] * 12, columns=["x", "x", "y"])
    with pytest.raises(DataError, match="columns 1 and 2 are both named 'x'"):
        prepare(Frame(frame=frame, target="y"))
