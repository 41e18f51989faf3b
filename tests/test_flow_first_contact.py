"""From a path and a target to a verdict on tables as users have them, by the public entry points."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import litmus
from litmus.errors import DataError

QUICK = ["trainer.max_epochs=30", "verdict.probes=off", "verdict.references=off"]


@pytest.fixture
def houses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Prices around 300,000 from rooms and area, under row names with gaps; three have no price."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    area = rng.uniform(40, 200, 300).round(1)
    rooms = rng.integers(1, 8, 300)
    price = (1500 * area + 20_000 * rooms + rng.normal(0, 5000, 300)).round()
    prices = ["NA" if i % 100 == 7 else f"{value:.0f}" for i, value in enumerate(price)]
    frame = pl.DataFrame({"": [3 * i + 1 for i in range(300)], "area": area, "rooms": rooms, "price": prices})
    frame.write_csv(tmp_path / "houses.csv")
    return tmp_path / "houses.csv"


def test_a_large_target_is_learned_without_any_setting_and_scored_in_its_own_unit(houses: Path) -> None:
    run = litmus.train(str(houses), target="price", overrides=QUICK)
    scores = run.metrics["test"]
    assert scores["r2"]["value"] > 0.9
    assert 3000 < scores["mae"]["value"] < 40_000
    assert not {finding.name for finding in run.verdict.findings} & {"unnormalised_target", "exploding_gradients"}


def test_the_run_is_restored_and_evaluated_on_the_file_that_it_was_trained_on(houses: Path) -> None:
    run = litmus.train(str(houses), target="price", overrides=QUICK)
    model = litmus.load(run.directory / "checkpoints" / "best.ckpt")
    predicted = model.predict(str(houses))
    assert len(predicted) == 300


def test_losses_of_counts_keep_the_targets_unit(houses: Path) -> None:
    frame = pl.read_csv(houses).select("area", pl.col("rooms").alias("y") + 20)
    run = litmus.train(frame, target="y", overrides=[*QUICK, "task=regression", "loss=poisson"])
    assert run.metrics["test"]["mae"]["value"] is not None


def firms(rows: int = 240) -> pl.DataFrame:
    """Firms in the order of the file, six rows each, in sectors whose codes have no order."""
    rng = np.random.default_rng(1)
    firm = np.repeat(np.arange(1, rows // 6 + 1), 6)
    sector = rng.integers(1, 7, rows)
    sales = np.array([0, 5, -5, 8, -8, 2, 1.0])[sector] + rng.normal(size=rows)
    codes = ["NA" if i % 50 == 3 else str(code) for i, code in enumerate(sector)]
    return pl.DataFrame({"firm": firm, "sector": codes, "staff": rng.normal(size=rows), "sales": sales})


def test_codes_and_numbers_of_groups_are_told_from_quantities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frame = firms()
    frame.write_csv("firms.csv")
    found = litmus.check("firms.csv", target="sales")
    assert found.columns is not None
    assert dict(found.columns.select("column", "kind").iter_rows()) | {"sales": ""} == {
        "firm": "id",
        "sector": "category",
        "staff": "number",
        "sales": "",
    }
    assert "whole numbers taken for codes of classes: 'sector'; for numbers set data.kinds={sector: number}" in repr(
        found
    )
    asked = litmus.check("firms.csv", target="sales", overrides=["data.kinds={sector: number, firm: number}"])
    assert asked.columns is not None
    assert set(asked.columns["kind"]) <= {"number", ""}


def test_codes_are_read_alike_in_new_rows_of_any_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frame = firms()
    frame.write_csv("firms.csv")
    model = litmus.load(litmus.train("firms.csv", target="sales", overrides=QUICK).directory)
    of_file = model.predict("firms.csv")
    numbers = frame.with_columns(pl.col("sector").replace("NA", None).cast(pl.Float64))
    assert np.allclose(model.predict(numbers)["pred"], of_file["pred"])


def test_strict_refuses_before_anything_is_written(houses: Path) -> None:
    with pytest.raises(DataError, match="column 1 has no name"):
        litmus.train(str(houses), target="price", overrides=[*QUICK, "data.strict=true"])
    assert [path.name for path in houses.parent.iterdir()] == ["houses.csv"]
