"""Preprocessing learns from train alone, comes back from its state, and has a meaning for what it has never seen."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from litmus.data.encoding.features import TablePreprocess
from litmus.data.preparation import Prepared, prepare
from litmus.data.sources.frame import Frame, table_of
from litmus.data.sources.table_files import CSV
from litmus.errors import DataError

N = 60
START = dt.date(2024, 1, 1)


def frame(n: int = N, **replaced: Any) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {
        "size": rng.normal(50, 9, n).round(3),
        "color": [("red", "green", "blue")[i % 3] for i in range(n)],
        "member": [i % 4 == 0 for i in range(n)],
        "day": [START + dt.timedelta(days=int(i)) for i in rng.permutation(n)],
        "y": [("no", "yes")[i % 2] for i in range(n)],
    }
    return pl.DataFrame({**columns, **replaced}, strict=False)


def made(data: pl.DataFrame | None = None, **keys: Any) -> Prepared:
    return prepare(Frame(frame=frame() if data is None else data, target="y", **keys))


def encode(prepared: Prepared, data: pl.DataFrame) -> torch.Tensor:
    assert isinstance(prepared.preprocess, TablePreprocess)
    return prepared.preprocess.encode(prepared.preprocess.rows_of(table_of(data), labelled=False))


def column(prepared: Prepared, x: torch.Tensor, name: str) -> list[float]:
    return x[:, prepared.spec.features.index(name)].tolist()


def test_standard_scaling_is_that_of_the_training_rows() -> None:
    data = made()
    train = frame()["size"].to_numpy()[data.splits["train"].rows.numpy()]
    expected = (frame()["size"].to_numpy() - train.mean()) / train.std()
    x = encode(data, frame())
    assert column(data, x, "size") == pytest.approx(expected, abs=1e-6)


def test_minmax_puts_the_training_rows_between_0_and_1() -> None:
    x = made(normalize="minmax").splits["train"].x[:, 0]
    assert (x.min().item(), x.max().item()) == (0.0, 1.0)


def test_none_leaves_numbers_as_they_are() -> None:
    data = made(normalize="none")
    assert column(data, encode(data, frame()), "size") == pytest.approx(frame()["size"].to_list(), rel=1e-6)


def test_the_columns_of_the_tensor_are_named() -> None:
    assert made().spec.features == (
        "size",
        "color=blue",
        "color=green",
        "color=red",
        "member",
        "day year",
        "day month",
        "day weekday",
        "day days",
    )


def test_a_change_in_held_out_rows_changes_nothing_that_is_learned() -> None:
    before = made()
    held_out = before.splits["test"].rows.tolist()
    sizes = frame()["size"].to_list()
    colors = frame()["color"].to_list()
    for row in held_out:
        sizes[row], colors[row] = 1e6, "purple"
    after = made(frame(size=sizes, color=colors))
    assert after.preprocess.state() == before.preprocess.state()


def test_the_state_survives_json_and_gives_equal_tensors() -> None:
    for keys in ({}, {"categories": "embed"}, {"normalize": "minmax", "impute": "most_frequent"}):
        data = made(**keys)
        restored = TablePreprocess.restore(json.loads(json.dumps(data.preprocess.state())))
        assert restored == data.preprocess
        assert torch.equal(restored.encode(data.rows), data.preprocess.encode(data.rows))


def test_an_unseen_category_is_all_zero() -> None:
    data = made()
    x = encode(data, frame(color=["purple"] * N))
    assert not any(sum(column(data, x, f"color={color}")) for color in ("red", "green", "blue"))


def test_a_missing_category_has_its_own_level_where_training_had_one() -> None:
    data = made(frame(color=[None if i % 5 == 0 else "red" for i in range(N)]))
    x = encode(data, frame(color=[None] * N))
    assert column(data, x, "color=(missing)") == [1.0] * N


def test_embedded_categories_are_codes_in_the_last_columns() -> None:
    data = made(categories="embed")
    assert data.spec.cardinalities == (4,)
    assert data.spec.features[-1] == "color"
    x = encode(data, frame(color=["purple"] * 30 + ["red"] * 30))
    assert x[:, -1].tolist() == [0.0] * 30 + [3.0] * 30


def test_auto_embeds_only_categories_of_many_levels() -> None:
    assert made(categories="auto").spec.cardinalities == ()
    wide = frame(600, color=[f"c{i % 30}" for i in range(600)])
    assert made(wide, categories="auto").spec.cardinalities == (31,)


def many_levels() -> pl.DataFrame:
    """150 levels of ten rows each, and 60 that occur once."""
    return frame(1560, color=[f"c{i % 150}" if i < 1500 else f"once{i}" for i in range(1560)])


def test_auto_gives_a_code_to_every_level_that_two_training_rows_have() -> None:
    data = made(many_levels(), categories="auto")
    assert data.spec.cardinalities == (152,)  # unseen, 150 levels, and the one that all others share
    (color,) = [column for column in data.preprocess.columns if column.name == "color"]
    assert all(level.startswith("once") for level in color.rest)


@pytest.mark.parametrize(("keys", "codes"), [({"categories": "embed"}, 102), ({"max_levels": 60}, 62)])
def test_how_many_levels_are_kept_is_as_asked(keys, codes) -> None:
    assert made(many_levels(), **{"categories": "auto", **keys}).spec.cardinalities == (codes,)


def test_one_column_a_level_ends_at_100() -> None:
    assert sum(name.startswith("color=") for name in made(many_levels()).spec.features) == 101


def test_rare_levels_share_one() -> None:
    wide = frame(600, color=[f"c{min(i % 30, 5 + i % 2)}" if i % 20 else f"r{i}" for i in range(600)])
    data = made(wide, max_levels=3)
    assert "color=(other)" in data.spec.features
    assert sum(name.startswith("color=") for name in data.spec.features) == 4
    x = data.splits["train"].x
    names = [i for i, name in enumerate(data.spec.features) if name.startswith("color=")]
    assert (x[:, names].sum(dim=1) == 1).all()


@pytest.mark.parametrize(
    ("impute", "expected"),
    [("auto", "median"), ("median", "median"), ("mean", "mean"), ("most_frequent", "mode")],
)
def test_missing_numbers_are_filled_from_the_training_rows(impute: str, expected: str) -> None:
    sizes = [None if i % 6 == 0 else float(i % 7) for i in range(N)]
    data = made(frame(size=sizes), impute=impute, normalize="none")
    train = [sizes[row] for row in data.splits["train"].rows.tolist() if sizes[row] is not None]
    fill = {"median": np.median(train), "mean": np.mean(train), "mode": pl.Series(train).mode().sort()[0]}[expected]
    assert column(data, encode(data, frame(size=[None] * N)), "size") == pytest.approx([fill] * N)


def test_missing_dates_and_booleans_are_filled() -> None:
    data = made(normalize="none")
    x = encode(data, frame(day=[None] * N, member=[None] * N))
    assert column(data, x, "member") == [0.0] * N
    assert len(set(column(data, x, "day days"))) == 1


def test_dates_become_parts_and_hours_go_round() -> None:
    moments = [dt.datetime(2024, 3, 4, i % 24) + dt.timedelta(days=i) for i in range(N)]
    data = made(frame(day=moments), normalize="none")
    x = encode(data, frame(day=moments))
    assert column(data, x, "day weekday")[:3] == [1.0, 2.0, 3.0]
    assert column(data, x, "day month")[0] == 3.0
    assert column(data, x, "day hour sin")[6] == pytest.approx(1.0)
    assert column(data, x, "day hour cos")[12] == pytest.approx(-1.0)


def test_columns_may_come_in_any_order_with_others_between() -> None:
    data = made()
    shuffled = frame().select("y", "day", "color", pl.lit(1).alias("extra"), "member", "size")
    assert torch.equal(encode(data, shuffled), encode(data, frame()))


def test_other_types_of_the_same_values_are_read_alike() -> None:
    data = made()
    text = frame().with_columns(pl.col("size", "day", "member").cast(pl.String))
    assert torch.equal(encode(data, text), encode(data, frame()))
    ones = frame().with_columns(pl.col("member").cast(pl.Int64))
    assert torch.equal(encode(data, ones), encode(data, frame()))


def test_missing_columns_are_named_in_one_line() -> None:
    with pytest.raises(DataError, match="missing: size, color; add them"):
        encode(made(), frame().drop("size", "color"))


def test_text_in_a_number_column_names_its_row() -> None:
    text = frame().with_columns(pl.col("size").cast(pl.String))
    text[7, "size"] = "tall"
    with pytest.raises(DataError, match="row 7, column 'size': 'tall' is not a number"):
        encode(made(), text)


def test_a_value_beyond_float32_after_scaling_is_refused() -> None:
    data = made(frame(size=[1e-9 * (i % 7) for i in range(N)]))
    with pytest.raises(DataError, match=r"row 0, column 'size': after scaling by .* does not fit into float32"):
        encode(data, frame(size=[1e35] * N))


def test_a_labelled_file_is_read_with_its_target(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    frame(7).write_csv(path)
    data = made()
    rows = data.preprocess.read(str(path), labelled=True)
    assert data.coder.encode(rows.target).tolist() == [0, 1, 0, 1, 0, 1, 0]
    frame(7).drop("y").write_csv(path)
    assert data.preprocess.read(str(path), labelled=False).target is None
    with pytest.raises(DataError, match="target=y: no such column"):
        data.preprocess.read(str(path), labelled=True)


def test_a_labelled_file_is_read_with_decimal_commas_and_its_times_in_order(tmp_path: Path) -> None:
    lines = [f"{i},5;{i % 28 + 1}.{i // 28 + 1}.2023;{i % 7},25" for i in range(N)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["x;day;y", *lines, ""]))
    data = prepare(CSV(path=str(path), target="y", time="day", split="time", delimiter="semicolon", decimal="comma"))
    rows = data.preprocess.read(str(path), labelled=True)
    assert data.coder.encode(rows.target).tolist() == [i % 7 + 0.25 for i in range(N)]
    assert rows.time is not None
    assert rows.time.is_sorted()


def test_a_model_of_a_csv_reads_parquet_too(tmp_path: Path) -> None:
    frame().write_csv(tmp_path / "a.csv")
    frame().write_parquet(tmp_path / "a.parquet")
    data = prepare(CSV(path=str(tmp_path / "a.csv"), target="y"))
    tables = [data.preprocess.read(str(tmp_path / name), labelled=True) for name in ("a.csv", "a.parquet")]
    assert torch.equal(*(data.preprocess.encode(table) for table in tables))


def test_the_exported_module_equals_the_encoding() -> None:
    data = made(frame().select("size", "member", "y"))
    module = data.preprocess.module()
    assert module is not None
    raw = torch.tensor([[51.5, 1.0], [float("nan"), float("nan")], [1e6, 0.0]])
    same = encode(data, pl.DataFrame({"size": [51.5, None, 1e6], "member": [True, None, False]}))
    assert torch.allclose(module(raw), same, rtol=1e-6)
    assert made().preprocess.module() is None


def test_a_standardised_target_has_mean_0_and_sd_1_on_train() -> None:
    values = np.random.default_rng(0).normal(1000, 50, N)
    data = made(frame(y=values), normalize_target=True)
    y = data.splits["train"].y
    assert y.mean().item() == pytest.approx(0, abs=1e-5)
    assert y.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    back = data.splits["test"].y * data.spec.target_sd + data.spec.target_mean
    assert back.tolist() == pytest.approx(values[data.splits["test"].rows.numpy()].tolist(), rel=1e-5)


def test_a_pandas_frame_gives_the_same_as_a_polars_frame() -> None:
    pandas = pytest.importorskip("pandas")
    plain = frame(size=[None if i == 3 else float(i % 9) for i in range(N)], color=[None, "a"] * 30)
    other = pandas.DataFrame({name: plain[name].to_list() for name in plain.columns})
    other["day"] = pandas.to_datetime(other["day"])
    assert torch.equal(made(other).splits["train"].x, made(plain).splits["train"].x)


def test_a_long_tail_is_drawn_in_and_other_columns_stay_as_they_are() -> None:
    rng = np.random.default_rng(0)
    tail, plain = np.exp(2 * rng.normal(size=400)), rng.normal(size=400)
    table = pl.DataFrame({"tail": tail, "plain": plain, "y": rng.normal(size=400)})
    x = {
        rule: prepare(Frame(frame=table, target="y", normalize=rule)).splits["train"].x for rule in ("auto", "standard")
    }
    assert x["standard"][:, 0].abs().max() > 8
    assert x["auto"][:, 0].abs().max() < 5
    assert torch.equal(x["auto"][:, 1], x["standard"][:, 1])
    assert torch.equal(x["auto"][:, 0].argsort(), x["standard"][:, 0].argsort())


def test_the_model_is_told_where_numbers_were_missing_and_exports_compute_the_same() -> None:
    rng = np.random.default_rng(0)
    tail, gaps = np.exp(2 * rng.normal(size=400)), rng.normal(size=400)
    table = pl.DataFrame({"tail": tail, "gaps": gaps, "y": rng.normal(size=400)})
    table = table.with_columns(gaps=pl.when(pl.int_range(400) % 9 == 0).then(None).otherwise("gaps"))
    data = made(table, normalize="auto")
    assert data.spec.features == ("tail", "gaps", "gaps=(missing)")
    raw = torch.from_numpy(table.select("tail", "gaps").to_numpy()[data.splits["train"].rows.numpy()])
    assert torch.equal(data.splits["train"].x[:, 2].bool(), raw[:, 1].isnan())
    torch.testing.assert_close(data.preprocess.module()(raw), data.splits["train"].x, rtol=0, atol=1e-6)
    again = TablePreprocess.restore(data.preprocess.state())
    assert again.columns == data.preprocess.columns
