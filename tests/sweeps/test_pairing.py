import math

import pytest

from litmus.sweeps.pairing import difference

GOOD = "0,val,a,a,0.9,0.1\n1,val,b,b,0.2,0.8\n2,test,a,b,0.1,0.9\n"
BAD = "1,val,b,a,0.6,0.4\n0,val,a,a,0.5,0.5\n"


def test_losses_are_compared_row_by_row_on_val_alone(make_run):
    what, n, found = difference(make_run("a", predictions=GOOD), make_run("b", predictions=BAD), "loss")
    expected = (math.log(0.5 / 0.9) + math.log(0.4 / 0.8)) / 2
    assert (what, n) == ("log loss", 2)
    assert found.value == pytest.approx(expected)


def test_for_other_metrics_right_answers_are_compared(make_run):
    what, _, found = difference(make_run("a", predictions=GOOD), make_run("b", predictions=BAD), "f1")
    assert (what, found.value) == ("error rate", -0.5)


def test_numbers_are_compared_by_squared_error(make_run):
    for name, pred in (("a", 1), ("b", 3)):
        run = make_run(name)
        (run / "predictions.csv").write_text(f"row,split,target,pred\n0,val,0,{pred}\n1,val,0,{pred}\n")
    what, _, found = difference(run.parent / "a", run.parent / "b", "loss")
    assert (what, found.value) == ("squared error", -8)


@pytest.mark.parametrize("other", ["", "0,val,a,a,0.5,0.5\n", "0,val,b,a,0.5,0.5\n1,val,b,b,0.5,0.5\n"])
def test_other_rows_or_targets_cannot_be_paired(other, make_run):
    assert difference(make_run("a", predictions=GOOD), make_run("b", predictions=other), "loss") is None
