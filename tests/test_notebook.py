"""Litmus from Python: frames in and out, a verdict that notebooks show, the refusals of the command line."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import litmus
from litmus import notebook
from litmus.data.sources.frame import table_of
from litmus.errors import CheckpointError, ConfigError, DataError
from litmus.evidence import Evidence
from litmus.notebook import Answer, Trained
from litmus.verdict import Verdict

WORDS = ["trainer.max_epochs=2", "verdict.probes=off", "logger=csv"]


@pytest.fixture(scope="session")
def frame(shop: Path) -> pl.DataFrame:
    return pl.read_csv(shop, try_parse_dates=True)


def test_importing_litmus_imports_nothing_heavy():
    code = "import sys, litmus; print(sorted({'torch', 'polars', 'hydra', 'numpy', 'lightning'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_package_says_what_it_has():
    assert {"train", "load", "__version__"} <= set(dir(litmus))
    assert litmus.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = litmus.lode


def test_train_is_a_function_whoever_imports_the_command_first():
    assert litmus.train is notebook.train
    assert callable(litmus.train)


def test_a_frame_is_trained_on_and_kept_so_that_the_run_can_be_made_again(frame):
    run = litmus.train(frame, target="bought", overrides=[*WORDS, "name=from_frame"])
    assert run.directory.parent == Path("outputs/from_frame").absolute()
    (kept,) = Path("outputs/frames").iterdir()
    assert pl.read_parquet(kept).equals(frame)
    assert 0 <= run.metrics["test"]["accuracy"]["value"] <= 1
    assert run.verdict.verdict in {"adequate", "inadequate", "undetermined"}
    assert run.verdict == run.verdict.verdict
    assert run.verdict.summary.splitlines()[0] in repr(run.verdict)
    assert str(run.directory) in repr(run)
    predicted = run.predict(frame.head(5))
    assert predicted.columns == ["row", "pred", "prob_no", "prob_yes"]
    assert_frame_equal(predicted, litmus.load(run.directory).predict(frame).head(5))
    assert_frame_equal(predicted, litmus.load().predict(frame.head(5)))


def test_a_file_and_its_frame_are_predicted_alike(trained, shop, frame):
    model = litmus.load(trained)
    assert model.predict(shop).equals(model.predict(frame.select(frame.columns[::-1])))
    assert model.threshold == 0.5
    assert "binary 'bought' of 'no', 'yes'" in repr(model)


def test_pandas_comes_back_as_pandas_with_its_index(trained, frame):
    rows = pd.DataFrame({name: frame[name].to_list() for name in frame.columns}, index=range(1000, 1300))
    model = litmus.load(trained / "checkpoints" / "best.ckpt")
    predicted = model.predict(rows)
    assert isinstance(predicted, pd.DataFrame)
    assert predicted.index.tolist() == rows.index.tolist()
    assert predicted["prob_yes"].tolist() == model.predict(frame)["prob_yes"].to_list()


def test_rows_are_encoded_as_the_model_takes_them(trained, frame):
    x = litmus.load(trained).encode(frame)
    assert tuple(x.shape) == (300, 10)
    assert abs(float(x[:, :2].mean())) < 0.2


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"target": "bougt"}, DataError, "did you mean 'bought'"),
        ({}, DataError, "data.target is missing"),
        ({"target": "bought", "overrides": ["model.hiden=[3]"]}, ConfigError, "did you mean model.hidden"),
        ({"target": "bought", "overrides": ["verdict.accept=[nothing]"]}, ConfigError, "is no finding"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(frame, arguments, error, match):
    with pytest.raises(error, match=match):
        litmus.train(frame, **arguments)
    assert list(Path().iterdir()) == []


def test_a_frame_that_is_already_kept_is_refused_by_the_same_name(frame):
    with pytest.raises(DataError, match=r"^frame: data\.target=bougt"):
        litmus.train(frame, target="bougt")
    kept = Path("outputs/frames")
    kept.mkdir(parents=True)
    table = table_of(frame)
    table.frame.write_parquet(kept / f"{table.origin.sha256[:16]}.parquet")
    with pytest.raises(DataError, match=r"^frame: data\.target=bougt"):
        litmus.train(frame, target=" bougt ")
    assert len(list(kept.iterdir())) == 1


def test_a_refused_frame_is_named_as_what_it_is_and_not_by_the_file_it_was_kept_in(frame):
    with pytest.raises(DataError, match=r"^frame: data\.target=bougt: no such column"):
        litmus.train(frame, target="bougt")
    with pytest.raises(DataError, match=r"^frame, column 'when': cells of type 'Period'"):
        litmus.train(pd.DataFrame({"when": pd.period_range("2024", periods=9, freq="D"), "y": range(9)}), target="y")
    with pytest.raises(DataError, match=r"^frame: the mapping makes no table .*; give columns of one length"):
        litmus.train({"x": [1, 2], "y": [1]}, target="y")
    assert list(Path().iterdir()) == []


def test_things_that_are_no_table_are_refused(trained):
    with pytest.raises(DataError, match="'int' is not a table"):
        litmus.train(3, "y")
    with pytest.raises(DataError, match="columns of the training data are missing"):
        litmus.load(trained).predict({"x": [1.0]})
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        litmus.load("nowhere.ckpt")


def test_a_verdict_is_shown_as_text_markdown_and_html_without_obeying_the_data(trained):
    evidence = Evidence.from_json((trained / "evidence.json").read_text())
    verdict = Verdict(verdict="inadequate", summary="Inadequate: <script>alert(1)</script> [x](http://x)\nSecond.")
    answer = Answer(verdict, evidence)
    assert repr(answer).startswith("Inadequate: <script>")
    assert "Inadequate: &lt;script&gt;" in answer._repr_html_()
    assert "<script" not in answer._repr_html_()
    assert "<script>" not in answer._repr_markdown_()
    assert answer == "inadequate"
    assert answer != "adequate"
    assert answer == Answer(verdict, evidence)
    with pytest.raises(AttributeError):
        _ = answer.nothing


def test_in_a_notebook_a_verdict_is_returned_and_never_displayed_by_itself(trained, monkeypatch, capsys):
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")  # as kernels have it
    evidence = Evidence.from_json((trained / "evidence.json").read_text())
    answer = Answer(Verdict.from_json((trained / "verdict.json").read_text()), evidence)
    run = Trained(trained, answer)
    assert repr(answer).startswith(answer.summary.splitlines()[0])
    assert "95 % interval" in repr(run)
    assert "\x1b" not in repr(run)
    assert run._repr_html_().count("<table>") == answer._repr_html_().count("<table>") > 0
    assert str(trained) in run._repr_html_()
    assert capsys.readouterr() == ("", "")
