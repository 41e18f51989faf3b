"""The winner of a sweep ends with what a run of its own would have."""

import json
from pathlib import Path

import pytest

import litmus.commands.train
from litmus.commands.compare import conclude
from litmus.commands.winner import complete
from litmus.config import RunConfig, to_plain
from litmus.config.composition import compose


def job(place: Path, *words: str) -> Path:
    """A finished job of a sweep."""
    fixed = ("data=iris", "trainer.max_epochs=2", "logger=null", f"output_dir={place}")
    config = RunConfig(to_plain(compose([*fixed, *words])))
    directory = place / "iris" / "sweep_x" / f"0_{len(words)}"
    litmus.commands.train.train(config, directory, stored=config.tree, command=("train", "-m", *words), job=True)
    return directory


def load(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def finished(tmp_path):
    return job(tmp_path)


def test_a_job_has_the_baseline_alone_and_its_winner_the_references(finished, capsys):
    before = {name: load(finished / f"{name}.json") for name in ("evidence", "verdict", "metrics")}
    assert [reference["name"] for reference in before["evidence"]["references"]] == ["majority"]
    assert "references" in [item["name"] for item in before["verdict"]["unknown"]]
    assert before["metrics"].get("test") is None
    trained = (finished / "checkpoints" / "best.ckpt").read_bytes()

    conclude(str(finished.parent), test=True)

    after = {name: load(finished / f"{name}.json") for name in ("evidence", "verdict", "metrics")}
    assert len(after["evidence"]["references"]) > 2
    assert "references" not in [item["name"] for item in after["verdict"]["unknown"]]
    assert after["verdict"]["split"] == "test"
    assert after["metrics"]["val"]["accuracy"]["value"] == before["metrics"]["val"]["accuracy"]["value"]
    assert after["metrics"]["test"]["accuracy"]["n"] == 30
    assert load(finished / "provenance.json")["command"] == ["litmus", "train", "-m"]
    assert (finished / "checkpoints" / "best.ckpt").read_bytes() == trained
    assert "linear" in (finished / "report.html").read_text(encoding="utf-8")
    assert after["verdict"]["summary"].splitlines()[0] in capsys.readouterr().out
    assert after["verdict"]["verdict"] in (finished.parent / "leaderboard.csv").read_text(encoding="utf-8")


def test_the_test_split_of_a_winner_is_read_once_however_often_its_sweep_is_concluded(finished, tmp_path):
    complete(finished, test=True)
    complete(finished, test=True)
    assert list(load(tmp_path / "test_ledger.json").values()) == [1]


def test_where_test_is_not_wanted_the_winner_is_judged_on_val_beside_references(finished, tmp_path):
    outcome = complete(finished, test=False)
    assert outcome.evidence.scored == "val"
    assert len(outcome.evidence.references) > 2
    assert not (tmp_path / "test_ledger.json").exists()


def test_a_winner_does_without_references_where_the_user_does(tmp_path):
    outcome = complete(job(tmp_path, "verdict.references=off"), test=True)
    assert [reference.name for reference in outcome.evidence.references] == ["majority"]
    assert [item.name for item in outcome.evidence.unknown] == ["references"]
