"""Tables of predictions: what they are about is inferred from both columns, and what they lack is said."""

from pathlib import Path

import numpy as np
import pytest

from litmus.errors import DataError
from litmus.scoring.external import read_external


def read(text: str, *, score: str | None = None):
    Path("said.csv").write_text(text)
    return read_external("said.csv", target="t", pred="p", score=score)


def table(*rows: tuple[object, ...], header: str = "t,p") -> str:
    return "\n".join([header, *(",".join(map(str, row)) for row in rows), ""])


def test_two_labels_are_a_binary_task_with_the_conventional_positive_class():
    found = read(table(("yes", "no"), ("no", "no"), ("no", "yes"), ("yes", "yes")))
    assert found.task.spec.classes == ("no", "yes")
    assert found.predictions.target.tolist() == [1, 0, 0, 1]
    assert found.predictions.pred.tolist() == [0, 0, 1, 1]
    assert set(found.left_out) == {"auroc", "average_precision", "log_loss", "brier", "ece"}


def test_a_label_that_occurs_once_can_be_judged():
    found = read(table(("a", "a"), ("b", "a"), ("c", "c"), ("a", "a")))
    assert found.task.kind == "multiclass"
    assert found.predictions.target.tolist() == [0, 1, 2, 0]


def test_a_label_that_is_predicted_and_never_true_is_a_class():
    found = read(table(("a", "a"), ("b", "unsure"), ("b", "b"), ("a", "a")))
    assert found.task.spec.classes == ("a", "b", "unsure")
    assert "'unsure' is predicted and never true" in found.note


def test_labels_that_are_numbers_stay_in_their_order():
    found = read(table((9, 9), (10, 10), (2, 11), (2, 2)))
    assert found.task.spec.classes == ("2", "9", "10", "11")


def test_few_whole_numbers_with_predictions_between_them_are_quantities():
    found = read(table(*[(i % 5, i % 5 + 0.25) for i in range(20)]))
    assert found.task.numeric
    assert (found.predictions.pred - found.predictions.target).tolist() == [0.25] * 20


def test_probabilities_in_place_of_labels_are_refused():
    with pytest.raises(DataError, match=r"row 0 \(line 2\), column 'p': 0.7 is a probability, not a label; .*score=p"):
        read(table((1, 0.7), (0, 0.2)))


def test_labels_spelled_otherwise_are_refused():
    with pytest.raises(DataError, match="'Yes' is 'yes' in column 't'"):
        read(table(("yes", "yes"), ("no", "no"), ("yes", "Yes")))


def test_scores_in_0_to_1_are_probabilities_of_the_positive_class():
    found = read(table((1, 1, 0.9), (0, 0, 0.2), (1, 0, 0.4), header="t,p,s"), score="s")
    assert found.predictions.prob.tolist() == pytest.approx(np.array([[0.1, 0.9], [0.8, 0.2], [0.6, 0.4]]))
    assert found.left_out == ()


def test_other_scores_rank_rows_and_nothing_more():
    found = read(table((1, 1, 3.5), (0, 0, -2), (1, 0, -2), header="t,p,s"), score="s")
    positive = found.predictions.prob[:, 1].tolist()
    assert positive[0] > positive[1] == positive[2]
    assert found.left_out == ("log_loss", "brier", "ece")
    assert "goes from -2 to 3.5" in found.reason


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (table((1, 1, "x"), (0, 0, 1), header="t,p,s"), r"row 0 \(line 2\), column 's': 'x' is no finite number"),
        (table((1, 1, ""), (0, 0, 1), header="t,p,s"), r"row 0 \(line 2\), column 's': the cell is empty"),
        (table((1.5, 1, 1), (0.2, 0, 1), header="t,p,s"), "score=s is for two classes, and the target is regression"),
        (table((1, "", 1), (0, 0, 1), header="t,p,s"), r"row 0 \(line 2\), column 'p': the cell is empty"),
        (table(("", 1, 1), (0, 0, 1), header="t,p,s"), r"row 0 \(line 2\), column 't': the target is missing"),
        (table((1, 1, 1), (1, 0, 1), header="t,p,s"), "every row has the label '1'"),
    ],
)
def test_a_cell_that_cannot_be_judged_is_named(text, match):
    with pytest.raises(DataError, match=match):
        read(text, score="s")
