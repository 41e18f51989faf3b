import math
from dataclasses import replace

import torch

from litmus.evidence import DataFacts, Estimate, LabelNoise
from litmus.metrics.answers import Predictions
from litmus.report.mistakes import MOST_CELLS, WORST, label_errors, mistakes


def predicted(target: list[int], prob: list[list[float]]) -> Predictions:
    probabilities = torch.tensor(prob)
    rows = torch.arange(100, 100 + len(target))
    return Predictions(
        split="test", rows=rows, target=torch.tensor(target), pred=probabilities.argmax(1), prob=probabilities
    )


def test_the_cells_with_most_rows_come_first_and_in_each_the_surest_mistake(make_evidence):
    sure = (0.6, 0.9, 0.7, 0.8, 0.55)
    found = mistakes(
        predicted([1, 1, 1, 1, 1, 0, 1], [*([p, 1 - p] for p in sure), [0.4, 0.6], [0.2, 0.8]]), make_evidence()
    )
    assert [kind.title for kind in found] == [
        "yes taken for no: 5 of 6 rows (83 %)",
        "no taken for yes: 1 of 1 rows (100 %)",
        "yes found: 1 of 6 rows (17 %)",
    ]
    assert [(one.row, one.why, one.sure) for one in found[0].rows] == [
        (101, "most wrong", "90 %"),
        (103, "most wrong", "80 %"),
        (102, "most wrong", "70 %"),
    ]
    assert found[2].rows[0].why == "barely right"


def test_a_typical_row_stands_beside_the_worst(make_evidence, make_predictions):
    found = mistakes(make_predictions(n=400), make_evidence())
    assert [one.why for one in found[0].rows] == ["most wrong"] * WORST + ["typical"]


def test_many_classes_show_the_cells_that_matter_most(scenes):
    scene = scenes["45 classes"]
    assert len(mistakes(scene.scored, scene.evidence)) == MOST_CELLS


def test_numbers_are_too_low_or_too_high(make_evidence, make_predictions):
    evidence, predictions = make_evidence("regression"), make_predictions("regression", n=50)
    low, high = mistakes(predictions, evidence)
    assert low.title.startswith("Predicted too low: ")
    assert high.title.startswith("Predicted too high: ")
    off = (predictions.pred - predictions.target).tolist()
    assert off[low.rows[0].row] == min(off)
    assert off[high.rows[0].row] == max(off)


def test_what_is_no_number_has_no_rank(make_evidence, make_predictions):
    classes, numbers = make_predictions(), make_predictions("regression")
    assert mistakes(replace(classes, prob=classes.prob * math.nan), make_evidence()) == []
    assert mistakes(replace(numbers, pred=numbers.pred * math.nan), make_evidence("regression")) == []


def test_labels_in_doubt_are_those_of_the_noise_check(make_evidence):
    assert label_errors(make_evidence()) == []
    noise = LabelNoise(share=Estimate(value=0.1), n=100, rows=(7, 3))
    assert label_errors(make_evidence(data=DataFacts(input="table", sizes={}, noise=noise))) == [7, 3]
