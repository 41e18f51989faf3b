"""Questions are asked once of the same data."""

import json

import numpy as np
import polars as pl
import pytest

import litmus

N = 700
LINES = ["trainer.max_epochs=3", "verdict.probes=off", "logger=csv"]


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    before = rng.gamma(4, size=N)
    change = rng.normal(size=N)
    noise = {f"x{j}": rng.normal(size=N) for j in range(3)}
    frame = pl.DataFrame({**noise, "before": before, "after": before + change, "y": np.where(change > 0, "up", "down")})
    path = tmp_path / "stocks.csv"
    frame.write_csv(path)
    return path


def question(table, *more):
    run = litmus.train(str(table), target="y", overrides=[*LINES, f"output_dir={table.parent / 'outputs'}", *more])
    return [(one.severity, one.accepted) for one in run.verdict.findings if one.name == "target_leakage"]


def test_an_answer_is_kept_by_data_and_column_and_not_asked_for_again(table):
    assert question(table) == [("question", False)]
    yes = "verdict.accept=[target_leakage:before,target_leakage:after]"
    assert question(table, yes) == [("question", True)]
    assert question(table) == [("question", True)]
    (answers,) = json.loads((table.parent / "outputs" / "answers.json").read_text()).values()
    assert answers == {"target_leakage:after": "accepted", "target_leakage:before": "accepted"}


def test_columns_left_out_after_the_question_are_an_error_when_they_come_back(table):
    assert question(table) == [("question", False)]
    assert question(table, "data.drop_columns=[before,after]") == []
    assert question(table) == [("error", False)]
