"""Users' tables as they come: what a person would mend with a shrug is mended, and said in a line with its count."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from litmus.data.columns.kinds import as_text
from litmus.data.encoding.features import TablePreprocess
from litmus.data.encoding.target import TargetCoder
from litmus.data.preparation import Prepared, prepare
from litmus.data.rows import Rows
from litmus.data.sources.frame import Frame
from litmus.data.sources.table_files import CSV, Parquet
from litmus.errors import DataError

ROWS = 60
NUMBERS = [f"{i * 37 % 101 / 8:.3f}" for i in range(ROWS)]
LABELS = [("no", "yes")[i % 3 == 0] for i in range(ROWS)]


def written(folder: Path, header: str, *columns: list[Any], delimiter: str = ",") -> str:
    """A CSV of these columns; cells with the delimiter are quoted."""
    quoted = [[f'"{cell}"' if delimiter in str(cell) else str(cell) for cell in column] for column in columns]
    lines = [header, *(delimiter.join(row) for row in zip(*quoted, strict=True))]
    path = folder / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def read(path: str, **keys: Any) -> Prepared:
    return prepare(CSV(path=path, target="y", **keys))


def note_on(data: Prepared, words: str) -> str:
    """The one line in which the words occur."""
    (note,) = [note for note in data.notes if words in note]
    return note


def column_of(data: Prepared, name: str) -> list[Any]:
    assert isinstance(data.rows.inputs, pl.DataFrame)
    return data.rows.inputs[name].to_list()


def column_names(data: Prepared) -> list[str]:
    assert isinstance(data.rows.inputs, pl.DataFrame)
    return data.rows.inputs.columns


def read_again(data: Prepared, path: str, *, labelled: bool) -> Rows:
    """Rows of another file, as the restored preprocessing reads them."""
    assert isinstance(data.preprocess, TablePreprocess)
    return TablePreprocess.restore(data.preprocess.state()).read(path, labelled=labelled)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ([i + 1 for i in range(ROWS)], "counts the rows; not used"),
        ([2 * i + 85 for i in range(ROWS)], "names the rows (such as '85'); not used"),
        ([f"town {i}" for i in range(ROWS)], "names the rows (such as 'town 0'); not used"),
        ([i % 20 for i in range(ROWS)], "counts the rows, anew in each part; not used"),
    ],
)
def test_a_nameless_first_column_that_names_the_rows_is_no_feature(names: list[Any], why: str, tmp_path: Path) -> None:
    data = read(written(tmp_path, ",x,y", names, NUMBERS, LABELS))
    assert data.spec.features == ("x",)
    assert note_on(data, "nameless") == f"the nameless first column {why}"


def test_row_names_are_left_out_of_parquet_and_frames_too(tmp_path: Path) -> None:
    frame = pl.DataFrame({"": [3 * i for i in range(ROWS)], "x": [float(x) for x in NUMBERS], "y": LABELS})
    frame.write_parquet(tmp_path / "t.parquet")
    assert prepare(Parquet(path=str(tmp_path / "t.parquet"), target="y")).spec.features == ("x",)
    assert prepare(Frame(frame=frame, target="y")).spec.features == ("x",)
    with pytest.raises(DataError, match="column 1 has no name"):
        prepare(Frame(frame=frame, target="y", strict=True))


def test_other_nameless_columns_get_a_name_or_are_empty(tmp_path: Path) -> None:
    halves = [f"{i % 7 / 2}" for i in range(ROWS)]
    data = read(written(tmp_path, "x,,y,", NUMBERS, halves, LABELS, [""] * ROWS))
    assert data.spec.features == ("x", "column_2")
    assert "column 2 has no name; it is called 'column_2' here" in data.notes
    assert "column 4 has neither a name nor values; not used" in data.notes


def test_rows_without_a_target_are_left_out_and_counted(tmp_path: Path) -> None:
    labels = [*LABELS[:-3], "", "NA", "?"]
    path = written(tmp_path, "x,y", NUMBERS, labels)
    data = read(path)
    assert len(data.rows) == ROWS - 3
    assert note_on(data, "left out").startswith("left out: 3 of 60 rows, whose target is missing")
    assert note_on(data, "taken for missing") == "target 'y': '?', 'NA' taken for missing"
    assert len(read_again(data, path, labelled=True)) == ROWS - 3
    assert len(read_again(data, path, labelled=False)) == ROWS
    with pytest.raises(DataError, match=r"row 57 \(line 59\), column 'y': the target is missing"):
        read(path, missing_target="error")


def test_missing_targets_of_typed_tables_are_left_out_too() -> None:
    numbers = [i / 7 for i in range(ROWS)]
    for target in ([*numbers[:-1], None], [*numbers[:-1], float("nan")], [True, False] * 29 + [None, True]):
        data = prepare(Frame(frame={"x": numbers, "y": target}, target="y"))
        assert len(data.rows) == ROWS - 1


def test_test_rows_without_a_target_do_not_vanish_silently(tmp_path: Path) -> None:
    path = Path(written(tmp_path, "x,y", NUMBERS, LABELS)).rename(tmp_path / "train.csv")
    data = read(str(path), test_path=written(tmp_path, "x,y", NUMBERS, [*LABELS[:-2], "", "NA"]))
    assert len(data.splits["test"]) == ROWS - 2
    assert note_on(data, "left out").startswith("test: left out: 2 of 60 rows, whose target is missing")


def test_a_target_in_another_notation_is_read_alike_in_new_rows(tmp_path: Path) -> None:
    path = written(tmp_path, "x,y", NUMBERS, [f"{i + 1}.{i:03},50 €" for i in range(ROWS)])
    data = read(path)
    assert data.rows.target is not None
    assert data.rows.target[2] == 3002.5
    again = read_again(data, written(tmp_path, "x,y", NUMBERS[:2], ["2.500 €", "1,5 €"]), labelled=True)
    assert again.target is not None
    assert again.target.to_list() == [2500.0, 1.5]


def test_many_missing_targets_are_a_warning_and_only_missing_ones_an_error(tmp_path: Path) -> None:
    data = read(written(tmp_path, "x,y", NUMBERS, ["" if i % 3 == 0 else NUMBERS[-i] for i in range(ROWS)]))
    assert note_on(data, "left out").startswith("warning: 33% of the rows have no target; left out: 20 of 60 rows")
    with pytest.raises(DataError, match="the target is missing in every row"):
        read(written(tmp_path, "x,y", NUMBERS, ["NA"] * ROWS))


def test_na_is_a_class_among_two_letter_codes_and_none_anywhere(tmp_path: Path) -> None:
    data = read(written(tmp_path, "x,y", NUMBERS, [("EU", "NA", "AS")[i % 3] for i in range(ROWS)]))
    assert data.spec.classes == ("AS", "EU", "NA")
    assert "data.missing_values=[NA]" in note_on(data, "is taken for a class")
    data = read(written(tmp_path, "x,y", NUMBERS, [("None", "mild", "NA", "severe")[i % 4] for i in range(ROWS)]))
    assert data.spec.classes == ("None", "mild", "severe")


def test_classes_of_fewer_than_three_rows_are_left_out_with_labels_and_counts(tmp_path: Path) -> None:
    path = written(tmp_path, "x,y", NUMBERS, [*LABELS[:-3], "maybe", "yse", "maybe"])
    data = read(path)
    assert data.spec.classes == ("no", "yes")
    assert note_on(data, "left out").startswith(
        "left out: 3 rows of 2 classes with fewer than 3 rows, neither trained on nor scored: 'maybe' (2), 'yse' (1)"
    )
    with pytest.raises(DataError, match=r"row 57 .*column 'y': 2 classes with fewer than 3 rows: 'maybe' \(2\), 'yse'"):
        read(path, rare_classes="error")


def test_a_class_of_one_row_is_refused_where_no_two_others_remain(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 59 .*the label 'yes' occurs only once"):
        read(written(tmp_path, "x,y", NUMBERS, ["no"] * 59 + ["yes"]))


def test_many_rare_classes_become_one_which_new_rows_know(tmp_path: Path) -> None:
    rare = [f"r{i // 2}" for i in range(12)]
    path = written(tmp_path, "x,y", NUMBERS, [*LABELS[:-12], *rare])
    data = read(path)
    assert data.spec.classes == ("no", "other", "yes")
    assert note_on(data, "rare classes").startswith("rare classes: 6 classes with fewer than 3 rows, 12 rows, are one")
    coder = TargetCoder.restore(data.coder.state())
    assert coder == data.coder
    assert coder.encode(pl.Series("y", ["r3", "no", "other"])).tolist() == [1, 0, 1]
    assert read(path, rare_classes="drop").spec.classes == ("no", "yes")


def test_a_large_target_is_standardised_for_the_loss_alone(tmp_path: Path) -> None:
    path = written(tmp_path, "x,y", NUMBERS, [f"{1000 + 50 * i * 7 % 1000 + i / 3:.3f}" for i in range(ROWS)])
    data = read(path, normalize_target="auto")
    train = data.splits["train"].y
    assert float(train.mean()) == pytest.approx(0, abs=1e-6)
    assert float(train.std(correction=0)) == pytest.approx(1, abs=1e-6)
    assert data.spec.target_mean > 1000
    assert "data.normalize_target=false" in note_on(data, "target standardised for the loss")
    plain = read(path)  # as runs of before, whose config has no such key
    assert (plain.spec.target_mean, plain.spec.target_sd) == (0.0, 1.0)


def test_a_target_with_one_decimal_is_no_month_of_a_year(tmp_path: Path) -> None:
    data = read(written(tmp_path, "x,y", NUMBERS, [f"{1500 + 37 * i % 400}.{i % 9 + 1}" for i in range(ROWS)]))
    assert data.spec.task == "regression"


def test_a_target_of_the_order_of_one_keeps_its_unit(tmp_path: Path) -> None:
    path = written(tmp_path, "x,y", NUMBERS, [f"{np.sin(i) + 0.5:.4f}" for i in range(ROWS)])
    data = read(path, normalize_target="auto")
    assert (data.spec.target_mean, data.spec.target_sd) == (0.0, 1.0)
    assert not any("standardised" in note for note in data.notes)
    assert read(path, normalize_target=True).spec.target_sd < 1


@pytest.mark.parametrize(
    ("cells", "values", "how"),
    [
        ([f"${1200 + i},000.50".replace("$1", "$1,") for i in range(ROWS)], 1_200_000.5, "'$' left off, thousands"),
        ([f"{i}.5 %" for i in range(ROWS)], 0.5, "'%' left off"),
        ([f"{i + 10} km/h" for i in range(ROWS)], 10.0, "'km/h' left off"),
        ([f"({i}.5)" if i % 2 == 0 else f"{i}.5" for i in range(ROWS)], -0.5, "brackets as minus"),
        ([f"(${i}.5)" if i % 2 == 0 else f"${i}.5" for i in range(ROWS)], -0.5, "brackets as minus, '$' left off"),
        ([f"{i}.5-" if i % 2 == 0 else f"{i}.5" for i in range(ROWS)], -0.5, "minus signs behind"),
        ([f"{7 + i % 12}:{i % 60:02}" for i in range(ROWS)], 25_200.0, "times as seconds"),
        ([f"{1 + i % 12}:{i % 60:02} PM" for i in range(ROWS)], 46_800.0, "times as seconds"),
        ([f"{i + 1}'000" for i in range(ROWS)], 1000.0, "thousands separators"),
        ([f"{950 + i}" if i < 50 else f"1,{i:03}" for i in range(ROWS)], 950.0, "thousands separators"),
    ],
)
def test_numbers_in_other_notations_are_read_and_said(
    cells: list[str], values: float, how: str, tmp_path: Path
) -> None:
    path = written(tmp_path, "x,y", cells, LABELS)
    data = read(path)
    assert column_of(data, "x")[0] == values
    assert note_on(data, "column 'x': read with").startswith(f"column 'x': read with {how}")
    again = read_again(data, path, labelled=False)
    assert again.inputs["x"].to_list() == column_of(data, "x")  # type: ignore[call-overload]
    with pytest.raises(DataError):
        read(path, strict=True, features=("x",), kinds={"x": "number"})


def test_decimal_commas_of_one_column_decide_for_the_file(tmp_path: Path) -> None:
    sizes, prices = [f"{i},{i % 100:02}" for i in range(ROWS)], [f"{i + 1}.{i:03}" for i in range(ROWS)]
    path = written(tmp_path, "size;price;y", sizes, prices, LABELS, delimiter=";")
    data = read(path)
    assert column_of(data, "size")[3] == 3.03
    assert column_of(data, "price")[3] == 4003.0
    assert "data.decimal=point" in note_on(data, "numbers have decimal commas")
    again = read_again(data, written(tmp_path, "size;price", ["1"], ["2.500"], delimiter=";"), labelled=False)
    assert again.inputs["price"].to_list() == [2500.0]  # type: ignore[call-overload]


def test_columns_of_one_file_may_have_commas_and_points(tmp_path: Path) -> None:
    prices = [f"{i % 3 + 1}.{i:03},{i % 100:02} €" for i in range(ROWS)]
    data = read(written(tmp_path, "x,price,y", NUMBERS, prices, LABELS))
    assert column_of(data, "price")[4] == 2004.04
    assert column_of(data, "x") == [float(cell) for cell in NUMBERS]


def test_a_decimal_comma_in_new_rows_is_refused_where_training_had_points(tmp_path: Path) -> None:
    data = read(written(tmp_path, "x,y", NUMBERS, LABELS))
    with pytest.raises(DataError, match="'1,5' has a decimal comma"):
        read_again(data, written(tmp_path, "x", ["1,5"]), labelled=False)


def test_a_comma_of_two_meanings_stops_with_both_overrides(tmp_path: Path) -> None:
    path = written(tmp_path, "x;y", [f"{i + 1},{i * 7 + 100}" for i in range(ROWS)], LABELS, delimiter=";")
    with pytest.raises(DataError, match=r"'1,100' has a comma that means 1100 or 1.100; set data.decimal=point or"):
        read(path)
    assert column_of(read(path, decimal="point"), "x")[0] == 1100.0
    assert column_of(read(path, decimal="comma"), "x")[0] == 1.1


def test_latin_1_is_read_and_said(tmp_path: Path) -> None:
    path = Path(written(tmp_path, "x,c,y", NUMBERS, ["pâle", "foncé"] * 30, LABELS))
    path.write_bytes(path.read_text().encode("latin-1"))
    for memory in ("auto", 1):
        data = read(str(path), memory=memory)
        assert "c=pâle" in data.spec.features
        assert "Windows-1252 (Latin-1)" in note_on(data, "not UTF-8")
    path.write_bytes(path.read_bytes() + b"1,\x81\x8d,no\n")
    with pytest.raises(DataError, match="is not UTF-8"):
        read(str(path))


@pytest.mark.parametrize("word", ["-999", "9999", "unknown", "low", "-9"])
def test_what_stands_for_missing_is_missing_and_said(word: str, tmp_path: Path) -> None:
    cells = [word if i % 12 == 5 else f"{i * 7 % 60}" for i in range(ROWS)]
    path = written(tmp_path, "x,y", cells, LABELS)
    data = read(path)
    assert column_of(data, "x").count(None) == 5
    assert f"{word} as missing (5 cells)" in note_on(data, "column 'x': read with").replace("'", "")
    assert read_again(data, path, labelled=False).inputs["x"].null_count() == 5  # type: ignore[call-overload]


def test_a_kind_that_is_set_does_without_the_assumption(tmp_path: Path) -> None:
    cells = ["-999" if i % 12 == 5 else f"{i * 7 % 60}" for i in range(ROWS)]
    path = written(tmp_path, "x,y", cells, LABELS)
    assert "(otherwise data.kinds={x: number})" in note_on(read(path), "column 'x'")
    assert column_of(read(path, kinds={"x": "number"}), "x").count(-999.0) == 5


def test_numbers_of_nines_that_belong_to_the_rest_are_numbers(tmp_path: Path) -> None:
    near = [f"{i * 17 % 1000}" for i in range(ROWS - 2)] + ["999", "999"]
    once = [f"{i % 50}" for i in range(ROWS - 1)] + ["9999"]
    data = read(written(tmp_path, "near,once,y", near, once, LABELS))
    assert not any("as missing" in note for note in data.notes)


def test_values_named_as_missing_are_missing_in_every_column(tmp_path: Path) -> None:
    colours = ["red", "blue", "none"] * 20
    codes = [f"{i % 4}" for i in range(ROWS)]
    path = written(tmp_path, "c,k,y", colours, codes, LABELS)
    data = read(path, missing_values=("None", 3))
    assert column_of(data, "c").count(None) == 20
    assert column_of(data, "k").count(None) == 15
    assert read_again(data, path, labelled=False).inputs["k"].null_count() == 15  # type: ignore[call-overload]
    frame = pl.DataFrame({"k": [i % 4 for i in range(ROWS)], "c": colours, "y": LABELS})
    typed = prepare(Frame(frame=frame, target="y", missing_values=(3, "none")))
    assert [column_of(typed, name).count(None) for name in ("k", "c")] == [15, 20]


def test_several_words_among_numbers_stop_with_what_to_set(tmp_path: Path) -> None:
    cells = ["abc" if i == 3 else "de" if i == 5 else NUMBERS[i] for i in range(ROWS)]
    path = written(tmp_path, "x,y", cells, LABELS)
    with pytest.raises(DataError, match=r"'abc' is not a number .*data.kinds=\{x: category\} or data.missing_values="):
        read(path)
    assert column_of(read(path, missing_values=("abc", "de")), "x").count(None) == 2


def test_strict_refuses_all_of_it(tmp_path: Path) -> None:
    gaps = [2 * i + 85 for i in range(ROWS)]
    for header, columns, match in (
        (",x,y", (gaps, NUMBERS, LABELS), "column 1 has no name"),
        ("x,y", (NUMBERS, [*LABELS[:-1], ""]), "the target is missing"),
        ("x,y", (NUMBERS, [*LABELS[:-1], "yse"]), "1 class with fewer than 3 rows"),
        ("x,y", ([*NUMBERS[:-1], "oops"], LABELS), "'oops' is not a number"),
    ):
        path = written(tmp_path, header, *columns)
        with pytest.raises(DataError, match=match):
            read(path, strict=True)
        read(path)


def test_labels_are_those_of_the_file(tmp_path: Path) -> None:
    data = read(written(tmp_path, "x,y", NUMBERS, LABELS))
    assert data.rows.target is not None
    assert as_text(data.rows.target).to_list() == LABELS


@pytest.mark.parametrize("name", ["*", "^x.*$"])
def test_a_name_that_is_a_pattern_is_refused(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"a,{name},y", NUMBERS, NUMBERS, LABELS)
    with pytest.raises(DataError, match=r"column 2 is named .*, which is read as a pattern; rename it"):
        read(path)


@pytest.mark.parametrize("name", ["count", "proportion", "split", "row", "pred", "prob_yes", "target", "index"])
def test_columns_may_be_called_as_ours_and_as_those_of_libraries(name: str, tmp_path: Path) -> None:
    wholes = [i % 5 for i in range(ROWS)]
    for target in (LABELS, wholes, NUMBERS):
        path = written(tmp_path, f"a,{name},b", NUMBERS, target, LABELS)
        assert prepare(CSV(path=path, target=name)).rows.target is not None
        assert name in column_names(prepare(CSV(path=path, target="b")))
