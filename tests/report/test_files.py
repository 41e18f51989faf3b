import csv
import json
import math
import subprocess
import sys

import pytest

from litmus.config.keys import quoted
from litmus.evidence import Evidence, Score
from litmus.report import files
from litmus.verdict import Verdict


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, {"a": math.nan, "b": (1, 2)})
    assert json.loads(path.read_text()) == {"a": None, "b": [1, 2]}
    with pytest.raises(TypeError, match="not JSON serializable"):
        files.write_json(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": None, "b": [1, 2]}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_metrics_hold_every_split_with_intervals_classes_and_confusion(tmp_path, make_evidence):
    evidence = make_evidence(seeds={"42": {"accuracy": 0.5}}, folds=({"accuracy": 0.4},))
    files.write_metrics(tmp_path, evidence)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["test"]["balanced_accuracy"] == {"value": 0.9, "low": 0.85, "high": 0.94, "n": 200, "baseline": 0.5}
    assert metrics["test"]["per_class"]["yes"]["recall"]["value"] == 0.9
    assert metrics["test"]["confusion"]["labels"] == ["no", "yes"]
    assert metrics["test"]["confusion"]["matrix"] == [list(row) for row in evidence.confusion["test"]]
    assert set(metrics["test"]["averages"]) == {"macro", "micro", "weighted"}
    assert metrics["threshold"] == 0.4
    assert (metrics["seeds"], metrics["folds"]) == ([{"seed": 42, "accuracy": 0.5}], [{"accuracy": 0.4}])


def test_a_run_that_hydra_started_tells_its_own_point_and_options(tmp_path):
    assert (files.job_overrides(tmp_path), files.choices(tmp_path)) == ([], {})
    (tmp_path / ".hydra").mkdir()
    place = "my data (1)/it's ${here}\\"
    words = ["model=mlp", "++optimizer.lr=0.1", "++data.path=" + quoted(place), "++data.target=y"]
    (tmp_path / ".hydra" / "overrides.yaml").write_text(json.dumps(words))
    (tmp_path / ".hydra" / "hydra.yaml").write_text("hydra:\n  runtime:\n    choices: {model: mlp, sweep: null}\n")
    assert files.job_overrides(tmp_path) == [*words[:2], f"++data.path={place}", "++data.target=y"]
    assert files.choices(tmp_path) == {"model": "mlp"}


@pytest.mark.parametrize(
    ("job", "keys"),
    [
        (
            "{num: 0, override_dirname: '++model.hidden=[4,4]|optimizer=adam|++seed=1'}",
            {"model.hidden", "optimizer", "seed"},
        ),
        ("{num: '???', override_dirname: '++seed=1'}", None),
    ],
)
def test_a_job_of_a_sweep_tells_what_varies_there_and_a_single_run_does_not(tmp_path, job, keys):
    assert files.swept(tmp_path) is None
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "hydra.yaml").write_text(f"hydra: {{job: {job}}}\n")
    assert files.swept(tmp_path) == keys


def test_a_score_that_is_undefined_is_null(tmp_path, make_evidence):
    files.write_metrics(tmp_path, make_evidence(scores={"val": {"f1": Score(value=math.nan)}}))
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["val"]["f1"]["value"] is None
    assert "test" not in metrics


def test_evidence_and_verdict_come_back_as_they_were(tmp_path, make_evidence, make_verdict, nasty):
    files.write_evidence(tmp_path, make_evidence())
    files.write_verdict(tmp_path, make_verdict(nasty))
    assert Evidence.from_json((tmp_path / "evidence.json").read_text()) == make_evidence()
    assert Verdict.from_json((tmp_path / "verdict.json").read_text()).summary == make_verdict(nasty).summary


def test_predictions_name_labels_and_survive_any_label(tmp_path, make_predictions):
    classes = ('a,"b"', "line\nbreak")
    predicted = [make_predictions(n=5, split="val"), make_predictions(n=4)]
    files.write_predictions(tmp_path, predicted, classes)
    with (tmp_path / "predictions.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["row", "split", "target", "pred", *(f"prob_{label}" for label in classes)]
    assert [row["split"] for row in rows] == ["val"] * 5 + ["test"] * 4
    for row, target, prob in zip(rows[:5], predicted[0].target.tolist(), predicted[0].prob.tolist(), strict=True):
        assert row["target"] == classes[target]
        assert float(row[f"prob_{classes[0]}"]) == prob[0]


def test_predicted_numbers_stay_exact(tmp_path, make_predictions):
    predicted = make_predictions("regression", n=3)
    files.write_predictions(tmp_path, [predicted])
    lines = (tmp_path / "predictions.csv").read_text().splitlines()
    assert lines[0] == "row,split,target,pred"
    assert [float(line.split(",")[3]) for line in lines[1:]] == predicted.pred.tolist()


def test_provenance_names_command_packages_seeds_and_data(tmp_path):
    content = files.provenance(
        command=["litmus", "train"], overrides=["seed=1"], seeds=[1], data={"path": "a.csv", "sha256": "0", "rows": 3}
    )
    files.write_provenance(tmp_path, content)
    read = json.loads((tmp_path / "provenance.json").read_text())
    assert {"command", "overrides", "git", "packages", "hardware", "seeds", "data"} <= set(read)
    assert read["packages"]["torch"].startswith("2.")
    assert read["git"] == {"commit": None, "dirty": None}


def test_git_says_commit_and_dirtiness(tmp_path):
    def git(*words):
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=tmp_path, check=True, capture_output=True
        )

    git("init", "-q")
    assert files.git_state(tmp_path) == {"commit": None, "dirty": False}
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-q", "-m", "a")
    state = files.git_state(tmp_path)
    assert len(state["commit"]) == 40
    assert state["dirty"] is False
    (tmp_path / "a").write_text("2")
    assert files.git_state(tmp_path)["dirty"] is True


def test_files_do_not_wait_for_torch():
    code = "import sys, litmus.report.files; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
