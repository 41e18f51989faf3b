"""Predictions from a checkpoint: rows in their order, every format, and nothing left behind by a refusal."""

import csv
import shutil
from pathlib import Path

import polars as pl
import pytest
import torch

from litmus.cli import main
from litmus.commands.predict import predictions, write
from litmus.errors import ConfigError, RunError
from litmus.run.predictor import Predictor


def predict(checkpoint: Path | str, source: Path | str, output: str) -> int:
    return main(["predict", f"checkpoint={checkpoint}", f"input={source}", f"output={output}"])


def table(path: Path | str) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(path).read_text().splitlines()))


def test_every_row_is_predicted_as_the_run_itself_predicted_it(trained, shop):
    assert predict(trained, shop, "said.csv") == 0
    predicted = {row["row"]: row for row in table("said.csv")}
    theirs = table(trained / "predictions.csv")
    assert list(predicted) == [str(row) for row in range(300)]
    assert len(theirs) == 120
    for row in theirs:
        mine = predicted[row["row"]]
        assert mine["pred"] == row["pred"]
        assert float(mine["prob_yes"]) == pytest.approx(float(row["prob_yes"]), abs=1e-6)


def test_the_checkpoint_alone_predicts_unlabelled_rows_with_columns_in_any_order(trained, shop, tmp_path):
    (tmp_path / "new").mkdir()
    shutil.copy(trained / "checkpoints" / "best.ckpt", tmp_path / "new" / "model.ckpt")
    frame = pl.read_csv(shop, infer_schema=False)
    frame.select("day", "colour", "z", "x").write_csv("turned.csv")
    assert predict("new/model.ckpt", "turned.csv", "turned_said.csv") == 0
    assert predict(trained, shop, "said.csv") == 0
    assert Path("turned_said.csv").read_bytes() == Path("said.csv").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "said.csv", "turned.csv", "turned_said.csv"]


def test_parquet_holds_what_csv_holds(trained, shop):
    assert predict(trained, shop, "said.csv") == 0
    assert predict(trained, shop, "said.parquet") == 0
    text, typed = pl.read_csv("said.csv"), pl.read_parquet("said.parquet")
    assert typed.columns == ["row", "pred", "prob_no", "prob_yes"]
    assert text.equals(typed)
    assert (typed["prob_no"] + typed["prob_yes"] - 1).abs().max() < 1e-9


def test_missing_cells_and_unseen_categories_are_predicted_and_mentioned(trained, capsys):
    Path("new.csv").write_text("x,z,colour,day\n,0.5,purple,2025-03-01\n1.0,,red,\n")
    assert predict(trained, "new.csv", "said.csv") == 0
    assert len(pl.read_csv("said.csv")) == 2
    told = capsys.readouterr().out
    assert "colour 1" in told
    assert "missing cells" in told


@pytest.mark.parametrize("mark", ["sep=;\n", ""])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_new_rows_may_be_written_otherwise_than_those_trained_on(trained, mark, encoding):
    rows = ["x", "z", "colour", "day"], ["1.5", "2", "red", "2025-03-01"], ["NA", "-", "red", "NaT"]
    for name, delimiter in (("plain.csv", ","), ("new.csv", ";")):
        text = "\n".join(map(delimiter.join, rows))
        Path(name).write_text(text if delimiter == "," else mark + text, encoding=encoding)
        assert predict(trained, name, f"said_{name}") == 0
    assert Path("said_new.csv").read_text() == Path("said_plain.csv").read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x,colour,day\n1,red,2025-03-01\n", ["new.csv", "missing", "z"]),
        ("x,z,colour,day\n1,2,red,2025-03-01\nabc,2,red,2025-03-01\n", ["new.csv", "row 1 (line 3)", "'x'", "'abc'"]),
        ("x,z,colour,day\n", ["new.csv", "no row"]),
        ("X,z,colour,day\n1,2,red,2025-03-01\n", ["new.csv", "missing: x", "did you mean 'X'?"]),
        ('x,z,colour,day\n"1,5",2,red,2025-03-01\n', ["'1,5' has a decimal comma; write a point"]),
        (None, ["new.csv", "no such file"]),
    ],
)
def test_rows_that_cannot_be_predicted_are_named_and_nothing_is_written(trained, capsys, text, words):
    if text is not None:
        Path("new.csv").write_text(text)
    assert predict(trained, "new.csv", "said.csv") == 2
    told = capsys.readouterr().err
    assert all(word in told for word in words)
    assert len(told.strip().splitlines()) == 1
    assert not Path("said.csv").exists()


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("shop.csv", "would be lost"),
        ("said.txt", "csv or .parquet"),
        ("nowhere/said.csv", "does not exist"),
        ("folder.csv", "is a folder"),
        ("folder", "is a folder"),
        ("shop.csv/said.csv", "'shop.csv' is a file, not a folder"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_anything_is_read(trained, shop, capsys, output, reason):
    shutil.copy(shop, "shop.csv")
    Path("folder.csv").mkdir()
    Path("folder").mkdir()
    assert predict(trained, "shop.csv", output) == 2
    assert reason in capsys.readouterr().err
    assert Path("shop.csv").read_bytes() == shop.read_bytes()


def test_the_input_is_not_overwritten_through_a_link(trained, shop, capsys):
    shutil.copy(shop, "shop.csv")
    Path("link.csv").symlink_to("shop.csv")
    assert predict(trained, "shop.csv", "link.csv") == 2
    assert "would be lost" in capsys.readouterr().err


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), pl.exceptions.ComputeError("parquet: No space left on device")]
)
def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, error):
    def fail(frame: pl.DataFrame, path: Path) -> None:
        path.write_text("half")
        raise error

    monkeypatch.setattr(pl.DataFrame, "write_csv", fail)
    (tmp_path / "said.csv").write_text("old")
    with pytest.raises(ConfigError, match="No space left"):
        write(pl.DataFrame({"row": [0]}), tmp_path / "said.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["said.csv"]
    assert (tmp_path / "said.csv").read_text() == "old"


def test_a_model_that_diverged_does_not_predict(trained, shop):
    predictor = Predictor.restore(trained / "checkpoints" / "best.ckpt")
    with torch.no_grad():
        next(predictor.model.parameters()).fill_(float("nan"))
    with pytest.raises(RunError, match=r"row 0: .*not finite"):
        predictions(predictor, predictor.preprocess.read(str(shop), labelled=False))


def test_a_damaged_checkpoint_is_refused(trained, shop, capsys):
    content = bytearray((trained / "checkpoints" / "best.ckpt").read_bytes())
    Path("cut.ckpt").write_bytes(content[: len(content) // 2])
    assert predict("cut.ckpt", shop, "said.csv") == 2
    assert capsys.readouterr().err.startswith("error: cut.ckpt")


def changed(shop: Path, name: str, *columns: pl.Expr) -> str:
    """The rows of the shop with columns changed, in a file of their own."""
    pl.read_csv(shop).drop("bought").with_columns(*columns).write_csv(name)
    return name


def test_rows_like_those_trained_on_are_silent_but_for_those_that_were(trained, shop, capsys):
    assert predict(trained, changed(shop, "same.csv"), "said.csv") == 0
    predicted = capsys.readouterr().out
    assert "drift" not in predicted
    assert "180 of 300 rows were trained on" in predicted


def test_another_unit_and_unseen_values_are_said_and_with_drift_error_end_in_1_after_writing(trained, shop, capsys):
    new = changed(shop, "new.csv", pl.col("z") * 1000, pl.col("colour").str.replace("red", "violet"))
    assert predict(trained, new, "said.csv") == 0
    predicted = capsys.readouterr().out
    assert "column 'z': its values are about 1000 times those trained on" in predicted
    assert "values that training has not seen: colour" in predicted
    assert main(["predict", f"checkpoint={trained}", f"input={new}", "output=again.csv", "drift=error"]) == 1
    assert Path("again.csv").read_bytes() == Path("said.csv").read_bytes()
    few = changed(shop, "few.csv", pl.col("z") * 1000)
    Path("few.csv").write_text("\n".join(Path(few).read_text().splitlines()[:20]))
    assert main(["predict", f"checkpoint={trained}", "input=few.csv", "output=few_said.csv", "drift=error"]) == 0


def test_label_sets_hold_the_label_that_is_predicted_and_grow_with_their_coverage(trained, shop, capsys):
    sizes = []
    for level in (".6", ".95"):
        words = ["predict", f"checkpoint={trained}", f"input={shop}", "output=said.csv", f"interval={level}"]
        assert main(words) == 0
        rows = table("said.csv")
        sizes.append(sum(len(row["set"].split("|")) if row["set"] else 0 for row in rows))
    assert sizes[0] < sizes[1]
    assert all(row["pred"] in row["set"].split("|") for row in rows)
    assert "holds the true value for about 95 % of rows" in capsys.readouterr().out.replace("95%", "95 %")


@pytest.mark.parametrize("wrong", ["1.5", "0", "often", "nan"])
def test_a_coverage_that_is_no_share_is_refused(trained, shop, capsys, wrong):
    words = ["predict", f"checkpoint={trained}", f"input={shop}", "output=said.csv", f"interval={wrong}"]
    assert main(words) == 2
    assert f"interval='{wrong}'" in capsys.readouterr().err
    assert not Path("said.csv").exists()


def test_more_coverage_than_the_validation_rows_allow_is_refused(trained, shop, capsys):
    words = ["predict", f"checkpoint={trained}", f"input={shop}", "output=said.csv", "interval=.999"]
    assert main(words) == 2
    assert "needs 999 validation rows" in capsys.readouterr().err
