import pytest

from litmus.sweeps.importance import edge, effects, is_grid, number_of
from litmus.sweeps.leaderboard import rank
from litmus.sweeps.records import Record


def runs(points, value, seeds=(1,)):
    from pathlib import Path

    return [
        Record(
            directory=Path(f"{i}_{seed}"),
            status="finished",
            settings={key: str(cell) for key, cell in point.items()},
            seed=seed,
            value=value(point, seed),
            primary="f1",
        )
        for i, point in enumerate(points)
        for seed in seeds
    ]


GRID = [{"lr": lr, "hidden": f"[{h}]"} for lr in (0.001, 0.01, 0.1) for h in (20, 50, 100)]


def test_the_setting_that_makes_the_difference_is_found_and_the_other_is_not_blamed():
    noise = iter([0.01, -0.02, 0.03, 0.0, 0.02, -0.01, 0.015, -0.03, 0.01])
    board = rank(runs(GRID, lambda point, _: 1 / (1 + point["lr"] * 100) + next(noise)))
    lr, hidden = effects(board)
    assert (lr.key, lr.matters, lr.best, lr.edge) == ("lr", True, "0.1", "largest")
    assert lr.share > 0.8
    assert (hidden.key, hidden.matters) == ("hidden", False)
    assert hidden.share < 0.1


def test_seeds_make_an_effect_sure_that_means_alone_cannot():
    points = GRID[::3] + GRID[1::3]
    board = rank(runs(points, lambda point, seed: -point["lr"] + seed / 100 + len(point["hidden"]) / 1e4, (1, 2, 3)))
    found = {effect.key: effect for effect in effects(board)}
    assert found["lr"].matters
    assert is_grid(board)


def test_a_setting_that_always_goes_with_another_is_not_counted_twice():
    points = [
        {"optimizer": name, "optimizer.momentum": m, "lr": lr} for name, m in (("A", 1), ("B", 2)) for lr in (1, 2)
    ]
    assert {effect.key for effect in effects(rank(runs(points, lambda point, _: point["lr"])))} == {"optimizer", "lr"}


def test_of_too_few_runs_nothing_is_said():
    assert effects(rank(runs(GRID[:3], lambda point, _: point["lr"]))) == ()
    assert effects(rank([])) == ()


def test_drawn_points_are_no_grid_and_their_range_has_an_end_too():
    points = [{"lr": 10 ** (-4 + i / 10)} for i in range(30)]
    board = rank(runs(points, lambda point, _: -point["lr"]))
    assert not is_grid(rank(runs(GRID[:8], lambda point, _: point["lr"])))
    assert edge("lr", board.entries) == "largest"
    middle = rank(runs(points, lambda point, _: abs(point["lr"] - 0.01)))
    assert edge("lr", middle.entries) is None


@pytest.mark.parametrize(
    ("text", "value"), [("0.1", 0.1), ("[50]", 50), ("[5,5]", None), ("true", None), ("relu", None)]
)
def test_numbers_are_read_as_they_are_written_in_configs(text, value):
    assert number_of(text) == value
