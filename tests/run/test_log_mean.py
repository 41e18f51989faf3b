"""Skewed amounts: the logarithm of their mean is learned where two small networks show that it pays."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import litmus
from litmus.config import RunConfig, to_plain
from litmus.config.composition import compose
from litmus.run import Predictor, Run, log_mean
from litmus.run.training import prepare_data

ROWS = 400


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch) -> None:
    monkeypatch.setattr(log_mean, "STEPS", 300)


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> dict[str, str]:
    """Skewed amounts that are a product of their inputs, and such that have nothing to do with them."""
    folder, rng = tmp_path_factory.mktemp("skewed"), np.random.default_rng(0)
    a, b = rng.normal(size=ROWS), rng.normal(size=ROWS)
    made = {
        "product": {"a": a, "b": b, "y": 900 * np.exp(1.3 * a + 0.8 * b + 0.1 * rng.normal(size=ROWS))},
        "noise": {"a": a, "b": b, "y": 500 * rng.lognormal(0, 1.4, ROWS)},
    }
    for name, columns in made.items():
        pl.DataFrame(columns).write_csv(folder / f"{name}.csv")
    return {name: str(folder / f"{name}.csv") for name in made}


def config(path: str, *words: str) -> RunConfig:
    known = [f"data.path={path}", "data.target=y", "trainer.max_epochs=2", "logger=csv", "verdict.probes=off"]
    return RunConfig(to_plain(compose([*known, *words])))


def test_a_product_is_learned_by_its_logarithm_and_pred_is_the_mean_in_the_targets_unit(tables, tmp_path):
    run = Run.build(config(tables["product"]), tmp_path / "run")
    assert run.predictor.loss.name == "poisson"
    (note,) = [note for note in run.notes if "logarithm" in note]
    assert "pred is the mean (loss=mse" in note
    fitted = run.fit().decide()
    split = fitted.data.splits["test"]
    found = fitted.predictor.predict(split, "test")
    restored = Predictor.restore(fitted.paths.best)
    assert restored.loss.name == "poisson"
    torch.testing.assert_close(restored.predict(split, "test").pred, found.pred, rtol=0, atol=0)
    most = float(fitted.predictor.task.in_unit(fitted.data.splits["train"].y).max())
    assert ((found.pred > 0) & (found.pred <= most * (1 + 1e-6))).all()
    assert np.corrcoef(found.pred, found.target)[0, 1] > 0


def test_squared_errors_stay_where_the_logarithm_gains_nothing(tables, tmp_path):
    run = Run.build(config(tables["noise"]), tmp_path / "run")
    assert run.data.spec.skewed_up_to is not None
    assert (run.predictor.loss.name, run.predictor.spec.skewed_up_to) == ("mse", None)
    assert not any("logarithm" in note for note in run.notes)


@pytest.mark.parametrize(
    "words", [("loss=mse",), ("model=linear",), ("data.normalize_target=true",), ("model.output_activation=sigmoid",)]
)
def test_nothing_is_tried_where_the_choice_is_the_users(tables, tmp_path, monkeypatch, words):
    monkeypatch.setattr(log_mean, "_error", None)
    assert Run.build(config(tables["product"], *words), tmp_path / "run").predictor.loss.name == "mse"


def test_it_is_tried_once_for_the_same_rows_and_leaves_the_random_state(tables, monkeypatch):
    errors = iter([1.0, 0.96])
    monkeypatch.setattr(log_mean, "_error", lambda *_: next(errors))
    data = prepare_data(config(tables["product"]))
    assert not log_mean.learns_log_mean(data)
    assert not log_mean.learns_log_mean(data)
    assert data.reseeded(3).log_mean is False
    monkeypatch.undo()
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    log_mean.learns_log_mean(prepare_data(config(tables["product"])))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.slow
def test_a_run_predicts_and_is_exported_in_the_targets_unit(tables, capsys):
    short = ["trainer.max_epochs=20", "verdict.probes=off", "logger=csv"]
    run = litmus.train(tables["product"], target="y", overrides=short)
    frame = pl.read_csv(tables["product"])
    pred = np.asarray(litmus.load(run.directory).predict(frame)["pred"])
    assert np.corrcoef(np.log(pred), np.log(frame["y"]))[0, 1] > 0.9
    assert pred.mean() == pytest.approx(frame["y"].mean(), rel=0.5)
    assert litmus.cli.main(["export", f"checkpoint={run.directory}"]) == 0
    assert "the same as the model on 67 random rows" in capsys.readouterr().out
    assert Path(run.directory, "model.onnx").exists()
