"""The figures of a finished run as files."""

import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image

from litmus.cli import main
from litmus.cli.completion import candidates
from litmus.commands.judge import stored_evidence
from litmus.errors import ConfigError
from litmus.notebook import Figures
from litmus.report.stored import stored_predictions, stored_scene
from litmus.run.paths import Paths


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("plot")
    table = place / "a.csv"
    rows = [f"{i % 7},{'x' if i % 3 else 'z'},{'yes' if i % 7 > 3 else 'no'}" for i in range(140)]
    table.write_text("\n".join(["n,kind,y", *rows]))
    words = ("trainer.max_epochs=2", "verdict.probes=off", "logger=csv", "name=run")
    assert main(["train", f"data.path={table}", "data.target=y", f"output_dir={place / 'outputs'}", *words]) == 0
    return place


@pytest.fixture
def run(place: Path) -> Path:
    (run,) = (place / "outputs" / "run").iterdir()
    return run


def test_all_figures_of_the_last_run_are_drawn_into_it_and_each_says_what_it_shows(place, run, capsys):
    assert main(["plot", "last", f"output_dir={place / 'outputs'}"]) == 0
    predicted = capsys.readouterr().out
    made = {path.stem for path in (run / "figures").iterdir()}
    assert {"loss", "confusion", "roc", "importance", "dependence", "columns"} <= made
    assert all(f"{name}.png: " in predicted for name in made)
    assert Image.open(run / "figures" / "columns.png").width > 500


def test_one_figure_is_written_where_it_is_asked_for(run, tmp_path, capsys):
    path = tmp_path / "new" / "a roc.svg"
    assert main(["plot", str(run), "roc", f"output={path}"]) == 0
    assert ET.fromstring(path.read_text()).tag.endswith("svg")
    assert "AUROC" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rock"], "no such figure 'rock'; did you mean roc?"),
        (["line"], "this run has no figure 'line'; it has loss, "),
        (["roc", "output=a.pdf"], "output=a.pdf: must end in .png or .svg"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_line(words, message, run, capsys):
    assert main(["plot", str(run), *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_without_its_data_a_run_still_has_the_figures_of_its_evidence(place, run, tmp_path, capsys):
    table = place / "a.csv"
    kept = shutil.move(table, tmp_path / "kept.csv")
    try:
        assert main(["plot", str(run), f"output={tmp_path / 'figures'}"]) == 0
        predicted = capsys.readouterr().out
        assert main(["plot", str(run), "columns"]) == 2
    finally:
        shutil.move(kept, table)
    assert (tmp_path / "figures" / "loss.png").is_file()
    assert not (tmp_path / "figures" / "columns.png").exists()
    assert "figures that need the model and its rows are left out: " in predicted
    assert "a.csv" in capsys.readouterr().err


def test_predictions_are_read_back_as_they_were(run):
    evidence = stored_evidence(Paths(run))
    scene, missing = stored_scene(run, evidence)
    assert missing == ""
    for split, predicted in stored_predictions(run, evidence).items():
        assert len(predicted.rows) == evidence.data.sizes[split]
        assert predicted.prob.shape == (len(predicted.rows), 2)
        wrong = int((predicted.target != predicted.pred).sum())
        assert wrong == round((1 - evidence.scores[split]["accuracy"].value) * len(predicted.rows))
    assert {*scene.rows} == {"train", "val", "test"}


def test_figures_are_completed():
    assert "roc" in candidates("litmus plot last ro")


def test_from_python_a_figure_is_drawn_by_its_name(run):
    drawn = Figures(run)
    assert {"loss", "confusion", "roc", "importance"} <= set(dir(drawn))
    assert drawn.roc().axes[0].get_title(loc="left").startswith("ROC on ")
    assert "AUROC" in repr(drawn)
    with pytest.raises(ConfigError, match="this run has no figure 'line'"):
        _ = drawn.line
    with pytest.raises(ConfigError, match="did you mean roc"):
        _ = drawn.rock
    assert not hasattr(drawn, "_repr_png_")
