import numpy as np
import pytest

from litmus.sweeps.leaderboard import rank
from litmus.sweeps.optimism import optimism
from litmus.sweeps.records import read_run


def guesses(make_run, count, rows=80, skill=0.0):
    """Runs that guess, of which the first is right more often by `skill`."""
    rng = np.random.default_rng(0)
    for number in range(count):
        lines, losses = [], []
        for row in range(rows):
            right = rng.random() < 0.5 + (skill if number == 0 else 0)
            target = "ab"[row % 2]
            prob = 0.6 if right == (target == "a") else 0.4
            losses.append(-np.log(prob if target == "a" else 1 - prob))
            lines.append(f"{row},val,{target},{'a' if prob > 0.5 else 'b'},{prob},{1 - prob}\n")
        yield make_run(f"{number}_x", lr=number + 1, losses=(float(np.mean(losses)),), predictions="".join(lines))


def test_the_best_of_many_guesses_is_corrected_to_a_guess(make_run):
    found = optimism(rank([read_run(run) for run in guesses(make_run, 30)]))
    assert (found.metric, found.settings, found.rows) == ("f1", 30, 80)
    assert found.best > 0.58
    assert found.corrected.value < 0.56
    assert found.gained == pytest.approx(found.best - found.corrected.value)


def test_of_a_single_setting_or_of_other_rows_nothing_is_said(make_run):
    runs = [*guesses(make_run, 1)]
    assert optimism(rank([read_run(run) for run in runs])) is None
    other = make_run("9_x", lr=9, losses=(0.9,), predictions="5,val,a,a,0.9,0.1\n")
    assert optimism(rank([read_run(run) for run in [*runs, other]])) is None
    assert optimism(rank([])) is None
