"""ONNX files: the same answers as the model, whatever the model, and no word from the exporter."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import polars as pl
import pytest

import litmus
from litmus.cli import main
from litmus.commands import export
from litmus.errors import ConfigError, RunError


def session(path: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def facts(path: str) -> dict[str, str]:
    return {item.key: item.value for item in onnx.load(path).metadata_props}


def train(*words: str) -> Path:
    short = ["trainer.max_epochs=1", "verdict.probes=off", "logger=csv"]
    return litmus.train(overrides=[*words, *short]).directory


def test_encoded_rows_give_the_predictions_of_the_model(trained, shop, capsys):
    assert main(["export", f"checkpoint={trained}", "output=model.onnx"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert len(told.out.strip().splitlines()) == 5
    assert "categories and dates" in told.out
    model = litmus.load(trained)
    x = model.encode(shop).numpy()
    for n in (1, 7, 300):
        (prob,) = session("model.onnx").run(None, {"x": x[:n]})
        assert prob.shape == (n, 2)
        assert np.allclose(prob[:, 1], model.predict(shop)["prob_yes"][:n], atol=1e-5)
    known = facts("model.onnx")
    assert json.loads(known["classes"]) == ["no", "yes"]
    assert json.loads(known["features"])[:2] == ["x", "z"]
    assert known["threshold"] == "0.5"
    assert known["preprocessing"] == "outside"
    assert [path.name for path in Path().iterdir()] == ["model.onnx"]


@pytest.mark.slow
def test_raw_numbers_with_missing_cells_are_prepared_inside(shop):
    directory = train(f"data.path={shop}", "data.target=z", "data.features=[x]", "data.normalize_target=true")
    assert main(["export", f"checkpoint={directory}"]) == 0
    raw = pl.read_csv(shop)["x"].to_numpy().astype(np.float32)[:, None]
    assert np.isnan(raw).any()
    (value,) = session(str(directory / "model.onnx")).run(None, {"x": raw})
    assert np.allclose(value, litmus.load(directory).predict(shop)["pred"], rtol=1e-5, atol=1e-5)
    assert facts(str(directory / "model.onnx"))["preprocessing"] == "inside"


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["data=digits", "model=cnn"],
        ["data=notes", "model=text"],
        ["data=notes", "model=text", "model.kind=cnn"],
        ["data=iris", "task.calibrate=temperature", "model.norm=batch", "model.activation=gelu"],
        ["data=circles", "model=linear", "loss=focal"],
        ["data=diabetes", "loss=poisson", "data.normalize=none", "model.norm=layer"],
        ["data=breast_cancer", "task.threshold=tuned", "data.normalize=minmax", "model.dropout=0.3"],
    ],
    ids=" ".join,
)
def test_every_kind_of_model_is_exported_and_agrees(words, capsys):
    directory = train(*words)
    assert main(["export", f"checkpoint={directory}"]) == 0
    assert "the same as the model on 67 random rows" in capsys.readouterr().out


@pytest.mark.slow
def test_embedded_categories_are_exported_as_codes(shop):
    directory = train(f"data.path={shop}", "data.target=bought", "data.categories=embed")
    assert main(["export", f"checkpoint={directory}"]) == 0
    model = litmus.load(directory)
    (prob,) = session(str(directory / "model.onnx")).run(None, {"x": model.encode(shop).numpy()})
    assert np.allclose(prob[:, 1], model.predict(shop)["prob_yes"], atol=1e-5)


@pytest.mark.parametrize("package", export.PACKAGES)
def test_a_missing_package_names_the_extra(trained, monkeypatch, package):
    monkeypatch.setattr(export, "find_spec", lambda name: None if name == package else find_spec(name))
    with pytest.raises(ConfigError, match=r"pip install 'litmus\[onnx\]'"):
        export.main(checkpoint=str(trained))


@pytest.mark.parametrize(
    ("output", "reason"), [("model.pt", "must end in .onnx"), ("nowhere/model.onnx", "does not exist")]
)
def test_an_output_that_cannot_be_is_refused(trained, output, reason):
    with pytest.raises(ConfigError, match=reason):
        export.main(checkpoint=str(trained), output=output)


def test_a_graph_that_says_something_else_is_not_kept(trained, monkeypatch):
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(RunError, match="differs from the model"):
        export.main(checkpoint=str(trained), output="model.onnx")
    assert list(Path().iterdir()) == []


def test_values_far_from_zero_ask_for_double_precision(tmp_path):
    rows = [f"{1.7e9 + i},{i % 2}" for i in range(40)]
    Path("time.csv").write_text("\n".join(["stamp,y", *rows, ""]))
    directory = train("data.path=time.csv", "data.target=y", "data.kinds={stamp: number}")
    assert main(["export", f"checkpoint={directory}"]) == 0
    found = session(str(directory / "model.onnx"))
    assert found.get_inputs()[0].type == "tensor(double)"
    raw = np.array([[1.7e9 + i] for i in range(40)])
    (prob,) = found.run(None, {"x": raw})
    assert np.allclose(prob[:, 1], litmus.load(directory).predict("time.csv")["prob_1"], atol=1e-5)
