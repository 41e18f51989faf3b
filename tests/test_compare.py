import json

import pytest

from litmus.compare import main
from litmus.errors import CheckpointError


@pytest.fixture
def sweep(tmp_path):
    """Four runs of a sweep: two learning rates, two seeds, and one that failed."""
    for n, (lr, seed, loss) in enumerate([(0.1, 1, 0.5), (0.1, 2, 0.6), (1, 1, 0.1), (1, 2, 0.21), (9, 1, None)]):
        run = tmp_path / "outputs" / "a" / "sweep_x" / f"{n}_lr={lr},seed={seed}"
        run.mkdir(parents=True)
        (run / "config.yaml").write_text(f"seed: {seed}\nmonitor: val/loss\noptimizer:\n  lr: {lr}\n")
        status = {"status": "finished"} if loss else {"status": "failed", "reason": "RunError: not finite"}
        (run / "status.json").write_text(json.dumps(status))
        (run / "history.csv").write_text(f"epoch,val/loss\n0,{loss or 0}\n")
        score = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 40}
        (run / "metrics.json").write_text(json.dumps({"val": {"f1": score}, "test": {"f1": {**score, "value": 0.77}}}))
        (run / "evidence.json").write_text('{"task": {"primary": "f1"}}')
    return run.parent


def test_one_table_ranks_by_val_and_shows_test_of_the_winner_alone(sweep, capsys):
    assert main(str(sweep)) == 0
    lines = capsys.readouterr().out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("optimizer.lr"))
    assert [line.split()[:2] for line in lines[start + 1 : start + 3]] == [["1", "0.1550"], ["0.1", "0.5500"]]
    assert "first is really better" in "".join(lines) or "may not differ" in "".join(lines)
    assert sum("0.770" in line for line in lines) == 1
    assert "its test F1: 0.770 [0.800 to 0.950] on 40 rows" in lines
    assert "failed: 4_lr=9,seed=1: RunError: not finite" in lines


def test_a_sweep_keeps_its_leaderboard_and_a_folder_of_runs_does_not(sweep, tmp_path, capsys):
    main(str(tmp_path / "outputs"))
    assert not list(tmp_path.rglob("leaderboard.csv"))
    main("last", output_dir=str(tmp_path / "outputs"))
    assert (sweep / "leaderboard.csv").read_text().count("\n") == 4
    assert f"written: {sweep}/leaderboard.csv" in capsys.readouterr().out


def test_where_there_is_nothing_it_says_so():
    with pytest.raises(CheckpointError, match="nowhere: no such directory"):
        main("nowhere")
