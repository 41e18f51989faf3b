import math
import subprocess
import sys
import time

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar.layout_pb2 import Layout
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from litmus.report import canvas
from litmus.report.tensorboard import PR_THRESHOLDS, Writer

ROWS = [
    {"epoch": i, "step": 3 * i, "train/loss": 1 / (i + 1), "val/loss": 2 / (i + 1), "val/f1": 0.5} for i in range(10)
]


def read(directory):
    board = EventAccumulator(str(directory), size_guidance={"scalars": 0, "tensors": 0, "images": 0})
    board.Reload()
    return board


def points(board, tag):
    return [(event.step, event.value) for event in board.Scalars(tag)]


@pytest.fixture
def writer(tmp_path):
    found = Writer(directory=str(tmp_path / "run"))
    yield found
    found.close()


def test_nothing_is_written_before_there_is_something_to_write(tmp_path, writer):
    writer.update(0, 1.0, 1.0)
    writer.write([])
    assert not (tmp_path / "run").exists()


def test_every_value_of_every_epoch_is_there_at_its_time(tmp_path, writer):
    before = time.time()
    writer.update(0, 1.0, 1.0)
    writer.write(ROWS[:4])
    writer.write(ROWS[4:])
    board = read(tmp_path / "run")
    assert set(board.Tags()["scalars"]) == {"train/loss", "val/loss", "val/f1"}
    assert points(board, "train/loss") == [(r["epoch"], np.float32(r["train/loss"])) for r in ROWS]
    assert before <= board.Scalars("train/loss")[0].wall_time <= time.time()
    assert len(list((tmp_path / "run").iterdir())) == 1


def test_nan_is_kept_and_none_left_out(tmp_path, writer):
    writer.scalars({"a": math.nan, "b": None}, 0)
    writer.flush()
    board = read(tmp_path / "run")
    assert board.Tags()["scalars"] == ["a"]
    assert math.isnan(board.Scalars("a")[0].value)


def test_a_resumed_run_replaces_the_epochs_that_it_repeats(tmp_path, writer):
    writer.write(ROWS[:8])
    writer.close()
    again = Writer(directory=str(tmp_path / "run"))
    again.write([{**row, "train/loss": 7.0} for row in ROWS[5:7]])
    again.write([{**row, "train/loss": 7.0} for row in ROWS[7:]])
    again.close()
    found = points(read(tmp_path / "run"), "train/loss")
    assert [step for step, _ in found] == list(range(10))
    assert [value for _, value in found[5:]] == [7.0] * 5


def test_a_torn_end_of_an_interrupted_run_is_passed_over(tmp_path, writer):
    writer.write(ROWS[:8])
    writer.close()
    path = next((tmp_path / "run").iterdir())
    path.write_bytes(path.read_bytes()[:-5])
    again = Writer(directory=str(tmp_path / "run"))
    again.write(ROWS[5:])
    again.close()
    assert [step for step, _ in points(read(tmp_path / "run"), "val/f1")] == list(range(10))


def test_one_chart_holds_train_and_val_of_each_metric_the_loss_first(tmp_path, writer):
    writer.write(ROWS)
    writer.flush()
    event = read(tmp_path / "run").Tensors("custom_scalars__config__")[-1]
    layout = Layout.FromString(event.tensor_proto.string_val[0])
    charts = [(chart.title, list(chart.multiline.tag)) for chart in layout.category[0].chart]
    assert charts == [("loss", ["^(train|val)/loss$"]), ("f1", ["^(train|val)/f1$"])]


def test_hparams_are_one_session_with_all_kinds_of_values(tmp_path, writer):
    writer.hparams({"lr": 0.1, "hidden": "[10]", "shuffle": True, "epochs": 3}, status="failure")
    writer.flush()
    metadata = read(tmp_path / "run").summary_metadata
    start = HParamsPluginData.FromString(
        metadata["_hparams_/session_start_info"].plugin_data.content
    ).session_start_info
    end = HParamsPluginData.FromString(metadata["_hparams_/session_end_info"].plugin_data.content).session_end_info
    assert start.hparams["lr"].number_value == 0.1
    assert start.hparams["hidden"].string_value == "[10]"
    assert start.hparams["shuffle"].bool_value is True
    assert start.hparams["epochs"].number_value == 3
    assert end.status == 2
    assert "_hparams_/experiment" not in metadata


def test_figures_and_verdict_are_there_with_the_scores_of_the_weights_in_use(
    tmp_path, writer, make_verdict, make_evidence
):
    writer.image("figures/a", canvas.png(canvas.figure()), 3)
    writer.verdict(make_verdict(), make_evidence())
    board = read(tmp_path / "run")
    image = board.Images("figures/a")[0]
    assert (image.width, image.height) == (648, 432)
    assert b"model_is_linear" in board.Tensors("verdict")[0].tensor_proto.string_val[0].replace(b"&#95;", b"_")
    assert points(board, "test/balanced_accuracy") == points(board, "best/balanced_accuracy") == [(20, np.float32(0.9))]


def test_pr_curves_are_scikit_learns(tmp_path, writer, make_predictions):
    predicted = make_predictions(n=300)
    hit, score = (predicted.target == 1).tolist(), predicted.prob[:, 1].tolist()
    writer.pr_curve("test/yes", hit, score, 5)
    writer.flush()
    event = read(tmp_path / "run").Tensors("test/yes")[0]
    data = np.array(event.tensor_proto.float_val).reshape(6, PR_THRESHOLDS)
    for k in (10, 63, 100):
        called = np.array(score) >= np.linspace(0, 1, PR_THRESHOLDS)[k]
        assert data[4, k] == pytest.approx(precision_score(hit, called), abs=1e-6)
        assert data[5, k] == pytest.approx(recall_score(hit, called), abs=1e-6)
    np.testing.assert_array_equal(data[:4].sum(0), 300)


def test_a_thousand_epochs_are_written_in_no_time(writer):
    rows = [
        {"epoch": i, "step": i, **{f"{s}/m{m}": 0.5 for s in ("train", "val") for m in range(8)}} for i in range(1000)
    ]
    writer.write(rows[:1])
    began = time.process_time()
    writer.write(rows[1:])
    assert time.process_time() - began < 2


def test_the_writer_needs_neither_torch_nor_tensorflow(tmp_path):
    code = (
        "import sys; from litmus.report.tensorboard import Writer\n"
        "writer = Writer(directory='x'); writer.scalars({'a': 1.0}, 0); writer.close()\n"
        "print({'torch', 'tensorflow'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
