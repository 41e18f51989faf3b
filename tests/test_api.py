"""The commands as functions: the same answers as on the command line, from frames and arrays."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import litmus
from litmus.errors import CheckpointError, ConfigError, DataError, RunError

QUICK = {
    "trainer.max_epochs": 8,
    "verdict": {"probes": "off", "references": "off"},
    "logger": "csv",
    "model.hidden": [8],
}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"a": rng.normal(size=200).round(3), "kind": rng.choice(["x", "z"], 200)})
    rows["y"] = np.where(rows["a"] + (rows["kind"] == "x") + rng.normal(size=200) / 3 > 0.5, "yes", "no")
    return rows


@pytest.fixture
def run(frame):
    return litmus.train(frame, "y", overrides={**QUICK, "optimizer": {"lr": 0.05}})


def test_a_run_has_its_history_config_report_and_probabilities(frame, run):
    assert run.history.height == 8
    assert {"epoch", "train/loss", "val/loss"} <= set(run.history.columns)
    assert run.config["optimizer"]["lr"] == 0.05
    assert run.report.read_text().startswith("<!DOCTYPE html>")
    prob = run.predict_proba(frame)
    assert prob.shape == (200, 2)
    assert np.array_equal(run.predict(frame)["prob_yes"], prob[:, 1])


def test_a_run_has_its_figures_by_name(run, tmp_path):
    assert "loss" in dir(run.figures)
    assert "loss: " in repr(run.figures)
    run.figures.loss().savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_a_notebook_shows_a_run_once_and_all_of_it(run, capsys):
    html = run._repr_html_()
    assert html.count(run.verdict.summary.split(":")[0]) == 1
    assert str(run.directory) in html
    assert capsys.readouterr().out == ""


def test_evaluation_gives_the_figures_of_the_command(frame, run):
    own = litmus.evaluate(run)
    assert own.document["own_test"] is True
    assert own.metrics["accuracy"]["value"] == run.metrics["test"]["accuracy"]["value"]
    whole = litmus.evaluate(run, frame, against=run)
    assert whole.metrics["accuracy"]["n"] == 200
    assert whole.against["differences"]["accuracy"]["value"] == 0
    assert whole.verdict == whole.verdict.verdict
    assert not (run.directory / "evaluation.json").exists()


def test_predictions_come_from_a_run_a_model_or_a_word(frame, run):
    for model in (run, run.model, run.directory, "last"):
        assert litmus.predict(model, frame.head(3))["pred"].tolist() == run.predict(frame.head(3))["pred"].tolist()


def test_a_run_is_judged_again_by_other_criteria_and_keeps_its_own_verdict(run):
    stored = json.loads((run.directory / "verdict.json").read_text())
    assert litmus.judge(run).summary == stored["summary"]
    strict = litmus.judge(run, overrides={"criteria.accuracy": 0.999})
    assert {one.name: one.threshold for one in strict.criteria}["accuracy"] == 0.999
    assert json.loads((run.directory / "verdict.json").read_text()) == stored


def test_the_predictions_of_any_library_are_judged():
    x, y = load_breast_cancer(return_X_y=True)
    model = LogisticRegression(max_iter=5000).fit(x[:300], y[:300])
    verdict = litmus.judge(y[300:], model.predict(x[300:]), model.predict_proba(x[300:]))
    assert verdict == "adequate"
    assert "auroc" not in {one.name for one in verdict.unknown}
    assert litmus.judge(y[300:], 1 - y[300:]) == "inadequate"
    assert litmus.judge(pl.Series(["a", "b"] * 50), pd.Series(["a", "b"] * 50)).verdict == "adequate"
    rng = np.random.default_rng(0)
    assert litmus.judge(rng.normal(size=100), rng.normal(size=100)) == "inadequate"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (([0, 1, 0], [0, 1]), "y_true has 3, y_pred has 2 values"),
        (([0, 1, 2] * 20, [0, 1, 2] * 20, np.ones((60, 3)) / 3), "leave it out where there are more than two classes"),
        (([[0, 1], [1, 0]], [0, 1]), "y_true has shape"),
    ],
)
def test_predictions_that_do_not_fit_are_refused_in_a_line(values, message):
    with pytest.raises(DataError, match=message):
        litmus.judge(*values)


def test_a_check_says_what_the_command_says_and_leaves_nothing(frame, tmp_path):
    text = repr(litmus.check(frame, "y"))
    assert text.startswith("data: frame, 200 rows")
    assert "split" in text
    found = litmus.check(frame, "y")
    assert found.task == "binary"
    assert found.columns["column"].to_list() == ["a", "kind", "y"]
    assert found.splits["rows"].to_list() == [120, 40, 40]
    assert found.findings == ()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigError, match=r"optimizer\.lr"):
        litmus.check(frame, "y", overrides={"optimizer.lr": 0})


def test_a_sweep_has_a_leaderboard_and_a_best_run(frame, capfd):
    found = litmus.sweep(frame, "y", grid={"optimizer.lr": [1e-6, 0.1]}, overrides=QUICK)
    assert found.leaderboard["optimizer.lr"].to_list() == ["0.1", "1e-06"]
    assert found.best.config["optimizer"]["lr"] == 0.1
    assert capfd.readouterr().out == ""
    assert litmus.compare(found, found.best).equals(litmus.compare("last"))


def test_a_sweep_whose_job_fails_says_so(frame):
    with pytest.raises(RunError, match="1 of 2 jobs failed"):
        litmus.sweep(frame, "y", grid={"optimizer.lr": [1e30, 0.1]}, overrides=QUICK)


def test_a_config_is_composed_and_checked():
    assert litmus.compose({"optimizer": {"lr": 0.5}, "data.path": "x.csv"})["data"]["path"] == "x.csv"
    assert litmus.compose(["optimizer.lr=0.5"])["optimizer"]["lr"] == 0.5
    with pytest.raises(ConfigError, match=r"did you mean optimizer\.lr"):
        litmus.compose({"optimizer.rl": 0.5})


def test_a_package_of_ones_own_is_trusted_where_the_caller_says_so(tmp_path, monkeypatch):
    (tmp_path / "their_net.py").write_text("import torch\n\n\nclass Net(torch.nn.Linear):\n    pass\n")
    monkeypatch.setattr("litmus.config.targets._trusted", set())
    words = {"model": {"_target_": "their_net.Net", "in_features": 4, "out_features": 3}}
    with pytest.raises(ConfigError, match="trust a package of your own"):
        litmus.compose(words)
    assert litmus.compose(words, allow="their_net")["model"]["in_features"] == 4


def test_what_is_not_there_is_refused():
    with pytest.raises(CheckpointError, match="nowhere"):
        litmus.evaluate("nowhere")
    with pytest.raises(CheckpointError):
        litmus.compare("nowhere")


def test_a_fast_development_run_is_for_the_command_line(frame):
    with pytest.raises(ConfigError, match="nothing to return"):
        litmus.train(frame, "y", overrides={"trainer.fast_dev_run": True})


def test_every_name_of_the_package_is_there_and_can_be_called():
    for name in set(litmus.__all__) - {"__version__"}:
        assert callable(getattr(litmus, name)), name
