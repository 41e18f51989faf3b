"""Runs from the command line to the last file: what each kind leaves behind, and how the others end."""

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from omegaconf import OmegaConf
from sklearn import metrics as sk

import litmus.commands.train
import litmus.data.sources.table_files
import litmus.run.log_mean
from litmus.cli import main
from litmus.config import RunConfig, read, to_plain
from litmus.evidence import Evidence
from litmus.report.progress import Progress
from litmus.run.predictor import stored_spec
from litmus.verdict.answers import WORDS

QUICK = ("verdict.probes=off", "logger=csv")
FILES = {
    *(".hydra/config.yaml", ".hydra/hydra.yaml", ".hydra/overrides.yaml", "config.yaml", "status.json", "log.txt"),
    *("checkpoints/best.ckpt", "checkpoints/last.ckpt", "history.csv", "metrics.json", "evidence.json"),
    *("report.html", "predictions.csv", "provenance.json", "verdict.json"),
}
ASIDE = {"per_class", "averages", "confusion"}
SCORE = {"value", "low", "high", "n", "baseline"}
LABELS = ["accuracy", "precision", "recall", "f1", "auroc", "average_precision", "balanced_accuracy", "mcc"]
LABELS += ["specificity"]
METRICS = {
    "binary": {*LABELS, "log_loss", "brier", "ece"},
    "multiclass": {*LABELS, "log_loss", "brier", "ece"},
    "regression": {"mse", "rmse", "mae", "r2"},
}
CRITERION = {
    "name",
    "value",
    "low",
    "high",
    "threshold",
    "baseline",
    "n",
    "votes",
    "stated",
    "higher_is_better",
    "status",
}
FINDING = {"name", "severity", "summary", "evidence", "overrides", "choices", "tried", "consequence_of", "accepted"}


def train(place: Path, *words: str) -> int:
    return main(["train", f"output_dir={place}", "name=run", *words])


def load(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def only(place: Path) -> Path:
    (found,) = (place / "run").iterdir()
    return found


@pytest.fixture(scope="module")
def runs(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One tiny run for each kind of target, of rows, pictures and texts, with all that a run leaves."""
    place = tmp_path_factory.mktemp("runs")
    kinds = {
        "binary": (f"data.path={shop}", "data.target=bought", "verdict.budget=1", "trainer.max_epochs=5"),
        "multiclass": ("data=digits", "data.max_rows=300", "model=cnn", "trainer.max_epochs=2", *QUICK),
        "regression": ("data=diabetes", "data.normalize_target=true", "trainer.max_epochs=3", *QUICK),
    }
    for kind, words in kinds.items():
        assert train(place / kind, *words) == 0
    return {kind: only(place / kind) for kind in kinds}


@pytest.fixture(params=["binary", "multiclass", "regression"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def run(runs: dict[str, Path], kind: str) -> Path:
    return runs[kind]


def test_a_run_leaves_these_files_and_no_others(run, kind):
    found = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    events = {name for name in found if name.startswith("events.out.tfevents.")}
    assert found - events == FILES
    assert len(events) == (1 if kind == "binary" else 0)


def test_history_has_a_row_an_epoch_and_nothing_of_test(run, kind):
    history = pl.read_csv(run / "history.csv")
    assert history.columns[:2] == ["epoch", "step"]
    assert history["epoch"].to_list() == list(range(len(history)))
    assert history["step"].is_sorted()
    logged = {f"{split}/{name}" for split in ("train", "val") for name in (*METRICS[kind], "loss")}
    assert set(history.columns[2:]) == logged


def test_metrics_hold_every_score_with_its_interval_rows_and_baseline(run, kind):
    found = load(run / "metrics.json")
    assert set(found) == {"val", "test", "threshold"}
    assert (found["threshold"] is None) is (kind != "binary")
    for split in ("val", "test"):
        scores = {name: score for name, score in found[split].items() if name not in ASIDE}
        assert set(scores) == METRICS[kind]
        assert all(set(score) == SCORE for score in scores.values())
        for score in scores.values():
            assert score["n"] > 0
            assert score["low"] is None or score["low"] <= score["value"] <= score["high"]
        if kind == "regression":
            assert set(found[split]) == METRICS[kind]
            continue
        assert set(found[split]) == METRICS[kind] | ASIDE
        labels = found[split]["confusion"]["labels"]
        assert set(found[split]["per_class"]) == set(labels)
        assert all(set(score) == SCORE for by in found[split]["per_class"].values() for score in by.values())
        matrix = found[split]["confusion"]["matrix"]
        assert [len(row) for row in matrix] == [len(labels)] * len(labels)
        assert sum(map(sum, matrix)) == scores["accuracy"]["n"]


def test_predictions_give_the_scores_that_metrics_tell(run, kind):
    predicted, told = pl.read_csv(run / "predictions.csv", infer_schema_length=None), load(run / "metrics.json")
    assert predicted.columns[:4] == ["row", "split", "target", "pred"]
    assert predicted["split"].unique(maintain_order=True).to_list() == ["val", "test"]
    assert predicted["row"].n_unique() == len(predicted)
    for split in ("val", "test"):
        part = predicted.filter(pl.col("split") == split)
        true, pred = part["target"].to_list(), part["pred"].to_list()
        if kind == "regression":
            assert told[split]["r2"]["value"] == pytest.approx(sk.r2_score(true, pred), abs=1e-6)
            continue
        assert told[split]["accuracy"]["value"] == pytest.approx(sk.accuracy_score(true, pred), abs=1e-6)
        weighted = sk.precision_recall_fscore_support(true, pred, average="weighted", zero_division=0)
        assert list(told[split]["averages"]["weighted"].values()) == pytest.approx(weighted[:3], abs=1e-6)
        labels = told[split]["confusion"]["labels"]
        assert predicted.columns[4:] == [f"prob_{label}" for label in labels]
        assert (
            told[split]["confusion"]["matrix"]
            == sk.confusion_matrix(list(map(str, true)), list(map(str, pred)), labels=labels).tolist()
        )
        assert part.select(pl.sum_horizontal(predicted.columns[4:])).to_series().to_list() == pytest.approx(
            [1.0] * len(part)
        )


def test_predictions_name_the_rows_of_the_file(runs, shop):
    frame = pl.read_csv(shop)
    for row, target in pl.read_csv(runs["binary"] / "predictions.csv").select("row", "target").iter_rows():
        assert frame["bought"][row] == target


def test_the_verdict_has_its_keys(run):
    found = load(run / "verdict.json")
    keys = {"verdict", "summary", "split", "rows_needed", "criteria", "findings", "headroom", "unknown"}
    assert set(found) == keys
    assert found["verdict"] in {"adequate", "limited", "inadequate", "undetermined"}
    assert found["split"] == "test"
    lines = found["summary"].splitlines()
    assert 1 <= len(lines) <= 3
    assert all(line.endswith(".") for line in lines)
    assert found["criteria"]
    assert all(set(one) >= CRITERION and one["status"] in {"pass", "fail", "open"} for one in found["criteria"])
    assert all(set(one) == FINDING for one in found["findings"])
    assert all(one["severity"] in {"error", "warning", "question", "info"} for one in found["findings"])
    assert all(set(one) == {"name", "reason"} for one in found["unknown"])


def test_evidence_alone_gives_the_verdict_again(run):
    evidence = Evidence.from_json((run / "evidence.json").read_text(encoding="utf-8"))
    again = litmus.commands.train.judged(RunConfig(to_plain(read(run / "config.yaml"))), evidence)
    assert json.loads(again.to_json()) == load(run / "verdict.json")


def test_provenance_says_what_it_takes_to_make_the_run_again(run, kind):
    found = load(run / "provenance.json")
    assert set(found) >= {"command", "overrides", "git", "packages", "hardware", "seeds", "data"}
    assert found["command"][:2] == ["litmus", "train"]
    assert "name=run" in found["overrides"]
    assert set(found["git"]) == {"commit", "dirty"}
    assert found["packages"]["torch"]
    assert found["seeds"] == [42]
    assert set(found["data"]) == {"path", "sha256", "rows"}
    assert found["data"]["rows"] == {"binary": 300, "multiclass": 1797, "regression": 442}[kind]


def test_status_and_config_tell_a_finished_run_by_its_resolved_keys(run):
    status = load(run / "status.json")
    assert set(status) == {"status", "started", "ended", "reason"}
    assert (status["status"], status["reason"]) == ("finished", None)
    assert status["started"] <= status["ended"]
    stored = OmegaConf.load(run / "config.yaml")
    assert OmegaConf.to_container(stored, resolve=True) == OmegaConf.to_container(stored, resolve=False)
    assert stored.name == "run"
    assert "hydra" not in stored


def test_the_test_split_is_read_once(runs):
    for run in runs.values():
        ledger = load(run.parents[1] / "test_ledger.json")
        assert list(ledger.values()) == [1]
        assert load(run / "evidence.json")["test_reads"] == 1


def test_test_is_left_alone_where_it_is_not_wanted(tmp_path):
    assert train(tmp_path / "o", "data=iris", "trainer.max_epochs=2", "test=false", *QUICK) == 0
    run = only(tmp_path / "o")
    assert set(load(run / "metrics.json")) == {"val", "threshold"}
    assert load(run / "verdict.json")["split"] == "val"
    assert pl.read_csv(run / "predictions.csv")["split"].unique().to_list() == ["val"]
    assert not (tmp_path / "o" / "test_ledger.json").exists()


def test_a_loss_that_is_not_finite_fails_the_run_with_its_verdict_written(tmp_path, capsys):
    words = ("data=diabetes", "model=linear", "optimizer=sgd", "optimizer.lr=1e9", "trainer.max_epochs=3")
    assert train(tmp_path, *words, *QUICK) == 1
    run = only(tmp_path)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert str(run) in line
    assert "not finite from epoch 0" in line
    verdict = load(run / "verdict.json")
    assert verdict["verdict"] == "inadequate"
    assert verdict["findings"][0]["name"] == "non_finite"
    assert load(run / "status.json")["status"] == "failed"
    assert FILES - {"checkpoints/last.ckpt"} <= {str(path.relative_to(run)) for path in run.rglob("*")}


@pytest.mark.parametrize(("wanted", "status"), [*((word, 3) for word in list(WORDS)[1:]), ("null", 0)])
def test_fail_on_turns_the_verdict_into_a_status(tmp_path, capsys, wanted, status):
    words = ("data=noise", "data.n_samples=200", "trainer.max_epochs=1", f"fail_on={wanted}")
    assert train(tmp_path, *words, *QUICK) == status
    assert load(only(tmp_path) / "verdict.json")["verdict"] == "inadequate"
    assert load(only(tmp_path) / "status.json")["status"] == "finished"
    predicted = capsys.readouterr().err
    assert predicted == (f"error: fail_on={wanted}: the verdict is inadequate\n" if status else "")


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    """A table in which every row stands three times."""
    import numpy as np

    x = np.random.default_rng(0).normal(size=(100, 4))
    rows = [",".join([*(f"{value:.6f}" for value in row), "ab"[int(row.sum() > 0)]]) for row in x]
    path = tmp_path / "leaky.csv"
    path.write_text("\n".join(["p,q,r,s,y", *rows * 3, ""]))
    return path


def test_leaks_stop_the_run_where_that_is_asked(tmp_path, leaky, capsys):
    words = (f"data.path={leaky}", "data.target=y", "trainer.max_epochs=1", *QUICK)
    assert train(tmp_path / "o", *words, "data.checks=stop") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {leaky}: train_test_leakage: ")
    assert "data.dedupe=true" in line
    assert len(line) <= 300
    assert not (tmp_path / "o").exists()
    assert train(tmp_path / "o", *words, "data.checks=stop", "verdict.accept=[train_test_leakage]") == 0
    assert train(tmp_path / "o", *words, "data.checks=stop", "data.dedupe=true") == 0


@pytest.fixture
def struck(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Lets a signal arrive at the end of an epoch."""

    def strike(number: int, epoch: int) -> None:
        update = Progress.update

        def struck(self: Progress, now: int, monitor: float, loss: float) -> None:
            update(self, now, monitor, loss)
            if now == epoch:
                os.kill(os.getpid(), number)

        monkeypatch.setattr(Progress, "update", struck)

    return strike


def test_a_run_goes_on_with_the_loop_that_has_trained_it(tmp_path, struck, monkeypatch):
    struck(signal.SIGINT, 2)
    train(tmp_path, "data=iris", "trainer.max_epochs=4", *QUICK)
    monkeypatch.undo()
    run = only(tmp_path)
    known = load(run / "provenance.json")
    assert known["engine"] == "lean"
    (run / "provenance.json").write_text(json.dumps(known | {"engine": "stock"}))
    assert main(["train", f"resume={run}"]) == 0
    assert load(run / "provenance.json")["engine"] == "stock"
    assert re.findall(r"loop: (\w+)", (run / "log.txt").read_text()) == ["lean", "stock"]
    assert "loop: stock" not in (run / "config.yaml").read_text()  # or its settings would differ from its siblings'


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_saved_and_goes_on_to_the_same_end(tmp_path, capsys, monkeypatch, struck, number):
    words = ("data=iris", "trainer.max_epochs=6", *QUICK)
    assert train(tmp_path / "whole", *words) == 0
    struck(number, 2)
    assert train(tmp_path / "cut", *words) == 128 + number
    run = only(tmp_path / "cut")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert f"resume={run}" in line
    assert load(run / "status.json")["status"] == "interrupted"
    assert not (run / "metrics.json").exists()
    monkeypatch.undo()
    assert main(["train", f"resume={run}"]) == 0
    assert load(run / "status.json")["status"] == "finished"
    whole = only(tmp_path / "whole")
    for name in ("history.csv", "predictions.csv", "metrics.json"):
        assert (run / name).read_text() == (whole / name).read_text()


@pytest.mark.parametrize("chosen", [True, False])
def test_a_run_goes_on_with_the_loss_and_the_networks_that_it_began_with(tmp_path, struck, monkeypatch, chosen):
    amounts = np.random.default_rng(0).lognormal(3, 1.8, 120).round(2)
    rows = "".join(f"{i % 7},{amount}\n" for i, amount in enumerate(amounts))
    (tmp_path / "t.csv").write_text("b,y\n" + rows)
    monkeypatch.setattr(litmus.run.log_mean, "_is_better", lambda data: chosen)
    words = (f"data.path={tmp_path / 't.csv'}", "data.target=y", "trainer.max_epochs=4", *QUICK)
    struck(signal.SIGINT, 2)
    train(tmp_path / "runs", *words)
    monkeypatch.undo()
    run = only(tmp_path / "runs")
    begun = stored_spec(run / "checkpoints" / "last.ckpt")
    assert (begun.skewed_up_to is not None, begun.ensemble_size) == (chosen, 4)
    monkeypatch.setattr(litmus.run.log_mean, "_is_better", lambda data: not chosen)
    monkeypatch.setattr(litmus.data.sources.table_files.CSV, "ensemble_size", 2)
    assert main(["train", f"resume={run}"]) == 0
    assert stored_spec(run / "checkpoints" / "last.ckpt") == begun


def test_ctrl_c_while_trying_keeps_the_first_verdict(tmp_path, capsys, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    words = ("data=circles", "data.n_samples=200", "model.activation=none", "trainer.max_epochs=3", "logger=csv")
    monkeypatch.setattr(litmus.commands.train, "probe", interrupted)
    assert train(tmp_path, *words, "verdict.budget=5") == 0
    run = only(tmp_path)
    evidence = Evidence.from_json((run / "evidence.json").read_text(encoding="utf-8"))
    assert not evidence.probed
    assert load(run / "verdict.json")["verdict"] == "inadequate"
    assert load(run / "status.json")["status"] == "finished"
    assert (run / "report.html").is_file()
    assert "Ctrl-C keeps the verdict above" in capsys.readouterr().out
    again = litmus.commands.train.judged(RunConfig(to_plain(read(run / "config.yaml"))), evidence)
    assert json.loads(again.to_json()) == load(run / "verdict.json")


def test_what_trying_showed_is_in_every_file(tmp_path, capsys):
    words = ("data=circles", "data.n_samples=400", "model.hidden=[8]", "model.activation=none", "optimizer=sgd")
    fast = ("optimizer.lr=0.1", "data.batch_size=null", "trainer.max_epochs=100", "logger=csv", "verdict.budget=20")
    assert train(tmp_path, *words, *fast) == 0
    run = only(tmp_path)
    first = load(run / "verdict.json")["findings"][0]
    assert first["name"] == "model_is_linear"
    assert first["tried"]["confirmed"]
    assert load(run / "evidence.json")["probed"]
    shown = " ".join(first["overrides"])
    assert f"try first: {shown}" in capsys.readouterr().out
    assert all(override in (run / "report.html").read_text() for override in first["overrides"])
