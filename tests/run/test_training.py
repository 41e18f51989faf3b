"""A run from its parts: what is built, fitted, decided, kept and restored."""

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from litmus.config import RunConfig, to_plain
from litmus.config.composition import compose
from litmus.engine import checkpoint as files
from litmus.errors import ConfigError, InterruptedRun
from litmus.run import Paths, Predictor, Run, write_status
from litmus.run.checks import check_rows
from litmus.run.observe import count_test, observe
from litmus.run.status import read_status
from litmus.run.training import prepare_data

EXPERIMENTS = sorted(path.stem for path in (Path(__file__).parents[2] / "conf" / "experiment").glob("*.yaml"))


def config(*words: str) -> RunConfig:
    rows = [] if any(word.startswith("data=") for word in words) else ["data=circles", "data.n_samples=200"]
    return RunConfig(to_plain(compose([*rows, "trainer.max_epochs=4", "logger=csv", *words])))


def fitted(directory, *words: str) -> Run:
    return Run.build(config(*words), directory).fit().decide()


def test_building_writes_nothing(tmp_path):
    Run.build(config(), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_checkpoint_alone_predicts_the_same(tmp_path):
    run = fitted(tmp_path / "run", "task.threshold=tuned")
    restored = Predictor.restore(run.paths.best)
    split = run.data.splits["test"]
    ours, theirs = run.predictor.predict(split, "test"), restored.predict(split, "test")
    torch.testing.assert_close(ours.prob, theirs.prob, rtol=0, atol=0)
    assert ours.pred.tolist() == theirs.pred.tolist()
    assert restored.threshold == run.predictor.threshold != 0.5
    assert restored.spec == run.predictor.spec


def test_the_last_checkpoint_predicts_with_the_best_weights_so_far(tmp_path):
    run = fitted(tmp_path / "run", "optimizer.lr=0.3", "trainer.max_epochs=12")
    assert run.checkpoint.best_epoch < 11
    best, last = Predictor.restore(run.paths.best), Predictor.restore(run.paths.last)
    x = run.data.splits["val"].x
    torch.testing.assert_close(best.outputs(x), last.outputs(x), rtol=0, atol=0)


def test_last_weights_are_kept_where_they_are_asked_for(tmp_path):
    words = ("optimizer.lr=0.3", "trainer.max_epochs=12")
    best = fitted(tmp_path / "best", *words)
    last = fitted(tmp_path / "last", *words, "callback.checkpoint.use=last")
    assert last.checkpoint.best_epoch == 11
    final = files.load(last.paths.last)["state_dict"]
    torch.testing.assert_close(last.learner.state_dict(), final, rtol=0, atol=0)
    assert best.monitored == pytest.approx(min(best.learner.curves.values["val/loss"].values()), rel=1e-6)


def test_the_same_seed_gives_the_same_run_and_another_seed_another(tmp_path):
    weights = [
        torch.cat([p.flatten() for p in fitted(tmp_path / str(i), f"seed={seed}").learner.parameters()])
        for i, seed in enumerate([1, 1, 2])
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_loss_that_is_not_finite_is_found_where_it_began(tmp_path):
    built = Run.build(config("data=diabetes", "model=linear", "optimizer=sgd", "optimizer.lr=1e9"), tmp_path / "run")
    run = built.fit()
    assert run.non_finite is not None
    assert run.non_finite.where == "loss"
    assert run.non_finite.epoch == 0
    batch = next(i for i, loss in enumerate(run.learner.curves.batch_losses) if not math.isfinite(loss))
    assert run.non_finite.step == batch + 1


def test_a_monitor_that_the_task_lacks_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(ConfigError, match=r"monitor: 'val/rmsee'.*regression.*val/rmse"):
        Run.build(config("data=diabetes", "monitor=val/rmsee"), tmp_path)


def test_a_model_for_numbers_is_refused_on_texts(tmp_path):
    with pytest.raises(ConfigError, match="use model=text"):
        Run.build(config("data=notes", "model=mlp"), tmp_path)


def test_evidence_holds_every_split_and_metric(tmp_path):
    run = fitted(tmp_path / "run")
    evidence, predictions = observe(run, test=True, checked=check_rows(run, test=True))
    assert set(evidence.scores) == set(predictions) == {"train", "val", "test"}
    names = {metric.name for metric in run.predictor.task.metrics}
    assert all(set(scores) == names for scores in evidence.scores.values())
    assert evidence.scored == "test"
    assert evidence.fit.epochs == 4
    assert evidence.fit.steps == 4 * math.ceil(120 / 32)
    assert len(evidence.history["val/loss"]) == 4
    assert [layer.width for layer in evidence.layers] == [64, 64, 1]
    assert all(len(layer.gradient) == len(evidence.fit.recorded) for layer in evidence.layers)
    assert evidence.fit.chance_loss == pytest.approx(math.log(2), abs=1e-3)
    assert evidence.fit.batch_label_entropy == pytest.approx(1, abs=0.05)
    assert not evidence.model.linear


def test_test_is_left_alone_where_it_is_not_asked_for(tmp_path):
    run = fitted(tmp_path / "run")
    evidence, predictions = observe(run, test=False, checked=check_rows(run, test=True))
    assert evidence.scored == "val"
    assert "test" not in predictions
    assert count_test(run, evidence).test_reads == 0
    assert not (tmp_path / "outputs").exists()


def test_every_reading_of_a_test_split_is_counted(tmp_path):
    run = fitted(tmp_path / "run")
    evidence, _ = observe(run, test=True, checked=check_rows(run, test=True))
    assert [count_test(run, evidence).test_reads for _ in range(3)] == [1, 2, 3]
    ledger = json.loads((tmp_path / "outputs/test_ledger.json").read_text())
    assert list(ledger.values()) == [3]


@pytest.mark.parametrize(("activation", "linear"), [("none", True), ("relu", False)])
def test_linearity_is_tried_not_read(tmp_path, activation, linear):
    run = fitted(tmp_path / "run", f"model.activation={activation}")
    evidence, _ = observe(run, test=False, checked=check_rows(run, test=True))
    assert evidence.model.linear is linear


def test_a_status_is_read_back_where_there_is_one(tmp_path):
    paths = Paths(tmp_path)
    assert read_status(paths) is None
    write_status(paths, "running")
    assert read_status(paths) == "running"
    write_status(paths, "finished")
    assert read_status(paths) == "finished"


def test_status_keeps_when_it_began(tmp_path):
    paths = Paths(tmp_path)
    write_status(paths, "running")
    began = json.loads(paths.status.read_text())
    write_status(paths, "failed", reason="it broke")
    ended = json.loads(paths.status.read_text())
    assert began["ended"] is None
    assert ended["started"] == began["started"]
    assert (ended["status"], ended["reason"]) == ("failed", "it broke")
    assert list(tmp_path.iterdir()) == [paths.status]


@pytest.mark.parametrize("batch", [20, 46], ids=["mid-epoch", "epoch's end"])
def test_a_run_on_rows_in_pieces_resumes_to_the_same_whatever_memory_there_is_then(tmp_path, monkeypatch, batch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, 4))
    file = tmp_path / "t.parquet"
    pl.DataFrame({**{f"x{i}": x[:, i] for i in range(4)}, "y": (x[:, 0] > 0).astype(int)}).write_parquet(file)
    words = ["data=parquet", f"data.path={file}", "data.target=y", "data.batch_size=256", "model.hidden=[4]"]

    def build(name, memory):
        more = [f"data.memory={memory}", "trainer.max_epochs=3", "logger=null"]
        return Run.build(RunConfig(to_plain(compose([*words, *more]))), tmp_path / name)

    whole, first = build("whole", 1), build("cut", 1)
    assert whole.data.train_dataloader().window is not None
    whole.fit()
    step = type(first.learner).training_step

    def interrupted(learner, given, index=0):
        if learner.trainer.current_epoch == 1 and index == batch:
            first.checkpoint.signal = 15
        return step(learner, given, index)

    with monkeypatch.context() as patch:
        patch.setattr(type(first.learner), "training_step", interrupted)
        with pytest.raises(InterruptedRun, match="resume"):
            first.fit()
    second = build("cut", "auto")
    assert second.data.splits["train"].window is None
    second.fit(resume=second.paths.last)
    for one, two in zip(whole.learner.parameters(), second.learner.parameters(), strict=True):
        assert torch.equal(one, two)


@pytest.fixture
def towns(tmp_path):
    """A table whose category has 40 levels."""
    numbers = np.random.default_rng(0).normal(size=400)
    path = tmp_path / "towns.csv"
    pl.DataFrame({"town": [f"t{row % 40}" for row in range(400)], "y": numbers}).write_csv(path)
    return f"data.path={path}"


def test_a_users_table_has_codes_where_levels_are_many(towns):
    assert prepare_data(config("data=csv", towns, "data.target=y")).spec.cardinalities == (41,)


def test_a_model_that_is_not_told_of_codes_gets_one_column_a_level(towns):
    data = prepare_data(config("data=csv", towns, "data.target=y", "model._target_=torch.nn.Linear"))
    assert (data.spec.cardinalities, data.spec.in_shape) == ((), (40,))


def test_experiments_are_read_as_before_tables_of_users_had_defaults_of_their_own():
    chosen = {name: RunConfig(to_plain(compose([f"experiment={name}"]))).data.node for name in EXPERIMENTS}
    assert {key: [name for name, node in chosen.items() if key in node] for key in ("categories", "max_levels")} == {
        "categories": [],
        "max_levels": [],
    }
