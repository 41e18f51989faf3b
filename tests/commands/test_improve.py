"""Improving a run: what helps is applied, judged and can be repeated; on noise nothing is promised."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from litmus.cli import main
from litmus.evidence import Evidence
from litmus.report.first_screen import replaced

LINEAR = (
    *("data=circles", "data.n_samples=400", "data.batch_size=null", "model.hidden=[8]", "model.activation=none"),
    *("optimizer=sgd", "optimizer.lr=0.1", "trainer.max_epochs=120", "callback.early_stopping=null"),
)


def train(place: Path, *words: str) -> Path:
    assert main(["train", f"output_dir={place}", "name=run", "verdict.budget=0", "logger=csv", *words]) == 0
    (run,) = (place / "run").iterdir()
    return run


def load(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def stuck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A linear stack on circles, left at chance."""
    return train(tmp_path_factory.mktemp("stuck") / "o", *LINEAR)


@pytest.fixture(scope="module")
def improved(stuck: Path) -> Path:
    assert main(["improve", str(stuck), "steps=2"]) == 0
    return stuck


def test_improve_tells_each_step_with_what_its_trial_showed(improved):
    found = load(improved / "improve.json")
    assert set(found) == {"start", "steps", "final"}
    assert found["start"] == {"directory": str(improved), "verdict": "inadequate"}
    assert 1 <= len(found["steps"]) <= 2
    for number, step in enumerate(found["steps"], start=1):
        assert set(step) == {"overrides", "metric", "before", "after", "directory", "verdict", "command"}
        assert step["directory"] == str(improved / "improve" / str(number))
        assert sum(step["after"]) > sum(step["before"])
        assert step["metric"] == "val/balanced_accuracy"
        assert all(override in shlex.split(step["command"]) for override in step["overrides"])
    assert "model.activation=relu" in found["steps"][0]["overrides"]
    assert found["final"]["directory"] == found["steps"][-1]["directory"]
    assert found["final"]["split"] == "test"


def test_what_came_out_does_better_on_the_test_rows(improved):
    last = Path(load(improved / "improve.json")["final"]["directory"])
    before, after = (load(run / "metrics.json")["test"]["balanced_accuracy"] for run in (improved, last))
    assert after["low"] > before["high"]
    assert load(last / "verdict.json")["split"] == "test"
    assert load(last / "status.json")["status"] == "finished"


def test_the_test_rows_are_read_once_for_all_steps(improved):
    ledger = load(improved.parents[1] / "test_ledger.json")
    assert list(ledger.values()) == [2]  # the run itself, and what came out of it


def test_the_last_verdict_rests_on_what_was_tried_as_well(improved):
    last = Path(load(improved / "improve.json")["final"]["directory"])
    evidence = Evidence.from_json((last / "evidence.json").read_text(encoding="utf-8"))
    assert evidence.scored == "test"
    assert main(["judge", str(last)]) == 0
    assert load(last / "verdict.json")["verdict"] == load(improved / "improve.json")["final"]["verdict"]


@pytest.mark.slow
def test_the_printed_command_repeats_what_came_out(improved, tmp_path):
    step = load(improved / "improve.json")["steps"][-1]
    program, *words = shlex.split(step["command"])
    assert program == "litmus"
    assert main([*words, f"output_dir={tmp_path / 'again'}"]) == 0
    (again,) = (tmp_path / "again" / "run").iterdir()
    theirs = Path(step["directory"])
    assert (again / "history.csv").read_text() == (theirs / "history.csv").read_text()
    assert load(again / "metrics.json") == load(theirs / "metrics.json")
    assert load(theirs / "provenance.json")["overrides"] == words[1:]


@pytest.mark.slow
def test_a_second_walk_writes_over_nothing_of_the_first(improved, tmp_path):
    place = shutil.copytree(improved.parents[1], tmp_path / "o") / "run" / improved.name
    before = {path.name for path in (place / "improve").iterdir()}
    assert main(["improve", str(place), "steps=1"]) == 0
    (step,) = load(place / "improve.json")["steps"]
    assert Path(step["directory"]).name not in before
    assert {path.name for path in (place / "improve").iterdir()} > before


@pytest.mark.slow
def test_a_deep_linear_stack_on_circles_becomes_adequate(tmp_path, capsys):
    run = train(tmp_path / "o", "experiment=circles_linear_v1")
    assert load(run / "verdict.json")["verdict"] == "inadequate"
    assert main(["improve", str(run)]) == 0
    assert load(run / "improve.json")["final"]["verdict"] == "adequate"
    assert "inadequate -> adequate; to repeat it:" in capsys.readouterr().out


def test_on_noise_no_change_is_applied(tmp_path, capsys):
    run = train(tmp_path / "o", "data=noise", "data.n_samples=300", "model.hidden=[20]", "trainer.max_epochs=20")
    assert main(["improve", str(run)]) == 0
    assert load(run / "improve.json") == {
        "start": {"directory": str(run), "verdict": "inadequate"},
        "steps": [],
        "final": None,
    }
    assert "left as it is: no change that was tried helps" in capsys.readouterr().out
    assert not (run / "improve").exists()


@pytest.fixture
def adequate(tmp_path: Path) -> Path:
    return train(tmp_path / "o", "data=breast_cancer", "model=linear", "optimizer.lr=0.02", "trainer.max_epochs=40")


def test_an_adequate_run_is_left_alone(adequate, capsys):
    assert load(adequate / "verdict.json")["verdict"] == "adequate"
    before = {path: path.read_bytes() for path in adequate.rglob("*") if path.is_file()}
    assert main(["improve", str(adequate)]) == 0
    assert "already adequate; nothing to improve" in capsys.readouterr().out
    after = {path: path.read_bytes() for path in adequate.rglob("*") if path.is_file()}
    assert {path.name for path in set(after) - set(before)} == {"improve.json"}
    assert all(after[path] == content for path, content in before.items())
    assert load(adequate / "improve.json")["steps"] == []


def test_criteria_can_be_asked_for_on_top_of_the_runs_own(adequate, capsys):
    assert main(["improve", str(adequate), "criteria.accuracy=0.123"]) == 0
    assert "≥ 0.123" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "has no evidence.json; the run did not end; resume it"), ("{}", "not readable as evidence")],
)
def test_a_run_without_evidence_is_refused(stuck, tmp_path, capsys, content, reason):
    run = shutil.copytree(stuck, tmp_path / "run", ignore=shutil.ignore_patterns("improve*"))
    (run / "evidence.json").unlink() if content is None else (run / "evidence.json").write_text(content)
    assert main(["improve", str(run)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {run}")
    assert reason in line
    assert not (run / "improve.json").exists()


def test_a_run_whose_data_are_gone_is_refused(tmp_path, capsys):
    import numpy as np

    rng = np.random.default_rng(0)
    lines = [f"{x:.5f},{z:.5f},{'ab'[int(x * z > 0)]}" for x, z in rng.normal(size=(200, 2))]
    (tmp_path / "t.csv").write_text("\n".join(["x,z,y", *lines, ""]))
    run = train(
        tmp_path / "o", f"data.path={tmp_path / 't.csv'}", "data.target=y", "model=linear", "trainer.max_epochs=2"
    )
    (tmp_path / "t.csv").unlink()
    assert main(["improve", str(run)]) == 2
    assert "t.csv: no such file" in capsys.readouterr().err
    assert not (run / "improve.json").exists()


@pytest.mark.parametrize("word", ["none/such", "last"])
def test_a_run_that_is_not_there_is_refused(capsys, word):
    assert main(["improve", word]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "overrides", "now"),
    [
        (("data=iris",), ("optimizer.lr=1",), ("data=iris", "optimizer.lr=1")),
        (("optimizer.lr=2", "data=iris"), ("optimizer.lr=1",), ("data=iris", "optimizer.lr=1")),
        (("+optimizer.lr=2", "++model.hidden=[3]"), ("model.hidden=[4]",), ("+optimizer.lr=2", "model.hidden=[4]")),
        (("scheduler=step", "scheduler.step_size=2"), ("scheduler=none",), ("scheduler=none",)),
        (("model=mlp", "model.hidden=[3]"), ("model.hidden=[4]",), ("model=mlp", "model.hidden=[4]")),
    ],
)
def test_overrides_take_the_place_of_what_they_replace(words, overrides, now):
    assert replaced(words, overrides) == now


@pytest.mark.slow
def test_a_job_of_a_sweep_is_repeated_by_its_own_values(tmp_path):
    fixed = [word for word in LINEAR if not word.startswith(("model.hidden", "model.activation"))]
    words = [
        f"output_dir={tmp_path / 'my o'}",
        "name=run",
        "logger=csv",
        *fixed,
        "model.hidden=[8],[9]",
        "model.activation=none",
    ]
    assert main(["train", "-m", *words]) == 0
    (job,) = (tmp_path / "my o" / "run").glob("sweep_*/1_*")
    assert main(["improve", str(job), "steps=1"]) == 0
    (step,) = load(job / "improve.json")["steps"]
    predicted = shlex.split(step["command"])
    assert "model.hidden=[9]" in predicted or any(word.startswith("model.hidden=") for word in step["overrides"])
    assert f"output_dir={tmp_path / 'my o'}" in predicted
    assert main([*predicted[1:], f"output_dir={tmp_path / 'again'}"]) == 0
