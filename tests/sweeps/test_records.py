import os

import pytest

from litmus.disk import locked
from litmus.errors import CheckpointError
from litmus.sweeps.records import KILLED, find_runs, is_sweep, last, read_run


def test_a_run_tells_settings_seed_value_and_verdict(make_run):
    record = read_run(make_run("a", lr=0.01, seed=3, losses=(2.0, 0.25, 1.0)))
    assert record.settings == {"monitor": "val/loss", "optimizer": "Adam", "optimizer.lr": "0.01"}
    assert (record.seed, record.value, record.verdict, record.primary) == (3, 0.25, "adequate", "f1")
    assert record.score("f1") == 0.8
    assert record.reason is None


def test_with_the_last_weights_in_use_the_last_value_counts(make_run):
    record = read_run(make_run("a", extra="callback:\n  checkpoint:\n    use: last\n"))
    assert record.value == 0.7


def test_what_failed_says_why(make_run):
    record = read_run(make_run("a", status="failed", reason="RunError: the loss is not finite"))
    assert (record.status, record.reason) == ("failed", "RunError: the loss is not finite")


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("config.yaml", "a: [", "config.yaml is no YAML"),
        ("config.yaml", "- 1", "config.yaml holds no mapping"),
        ("config.yaml", "a: &x [1]\nb: *x\n", "YAML aliases"),
        ("metrics.json", "{", "metrics.json is no JSON"),
        ("status.json", "[]", "status.json holds no object"),
        ("history.csv", "epoch,val/loss\n0,abc\n", "could not convert"),
    ],
)
def test_a_damaged_run_is_unreadable_and_says_where(file, text, reason, make_run):
    run = make_run("a")
    (run / file).write_text(text)
    record = read_run(run)
    assert record.status == "unreadable"
    assert reason in record.reason


def test_runs_are_found_below_folders_in_natural_order_but_not_inside_runs(make_run, tmp_path):
    for name in ("s/10_x", "s/2_x", "s/2_x/improve/1", "other/a"):
        make_run(name)
    found = find_runs([tmp_path / "s", tmp_path / "s" / "2_x"])
    assert [run.name for run in found] == ["2_x", "10_x"]


def test_no_run_is_an_error(tmp_path):
    with pytest.raises(CheckpointError, match="holds no run"):
        find_runs([tmp_path])
    with pytest.raises(CheckpointError, match="holds no run that last could mean"):
        last(tmp_path / "outputs")


def test_last_is_the_run_or_the_whole_sweep_begun_last(make_run, tmp_path):
    first = make_run("outputs/a/run")
    job = make_run("outputs/a/sweep_1/0_x")
    for i, run in enumerate((first, job)):
        for file in run.iterdir():
            os.utime(file, (1000 + i, 1000 + i))
    assert last(tmp_path / "outputs") == job.parent
    assert is_sweep(job.parent)
    os.utime(first / "config.yaml", (5000, 5000))
    assert last(tmp_path / "outputs") == first


def test_a_run_that_nobody_works_in_any_more_is_no_running_one(make_run):
    run = make_run("a", status="running")
    record = read_run(run)
    assert (record.status, record.reason) == ("interrupted", KILLED)
    with locked(run):
        assert read_run(run).status == "running"
