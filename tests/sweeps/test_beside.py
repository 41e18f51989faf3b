import json
import re
from pathlib import Path

import pytest

from litmus.sweeps import beside
from litmus.sweeps.leaderboard import rank
from litmus.sweeps.page import Section, render
from litmus.sweeps.records import Record
from litmus.verdict import Criterion, Verdict

LOSSES = {"a": (0.9, 0.5, 0.6), "b": (0.9, 0.7, 0.8), "c": (0.9, 0.85, 0.8)}


def criterion(name, value, status, **more):
    return Criterion(name=name, value=value, low=value - 0.05, high=value + 0.02, status=status, n=100, **more)


def verdict(word, recall, status):
    criteria = (
        criterion("accuracy", 0.9, "pass", threshold=0.8),
        criterion("recall", recall, status, threshold=0.8),
        criterion(
            "worst_class_recall[<b>x</b>]" if word == "adequate" else "worst_class_recall[y]",
            0.7,
            "pass",
            threshold=0.5,
        ),
        criterion("rmse", 40.0, "pass", threshold=50.0, higher_is_better=False),
        criterion("f1", 0.8, "fail", threshold=0.85, votes=False),
    )
    return Verdict(
        verdict=word, summary=f"{word.title()}: recall is {recall}.\nCause: <b>x</b>.", split="val", criteria=criteria
    )


def run(folder: Path, name: str, lr: float, losses, *, judged=None) -> Record:
    directory = folder / name
    directory.mkdir()
    lines = "".join(f"{epoch},{epoch},{loss}\n" for epoch, loss in enumerate(losses))
    (directory / "history.csv").write_text("epoch,step,val/loss\n" + lines)
    if judged is not None:
        (directory / "verdict.json").write_text(judged.to_json())
    return Record(
        directory=directory,
        status="finished",
        settings={"optimizer.lr": str(lr), "loss": "auto", "model.norm": "none" if lr < 1 else "batch"},
        seed=1,
        value=min(losses),
        verdict=judged and judged.verdict,
    )


@pytest.fixture
def two(tmp_path):
    first = run(tmp_path, "a", 0.1, LOSSES["a"], judged=verdict("adequate", 0.9, "pass"))
    second = run(tmp_path, "b", 0.2, LOSSES["b"], judged=verdict("inadequate", 0.5, "fail"))
    return rank([first, second])


def test_verdicts_and_the_settings_that_differ_stand_side_by_side(two):
    table = beside.table(two)
    rows = {row[0]: row[1:] for row in table.rows}
    assert table.header == ("run", "1: a", "2: b")
    assert rows == {
        "verdict": ("adequate", "inadequate"),
        "in words": ("Adequate: recall is 0.9. Cause: <b>x</b>.", "Inadequate: recall is 0.5. Cause: <b>x</b>."),
        "optimizer.lr": ("0.1", "0.2"),
        "seed": ("1", "1"),
        "epochs": ("3", "3"),
    }


def test_curves_lie_over_each_other(two):
    runs = beside.first_runs(two, 6)
    [ax] = beside.curves(runs, "val/loss").axes
    assert [tuple(line.get_ydata()) for line in ax.get_lines()] == [LOSSES["a"], LOSSES["b"]]
    assert beside.curves_takeaway(runs, "val/loss") == (
        "Val loss is lowest in epoch 1 of number 1 (0.5000) and in epoch 1 of number 2 (0.7000)."
    )
    assert beside.curves(runs, "val/unknown") is None


def test_criteria_that_share_a_scale_are_drawn_with_their_thresholds(two):
    runs = beside.first_runs(two, 3)
    [ax] = beside.verdicts(runs).axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["accuracy", "recall", "worst class recall"]
    assert beside.verdicts_takeaway(runs) == (
        "Number 1 is adequate and meets 4 of 4 criteria; 2 is inadequate and meets 3 of 4 criteria, but not recall."
    )


def test_the_page_shows_them_and_data_stays_text(two, tmp_path):
    text = render("a sweep", [Section("", two)], folder=tmp_path)
    assert "<h2>Side by side</h2>" in text
    assert 'id="verdicts"' in text
    assert 'id="curves"' in text
    assert "<b>x</b>" not in text
    assert not re.search(r'(src|href)="?https?:', text)


def test_what_is_missing_or_damaged_is_left_out(tmp_path):
    board = rank([run(tmp_path, name, lr, LOSSES[name]) for lr, name in enumerate(LOSSES)])
    for name, broken in (("a", "{"), ("b", json.dumps({"format": 99}))):
        (tmp_path / name / "verdict.json").write_text(broken)
    (tmp_path / "c" / "history.csv").write_text("epoch,val/loss\nx,\n")
    assert [one.name for one in beside.drawings(board)] == ["curves"]
    assert {row[0]: row[1] for row in beside.table(board).rows}["in words"] == "–"
    assert beside.table(rank([])) is None
    assert beside.table(rank(board.entries[0].records)) is None
