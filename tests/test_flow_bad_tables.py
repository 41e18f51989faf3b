"""Bad tables stop before the first step, each with one line that says what, where and what to do."""

import bz2
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from litmus.data.preparation import Prepared, prepare
from litmus.data.sources.table_files import CSV, Parquet
from litmus.errors import MAX_CHARACTERS, DataError

ROWS = 40


def table(**cells: str) -> str:
    """A good table of 40 rows, x,color,y, with cells replaced: `x7="abc"` writes abc into row 7 of x."""
    rows = [[f"{i / 8}", ("red", "blue")[i % 2], ("no", "yes")[i % 3 == 0]] for i in range(ROWS)]
    for key, value in cells.items():
        name = key.rstrip("0123456789")
        rows[int(key[len(name) :])][("x", "color", "y").index(name)] = value
    return "x,color,y\n" + "".join(",".join(row) + "\n" for row in rows)


def column(values: list[str], header: str = "z,y") -> str:
    """Two columns: the given values, and labels that alternate."""
    return header + "\n" + "".join(f"{value},{('no', 'yes')[i % 2]}\n" for i, value in enumerate(values))


def targets(values: list[str]) -> str:
    return "x,y\n" + "".join(f"{i / 7:.3f},{value}\n" for i, value in enumerate(values))


@dataclass(frozen=True)
class Bad:
    cause: str
    content: str | bytes
    match: str
    keys: dict[str, Any] = field(default_factory=dict)
    task: dict[str, Any] = field(default_factory=dict)
    mended: bool = False  # with a line on it, unless data.strict=true


def prepared(bad: Bad, folder: Path, **keys: Any) -> Prepared:
    path = folder / "table.csv"
    path.write_bytes(bad.content.encode() if isinstance(bad.content, str) else bad.content)
    arguments: dict[str, Any] = {"path": str(path), "target": "y", **keys, **bad.keys}
    return prepare(CSV(**arguments), **bad.task)


NUMBERS = [f"{i * 1.5:.1f}" for i in range(ROWS)]
BAD = [
    Bad("empty", b"", "the file is empty"),
    Bad("empty", b" \n\n  \r\n", "the file is empty"),
    Bad("empty", b"\xef\xbb\xbf", "the file is empty"),
    Bad("header only", "x,color,y\n", "no row below"),
    Bad("header only", "x,color,y", "no row below"),
    Bad("ragged", table(color3="a,b"), r"row 3 \(line 5\): 4 cells, more than the 3"),
    Bad("short row", table().replace("0.375,blue,yes", "0.375,blue"), r"row 3 \(line 5\): 2 cells, fewer"),
    Bad("short row", table().replace("4.875,blue,yes\n", "4.875"), r"row 39 \(line 41\): 1 cell, fewer"),
    Bad("short row", table(color1='"a\nb"').replace("0.375,blue,yes", "0.375"), r"row 3 \(line 6\): 1 cell, fewer"),
    Bad("stray quote", table(color3='bl"ue'), r"line 5: a stray or unclosed quote near .*bl"),
    Bad("stray quote", table(color3='"blue'), r"line 5: a stray or unclosed quote"),
    Bad("repeated names", table().replace("x,color,y", "x,x,y"), "columns 1 and 2 are both named 'x'"),
    Bad("repeated names", table().replace("x,color,y", "y, x ,x"), "columns 2 and 3 are both named 'x'"),
    Bad("unnamed column", table().replace("x,color,y", "x,,y"), "column 2 has no name", mended=True),
    Bad("unnamed column", table().replace("x,color,y", ",color,y"), "column 1 has no name", mended=True),
    Bad("unnamed column", table().replace("\n", ",\n"), "column 4 has no name", mended=True),
    Bad("stray word", table(x7="abc"), r"row 7 \(line 9\), column 'x': 'abc' is not a number", mended=True),
    Bad("stray word", table(x7="12,5".replace(",", ";")), r"row 7 \(line 9\), column 'x': '12;5' is not a number"),
    Bad(
        "stray word",
        column([*NUMBERS[:30], *["unknown"] * 10]),
        r"row 30 \(line 32\), column 'z': 'unknown'",
        mended=True,
    ),
    Bad("stray word", table(x7="abc"), r"kinds=\{x: category\}", mended=True),
    Bad("stray word", table(x7="abc"), "must hold", {"kinds": {"x": "number"}}),
    Bad(
        "thousands",
        table(x7='"1,234"'),
        r"row 7 \(line 9\), column 'x': '1,234' has a thousands separator",
        mended=True,
    ),
    Bad(
        "thousands",
        column([f'"{i + 1},000"' for i in range(ROWS)]),
        r"row 0 \(line 2\).*thousands separator",
        mended=True,
    ),
    Bad(
        "decimal comma",
        column(['"3,5"'] * 20 + ["4"] * 20),
        "'3,5' has a decimal comma; write a point, or train with data.decimal=comma",
        mended=True,
    ),
    Bad("unit", column([f"${i}.50" for i in range(ROWS)]), r"'\$0.50' has a sign of currency", mended=True),
    Bad("unit", column([*NUMBERS[:39], "5 %"]), r"row 39 \(line 41\).*'5 %' has a sign"),
    Bad("thousands", column([f"{i + 1}'000" for i in range(ROWS)]), "has a thousands separator", mended=True),
    Bad(
        "thousands",
        column([f"{i + 1}\u202f000,50" for i in range(ROWS)]).replace(",50", ".50"),
        "thousands separator",
        mended=True,
    ),
    Bad("thousands", column([f"{i + 1} {i:03} 500" for i in range(ROWS)]), "has a thousands separator", mended=True),
    Bad("thousands", column([f"{i + 1}.000.000" for i in range(ROWS)]), "has a thousands separator", mended=True),
    Bad(
        "unit",
        column([f"{i}.5 km" for i in range(ROWS)]),
        r"row 0 .*'0.5 km' has a unit; .*kinds=\{z: category\}",
        mended=True,
    ),
    Bad("unit", column([*NUMBERS[:39], "5 kg"]), r"row 39 \(line 41\).*'5 kg' has a unit"),
    Bad("unit", column([f"{i}min" for i in range(ROWS)]), "'0min' has a unit", mended=True),
    Bad("unit", column([f"{i}.20 EUR" for i in range(ROWS)]), "'0.20 EUR' has a sign of currency", mended=True),
    Bad("unit", column([f"-₹{i}" for i in range(ROWS)]), "has a sign of currency", mended=True),
    Bad("unit", targets([f"{i}.5 km" for i in range(ROWS)]), "row 0 .*column 'y': '0.5 km' has a unit", mended=True),
    Bad(
        "brackets",
        column([*NUMBERS[:30], *[f"({i}.5)" for i in range(10)]]),
        r"row 30 .*'\(0.5\)' is in brackets",
        mended=True,
    ),
    Bad(
        "stray date",
        column([*[f"2024-01-{i % 28 + 1:02}" for i in range(39)], "soon"]),
        "'soon' is not a date",
        mended=True,
    ),
    Bad("infinite", table(x7="inf"), r"row 7 \(line 9\), column 'x': inf is infinite"),
    Bad("infinite", table(x7="-Infinity"), r"row 7 .*-inf is infinite"),
    Bad("overflow", table(x7="1e39"), r"row 7 .*1e\+39 does not fit into float32"),
    Bad("overflow", table(x7="1e999"), r"row 7 .*is infinite"),
    Bad("overflow", targets([*NUMBERS[:39], "1e39"]), r"row 39 .*column 'y': 1e\+39 does not fit"),
    Bad("target missing", table(y7=""), r"row 7 \(line 9\), column 'y': the target is missing", mended=True),
    Bad(
        "target missing",
        targets([*NUMBERS[:39], ""]),
        r"row 39 \(line 41\), column 'y': the target is missing",
        mended=True,
    ),
    Bad(
        "target missing",
        table(y7="?"),
        r"row 7 \(line 9\), column 'y': the target is '\?', a mark for missing",
        mended=True,
    ),
    Bad(
        "target missing",
        targets([*NUMBERS[:39], "NaN"]),
        r"row 39 \(line 41\), column 'y': the target is 'NaN'",
        mended=True,
    ),
    Bad("target infinite", targets([*NUMBERS[:39], "inf"]), r"row 39 \(line 41\), column 'y': inf is infinite"),
    Bad(
        "target stray",
        targets([*NUMBERS[:39], "high"]),
        r"row 39 \(line 41\), column 'y': 'high' is not a number as 39 other cells are; .*leave the row out",
        mended=True,
    ),
    Bad(
        "target stray",
        table(y7="yse"),
        r"row 7 \(line 9\), column 'y': 1 class with fewer than 3 rows: 'yse' \(1\); add rows",
        mended=True,
    ),
    Bad("target text", table(), "'yes' is not a number, which a regression needs", {}, {"kind": "regression"}),
    Bad("target dates", targets([f"2024-01-{i % 28 + 1:02}" for i in range(ROWS)]), "row 0 .*'2024-01-01' is a date"),
    Bad("target lists", targets([f'"[{i % 2}, 1]"' for i in range(ROWS)]), r"'\[0, 1\]': several values in a cell"),
    Bad(
        "target missing",
        table(y7="<NA>"),
        r"row 7 \(line 9\), column 'y': the target is '<NA>', a mark for missing",
        mended=True,
    ),
    Bad("target text", targets([f"about {i}" for i in range(ROWS)]), "40 labels in 40 rows, such as 'about 0'"),
    Bad("target constant", targets(["3.5"] * ROWS), "every value is 3.5"),
    Bad("one class", targets(["yes"] * ROWS), "every row has the label 'yes'"),
    Bad(
        "wrong kind", targets(["a", "b", "c", "d"] * 10), "task=binary needs two classes, not 4", {}, {"kind": "binary"}
    ),
    Bad("wrong kind", targets(NUMBERS), "not 40 .* and 36 more.; use task=regression", {}, {"kind": "binary"}),
    Bad("wrong kind", targets(NUMBERS), "are not classes; .* or use task=regression", {}, {"kind": "multiclass"}),
    Bad("positive", table(), "task.positive=maybe is none of the labels .*'no', 'yes'", {}, {"positive": "maybe"}),
    Bad("positive", targets(NUMBERS), "task.positive=1 needs a target of two classes", {}, {"positive": 1}),
    Bad("delimiter", table().replace("x,color,y", "x;color|y"), "one column, 'x;color|y'.*data.delimiter=semicolon"),
    Bad("delimiter", table().replace(",", "  "), "the only one is 'x color y'; if blanks.*set data.delimiter=space"),
    Bad("delimiter", "sep=;\n", "there is no header; a header line and rows are needed"),
    Bad(
        "no header", table().split("\n", 1)[1], "columns are 0.0, red, yes; if the file has no header, write one above"
    ),
    Bad("no header", "1,1,a\n2,2,b\n", "columns 1 and 2 are both named '1'; if the file has no header, write one"),
    Bad(
        "title", "Sales 2024\n" + table(), "line 1: the header has 1 cell, and 41 of 41 rows have 3; remove lines above"
    ),
    Bad("title", "Sales 2024,,\n" + table(), "columns 2 and 3 have no name; name them in the header"),
    Bad(
        "title",
        table().replace("yes\n", "yes,\n").replace("no\n", "no,\n"),
        "the header has 3 cells, and 40 of 40 rows",
    ),
    Bad("delimiter", table(), "one column, 'x,color,y'.*data.delimiter=comma", {"delimiter": "semicolon"}),
    Bad("target name", table(), "data.target=Y_: no such column; did you mean 'y'", {"target": "Y_"}),
    Bad("target name", table(), "data.target=price: no such column; the columns are x, color, y", {"target": "price"}),
    Bad("no target", table(), "data.target is missing; set it to one of the columns: x, color, y", {"target": None}),
    Bad(
        "column name", table(), "data.features=colour: no such column; did you mean 'color'", {"features": ("colour",)}
    ),
    Bad("column name", table(), "data.drop_columns=z: no such column", {"drop_columns": ("z",)}),
    Bad("column name", table(), "data.features names the target 'y'", {"features": ("x", "y")}),
    Bad("no features", table(), "no column is left", {"drop_columns": ("x", "color")}),
    Bad("no features", column(["same"] * ROWS), "no column is useful.*constant"),
    Bad("encoding", table(color3="bleu pâle").encode("latin-1"), "line 5: byte 0xe2 near .* is not UTF-8", mended=True),
    Bad("encoding", table().encode("utf-16")[:-1], "damaged or cut off UTF-16"),
    Bad("encoding", table().encode("utf-16-le"), "line 1: a zero byte"),
    Bad("not a text", b"PK\x03\x04" + bytes(100), "an Excel workbook or zip archive"),
    Bad("not a text", b"PAR1" + bytes(100), "a Parquet file; use data=parquet"),
    Bad("not a text", "<!DOCTYPE html>\n<html><body>not found</body></html>\n", "this is a web page"),
    Bad("not a text", "\n <HTML>", "this is a web page"),
    Bad("not a text", '[{"x": 1, "y": 2}]', "this is JSON; write the table as CSV"),
    Bad("not a text", '{\n  "x": 1\n}', "this is JSON; write the table as CSV"),
    Bad("not a text", bz2.compress(table().encode()), "this is compressed; unpack it, or use gzip"),
    Bad("not a text", b"\x89PNG\r\n\x1a\n", "this is an image; for images use data=image_folder"),
    Bad(
        "mixed dates",
        column([("2024-01-05", "05.01.2024")[i % 2] for i in range(ROWS)]),
        "'05.01.2024' is not a date as 20",
    ),
    Bad(
        "mixed dates",
        column(["0000-00-00"] * 9 + [f"2024-01-{i % 28 + 1:02}" for i in range(31)]),
        r"row 0 .*'0000-00-00' is not a date as 31 other",
        mended=True,
    ),
    Bad(
        "thousands",
        column([f'"{i + 1},10,000"' for i in range(ROWS)]),
        "'1,10,000' has a thousands separator",
        mended=True,
    ),
    Bad(
        "minus", column([f"{i}.5{'-' * (i % 2)}" for i in range(ROWS)]), "'1.5-' has its minus sign behind", mended=True
    ),
    Bad("damaged gzip", gzip.compress(table().encode())[:-20], "damaged or cut off gzip"),
    Bad("too few rows", "x,y\n1,a\n2,b\n3,a\n4,b\n", "only 4 rows; at least 10"),
    Bad("fractions", table(), "leave no rows to train on", {"val_fraction": 0.5, "test_fraction": 0.5}),
    Bad("folds", table(), "folds=100: too few rows", {"folds": 100}),
    Bad("folds", table(), "folds with data.split=time", {"folds": 3, "split": "time"}),
    Bad("group", table(), "data.split=group needs data.group=<column>", {"split": "group"}),
    Bad("group", table(), "2 groups cannot fill 3 splits", {"split": "group", "group": "color"}),
    Bad(
        "group",
        table(color7=""),
        r"row 7 \(line 9\), column 'color': the cell is empty, and data.group",
        {"group": "color"},
        mended=True,
    ),
    Bad(
        "time",
        table(x7=""),
        r"row 7 \(line 9\), column 'x': the cell is empty, and data.time",
        {"split": "time", "time": "x"},
        mended=True,
    ),
    Bad("time", table(x7="later"), r"row 7 \(line 9\), column 'x'", {"split": "time", "time": "x"}),
    Bad("weight", table(x7="-1"), r"row 7 \(line 9\), column 'x': the weight is '-1'", {"weight": "x"}),
    Bad(
        "split column",
        table(),
        "'red' is not a split; write train, val or test",
        {"split": "column", "split_column": "color"},
    ),
    Bad("split column", table(), "split=column needs data.split_column", {"split": "column"}),
    Bad("split column", table(), "add data.split=column", {"split_column": "color"}),
    Bad("missing refused", table(x7=""), r"row 7 \(line 9\), column 'x': the cell is empty", {"impute": "error"}),
]


NAMED = [pytest.param(bad, id=f"{number} {bad.cause}") for number, bad in enumerate(BAD)]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("bad", NAMED)
def test_a_bad_csv_stops_with_one_line(bad: Bad, tmp_path: Path, *, strict: bool) -> None:
    if bad.mended and not strict:
        pytest.skip("is mended")
    with pytest.raises(DataError, match=bad.match) as caught:
        prepared(bad, tmp_path, strict=strict)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) <= MAX_CHARACTERS


@pytest.mark.parametrize("bad", [param for param in NAMED if param.values[0].mended])
def test_what_a_person_would_mend_is_mended_and_said(bad: Bad, tmp_path: Path) -> None:
    usual = {"features", "target", "split", "missing"}
    notes = [
        note for note in prepared(bad, tmp_path).notes if note.split()[0].rstrip(":") not in usual or "read" in note
    ]
    assert notes


def test_rows_without_a_group_stand_alone(tmp_path: Path) -> None:
    data = prepared(Bad("", table(color7="", color8=""), "", {"group": "color"}), tmp_path)
    assert data.rows.group is not None
    assert data.rows.group.n_unique() == 4
    assert "data.group: 2 rows without 'color' stand alone" in data.notes


def test_rows_without_a_time_are_trained_on(tmp_path: Path) -> None:
    data = prepared(Bad("", table(x39=""), "", {"split": "time", "time": "x"}), tmp_path)
    assert ROWS - 1 in data.splits["train"].rows.tolist()
    assert "data.time: 1 rows without 'x' count as earliest" in data.notes


def test_the_cases_have_many_causes() -> None:
    assert len(BAD) >= 40
    assert len({bad.cause for bad in BAD}) >= 18


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "titanic.csv").write_text(table())
    with pytest.raises(DataError, match=r"titanik.csv: no such file; did you mean 'titanic.csv'"):
        prepare(CSV(path=str(tmp_path / "titanik.csv"), target="y"))


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"folder .* does not exist either"):
        prepare(CSV(path=str(tmp_path / "nowhere" / "a.csv"), target="y"))


def test_no_path_is_said() -> None:
    with pytest.raises(DataError, match=r"data.path is missing"):
        prepare(CSV(target="y"))


def test_a_folder_in_place_of_a_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="this is a folder"):
        prepare(CSV(path=str(tmp_path), target="y"))


def test_a_file_without_permission_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match="no permission to read"):
        prepare(CSV(path=str(tmp_path / "a.csv"), target="y"))


@pytest.mark.parametrize(
    ("train", "test", "match"),
    [
        (
            targets(NUMBERS),
            targets([*NUMBERS[:39], "high"]),
            r"b.csv, row 39 \(line 41\), column 'y': 'high' is not a number",
        ),
        (
            table(),
            "x,color,y\n1,red,maybe\n",
            r"b.csv, row 0 \(line 2\), column 'y': the label 'maybe' is none of the training file's: 'no', 'yes'",
        ),
        (
            targets([f"{i % 2}" for i in range(ROWS)]),
            targets(["0", "1", "2"]),
            r"b.csv, row 2 \(line 4\), column 'y': the label '2' is none of the classes .*: '0', '1'; correct it",
        ),
        (
            targets([f"{i % 2}" for i in range(ROWS)]),
            targets(NUMBERS),
            r"b.csv, row 1 \(line 3\), column 'y': the label '1.5' is none of the classes trained on",
        ),
        (table(), "x,y\n1,yes\n", "b.csv: columns of .*a.csv are missing here; add them: color"),
        (table(), table(x3="abc"), r"b.csv, row 3 \(line 5\), column 'x': 'abc' is not a number"),
    ],
    ids=[
        "word among numbers",
        "unknown class",
        "unknown number",
        "other kind of target",
        "missing column",
        "stray word",
    ],
)
def test_a_bad_test_file_is_named_itself(train: str, test: str, match: str, tmp_path: Path) -> None:
    for name, text in (("a.csv", train), ("b.csv", test)):
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=match):
        prepare(CSV(path=str(tmp_path / "a.csv"), test_path=str(tmp_path / "b.csv"), target="y"))


def _truncated(path: Path) -> None:
    pl.DataFrame({"x": range(ROWS), "y": [0, 1] * 20}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-30])


def _flipped(path: Path) -> None:
    pl.DataFrame({"x": range(ROWS), "y": [0, 1] * 20}).write_parquet(path)
    raw = bytearray(path.read_bytes())
    raw[-40:-10] = b"\xff" * 30
    path.write_bytes(bytes(raw))


def _frame(**columns: Any) -> Callable[[Path], None]:
    frame = pl.DataFrame({"x": [i / 7 for i in range(ROWS)], "y": [i % 2 for i in range(ROWS)], **columns})
    return frame.write_parquet


@pytest.mark.parametrize(
    ("write", "match"),
    [
        (_truncated, "damaged or cut off Parquet"),
        (_flipped, "damaged or cut off Parquet"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: path.write_text(table()), "not a Parquet file; for text use data=csv"),
        (lambda path: pl.DataFrame({"x": [], "y": []}).write_parquet(path), "no rows"),
        (_frame(z=[[1, 2]] * ROWS), "column 'z': cells of type"),
        (_frame(z=[{"a": 1}] * ROWS), "column 'z': cells of type"),
        (_frame(z=[b"ab"] * ROWS), "column 'z': cells of type"),
        (_frame(z=[1.0] * 39 + [float("inf")]), "row 39, column 'z': inf is infinite"),
        (_frame(y=[[0, 1]] * ROWS), "column 'y': several values in a cell"),
        (_frame(y=[1.5, 2.5] * 19 + [1.5, float("nan")]), "row 39, column 'y': the target is NaN"),
        (_frame(y=[0, 1] * 19 + [0, None]), "row 39, column 'y': the target is missing"),
    ],
    ids=[
        *("truncated", "flipped bytes", "empty", "text", "no rows", "list", "struct", "binary"),
        *("infinite", "list target", "nan target", "null target"),
    ],
)
def test_a_bad_parquet_stops_with_one_line(write: Callable[[Path], None], match: str, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    write(path)
    with pytest.raises(DataError, match=match) as caught:
        prepare(Parquet(path=str(path), target="y", strict=True))
    assert len(str(caught.value)) <= MAX_CHARACTERS


def test_a_class_that_only_test_has_stops(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(table())
    (tmp_path / "test.csv").write_text(table(y3="maybe", y4="maybe"))
    source = CSV(path=str(tmp_path / "train.csv"), test_path=str(tmp_path / "test.csv"), target="y")
    with pytest.raises(
        DataError, match=r"test.csv, row 3 \(line 5\), column 'y': the label 'maybe' is none of the training"
    ):
        prepare(source)


def test_a_test_file_that_lacks_a_column_stops(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(table())
    (tmp_path / "test.csv").write_text(table().replace("color", "colour"))
    source = CSV(path=str(tmp_path / "train.csv"), test_path=str(tmp_path / "test.csv"), target="y")
    with pytest.raises(DataError, match=r"test.csv: columns of .*train.csv are missing here; add them: color"):
        prepare(source)


def test_an_error_in_a_test_file_names_that_file_and_its_row(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(table())
    (tmp_path / "test.csv").write_text(table(x5="abc"))
    source = CSV(path=str(tmp_path / "train.csv"), test_path=str(tmp_path / "test.csv"), target="y")
    with pytest.raises(DataError, match=r"test.csv, row 5 \(line 7\), column 'x': 'abc' is not a number"):
        prepare(source)
