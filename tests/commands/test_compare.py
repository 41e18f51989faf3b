import io
import json

import pytest

from litmus.commands.compare import main, show_all
from litmus.errors import CheckpointError
from litmus.report.terminal import Terminal


@pytest.fixture
def sweep(tmp_path):
    """Four runs of a sweep: two learning rates, two seeds, and one that failed."""
    for n, (lr, seed, loss) in enumerate([(0.1, 1, 0.5), (0.1, 2, 0.6), (1, 1, 0.1), (1, 2, 0.21), (9, 1, None)]):
        run = tmp_path / "outputs" / "a" / "sweep_x" / f"{n}_lr={lr},seed={seed}"
        run.mkdir(parents=True)
        (run / "config.yaml").write_text(
            f"seed: {seed}\nmonitor: val/loss\noptimizer:\n  lr: {lr}\nloss:\n  _target_: litmus.loss.auto\n"
        )
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
    start = next(i for i, line in enumerate(lines) if line.startswith("run "))
    assert lines[start].split() == ["run", "val", "loss", "val", "F1", "verdict", "seeds", "optimizer.lr"]
    assert [line.split()[0] for line in lines[start + 1 : start + 3]] == ["2_lr=1,seed=1", "0_lr=0.1,seed=1"]
    assert [line.split()[2:5] for line in lines[start + 1 : start + 3]] == [
        ["0.1550", "[0.000,", "0.854]"],
        ["0.5500", "[0.000,", "1.185]"],
    ]
    assert [line.split()[-1] for line in lines[start + 1 : start + 3]] == ["1", "0.1"]
    assert "first is really better" in "".join(lines) or "may not differ" in "".join(lines)
    assert sum("0.770" in line for line in lines) == 1
    assert "its test F1: 0.770 [0.800 to 0.950] on 40 rows" in lines
    assert "failed: 4_lr=9,seed=1 (optimizer.lr=9): RunError: not finite" in lines


@pytest.mark.parametrize("width", [80, 120, 200])
def test_run_score_and_verdict_are_seen_at_any_width_and_what_is_left_out_is_named(sweep, width):
    for run in sweep.iterdir():
        with (run / "config.yaml").open("a") as file:
            file.writelines(f"x{i}:\n  some_setting: {i}{run.name}\n" for i in range(8))
    stream = io.StringIO()
    show_all([str(sweep)], "outputs", Terminal(stream, width=width))
    lines = stream.getvalue().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("run "))
    assert all(len(line) <= width for line in lines[start : start + 5])
    assert [word for word in lines[start].split() if word != "val"][:4] == ["run", "loss", "F1", "verdict"]
    shown = [i for i in range(8) if f"x{i}.some_setting" in lines[start]]
    left_out = next((line for line in lines if line.startswith("columns left out")), "")
    assert [i for i in range(8) if f"x{i}.some_setting" in left_out] == [i for i in range(8) if i not in shown]
    assert (width == 80) <= (not shown)


def test_a_test_score_read_after_a_sweep_is_known(sweep, capsys):
    run = sweep / "2_lr=1,seed=1"
    (run / "metrics.json").write_text(json.dumps({"val": {"f1": {"value": 0.9}}}))
    other = {"own_test": False, "test": {"f1": {"value": 0.11, "low": 0.1, "high": 0.2, "n": 7}}}
    (run / "evaluation.json").write_text(json.dumps(other))
    main(str(sweep))
    assert "its test score was not read" in capsys.readouterr().out
    (run / "evaluation.json").write_text(json.dumps({**other, "own_test": True}))
    main(str(sweep))
    assert "its test F1: 0.110 [0.100 to 0.200] on 7 rows" in capsys.readouterr().out


def test_runs_are_named_from_where_all_of_them_are(sweep, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path / "outputs" / "a")
    main("sweep_x/0_lr=0.1,seed=1", str(sweep / "2_lr=1,seed=1"))
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[:2] in {"0_", "2_"}]
    assert names == ["2_lr=1,seed=1", "0_lr=0.1,seed=1"]


def test_a_setting_of_which_all_other_values_failed_stays_a_column(sweep, capsys):
    for run in sweep.glob("[01]_*"):
        (run / "status.json").write_text('{"status": "failed", "reason": "not finite"}')
    main(str(sweep))
    assert "optimizer.lr" in capsys.readouterr().out
    written = (sweep / "leaderboard.csv").read_text().splitlines()
    assert written[0].split(",")[:2] == ["rank", "optimizer.lr"]
    assert sorted(line.split(",")[1] for line in written[1:]) == ["0.1", "0.1", "1", "9"]


def test_a_sweep_keeps_its_leaderboard_and_what_else_is_compared_has_a_folder_of_its_own(sweep, tmp_path, capsys):
    outputs = tmp_path / "outputs"
    main(str(outputs), output_dir=str(outputs))
    assert [path.name for path in outputs.glob("*/*/leaderboard.csv")] == ["leaderboard.csv"]
    (place,) = (outputs / "compare").iterdir()
    assert {path.name for path in place.iterdir()} == {"leaderboard.html", "leaderboard.csv", "compare.json"}
    assert f"written: {place}/leaderboard.html" in capsys.readouterr().out
    main("last", output_dir=str(outputs))
    assert (sweep / "leaderboard.csv").read_text().count("\n") == 4
    assert {"leaderboard.html", "leaderboard.csv", "sweep.json"} <= {path.name for path in sweep.iterdir()}
    assert f"written: {sweep}/leaderboard.html" in capsys.readouterr().out


def test_runs_on_other_data_or_of_another_metric_stand_in_a_table_of_their_own(sweep, tmp_path, capsys):
    for run in sweep.iterdir():
        data = {"path": "a.csv", "sha256": ("1" if run.name.startswith("0") else "2") * 64}
        (run / "provenance.json").write_text(json.dumps({"data": data}))
    main(str(sweep.parent), output_dir=str(tmp_path / "x"))
    out = capsys.readouterr().out
    assert "a.csv (22222222), F1" in out
    assert "a.csv (11111111), F1" in out
    (place,) = (tmp_path / "x" / "compare").iterdir()
    content = json.loads((place / "compare.json").read_text())
    assert [len(table["entries"]) for table in content["tables"]] == [3, 1]
    assert {path.name for path in place.glob("*.csv")} == {"leaderboard_1.csv", "leaderboard_2.csv"}


def test_where_there_is_nothing_it_says_so():
    with pytest.raises(CheckpointError, match="nowhere: no such directory"):
        main("nowhere")
