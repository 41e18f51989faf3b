from dataclasses import replace

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from litmus.report.examples import gallery
from litmus.report.figures import figures as all_figures
from litmus.report.pages import publish
from litmus.report.tensorboard import Writer


@pytest.mark.parametrize("figures", [pytest.param(True, marks=pytest.mark.slow), False])
def test_page_and_tensorboard_show_the_same_figures(figures, tmp_path, scenes, make_verdict):
    writer = Writer(directory=str(tmp_path))
    publish(tmp_path, scenes["multiclass"], make_verdict(), config={"seed": 1}, writer=writer, figures=figures)
    board = EventAccumulator(str(tmp_path))
    board.Reload()
    page = (tmp_path / "report.html").read_text()
    shown = {tag.removeprefix("figures/") for tag in board.Tags()["images"]}
    assert shown == {plot.name for plot in all_figures().values() if figures and plot.applies(scenes["multiclass"])}
    assert all(f'<figure id="{name}"' in page for name in shown)
    assert page.count("<figure") == len(shown)
    assert {"test/a", "test/b", "test/c", "verdict", "_hparams_/session_start_info"} <= set(board.Tags()["tensors"])


def test_tensorboard_has_the_rows_that_the_page_shows(tmp_path, scenes, make_verdict):
    scene = replace(scenes["table"], examples=scenes["table"].rows["test"])
    writer = Writer(directory=str(tmp_path))
    publish(tmp_path, scene, make_verdict(), config={"seed": 1}, writer=writer, figures=False)
    board = EventAccumulator(str(tmp_path))
    board.Reload()
    [event] = board.Tensors("mistakes")
    text = event.tensor_proto.string_val[0].decode()
    assert "| row | why | true | predicted | sure | shows |" in text
    for title, examples in gallery(scene):
        assert title.split(":")[0] in text
        for one in examples:
            assert f"| {one.choice.row} | {one.choice.why} | {one.choice.target} | {one.choice.pred} |" in text


def test_a_finding_has_its_figure_beside_it(scenes, make_verdict, tmp_path):
    publish(tmp_path, scenes["table"], make_verdict(), config={"seed": 1})
    text = (tmp_path / "report.html").read_text()
    leak = text.index("<h3>warning: target_leakage</h3>")
    assert leak < text.index('<figure id="giveaway"') < text.index('id="figures-section"') < text.index('id="shift"')
