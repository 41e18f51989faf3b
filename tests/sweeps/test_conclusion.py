import json

import pytest

from litmus.evidence import Score
from litmus.sweeps.conclusion import conclude, further, known_test, write
from litmus.sweeps.leaderboard import rank
from litmus.sweeps.records import read_run


def job(make_run, number, lr, loss, *, seed=1, words=()):
    run = make_run(f"sweep_x/{number}_lr={lr}", lr=lr, seed=seed, losses=(loss,))
    (run / ".hydra").mkdir()
    lines = ["++name=a", f"++seed={seed}", f"++optimizer.lr={lr}", *words]
    (run / ".hydra" / "overrides.yaml").write_text("".join(f"- {line}\n" for line in lines))
    (run / "provenance.json").write_text(json.dumps({"command": ["litmus", "train", "-m", "--allow", "mine", "x=1"]}))
    return run


def board_of(runs):
    return rank([read_run(run) for run in runs])


def test_the_winner_is_a_setting_and_the_run_of_its_best_seed_ships(make_run):
    losses = {(0.1, 1): 0.3, (0.1, 2): 0.2, (0.5, 1): 0.1, (0.5, 2): 0.9}
    runs = [job(make_run, i, lr, loss, seed=seed) for i, ((lr, seed), loss) in enumerate(losses.items())]
    found = conclude(board_of(runs), test={"f1": Score(value=0.7, low=0.6, high=0.8, n=40)})
    assert (found.winner.settings, found.winner.run) == ({"optimizer.lr": "0.1"}, "1_lr=0.1")
    assert (found.winner.seeds, found.verdict) == ((1, 2), "adequate")
    lines = dict(found.sentences())
    assert lines["verdict"] == "adequate; F1 on test 0.700 [0.600, 0.800] over 2 seeds, 40 rows"
    assert lines["ships"] == "1_lr=0.1, its best of 2 seeds on val"
    assert lines["train it"] == "litmus train --allow mine seed=2 optimizer.lr=0.1"


def test_a_best_value_at_the_end_of_a_grid_asks_for_more_beyond_it(make_run):
    losses = {0.0001: 0.9, 0.001: 0.5, 0.01: 0.3, 0.1: 0.1}
    found = conclude(board_of([job(make_run, i, lr, loss) for i, (lr, loss) in enumerate(losses.items())]))
    assert found.more.answer == "yes"
    assert "the best optimizer.lr is the largest that was tried" in found.more.reason
    assert found.more.command == "litmus train -m --allow mine seed=1 optimizer.lr=0.1,0.32,1"
    assert found.more.curve == (0.9, 0.5, 0.3, 0.1)


def test_where_no_job_has_finished_there_is_no_winner(make_run):
    found = conclude(board_of([make_run("sweep_x/0_a", status="failed", reason="broken")]))
    assert (found.winner, found.verdict, found.command) == (None, None, "")
    assert found.sentences() == [("winner", "none: no job has finished")]
    assert dict(found.jobs) == {"failed": 1}


def test_the_file_is_json_and_keeps_the_test_score_of_the_same_runs(make_run, tmp_path):
    run = job(make_run, 0, 0.1, 0.2)
    found = conclude(board_of([run]), test={"f1": Score(value=0.7, n=40)})
    content = json.loads(write(found, tmp_path).read_text())
    assert content["verdict"] == "adequate"
    assert content["winner"]["test"]["f1"]["value"] == 0.7
    assert known_test(tmp_path, [run.name]) == {"f1": Score(value=0.7, n=40)}
    assert known_test(tmp_path, ["another"]) == {}
    assert known_test(tmp_path / "nowhere", []) == {}


def test_a_search_whose_second_half_brought_nothing_is_over(make_run):
    values = [0.5, 0.4, 0.1, 0.3, 0.45, 0.35, 0.33, 0.42, 0.6, 0.7]
    runs = [job(make_run, i, (i * 7) % 10 + 1, value) for i, value in enumerate(values)]
    found = conclude(board_of(runs))
    assert found.more.answer == "hardly"
    assert "brought nothing better" in found.more.reason


@pytest.mark.parametrize(
    ("last", "before", "steps"), [(0.1, 0.01, (0.316, 1)), (1, 2, (0.5, 0.25)), (3, 2.5, (3.5, 4))]
)
def test_steps_go_on_as_they_went(last, before, steps):
    assert further(last, before) == pytest.approx(steps, rel=0.01)
