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


def test_strict_refuses_before_anything_is_written(houses: Path) -> None:
    with pytest.raises(DataError, match="column 1 has no name"):
        litmus.train(str(houses), target="price", overrides=[*QUICK, "data.strict=true"])
    assert [path.name for path in houses.parent.iterdir()] == ["houses.csv"]
