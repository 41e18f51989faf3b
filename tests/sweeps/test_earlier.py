import json

import pytest

from litmus.sweeps.earlier import beside_earlier

GOOD = "".join(f"{i},val,{'ab'[i % 2]},{'ab'[i % 2]},{0.9 - 0.8 * (i % 2)},{0.1 + 0.8 * (i % 2)}\n" for i in range(60))
BAD = "".join(f"{i},val,{'ab'[i % 2]},{'ab'[(i // 2) % 2]},{0.4},{0.6}\n" for i in range(60))


@pytest.fixture
def run(make_run):
    return lambda name, *words, **facts: made(make_run, name, *words, **facts)


def made(make_run, name, f1, predictions, *, digest="1" * 64, **facts):
    made = make_run(name, f1=f1, predictions=predictions, **facts)
    (made / "provenance.json").write_text(json.dumps({"data": {"path": "a.csv", "sha256": digest}}))
    return made


def test_a_run_is_compared_with_the_best_earlier_one_row_by_row(run, tmp_path):
    run("one/a", 0.5, BAD)
    run("one/b", 0.4, BAD)
    line = beside_earlier(run("two/c", 1.0, GOOD), tmp_path)
    assert line.startswith("beside the best of 2 earlier runs on these data (one/a): F1 better by 50.0 points [")
    assert line.endswith("on the same val rows: really better")


def test_a_worse_run_is_told_so_and_one_like_it_that_nothing_differs(run, tmp_path):
    run("a", 1.0, GOOD)
    worse = run("b", 0.5, BAD)
    assert "F1 worse by 50.0 points [" in beside_earlier(worse, tmp_path)
    assert beside_earlier(worse, tmp_path).endswith("really worse")
    same = run("c", 1.0, GOOD)
    line = beside_earlier(same, tmp_path)
    assert "F1 the same [" in line
    assert line.endswith(" points] on the same val rows: no real difference")


@pytest.mark.parametrize("other", [{"digest": "2" * 64}, {"status": "failed"}])
def test_runs_on_other_data_and_those_that_failed_are_none(run, other, tmp_path):
    run("a", 1.0, GOOD, **other)
    assert beside_earlier(run("b", 0.5, BAD), tmp_path) == ""


def test_other_rows_of_the_same_data_cannot_be_compared(run, tmp_path):
    run("a", 1.0, GOOD.partition("\n")[0] + "\n")
    assert "on other val rows: not comparable" in beside_earlier(run("b", 0.5, BAD), tmp_path)


def test_the_first_run_has_nothing_beside_it(run, tmp_path):
    assert beside_earlier(run("b", 0.5, BAD), tmp_path) == ""
