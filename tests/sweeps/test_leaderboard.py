import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind, ttest_rel

from litmus.sweeps.leaderboard import alike, rank, rows, write
from litmus.sweeps.records import Record, read_run


def record(lr="0.1", seed=1, value=0.5, *, f1=0.8, test=None, name=None, status="finished", reason=None, **settings):
    from pathlib import Path

    scores = {"val": {"f1": {"value": f1}}} | ({"test": {"f1": {"value": test}}} if test is not None else {})
    return Record(
        directory=Path(name or f"{lr}_{seed}"),
        status=status,
        reason=reason,
        settings={"optimizer.lr": lr} | settings,
        seed=seed,
        value=value,
        scores=scores,
        primary="f1",
        verdict="adequate",
    )


def test_runs_that_differ_only_in_the_seed_are_one_entry_with_mean_and_interval():
    board = rank([record("0.1", s, v) for s, v in ((1, 0.5), (2, 0.7), (3, 0.6))] + [record("1", 1, 0.1)])
    assert board.keys == ("optimizer.lr",)
    assert [entry.settings["optimizer.lr"] for entry in board.entries] == ["1", "0.1"]
    several = board.entries[1]
    assert several.mean == pytest.approx(0.6)
    assert several.high - several.low == pytest.approx(2 * 4.302653 * 0.1 / 3**0.5)
    assert (board.entries[0].low, board.entries[0].high) == (None, None)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=8))
def test_the_order_follows_val_whatever_test_says(pairs):
    records = [record(str(i), 1, val, test=test) for i, (val, test) in enumerate(pairs)]
    board = rank(records)
    assert [entry.mean for entry in board.entries] == sorted(val for val, _ in pairs)
    assert board.metric == "val/loss"


def test_a_metric_of_which_more_is_better_is_ranked_downwards():
    from dataclasses import replace

    records = [replace(record(str(i), 1, v), monitor="val/f1") for i, v in enumerate((0.2, 0.9, 0.5))]
    assert [entry.mean for entry in rank(records).entries] == [0.9, 0.5, 0.2]
    assert rank(records).entries[0].best.value == 0.9


def test_unequal_losses_do_not_rank():
    board = rank([record("1", 1, 0.1, f1=0.5, loss="MSE"), record("1", 1, 9.0, f1=0.9, loss="Huber")])
    assert board.metric == "val/f1"
    assert board.entries[0].settings == {"loss": "Huber"}
    assert "the runs differ in loss, so they are ranked by val/f1" in board.notes


def test_runs_on_other_data_are_said_to_be_no_match():
    board = rank([record("1", 1, 0.1, **{"data.path": "a"}), record("1", 1, 0.2, **{"data.path": "b"})])
    assert any("differ in their data" in note for note in board.notes)


def test_common_seeds_are_paired():
    first, second = [0.50, 0.60, 0.70], [0.53, 0.64, 0.72]
    board = rank([record(lr, s, v) for lr, vs in (("a", first), ("b", second)) for s, v in enumerate(vs)])
    assert ttest_rel(first, second).pvalue < 0.05 < ttest_ind(first, second).pvalue
    assert board.difference.startswith("the first is really better than the second: 0.03 [")
    assert "paired over 3 seeds" in board.difference


def test_noise_over_seeds_is_no_difference():
    board = rank([record(lr, s, v) for lr, vs in (("a", (0.1, 0.9)), ("b", (0.8, 0.3))) for s, v in enumerate(vs)])
    assert board.difference.startswith("first and second may not differ")


@pytest.mark.parametrize(("shift", "real"), [(0.0, False), (5.0, True)])
def test_unlike_seeds_are_compared_by_welchs_interval(shift, real):
    first, second = [0.1, 0.2, 0.3], [0.15 + shift, 0.26 + shift, 0.31 + shift]
    board = rank(
        [record("a", s, v) for s, v in enumerate(first)] + [record("b", 10 + s, v) for s, v in enumerate(second)]
    )
    found = ttest_ind(first, second, equal_var=False).confidence_interval()
    assert ("really better" in board.difference) == real
    assert f"[{-found.high:.3g}, {-found.low:.3g}]" in board.difference


def test_one_seed_each_is_compared_on_the_rows_where_they_are_the_same(make_run):
    good = "".join(f"{i},val,a,a,0.9,0.1\n" for i in range(40))
    bad = "".join(f"{i},val,a,{'b' if i % 2 else 'a'},0.4,0.6\n" for i in range(40))
    runs = [make_run("a", lr=1, losses=(0.1,), predictions=good), make_run("b", lr=2, losses=(0.9,), predictions=bad)]
    board = rank([read_run(run) for run in runs])
    assert "really better" in board.difference
    assert "on the same 40 val rows; one seed each" in board.difference
    assert "is unknown; repeat them" in rank([record("a"), record("b")]).difference


def test_what_did_not_finish_is_listed_with_its_reason_and_never_ranked():
    board = rank([record("1"), record("9", status="failed", reason="not finite", value=0.0)])
    assert len(board.entries) == 1
    assert [(r.status, r.reason) for r in board.unfinished] == [("failed", "not finite")]


def test_a_run_without_a_value_is_left_out_and_said_to_be():
    board = rank([record("1"), record("2", value=None)])
    assert len(board.entries) == 1
    assert board.notes == ("1 of 2 settings have no val/loss and are left out",)


def test_no_finished_run_is_an_empty_board():
    assert rank([record(status="failed")]).entries == ()
    assert rank([]).difference == ""


def test_the_file_has_a_row_for_each_entry_and_each_failure(tmp_path):
    board = rank([record("1", 1, 0.5), record("2", 1, 0.4), record("9", status="failed", reason='a "b", c')])
    with write(board, tmp_path).open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["rank"] for line in lines] == ["1", "2", ""]
    assert [line["optimizer.lr"] for line in lines] == ["2", "1", "9"]
    assert (lines[0]["score"], lines[0]["val/f1"], lines[0]["seeds"]) == ("0.4", "0.8", "1")
    assert lines[2]["reason"] == 'a "b", c'
    assert [*lines[0]][:6] == ["rank", "optimizer.lr", "score", "low", "high", "seeds"]
    header, cells = rows(board)
    assert not any("test" in name for name in header)
    assert {len(line) for line in cells} == {len(header)}


def seeded(*means, spread=0.01):
    noise = [-1.0, 0.3, 0.9, -0.4, 0.2]
    found = []
    for place, mean in enumerate(means):
        found += [record(str(place), s, mean + spread * (noise[s] + 0.3 * noise[s - place])) for s in range(5)]
    return found


def test_how_many_of_the_first_may_be_alike_is_said_of_all_comparisons_together():
    said = alike(rank(seeded(0.100, 0.1005, 0.101, 0.5, 0.6)))
    assert said == "no real difference among the first 3 of 5 (Holm over 4 paired differences)"


def test_two_seeds_are_said_to_tell_little():
    two = [run for run in seeded(0.1, 0.2, 0.3, spread=0.2) if run.seed is not None and run.seed < 2]
    assert alike(rank(two)).endswith(
        "of 3 (Holm over 2 paired differences; two seeds tell little, more would tell more)"
    )


def test_a_first_that_beats_all_is_said_to():
    assert alike(rank(seeded(0.1, 0.5, 0.6))).startswith("the first is really better than 2 of the 2 that follow")


def test_of_two_settings_and_of_unknown_differences_nothing_is_said():
    assert alike(rank(seeded(0.1, 0.5))) == ""
    assert alike(rank([record(str(i), 1, i / 10) for i in range(5)])) == ""
    assert alike(rank([])) == ""


@pytest.mark.parametrize(
    ("p", "said"), [(0.03, "no real difference among the first 4 of 4"), (0.01, "than 3 of the 3")]
)
def test_one_small_p_among_several_is_no_difference_yet(monkeypatch, p, said):
    monkeypatch.setattr("litmus.sweeps.leaderboard.p_value", lambda *_: p)
    assert said in alike(rank(seeded(0.1, 0.2, 0.3, 0.4)))
