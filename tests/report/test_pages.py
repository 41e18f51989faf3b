import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from litmus.report.pages import publish
from litmus.report.plots import FIGURES
from litmus.report.tensorboard import Writer


@pytest.mark.parametrize("figures", [pytest.param(True, marks=pytest.mark.slow), False])
def test_page_and_tensorboard_show_the_same_figures(figures, tmp_path, scenes, make_verdict):
    writer = Writer(directory=str(tmp_path))
    publish(tmp_path, scenes["multiclass"], make_verdict(), config={"seed": 1}, writer=writer, figures=figures)
    board = EventAccumulator(str(tmp_path))
    board.Reload()
    page = (tmp_path / "report.html").read_text()
    shown = {tag.removeprefix("figures/") for tag in board.Tags()["images"]}
    assert shown == {plot.name for plot in FIGURES if figures and plot.applies(scenes["multiclass"])}
    assert all(f'<figure id="{name}"' in page for name in shown)
    assert page.count("<figure") == len(shown)
    assert {"test/a", "test/b", "test/c", "verdict", "_hparams_/session_start_info"} <= set(board.Tags()["tensors"])
