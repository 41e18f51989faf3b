"""What is fine in a CSV stays fine, and what is inferred or mended is said."""

import gzip
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from litmus.data.columns.numbers import read_numbers
from litmus.data.preparation import Prepared, prepare
from litmus.data.sources.table_files import CSV
from litmus.errors import DataError

ROWS = 40


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def columns(delimiter: str = ",", **values: list[Any]) -> str:
    names = list(values)
    rows = zip(*values.values(), strict=True)
    return delimiter.join(names) + "\n" + "".join(delimiter.join(map(str, row)) + "\n" for row in rows)


def labels(n: int = ROWS) -> list[str]:
    return [("no", "yes")[i % 3 == 0] for i in range(n)]


def numbers(n: int = ROWS) -> list[float]:
    return [(i * 7 % n) / 8 for i in range(n)]


@pytest.fixture
def prepared(tmp_path: Path) -> Any:
    def make(content: str | bytes, name: str = "table.csv", **keys: Any) -> Prepared:
        return prepare(CSV(path=write(tmp_path / name, content), **{"target": "y", **keys}))

    return make


GOOD = columns(x=numbers(), y=labels())


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.rstrip("\n").encode(),
        GOOD.replace("\n", "\n\n").encode(),
        GOOD.replace(",", " , ").encode(),
        gzip.compress(GOOD.encode()),
        GOOD.replace("yes", '"yes"').replace("x,y", '"x","y"').encode(),
        GOOD.encode("utf-16"),
        gzip.compress(GOOD.encode("utf-16")),
        GOOD.replace(",", ";").encode(),
        GOOD.replace(",", "\t").encode(),
        GOOD.replace(",", "|").encode(),
        b"sep=;\n" + GOOD.replace(",", ";").encode(),
        b'\xef\xbb\xbf"SEP=^"\r\n' + GOOD.replace(",", "^").replace("\n", "\r\n").encode(),
        b"sep=\t\n" + GOOD.replace(",", "\t").encode(),
        GOOD.replace("\n", "\r\n").encode() + b"\x1a",
        GOOD.rstrip("\n").encode() + b"\x1a\n",
    ],
    ids=[
        *("bom", "crlf", "cr", "no last line end", "blank lines", "spaces", "gzip", "quotes", "utf-16", "utf-16 gzip"),
        *("semicolons", "tabs", "pipes", "sep=;", "sep=^", "sep=tab", "DOS's end", "DOS's end in a cell"),
    ],
)
def test_the_same_table_written_otherwise_gives_the_same_tensors(content: bytes, prepared: Any) -> None:
    plain, other = prepared(GOOD), prepared(content)
    assert other.spec == plain.spec
    assert all((other.splits[name].x == plain.splits[name].x).all() for name in plain.splits)


def test_lines_are_counted_from_the_one_that_names_the_delimiter(tmp_path: Path) -> None:
    table = CSV(path=write(tmp_path / "a.csv", "sep=;\nx;y\n1;a\n2;b\n"), target="y").load()
    assert table.frame.columns == ["x", "y"]
    assert table.location.lines is not None
    assert table.location.lines.tolist() == [3, 4]


def test_runs_of_blanks_are_one_delimiter_where_that_is_asked_for(tmp_path: Path) -> None:
    text = '  x   "my note"  y\n 1.5   "two  words"  a \n\n2\t\tone   b'
    table = CSV(path=write(tmp_path / "a.csv", text), target="y", delimiter="space").load()
    assert dict(table.frame[0].to_dicts()[0]) == {"x": "1.5", "my note": "two  words", "y": "a"}
    assert table.frame.height == 2


@pytest.mark.parametrize("start", ["x^2", "x\x01", "xڰ"])
def test_text_that_begins_as_zlib_does_is_read_as_text(start: str, tmp_path: Path) -> None:
    table = CSV(path=write(tmp_path / "a.csv", f'{start},y\n{start},a\n"{start}",b\n'), target="y").load()
    assert table.frame.columns == [start, "y"]
    assert table.frame[start].to_list() == [start, start]


def test_dates_and_booleans_may_have_marks_for_missing_cells(prepared: Any) -> None:
    days = ["NaT" if i == 3 else "-" if i == 4 else f"2024-02-{i % 28 + 1:02}" for i in range(ROWS)]
    flags = [("TRUE", "FALSE", "NA")[i % 3] for i in range(ROWS)]
    data = prepared(columns(day=days, flag=flags, x=numbers(), y=labels()))
    assert data.rows.inputs.schema["day"] == pl.Datetime("us")
    assert data.rows.inputs.schema["flag"] == pl.Boolean
    (note,) = [note for note in data.notes if note.startswith("missing cells")]
    assert "day 2 (as '-', 'NaT'), flag 13 (as 'NA')" in note


def test_the_minus_sign_of_web_pages_is_a_minus_sign() -> None:
    assert read_numbers(pl.Series(["\u22121.5", "2"])).values.to_list() == [-1.5, 2.0]


def test_a_quoted_line_end_stays_in_its_cell_and_lines_are_still_right(tmp_path: Path) -> None:
    text = columns(x=numbers(), note=['"two\nlines"'] * 2 + ["one"] * 38, y=labels())
    table = CSV(path=write(tmp_path / "a.csv", text), target="y").load()
    assert table.frame["note"][0] == "two\nlines"
    assert table.location.lines is not None
    assert table.location.lines[:4].tolist() == [2, 4, 6, 7]


def test_a_class_called_na_stays_a_class(prepared: Any) -> None:
    data = prepared(columns(x=numbers(), y=[("NA", "EU", "US")[i % 3] for i in range(ROWS)]))
    assert data.spec.classes == ("EU", "NA", "US")


def test_a_category_called_none_stays_a_level(prepared: Any) -> None:
    data = prepared(columns(x=numbers(), stage=[("None", "early", "late")[i % 3] for i in range(ROWS)], y=labels()))
    assert "stage=None" in data.spec.features


@pytest.mark.parametrize("mark", ["", "NA", "N/A", "<NA>", "NaN", "nan", "null", "None", "?", "-", "--", ".", "\\N"])
def test_marks_for_missing_numbers_are_filled_and_said_in_one_line(mark: str, prepared: Any) -> None:
    values: list[Any] = numbers()
    values[5] = values[9] = mark
    data = prepared(columns(x=values, w=numbers(), y=labels()))
    (note,) = [note for note in data.notes if note.startswith("missing cells")]
    assert "x 2" in note
    assert repr(mark) in note or not mark, "as it stands in the file"
    assert data.spec.features == ("x", "w")


def test_wide_whole_numbers_are_identifiers_or_labels_to_the_last_digit(prepared: Any) -> None:
    wide = [str(12345678901234567890123 + i % 2) for i in range(ROWS)]
    data = prepared(columns(account_id=[str(2**63 + i) for i in range(ROWS)], x=numbers(), y=wide))
    assert data.spec.classes == ("12345678901234567890123", "12345678901234567890124")
    assert data.spec.features == ("x",)
    assert data.rows.inputs["account_id"][0] == str(2**63)


def test_names_may_be_anything(prepared: Any) -> None:
    text = columns(x=numbers(), y=labels()).replace("x,y", "größe (m²),Survived (yes/no)")
    data = prepared(text, target="Survived (yes/no)")
    assert data.spec.features == ("größe (m²)",)
    assert data.spec.target == "Survived (yes/no)"


def test_a_header_called_unnamed_0_is_a_column_like_an_identifier(prepared: Any) -> None:
    data = prepared(columns(**{"Unnamed: 0": list(range(ROWS)), "x": numbers(), "y": labels()}))
    assert data.spec.features == ("x",)
    assert any("'Unnamed: 0': id-like" in note for note in data.notes)


def test_the_nameless_index_that_pandas_writes_is_left_out(prepared: Any) -> None:
    text = columns(i=list(range(ROWS)), x=numbers(), y=labels()).replace("i,x,y", ",x,y")
    data = prepared(text)
    assert data.spec.features == ("x",)
    assert "the nameless first column counts the rows; not used" in data.notes


def test_identifiers_constants_dates_and_prose_are_named_in_a_line_each(prepared: Any) -> None:
    data = prepared(
        columns(
            PassengerId=list(range(1, ROWS + 1)),
            code=[f"A{i}B" for i in range(ROWS)],
            same=[7] * ROWS,
            day=[f"2024-02-{i % 28 + 1:02}" for i in range(ROWS)],
            remark=[f"this is the remark number {i} of many" for i in range(ROWS)],
            x=numbers(),
            y=labels(),
        )
    )
    text = "\n".join(data.notes)
    assert "column 'PassengerId': id-like" in text
    assert "column 'code': id-like" in text
    assert "column 'same': constant (7), not used" in text
    assert "column 'day': date" in text
    assert "column 'remark': free text" in text
    assert data.spec.features == ("day year", "day month", "day weekday", "day days", "x")


def test_a_lone_counter_is_kept_as_a_feature(prepared: Any) -> None:
    data = prepared(columns(t=list(range(ROWS)), y=labels()))
    assert data.spec.features == ("t",)


def test_features_that_are_asked_for_are_used_whatever_they_look_like(prepared: Any) -> None:
    text = columns(id=list(range(ROWS)), x=numbers(), y=labels())
    assert prepared(text, features=("id",)).spec.features == ("id",)
    assert prepared(text, kinds={"x": "category"}, drop_columns=("id",)).spec.features[0].startswith("x=")


def test_a_category_with_a_few_numbers_in_it_stays_a_category(prepared: Any) -> None:
    data = prepared(columns(children=[("0", "1", "2", "3+")[i % 4] for i in range(ROWS)], y=labels()))
    assert data.spec.features == ("children=0", "children=1", "children=2", "children=3+")


def test_semicolons_and_decimal_commas_are_read_when_said(prepared: Any) -> None:
    text = GOOD.replace(",", ";").replace(".", ",")
    data = prepared(text, delimiter="semicolon", decimal="comma")
    assert (data.splits["train"].x == prepared(GOOD).splits["train"].x).all()
    assert (prepared(GOOD.replace(",", "\t"), "table.tsv").splits["val"].x == data.splits["val"].x).all()


def test_a_decimal_comma_target_is_a_number(prepared: Any) -> None:
    text = columns(x=numbers(), y=[value * 3.1 for value in numbers()]).replace(",", ";").replace(".", ",")
    assert prepared(text, delimiter="semicolon", decimal="comma").spec.numeric


def test_a_target_of_numbers_that_look_like_a_year_and_a_month_is_of_numbers(prepared: Any) -> None:
    content = columns(x=numbers(), y=[f"{1000 + i}.{i % 9 + 1}" for i in range(ROWS)])
    assert prepared(content).spec.task == "regression"


def test_only_points_between_groups_of_three_digits_are_left_out_of_numbers_with_a_comma() -> None:
    numbers = read_numbers(
        pl.Series(["1.234,5", "-12.345.678", "0,25", ",5", "3.5", "21.02.2023", "1,234.5", ""]), "comma"
    )
    assert numbers.values.to_list() == [1234.5, -12345678, 0.25, 0.5, None, None, None, None]
    assert numbers.stray is not None
    assert numbers.stray.to_list() == [False] * 4 + [True] * 3 + [False]


def test_a_decimal_point_among_decimal_commas_stops_with_its_row(prepared: Any) -> None:
    text = columns(";", x=["3.5" if i == 4 else f"{i},5" for i in range(ROWS)], y=labels())
    with pytest.raises(DataError, match=r"row 4 .line 6., column 'x': '3.5' has a decimal point"):
        prepared(text, delimiter="semicolon", decimal="comma")


def test_german_dates_beside_decimal_commas_stay_dates(prepared: Any) -> None:
    days = [f"{i % 28 + 1:02}.02.2023" for i in range(ROWS)]
    text = columns(";", x=[f"{i},5" for i in range(ROWS)], day=days, y=labels())
    inputs = prepared(text, delimiter="semicolon", decimal="comma").rows.inputs
    assert inputs.schema["day"] == pl.Datetime("us")


def test_rows_with_missing_cells_are_left_out_when_asked_and_keep_their_numbers(prepared: Any) -> None:
    values: list[Any] = numbers()
    values[5] = ""
    data = prepared(columns(x=values, y=labels()), impute="drop")
    assert len(data.rows) == ROWS - 1
    assert 5 not in data.rows.numbers


def test_dedupe_keeps_the_first_of_equal_rows(prepared: Any) -> None:
    data = prepared(GOOD + "".join(GOOD.splitlines(keepends=True)[1:11]), dedupe=True)
    assert data.rows.numbers.tolist() == list(range(ROWS))
    assert any("10 of 50 rows repeat" in note for note in data.notes)
    assert len(prepared(GOOD + "".join(GOOD.splitlines(keepends=True)[1:11])).rows) == 50


def test_max_rows_takes_a_sample_that_keeps_the_classes_shares(prepared: Any) -> None:
    text = columns(x=list(range(1000)), w=numbers(1000), y=["rare" if i % 50 == 0 else "common" for i in range(1000)])
    data = prepared(text, max_rows=100)
    assert len(data.rows) == 100
    assert data.rows.target.eq("rare").sum() == 2


def test_a_test_file_is_the_test_split_and_its_rows_keep_their_own_numbers(tmp_path: Path) -> None:
    path, test_path = write(tmp_path / "a.csv", GOOD), tmp_path / "b.csv"
    write(test_path, columns(y=labels(12), extra=[1] * 12, x=numbers(12)))
    data = prepare(CSV(path=path, test_path=str(test_path), target="y"))
    assert data.splits["test"].rows.tolist() == list(range(12))
    assert len(data.splits["train"]) + len(data.splits["val"]) == ROWS
    assert len(data.splits["val"]) == 8


def test_a_test_file_in_another_format_is_read_as_its_name_says(tmp_path: Path) -> None:
    path, test_path = (
        write(tmp_path / "a.csv", GOOD.replace("yes", "True").replace("no", "False")),
        tmp_path / "b.parquet",
    )
    pl.DataFrame({"x": numbers(12), "y": [i % 3 == 0 for i in range(12)]}).write_parquet(test_path)
    data = prepare(CSV(path=path, test_path=str(test_path), target="y"))
    assert data.spec.classes == ("False", "True")
    assert data.splits["test"].y.tolist() == [float(i % 3 == 0) for i in range(12)]


def test_rows_of_a_test_file_do_not_change_the_task(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", columns(x=numbers(), y=[i % 2 for i in range(ROWS)]))
    test_path = write(tmp_path / "b.csv", columns(x=numbers(30), y=["1.0"] * 30))
    data = prepare(CSV(path=path, test_path=test_path, target="y"))
    assert data.coder.note.endswith("positive class '1' (conventional name)")
    assert data.class_counts["test"] == [0, 30]


def test_digits_with_leading_zeros_are_said_to_be_codes_perhaps(prepared: Any) -> None:
    zips, hours = [f"0{i * 7 % 100:04}" for i in range(ROWS)], [f"{i % 24:02}" for i in range(ROWS)]
    text = columns(zip=zips, hour=hours, x=numbers(), y=labels())
    predicted = [note for note in prepared(text).notes if "leading zeros" in note]
    assert predicted == ["leading zeros, taken for codes: 'zip'; for numbers set data.kinds={zip: number}"]
    assert not any("leading zeros" in note for note in prepared(text, kinds={"zip": "category"}).notes)
    predicted = [note for note in prepared(text, strict=True).notes if "leading zeros" in note]
    assert predicted == ["numbers with leading zeros: 'zip'; for codes set data.kinds={zip: category}"]


def test_a_letter_behind_codes_with_leading_zeros_is_part_of_a_code(prepared: Any) -> None:
    families = [f"{i % 14:03}" for i in range(ROWS - 2)] + ["013A", "13A"]
    assert prepared(columns(family=families, x=numbers(), y=labels())).rows.inputs["family"].dtype == pl.Categorical


def test_equal_numbers_that_differ_in_the_file_are_not_called_constant(prepared: Any) -> None:
    text = columns(wide=[10**30 + i for i in range(ROWS)], gone=["NA"] * ROWS, x=numbers(), y=labels())
    notes = prepared(text).notes
    assert any(note.startswith("column 'wide': numbers that differ beyond digit 15 alone") for note in notes)
    assert "column 'gone': empty, not used" in notes


def test_a_split_column_is_followed_and_val_is_taken_from_train_where_it_has_none(prepared: Any) -> None:
    part = ["train" if i < 30 else "test" for i in range(ROWS)]
    data = prepared(columns(x=numbers(), part=part, y=labels()), split="column", split_column="part")
    assert data.splits["test"].rows.tolist() == list(range(30, 40))
    assert len(data.splits["val"]) == 6
    full = ["Train"] * 20 + ["dev"] * 10 + ["test"] * 10
    data = prepared(columns(x=numbers(), part=full, y=labels()), split="column", split_column="part")
    assert sorted(data.splits["val"].rows.tolist()) == list(range(20, 30))
    assert data.spec.features == ("x",)


def test_weight_group_and_time_are_carried_and_are_no_features(prepared: Any) -> None:
    text = columns(x=numbers(), w=[1 + i % 2 for i in range(ROWS)], who=[i % 10 for i in range(ROWS)], y=labels())
    data = prepared(text, weight="w", group="who", split="group")
    train = data.splits["train"]
    assert data.spec.features == ("x",)
    assert train.weight.tolist() == [1.0 + row % 2 for row in train.rows.tolist()]
    groups = {name: set(split.group.tolist()) for name, split in data.splits.items()}
    assert not groups["train"] & groups["test"]


def test_time_follows_dates_whatever_the_order_of_rows(prepared: Any) -> None:
    days = [f"{(i * 7) % 28 + 1}.3.2024" for i in range(ROWS)]
    data = prepared(columns(x=numbers(), day=days, y=labels()), split="time", time="day", test_fraction=0.25)
    dates = pl.Series(days).str.to_date("%d.%m.%Y")
    latest = {name: dates[split.rows.tolist()].max() for name, split in data.splits.items()}
    earliest = {name: dates[split.rows.tolist()].min() for name, split in data.splits.items()}
    assert latest["train"] < earliest["val"]
    assert latest["val"] < earliest["test"]
