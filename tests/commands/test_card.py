"""A model card of a finished run."""

from pathlib import Path

import pytest

from litmus.cli import main


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("card") / "outputs"
    words = ("data=iris", "trainer.max_epochs=2", "verdict.probes=off", "verdict.references=off", "logger=csv")
    assert main(["train", *words, "name=run", f"output_dir={place}"]) == 0
    return place


def test_a_card_is_written_once_and_never_over_what_was_filled_in(outputs, capsys):
    assert main(["card", "last", f"output_dir={outputs}"]) == 0
    (run,) = (outputs / "run").iterdir()
    text = (run / "model_card.md").read_text()
    assert text.startswith("# Model card: run\n")
    assert "There are 3 classes: setosa, versicolor and virginica." in text
    assert "model_card.md; fill in what is marked" in capsys.readouterr().out
    assert main(["card", str(run)]) == 2
    assert "exists already, perhaps filled in; give another file" in capsys.readouterr().err


def test_a_card_goes_where_it_is_asked_for(outputs, tmp_path, capsys):
    assert main(["card", "last", f"output_dir={outputs}", f"output={tmp_path / 'card.md'}"]) == 0
    assert (tmp_path / "card.md").is_file()
    assert main(["card", "last", f"output_dir={outputs}", "output=card.pdf"]) == 2
    assert "output=card.pdf: must end in .md" in capsys.readouterr().err


def test_without_a_verdict_the_way_to_one_is_said(outputs, tmp_path, capsys):
    (run,) = (outputs / "run").iterdir()
    kept = (run / "verdict.json").read_text()
    (run / "verdict.json").unlink()
    try:
        assert main(["card", str(run), f"output={tmp_path / 'x.md'}"]) == 2
    finally:
        (run / "verdict.json").write_text(kept)
    assert f"write it anew with litmus judge {run}" in capsys.readouterr().err
