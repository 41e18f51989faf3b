import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from litmus.report import canvas, rates
from litmus.report.figures import confusion, pairs, precision_recall, roc


def test_roc_has_scikit_learns_points_and_area(scenes):
    predicted = scenes["binary"].scored
    hit, score = predicted.target.numpy() == 1, predicted.prob[:, 1].numpy()
    fpr, tpr, _ = rates.rates(hit, score)
    expected = roc_curve(hit, score, drop_intermediate=False)
    np.testing.assert_allclose(fpr, expected[0])
    np.testing.assert_allclose(tpr, expected[1])
    labels = [text.get_text() for text in roc.draw(scenes["binary"]).legends[0].get_texts()]
    assert f"yes: area {roc_auc_score(hit, score):.3f}" in labels


def test_ties_in_the_score_are_one_point():
    tp, fp = rates.counts(np.array([True, False, True, False]), np.array([0.5, 0.5, 0.5, 0.1]))
    assert tp.tolist() == [2, 2]
    assert fp.tolist() == [1, 2]


def test_precision_recall_has_scikit_learns_average(scenes):
    predicted = scenes["multiclass"].scored
    labels = [t.get_text() for t in precision_recall.draw(scenes["multiclass"]).legends[0].get_texts()]
    for i, name in enumerate("abc"):
        average = average_precision_score(predicted.target.numpy() == i, predicted.prob[:, i].numpy())
        assert f"{name}: average {average:.3f}" in labels


def test_the_threshold_in_use_stands_on_the_curves(scenes):
    predicted = scenes["binary"].scored
    hit, called = predicted.target.numpy() == 1, predicted.pred.numpy() == 1
    figure = precision_recall.draw(scenes["binary"])
    recall, precision = figure.axes[0].collections[-1].get_offsets()[0]
    assert recall == pytest.approx((hit & called).sum() / hit.sum())
    assert precision == pytest.approx((hit & called).sum() / called.sum())
    curve = precision_recall_curve(hit, predicted.prob[:, 1].numpy())
    assert min(np.hypot(curve[1] - recall, curve[0] - precision)) < 1e-6


def test_confusion_prints_every_count_and_its_share_of_the_row(scenes):
    scene = scenes["multiclass"]
    texts = [text.get_text() for text in confusion.draw(scene).axes[0].texts]
    matrix = np.array(scene.evidence.confusion["test"])
    shares = np.round(100 * matrix / matrix.sum(1, keepdims=True))
    assert texts == [f"{c}\n{s:.0f} %" for c, s in zip(matrix.ravel(), shares.ravel(), strict=True)]


def test_beyond_four_classes_a_cell_without_rows_stays_empty():
    ax = canvas.axes(canvas.figure())
    confusion._cells(ax, 7 * np.eye(5), np.eye(5))
    assert [text.get_text() for text in ax.texts] == ["7\n100 %"] * 5


def test_a_matrix_too_large_to_be_read_is_left_to_the_confused_pairs(scenes):
    assert confusion.applies(scenes["ten classes"])
    assert not confusion.applies(scenes["45 classes"])
    assert pairs.applies(scenes["45 classes"])


def test_with_several_classes_the_hardest_are_drawn(scenes):
    figure = roc.draw(scenes["45 classes"])
    areas = [float(t.get_text().split()[-1]) for t in figure.legends[0].get_texts() if "area" in t.get_text()]
    assert len(areas) == rates.MAX_CURVES
    assert areas == sorted(areas)
